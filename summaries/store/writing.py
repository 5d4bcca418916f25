"""One database's writing end: runs, batches of points, and the sealing of full chunks."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import DBAPIError

from summaries.errors import DamagedStoreError, StoreWriteError, SummariesError
from summaries.event import Event
from summaries.process import environment, host_name, process_key
from summaries.records import Scalars
from summaries.store import schema
from summaries.store.connect import fold_log, open_for_writing
from summaries.store.points import Points
from summaries.store.sealing import CHUNK, SMALLEST_CHUNK, read_tail, seal
from summaries.store.series import COLUMNS, MUTABLE, SeriesRecord, grown

# One statement carries many rows: each statement lets go of Python's lock, and while a training
# loop computes in pure Python each time costs up to 5 ms to get it back.
_ROWS_A_STATEMENT = 500


def sha256(content: bytes) -> str:
    """The name of a blob: the hexadecimal digest of its content."""
    return hashlib.sha256(content).hexdigest()


class StoreWriter:
    """Writes runs into one SQLite file. Not thread-safe: one owner at a time.

    Several of them, in several processes, may write to one file; each of the methods is one
    transaction, which holds the file's write lock.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the database.

        Raises:
            StoreWriteError: it cannot be written.
            DamagedStoreError: the file is something else, or damaged.
            SchemaVersionError: a newer trainboard made it.
        """
        self.path = path
        self._engine: Engine = open_for_writing(path)
        try:
            with self._engine.begin() as connection:
                schema.migrate(connection)
        except DBAPIError as error:
            self.close()
            raise _explained(path, error) from error
        except SummariesError as error:
            self.close()
            raise type(error)(f"event store '{path}': {error}") from error
        except BaseException:
            self.close()
            raise
        self._file = _identity(path)
        # Records of each run's series, and the run's revision at which they were right.
        self._series: dict[int, dict[tuple[str, str], SeriesRecord]] = {}
        self._seen: dict[int, int] = {}

    def close(self) -> None:
        """Give the file back, the write-ahead log folded into it unless others use that."""
        fold_log(self._engine)
        self._engine.dispose()

    def check_file(self) -> None:
        """Raise where the database was removed or replaced under us.

        SQLite would go on writing to the file that nobody can open any more.

        Raises:
            StoreWriteError: the path no longer leads to the file that was opened.
        """
        if _identity(self.path) != self._file:
            raise StoreWriteError(f"event store '{self.path}': the file was removed or replaced")

    # -- runs ---------------------------------------------------------------------------------

    def start_run(
        self, name: str, config: Mapping[str, Any], *, exist: str = "join"
    ) -> tuple[int, str]:
        """The id and the name of a run that now is running.

        Args:
            name: the wanted name.
            config: JSON-able settings of the run; merged into those of a run that is joined.
            exist: what to do if the name is taken: "join" goes on with that run, "new" takes the
                name with the first free number behind it.
        """
        with self._engine.begin() as connection:
            revision = _next_revision(connection)
            taken = connection.execute(
                select(schema.run.c.id, schema.run.c.config).where(schema.run.c.name == name)
            ).one_or_none()
            now = time.time()
            values: dict[str, Any] = {
                "status": "running",
                "updated": now,
                "heartbeat": now,
                "host": host_name(),
                "pid": os.getpid(),
                "process_key": process_key(),
                "environment": _json(environment()),
                "revision": revision,
                "record_revision": revision,
            }
            if taken is not None and exist == "join":
                merged = {**json.loads(taken.config), **config}
                connection.execute(
                    update(schema.run)
                    .where(schema.run.c.id == taken.id)
                    .values(config=_json(merged), **values)
                )
                return int(taken.id), name
            if taken is not None:
                name = self._free_name(connection, name)
            key = connection.execute(
                insert(schema.run).values(
                    name=name,
                    created=now,
                    config=_json(config),
                    hparams="{}",
                    notes="",
                    labels="[]",
                    archived=0,
                    **values,
                )
            ).inserted_primary_key
            assert key is not None
            return int(key[0]), name

    @staticmethod
    def _free_name(connection: Connection, name: str) -> str:
        names = set(
            connection.scalars(
                select(schema.run.c.name).where(schema.run.c.name.startswith(name, autoescape=True))
            )
        )
        number = 2
        while f"{name}-{number}" in names:
            number += 1
        return f"{name}-{number}"

    def update_run(self, run_id: int, **values: Any) -> None:
        """Set columns of the run's record; mappings and sequences are stored as JSON."""
        encoded = {
            key: _json(value) if isinstance(value, (dict, list, tuple)) else value
            for key, value in values.items()
        }
        with self._engine.begin() as connection:
            revision = _next_revision(connection)
            connection.execute(
                update(schema.run)
                .where(schema.run.c.id == run_id)
                .values(revision=revision, record_revision=revision, **encoded)
            )

    def merge_json(self, run_id: int, column: str, values: Mapping[str, Any]) -> None:
        """Add entries to the run's ``config`` or ``hparams``; a name that is there is replaced."""
        place = schema.run.c[column]
        with self._engine.begin() as connection:
            revision = _next_revision(connection)
            known = connection.execute(select(place).where(schema.run.c.id == run_id)).scalar_one()
            merged = _json({**json.loads(known), **values})
            connection.execute(
                update(schema.run)
                .where(schema.run.c.id == run_id)
                .values({column: merged, "revision": revision, "record_revision": revision})
            )

    def beat(self, run_id: int) -> None:
        """Say that the run's process is alive. No change as `changes_since` understands it."""
        with self._engine.begin() as connection:
            connection.execute(
                update(schema.run).where(schema.run.c.id == run_id).values(heartbeat=time.time())
            )

    # -- points -------------------------------------------------------------------------------

    def append(
        self, run_id: int, scalars: Mapping[str, Scalars], events: Sequence[Event] = ()
    ) -> None:
        """Add points and events behind what the run has; all of them, or on an error none."""
        if not scalars and not events:
            return
        # What is remembered holds only if this succeeds.
        seen = self._seen.pop(run_id, None)
        with self._engine.begin() as connection:
            revision = _next_revision(connection)
            wanted = {("scalar", tag): int(p.step[0]) for tag, p in scalars.items()}
            wanted |= {(e.kind, e.tag): e.step for e in reversed(events)}
            known = self._known_series(connection, run_id, wanted, seen)
            changed: dict[tuple[str, str], SeriesRecord] = {}
            packets: list[tuple[int, int, int, bytes]] = []
            for tag, points in scalars.items():
                wall_us = np.rint(points.wall_time * 1e6).astype(np.int64)
                new = Points(points.step, wall_us, points.value)
                series = known["scalar", tag]
                series, seq, rest = self._sealed(connection, series, new, revision)
                changed["scalar", tag] = series
                if len(rest):
                    packets.append((series.id, seq, len(rest), rest.packet()))
            _insert_rows(connection, "tail", ("series_id", "seq", "n", "data"), packets)
            self._insert_events(connection, known, changed, events, revision)
            _insert_rows(
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

    def _sealed(
        self, connection: Connection, series: SeriesRecord, new: Points, revision: int
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

    def seal_rests(self, run_id: int) -> None:
        """Seal what the run's series have in `tail`, where that is worth a chunk."""
        with self._engine.begin() as connection:
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
        self._seen.pop(run_id, None)

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
            raise StoreWriteError(f"event store '{self.path}': the run was removed from it")
        known = self._series.get(run_id, {})
        if seen != revision:
            rows = connection.execute(
                select(*(schema.series.c[f.name] for f in fields(SeriesRecord))).where(
                    schema.series.c.run_id == run_id
                )
            ).all()
            known = {(row.kind, row.tag): SeriesRecord(*row) for row in rows}
        missing = [key for key in wanted if key not in known]
        if not missing:
            return dict(known)
        query = "SELECT coalesce(max(id), 0) + 1 FROM series"
        first = connection.exec_driver_sql(query).scalar()
        made = {
            key: SeriesRecord(int(first or 1) + at, run_id, key[1], key[0], wanted[key])
            for at, key in enumerate(missing)
        }
        _insert_rows(
            connection,
            "series",
            [f.name for f in fields(SeriesRecord)],
            map(astuple, made.values()),
        )
        return {**known, **made}

    @staticmethod
    def _insert_events(
        connection: Connection,
        known: Mapping[tuple[str, str], SeriesRecord],
        changed: dict[tuple[str, str], SeriesRecord],
        events: Sequence[Event],
        revision: int,
    ) -> None:
        rows: list[tuple[int, int, int, int, bytes]] = []
        blobs: dict[str, tuple[str, str, bytes]] = {}
        for one in events:
            key = (one.kind, one.tag)
            series = changed.get(key, known[key])
            wall_us = round(one.wall_time * 1e6)
            rows.append((series.id, series.n, one.step, wall_us, one.data))
            changed[key] = replace(
                series,
                n=series.n + 1,
                last_step=one.step,
                last_wall_us=wall_us,
                revision=revision,
            )
            if one.blob is not None:
                name = sha256(one.blob[1])
                blobs[name] = (name, *one.blob)
        _insert_rows(connection, "event", ("series_id", "seq", "step", "wall_us", "data"), rows)
        _insert_rows(
            connection,
            "blob",
            ("sha256", "media_type", "data"),
            blobs.values(),
            "ON CONFLICT (sha256) DO NOTHING",
        )


# -- the parts of a transaction -----------------------------------------------------------------


def _next_revision(connection: Connection) -> int:
    connection.execute(update(schema.store).values(revision=schema.store.c.revision + 1))
    return int(connection.execute(select(schema.store.c.revision)).scalar_one())


def _insert_rows(
    connection: Connection,
    into: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    conflict: str = "",
) -> None:
    """Rows into a table, many to a statement."""
    waiting = list(rows)
    one = f"({', '.join('?' * len(columns))})"
    for start in range(0, len(waiting), _ROWS_A_STATEMENT):
        part = waiting[start : start + _ROWS_A_STATEMENT]
        connection.exec_driver_sql(
            f"INSERT INTO {into} ({', '.join(columns)})"
            f" VALUES {', '.join([one] * len(part))} {conflict}",
            tuple(value for row in part for value in row),
        )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=True)


def _explained(path: Path, error: DBAPIError) -> SummariesError:
    if isinstance(error.orig, sqlite3.OperationalError):
        return StoreWriteError(
            f"event store '{path}': cannot be written\n"
            f"  {error.orig}\n"
            "  try: check the permissions and the free space of its directory"
        )
    return DamagedStoreError(
        f"event store '{path}': not a usable database\n"
        f"  {error.orig}\n"
        "  try: log to another directory, or move this file away"
    )
