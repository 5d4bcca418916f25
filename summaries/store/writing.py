"""One database's writing end: runs, batches of points, and the sealing of full chunks."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from summaries.errors import DamagedStoreError, StoreWriteError, SummariesError
from summaries.event import Event
from summaries.process import environment, host_name, process_key
from summaries.records import Scalars
from summaries.store import schema
from summaries.store.codec import encode_columns
from summaries.store.connect import open_for_writing
from summaries.store.points import Points, as_tail_values, tail_points
from summaries.store.pyramid import (
    WIDTH,
    coarsen,
    concatenate,
    decode_bins,
    encode_bins,
    points_as_bins,
)

CHUNK = 4096
"""Points in a sealed chunk."""

SMALLEST_CHUNK = 512
"""A run that ends seals a rest of at least so many points; fewer are as well off as rows."""

_INSERT_TAIL = (
    "INSERT INTO tail (series_id, seq, step, wall_us, value, bits) VALUES (?, ?, ?, ?, ?, ?)"
)


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
        self._series: dict[tuple[int, str, str], int] = {}

    def close(self) -> None:
        """Give the file back; the last writer folds the write-ahead log into it."""
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
        known = dict(self._series)
        try:
            with self._engine.begin() as connection:
                revision = _next_revision(connection)
                for tag, points in scalars.items():
                    self._append_scalars(connection, run_id, tag, points, revision)
                for one in events:
                    self._append_event(connection, run_id, one, revision)
                now = time.time()
                connection.execute(
                    update(schema.run)
                    .where(schema.run.c.id == run_id)
                    .values(updated=now, heartbeat=now, revision=revision)
                )
        except BaseException:
            # Series made in a transaction that was rolled back do not exist.
            self._series = known
            raise

    def seal_rests(self, run_id: int) -> None:
        """Seal what the run's series have in `tail`, where that is worth a chunk."""
        with self._engine.begin() as connection:
            revision = _next_revision(connection)
            rows = connection.execute(
                select(schema.series).where(
                    schema.series.c.run_id == run_id,
                    schema.series.c.kind == "scalar",
                    schema.series.c.n - schema.series.c.sealed >= SMALLEST_CHUNK,
                )
            ).all()
            for row in rows:
                points = _read_tail(connection, row.id)
                chunks = _seal(connection, row.id, row.chunks, row.sealed, points)
                connection.execute(
                    update(schema.series)
                    .where(schema.series.c.id == row.id)
                    .values(sealed=row.n, chunks=chunks, revision=revision)
                )

    def _series_row(
        self, connection: Connection, run_id: int, kind: str, tag: str, step: int, revision: int
    ) -> Any:
        """The series' record, made if there is none."""
        key = (run_id, kind, tag)
        found = self._series.get(key)
        place = schema.series.c.id == found
        if found is None:
            place = (
                (schema.series.c.run_id == run_id)
                & (schema.series.c.tag == tag)
                & (schema.series.c.kind == kind)
            )
        row = connection.execute(select(schema.series).where(place)).one_or_none()
        if row is None:
            connection.execute(
                insert(schema.series).values(
                    run_id=run_id,
                    tag=tag,
                    kind=kind,
                    n=0,
                    sealed=0,
                    chunks=0,
                    first_step=step,
                    last_step=step,
                    last_wall_us=0,
                    revision=revision,
                )
            )
            row = connection.execute(select(schema.series).where(place)).one()
        self._series[key] = int(row.id)
        return row

    def _append_scalars(
        self, connection: Connection, run_id: int, tag: str, points: Scalars, revision: int
    ) -> None:
        row = self._series_row(connection, run_id, "scalar", tag, int(points.step[0]), revision)
        new = Points(points.step, np.rint(points.wall_time * 1e6).astype(np.int64), points.value)
        n, sealed, chunks = int(row.n), int(row.sealed), int(row.chunks)
        total = n + len(points)
        rest, seq = new, n
        if total - sealed >= CHUNK:
            waiting = _read_tail(connection, row.id) if n > sealed else None
            whole = new if waiting is None else Points.joined([waiting, new])
            full = len(whole) - len(whole) % CHUNK
            chunks = _seal(connection, row.id, chunks, sealed, whole.part(0, full))
            sealed += full
            rest, seq = whole.part(full, len(whole)), sealed
        _insert_tail(connection, row.id, seq, rest)
        connection.execute(
            update(schema.series)
            .where(schema.series.c.id == row.id)
            .values(
                n=total,
                sealed=sealed,
                chunks=chunks,
                last_step=int(new.step[-1]),
                last_wall_us=int(new.wall_us[-1]),
                last_value=_storable(float(new.value[-1])),
                revision=revision,
                **_extremes(row, new),
            )
        )

    def _append_event(self, connection: Connection, run_id: int, one: Event, revision: int) -> None:
        row = self._series_row(connection, run_id, one.kind, one.tag, one.step, revision)
        if one.blob is not None:
            media_type, content = one.blob
            name = sha256(content)
            there = select(schema.blob.c.id).where(schema.blob.c.sha256 == name)
            if connection.execute(there).first() is None:
                connection.execute(
                    insert(schema.blob).values(sha256=name, media_type=media_type, data=content)
                )
        wall_us = round(one.wall_time * 1e6)
        connection.execute(
            insert(schema.event).values(
                series_id=row.id, seq=row.n, step=one.step, wall_us=wall_us, data=one.data
            )
        )
        connection.execute(
            update(schema.series)
            .where(schema.series.c.id == row.id)
            .values(
                n=schema.series.c.n + 1,
                last_step=one.step,
                last_wall_us=wall_us,
                revision=revision,
            )
        )


# -- the parts of a transaction -----------------------------------------------------------------


def _next_revision(connection: Connection) -> int:
    connection.execute(update(schema.store).values(revision=schema.store.c.revision + 1))
    return int(connection.execute(select(schema.store.c.revision)).scalar_one())


def _storable(value: float) -> float | None:
    """NaN as NULL, which is what SQLite makes of it anyway."""
    return None if value != value else value


def _extremes(row: Any, new: Points) -> dict[str, Any]:
    finite = np.isfinite(new.value)
    if not finite.any():
        return {}
    values, steps = new.value[finite], new.step[finite]
    low, high = int(values.argmin()), int(values.argmax())
    changed: dict[str, Any] = {}
    if row.min_value is None or values[low] < row.min_value:
        changed |= {"min_value": float(values[low]), "min_step": int(steps[low])}
    if row.max_value is None or values[high] > row.max_value:
        changed |= {"max_value": float(values[high]), "max_step": int(steps[high])}
    return changed


def _insert_tail(connection: Connection, series_id: int, seq: int, points: Points) -> None:
    n = len(points)
    if n == 0:
        return
    values, bits = as_tail_values(points)
    rows = list(
        zip(
            [series_id] * n,
            range(seq, seq + n),
            points.step.tolist(),
            points.wall_us.tolist(),
            values,
            bits,
            strict=True,
        )
    )
    # Tuples to the driver: 3x faster than a dictionary a row.
    connection.exec_driver_sql(_INSERT_TAIL, rows)


def _read_tail(connection: Connection, series_id: int) -> Points:
    result = connection.exec_driver_sql(
        "SELECT seq, step, wall_us, value, bits FROM tail WHERE series_id = ? ORDER BY seq",
        (series_id,),
    )
    return tail_points(result.cursor.fetchall())


def _seal(connection: Connection, series_id: int, chunks: int, sealed: int, points: Points) -> int:
    """Store the points as chunks behind those the series has; the new number of chunks.

    The pyramid grows along: every 16th chunk of a level completes one of the next. The tail rows
    of the sealed points go in the same transaction, so a crash leaves either them or the chunk.
    """
    for start in range(0, len(points), CHUNK):
        part = points.part(start, min(start + CHUNK, len(points)))
        bins = coarsen(points_as_bins(part.step, part.wall_us, part.value))
        connection.execute(
            insert(schema.chunk).values(
                series_id=series_id,
                level=0,
                idx=chunks,
                seq=sealed + start,
                n=len(part),
                n_bins=len(bins),
                step_min=int(part.step.min()),
                step_max=int(part.step.max()),
                bins=encode_bins(bins),
                data=encode_columns([part.step, part.wall_us, part.value]),
            )
        )
        chunks += 1
        _grow_pyramid(connection, series_id, chunks)
    connection.execute(
        delete(schema.tail).where(
            schema.tail.c.series_id == series_id, schema.tail.c.seq < sealed + len(points)
        )
    )
    return chunks


def _grow_pyramid(connection: Connection, series_id: int, chunks: int) -> None:
    """Add the bins that the newest of ``chunks`` level-0 chunks has completed."""
    level, below, done = 2, 0, chunks
    while done % WIDTH == 0:
        done //= WIDTH
        parts = connection.execute(
            select(
                schema.chunk.c.n_bins,
                schema.chunk.c.bins,
                schema.chunk.c.seq,
                schema.chunk.c.n,
                schema.chunk.c.step_min,
                schema.chunk.c.step_max,
            )
            .where(
                schema.chunk.c.series_id == series_id,
                schema.chunk.c.level == below,
                schema.chunk.c.idx >= (done - 1) * WIDTH,
            )
            .order_by(schema.chunk.c.idx)
        ).all()
        bins = concatenate([coarsen(decode_bins(p.bins, p.n_bins)) for p in parts])
        connection.execute(
            insert(schema.chunk).values(
                series_id=series_id,
                level=level,
                idx=done - 1,
                seq=parts[0].seq,
                n=sum(p.n for p in parts),
                n_bins=len(bins),
                step_min=min(p.step_min for p in parts),
                step_max=max(p.step_max for p in parts),
                bins=encode_bins(bins),
            )
        )
        below, level = level, level + 1


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _json(value: Any) -> str:
    """JSON of settings; what JSON does not know (paths, dtypes, arrays) as its text."""
    return json.dumps(value, default=_plain, allow_nan=True)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    return str(value)


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
