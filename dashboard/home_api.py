"""What the home page and the alerts page ask for; the few reads that the listing does not spare."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from dashboard.alert_list import AlertList
from dashboard.feed import Feed
from dashboard.http import json_response
from dashboard.overview import (
    Best,
    Listing,
    Overview,
    Shown,
    health_of,
    overview,
    remaining_seconds,
    steps_per_second,
)
from dashboard.pages.page import Route
from summaries.records import Envelope, Problem, RunInfo

if TYPE_CHECKING:
    from summaries.reader import Reader

SPARK_PIXELS = 60
RECENT_ALERTS = 8
LAST_LINES = 3
MOST_ALERTS = 2000
_LONGEST_LINE = 400

JSON = dict[str, Any]


@dataclass(frozen=True)
class _Snapshot:
    """The listing as it stood: another thread may read it while the feed goes on."""

    runs: Mapping[str, RunInfo]
    series: Listing
    problems: Sequence[Problem]
    unlisted: int


class HomeApi:
    """Routes over the listing of all runs."""

    def __init__(self, reader: Reader, feed: Feed) -> None:
        self.reader = reader
        self.feed = feed
        self.alerts = AlertList(reader)

    def routes(self) -> tuple[Route, ...]:
        """Those of the home page and of the alerts."""
        return (
            Route("/api/overview", self.serve_overview),
            Route("/api/alerts", self.serve_alerts),
        )

    async def _snapshot(self) -> _Snapshot:
        await self.feed.refresh()
        return _Snapshot(
            dict(self.feed.infos),
            {key: dict(infos) for key, infos in self.feed.series.items()},
            list(self.feed.problems),
            self.feed.unlisted,
        )

    async def serve_overview(self, request: Request) -> Response:
        """``/api/overview``: what runs, failed and improved; see `dashboard.overview`."""
        snapshot = await self._snapshot()
        return json_response(await asyncio.to_thread(self.overview, snapshot, time.time()))

    async def serve_alerts(self, request: Request) -> Response:
        """``/api/alerts?most=500&since=0``: the newest alerts of all runs, newest first."""
        query = request.query_params
        try:
            most = min(max(int(query.get("most", "500")), 1), MOST_ALERTS)
            since = float(query.get("since", "-inf"))
        except ValueError:
            raise ValueError("alerts: 'most' and 'since' must be numbers") from None
        await self.feed.refresh()
        runs = dict(self.feed.infos)
        series = [
            info
            for (kind, _), infos in self.feed.series.items()
            if kind == "alert"
            for info in infos.values()
        ]
        found = await asyncio.to_thread(self.alerts.newest, runs, series, most, since)
        return json_response({"alerts": [one.as_json() for one in found], "most": most})

    def overview(self, snapshot: _Snapshot, now: float) -> JSON:
        """All that the home page draws."""
        seen = overview(snapshot.runs.values(), snapshot.series)
        alert_series = [
            info
            for (kind, _), infos in snapshot.series.items()
            if kind == "alert"
            for info in infos.values()
        ]
        recent = self.alerts.newest(snapshot.runs, alert_series, RECENT_ALERTS)
        return {
            "now": now,
            "n_runs": seen.n_runs,
            "n_status": seen.n_status,
            "n_points": seen.n_points,
            "n_metrics": seen.n_metrics + snapshot.unlisted,
            "running": self._running(seen, snapshot, now),
            "troubled": [self._troubled(one, snapshot) for one in seen.troubled],
            "latest": [asdict(one) for one in seen.latest],
            "bests": [self._best(best) for best in seen.bests],
            "alerts": [one.as_json() for one in recent],
            "problems": [asdict(problem) for problem in snapshot.problems],
            "disk": disk_use(self.reader),
        }

    def _running(self, seen: Overview, snapshot: _Snapshot, now: float) -> list[JSON]:
        curves = self._curves(seen.running)
        found = []
        for one in seen.running:
            curve = curves.get(one.run)
            rate = None if curve is None else steps_per_second(curve)
            alerts = [
                alert
                for (kind, _), infos in snapshot.series.items()
                if kind == "alert" and one.run in infos
                for alert in self.alerts.of(infos[one.run])
            ]
            found.append(
                asdict(one)
                | {
                    "rate": rate,
                    "eta": remaining_seconds(one.progress, rate, now - one.created),
                    "curve": None if curve is None else curve.mean,
                    "health": asdict(health_of(alerts)),
                }
            )
        return found

    def _curves(self, shown: Sequence[Shown]) -> dict[str, Envelope]:
        """A small curve of each run's main metric; runs of the same metric in one read."""
        by_tag: dict[str, list[str]] = {}
        for one in shown:
            if one.metric is not None:
                by_tag.setdefault(one.metric, []).append(one.run)
        found: dict[str, Envelope] = {}
        for tag, runs in by_tag.items():
            found |= self.reader.envelopes(runs, tag, pixels=SPARK_PIXELS)
        return found

    def _troubled(self, one: Shown, snapshot: _Snapshot) -> JSON:
        info = snapshot.runs[one.run]
        alerts = sorted(
            (
                alert
                for (kind, _), infos in snapshot.series.items()
                if kind == "alert" and one.run in infos
                for alert in self.alerts.of(infos[one.run])
            ),
            key=lambda alert: alert.wall_time,
        )
        # That its process is gone, the page says by the status.
        alert = next((a for a in reversed(alerts) if a.level != "info"), None)
        return asdict(one) | {
            "alert": None if alert is None else {"title": alert.title, "step": alert.step},
            "lines": self._last_words(one.run, snapshot.series),
            "host": info.host,
            "pid": info.pid,
        }

    def _last_words(self, run: str, series: Listing) -> list[str]:
        """The last lines of stderr, or else of stdout; [] if none were kept."""
        for tag in ("system/stderr", "system/stdout"):
            info = series.get(("console", tag), {}).get(run)
            if info is None:
                continue
            # A run may be deleted between the listing and this.
            with contextlib.suppress(KeyError):
                records = self.reader.records(
                    run, tag, "console", max(0, info.n - LAST_LINES), info.n
                )
                lines = [text for record in records for text in record.lines if text.strip()]
                if lines:
                    return [text[:_LONGEST_LINE] for text in lines[-LAST_LINES:]]
        return []

    def _best(self, best: Best) -> JSON:
        when = None
        # A run may be deleted between the listing and this.
        with contextlib.suppress(KeyError):
            here = self.reader.envelope(best.run, best.tag, 100, (best.step, best.step))
            if len(here):
                when = float(here.wall_min[0])
        return asdict(best) | {"when": when}


def disk_use(reader: Reader) -> JSON:
    """Bytes of the databases below the logdir, and how much room there is; None on a server."""
    files = [Path(where) for where in reader.databases() if isinstance(where, Path)]
    used = 0
    for path in files:
        for name in (path, path.with_name(path.name + "-wal")):
            # Its writer may fold the log into the database at any moment.
            with contextlib.suppress(OSError):
                used += name.stat().st_size
    room = shutil.disk_usage(files[0].parent) if files else None
    return {
        "used": used if files else None,
        "free": None if room is None else room.free,
        "total": None if room is None else room.total,
        "n_files": len(files),
    }
