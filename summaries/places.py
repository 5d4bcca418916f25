"""The databases below a logdir: found as they appear, opened on demand, few of them at once."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from summaries.destination import DATABASE_NAME
from summaries.errors import DamagedStoreError, EmptyStoreError, LogdirError, SummariesError
from summaries.following import Follower
from summaries.imports.sink import BOOKMARK
from summaries.records import RunInfo, Status
from summaries.store.connect import Where, is_postgres_url, label_of
from summaries.store.reading import Pulse, RunRow, StoreReader, stamp_of, status_now

_RESCAN_S = 1.0
_OPEN_STORES = 64


_T = TypeVar("_T")

Logdirs = str | Path | Mapping[str, str | Path]
"""A directory, a server's URL, or several of them by the name that their runs' names begin with."""


class Source(Protocol):
    """Where a database is, and how to tell that it changed."""

    @property
    def label(self) -> str:
        """How messages name it."""

    @property
    def where(self) -> Where:
        """The database: a file, or a server's URL."""

    @property
    def is_mirror(self) -> bool:
        """Whether it only shows what other files hold, and nothing is to be changed in it."""

    def stamp(self) -> tuple[Any, ...]:
        """Changes with what is in it. First its identity: another database, another value.

        Raises:
            SummariesError: it cannot be told at the moment.
        """

    def open(self) -> StoreReader:
        """The database, opened for reading."""


class FileSource:
    """A SQLite file, watched by its size and times and those of its log."""

    is_mirror = False

    def __init__(self, path: Path) -> None:
        self.where = path
        self.label = str(path)
        self._file = os.path.realpath(path)

    def stamp(self) -> tuple[Any, ...]:
        return stamp_of(self._file)

    def open(self) -> StoreReader:
        return StoreReader(self.where)


class ServerSource:
    """A PostgreSQL database, watched by a query over a connection of its own."""

    is_mirror = False

    def __init__(self, url: str) -> None:
        self.where = url
        self.label = label_of(url)
        self._watch: StoreReader | None = None

    def stamp(self) -> tuple[Any, ...]:
        if self._watch is None:
            try:
                self._watch = StoreReader(self.where)
            except EmptyStoreError:
                return (0,)  # until the first run is started in it
        return self._watch.stamp()

    def open(self) -> StoreReader:
        return StoreReader(self.where)


@dataclass
class Place:
    """One database below the logdir, and what is remembered of its runs."""

    prefix: str
    """What its runs' names begin with: its directory's path below the logdir, or ""."""
    source: Source
    stamp: tuple[Any, ...] = ()
    problem: str | None = None
    uuid: str = ""
    revision: int = -1
    rows: dict[int, RunRow] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    """Of the runs, by their name in the database."""
    tags: dict[int, dict[str, set[str]]] = field(default_factory=dict)
    sorted_tags: dict[int, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    """The same as records have it; made once, since a run may have a million."""
    ranks: dict[int, set[int]] = field(default_factory=dict)
    pulses: dict[int, Pulse] = field(default_factory=dict)

    def runs(self) -> list[RunRow]:
        """The runs' records."""
        return list(self.rows.values())  # a copy: another thread may be refreshing

    def refresh(self, store: StoreReader) -> None:
        """Read what changed since the last time."""
        revision, self.pulses = store.pulse()
        self.uuid = store.uuid
        if revision == self.revision:
            return
        changed = store.changed_runs(self.revision)
        for row in changed.rows:
            self.rows[row.id] = row
        for run_id in self.rows.keys() - changed.ids:
            del self.rows[run_id]
            self.tags.pop(run_id, None)
            self.sorted_tags.pop(run_id, None)
            self.ranks.pop(run_id, None)
        for run_id in (*changed.tags, *changed.emptied):
            self.sorted_tags.pop(run_id, None)
        for run_id, kinds in changed.tags.items():
            known = self.tags.setdefault(run_id, {})
            for kind, names in kinds.items():
                known.setdefault(kind, set()).update(names)
        for run_id, emptied in changed.emptied.items():
            for kind, tag in emptied:
                self.tags.get(run_id, {}).get(kind, set()).discard(tag)
        for run_id, ranks in changed.ranks.items():
            self.ranks.setdefault(run_id, set()).update(ranks)
        self.ids = {row.info.name: row.id for row in self.rows.values()}
        self.revision = revision

    def deleted(self) -> set[str]:
        """Names, in the database, of the runs in the trash."""
        return {row.info.name for row in self.runs() if row.is_deleted}

    def _pulse(self, row: RunRow) -> Pulse:
        return self.pulses.get(row.id) or Pulse(row.info.heartbeat, row.info.updated)

    def status(self, row: RunRow) -> Status:
        """The run's status at this moment."""
        return status_now(row.info.status, row.process_key, self._pulse(row))

    def info(self, row: RunRow) -> RunInfo:
        """The run's record as it is handed out."""
        pulse = self._pulse(row)
        tags = self.sorted_tags.get(row.id)
        if tags is None:
            tags = self.sorted_tags[row.id] = {
                kind: tuple(sorted(names))
                for kind, names in sorted(self.tags.get(row.id, {}).items())
                if kind != BOOKMARK and names
            }
        parent = row.info.parent
        return replace(
            row.info,
            name=joined(self.prefix, row.info.name),
            parent=None if parent is None else joined(self.prefix, parent),
            status=self.status(row),
            heartbeat=pulse.heartbeat,
            updated=pulse.updated,
            tags=tags,
            ranks=tuple(sorted(self.ranks.get(row.id, ()))) or (0,),
        )


_Finder = Callable[[], Iterator[tuple[str, Source]]]


class Places:
    """The databases below one or several directories, or on servers. Thread-safe."""

    def __init__(self, logdir: Logdirs) -> None:
        """See `summaries.open_logdir`.

        Raises:
            LogdirError: the path does not exist, or is not a directory.
            DamagedStoreError: the server cannot be reached, or the database holds no store.
        """
        self.gone: dict[str, list[str]] = {}
        """Names of the runs of databases that were there once, by what the names begin with."""
        self.home: Where = ""
        """The database of what belongs to the logdir as a whole; a file need not be there yet."""
        self._places: dict[str, Place] = {}
        self._stores: OrderedDict[str, StoreReader] = OrderedDict()
        self._scanned = -_RESCAN_S
        self._lock = threading.RLock()
        self._followers: list[Follower] = []
        self._finders: list[tuple[str, _Finder]] = []
        named = logdir if isinstance(logdir, Mapping) else {"": logdir}
        if not named:
            raise LogdirError("logdir: none was given\n  try: a directory with runs")
        labels = []
        for name, one in named.items():
            label, find = self._finder(one)
            self._finders.append((name, find))
            labels.append(f"{name}={label}" if name else label)
        self.label = ", ".join(labels)

    def _finder(self, logdir: str | Path) -> tuple[str, _Finder]:
        """How messages name the logdir, and what finds its databases."""
        if is_postgres_url(str(logdir)):
            server = ServerSource(str(logdir))
            # A wrong address or password is told at once, not on a page.
            server.stamp()
            self.home = self.home or str(logdir)
            return server.label, lambda: iter([("", server)])
        directory, only = as_directory(logdir)
        self.home = self.home or only or directory / DATABASE_NAME
        follower = Follower()
        follower.stop_with(self)
        self._followers.append(follower)
        return str(directory), partial(_databases, directory, only, follower)

    def _find(self) -> Iterator[tuple[str, Source]]:
        for name, find in self._finders:
            for prefix, source in find():
                yield (f"{name}/{prefix}" if prefix else name) if name else prefix, source

    def close(self) -> None:
        """Give the files back."""
        with self._lock:
            for store in self._stores.values():
                store.close()
            self._stores.clear()
        for follower in self._followers:
            follower.close()

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
            for prefix, source in self._find():
                known = self._places.get(prefix)
                if known is None or known.source.label != source.label:
                    known = Place(prefix, source)
                found[prefix] = known
            for prefix, place in self._places.items():
                if prefix not in found:
                    self._forget(place)
            self._places = dict(sorted(found.items()))
            return list(self._places.values())

    def look_again(self) -> None:
        """Have the next question look for databases, however short ago that was done."""
        with self._lock:
            self._scanned = -_RESCAN_S

    def fresh(self) -> list[Place]:
        """The databases, with the records of their runs as they stand now."""
        places = self.all()
        with self._lock:
            for place in places:
                stamp = self.guarded(place, place.source.stamp, None)
                if stamp is None or stamp == place.stamp:
                    continue
                if stamp[0] != (place.stamp or stamp)[0]:
                    self._forget(place)
                place.stamp = stamp
                if stamp[0] == 0:
                    self._scanned = -_RESCAN_S  # it is gone: the next look drops it
                    continue
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
            place.rows, place.ids, place.tags, place.ranks, place.revision = {}, {}, {}, {}, -1
            place.sorted_tags = {}

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
            store = self.guarded(place, place.source.open, None)
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
            place.stamp = ()  # so that the next look tries again
            return otherwise
        place.problem = None
        return result

    def open(self, place: Place) -> StoreReader:
        store = self.store(place)
        if store is None:
            raise DamagedStoreError(
                place.problem or f"event store '{place.source.label}': cannot be read"
            )
        return store


def as_directory(logdir: str | Path) -> tuple[Path, Path | None]:
    """The directory to read, and the one file of it that was named, if one was."""
    text = str(logdir)
    if text.startswith("sqlite:///"):
        text = text.removeprefix("sqlite:///")
    elif "://" in text:
        raise LogdirError(
            f"logdir '{logdir}': of no known kind\n"
            "  try: a directory, sqlite:///FILE, or postgresql+psycopg://user@host/database"
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


def _databases(logdir: Path, only: Path | None, follower: Follower) -> Iterator[tuple[str, Source]]:
    """(what the runs' names begin with, database) of each event store below the directory.

    A directory with TensorBoard's event files has one in the cache. Where it holds a store of ours
    as well, whose run has the directory's name, the run of the event files says that it is theirs.
    """
    if only is not None:
        yield "", FileSource(only)
        return
    with_event_files: dict[Path, str] = {}
    for directory, subdirectories, files in os.walk(logdir, followlinks=False):
        subdirectories[:] = sorted(d for d in subdirectories if not d.startswith("."))
        prefix = _prefix(logdir, Path(directory))
        if DATABASE_NAME in files:
            yield prefix, FileSource(Path(directory) / DATABASE_NAME)
        if any("tfevents" in name for name in files):
            suffix = " (event files)" if DATABASE_NAME in files else ""
            with_event_files[Path(directory)] = f"{prefix}{suffix}".strip()
    for path, source in follower.sources(with_event_files).items():
        yield with_event_files[path], source


def _prefix(logdir: Path, directory: Path) -> str:
    below = directory.relative_to(logdir).as_posix()
    return "" if below == "." else below


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
