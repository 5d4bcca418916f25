"""Envelopes of points that are in memory: computed series are drawn like stored ones."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from summaries.records import Envelope, Float64, Int64, Scalars
from summaries.restarts import by_part
from summaries.smoothing import debiased_ema
from summaries.store.pyramid import Bins, by_step, fit, points_as_bins


def of_all_ranks(points: Scalars) -> Scalars:
    """The points as one curve: of several ranks the mean at each step, ordered by it."""
    if points.rank is None or not len(points) or (points.rank == points.rank[0]).all():
        return points
    bins = by_step(points_as_bins(points.step, _microseconds(points.wall_time), points.value))
    return Scalars(bins.step_max, bins.wall_us_max / 1e6, bins.mean)


def envelope_of(
    points: Scalars,
    pixels: int = 1000,
    inside: NDArray[np.bool_] | None = None,
    smoothing: float | None = None,
    partition: bool = True,
) -> tuple[Envelope, Int64]:
    """What `Reader.envelope` would give for these points, and the index of each bin's last.

    Args:
        points: in logging order, of one rank.
        pixels: bins asked for; few points come as they are.
        inside: bool [n]: only these; None: all.
        smoothing: weight in [0, 1) of the moving average over all points, inside or not.
        partition: whether the average starts anew where the step falls back.

    Raises:
        ValueError: smoothing is not in [0, 1).
    """
    bins = points_as_bins(points.step, _microseconds(points.wall_time), points.value)
    if inside is not None:
        bins = bins[inside]
    fitted = fit(bins, pixels)
    smoothed = None
    if smoothing:
        smooth = partial(debiased_ema, weight=smoothing)
        whole = by_part(points.step, points.value, smooth) if partition else smooth(points.value)
        smoothed = whole[fitted.end - 1]
    return as_envelope(fitted, len(points), smoothed), fitted.end - 1


def as_envelope(bins: Bins, n: int, smoothed: Float64 | None) -> Envelope:
    """The bins of a series of ``n`` points as what readers are given."""
    return Envelope(
        step_min=bins.step_min,
        step_max=bins.step_max,
        wall_min=bins.wall_us_min / 1e6,
        wall_max=bins.wall_us_max / 1e6,
        min=bins.min,
        max=bins.max,
        mean=bins.mean,
        count=bins.count,
        nonfinite=bins.nonfinite,
        n=n,
        is_raw=bool((bins.count == 1).all()),
        smoothed=smoothed,
    )


def _microseconds(wall_time: Float64) -> Int64:
    return np.rint(wall_time * 1e6).astype(np.int64)
