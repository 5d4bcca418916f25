"""What an address asks for: its parameters, checked by name."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import TYPE_CHECKING

from starlette.requests import Request

from dashboard.series import checked_smoothing

if TYPE_CHECKING:
    from summaries.smoothing import SmoothingKind


def required(request: Request, name: str) -> str:
    value = request.query_params.get(name)
    if value is None:
        raise ValueError(f"the parameter '{name}' is missing")
    return value


def number(request: Request, name: str, default: float) -> float:
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"the parameter '{name}' is '{text}', not a number") from None
    if not math.isfinite(value):
        raise ValueError(f"the parameter '{name}' is '{text}', not a finite number")
    return value


def whole(request: Request, name: str, default: int, least: int, most: int = 2**62) -> int:
    """A whole number; written as 1e6 too.

    Raises:
        ValueError: it is none, or not in ``least`` to ``most``.
    """
    value = number(request, name, default)
    if value != int(value):
        raise ValueError(f"the parameter '{name}' is {value:g}, not a whole number")
    if not least <= value <= most:
        wanted = f"at least {least}" if most == 2**62 else f"in {least}..{most}"
        raise ValueError(f"the parameter '{name}' is {value:g}; it must be {wanted}")
    return int(value)


def one_of(request: Request, name: str, choices: Collection[str]) -> str | None:
    """What was chosen, None if nothing.

    Raises:
        ValueError: it is none of the choices.
    """
    value = request.query_params.get(name)
    if value is not None and value not in choices:
        raise ValueError(f"the parameter '{name}' is '{value}'; it is one of {', '.join(choices)}")
    return value


def address_range(request: Request) -> tuple[int, int] | None:
    if "from" not in request.query_params and "to" not in request.query_params:
        return None
    bound = 2.0**62
    first, last = number(request, "from", -bound), number(request, "to", bound)
    return int(max(first, -bound)), int(min(last, bound))


def asked_smoothing(request: Request) -> tuple[float, SmoothingKind]:
    """How much to smooth, and the kind of it."""
    kind = request.query_params.get("smoothing_kind", "ema")
    return checked_smoothing(number(request, "smoothing", 0.0), kind)
