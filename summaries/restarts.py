"""Where a series starts again: its step falls back, and what is drawn or smoothed begins anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from summaries.records import Float64, Int64


def restarts(step: Int64) -> Int64:
    """The indices at which the step falls below the one before; int64 [k], ascending.

    Example:
        >>> restarts(np.array([0, 1, 2, 1, 2, 3])).tolist()
        [3]
    """
    return np.flatnonzero(step[1:] < step[:-1]) + 1


def parts(step: Int64) -> Iterator[slice]:
    """The stretches between restarts, one after the other; at least one, if it is empty."""
    ends = [0, *restarts(step).tolist(), len(step)]
    return (slice(start, stop) for start, stop in pairwise(ends))


def by_part(step: Int64, values: Float64, smooth: Callable[[Float64], Float64]) -> Float64:
    """``smooth`` applied to each stretch between restarts on its own, as TensorBoard does.

    Args:
        step: int64 [n].
        values: float64 [n].
        smooth: gives float64 [k] for float64 [k].
    """
    if len(restarts(step)) == 0:
        return smooth(values)
    return np.concatenate([smooth(values[part]) for part in parts(step)])
