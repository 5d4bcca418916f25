"""What scalar series did over a range of steps, or at one step: the table under a chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.series import checked_smoothing
from summaries.errors import SummariesError
from summaries.records import Scalars
from summaries.smoothing import SmoothingKind, smoothed_at

if TYPE_CHECKING:
    from summaries.reader import Reader


@dataclass(frozen=True)
class RangeRow:
    """One series over the steps ``first`` to ``last``, both included.

    Every number is of the finite values alone, None where there are none.
    """

    n: int
    """Points in the range, finite or not."""
    nonfinite: int
    start_step: int | None
    start: float | None
    """The value at the lowest step."""
    end_step: int | None
    end: float | None
    """The value at the highest step."""
    smoothed: float | None
    """The smoothed value there."""
    min: float | None
    min_step: int | None
    """The first step, in logging order, that had it."""
    max: float | None
    max_step: int | None
    mean: float | None
    change: float | None
    """``end - start``"""
    change_part: float | None
    """The change as a part of ``abs(start)``; None where that is 0."""


@dataclass(frozen=True)
class StepRow:
    """One series at the step nearest to one that was asked for; the smaller of two as near."""

    step: int
    value: float
    smoothed: float
    wall_time: float
    relative: float
    """Seconds since the series' first point."""


def range_row(
    points: Scalars, first: float, last: float, kind: SmoothingKind = "ema", amount: float = 0.0
) -> RangeRow:
    """The series' points with ``first <= step <= last``, summed up.

    Where a step was logged again, the last value counts as the step's; of several processes the
    mean of each one's last. The smoothing is over the whole series, not the range.
    """
    inside = np.flatnonzero((points.step >= first) & (points.step <= last))
    finite = inside[np.isfinite(points.value[inside])]
    lost = len(inside) - len(finite)
    if len(finite) == 0:
        return RangeRow(len(inside), lost, *(None,) * 12)
    step, value = points.step[finite], points.value[finite]
    start_step, end_step = int(step.min()), int(step.max())
    start, end = (_value_at(points, finite, s) for s in (start_step, end_step))
    low, high = int(np.argmin(value)), int(np.argmax(value))
    change = end - start
    at = int(finite[np.flatnonzero(step == end_step)[-1]])
    return RangeRow(
        n=len(inside),
        nonfinite=lost,
        start_step=start_step,
        start=start,
        end_step=end_step,
        end=end,
        smoothed=_smoothed(points, at, kind, amount),
        min=float(value[low]),
        min_step=int(step[low]),
        max=float(value[high]),
        max_step=int(step[high]),
        mean=float(value.mean()),
        change=change,
        change_part=change / abs(start) if start != 0 else None,
    )


def step_row(
    points: Scalars, step: float, kind: SmoothingKind = "ema", amount: float = 0.0
) -> StepRow | None:
    """The series at the step nearest to ``step``; None of a series without points."""
    if len(points) == 0:
        return None
    distance = np.abs(points.step - step)
    nearest = int(points.step[distance == distance.min()].min())
    every = np.flatnonzero(points.step == nearest)
    at = int(every[-1])
    return StepRow(
        step=nearest,
        value=_value_at(points, every, nearest),
        smoothed=_smoothed(points, at, kind, amount),
        wall_time=float(points.wall_time[at]),
        relative=float(points.wall_time[at] - points.wall_time[0]),
    )


def _value_at(points: Scalars, among: np.ndarray[Any, Any], step: int) -> float:
    """The last value logged at the step; of several processes, the mean of the last of each."""
    at = among[points.step[among] == step]
    if points.rank is None:
        return float(points.value[at[-1]])
    last = {
        int(rank): float(value)
        for rank, value in zip(points.rank[at], points.value[at], strict=True)
    }
    return float(np.mean(list(last.values())))


def _smoothed(points: Scalars, at: int, kind: SmoothingKind, amount: float) -> float:
    if amount <= 0:
        return _value_at(points, np.array([at]), int(points.step[at]))
    if points.rank is None:
        return float(smoothed_at(points.value, np.array([at]), kind, amount)[0])
    # Ranks log side by side: their points in the order of steps, as the curve has them.
    order = np.argsort(points.step, kind="stable")
    place = np.searchsorted(points.step[order], points.step[at], side="right") - 1
    return float(smoothed_at(points.value[order], np.array([place]), kind, amount)[0])


@dataclass(frozen=True)
class RangeQuery:
    """What one request asks for: these series over a range, or at its ``first`` step alone."""

    items: tuple[tuple[str, str], ...]
    """(run, tag)"""
    first: float
    last: float | None
    kind: SmoothingKind = "ema"
    amount: float = 0.0


def read_rows(reader: Reader, query: RangeQuery) -> list[dict[str, Any]]:
    """A row for each series asked for: ``{"run", "tag", ...}`` with the fields of `RangeRow` or
    `StepRow`; ``error`` instead where the series cannot be read."""
    rows: list[dict[str, Any]] = []
    for run, tag in query.items:
        row: RangeRow | StepRow | None
        try:
            points = reader.scalars(run, tag)
        except (KeyError, SummariesError) as error:
            rows.append({"run": run, "tag": tag, "error": str(error.args[0] if error.args else "")})
            continue
        if query.last is None:
            row = step_row(points, query.first, query.kind, query.amount)
        else:
            row = range_row(points, query.first, query.last, query.kind, query.amount)
        if row is not None:
            rows.append({"run": run, "tag": tag, **asdict(row)})
    return rows


def range_query(body: Any) -> RangeQuery:
    """The query ``{"items": [{"tag", "runs"}], "first", "last", "smoothing", "smoothing_kind"}``.

    Raises:
        ValueError: it is not of that shape.
    """
    try:
        items = _pairs(body["items"])
        first = float(body["first"])
        last = None if body.get("last") is None else float(body["last"])
        amount, kind = float(body.get("smoothing", 0.0)), str(body.get("smoothing_kind", "ema"))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the query is not of the documented shape: {error!r}") from error
    if not np.isfinite(first) or (last is not None and not first <= last):
        raise ValueError(f"the range {first} to {last}: the first step must be below the last")
    amount, known = checked_smoothing(amount, kind)
    return RangeQuery(items, first, last, known, amount)


def _pairs(items: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((str(run), str(item["tag"])) for item in items for run in item["runs"])
