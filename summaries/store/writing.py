"""One database's writing end: runs, batches of points, and the sealing of full chunks."""

from __future__ import annotations

import hashlib
import sqlite3
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import DBAPIError

from summaries.errors import DamagedStoreError, GapError, StoreWriteError, SummariesError
from summaries.event import Event
from summaries.process import Identity
from summaries.records import Scalars
from summaries.store import copying, editing, runs, schema
from summaries.store.connect import Where, fold_log, label_of, open_for_writing
from summaries.store.dialect import execute, insert_rows
from summaries.store.editing import EVENT_COLUMNS
from summaries.store.points import Points, as_ranges, of_ranges
from summaries.store.runs import Exist, StartedRun, next_revision
from summaries.store.sealing import CHUNK, SMALLEST_CHUNK, read_tail, seal
from summaries.store.series import COLUMNS, MUTABLE, SeriesRecord, grown


def sha256(content: bytes) -> str:
    """The name of a blob: the hexadecimal digest of its content."""
    return hashlib.sha256(content).hexdigest()


class StoreWriter:
    """Writes runs into one database. Not thread-safe: one owner at a time.

    Several of them, in several processes, may write to one database; each of the methods is one
    transaction, which holds the database's write lock.
    """

    def __init__(self, where: Where) -> None:
        """Open or make the database.

        Args:
            where: a SQLite file's path, or a PostgreSQL database's URL.

        Raises:
            StoreWriteError: it cannot be written.
            DamagedStoreError: the file is something else, or damaged.
            SchemaVersionError: a newer trainboard made it.
        """
        self.where = where
        self.label = label_of(where)
        """How messages name the database."""
        self._engine: Engine = open_for_writing(where)
        # For a writer that is forgotten unclosed.
        weakref.finalize(self, self._engine.dispose).atexit = False
        try:
            with self._engine.begin() as connection:
                schema.migrate(connection)
                self.uuid = str(connection.execute(select(schema.store.c.uuid)).scalar_one())
        except DBAPIError as error:
            self.close()
            raise _explained(self.label, error) from error
        except SummariesError as error:
            self.close()
            raise type(error)(f"event store '{self.label}': {error}") from error
        except BaseException:
            self.close()
            raise
        self._file = _identity(where)
        # Records of each run's series, and the run's revision at which they were right.
        self._series: dict[int, dict[tuple[str, str], SeriesRecord]] = {}
        self._seen: dict[int, int] = {}
        self._writers: dict[int, int] = {}

    def close(self) -> None:
        """Give the database back, a write-ahead log folded into it unless others use that."""
        fold_log(self._engine)
        self._engine.dispose()

    def check_file(self) -> None:
        """Raise where the database was removed or replaced under us.

        SQLite would go on writing to the file that nobody can open any more.

        Raises:
            StoreWriteError: the path no longer leads to the file that was opened.
        """
        if _identity(self.where) != self._file:
            raise StoreWriteError(f"event store '{self.label}': the file was removed or replaced")

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in one transaction, for what changes the store by other ways than these."""
        with self._engine.begin() as connection:
            yield connection

    def vacuum(self) -> None:
        """Give the space of what was deleted back to the disk, as far as nobody is in the way.

        Raises:
            StoreWriteError: there is no room for it, or the database cannot be reached.
        """
        connection = self._engine.raw_connection()
        try:
            if self._engine.dialect.name == "postgresql":
                connection.driver_connection.autocommit = True  # type: ignore[union-attr]
            cursor = connection.cursor()
            cursor.execute("VACUUM")
            cursor.close()
        except Exception as error:  # of whichever driver
            if "locked" not in str(error):  # by who writes or reads for long: another time, then
                raise StoreWriteError(
                    f"event store '{self.label}': cannot be made smaller\n  {error}"
                ) from error
        finally:
            if self._engine.dialect.name == "postgresql":
                connection.driver_connection.autocommit = False  # type: ignore[union-attr]
            connection.close()
        fold_log(self._engine)

    # -- runs ---------------------------------------------------------------------------------

    def start_run(
        self,
        name: str,
        config: Mapping[str, Any] | None = None,
        *,
        exist: Exist = "join",
        key: str | None = None,
        new_key: str | None = None,
        rank: int = 0,
        fields: Mapping[str, Any] | None = None,
        identity: Identity | None = None,
    ) -> StartedRun:
        """A run that now is running, with this process as one of its writers.

        Args:
            name: the wanted name.
            config: JSON-able settings of the run; merged into those of a run that is joined.
            exist: what to do where there is a run of that key (or, without a key, of that name):
                "join" goes on with it, "running" too but only while somebody logs to it, "new"
                takes the name with the first free number behind it, "must" demands that there is
                one, "never" that there is none.
            key: the run's id; made up if None.
            new_key: the id of a run that is made although no key was asked for.
            rank: which of the run's processes this is.
            fields: further columns of the record.
            identity: the process that logs; this one if None.

        Raises:
            NotFoundError, LogdirError: against what "must" and "never" demand.
        """
        with self._engine.begin() as connection:
            started = runs.start(
                connection,
                name,
                config or {},
                exist=exist,
                key=key,
                new_key=new_key,
                rank=rank,
                fields=fields or {},
                identity=identity or Identity.own(),
            )
        self._writers[started.id] = started.writer_id
        return started

    def join_run(self, run_id: int, rank: int = 0) -> None:
        """Enter this process among the writers of a run that is running."""
        with self._engine.begin() as connection:
            revision = next_revision(connection)
            self._writers[run_id] = runs.enter_writer(
                connection, run_id, rank, Identity.own(), revision
            )

    def end_run(self, run_id: int, status: str = "finished") -> None:
        """This writer is done with the run, which has ended if nobody else logs to it."""
        with self._engine.begin() as connection:
            runs.end(connection, run_id, self._writers.pop(run_id), status)

    def update_run(self, run_id: int, **values: Any) -> None:
        """Set columns of the run's record; mappings and sequences are stored as JSON."""
        with self._engine.begin() as connection:
            runs.update_record(connection, run_id, values)

    def merge_json(self, run_id: int, column: str, values: Mapping[str, Any]) -> None:
        """Add entries to a JSON column of the run; a name that is there is replaced.

        Args:
            run_id: which run.
            column: "config", "hparams", "summary", "axes" or "environment".
            values: the entries.
        """
        with self._engine.begin() as connection:
            runs.merge_json(connection, run_id, column, values)

    def beat(self, run_id: int) -> None:
        """Say that the run's process is alive. No change as `changes_since` understands it."""
        with self._engine.begin() as connection:
            runs.beat(connection, run_id, self._writers[run_id])

    def rewind(self, run_id: int, step: int, rank: int | None = None) -> int:
        """Take what was logged at ``step`` and later out of sight; how many values that were.

        They are kept, and readers give them by `Reader.replaced`.

        Args:
            run_id: which run.
            step: the first step that is replaced.
            rank: only what this rank logged; None: what all did.
        """
        self._seen.pop(run_id, None)
        with self._engine.begin() as connection:
            return editing.rewind(connection, run_id, step, rank)

    # -- points -------------------------------------------------------------------------------

    def append(
        self,
        run_id: int,
        scalars: Mapping[str, Scalars],
        events: Sequence[Event] = (),
        rank: int = 0,
        starts: Mapping[tuple[str, str], int] | None = None,
        source: str = "",
    ) -> None:
        """Add points and events behind what the run has; all of them, or on an error none.

        Args:
            run_id: which run.
            scalars: tags to their new points.
            events: new values of other kinds, in order.
            rank: who logged them, where they do not say.
            starts: the sequence number that the first of each (kind, tag) has at their source:
                what is here already is left out, so that a copy may be sent again.
            source: whose numbers those are: "" where the series here is the copy of that there;
                else a name of the store there, whose values are added to those of others.

        Raises:
            GapError: something before the first of them is not here.
        """
        if not scalars and not events:
            return
        # What is remembered holds only if this succeeds.
        seen = self._seen.pop(run_id, None)
        with self._engine.begin() as connection:
            revision = next_revision(connection)
            wanted = {("scalar", tag): int(p.step[0]) for tag, p in scalars.items()}
            wanted |= {(e.kind, e.tag): e.step for e in reversed(events)}
            known = self._known_series(connection, run_id, wanted, seen)
            if starts is not None:
                have = copying.lengths(connection, run_id, source)
                scalars, events = _only_new(have, scalars, events, starts)
                if source:
                    copying.note_received(connection, run_id, source, have, scalars, events)
            changed: dict[tuple[str, str], SeriesRecord] = {}
            packets: list[tuple[int, int, int, bytes]] = []
            for tag, points in scalars.items():
                new = Points.of_scalars(points, rank)
                series = known["scalar", tag]
                series, seq, rest = add_points(connection, series, new, revision)
                changed["scalar", tag] = series
                if len(rest):
                    packets.append((series.id, seq, len(rest), rest.packet()))
            insert_rows(connection, "tail", ("series_id", "seq", "n", "data"), packets)
            _insert_events(connection, known, changed, events, revision, rank)
            insert_rows(
                connection,
                "series",
                COLUMNS,
                ([getattr(s, c) for c in COLUMNS] for s in changed.values()),
                "ON CONFLICT (id) DO UPDATE SET "
                + ", ".join(f"{c} = excluded.{c}" for c in MUTABLE),
            )
            now = time.time()
            connection.execute(
                update(schema.run)
                .where(schema.run.c.id == run_id)
                .values(updated=now, heartbeat=now, revision=revision)
            )
        self._series.setdefault(run_id, {}).update({**known, **changed})
        self._seen[run_id] = revision

    def seal_rests(self, run_id: int) -> None:
        """Seal what the run's series have in `tail`, where that is worth a chunk."""
        self._seen.pop(run_id, None)
        with self._engine.begin() as connection:
            # First, as in every transaction that writes: the writers of PostgreSQL take turns.
            revision = next_revision(connection)
            rows = connection.execute(
                select(schema.series).where(
                    schema.series.c.run_id == run_id,
                    schema.series.c.kind == "scalar",
                    schema.series.c.n - schema.series.c.sealed >= SMALLEST_CHUNK,
                )
            ).all()
            for row in rows:
                points = read_tail(connection, row.id)
                chunks = seal(connection, row.id, row.chunks, row.sealed, points)
                connection.execute(
                    update(schema.series)
                    .where(schema.series.c.id == row.id)
                    .values(sealed=row.n, chunks=chunks)
                )
            # What the run's other writers remember of its series holds no more.
            connection.execute(
                update(schema.run).where(schema.run.c.id == run_id).values(revision=revision)
            )

    def _known_series(
        self,
        connection: Connection,
        run_id: int,
        wanted: Mapping[tuple[str, str], int],
        seen: int | None,
    ) -> dict[tuple[str, str], SeriesRecord]:
        """The records of the wanted (kind, tag), made where there are none.

        What this writer remembers holds as long as no other wrote to the run since revision
        ``seen``.
        """
        revision = connection.execute(
            select(schema.run.c.revision).where(schema.run.c.id == run_id)
        ).scalar_one_or_none()
        if revision is None:
            raise StoreWriteError(f"event store '{self.label}': the run was removed from it")
        known = self._series.get(run_id, {})
        if seen != revision:
            query = f"SELECT {', '.join(COLUMNS)} FROM series WHERE run_id = ?"
            rows = execute(connection, query, (run_id,)).all()
            records = [SeriesRecord(**row._mapping) for row in rows]
            known = {(record.kind, record.tag): record for record in records}
        missing = [key for key in wanted if key not in known]
        if not missing:
            return dict(known)
        query = "SELECT coalesce(max(id), 0) + 1 FROM series"
        first = connection.exec_driver_sql(query).scalar()
        made = {
            key: SeriesRecord(int(first or 1) + at, run_id, key[1], key[0], wanted[key])
            for at, key in enumerate(missing)
        }
        rows_made = ([getattr(s, c) for c in COLUMNS] for s in made.values())
        insert_rows(connection, "series", COLUMNS, rows_made)
        return {**known, **made}


# -- the parts of a transaction -------------------------------------------------------------------


def add_points(
    connection: Connection, series: SeriesRecord, new: Points, revision: int
) -> tuple[SeriesRecord, int, Points]:
    """The grown record, and the points that no chunk took with the number of their first."""
    after = grown(series, new, revision)
    if after.n - series.sealed < CHUNK:
        return after, series.n, new
    whole = new
    if series.n > series.sealed:
        whole = Points.joined([read_tail(connection, series.id), new])
    full = len(whole) - len(whole) % CHUNK
    chunks = seal(connection, series.id, series.chunks, series.sealed, whole.part(0, full))
    after = replace(after, sealed=series.sealed + full, chunks=chunks)
    return after, after.sealed, whole.part(full, len(whole))


def _only_new(
    lengths: Mapping[tuple[str, str], int],
    scalars: Mapping[str, Scalars],
    events: Sequence[Event],
    starts: Mapping[tuple[str, str], int],
) -> tuple[dict[str, Scalars], list[Event]]:
    """What of a copied part is not here yet."""
    skip: dict[tuple[str, str], int] = {}
    for key, start in starts.items():
        have = lengths.get(key, 0)
        if have < start:
            raise GapError(f"{key[0]} '{key[1]}': has {have} values, the part begins at {start}")
        skip[key] = have - start
    left: dict[str, Scalars] = {}
    for tag, points in scalars.items():
        rest = points[skip["scalar", tag] :]
        if len(rest):
            left[tag] = rest
    others: list[Event] = []
    for one in events:
        key = (one.kind, one.tag)
        if skip[key] > 0:
            skip[key] -= 1
        else:
            others.append(one)
    return left, others


def _insert_events(
    connection: Connection,
    known: Mapping[tuple[str, str], SeriesRecord],
    changed: dict[tuple[str, str], SeriesRecord],
    events: Sequence[Event],
    revision: int,
    rank: int,
) -> None:
    rows: list[tuple[int, int, int, int, int, str | None, bytes]] = []
    blobs: dict[str, tuple[str, str, bytes]] = {}
    for one in events:
        key = (one.kind, one.tag)
        series = changed.get(key, known[key])
        wall_us = round(one.wall_time * 1e6)
        own = rank if one.rank is None else one.rank
        name = None if one.blob is None else sha256(one.blob[1])
        if one.blob is not None and name is not None:
            blobs[name] = (name, *one.blob)
        rows.append((series.id, series.n, one.step, wall_us, own, name, one.data))
        ranks = of_ranges(series.ranks) if series.n else ()
        changed[key] = replace(
            series,
            first_step=series.first_step if series.n else one.step,
            n=series.n + 1,
            last_step=one.step,
            last_wall_us=wall_us,
            ranks=series.ranks if own in ranks else as_ranges({*ranks, own}),
            revision=revision,
        )
    insert_rows(connection, "event", EVENT_COLUMNS, rows)
    insert_rows(
        connection,
        "blob",
        ("sha256", "media_type", "data"),
        blobs.values(),
        "ON CONFLICT (sha256) DO NOTHING",
    )


def _identity(where: Where) -> tuple[int, int] | None:
    if not isinstance(where, Path):
        return None
    try:
        stat = where.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _explained(label: str, error: DBAPIError) -> SummariesError:
    cause = error.orig
    if isinstance(cause, sqlite3.DatabaseError) and not isinstance(cause, sqlite3.OperationalError):
        return DamagedStoreError(
            f"event store '{label}': not a usable database\n"
            f"  {cause}\n"
            "  try: log to another directory, or move this file away"
        )
    return StoreWriteError(
        f"event store '{label}': cannot be written\n"
        f"  {cause}\n"
        "  try: check the permissions and the free space of its directory"
        + ("" if isinstance(cause, sqlite3.Error) else ", and that the server can be reached")
    )
