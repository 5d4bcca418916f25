"""Where a series starts again: its step falls back, and what is drawn or smoothed begins anew."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from summaries.records import Float64, Int64
from summaries.smoothing import SmoothingKind, smoothed_at


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


def last_before_restart(step: Int64, start: Int64, end: Int64) -> Int64:
    """The last point of each bin that belongs to the part in which the bin begins; int64 [m].

    A bin across a restart stands at the highest of its steps, which the part before it reached: so
    that part's value belongs there.

    Args:
        step: int64 [n].
        start: int64 [m], index of each bin's first point.
        end: int64 [m], index behind its last.

    Example:
        >>> step = np.array([7, 8, 9, 3, 4, 5])
        >>> last_before_restart(step, np.array([0, 2, 4]), np.array([2, 4, 6])).tolist()
        [1, 2, 5]
    """
    breaks = np.append(restarts(step), len(step))
    first = breaks[np.searchsorted(breaks, start, side="right")]
    last: Int64 = np.minimum(first, end) - 1
    return last


def smoothed_by_part(
    step: Int64, values: Float64, at: Int64, kind: SmoothingKind, amount: float
) -> Float64:
    """`smoothed_at` with each stretch between restarts smoothed on its own; float64 [m].

    Args:
        step: int64 [n].
        values: float64 [n].
        at: int64 [m], indexes of points, ascending.
        kind: see `smoothed_at`.
        amount: likewise.
    """
    found = []
    for part in parts(step):
        inside = at[np.searchsorted(at, part.start) : np.searchsorted(at, part.stop)]
        found.append(smoothed_at(values[part], inside - part.start, kind, amount))
    return np.concatenate(found)
