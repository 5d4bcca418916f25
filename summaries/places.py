"""The databases below a logdir: found as they appear, opened on demand, few of them at once."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from summaries.errors import DamagedStoreError, LogdirError, SummariesError
from summaries.records import RunInfo, Status
from summaries.store.connect import DATABASE_NAME
from summaries.store.reading import RunRow, StoreReader, stat_of, status_now

_RESCAN_S = 1.0
_STAT_SETTLES_NS = 50_000_000
"""A file's time advances in steps of up to 10 ms: within them a second write leaves no trace."""
_OPEN_STORES = 64


_T = TypeVar("_T")


@dataclass
class Place:
    """One database below the logdir, and what is remembered of its runs."""

    prefix: str
    """What its runs' names begin with: its directory's path below the logdir, or ""."""
    path: Path
    file: str
    """Where the path leads, as text."""
    stat: tuple[int, ...] = ()
    problem: str | None = None
    uuid: str = ""
    revision: int = -1
    rows: dict[int, RunRow] = field(default_factory=dict)
    tags: dict[int, dict[str, set[str]]] = field(default_factory=dict)
    beats: dict[int, tuple[float, float]] = field(default_factory=dict)

    def runs(self) -> list[RunRow]:
        """The runs' records."""
        return list(self.rows.values())  # a copy: another thread may be refreshing

    def refresh(self, store: StoreReader) -> None:
        """Read what changed since the last time."""
        revision, self.beats = store.pulse()
        self.uuid = store.uuid
        if revision == self.revision:
            return
        rows, tags = store.changed_runs(self.revision)
        for row in rows:
            self.rows[row.id] = row
        for run_id, kinds in tags.items():
            known = self.tags.setdefault(run_id, {})
            for kind, names in kinds.items():
                known.setdefault(kind, set()).update(names)
        self.revision = revision

    def status(self, row: RunRow) -> Status:
        """The run's status at this moment."""
        heartbeat, _ = self.beats.get(row.id, (row.info.heartbeat, 0.0))
        return status_now(row.info.status, row.process_key, heartbeat)

    def info(self, row: RunRow) -> RunInfo:
        """The run's record as it is handed out."""
        heartbeat, updated = self.beats.get(row.id, (row.info.heartbeat, row.info.updated))
        tags = self.tags.get(row.id, {})
        return replace(
            row.info,
            name=joined(self.prefix, row.info.name),
            status=self.status(row),
            heartbeat=heartbeat,
            updated=updated,
            tags={kind: tuple(sorted(names)) for kind, names in sorted(tags.items())},
        )


class Places:
    """The databases below one directory. Thread-safe."""

    def __init__(self, logdir: str | Path) -> None:
        """See `summaries.open_logdir`.

        Raises:
            LogdirError: the path does not exist, or is not a directory.
        """
        self.logdir, self._only = as_directory(logdir)
        self.gone: dict[str, list[str]] = {}
        """Names of the runs of databases that were there once, by what the names begin with."""
        self._places: dict[str, Place] = {}
        self._stores: OrderedDict[str, StoreReader] = OrderedDict()
        self._scanned = -_RESCAN_S
        self._lock = threading.RLock()

    def close(self) -> None:
        """Give the files back."""
        with self._lock:
            for store in self._stores.values():
                store.close()
            self._stores.clear()

    def known(self) -> dict[str, Place]:
        """The databases as they were found last."""
        return self._places

    def all(self) -> list[Place]:
        """The databases below the logdir, looked for at most once a second."""
        with self._lock:
            now = time.monotonic()
            if now - self._scanned < _RESCAN_S:
                return list(self._places.values())
            self._scanned = now
            found = {}
            for prefix, path in _databases(self.logdir, self._only):
                found[prefix] = self._places.get(prefix) or Place(
                    prefix, path, os.path.realpath(path)
                )
            for prefix, place in self._places.items():
                if prefix not in found:
                    self._forget(place)
            self._places = dict(sorted(found.items()))
            return list(self._places.values())

    def fresh(self) -> list[Place]:
        """The databases, with the records of their runs as they stand now."""
        places = self.all()
        with self._lock:
            for place in places:
                stat = stat_of(place.file)
                if stat == place.stat:
                    continue
                if stat[0] != (place.stat or stat)[0]:
                    self._forget(place)
                if stat[0] == 0:
                    self._scanned = -_RESCAN_S  # it is gone: the next look drops it
                place.stat = stat if _settled(stat) else (stat[0],)
                self._thaw(place)
                store = self.store(place)
                if store is not None:
                    self.guarded(place, partial(place.refresh, store), None)
        return places

    def _forget(self, place: Place) -> None:
        """The file is gone or another: what was read of it counts no more."""
        with self._lock:
            store = self._stores.pop(place.prefix, None)
            if store is not None:
                store.close()
            if place.rows:
                names = [joined(place.prefix, row.info.name) for row in place.rows.values()]
                self.gone[place.prefix] = names
            place.rows, place.tags, place.revision = {}, {}, -1

    def _thaw(self, place: Place) -> None:
        """Have a database that shows the state it was opened in be opened again."""
        store = self._stores.get(place.prefix)
        if store is not None and store.is_frozen:
            del self._stores[place.prefix]
            store.close()

    def store(self, place: Place) -> StoreReader | None:
        """The place's database opened, None where it cannot be; the problem is noted."""
        with self._lock:
            store = self._stores.get(place.prefix)
            if store is not None:
                self._stores.move_to_end(place.prefix)
                return store
            store = self.guarded(place, lambda: StoreReader(place.path), None)
            if store is None:
                return None
            self._stores[place.prefix] = store
            while len(self._stores) > _OPEN_STORES:
                _, oldest = self._stores.popitem(last=False)
                oldest.close()
            return store

    def guarded(self, place: Place, act: Callable[[], _T], otherwise: _T) -> _T:
        """What act returns; ``otherwise``, and the problem noted, if the database is unreadable."""
        try:
            result = act()
        except SummariesError as error:
            place.problem = str(error)
            place.stat = ()  # so that the next look tries again
            return otherwise
        place.problem = None
        return result

    def open(self, place: Place) -> StoreReader:
        store = self.store(place)
        if store is None:
            raise DamagedStoreError(place.problem or f"event store '{place.path}': cannot be read")
        return store


def _settled(stat: tuple[int, ...]) -> bool:
    """Whether whatever is written from now on will show in the files' times."""
    return time.time_ns() - max(stat[2::3]) > _STAT_SETTLES_NS


def as_directory(logdir: str | Path) -> tuple[Path, Path | None]:
    """The directory to read, and the one file of it that was named, if one was."""
    text = str(logdir)
    if text.startswith("sqlite:///"):
        text = text.removeprefix("sqlite:///")
    elif "://" in text:
        raise LogdirError(
            f"logdir '{logdir}': only directories and sqlite:/// URLs can be read so far"
        )
    path = Path(text)
    if path.is_file() and path.name.endswith(".db"):
        return path.parent, path
    if not path.exists():
        raise LogdirError(
            f"logdir '{logdir}': there is no such directory\n"
            "  try: the directory given to SummaryWriter or init, or make it first: "
            f"mkdir -p {text}"
        )
    if not path.is_dir():
        raise LogdirError(
            f"logdir '{logdir}': is not a directory\n  try: {path.parent}, the directory it is in"
        )
    try:
        with os.scandir(path) as entries:
            next(entries, None)
    except OSError as error:
        raise LogdirError(f"logdir '{logdir}': cannot be read\n  {error.strerror}") from error
    return path, None


def _databases(logdir: Path, only: Path | None) -> Iterator[tuple[str, Path]]:
    """(what the runs' names begin with, file) of each event store below the directory."""
    if only is not None:
        yield "", only
        return
    for directory, subdirectories, files in os.walk(logdir, followlinks=False):
        subdirectories[:] = sorted(d for d in subdirectories if not d.startswith("."))
        if DATABASE_NAME in files:
            below = Path(directory).relative_to(logdir).as_posix()
            yield ("" if below == "." else below), Path(directory) / DATABASE_NAME


def joined(prefix: str, name: str) -> str:
    """The run's name below the logdir."""
    if not prefix:
        return name
    return prefix if name == "." else f"{prefix}/{name}"


def below(prefix: str, run: str) -> str | None:
    """The run's name in the database with that prefix; None if it cannot be there."""
    if not prefix:
        return run
    if run == prefix:
        return "."
    return run[len(prefix) + 1 :] if run.startswith(f"{prefix}/") else None
