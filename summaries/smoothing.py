"""Smoothing of a series: TensorBoard's debiased moving average, on every point."""

from __future__ import annotations

import numpy as np

from summaries.records import Float64

_BLOCK = 64


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
