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
from dashboard.comparing import compare_runs, metric_of, metrics_of
from dashboard.http import json_response
from dashboard.pages.page import Route
from dashboard.parameters import address_range, asked_smoothing, number, required
from dashboard.series import checked_pixels

if TYPE_CHECKING:
    from dashboard.feed import Feed
    from summaries.reader import Reader
    from summaries.records import RunInfo


class ScriptApi:
    """The versioned JSON API for scripts."""

    def __init__(self, reader: Reader, feed: Feed) -> None:
        self.reader = reader
        self.feed = feed

    def routes(self) -> tuple[Route, ...]:
        """Its routes; documented in docs/http-api.md."""
        return (
            Route("/api/v1/health", self.health),
            Route("/api/v1/runs", self.runs),
            Route("/api/v1/run", self.run),
            Route("/api/v1/series", self.series),
            Route("/api/v1/scalars", self.scalars),
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
        limit, offset = int(number(request, "limit", 1e9)), int(number(request, "offset", 0))
        if limit < 1 or offset < 0:
            raise ValueError("'limit' must be at least 1, and 'offset' at least 0")
        found = await asyncio.to_thread(self.reader.runs, asked.get("match"))
        fitting = [
            run
            for run in found
            if asked.get("status", run.status) == run.status
            and ("label" not in asked or asked["label"] in run.labels)
        ]
        page = fitting[offset : offset + limit]
        return json_response({"total": len(fitting), "runs": [run_facts(run) for run in page]})

    async def run(self, request: Request) -> Response:
        name = required(request, "run")

        def read() -> dict[str, Any]:
            info = self.reader.run(name)
            metrics = metrics_of(self.reader, [name], "*")
            return {**run_detail(info), "metrics": {tag: row[0] for tag, row in metrics.items()}}

        return json_response(await asyncio.to_thread(read))

    async def series(self, request: Request) -> Response:
        asked = request.query_params
        found = await asyncio.to_thread(self.reader.series, asked.get("run"), asked.get("kind"))
        return json_response(
            {
                "series": [
                    {"run": one.run, "tag": one.tag, "kind": one.kind, **metric_of(one)}
                    for one in found
                ]
            }
        )

    async def compare(self, request: Request) -> Response:
        names = request.query_params.getlist("run")
        if not names:
            raise ValueError("the parameter 'run' is missing; give it once for each run")
        tags, everything = request.query_params.get("tags", "*"), "all" in request.query_params
        read = partial(compare_runs, self.reader, names, tags=tags, everything=everything)
        return json_response(await asyncio.to_thread(read))

    async def alerts(self, request: Request) -> Response:
        name = required(request, "run")
        found = await asyncio.to_thread(self.reader.alerts, name)
        return json_response({"run": name, "alerts": [asdict(alert) for alert in found]})

    async def console(self, request: Request) -> Response:
        name, most = required(request, "run"), int(number(request, "lines", 100))
        if most < 1:
            raise ValueError(f"the parameter 'lines' is {most}; it must be at least 1")
        found = await asyncio.to_thread(self.reader.console, name)
        return json_response(
            {"run": name, "total": len(found), "lines": [asdict(line) for line in found[-most:]]}
        )

    async def scalars(self, request: Request) -> Response:
        run, tag = required(request, "run"), required(request, "tag")
        pixels = request.query_params.get("pixels")
        if pixels is None:
            scalars = await asyncio.to_thread(self.reader.scalars, run, tag)
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
        "tags": run.tags,
    }


def run_detail(run: RunInfo) -> dict[str, Any]:
    """All that is known of a run besides what it logged."""
    return {
        **run_facts(run),
        "notes": run.notes,
        "group": run.group,
        "job_type": run.job_type,
        "summary": run.summary,
        "archived": run.archived,
        "parent": run.parent,
        "fork_step": run.fork_step,
        "ranks": run.ranks,
        "host": run.host,
        "heartbeat": run.heartbeat,
        "environment": run.environment,
    }
