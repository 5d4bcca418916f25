"""What several formulas share: the pull of values towards zero, and the check of a slot's start."""

from __future__ import annotations

from typing import Any

from engine.graph import Tensor
from engine.ops.arithmetic import maximum
from engine.ops.elementwise import abs as absolute
from engine.ops.elementwise import sign


def soft_threshold(x: Tensor, distance: Tensor) -> Tensor:
    """x brought `distance` nearer to zero, and no further than that."""
    return sign(x) * maximum(absolute(x) - distance, 0.0)


def positive_start(name: str, value: Any) -> float:
    """`value` as the start of an accumulator that is divided by; ValueError if not positive."""
    if not value > 0.0:
        raise ValueError(f"{name} must be positive: {value}")
    return float(value)
