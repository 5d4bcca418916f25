"""Where importers put what they read: whole columns into the store, many points a transaction.

Each transaction also carries bookmarks: how far the source is imported. A bookmark is an event of a
kind of its own (`BOOKMARK`) in the run, so it is there exactly if what it speaks for is there, and
an import that was cut short, or is repeated, goes on behind what is there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from summaries.checks import as_json
from summaries.destination import DATABASE_NAME, Destination, is_url, of_named_run
from summaries.event import Event
from summaries.imports.report import ImportReport
from summaries.records import RunInfo, Scalars

if TYPE_CHECKING:
    from summaries.store.writing import StoreWriter

BOOKMARK = "imported"
"""The kind of the events that say how far a source is imported; no reader shows them."""

_BATCH = 200_000
"""Points a transaction: 24 bytes each in memory, and some 0.1 s of the file's write lock."""
_BATCH_BYTES = 32 << 20
"""Of histograms, texts and images a transaction."""
# Below every step that is logged: a rewind of the run leaves its bookmarks alone.
_STEP = -(2**63)


class Sink:
    """The logdir that an import writes to; a context manager."""

    def __init__(self, logdir: str | Path, report: ImportReport | None = None) -> None:
        """Nothing is made before the first run is.

        Args:
            logdir: a directory, made if it is not there, or a PostgreSQL database's URL.
            report: counted up; a new one if None.
        """
        self.report = ImportReport() if report is None else report
        self._logdir = logdir
        self._bases: dict[Path | str, _Base] = {}

    def __enter__(self) -> Sink:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the databases back."""
        for base in self._bases.values():
            base.close()
        self._bases.clear()

    def run(
        self, name: str, keys: Sequence[str], source: str, form: str, key: str | None = None
    ) -> RunSink:
        """The run to fill: the one that these keys were imported into before, or a new one.

        Args:
            name: the wanted name, path-like; ``.`` is the logdir itself.
            keys: what the source calls the run, unlike any other: bookmarks are kept by them.
            source: where it comes from, for people.
            form: the format's name, for people.
            key: the run's id, where the source has one that is like ours; else one is made up.

        Raises:
            StoreWriteError, DamagedStoreError, SchemaVersionError: the store cannot be used.
        """
        to = self._destination(name)
        base = self._base(to.where)
        before = base.run_of(keys)
        started = base.store.start_run(
            before or to.name, exist="new" if before is None and key is None else "join", key=key
        )
        environment = {"imported": {"format": form, "source": source}}
        base.store.update_run(started.id, environment=environment, host="", pid=0)
        if started.is_new:
            self.report.runs += 1
        marks = base.bookmarks(started.name, keys) if before is not None else {}
        info = base.infos.get(started.name) if before is not None else None
        name = name if to.name == "." else started.name
        return RunSink(base.store, started.id, name, marks, info, self.report)

    def only_run(self, keys: Sequence[str], source: str, form: str) -> RunSink:
        """The one run of a database that is all the source's, whatever keys it has so far."""
        base = self._base(of_named_run(self._logdir, ".").where)
        return self.run(".", [*keys, *base.keys()], source, form)

    def _base(self, where: Path | str) -> _Base:
        if where not in self._bases:
            self._bases[where] = _Base(where)
        return self._bases[where]

    def _destination(self, name: str) -> Destination:
        if not is_url(self._logdir) and name != ".":
            own = Path(self._logdir) / name / DATABASE_NAME
            if own.exists():  # a SummaryWriter made it: the run goes on where it is
                return Destination(own, ".", name)
        return of_named_run(self._logdir, name)


class _Base:
    """One database that is written to, and what was in it when it was opened."""

    def __init__(self, where: Path | str) -> None:
        from summaries.store.reading import StoreReader
        from summaries.store.writing import StoreWriter  # SQLAlchemy, as in open_logdir

        self.store = StoreWriter(where)
        self._reader = StoreReader(where)
        self.infos = {row.info.name: row.info for row in self._reader.changed_runs(-1).rows}
        marked = (s for s in self._reader.series() if s.kind == BOOKMARK)
        self._run_of_key = {s.tag: s.run for s in marked}

    def close(self) -> None:
        """Give the database back."""
        self._reader.close()
        self.store.close()

    def keys(self) -> list[str]:
        """Every key that something was imported under."""
        return list(self._run_of_key)

    def run_of(self, keys: Sequence[str]) -> str | None:
        """The run that one of the keys was imported into."""
        return next((self._run_of_key[key] for key in keys if key in self._run_of_key), None)

    def bookmarks(self, run: str, keys: Sequence[str]) -> dict[str, Any]:
        """The newest bookmark of each key that has one."""
        found = {key: self._reader.events(run, key, BOOKMARK) for key in keys}
        return {key: json.loads(rows[-1].data) for key, rows in found.items() if rows}


class RunSink:
    """One run that is filled; a context manager, which leaves the run marked finished."""

    def __init__(
        self,
        store: StoreWriter,
        run_id: int,
        name: str,
        bookmarks: Mapping[str, Any],
        info: RunInfo | None,
        report: ImportReport,
    ) -> None:
        self.name = name
        self.report = report
        self.bookmarks: Mapping[str, Any] = bookmarks
        """How far each key was imported before, as `bookmark` was told."""
        self.status: str = "finished" if info is None or info.status == "crashed" else info.status
        """What the run is marked as at the end."""
        self._store, self._run_id = store, run_id
        self._scalars: dict[str, list[Scalars]] = {}
        self._events: list[Event] = []
        self._marks: dict[str, Any] = {}
        self._points = self._bytes = 0
        self._values = 0
        self._span = (float("inf"), float("-inf")) if info is None else (info.created, info.updated)

    def add(self, scalars: Mapping[str, Scalars], events: Iterable[Event] = ()) -> None:
        """Take points, whole columns of them, and what is of other kinds."""
        for tag, points in scalars.items():
            self._scalars.setdefault(tag, []).append(points)
            self._points += len(points)
            self._span = _wider(self._span, points.wall_time)
        for event in events:
            self._events.append(event)
            self._bytes += len(event.data) + (len(event.blob[1]) if event.blob else 0)
            self._span = _wider(self._span, np.array([event.wall_time]))

    def bookmark(self, key: str, state: Any) -> None:
        """Say how far the source is imported with all that was added so far.

        Args:
            key: one of the run's keys.
            state: JSON-able; found in `bookmarks` next time.
        """
        self._marks[key] = state
        # Here, not in `add`: a transaction ends where a bookmark speaks for all of it.
        if self._points >= _BATCH or self._bytes >= _BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what was added, and the bookmarks, in one transaction."""
        marks = {k: s for k, s in self._marks.items() if self.bookmarks.get(k) != s}
        if not (self._scalars or self._events or marks):
            return
        events = [
            Event(BOOKMARK, key, _STEP, time.time(), json.dumps(state).encode())
            for key, state in marks.items()
        ]
        columns = {tag: _joined(parts) for tag, parts in self._scalars.items()}
        self._store.append(self._run_id, columns, [*self._events, *events])
        self.report.values += self._points + len(self._events)
        self._values += self._points + len(self._events)
        self.bookmarks = {**self.bookmarks, **marks}
        self._scalars, self._events, self._marks = {}, [], {}
        self._points = self._bytes = 0

    def restart(self, step: int) -> None:
        """What was added with that step or a later one is replaced by what follows."""
        self.flush()
        self.report.restarts.append((self.name, step))
        self._store.rewind(self._run_id, step)

    def describe(
        self,
        config: Mapping[str, Any] | None = None,
        hparams: Mapping[str, Any] | None = None,
        **columns: Any,
    ) -> None:
        """Set what the run's record says: settings, and columns such as ``notes`` or ``labels``."""
        for column, values in (("config", config), ("hparams", hparams)):
            if values:
                self._store.merge_json(self._run_id, column, as_json("import", column, values))
        if columns:
            self._store.update_run(self._run_id, **columns)

    def lasted(self, created: float | None, updated: float | None = None) -> None:
        """Say when the run began and ended, where the source knows it; seconds."""
        times = [t for t in (created, updated) if t is not None]
        self._span = _wider(self._span, np.array(times))

    def __enter__(self) -> RunSink:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.flush()
        self.rest(self.status if kind is None else "failed")

    def rest(self, status: str) -> None:
        """Mark the run as one that nobody logs to any more."""
        if self._values:
            self._store.seal_rests(self._run_id)
            self._values = 0
        first, last = self._span
        if first <= last:
            self._store.update_run(self._run_id, created=first, updated=last)
        self._store.end_run(self._run_id, status)

    def beat(self) -> None:
        """Say that this process still fills the run."""
        self._store.beat(self._run_id)


def _wider(span: tuple[float, float], times: Any) -> tuple[float, float]:
    # A time of 0 is that of an event that has none.
    times = times[times > 0]
    if not len(times):
        return span
    return min(span[0], float(times.min())), max(span[1], float(times.max()))


def _joined(parts: Sequence[Scalars]) -> Scalars:
    if len(parts) == 1:
        return parts[0]
    return Scalars(
        np.concatenate([p.step for p in parts]),
        np.concatenate([p.wall_time for p in parts]),
        np.concatenate([p.value for p in parts]),
    )
