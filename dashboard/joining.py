"""Series of one run put side by side by their steps: the ground for expressions and x axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summaries.records import Float64, Int64, Scalars


@dataclass(frozen=True)
class Joined:
    """Several series on common steps; every array has one entry a step."""

    step: Int64
    wall_time: Float64
    columns: Mapping[str, Float64]
    exact: bool
    """Whether all were logged at the same steps; else a value stands until its tag's next."""


def join(series: Mapping[str, Scalars], main: str | None = None) -> Joined:
    """The series side by side, from the first step on at which each has a value.

    Those logged together, at equal steps in equal order, are taken point by point, repeated and
    restarted steps included. Others are put in the order of steps (of those at one step the last
    counts), and between the points of a tag its last value is carried forward.

    Args:
        series: tag -> its points, at least one tag.
        main: only the steps of this tag, in its own order; None: the steps of all.
    """
    (first, *others) = series.values()
    if all(np.array_equal(first.step, other.step) for other in others):
        wall_time = np.maximum.reduce([points.wall_time for points in series.values()])
        return Joined(first.step, wall_time, {t: p.value for t, p in series.items()}, True)
    ordered = {tag: _last_at_each_step(points) for tag, points in series.items()}
    if main is not None:
        step, wall_time = series[main].step, series[main].wall_time
    else:
        step = np.unique(np.concatenate([points.step for points in ordered.values()]))
        wall_time = np.full(len(step), -np.inf)
    columns: dict[str, Float64] = {}
    known = np.ones(len(step), dtype=bool)
    for tag, points in ordered.items():
        if tag == main:
            columns[tag] = series[tag].value
            continue
        at = np.searchsorted(points.step, step, side="right") - 1
        known &= at >= 0
        if not len(points):
            columns[tag] = np.full(len(step), np.nan)
            continue
        columns[tag] = points.value[np.maximum(at, 0)]
        if main is None:
            wall_time = np.maximum(wall_time, points.wall_time[np.maximum(at, 0)])
    cut = {tag: column[known] for tag, column in columns.items()}
    return Joined(step[known], wall_time[known], cut, False)


def _last_at_each_step(points: Scalars) -> Scalars:
    order: NDArray[np.intp] = np.argsort(points.step, kind="stable")
    step = points.step[order]
    last = order[np.append(step[1:] != step[:-1], True)] if len(step) else order
    return Scalars(points.step[last], points.wall_time[last], points.value[last])
