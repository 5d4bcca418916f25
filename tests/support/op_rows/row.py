"""What a row of the contract suite is, and the arrays that rows share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

A = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]], np.float64)
B = np.array([[1.0, 2.0, -1.5], [0.25, -2.0, 3.0]], np.float64)
P = np.abs(A) + 0.5
ROW = np.array([1.0, -2.0, 0.5])
M = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.25]])
T = np.arange(12.0).reshape(2, 3, 2) / 7 - 0.6
HOT = np.array([[1.0, 0.0, 0.0], [0.2, 0.5, 0.3]])
NUMBERS = np.array([7, -3, 2], np.int32)
FLAGS = np.array([[True, False, True], [False, False, True]])


@dataclass(frozen=True)
class Row:
    """One use of one or more kinds of operation: a function of tensors, and what to feed."""

    name: str
    function: Callable[..., Any]
    inputs: tuple[Any, ...]
    kinds: str
    """The kinds it is the proof of, by class name."""
    differentiable: bool = True
    expected: Callable[..., Any] | None = None
    """NumPy's own function of the same arrays."""
    open_shape: bool = False
    """The sizes of the result are only known in the run, as those of ``tf.where``."""
    step: float = 1e-6
    """The step of the numeric gradient."""
    tolerance: float = 1e-6
    """Relative and absolute, of the gradient against the numeric one."""
    double_only: bool = False
    """float32 loses too many digits here for a comparison."""


def smooth(
    name: str,
    function: Callable[..., Any],
    *inputs: Any,
    kinds: str,
    expected: Any = None,
    **more: Any,
) -> Row:
    """A row whose gradient is compared with differences."""
    return Row(name, function, inputs, kinds, True, expected, **more)


def flat(
    name: str,
    function: Callable[..., Any],
    *inputs: Any,
    kinds: str,
    expected: Any = None,
    **more: Any,
) -> Row:
    """A row through which no gradient flows."""
    return Row(name, function, inputs, kinds, False, expected, **more)
