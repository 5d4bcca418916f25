"""Curves of a group of runs as one: the mean at each x, the spread around it, of how many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from summaries.records import Float64, Int64

BANDS = ("std", "sem", "ci95", "minmax", "none")

# Values interpolated for one group: the x of many runs may add up to far more.
INTERPOLATED_VALUES = 10_000_000


@dataclass(frozen=True)
class Curve:
    """One run's curve; x need not ascend."""

    x: Float64
    value: Float64


@dataclass(frozen=True)
class GroupCurve:
    """The mean of several curves; every array has one entry an x, ascending."""

    x: Float64
    mean: Float64
    low: Float64
    high: Float64
    members: Int64
    """How many runs have a finite value there; of one run there is no spread: low = high."""
    exact: bool
    """Whether every value was logged at that x; else some lie on lines between points."""


def group_curve(curves: Sequence[Curve], band: str) -> GroupCurve:
    """The mean over the curves, with its band.

    Where the curves were logged at the same x (a run may begin later and end sooner), each value is
    the run's own. Otherwise values between a run's points lie on the line between them, at the x
    of all runs, or at an even choice of those where that would be more than ten million values. No
    run counts before its first and after its last point.

    Args:
        curves: of an x that came more than once the last value counts.
        band: ``std`` (n - 1 degrees of freedom), ``sem`` (std / sqrt n), ``ci95`` (the mean's 95 %
            confidence interval by Student's t), ``minmax`` or ``none``.

    Raises:
        ValueError: there is no such band.
    """
    if band not in BANDS:
        raise ValueError(f"band '{band}' is unknown\n  try: one of {', '.join(BANDS)}")
    ordered = [curve for curve in map(_ascending, curves) if len(curve.x)]
    if not ordered:
        nothing = np.empty(0)
        return GroupCurve(nothing, nothing, nothing, nothing, nothing.astype(np.int64), True)
    grid = max((curve.x for curve in ordered), key=len)
    if not all(np.array_equal(curve.x, grid) for curve in ordered):
        grid = np.unique(np.concatenate([curve.x for curve in ordered]))
    exact = all(_has_each_of(curve.x, grid) for curve in ordered)
    most = max(2, INTERPOLATED_VALUES // len(ordered))
    if not exact and len(grid) > most:
        grid = grid[np.linspace(0, len(grid) - 1, most).astype(np.int64)]
    return _summed_up(ordered, grid, band, exact)


def _ascending(curve: Curve) -> Curve:
    if np.isfinite(curve.x).all() and (curve.x[1:] > curve.x[:-1]).all():
        return curve
    known = np.isfinite(curve.x)
    x, value = curve.x[known], curve.value[known]
    order = np.argsort(x, kind="stable")
    x = x[order]
    last = order[np.append(x[1:] != x[:-1], True)] if len(x) else order
    return Curve(curve.x[known][last], value[last])


def _has_each_of(x: Float64, grid: Float64) -> bool:
    first, last = np.searchsorted(grid, [x[0], x[-1]])
    return int(last - first + 1) == len(x)


def _summed_up(curves: Sequence[Curve], grid: Float64, band: str, exact: bool) -> GroupCurve:
    """Two passes over the curves: a table of all runs at all x would not fit for long series."""
    members = np.zeros(len(grid), dtype=np.int64)
    total = np.zeros(len(grid))
    low, high = np.full(len(grid), np.inf), np.full(len(grid), -np.inf)
    for curve in curves:
        part, value, finite = _on_grid(curve, grid, exact)
        members[part] += finite
        total[part] += np.where(finite, value, 0.0)
        low[part] = np.minimum(low[part], np.where(finite, value, np.inf))
        high[part] = np.maximum(high[part], np.where(finite, value, -np.inf))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / members
    # The sum is rounded; a mean outside of what it is the mean of would be drawn there.
    mean = np.where(members > 0, np.clip(mean, low, high), np.nan)
    if band == "minmax":
        return GroupCurve(
            grid, mean, np.where(members > 0, low, np.nan), np.where(members > 0, high, np.nan),
            members, exact,
        )  # fmt: skip
    if band == "none":
        return GroupCurve(grid, mean, mean, mean, members, exact)
    squares = np.zeros(len(grid))
    for curve in curves:
        part, value, finite = _on_grid(curve, grid, exact)
        squares[part] += np.where(finite, (value - mean[part]) ** 2, 0.0)
    spread = np.sqrt(squares / np.maximum(members - 1, 1))
    if band != "std":
        spread /= np.sqrt(np.maximum(members, 1))
    if band == "ci95":
        factor = np.ones(int(members.max(initial=0)) + 1)
        for n in np.unique(members[members > 1]).tolist():
            factor[n] = student_t(n - 1)
        spread *= factor[members]
    return GroupCurve(grid, mean, mean - spread, mean + spread, members, exact)


def _on_grid(
    curve: Curve, grid: Float64, exact: bool
) -> tuple[slice, Float64, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """The part of the grid that the curve spans, its values there, and which are finite."""
    start = int(np.searchsorted(grid, curve.x[0]))
    stop = int(np.searchsorted(grid, curve.x[-1], side="right"))
    inside = grid[start:stop]
    if exact:
        value = curve.value[np.searchsorted(curve.x, inside)]
    else:
        value = np.interp(inside, curve.x, curve.value)
    return slice(start, stop), value, np.isfinite(value)


@cache
def student_t(freedom: int, probability: float = 0.975) -> float:
    """The quantile of Student's t distribution with that many degrees of freedom.

    Source: Abramowitz & Stegun, 26.7.3 and 26.7.4 (the distribution as a finite sum for whole
    degrees of freedom), inverted by bisection.

    Example:
        >>> round(student_t(4), 4)
        2.7764
    """
    low, high = 0.0, 1.0
    while _t_distribution(high, freedom) < probability:
        high *= 2.0
    for _ in range(100):
        middle = (low + high) / 2
        if _t_distribution(middle, freedom) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _t_distribution(t: float, freedom: int) -> float:
    angle = math.atan(t / math.sqrt(freedom))
    cosine_squared = math.cos(angle) ** 2
    odd = freedom % 2 == 1
    term = math.cos(angle) if odd else 1.0
    total = 0.0 if freedom == 1 else term
    for k in range(3 if odd else 2, freedom - 1, 2):
        term *= cosine_squared * (k - 1) / k
        total += term
    area = (angle + math.sin(angle) * total) * 2 / math.pi if odd else math.sin(angle) * total
    return 0.5 + area / 2
