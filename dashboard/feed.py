"""The listing of a logdir held in memory, kept fresh by one watcher for all open pages."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from summaries.records import Changes, Problem, RunInfo, SeriesInfo

if TYPE_CHECKING:
    from summaries.reader import Reader

log = logging.getLogger("dashboard")

POLL_SECONDS = 0.25
# A run whose writer died says nothing, so its status is asked for now and then.
STATUS_SECONDS = 5.0
# More series than these no list can show and no browser hold; the others are found by the filter.
MOST_SERIES = 200_000
MOST_FOUND = 200

Entry = dict[str, Any]


def flattened(values: Mapping[str, Any], prefix: str = "") -> Entry:
    """Nested settings with dotted names: ``{"a": {"b": 1}}`` is ``{"a.b": 1}``."""
    flat: Entry = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            flat |= flattened(value, name + ".")
        else:
            flat[name] = value
    return flat


def record_of(run: RunInfo) -> Entry:
    """What a run is about, as the pages compare, group and list it; nothing that ticks."""
    return {
        "config": flattened(run.config),
        "hparams": flattened(run.hparams),
        "summary": flattened(run.summary),
        "notes": run.notes,
        "group": run.group,
        "job_type": run.job_type,
        "host": run.host,
        "ended": None if run.status == "running" else run.updated,
        "parent": run.parent,
        "fork_step": run.fork_step,
        "n_ranks": len(run.ranks),
        "axes": {name: dict(rule) for name, rule in run.axes.items()},
    }


def step_metrics(run: RunInfo) -> dict[str, str]:
    """The x axes that the script declared, by the name or glob that it declared them for."""
    rules = run.axes.items()
    return {name: str(rule["step_metric"]) for name, rule in rules if rule.get("step_metric")}


@dataclass(frozen=True)
class _Reading:
    """One poll of the store."""

    changes: Changes
    runs: list[RunInfo] | None
    """None: not asked for this time."""
    problems: list[Problem]


class Feed:
    """What is in the logdir now, and what changed since any earlier version of that.

    Each poll that found something raises ``version`` and stamps what changed with it. A stream
    remembers only the version it last sent, so slow and returning browsers need no queue.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.epoch = secrets.token_hex(4)
        """Differs after a restart, when versions and run ids mean something else."""
        self.version = 0
        self.closed = False
        """Set when the server stops: the streams end."""
        self.error: str | None = None
        """Why the store cannot be read at the moment."""
        self.problems: list[Problem] = []
        self.series: dict[tuple[str, str], dict[str, SeriesInfo]] = defaultdict(dict)
        """``(kind, tag)`` -> run -> what is known of that series."""
        self.n_series = 0
        self.unlisted = 0
        """How many series there are beside those listed."""
        self.infos: dict[str, RunInfo] = {}
        """The runs' records as last read."""
        self._runs: dict[str, Entry] = {}
        self._records: dict[str, Entry] = {}
        self._record_stamp: dict[str, int] = {}
        self._ids: dict[str, int] = {}
        self._run_stamp: dict[str, int] = {}
        self._series_stamp: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        self._removed_stamp: dict[str, int] = {}
        self._token: str | None = None
        self._polled = -1e9
        self._listed = -1e9
        self._polling = asyncio.Lock()
        self._news = asyncio.Condition()
        self._watching = 0
        self._task: asyncio.Task[None] | None = None

    async def refresh(self, max_age: float = POLL_SECONDS) -> None:
        """Polls the store unless that was done in the last ``max_age`` seconds."""
        async with self._polling:
            if time.monotonic() - self._polled < max_age:
                return
            try:
                reading = await asyncio.to_thread(self._read)
            except Exception as error:
                # A vanished or locked store comes back; until then the pages say what is wrong.
                if self.error is None:
                    log.warning("cannot read the logdir: %s", error)
                news = self.error != str(error)
                self.error = str(error) or type(error).__name__
            else:
                news = self.error is not None
                self.error = None
                news |= self._apply(reading, self.version + 1)
            self._polled = time.monotonic()
            self.version += news
        if news:
            async with self._news:
                self._news.notify_all()

    def _read(self) -> _Reading:
        # Once the list is full, what grew is still to be told, and of the rest how much it is.
        room = MOST_SERIES - self.n_series if self._token is None else MOST_SERIES
        changes = self._reader.changes_since(self._token, most=room)
        now = time.monotonic()
        runs = None
        if changes.runs or changes.removed or now - self._listed > STATUS_SECONDS:
            runs = self._reader.runs()
            self._listed = now
        return _Reading(changes, runs, self._reader.problems())

    def _apply(self, reading: _Reading, stamp: int) -> bool:
        """Takes a poll in; whether anything a page shows is different now."""
        news = False
        if reading.problems != self.problems:
            self.problems, news = reading.problems, True
        gone = set(reading.changes.removed)
        if reading.runs is not None:
            gone |= self._runs.keys() - {run.name for run in reading.runs}
        for run in gone & self._runs.keys():
            self._forget(run, stamp)
            news = True
        for listed in reading.runs or ():
            self.infos[listed.name] = listed
            record = record_of(listed)
            if self._records.get(listed.name) != record:
                self._records[listed.name] = record
                self._record_stamp[listed.name] = stamp
            entry = self._run_entry(listed)
            if self._runs.get(listed.name) != entry:
                self._runs[listed.name] = entry
                self._run_stamp[listed.name] = stamp
                news = True
        if self._token is None:
            self.unlisted = reading.changes.n_left_out
        for info in reading.changes.series:
            news |= self._list_series(info, stamp)
        self._token = reading.changes.token
        return news

    def _list_series(self, info: SeriesInfo, stamp: int, *, found: bool = False) -> bool:
        """Takes a series in; not one more than the list can hold, unless it was looked for."""
        key = (info.kind, info.tag)
        if info.run not in self.series.get(key, ()):
            if self.n_series >= MOST_SERIES and not found:
                self.unlisted += info.n == 1
                return False
            self.n_series += 1
        self.series[key][info.run] = info
        self._series_stamp[key][info.run] = stamp
        return True

    async def find(self, pattern: re.Pattern[str], kind: str = "scalar") -> list[str]:
        """Lists the first tags that fit, of those there was no room for; their names."""
        await self.refresh()
        if not self.unlisted:
            return []

        def look() -> tuple[list[str], list[SeriesInfo]]:
            tags = self._reader.tags(pattern, kind, MOST_FOUND)
            return tags, self._reader.series_of_tags(tags, kind)

        tags, infos = await asyncio.to_thread(look)
        async with self._polling:
            news = False
            for info in infos:
                if info.run not in self.series.get((info.kind, info.tag), ()):
                    news |= self._list_series(info, self.version + 1, found=True)
            self.version += news
        if news:
            async with self._news:
                self._news.notify_all()
        return tags

    def _forget(self, run: str, stamp: int) -> None:
        for held in (self._runs, self._run_stamp, self._records, self._record_stamp, self.infos):
            held.pop(run, None)
        self._removed_stamp[run] = stamp
        for infos in self.series.values():
            self.n_series -= infos.pop(run, None) is not None
        for stamps in self._series_stamp.values():
            stamps.pop(run, None)

    def _id(self, run: str) -> int:
        """A number for the run in order of first sight; also its place in the palette."""
        return self._ids.setdefault(run, len(self._ids))

    def _run_entry(self, run: RunInfo) -> Entry:
        entry = {
            "id": self._id(run.name),
            "name": run.name,
            "title": run.display_name or run.name,
            "status": run.status,
            "created": run.created,
            "color": run.colour,
            "labels": list(run.labels),
            "archived": run.archived,
            "record": self._record_stamp[run.name],
        }
        # With the listing, not the record: the first chart already has to know its axis.
        axes = step_metrics(run)
        return entry | {"axes": axes} if axes else entry

    def records(self, since: int, epoch: str | None = None) -> Entry:
        """What the runs are about, of those whose record changed after version ``since``.

        ``{"epoch", "version", "reset", "records": {name: record_of(run)}}``
        """
        reset = since <= 0 or epoch != self.epoch or since > self.version
        since = 0 if reset else since
        return {
            "epoch": self.epoch,
            "version": self.version,
            "reset": reset,
            "records": {
                name: record
                for name, record in self._records.items()
                if self._record_stamp[name] > since
            },
        }

    def delta(self, since: int, epoch: str | None = None) -> Entry:
        """What changed after version ``since``; everything if ``epoch`` was another process."""
        reset = since <= 0 or epoch != self.epoch or since > self.version
        since = 0 if reset else since
        series: dict[str, dict[str, list[list[Any]]]] = {}
        for (kind, tag), stamps in self._series_stamp.items():
            infos = self.series[kind, tag]
            rows = [
                [
                    self._id(run),
                    i.n,
                    i.first_step,
                    i.last_step,
                    i.last_value,
                    i.rewinds,
                    len(i.ranks),
                    i.min_value,
                    i.min_step,
                    i.max_value,
                    i.max_step,
                ]
                for run, stamp in stamps.items()
                if stamp > since and (i := infos.get(run)) is not None
            ]
            if rows:
                series.setdefault(kind, {})[tag] = rows
        return {
            "epoch": self.epoch,
            "version": self.version,
            "reset": reset,
            "runs": [e for name, e in self._runs.items() if self._run_stamp[name] > since],
            "removed": [
                {"id": self._id(name), "name": name}
                for name, stamp in self._removed_stamp.items()
                if not reset and stamp > since
            ],
            "series": series,
            "unlisted": self.unlisted,
            "problems": [{"path": p.path, "message": p.message} for p in self.problems],
            "error": self.error,
        }

    async def news(self, since: int, timeout: float) -> bool:
        """Waits for a version after ``since``; False if ``timeout`` seconds pass without one.

        Returns False at once when the feed is closed.
        """
        async with self._news:
            try:
                await asyncio.wait_for(
                    self._news.wait_for(lambda: self.version > since or self.closed), timeout
                )
            except TimeoutError:
                return False
        return not self.closed

    async def close(self) -> None:
        """Ends every stream."""
        self.closed = True
        async with self._news:
            self._news.notify_all()

    async def __aenter__(self) -> Feed:
        """A stream opens: the store is polled while there is at least one."""
        self._watching += 1
        if self._task is None:
            self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._watching -= 1
        if self._watching == 0 and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _watch(self) -> None:
        while True:
            await self.refresh(max_age=0.0)
            await asyncio.sleep(POLL_SECONDS)
