"""What is logged, checked where it is logged: what passes can be stored, what cannot is named."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

MAX_TAG_LENGTH = 1000
"""PostgreSQL's index rows hold 2,700 bytes; a longer tag is a mistake anyway."""


def as_tag(method: str, tag: Any) -> str:
    """The tag, refused where it cannot name a series.

    Raises:
        TypeError: not a str.
        ValueError: empty, or longer than `MAX_TAG_LENGTH` characters.
    """
    if not isinstance(tag, str):
        raise TypeError(f"{method}: a tag must be a str\n  got {type(tag).__name__}: {shown(tag)}")
    if not tag or len(tag) > MAX_TAG_LENGTH:
        start = tag if len(tag) < 60 else f"{tag[:60]}…"
        raise ValueError(
            f"{method}: a tag must have 1 to {MAX_TAG_LENGTH} characters\n"
            f"  got {len(tag)}: '{start}'\n"
            "  try: a short name such as 'train/loss'; long text goes to add_text"
        )
    # A NUL would end the name on PostgreSQL, a lone surrogate cannot be written as UTF-8 at all.
    return tag.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")


def as_float(method: str, tag: str, value: Any) -> float:
    """The value as a Python float.

    Raises:
        TypeError: not one real number.
    """
    try:
        if isinstance(value, (str, bytes)):
            raise TypeError
        if hasattr(value, "item"):  # NumPy, torch, JAX: arrays of one element as well
            value = value.item()
        return float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        shape = getattr(value, "shape", None)
        raise TypeError(
            f"{method} '{tag}': expects one number\n"
            f"  got {type(value).__name__}"
            + (f" of shape {tuple(shape)}" if shape is not None else f": {shown(value)}")
            + "\n  try: float(value), value.mean(), or add_histogram for an array"
        ) from error


def as_step(method: str, tag: str, step: Any) -> int:
    """The step as a Python int that 64 bits hold.

    Raises:
        TypeError: not a whole number.
        ValueError: past 64 bits.
    """
    try:
        if hasattr(step, "item"):
            step = step.item()
        whole = int(step)
        if isinstance(step, (str, bytes)) or (whole != step):
            raise TypeError
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(
            f"{method} '{tag}': global_step must be a whole number\n"
            f"  got {type(step).__name__}: {shown(step)}"
        ) from error
    if not -(2**63) <= whole < 2**63:
        raise ValueError(
            f"{method} '{tag}': global_step does not fit 64 bits\n  got {shown(whole)}"
        )
    return whole


def as_wall_time(method: str, tag: str, wall_time: Any) -> float:
    """Seconds since the epoch as a float that whole microseconds in 64 bits can hold.

    Raises:
        TypeError: not a number.
        ValueError: not finite, or out of range.
    """
    seconds = as_float(method, tag, wall_time)
    if not math.isfinite(seconds) or abs(seconds) > 9e12:
        raise ValueError(f"{method} '{tag}': walltime {seconds} is no time in seconds")
    return seconds


def as_json(method: str, what: str, values: Any) -> dict[str, Any]:
    """The settings as plain JSON data; what JSON does not know (paths, dtypes) as its text.

    Raises:
        TypeError: not a mapping; a value that contains itself, or is nested too deeply.
    """
    if not isinstance(values, Mapping):
        raise TypeError(
            f"{method}: {what} must be a mapping of names to values\n"
            f"  got {type(values).__name__}\n"
            f"  try: a dict; vars({what}) of an argparse.Namespace or a dataclass"
        )
    try:
        plain = {str(name): _plain(value) for name, value in values.items()}
        json.dumps(plain)
    except (ValueError, TypeError, RecursionError) as error:
        raise TypeError(
            f"{method}: {what} cannot be stored as JSON\n"
            f"  {type(error).__name__}: {error}\n"
            "  try: numbers, strings, lists and dicts that do not contain themselves"
        ) from error
    return plain


_DEEPEST = 100
"""Levels of settings in settings. One that contains itself would else go on to Python's own limit,
where whatever the garbage collector then calls fails as well."""


def _plain(value: Any, depth: int = 0) -> Any:
    if depth > _DEEPEST:
        raise ValueError(f"it contains itself, or is nested more than {_DEEPEST} levels deep")
    if isinstance(value, Mapping):
        return {str(name): _plain(part, depth + 1) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part, depth + 1) for part in value]
    if isinstance(value, (set, frozenset)):
        return [_plain(part, depth + 1) for part in sorted(value, key=str)]
    if isinstance(value, (np.generic, np.ndarray)):
        return _plain(value.tolist(), depth + 1)
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    return str(value)


def shown(value: Any) -> str:
    """The value's repr, cut to what an error message can hold."""
    try:
        return f"{value!r:.200}"
    except Exception as error:  # a repr may do anything; an int of 5,000 digits raises
        return f"a value whose repr raises {type(error).__name__}"
