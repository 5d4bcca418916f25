"""What the terminal commands draw: small curves, numbers, times."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from summaries.records import Envelope

_BLOCKS = "▁▂▃▄▅▆▇█"
STATUS_STYLES = {
    "running": "green",
    "finished": "default",
    "failed": "red",
    "crashed": "bold red",
}


def sparkline(values: Sequence[float]) -> str:
    """The values as a row of blocks, as high as they are; ``×`` where one is no number.

    Example:
        >>> sparkline([0.0, 0.5, 1.0, float("nan"), 0.0])
        '▁▅█×▁'
    """
    finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    # Halves first: the span of two large floats may be no float.
    span = high / 2 - low / 2
    drawn = []
    for value in values:
        if not math.isfinite(value):
            drawn.append("×")
        elif span == 0:
            drawn.append(_BLOCKS[3])
        else:
            part = (value / 2 - low / 2) / span
            drawn.append(_BLOCKS[int(part * 7 + 0.5)])
    return "".join(drawn)


def curve(envelope: Envelope, width: int) -> str:
    """A series as a sparkline of at most ``width`` signs."""
    means = envelope.mean.tolist()
    if len(means) <= width:
        return sparkline(means)
    step = len(means) / width
    return sparkline([means[int(at * step)] for at in range(width - 1)] + [means[-1]])


def number(value: Any) -> str:
    """A number in at most six digits; anything else as its text."""
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return "nan" if math.isnan(value) else f"{value:.5g}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(number, value)) + "]"
    return str(value)


def ago(when: float) -> str:
    """How long ago a time (seconds since the epoch) was: ``3 min ago``."""
    seconds = max(time.time() - when, 0.0)
    return "now" if seconds < 5 else f"{duration(seconds)} ago"


def duration(seconds: float) -> str:
    """A duration in its largest unit: ``42 s``, ``3 min``, ``5.2 h``, ``3 d``."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    if seconds < 36 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.0f} d"
