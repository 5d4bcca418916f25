"""Bins of a scalar series: built from points, coarsened 16 into 1, cut to a pixel budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.records import Float64, Int64
from summaries.store.codec import decode_columns, encode_columns

WIDTH = 16
"""How many bins (or points) make one bin of the next level."""

_UNSEEN = 1e-4
"""Of the height of a chunk's values: what a mean may be off without being seen."""


@dataclass(frozen=True)
class Bins:
    """Consecutive bins of a series in logging order; every array has one entry a bin."""

    count: Int64
    step_min: Int64
    step_max: Int64
    wall_us_min: Int64
    wall_us_max: Int64
    nonfinite: Int64
    min: Float64
    max: Float64
    mean: Float64
    end: Int64
    """Sequence number behind the bin's last point; not stored, it follows from the counts."""

    def __len__(self) -> int:
        return len(self.count)

    def stored(self) -> list[Int64 | Float64]:
        """The columns that are stored."""
        return [getattr(self, f.name) for f in fields(self) if f.name != "end"]

    def __getitem__(self, part: slice | NDArray[np.bool_] | NDArray[np.intp]) -> Bins:
        return Bins(*(getattr(self, f.name)[part] for f in fields(self)))


def concatenate(parts: Sequence[Bins]) -> Bins:
    """The bins of all parts, one after the other."""
    if len(parts) == 1:
        return parts[0]
    return Bins(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Bins)))


def empty_bins() -> Bins:
    """No bins at all."""
    ints = np.empty(0, dtype=np.int64)
    floats = np.empty(0, dtype=np.float64)
    return Bins(ints, ints, ints, ints, ints, ints, floats, floats, floats, ints)


def points_as_bins(step: Int64, wall_us: Int64, value: Float64, seq: int = 0) -> Bins:
    """Each point as a bin of its own; a non-finite value stays in min, max and mean.

    Args:
        step: int64 [n], as the others.
        wall_us: microseconds since the epoch.
        value: float64 [n].
        seq: sequence number of the first point.
    """
    ones = np.ones(len(step), dtype=np.int64)
    nonfinite = (~np.isfinite(value)).astype(np.int64)
    end = np.arange(seq + 1, seq + 1 + len(step))
    return Bins(ones, step, step, wall_us, wall_us, nonfinite, value, value, value, end)


def merge(bins: Bins, starts: Int64) -> Bins:
    """The bins between one start and the next (the last: to the end) made into one bin each.

    Args:
        bins: at least one bin.
        starts: int64 [k], ascending indices, the first of them 0.
    """
    count = np.add.reduceat(bins.count, starts)
    nonfinite = np.add.reduceat(bins.nonfinite, starts)
    finite_each = (bins.count - bins.nonfinite).astype(np.float64)
    has_finite = finite_each > 0
    finite = np.add.reduceat(finite_each, starts)
    low = np.minimum.reduceat(np.where(has_finite, bins.min, np.inf), starts)
    high = np.maximum.reduceat(np.where(has_finite, bins.max, -np.inf), starts)
    # Weights first, so that a sum of values near the largest float does not overflow.
    share = finite_each / np.repeat(
        np.maximum(finite, 1.0), np.diff(starts, append=len(bins.count))
    )
    mean = np.add.reduceat(np.where(has_finite, bins.mean, 0.0) * share, starts)
    # The sum is rounded; a mean outside its bin would be drawn there.
    mean = np.clip(mean, low, high)
    nothing = finite == 0
    if nothing.any():
        low[nothing] = high[nothing] = mean[nothing] = np.nan
    return Bins(
        count,
        np.minimum.reduceat(bins.step_min, starts),
        np.maximum.reduceat(bins.step_max, starts),
        np.minimum.reduceat(bins.wall_us_min, starts),
        np.maximum.reduceat(bins.wall_us_max, starts),
        nonfinite,
        low,
        high,
        mean,
        np.maximum.reduceat(bins.end, starts),
    )


def coarsen(bins: Bins, width: int = WIDTH) -> Bins:
    """Every ``width`` consecutive bins as one; the last may hold fewer."""
    return merge(bins, np.arange(0, len(bins), width, dtype=np.int64))


def by_step(bins: Bins) -> Bins:
    """The bins ordered by step, those that begin at the same step made into one.

    For a series that several ranks logged: their points at a step become its min, max and mean.
    """
    ordered = bins[np.argsort(bins.step_min, kind="stable")]
    starts = np.flatnonzero(np.diff(ordered.step_min, prepend=ordered.step_min[0] - 1))
    return merge(ordered, starts.astype(np.int64))


def fit(bins: Bins, pixels: int) -> Bins:
    """Bins cut down to about ``pixels`` of equal width in steps; unchanged if they are few enough.

    Order is kept: where steps go back (a restarted run) a new bin begins, so there may be more than
    ``pixels``; past four times as many, neighbours are merged by count.
    """
    if len(bins) <= pixels:
        return bins
    low, high = int(bins.step_min.min()), int(bins.step_max.max())
    # In floats: the span of two int64 steps may not fit an int64.
    scale = pixels / (float(high) - float(low) + 1.0)
    column = ((bins.step_min.astype(np.float64) - low) * scale).astype(np.int64)
    starts = np.flatnonzero(np.diff(column, prepend=column[0] - 1))
    merged = merge(bins, starts.astype(np.int64))
    if len(merged) > 4 * pixels:
        merged = coarsen(merged, -(-len(merged) // pixels))
    return merged


def encode_bins(bins: Bins) -> bytes:
    """The bins as bytes; the mean, which is for drawing, in float32 where no eye sees that."""
    columns: list[NDArray[Any]] = list(bins.stored())
    with np.errstate(over="ignore", invalid="ignore"):
        short = bins.mean.astype(np.float32)
        error = np.abs(short - bins.mean)
        # Of 1e9 + noise, or of 1e-60, float32 would keep nothing of what the chart shows.
        room = np.fmax.reduce(bins.max) - np.fmin.reduce(bins.min)
    if not ((error > room * _UNSEEN) | np.isinf(short)).any():
        columns[-1] = short
    return encode_columns(columns)


def decode_bins(data: bytes, n: int, seq: int = 0) -> Bins:
    """The n bins of an encoded block whose first point has sequence number ``seq``.

    Raises:
        ValueError: the block is damaged.
    """
    columns = decode_columns(data, n)
    if len(columns) != len(fields(Bins)) - 1:
        raise ValueError(f"block of bins has {len(columns)} columns")
    # Rounded to float32 it may lie just outside.
    columns[-1] = np.clip(columns[-1].astype(np.float64), columns[-3], columns[-2])
    columns.append(np.cumsum(columns[0]) + seq)
    return Bins(*columns)
