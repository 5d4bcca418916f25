"""Histograms whose bins come from elsewhere: the caller, NumPy's rules, TensorBoard's files."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.arrays import as_numpy
from summaries.checks import as_float, shown
from summaries.event import Event
from summaries.kinds.histogram import NAME, finite_moments, pack
from summaries.records import Float64, HistogramRecord


def record(
    tag: str, values: NDArray[Any], bins: Any, max_bins: int | None, step: int, wall_time: float
) -> HistogramRecord:
    """The histogram of the values in the bins that are asked for; non-finite ones counted apart.

    Source: torch.utils.tensorboard.summary.make_histogram.

    Args:
        tag: for the error.
        values: [n] integers or floats.
        bins: how many, their edges ascending, or a rule of `numpy.histogram_bin_edges`.
        max_bins: neighbours are counted together until there are at most about so many.
        step: the training step.
        wall_time: seconds since the epoch.

    Raises:
        ValueError: no such bins.
    """
    finite, moments = finite_moments(values)
    if not isinstance(bins, (str, int)):
        bins = as_numpy("add_histogram", tag, bins)
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            counts, edges = np.histogram(finite, bins=bins)
    except (ValueError, TypeError) as error:
        raise ValueError(f"add_histogram '{tag}': bins={shown(bins)}\n  {error}") from error
    counts, edges = counts.astype(np.float64), edges.astype(np.float64)
    if max_bins is not None and len(counts) > max_bins:
        if max_bins < 1:
            raise ValueError(f"add_histogram '{tag}': max_bins must be at least 1, got {max_bins}")
        together = len(counts) // max_bins
        starts = np.arange(0, len(counts), together)
        counts = np.add.reduceat(counts, starts)
        edges = np.append(edges[starts], edges[-1])
    counts, edges = trimmed(counts, edges)
    return HistogramRecord(step, wall_time, edges, counts, *moments)


def trimmed(counts: Float64, edges: Float64) -> tuple[Float64, Float64]:
    """Without the empty bins at both ends."""
    used = np.flatnonzero(counts)
    if len(used) == 0:
        return np.empty(0), np.empty(0)
    first, last = int(used[0]), int(used[-1])
    return counts[first : last + 1], edges[first : last + 2]


def of_limits(
    low: float, high: float, num: int, total: float, squares: float, right: Float64, counts: Float64
) -> HistogramRecord:
    """The histogram of TensorBoard's first form: the right limit of each bucket, and its count.

    Args:
        low: the smallest value, where the first bucket begins.
        high: the largest, where the last ends: TensorFlow's outermost limits are +-1.8e308.
        num: how many values there are.
        total: their sum.
        squares: the sum of their squares.
        right: float64 [k] ascending.
        counts: float64 [k]

    Raises:
        ValueError: lengths that differ, counts or limits that are no numbers.
    """
    edges, kept = _edges(low, high, num, right, counts)
    return HistogramRecord(0, 0.0, edges, kept, low, high, int(num), total, squares)


def _edges(
    low: float, high: float, num: int, right: Float64, counts: Float64
) -> tuple[Float64, Float64]:
    """Edges and counts of the buckets from the first to the last that is not empty."""
    if len(right) != len(counts):
        raise ValueError(f"histogram with {len(right)} limits and {len(counts)} counts")
    # NaN is the minimum of what has one, and no more than anything.
    if not 0 <= num < 2**63 or (
        len(right) and not (np.minimum.reduce(counts) >= 0.0 and np.minimum.reduce(right) <= np.inf)
    ):
        raise ValueError(f"histogram of {num} values: its counts or limits are no numbers")
    used = counts.nonzero()[0]
    if not len(used):
        return np.empty(0), np.empty(0)
    first, last = int(used[0]), int(used[-1])
    edges = np.empty(last - first + 2)
    edges[1:] = right[first : last + 1]
    left = float(right[first - 1]) if first else low
    edges[0] = max(left, min(low, float(right[first])))
    edges[-1] = max(min(float(edges[-1]), high), float(edges[-2]))
    return edges, counts[first : last + 1]


def event_of_raw(
    tag: str,
    numbers: tuple[Any, Any, Any, Any, Any],
    bucket_limits: Any,
    bucket_counts: Any,
    step: int,
    wall_time: float,
) -> Event:
    """The event of `of_limits` of what a user gives.

    Args:
        tag: the series' name.
        numbers: min, max, num, sum, sum of squares.
        bucket_limits: [k] right limits.
        bucket_counts: [k]
        step: the training step.
        wall_time: seconds since the epoch.

    Raises:
        TypeError: no numbers.
        ValueError: as `of_limits`.
    """
    method = "add_histogram_raw"
    low, high, num, total, squares = (
        float(number) if isinstance(number, (float, int)) else as_float(method, tag, number)
        for number in numbers
    )
    limits, counts = _doubles(method, tag, bucket_limits), _doubles(method, tag, bucket_counts)
    try:
        edges, kept = _edges(low, high, int(num), limits, counts)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{method} '{tag}': {error}") from error
    data = pack(edges, kept, low, high, int(num), total, squares)
    return Event(NAME, tag, step, wall_time, data)


def _doubles(method: str, tag: str, values: Any) -> Float64:
    array = np.asarray(values) if type(values) is list else values
    if type(array) is np.ndarray and array.dtype.kind in "iuf" and array.ndim == 1:
        return array.astype(np.float64, copy=False)
    return as_numpy(method, tag, values).reshape(-1).astype(np.float64)
