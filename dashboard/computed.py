"""Computed curves as charts want them: expressions, metrics as x axes, means of groups."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from dashboard.expressions import Node, evaluate, expression_of, tags_of
from dashboard.full_series import FullSeries, Listing
from dashboard.group_answers import Group, RecentGroups, binned, touching, whole
from dashboard.group_series import BANDS, Curve, group_curve
from dashboard.joining import join
from dashboard.series import (
    POINT_BUDGET,
    RAW_POINTS,
    SeriesAnswer,
    bin_columns,
    checked_pixels,
    checked_smoothing,
    exact_columns,
)
from summaries.envelopes import envelope_of
from summaries.errors import NotFoundError, SummariesError
from summaries.records import Float64, Scalars
from summaries.restarts import smoothed_by_part
from summaries.smoothing import SmoothingKind

RELATIVE = "relative"


@dataclass(frozen=True)
class ComputedItem:
    """One curve of several runs, or of several groups of runs."""

    key: str
    """The page's name for it; comes back as the blocks' ``tag``."""
    y: Node
    x: Node | None = None
    """What lies on the x axis; None: the steps."""
    relative: bool = False
    """For groups: whether runs meet at equal seconds since their first point."""
    low: Node | None = None
    high: Node | None = None
    """The rims of a band that was logged itself."""
    runs: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] | None = None
    """The page's name of a group -> its runs; then ``runs`` is empty."""
    band: str = "none"
    window: tuple[float, float] | None = None
    """Only the points whose x is in it, and one on either side."""

    def tags(self) -> set[str]:
        """Every tag that is read for it."""
        nodes = (self.y, self.x, self.low, self.high)
        return {tag for node in nodes if node is not None for tag in tags_of(node)}


@dataclass(frozen=True)
class ComputedQuery:
    """What one request asks for."""

    items: tuple[ComputedItem, ...]
    pixels: int = 600
    smoothing: float = 0.0
    partition: bool = True
    """Whether smoothing starts anew where a run's step falls back."""
    smoothing_kind: SmoothingKind = "ema"
    exact: bool = False
    """Every point of every curve, however long: for a file."""


def computed_query(body: Any) -> ComputedQuery:
    """The query a page posts: ``{"pixels", "smoothing", "items": [{"key", "y", ...}]}``.

    Raises:
        ValueError: the body is not of that shape.
    """
    try:
        items = tuple(map(_item, body["items"]))
        pixels, smoothing = int(body.get("pixels", 600)), float(body.get("smoothing", 0.0))
        partition = bool(body.get("partition", True))
        kind = str(body.get("smoothing_kind", "ema"))
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"the query is not of the documented shape: {error!r}") from error
    amount, smoothing_kind = checked_smoothing(smoothing, kind)
    exact = bool(body.get("exact", False))
    return ComputedQuery(items, checked_pixels(pixels), amount, partition, smoothing_kind, exact)


def _item(item: Any) -> ComputedItem:
    def node(name: str) -> Node | None:
        return None if item.get(name) is None else expression_of(item[name])

    groups, x, window = item.get("groups"), item.get("x"), item.get("range")
    band = str(item.get("band", "none"))
    if band not in BANDS:
        raise ValueError(f"band '{band}' is unknown\n  try: one of {', '.join(BANDS)}")
    return ComputedItem(
        key=str(item["key"]),
        y=expression_of(item["y"]),
        x=None if x is None or x == RELATIVE else expression_of(x),
        relative=x == RELATIVE,
        low=node("low"),
        high=node("high"),
        runs=tuple(map(str, item.get("runs", ()))),
        groups=None
        if groups is None
        else {str(name): tuple(map(str, runs)) for name, runs in groups.items()},
        band=band,
        window=None if window is None else (float(window[0]), float(window[1])),
    )


@dataclass(frozen=True)
class RunCurve:
    """One run's computed curve, in logging order; every array has one entry a point."""

    points: Scalars
    x: Float64
    low: Float64 | None
    high: Float64 | None
    n: int
    """How many logged points it was made of."""
    exact: bool
    """False where a value was carried forward to steps at which its tag was not logged."""


def run_curve(full: FullSeries, item: ComputedItem, run: str, listing: Listing) -> RunCurve | None:
    """The run's curve; None where it has not logged all that the item is made of.

    Raises:
        SummariesError: what is stored is damaged.
    """
    counted: dict[str, tuple[Scalars, int]] = {}
    for tag in item.tags():
        info = listing.get(tag, {}).get(run)
        if info is None:
            return None
        try:
            counted[tag] = full.read(run, tag, info)
        except NotFoundError:
            return None
    series = {tag: points for tag, (points, _) in counted.items()}
    nodes = {"y": item.y, "x": item.x, "low": item.low, "high": item.high}
    made = {name: _computed(node, series) for name, node in nodes.items() if node is not None}
    exact = all(was_exact for _, was_exact in made.values())
    together = join({name: points for name, (points, _) in made.items()}, main="y")
    points = Scalars(together.step, together.wall_time, together.columns["y"])
    x = together.columns.get("x")
    if x is None:
        first = points.wall_time[0] if len(points) else 0.0
        x = points.wall_time - first if item.relative else points.step.astype(np.float64)
    low, high = together.columns.get("low"), together.columns.get("high")
    n = sum(count for _, count in counted.values())
    known = np.isfinite(x)
    if not known.all():
        points, x = points[known], x[known]
        low, high = (None if rim is None else rim[known] for rim in (low, high))
    return RunCurve(points, x, low, high, n, exact and together.exact)


def _computed(node: Node, series: Mapping[str, Scalars]) -> tuple[Scalars, bool]:
    tags = tags_of(node)
    if not tags:
        raise ValueError("an expression has to name at least one metric")
    if node == ("tag", tags[0]):
        return series[tags[0]], True
    together = join({tag: series[tag] for tag in tags})
    value = evaluate(node, together.columns, together.step)
    return Scalars(together.step, together.wall_time, value), together.exact


def read_computed(
    full: FullSeries, recent: RecentGroups, query: ComputedQuery, listing: Listing
) -> SeriesAnswer:
    """Computes what the query asks for; runs and groups without anything of it are left out."""
    answer = SeriesAnswer()
    total = sum(len(item.runs) + len(item.groups or ()) for item in query.items)
    raw_points = max(2 * query.pixels, min(RAW_POINTS, POINT_BUDGET // max(total, 1)))
    if query.exact:
        raw_points = sys.maxsize
    for item in query.items:
        for run in item.runs:
            curve = _guarded(full, item, run, listing, answer, run)
            if curve is not None:
                _add_run(answer, item, run, curve, query, raw_points)
        for name, members in (item.groups or {}).items():
            make = partial(_group, full, item, name, members, listing, answer)
            made_of = _made_of(item, members, listing)
            failures = len(answer.failures)
            group = recent.get(made_of, make)
            if len(answer.failures) > failures:
                recent.forget(made_of)  # or the next who asks would not be told
            if group is not None:
                _add_group(answer, item, name, group, query, raw_points)
    return answer


def _guarded(
    full: FullSeries,
    item: ComputedItem,
    run: str,
    listing: Listing,
    answer: SeriesAnswer,
    told: str,
) -> RunCurve | None:
    try:
        return run_curve(full, item, run, listing)
    except SummariesError as error:
        answer.failed(told, item.key, error)
        return None


def _add_run(
    answer: SeriesAnswer,
    item: ComputedItem,
    run: str,
    curve: RunCurve,
    query: ComputedQuery,
    raw_points: int,
) -> None:
    facts = _facts([curve], curve.x)
    extra = {"x": curve.x} if item.x is not None else {}
    rims = {n: rim for n, rim in (("low", curve.low), ("high", curve.high)) if rim is not None}
    points = curve.points
    if len(points) <= raw_points and item.window is None:
        columns = exact_columns(points.step, points.wall_time, points.value)
        columns |= {name: rim.astype("<f8") for name, rim in {**extra, **rims}.items()}
        answer.add(run, item.key, columns, kind="raw", **facts)
        return
    inside = np.ones(len(points), dtype=bool)
    if item.window is not None:
        inside = touching(curve.x, item.window)
    how = (query.smoothing, query.partition, query.smoothing_kind)
    envelope, last = envelope_of(points, query.pixels, inside, *how)
    columns = bin_columns(envelope)
    columns |= {name: column[last].astype("<f8") for name, column in extra.items()}
    starts = np.cumsum(envelope.count) - envelope.count
    for name, rim in rims.items():
        if query.smoothing:
            smoothed = smoothed_by_part(
                points.step if query.partition else np.zeros(len(points), np.int64),
                rim,
                last,
                query.smoothing_kind,
                query.smoothing,
            )
            columns[name] = smoothed.astype("<f8")
        elif len(starts):
            reduce = np.fmin.reduceat if name == "low" else np.fmax.reduceat
            columns[name] = reduce(rim[inside], starts).astype("<f8")
    answer.add(
        run,
        item.key,
        columns,
        kind="bins",
        exact=envelope.is_raw,
        smoothing=query.smoothing,
        smoothing_kind=query.smoothing_kind,
        partitioned=query.partition,
        first_wall=float(points.wall_time[0]) if len(points) else None,
        **facts,
    )


def _facts(curves: list[RunCurve], x: Float64) -> dict[str, Any]:
    return {
        "computed": True,
        "n": sum(curve.n for curve in curves),
        "carried": not all(curve.exact for curve in curves),
        # Bins stand at their last point: the axis still begins where the curve does.
        "first_x": float(x.min()) if len(x) else None,
    }


def _group(
    full: FullSeries,
    item: ComputedItem,
    name: str,
    members: tuple[str, ...],
    listing: Listing,
    answer: SeriesAnswer,
) -> Group | None:
    found = [_guarded(full, item, run, listing, answer, name) for run in members]
    curves = [curve for curve in found if curve is not None]
    if not curves:
        return None
    group = group_curve([Curve(c.x, c.points.value) for c in curves], item.band)
    step = group.x
    if item.x is not None or item.relative:
        steps = [Curve(c.x, c.points.step.astype(np.float64)) for c in curves]
        step = np.rint(group_curve(steps, "none").mean)
    facts = {"interpolated": not group.exact, "runs": len(curves)}
    return Group(group, step, _facts(curves, group.x) | facts)


def _made_of(item: ComputedItem, members: tuple[str, ...], listing: Listing) -> Hashable:
    """What a group's curve depends on: it is another one as soon as this is."""
    counts = tuple(
        (info.n, info.rewinds) if (info := listing.get(tag, {}).get(run)) is not None else None
        for tag in sorted(item.tags())
        for run in members
    )
    return item.y, item.x, item.relative, item.band, members, counts


def _add_group(
    answer: SeriesAnswer,
    item: ComputedItem,
    name: str,
    group: Group,
    query: ComputedQuery,
    raw_points: int,
) -> None:
    facts = dict(group.facts)
    if len(group.curve.x) <= raw_points and item.window is None:
        facts["kind"] = "raw"
        columns = whole(group)
    else:
        how = (query.smoothing, query.smoothing_kind)
        columns = binned(group, query.pixels, item.window, *how, extremes=item.band == "minmax")
        exact = bool(len(columns["count"]) == 0 or columns["count"].max() == 1)
        facts |= {"kind": "bins", "exact": exact, "smoothing": query.smoothing}
        facts |= {"partitioned": query.partition, "smoothing_kind": query.smoothing_kind}
    columns["wall"] = np.full(len(columns["x"]), np.nan)
    answer.add(name, item.key, columns, **facts)
