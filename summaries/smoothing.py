"""Smoothing of a series on every point: TensorBoard's debiased average, Gaussian, running mean."""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from summaries.records import Float64, Int64

SmoothingKind = Literal["ema", "gaussian", "mean"]
"""What `smoothed_at` knows: `debiased_ema`, `gaussian_mean`, `running_mean`."""
SMOOTHING_KINDS: tuple[SmoothingKind, ...] = get_args(SmoothingKind)
MOST_POINTS = 10_000
"""The widest Gaussian (its sigma) and window of a running mean, in points."""

_BLOCK = 64
_GATHERED = 4_000_000  # numbers that the windows of one part may hold: 32 MB


def debiased_ema(values: Float64, weight: float) -> Float64:
    """The exponential moving average, corrected for its start at zero; float64 [n].

    ``last = last * w + (1 - w) * y``, divided by ``1 - w ** k`` after k finite values. Non-finite
    values come out as they are and leave the average untouched; a constant series comes out
    unchanged.

    Args:
        values: float64 [n].
        weight: 0 (no smoothing) to below 1.

    Raises:
        ValueError: weight is not in [0, 1).

    Source: TensorBoard's line chart (data_transformer.ts), which smooths the points it drew; here
    every point counts.

    Example:
        >>> debiased_ema(np.array([1.0, 2.0, 3.0]), 0.5).round(4).tolist()
        [1.0, 1.6667, 2.4286]
    """
    if not 0.0 <= weight < 1.0:
        raise ValueError(f"smoothing weight must be at least 0 and below 1, got {weight}")
    finite = np.isfinite(values)
    points = values[finite]
    if weight == 0.0 or len(points) == 0 or (points == points[0]).all():
        return values.copy()
    smoothed = values.copy()
    powers = weight ** np.arange(1, len(points) + 1)
    smoothed[finite] = _ema(points * (1.0 - weight), weight) / (1.0 - powers)
    return smoothed


def gaussian_mean(values: Float64, sigma: float, at: Int64 | None = None) -> Float64:
    """The mean of the points around each, weighted by a Gaussian of their distance; float64 [m].

    The point j weighs ``exp(-(j - i) ** 2 / (2 * sigma ** 2))`` for the point i, up to
    ``4 * sigma`` away (rounded up); beyond the ends of the series nothing weighs. Non-finite values
    come out as they are and are not counted as points; a constant series comes out unchanged.

    Args:
        values: float64 [n].
        sigma: in points, above 0.
        at: int64 [m], where the result is wanted; None: everywhere.

    Example:
        >>> gaussian_mean(np.array([0.0, 0.0, 1.0, 0.0, 0.0]), 1.0).round(3).tolist()
        [0.077, 0.257, 0.403, 0.257, 0.077]
    """
    radius = min(math.ceil(4.0 * sigma), max(len(values) - 1, 0))
    distance = np.arange(-radius, radius + 1)
    return _weighted_mean(values, np.exp(-0.5 * (distance / sigma) ** 2), at)


def running_mean(values: Float64, window: float, at: Int64 | None = None) -> Float64:
    """The mean of a window of points centred on each, cut off at the series' ends; float64 [m].

    Non-finite values come out as they are and are not counted as points; a constant series comes
    out unchanged.

    Args:
        values: float64 [n].
        window: in points; an even number counts as the odd one above it.
        at: int64 [m], where the result is wanted; None: everywhere.

    Example:
        >>> running_mean(np.array([1.0, 2.0, 6.0, 3.0]), 3).tolist()
        [1.5, 3.0, 3.6666666666666665, 4.5]
    """
    half = min(int(window) // 2, max(len(values) - 1, 0))
    return _weighted_mean(values, np.ones(2 * half + 1), at)


def smoothed_at(values: Float64, at: Int64, kind: SmoothingKind, amount: float) -> Float64:
    """The smoothed series at some of its points, each computed from every point; float64 [m].

    Args:
        values: float64 [n].
        at: int64 [m], indexes of points.
        kind: which of the formulas above.
        amount: the weight of "ema", the sigma of "gaussian", the window of "mean".

    Raises:
        ValueError: there is no such kind, or the amount is not one of it.

    Example:
        >>> smoothed_at(np.array([1.0, 2.0, 6.0, 3.0]), np.array([1, 3]), "mean", 3).tolist()
        [3.0, 4.5]
    """
    checked_amount(kind, amount)
    if kind == "ema":
        return debiased_ema(values, amount)[at]
    return (gaussian_mean if kind == "gaussian" else running_mean)(values, amount, at)


def checked_amount(kind: str, amount: float) -> float:
    """The amount, if it is one of that kind of smoothing.

    Raises:
        ValueError: there is no such kind, or the amount is not one of it.
    """
    if kind not in SMOOTHING_KINDS:
        raise ValueError(f"smoothing '{kind}' is none of {', '.join(SMOOTHING_KINDS)}")
    if kind == "ema" and not 0.0 <= amount < 1.0:
        raise ValueError(f"smoothing is {amount}; it must be at least 0 and below 1")
    if kind != "ema" and not 0.0 < amount <= MOST_POINTS:
        raise ValueError(
            f"smoothing is {amount} points; it must be above 0 and at most {MOST_POINTS}"
        )
    return amount


def _weighted_mean(values: Float64, weights: Float64, at: Int64 | None) -> Float64:
    """The means with the weights [2 * radius + 1] centred on the points ``at``."""
    wanted = np.arange(len(values)) if at is None else at
    finite = np.isfinite(values)
    points = values[finite]
    result = values[wanted]
    if len(points) == 0 or (points == points[0]).all():
        return result
    radius = len(weights) // 2
    # Products no larger than the values themselves: the largest float64s have a mean too.
    weights = weights / weights.sum()
    beside = sliding_window_view(np.pad(points, radius), len(weights))
    counted = sliding_window_view(np.pad(np.ones(len(points)), radius), len(weights))
    places = np.flatnonzero(finite[wanted])
    centres = (np.cumsum(finite) - 1)[wanted[places]]
    part = max(_GATHERED // len(weights), 1)
    for start in range(0, len(places), part):
        centre = centres[start : start + part]
        means = (beside[centre] @ weights) / (counted[centre] @ weights)
        result[places[start : start + part]] = means
    return result


def _ema(terms: Float64, weight: float) -> Float64:
    """``y[i] = weight * y[i - 1] + terms[i]``, block by block as matrix products."""
    n = len(terms)
    blocks = -(-n // _BLOCK)
    padded = np.zeros(blocks * _BLOCK)
    padded[:n] = terms
    powers = weight ** np.arange(_BLOCK + 1)
    place = np.arange(_BLOCK)
    distance = place[None, :] - place[:, None]
    spread = np.where(distance >= 0, powers[np.maximum(distance, 0)], 0.0)
    rows = padded.reshape(blocks, _BLOCK) @ spread
    if blocks > 1:
        # What a block begins with is the same recursion over the blocks' ends.
        ends = _ema(np.ascontiguousarray(rows[:-1, -1]), float(powers[_BLOCK]))
        rows[1:] += ends[:, None] * powers[None, 1:]
    return rows.reshape(-1)[:n]
