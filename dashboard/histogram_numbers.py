"""The numbers of a histogram card: common bins, percentiles, a range that outliers do not spoil."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from summaries.records import Float64, HistogramRecord, Int64

BASIS_POINTS = (0, 668, 1587, 3085, 5000, 6915, 8413, 9332, 10000)
"""Min, -1.5 to +1.5 standard deviations of a normal distribution in halves, max; of 10,000.

Source: TensorBoard, ``plugins/distribution/compressor.py``."""

# One step further out than the others' whole span (beyond their 5-95 % range) is an outlier.
_OUTLIER_SPANS = 1.0
_OUTLIER_MIN_STEPS = 5

Range = tuple[float, float]
T = TypeVar("T")


@dataclass(frozen=True)
class HistogramNumbers:
    """What a card draws of one run's histograms of one tag: n steps in common bins."""

    step: Int64
    """int64 [n], in logging order."""
    wall_time: Float64
    """float64 [n], seconds since the epoch."""
    edges: Float64
    """float64 [bins + 1], equal widths."""
    counts: Float64
    """float64 [n, bins]; a value outside the edges is in no bin."""
    percentiles: Float64
    """float64 [n, 9], the values at `BASIS_POINTS`; NaN where a step has no finite value."""
    outside: Float64
    """float64 [n]: how many finite values lie outside the edges."""
    nonfinite: Int64
    """int64 [n, 3]: counts of NaN, +Inf and -Inf."""
    logged: int
    """How many histograms the series has; n of them are here."""


def trimmed(record: HistogramRecord) -> tuple[Float64, Float64]:
    """Edges [k + 1] and counts [k] with the edges inside the record's true min and max.

    TensorBoard's own writers set outermost edges of +-1.8e308, and its Rust reader hands out
    buckets that run backwards.
    """
    edges, counts = record.edges, record.counts
    if len(counts) == 0 or not (np.isfinite(record.min) and np.isfinite(record.max)):
        return np.zeros(0), np.zeros(0)
    if record.min <= record.max:
        edges = np.clip(edges, record.min, record.max)
    return np.maximum.accumulate(edges), counts


def rebinned(edges: Float64, counts: Float64, common: Float64) -> Float64:
    """Counts [bins] between the ``common`` edges [bins + 1], buckets spread over their width.

    A bucket of no width goes whole into the bin that contains it, the last bin closed; what lies
    outside ``common`` is in no bin.

    Example:
        >>> rebinned(np.array([0.0, 2.0]), np.array([4.0]), np.array([0.0, 0.5, 1.0, 4.0]))
        array([1., 1., 2.])
    """
    bins = np.zeros(len(common) - 1)
    if len(counts) == 0:
        return bins
    if max(abs(common[0]), abs(common[-1]), abs(edges[0]), abs(edges[-1])) > 1e300:
        edges, common = edges * 1e-10, common * 1e-10  # or slopes overflow
    left, right = edges[:-1], edges[1:]
    flat = right <= left
    wide = ~flat
    if wide.any():
        # The cumulated count is linear inside a bucket: differences of it are overlaps.
        at = np.append(left[wide], right[wide][-1])
        # Gaps between wide buckets (flat ones, dropped) have no width, so `at` covers all.
        cumulated = np.concatenate([[0.0], np.cumsum(counts[wide])])
        bins += np.diff(np.interp(common, at, cumulated))
    for value, count in zip(left[flat], counts[flat], strict=True):
        if common[0] <= value <= common[-1]:
            bins[min(int(np.searchsorted(common, value, side="right")) - 1, len(bins) - 1)] += count
    return bins


def percentiles(record: HistogramRecord) -> Float64:
    """The values [9] at `BASIS_POINTS`, interpolated inside the buckets; NaN if there is no count.

    Source: TensorBoard, ``plugins/distribution/compressor.py``.
    """
    edges, counts = trimmed(record)
    total = counts.sum()
    if not total > 0:
        return np.full(len(BASIS_POINTS), np.nan)
    filled = counts > 0
    left, right, weight = edges[:-1][filled], edges[1:][filled], counts[filled]
    after = np.cumsum(weight)
    targets = np.array(BASIS_POINTS) / 10000 * total
    index = np.minimum(np.searchsorted(after, targets, side="left"), len(weight) - 1)
    share = np.clip((targets - (after[index] - weight[index])) / weight[index], 0.0, 1.0)
    # Not left + share * (right - left): that difference overflows between +-1.7e308.
    values: Float64 = left[index] * (1.0 - share) + right[index] * share
    return values


def common_range(records: Sequence[HistogramRecord], clip: bool) -> Range:
    """The values that all steps' bins span; with ``clip`` a lone outlier step does not widen it."""
    spans = np.array(
        [(r.min, r.max) for r in records if np.isfinite(r.min) and np.isfinite(r.max)]
    ).reshape(-1, 2)
    if len(spans) == 0:
        return (0.0, 1.0)
    low, high = float(spans[:, 0].min()), float(spans[:, 1].max())
    if clip and len(spans) >= _OUTLIER_MIN_STEPS:
        # "lower" and "higher": an interpolated quantile would still feel the outlier itself.
        usual_low = float(np.quantile(spans[:, 0], 0.05, method="higher"))
        usual_high = float(np.quantile(spans[:, 1], 0.95, method="lower"))
        reach = _OUTLIER_SPANS * (usual_high - usual_low)
        if reach > 0:
            low = float(spans[spans[:, 0] >= usual_low - reach, 0].min())
            high = float(spans[spans[:, 1] <= usual_high + reach, 1].max())
    if low == high:
        # TensorBoard's range around a single value.
        return (
            (low / 1.1 - 1.0, high * 1.1 + 1.0) if low >= 0 else (low * 1.1 - 1.0, high / 1.1 + 1.0)
        )
    return low, high


def thinned(items: Sequence[T], limit: int) -> list[T]:
    """At most ``limit`` of the items, evenly spaced, the first and the last among them."""
    if len(items) <= limit:
        return list(items)
    picks = np.linspace(0, len(items) - 1, limit).round().astype(int)
    return [items[i] for i in picks]


def histogram_numbers(
    records: Sequence[HistogramRecord], span: Range, bins: int, logged: int
) -> HistogramNumbers:
    """The records in ``bins`` equal bins over ``span``."""
    # Halves first: the width of (-1.7e308, 1.7e308) is not a float64.
    common = np.linspace(span[0] / 2, span[1] / 2, bins + 1) * 2.0
    counts = np.zeros((len(records), bins))
    levels = np.zeros((len(records), len(BASIS_POINTS)))
    outside = np.zeros(len(records))
    for i, record in enumerate(records):
        edges, weight = trimmed(record)
        counts[i] = rebinned(edges, weight, common)
        levels[i] = percentiles(record)
        outside[i] = max(0.0, weight.sum() - counts[i].sum())
    # Rounding in the cumulated counts is not a value outside.
    outside[outside < 1e-6] = 0.0
    return HistogramNumbers(
        step=np.array([r.step for r in records], dtype=np.int64),
        wall_time=np.array([r.wall_time for r in records], dtype=np.float64),
        edges=common,
        counts=counts,
        percentiles=levels,
        outside=outside,
        nonfinite=np.array(
            [(r.nan_count, r.pos_inf_count, r.neg_inf_count) for r in records], dtype=np.int64
        ).reshape(-1, 3),
        logged=logged,
    )
