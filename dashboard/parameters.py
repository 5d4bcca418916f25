"""What an address asks for: its parameters, checked by name."""

from __future__ import annotations

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
    try:
        return default if text is None else float(text)
    except ValueError:
        raise ValueError(f"the parameter '{name}' is '{text}', not a number") from None


def address_range(request: Request) -> tuple[int, int] | None:
    if "from" not in request.query_params and "to" not in request.query_params:
        return None
    bound = 2.0**62
    return int(number(request, "from", -bound)), int(number(request, "to", bound))


def asked_smoothing(request: Request) -> tuple[float, SmoothingKind]:
    """How much to smooth, and the kind of it."""
    kind = request.query_params.get("smoothing_kind", "ema")
    return checked_smoothing(number(request, "smoothing", 0.0), kind)
