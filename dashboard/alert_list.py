"""The newest alerts of all runs, those of the script and its health, and of processes that died."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from summaries.kinds.alert import gone
from summaries.records import AlertRecord, RunInfo, SeriesInfo

if TYPE_CHECKING:
    from summaries.reader import Reader


@dataclass(frozen=True)
class RunAlert:
    """An alert, and whose it is."""

    run: str
    alert: AlertRecord

    def as_json(self) -> dict[str, Any]:
        alert = self.alert
        return {
            "run": self.run,
            "time": alert.wall_time,
            "step": alert.step,
            "level": alert.level,
            "title": alert.title,
            "text": alert.text,
            "source": alert.source,
            "about": alert.about,
            "rank": alert.rank,
        }


class AlertList:
    """Reads alerts, newest first, and only as many series as the newest are in. Thread-safe."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._held: dict[tuple[str, str], tuple[tuple[int, int, float], list[AlertRecord]]] = {}
        """(run, tag) -> what the series was like when it was read, and its alerts."""

    def newest(
        self,
        runs: Mapping[str, RunInfo],
        series: Iterable[SeriesInfo],
        most: int,
        since: float = float("-inf"),
    ) -> list[RunAlert]:
        """The newest alerts, newest first.

        Args:
            runs: those there are, by name.
            series: of the kind "alert".
            most: so many at most.
            since: only those after, in seconds since the epoch.
        """
        found = [
            RunAlert(run.name, gone(run))
            for run in runs.values()
            if run.status == "crashed" and run.heartbeat > since
        ]
        found = sorted(found, key=_newest_first)[:most]
        for info in sorted(series, key=lambda info: -info.last_wall_time):
            full = len(found) >= most
            if info.last_wall_time <= since or (full and _when(found[-1]) >= info.last_wall_time):
                break
            if info.run not in runs:
                continue
            own = [alert for alert in self.of(info) if alert.wall_time > since]
            found = sorted(found + [RunAlert(info.run, alert) for alert in own], key=_newest_first)
            del found[most:]
        return found

    def of(self, info: SeriesInfo) -> list[AlertRecord]:
        """The alerts of one series, in logging order; none if its run went meanwhile."""
        key, state = (info.run, info.tag), (info.n, info.rewinds, info.last_wall_time)
        held = self._held.get(key)
        if held is not None and held[0] == state:
            return held[1]
        alerts: list[AlertRecord] = []
        # A run may be deleted between the listing and this.
        with contextlib.suppress(KeyError):
            alerts = self._reader.records(info.run, info.tag, "alert", 0, 2**62)
        if len(self._held) > 5000:
            self._held.clear()
        self._held[key] = state, alerts
        return alerts


def _when(found: RunAlert) -> float:
    return found.alert.wall_time


def _newest_first(found: RunAlert) -> tuple[float, str]:
    return -found.alert.wall_time, found.run
