"""The versioned JSON API for scripts; documented in docs/http-api.md."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from dashboard import __version__
from dashboard.alert_list import AlertList
from dashboard.comparing import compare_runs, metric_of, metrics_of
from dashboard.console_lines import Chosen, ConsoleLines
from dashboard.http import json_response
from dashboard.pages.page import Route
from dashboard.parameters import (
    address_range,
    asked_smoothing,
    number,
    one_of,
    required,
    whole,
)
from dashboard.run_query import runs_that_fit
from dashboard.series import checked_pixels
from summaries.kinds import KINDS
from summaries.kinds.alert import LEVELS
from summaries.matching import matcher

if TYPE_CHECKING:
    from dashboard.feed import Feed
    from summaries.reader import Reader
    from summaries.records import RunInfo

STATUSES = ("running", "finished", "failed", "crashed")
MOST_RECORDS = 1000
MOST_ALERTS = 10_000
MOST_LINES = 100_000


class ScriptApi:
    """The versioned JSON API for scripts."""

    def __init__(self, reader: Reader, feed: Feed) -> None:
        self.reader = reader
        self.feed = feed
        self.output = ConsoleLines(reader)
        self.told = AlertList(reader)

    def routes(self) -> tuple[Route, ...]:
        """Its routes; documented in docs/http-api.md."""
        return (
            Route("/api/v1/health", self.health),
            Route("/api/v1/runs", self.runs),
            Route("/api/v1/run", self.run),
            Route("/api/v1/series", self.series),
            Route("/api/v1/scalars", self.scalars),
            Route("/api/v1/records", self.records),
            Route("/api/v1/compare", self.compare),
            Route("/api/v1/alerts", self.alerts),
            Route("/api/v1/console", self.console),
        )

    async def health(self, request: Request) -> Response:
        await self.feed.refresh()
        listing = self.feed.delta(0)
        return json_response(
            {
                "status": "error" if self.feed.error else "ok",
                "version": __version__,
                "time": time.time(),
                "runs": len(listing["runs"]),
                "error": self.feed.error,
                "problems": listing["problems"],
            },
            status=503 if self.feed.error else 200,
        )

    async def runs(self, request: Request) -> Response:
        asked = request.query_params
        status = one_of(request, "status", STATUSES)
        order = one_of(request, "order", ("asc", "desc"))
        limit, offset = whole(request, "limit", 2**62, 1), whole(request, "offset", 0, 0)
        found = await asyncio.to_thread(
            runs_that_fit,
            self.reader,
            match=asked.get("match"),
            where=asked.getlist("where"),
            sort=asked.get("sort"),
            descending=order == "desc",
        )
        if asked.get("sort") is None and order == "desc":
            found.reverse()
        fitting = [
            one
            for one in found
            if (status is None or one.run.status == status)
            and ("label" not in asked or asked["label"] in one.run.labels)
        ]
        page = [
            run_facts(one.run) | ({"sorted_by": one.value} if "sort" in asked else {})
            for one in fitting[offset : offset + limit]
        ]
        return json_response({"total": len(fitting), "runs": page})

    async def run(self, request: Request) -> Response:
        name = required(request, "run")

        def read() -> dict[str, Any]:
            info = self.reader.run(name)
            metrics = metrics_of(self.reader, [name], "*")
            return {**run_detail(info), "metrics": {tag: row[0] for tag, row in metrics.items()}}

        return json_response(await asyncio.to_thread(read))

    async def series(self, request: Request) -> Response:
        asked = request.query_params
        kind = one_of(request, "kind", ("scalar", *KINDS))
        limit, offset = whole(request, "limit", 2**62, 1), whole(request, "offset", 0, 0)
        fits = matcher(asked.get("match"))
        found = await asyncio.to_thread(self.reader.series, asked.get("run"), kind)
        fitting = [one for one in found if fits(one.tag)]
        page = [
            {"run": one.run, "tag": one.tag, "kind": one.kind, **metric_of(one)}
            for one in fitting[offset : offset + limit]
        ]
        return json_response({"total": len(fitting), "series": page})

    async def records(self, request: Request) -> Response:
        run, tag = required(request, "run"), required(request, "tag")
        kind = one_of(request, "kind", tuple(KINDS)) or required(request, "kind")
        limit = whole(request, "limit", 10, 1, MOST_RECORDS)

        def read() -> dict[str, Any]:
            n = len(self.reader.steps(run, tag, kind))
            start = whole(request, "start", max(0, n - limit), 0)
            found = self.reader.records(run, tag, kind, start, start + limit)
            records = [asdict(record) for record in found]
            head = {"run": run, "tag": tag, "kind": kind}
            return {**head, "n": n, "start": start, "records": records}

        return json_response(await asyncio.to_thread(read))

    async def compare(self, request: Request) -> Response:
        names = request.query_params.getlist("run")
        if not names:
            raise ValueError("the parameter 'run' is missing; give it once for each run")
        tags, everything = request.query_params.get("tags", "*"), "all" in request.query_params
        read = partial(compare_runs, self.reader, names, tags=tags, everything=everything)
        return json_response(await asyncio.to_thread(read))

    async def alerts(self, request: Request) -> Response:
        asked = request.query_params
        level = one_of(request, "level", LEVELS)
        if "run" in asked:
            found = await asyncio.to_thread(self.reader.alerts, asked["run"])
            alerts = [asdict(alert) for alert in found if level in (None, alert.level)]
            return json_response({"run": asked["run"], "alerts": alerts})
        limit = whole(request, "limit", 100, 1, MOST_ALERTS)
        since = number(request, "since", -1e18)

        def read() -> list[dict[str, Any]]:
            runs = {run.name: run for run in self.reader.runs()}
            series = self.reader.series(kind="alert")
            most = limit if level is None else MOST_ALERTS
            newest = self.told.newest(runs, series, most, since)
            fitting = [one for one in newest if level in (None, one.alert.level)]
            return [{"run": one.run, **asdict(one.alert)} for one in fitting[:limit]]

        return json_response({"alerts": await asyncio.to_thread(read)})

    async def console(self, request: Request) -> Response:
        name, most = required(request, "run"), whole(request, "lines", 100, 1, MOST_LINES)

        found = await asyncio.to_thread(self.output.window, name, Chosen(), -most, most)
        lines = [asdict(one.line) | {"number": one.number} for one in found.lines]
        return json_response({"run": name, "total": found.total, "lines": lines})

    async def scalars(self, request: Request) -> Response:
        run, tag = required(request, "run"), required(request, "tag")
        pixels = request.query_params.get("pixels")
        if pixels is None:
            scalars = await asyncio.to_thread(self.reader.scalars, run, tag)
            steps = address_range(request)
            if steps is not None:
                scalars = scalars[(scalars.step >= steps[0]) & (scalars.step <= steps[1])]
            columns: dict[str, Any] = {
                "step": scalars.step,
                "wall_time": scalars.wall_time,
                "value": scalars.value,
            }
            return json_response(
                {"run": run, "tag": tag, "n": len(scalars), "exact": True, "columns": columns}
            )
        smoothing, kind = asked_smoothing(request)
        envelope = await asyncio.to_thread(
            self.reader.envelope,
            run,
            tag,
            pixels=checked_pixels(int(number(request, "pixels", 0))),
            step_range=address_range(request),
            smoothing=smoothing or None,
            smoothing_kind=kind,
        )
        names = ("step_min", "step_max", "wall_min", "wall_max", "min", "max", "mean", "count")
        columns = {name: getattr(envelope, name) for name in (*names, "nonfinite")}
        if envelope.smoothed is not None:
            columns["smoothed"] = envelope.smoothed
        return json_response(
            {
                "run": run,
                "tag": tag,
                "n": envelope.n,
                "exact": envelope.is_raw,
                "columns": columns,
            }
        )


def run_facts(run: RunInfo) -> dict[str, Any]:
    """A run as lists have it."""
    return {
        "name": run.name,
        "display_name": run.display_name,
        "status": run.status,
        "created": run.created,
        "updated": run.updated,
        "config": run.config,
        "hparams": run.hparams,
        "labels": run.labels,
        "group": run.group,
        "archived": run.archived,
        "tags": run.tags,
    }


def run_detail(run: RunInfo) -> dict[str, Any]:
    """All that is known of a run besides what it logged."""
    return {
        **run_facts(run),
        "notes": run.notes,
        "job_type": run.job_type,
        "summary": run.summary,
        "parent": run.parent,
        "fork_step": run.fork_step,
        "ranks": run.ranks,
        "host": run.host,
        "heartbeat": run.heartbeat,
        "environment": run.environment,
    }
