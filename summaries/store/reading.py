"""One database's reading end: lists from the series' records, exact points, bins, events, blobs."""

from __future__ import annotations

import json
import os
import sqlite3
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from summaries.errors import DamagedStoreError, EmptyStoreError, NotFoundError, SummariesError
from summaries.event import Event
from summaries.records import RunInfo, SavedView, Scalars, SeriesInfo, Status, Steps
from summaries.store import queries, schema
from summaries.store.connect import (
    Opened,
    Where,
    label_of,
    open_copy,
    open_for_reading,
    open_for_writing,
)
from summaries.store.dialect import execute
from summaries.store.editing import EVENT_HEADER
from summaries.store.exact import find, read_points
from summaries.store.overview import read_bins
from summaries.store.points import Points, of_ranges
from summaries.store.pyramid import Bins
from summaries.store.runs import is_writing

_EVENTS_A_QUERY = 16
_STAT_SETTLES_NS = 50_000_000
"""A file's time advances in steps of up to 10 ms: within them a second write leaves no trace."""


@dataclass(frozen=True)
class StoredEvent:
    """One value that is not a scalar, as it is stored."""

    step: int
    wall_time: float
    """Seconds since the epoch."""
    data: bytes
    rank: int = 0


@dataclass(frozen=True)
class RunRow:
    """A run's record, its tags and its pulse left out."""

    id: int
    info: RunInfo
    process_key: str
    record_revision: int

    @property
    def is_deleted(self) -> bool:
        """Whether it is in the trash."""
        return self.info.deleted is not None


@dataclass(frozen=True)
class ChangedRuns:
    """What of a store's runs is new."""

    rows: list[RunRow]
    tags: dict[int, dict[str, set[str]]]
    """Of each run: tags that grew, by kind."""
    emptied: dict[int, list[tuple[str, str]]]
    """Of each run: (kind, tag) of series that a rewind left nothing of."""
    ranks: dict[int, set[int]]
    """Of each run: who logged them."""
    ids: set[int]
    """All runs there are."""


@dataclass(frozen=True)
class Pulse:
    """Signs of life of a run that was not ended."""

    heartbeat: float
    """Seconds since the epoch, as is ``updated``."""
    updated: float
    writers: tuple[tuple[str, float], ...] = ()
    """Process key and last heartbeat of each of its writers."""


class StoreReader:
    """Reads one database. Thread-safe; each call sees one state of it."""

    def __init__(self, where: Where) -> None:
        """Open the database.

        Args:
            where: a SQLite file's path, or a PostgreSQL database's URL.

        Raises:
            DamagedStoreError: it is no event store, or damaged.
            SchemaVersionError: a newer trainboard wrote it.
        """
        self.where = where
        self.label = label_of(where)
        self._use(open_for_reading(where))
        try:
            with self.connection() as connection:
                version = schema.check_version(connection, schema.MIGRATIONS)
                if version == 0:
                    raise EmptyStoreError("it is empty, no run was ever started in it")
            if version < len(schema.MIGRATIONS):
                self._update(where)
            with self.connection() as connection:
                self.uuid = str(execute(connection, queries.UUID).scalar_one())
        except SummariesError as error:
            self.close()
            if self.label in str(error):
                raise
            raise type(error)(f"event store '{self.label}': {error}") from error
        except BaseException:
            self.close()
            raise

    def _use(self, opened: Opened) -> None:
        self._engine, self._copy = opened.engine, opened.copy
        # A reader that nobody holds any more gives its connections back.
        weakref.finalize(self, opened.engine.dispose).atexit = False
        self.is_frozen = opened.is_frozen
        """Whether a change is seen only by opening the database again."""

    def _update(self, where: Where) -> None:
        """Read what an older trainboard wrote from a copy that has today's columns."""
        self.close()
        if isinstance(where, Path):
            self._use(open_copy(where))
            with self._engine.begin() as connection:
                schema.migrate(connection)
            self._engine.dispose()
            assert self._copy is not None
            self._use(
                replace(
                    open_for_reading(Path(self._copy.name) / where.resolve().name),
                    is_frozen=True,
                    copy=self._copy,
                )
            )
            return
        engine = open_for_writing(where)
        try:
            with engine.begin() as connection:
                schema.migrate(connection)
        except DBAPIError as error:
            raise DamagedStoreError(
                "an older trainboard wrote it, and it cannot be brought up to date\n"
                f"  {error.orig}\n"
                "  try: log to it once as a user who may change its tables"
            ) from error
        finally:
            engine.dispose()
        self._use(open_for_reading(where))

    def close(self) -> None:
        """Give the database back."""
        self._engine.dispose()
        if self._copy is not None:
            self._copy.cleanup()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection in one read transaction; errors of the database come out as ours."""
        try:
            with self._engine.connect() as connection:
                if isinstance(self.where, Path):
                    connection.exec_driver_sql("BEGIN")
                yield connection
        except SummariesError:
            raise
        except (DBAPIError, sqlite3.DatabaseError, OSError) as error:
            cause = getattr(error, "orig", None) or error
            way_out = (
                "if its writer still runs, wait for it; else restore the file from a copy"
                if isinstance(self.where, Path)
                else "see that the server runs, and that this user may read the database"
            )
            raise DamagedStoreError(
                f"event store '{self.label}': cannot be read\n  {cause}\n  try: {way_out}"
            ) from error
        except (SQLAlchemyError, ValueError) as error:  # the latter of a block that is damaged
            raise DamagedStoreError(f"event store '{self.label}': {error}") from error

    # -- lists --------------------------------------------------------------------------------

    def changed_runs(self, since: int) -> ChangedRuns:
        """What of the runs changed after revision ``since``."""
        with self.connection() as connection:
            rows = execute(connection, queries.CHANGED_RUNS, (since,)).all()
            changed = execute(connection, queries.CHANGED_TAGS, (since,)).cursor.fetchall()
            ids = {row.id for row in execute(connection, queries.RUN_IDS)}
        tags: dict[int, dict[str, set[str]]] = {}
        ranks: dict[int, set[int]] = {}
        emptied: dict[int, list[tuple[str, str]]] = {}
        for run_id, kind, tag, of_series, n in changed:
            if not n:
                emptied.setdefault(run_id, []).append((kind, tag))
                continue
            tags.setdefault(run_id, {}).setdefault(kind, set()).add(tag)
            ranks.setdefault(run_id, set()).update(of_ranges(of_series))
        found = [
            RunRow(row.id, _run_info(row), row.process_key, int(row.record_revision))
            for row in rows
        ]
        return ChangedRuns(found, tags, emptied, ranks, ids)

    def run_id(self, name: str) -> int:
        """The id of the run of that name.

        Raises:
            NotFoundError: there is none.
        """
        with self.connection() as connection:
            found = execute(connection, queries.RUN_ID, (name,)).scalar_one_or_none()
        if found is None:
            raise NotFoundError(f"run '{name}': there is none of that name in '{self.label}'")
        return int(found)

    def pulse(self) -> tuple[int, dict[int, Pulse]]:
        """The store's revision, and the signs of life of each running run."""
        with self.connection() as connection:
            revision = execute(connection, queries.REVISION).scalar_one()
            rows = execute(connection, queries.PULSE).all()
            writers: dict[int, list[tuple[str, float]]] = {}
            for run_id, key, heartbeat in execute(connection, queries.WRITERS).cursor.fetchall():
                writers.setdefault(run_id, []).append((key, heartbeat))
        return int(revision), {
            r.id: Pulse(r.heartbeat, r.updated, tuple(writers.get(r.id, ()))) for r in rows
        }

    def stamp(self) -> tuple[str, int, float]:
        """What changes whenever anything that is read here does; first, which database it is."""
        with self.connection() as connection:
            uuid, revision, heartbeat = tuple(execute(connection, queries.STAMP).one())
        return str(uuid), int(revision), float(heartbeat)

    def removed_names(self, since: int) -> list[str]:
        """Names of runs that were removed or renamed after revision ``since``."""
        with self.connection() as connection:
            return [row[0] for row in execute(connection, queries.REMOVED_NAMES, (since,))]

    def views(self) -> list[SavedView]:
        """The saved views."""
        with self.connection() as connection:
            rows = execute(connection, queries.VIEWS).cursor.fetchall()
        return [SavedView(name, json.loads(state), *times) for name, state, *times in rows]

    def series(
        self, since: int = -1, run: str | None = None, most: int | None = None
    ) -> list[SeriesInfo]:
        """The series whose revision is greater than ``since``, of one run or of all, or so many."""
        with self.connection() as connection:
            if run is None and most is not None:
                rows = execute(connection, queries.FIRST_SERIES, (since, most)).all()
            elif run is None:
                rows = execute(connection, queries.SERIES, (since,)).all()
            else:
                rows = execute(connection, queries.SERIES_OF_RUN, (since, run)).all()
        return [_series_info(row) for row in rows]

    def n_series(self, since: int = -1) -> int:
        """How many series that have values changed after revision ``since``."""
        with self.connection() as connection:
            return int(execute(connection, queries.N_SERIES, (since,)).scalar_one())

    def series_of_tags(self, kind: str, tags: Sequence[str]) -> list[SeriesInfo]:
        """The series of these tags, of every run."""
        query = queries.SERIES_OF_TAGS.format(", ".join("?" for _ in tags))
        with self.connection() as connection:
            return [_series_info(row) for row in execute(connection, query, (kind, *tags)).all()]

    # -- scalars ------------------------------------------------------------------------------

    def scalars(self, run: str, tag: str, start: int = 0, stop: int = 2**62) -> Scalars | None:
        """The points from sequence number ``start`` on, exact; None if there is no such series."""
        with self.connection() as connection:
            row = find(connection, "scalar", tag, [run]).get(run)
            if row is None:
                return None
            points = read_points(connection, row, start, stop)
        return points.as_scalars()

    def bins(
        self,
        tag: str,
        runs: Sequence[str],
        pixels: int,
        step_range: tuple[int, int] | None,
    ) -> dict[str, tuple[Bins, int]]:
        """For each run that has the tag: bins no coarser than the pixels ask, and the series' n.

        Where few points lie in the range the bins are the points themselves.
        """
        with self.connection() as connection:
            return read_bins(connection, find(connection, "scalar", tag, runs), pixels, step_range)

    # -- the other kinds ----------------------------------------------------------------------

    def events(
        self, run: str, tag: str, kind: str, start: int = 0, every: int = 1
    ) -> list[StoredEvent] | None:
        """The values from ``start`` on, every so many and the newest; None: no such series."""
        with self.connection() as connection:
            row = find(connection, kind, tag, [run]).get(run)
            if row is None:
                return None
            found = execute(
                connection, queries.EVENTS_FROM, (row.id, start, start, every, row.n - 1)
            ).cursor.fetchall()
        return [StoredEvent(step, us / 1e6, data, rank) for step, us, data, rank in found]

    def events_between(
        self, run: str, tag: str, kind: str, start: int, stop: int
    ) -> list[StoredEvent] | None:
        """The values from ``start`` to before ``stop``; None: no such series."""
        with self.connection() as connection:
            row = find(connection, kind, tag, [run]).get(run)
            if row is None:
                return None
            found = execute(
                connection, queries.EVENTS_BETWEEN, (row.id, start, stop)
            ).cursor.fetchall()
        return [StoredEvent(step, us / 1e6, data, rank) for step, us, data, rank in found]

    def steps(self, run: str, tag: str, kind: str, start: int = 0) -> Steps | None:
        """Where the values from ``start`` on stand, without them; None: no such series."""
        with self.connection() as connection:
            row = find(connection, kind, tag, [run]).get(run)
            if row is None:
                return None
            found = execute(connection, queries.EVENT_STEPS, (row.id, start)).cursor.fetchall()
        step, wall_us, rank = zip(*found, strict=True) if found else ((), (), ())
        return Steps(
            np.array(step, np.int64), np.array(wall_us, np.float64) / 1e6, np.array(rank, np.int64)
        )

    def events_to_copy(
        self, run: str, tag: str, kind: str, start: int, stop: int, n_bytes: int = 1 << 62
    ) -> list[Event]:
        """The values from ``start`` to before ``stop``, with the blobs they refer to.

        No more of them than pass ``n_bytes`` with the last: one image may be megabytes. None where
        there is no such series.
        """
        found: list[Event] = []
        with self.connection() as connection:
            row = find(connection, kind, tag, [run]).get(run)
            while row is not None and start < stop and n_bytes > 0:
                few = (row.id, start, min(stop, start + _EVENTS_A_QUERY))
                rows = execute(connection, queries.EVENTS_TO_COPY, few).cursor.fetchall()
                for step, wall_us, data, rank, name in rows:
                    blob = None
                    if name is not None:
                        held = execute(connection, queries.BLOB, (name,)).one()
                        blob = (held.media_type, held.data)
                    found.append(Event(kind, tag, step, wall_us / 1e6, data, blob, rank))
                    n_bytes -= len(data) + (len(blob[1]) if blob else 0)
                    if n_bytes <= 0:
                        break
                if not rows:
                    break
                start += len(rows)
        return found

    def blob(self, sha256: str) -> tuple[bytes, str] | None:
        """Content and media type of the blob; None if it is not here."""
        with self.connection() as connection:
            row = execute(connection, queries.BLOB, (sha256,)).one_or_none()
        return None if row is None else (row.data, row.media_type)

    def replaced(self, run: str) -> list[tuple[str, str, float, int, Scalars | StoredEvent]]:
        """(tag, kind, when, step rewound to, what was there) of what rewinds took out of sight."""
        with self.connection() as connection:
            rows = execute(connection, queries.REPLACED, (run,)).cursor.fetchall()
        found: list[tuple[str, str, float, int, Scalars | StoredEvent]] = []
        for tag, kind, rewound, step, n, data in rows:
            if kind == "scalar":
                found.append((tag, kind, rewound, step, Points.decoded(data, n).as_scalars()))
            else:
                at, wall_us, rank = EVENT_HEADER.unpack_from(data)
                rest = bytes(data[EVENT_HEADER.size :])
                found.append((tag, kind, rewound, step, StoredEvent(at, wall_us / 1e6, rest, rank)))
        return found


def _run_info(row: Row[Any]) -> RunInfo:
    return RunInfo(
        name=row.name,
        status=row.status,
        created=row.created,
        updated=row.updated,
        heartbeat=row.heartbeat,
        config=json.loads(row.config),
        hparams=json.loads(row.hparams),
        display_name=row.display_name,
        notes=row.notes,
        labels=tuple(json.loads(row.labels)),
        colour=row.colour,
        archived=bool(row.archived),
        host=row.host,
        pid=row.pid,
        environment=json.loads(row.environment),
        key=row.key,
        group=row.run_group,
        job_type=row.job_type,
        summary=json.loads(row.summary),
        axes=json.loads(row.axes),
        parent=row.parent,
        fork_step=row.fork_step,
        deleted=row.deleted,
    )


def status_now(recorded: Status, process_key: str, pulse: Pulse) -> Status:
    """The status; a run whose writers are dead, or silent and out of sight, is crashed."""
    if recorded != "running":
        return recorded
    writers = pulse.writers or ((process_key, pulse.heartbeat),)
    return "running" if any(is_writing(*writer) for writer in writers) else "crashed"


def _series_info(row: Row[Any]) -> SeriesInfo:
    last = row.last_value
    return SeriesInfo(
        run=row.run,
        tag=row.tag,
        kind=row.kind,
        n=row.n,
        first_step=row.first_step,
        last_step=row.last_step,
        last_wall_time=row.last_wall_us / 1e6,
        last_value=float("nan") if last is None and row.kind == "scalar" else last,
        min_value=row.min_value,
        min_step=row.min_step,
        max_value=row.max_value,
        max_step=row.max_step,
        ranks=of_ranges(row.ranks),
        rewinds=row.rewinds,
    )


def stamp_of(path: str) -> tuple[float, ...]:
    """What changes with the database: its inode, 0 where there is none, and then more.

    A file that was written just now may be written again within its time's resolution: it has
    another stamp at each look.
    """
    stat = stat_of(path)
    is_settled = stat[0] == 0 or time.time_ns() - max(stat[2::3]) > _STAT_SETTLES_NS
    return stat if is_settled else (stat[0], time.monotonic())


def stat_of(path: str) -> tuple[int, ...]:
    """What tells that a database changed: inode, size and time of the file and of its log.

    Args:
        path: a str: this runs for every database of a logdir four times a second, and a Path would
            be two thirds of its cost.
    """
    found: list[int] = []
    for name in (path, f"{path}-wal"):
        try:
            stat = os.stat(name)  # noqa: PTH116
        except OSError:
            found += (0, 0, 0)
        else:
            found += (stat.st_ino, stat.st_size, stat.st_mtime_ns)
    return tuple(found)
