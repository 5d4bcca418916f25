"""Histograms: exact counts in few bins that follow the data, whatever outliers it has.

Values are counted on a fine grid of equal bins first. Where a few outliers would squeeze all others
into a handful of those (a gradient that exploded once), the grid's crowded part is counted anew,
finer. The fine bins are then merged to at most `BINS` with most of them where most values lie.
Every count is exact; only the edges are chosen.
"""

from __future__ import annotations

import math
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.arrays import as_array as as_array  # run.py takes it from here
from summaries.arrays import as_numpy, pack_doubles, unpack_doubles
from summaries.event import Event
from summaries.records import Float64, HistogramRecord
from summaries.store.codec import decode_columns

NAME = "histogram"

BINS = 64
"""Bins across the bulk of the values."""

_GRID = 1024
_BLOCK = 1 << 15
_FLOAT32_SPANS = (1e-30, 1e38)
"""Between them float32 holds both the span of the values and the grid's bins a unit."""
_SMALLEST_SPAN = 1e-300
"""Down to it float64 holds the grid's bins a unit."""
_LARGEST = float(np.finfo(np.float64).max)
_CRC = struct.Struct("<I")
_HEADER = struct.Struct("<ddqddqqqI")
_DOUBLES = 1 << 31
"""Set beside the number of bins where `pack_doubles` follows; version 0.1 wrote columns instead."""
_PLAIN = 1 << 30
"""Set where the numbers follow as they are, then their CRC-32."""
_FEW = 132
"""Numbers that are stored plainly: zlib would cost half of the call."""


def as_values(tag: str, values: Any) -> NDArray[Any]:
    """The logged values as a flat array of numbers.

    Raises:
        TypeError: they are not numbers.
    """
    if isinstance(values, np.ma.MaskedArray):
        values = values.compressed()
    array = as_numpy("add_histogram", tag, values)
    if array.dtype.kind == "b" or array.dtype == np.float16:
        array = array.astype(np.float32)
    return array.reshape(-1)


def _grid_counts(values: NDArray[Any], low: float, high: float) -> NDArray[np.int64]:
    """How many values lie in each of `_GRID` equal bins from low to high, both ends included."""
    # In the values' own float type: a float32 array is half as much memory to walk.
    kind = values.dtype if values.dtype.kind == "f" else np.dtype(np.float64)
    if kind == np.float32 and not _FLOAT32_SPANS[0] < high - low < _FLOAT32_SPANS[1]:
        kind = np.dtype(np.float64)
    divisible = high - low > _SMALLEST_SPAN
    factor = kind.type(_GRID / (high - low) if divisible else _GRID)
    start, span = kind.type(low), kind.type(high - low)
    counts = np.zeros(_GRID + 1, dtype=np.int64)
    # Block by block: what one step writes the next one finds in the cache (5x for a million).
    room = np.empty(min(_BLOCK, len(values)), dtype=kind)
    index = np.empty(len(room), dtype=np.intp)
    for at in range(0, len(values), _BLOCK):
        part = values[at : at + _BLOCK]
        place, bins = room[: len(part)], index[: len(part)]
        np.subtract(part, start, out=place, dtype=kind)
        if not divisible:
            place /= span
        place *= factor
        np.copyto(bins, place, casting="unsafe")
        counts += np.bincount(bins, minlength=_GRID + 1)
    # The largest value, and what rounding carries there, belongs to the last bin.
    counts[_GRID - 1] += counts[_GRID]
    return counts[:_GRID]


def _merged(edges: Float64, counts: NDArray[np.int64]) -> tuple[Float64, NDArray[np.int64]]:
    """Neighbouring grid bins merged: equal shares across the bulk, wide ones outside it."""
    total = counts.sum()
    cumulated = np.cumsum(counts)
    first = int(np.searchsorted(cumulated, total * 0.005, side="right"))
    last = int(np.searchsorted(cumulated, total * 0.995, side="left"))
    width = max(1, -(-(last - first + 1) // BINS))
    inner = np.arange(first, last + 1, width)
    keep = {0, *inner.tolist(), last + 1}
    outside = np.concatenate([np.arange(0, first, 64), np.arange(last + 1, len(counts), 64)])
    starts = np.array(sorted((keep | set(outside.tolist())) - {len(counts)}), dtype=np.int64)
    return np.append(edges[starts], edges[-1]), np.add.reduceat(counts, starts)


def bin_values(values: NDArray[Any], low: float, high: float) -> tuple[Float64, Float64]:
    """Edges float64 [k + 1] and counts float64 [k] of finite values that span low to high."""
    if low == high:
        # TensorBoard's rule for a single value, wide enough for a large one.
        half = max(0.5, 2.0 * float(np.spacing(abs(low) / 2.0)))
        ends = np.array([low - half, high + half])
        return np.clip(ends, -_LARGEST, _LARGEST), np.array([float(len(values))])
    step = (high - low) / _GRID
    if not np.isfinite(step) or step < 16 * np.spacing(max(abs(low), abs(high))):
        # A span that float64 cannot divide well by the grid: few distinct values, or an overflow.
        points = np.linspace(low / 2, high / 2, BINS + 1) * 2.0
        points[0], points[-1] = low, high
        points = np.unique(points)
        index = np.searchsorted(points, values.astype(np.float64), side="right") - 1
        counts = np.bincount(np.minimum(index, len(points) - 2), minlength=len(points) - 1)
        return points, counts.astype(np.float64)
    counts = _grid_counts(values, low, high)
    edges = np.linspace(low, high, _GRID + 1)
    crowded = int(counts.argmax())
    if counts[crowded] > 0.9 * len(values) and len(values) > 1:
        # Outliers hold the range: count the crowded bin anew, and put it in its place.
        left, right = float(edges[crowded]), float(edges[crowded + 1])
        inside = values[(values >= left) & (values < right)]
        if len(inside) and len(inside) < len(values):
            in_low, in_high = float(inside.min()), float(inside.max())
            if in_low < in_high:
                fine_edges, fine_counts = bin_values(inside, in_low, in_high)
                return _inserted(values, low, high, fine_edges, fine_counts)
    edges, merged = _merged(edges, counts)
    return edges, merged.astype(np.float64)


def _inserted(
    values: NDArray[Any], low: float, high: float, edges: Float64, counts: Float64
) -> tuple[Float64, Float64]:
    """The fine bins with a few wide ones to their left and right for the outliers."""
    parts_edges, parts_counts = [edges], [counts]
    # The fine bins' last edge is closed; what equals it is counted there.
    below, above = values[values < edges[0]], values[values > edges[-1]]
    if len(below):
        outer = np.linspace(low, edges[0], 9)
        parts_edges.insert(0, outer[:-1])
        parts_counts.insert(0, np.histogram(below, outer)[0].astype(np.float64))
    if len(above):
        outer = np.linspace(edges[-1], high, 9)
        parts_edges.append(outer[1:])
        parts_counts.append(np.histogram(above, outer)[0].astype(np.float64))
    return np.concatenate(parts_edges), np.concatenate(parts_counts)


def record(values: NDArray[Any], step: int, wall_time: float) -> HistogramRecord:
    """The histogram of an array of numbers; non-finite ones are counted apart.

    Args:
        values: [n] integers or floats.
    """
    # Infinities and NaN are what is being counted, not accidents of the arithmetic.
    with np.errstate(over="ignore", invalid="ignore"):
        return _record(values, step, wall_time)


def _record(values: NDArray[Any], step: int, wall_time: float) -> HistogramRecord:
    finite, moments = finite_moments(values)
    edges = counts = np.empty(0)
    if len(finite):
        edges, counts = bin_values(finite, moments[0], moments[1])
    return HistogramRecord(step, wall_time, edges, counts, *moments)


Moments = tuple[float, float, int, float, float, int, int, int]
"""min, max, number of values, sum, sum of squares, and how many are NaN, +inf and -inf"""


def finite_moments(values: NDArray[Any]) -> tuple[NDArray[Any], Moments]:
    """The finite ones of the values [n], and what a record holds besides their bins."""
    with np.errstate(over="ignore", invalid="ignore"):
        return _finite_moments(values)


def _finite_moments(values: NDArray[Any]) -> tuple[NDArray[Any], Moments]:
    num = len(values)
    nan = pos = neg = 0
    # A sum tells in one pass that all are finite, unless it overflows; then look closer.
    total = float(values.sum(dtype=np.float64))
    if values.dtype.kind == "f" and not math.isfinite(total):
        nan = int(np.isnan(values).sum())
        pos = int(np.isposinf(values).sum())
        neg = int(np.isneginf(values).sum())
        values = values[np.isfinite(values)]
        total = float(values.sum(dtype=np.float64))
    if len(values) == 0:
        return values, (np.nan, np.nan, num, 0.0, 0.0, nan, pos, neg)
    low, high = float(values.min()), float(values.max())
    if values.dtype.kind != "f":
        squares = float(np.square(values, dtype=np.float64).sum())
    elif values.dtype == np.float32 and not 1e-12 < max(-low, high) < 1e15:
        squares = float(np.square(values, dtype=np.float64).sum())  # past float32's exponents
    else:
        squares = float(np.dot(values, values))
    return values, (low, high, num, total, squares, nan, pos, neg)


def event(tag: str, values: Any, step: int, wall_time: float) -> Event:
    """The event of the histogram of the values.

    Raises:
        TypeError: they are not real numbers.
    """
    return event_of_record(tag, record(as_values(tag, values), step, wall_time))


def event_of_record(tag: str, histogram: HistogramRecord) -> Event:
    """The event of a histogram that is counted already."""
    h = histogram
    odd = (h.nan_count, h.pos_inf_count, h.neg_inf_count)
    edges, counts = np.asarray(h.edges, "<f8"), np.asarray(h.counts, "<f8")
    data = pack(edges, counts, h.min, h.max, h.num, h.sum, h.sum_squares, odd)
    return Event(NAME, tag, h.step, h.wall_time, data)


def pack(
    edges: Float64,
    counts: Float64,
    low: float,
    high: float,
    num: int,
    total: float,
    squares: float,
    odd: tuple[int, int, int] = (0, 0, 0),
) -> bytes:
    """The stored form of a histogram; ``odd`` counts NaN, +Inf and -Inf."""
    k = len(counts)
    moments = (low, high, num, total, squares, *odd)
    if k == 0:
        return _HEADER.pack(*moments, _DOUBLES)
    if len(edges) + k > _FEW:
        packed = pack_doubles(np.concatenate([edges, counts]))
        return _HEADER.pack(*moments, k | _DOUBLES) + packed
    plain = edges.tobytes() + counts.tobytes()
    return _HEADER.pack(*moments, k | _PLAIN) + plain + _CRC.pack(zlib.crc32(plain))


def decode(step: int, wall_time: float, data: bytes) -> HistogramRecord:
    """The record of a stored histogram."""
    low, high, num, total, squares, nan, pos, neg, k = _HEADER.unpack_from(data)
    edges = counts = np.empty(0)
    if k & _DOUBLES and len(data) > _HEADER.size:
        numbers = unpack_doubles(data[_HEADER.size :])
        k ^= _DOUBLES
        if len(numbers) != 2 * k + 1:
            raise ValueError(f"damaged histogram of {k} bins: {len(numbers)} numbers")
        edges, counts = numbers[: k + 1], numbers[k + 1 :]
    elif k & _PLAIN:
        k ^= _PLAIN
        plain = data[_HEADER.size : -_CRC.size]
        if len(plain) != 8 * (2 * k + 1) or _CRC.pack(zlib.crc32(plain)) != data[-_CRC.size :]:
            raise ValueError(f"damaged histogram of {k} bins: its checksum is wrong")
        numbers = np.frombuffer(plain, "<f8")
        edges, counts = numbers[: k + 1].copy(), numbers[k + 1 :].copy()
    elif k & ~_DOUBLES:
        left, counts = decode_columns(data[_HEADER.size : -8], k)
        edges = np.append(left, struct.unpack("<d", data[-8:])[0])
    return HistogramRecord(
        step, wall_time, edges, counts, low, high, num, total, squares, nan, pos, neg
    )
