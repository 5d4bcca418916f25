"""One database's reading end: lists from the series' records, exact points, bins, events, blobs."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from summaries.errors import DamagedStoreError, SummariesError
from summaries.process import is_alive
from summaries.records import RunInfo, Scalars, SeriesInfo, Status
from summaries.store import queries, schema
from summaries.store.codec import decode_columns
from summaries.store.connect import open_for_reading
from summaries.store.points import Points
from summaries.store.pyramid import (
    WIDTH,
    Bins,
    concatenate,
    decode_bins,
    empty_bins,
    points_as_bins,
)

HEARTBEAT_MISSED_S = 30.0
"""A running run whose process cannot be looked at is taken for crashed after so long a silence."""


@dataclass(frozen=True)
class SeriesRow:
    """The part of a series' record that reading its points needs."""

    id: int
    n: int
    sealed: int
    chunks: int


@dataclass(frozen=True)
class RunRow:
    """A run's record, its tags and its pulse left out."""

    id: int
    info: RunInfo
    process_key: str
    record_revision: int


class StoreReader:
    """Reads one SQLite file. Thread-safe; each call sees one state of the database."""

    def __init__(self, path: Path) -> None:
        """Open the database.

        Raises:
            DamagedStoreError: the file is no event store, or damaged.
            SchemaVersionError: a newer trainboard wrote it.
        """
        self.path = path
        opened = open_for_reading(path)
        self._engine, self._copy = opened.engine, opened.copy
        self.is_frozen = opened.is_frozen
        """Whether a change is seen only by opening the file again."""
        try:
            with self.connection() as connection:
                if schema.check_version(connection, schema.MIGRATIONS) == 0:
                    raise DamagedStoreError("it is empty, no run was ever started in it")
                self.uuid = str(connection.exec_driver_sql(queries.UUID).scalar_one())
        except SummariesError as error:
            self.close()
            if str(path) in str(error):
                raise
            raise type(error)(f"event store '{path}': {error}") from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the file back."""
        self._engine.dispose()
        if self._copy is not None:
            self._copy.cleanup()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection in one read transaction; errors of the database come out as ours."""
        try:
            with self._engine.connect() as connection:
                connection.exec_driver_sql("BEGIN")
                yield connection
        except (DBAPIError, sqlite3.DatabaseError, OSError) as error:
            cause = getattr(error, "orig", None) or error
            raise DamagedStoreError(
                f"event store '{self.path}': cannot be read\n  {cause}\n"
                "  try: if its writer still runs, wait for it; else restore the file from a copy"
            ) from error
        except SQLAlchemyError as error:
            raise DamagedStoreError(f"event store '{self.path}': {error}") from error

    # -- lists --------------------------------------------------------------------------------

    def changed_runs(self, since: int) -> tuple[list[RunRow], dict[int, dict[str, list[str]]]]:
        """Runs whose record changed after revision ``since``, and the tags grown since."""
        with self.connection() as connection:
            rows = connection.exec_driver_sql(queries.CHANGED_RUNS, (since,)).all()
            tags = connection.exec_driver_sql(queries.GROWN_TAGS, (since,)).all()
        grown: dict[int, dict[str, list[str]]] = {}
        for run_id, kind, tag in tags:
            grown.setdefault(run_id, {}).setdefault(kind, []).append(tag)
        return [
            RunRow(row.id, _run_info(row), row.process_key, int(row.record_revision))
            for row in rows
        ], grown

    def pulse(self) -> tuple[int, dict[int, tuple[float, float]]]:
        """The store's revision, and heartbeat and time of the last value of each running run."""
        with self.connection() as connection:
            revision = connection.exec_driver_sql(queries.REVISION).scalar_one()
            rows = connection.exec_driver_sql(queries.PULSE).all()
        return int(revision), {r.id: (r.heartbeat, r.updated) for r in rows}

    def series(self, since: int = -1, run: str | None = None) -> list[SeriesInfo]:
        """The series whose revision is greater than ``since``, of one run or of all."""
        with self.connection() as connection:
            rows = connection.exec_driver_sql(queries.SERIES, (since, run, run)).all()
        return [_series_info(row) for row in rows]

    @staticmethod
    def find(
        connection: Connection, kind: str, tag: str, runs: Sequence[str]
    ) -> dict[str, SeriesRow]:
        """The series of that tag of each of the runs that has it."""
        found: dict[str, SeriesRow] = {}
        for start in range(0, len(runs), queries.MOST_IN):
            part = runs[start : start + queries.MOST_IN]
            query = queries.series_of_runs(len(part))
            rows = connection.exec_driver_sql(query, (kind, tag, *part)).all()
            found |= {r[0]: SeriesRow(*r[1:]) for r in rows}
        return found

    # -- scalars ------------------------------------------------------------------------------

    def scalars(self, run: str, tag: str, start: int = 0) -> Scalars | None:
        """The points from sequence number ``start`` on, exact; None if there is no such series."""
        with self.connection() as connection:
            row = self.find(connection, "scalar", tag, [run]).get(run)
            if row is None:
                return None
            points = self._points(connection, row, start)
        return Scalars(points.step, points.wall_us / 1e6, points.value)

    def _points(self, connection: Connection, row: SeriesRow, start: int) -> Points:
        parts: list[Points] = []
        if start < row.sealed:
            result = connection.exec_driver_sql(queries.CHUNKS_FROM, (row.id, start))
            # The driver's cursor: SQLAlchemy's rows cost more than the decoding.
            for seq, n, data in result.cursor.fetchall():
                part = Points(*self._decoded(data, n))
                parts.append(part.part(max(0, start - seq), n))
        if row.n > row.sealed:
            parts.append(self._tail(connection, [row.id], start).get(row.id, Points.none()))
        return Points.joined(parts)

    def _decoded(self, data: bytes, n: int) -> list[Any]:
        try:
            return decode_columns(data, n)
        except ValueError as error:
            raise DamagedStoreError(f"event store '{self.path}': {error}") from error

    def _tail(
        self, connection: Connection, ids: Sequence[int], start: int = 0
    ) -> dict[int, Points]:
        """The points of the series that are not sealed yet, those of ``start`` and later."""
        packets: dict[int, list[bytes]] = {}
        skip: dict[int, int] = {}
        for at in range(0, len(ids), queries.MOST_IN):
            part = tuple(ids[at : at + queries.MOST_IN])
            query = queries.tails(len(part))
            rows = connection.exec_driver_sql(query, (*part, start)).cursor.fetchall()
            for series_id, seq, _, data in rows:
                packets.setdefault(series_id, []).append(data)
                skip.setdefault(series_id, max(0, start - seq))
        try:
            return {
                series_id: (points := Points.of_packets(own)).part(skip[series_id], len(points))
                for series_id, own in packets.items()
            }
        except ValueError as error:
            raise DamagedStoreError(f"event store '{self.path}': {error}") from error

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
            found = self.find(connection, "scalar", tag, runs)
            by_level: dict[int, list[tuple[str, SeriesRow]]] = {}
            for run, row in found.items():
                level = self._level(connection, row, pixels, step_range)
                by_level.setdefault(level, []).append((run, row))
            tails = self._tail(connection, [row.id for row in found.values() if row.n > row.sealed])
            result: dict[str, tuple[Bins, int]] = {}
            for level, members in by_level.items():
                parts = self._sealed_bins(
                    connection, [row for _, row in members], level, step_range
                )
                for run, row in members:
                    own = parts.get(row.id, [])
                    if row.id in tails:
                        t = tails[row.id]
                        own.append(points_as_bins(t.step, t.wall_us, t.value, row.sealed))
                    joined = concatenate(own) if own else empty_bins()
                    result[run] = (_within(joined, step_range), row.n)
        return result

    @staticmethod
    def _level(
        connection: Connection,
        row: SeriesRow,
        pixels: int,
        step_range: tuple[int, int] | None,
    ) -> int:
        """The coarsest level with at least half as many bins as pixels; 0 for the points.

        Half: two pixels then share a bin's extremes, which no eye sees, and 10,000 points on a
        thousand pixels are 625 bins to read instead of all points.
        """
        points = row.sealed
        if step_range is not None and points:
            low, high = step_range
            points = int(
                connection.exec_driver_sql(
                    queries.POINTS_IN_RANGE, (high, high, low, low, row.id, low, high)
                ).scalar_one()
            )
        level = 0
        while 2 * (points // WIDTH ** (level + 1)) >= pixels:
            level += 1
        return level

    def _sealed_bins(
        self,
        connection: Connection,
        rows: Sequence[SeriesRow],
        level: int,
        step_range: tuple[int, int] | None,
    ) -> dict[int, list[Bins]]:
        """The chunks' bins at the level, in order; the newest, not yet in it, from finer ones."""
        found: dict[int, list[tuple[int, Bins]]] = {}
        # (stored level, first index) of each series from which on the level below is read.
        for stored in range(max(level, 1), 0, -1):
            for row in rows:
                # Chunks of level 0 up to here are covered by the coarser levels.
                covered = 0 if stored == max(level, 1) else _complete(row.chunks, stored + 1)
                self._read_bins(connection, row, stored, covered, level == 0, step_range, found)
        return {
            key: [b for _, b in sorted(parts, key=lambda p: p[0])] for key, parts in found.items()
        }

    def _read_bins(
        self,
        connection: Connection,
        row: SeriesRow,
        level: int,
        covered: int,
        exact: bool,
        step_range: tuple[int, int] | None,
        found: dict[int, list[tuple[int, Bins]]],
    ) -> None:
        stored, per_row = (0, 1) if level == 1 else (level, WIDTH ** (level - 1))
        query = queries.chunks(exact, step_range is not None)
        values: tuple[int, ...] = (row.id, stored, covered // per_row)
        if step_range is not None:
            values += step_range
        for seq, n, data in connection.exec_driver_sql(query, values).cursor.fetchall():
            if exact:
                step, wall_us, value = self._decoded(data, n)
                bins = points_as_bins(step, wall_us, value, seq)
            else:
                try:
                    bins = decode_bins(data, n, seq)
                except ValueError as error:
                    raise DamagedStoreError(f"event store '{self.path}': {error}") from error
            found.setdefault(row.id, []).append((seq, bins))

    # -- the other kinds ----------------------------------------------------------------------

    def events(
        self, run: str, tag: str, kind: str, start: int = 0, every: int = 1
    ) -> list[tuple[int, float, bytes]] | None:
        """(step, wall_time, data) from ``start`` on, every so many and the newest.

        None if there is no such series.
        """
        with self.connection() as connection:
            row = self.find(connection, kind, tag, [run]).get(run)
            if row is None:
                return None
            found = connection.exec_driver_sql(
                queries.EVENTS_FROM, (row.id, start, start, every, row.n - 1)
            ).all()
        return [(r.step, r.wall_us / 1e6, r.data) for r in found]

    def blob(self, sha256: str) -> tuple[bytes, str] | None:
        """Content and media type of the blob; None if it is not here."""
        with self.connection() as connection:
            row = connection.exec_driver_sql(queries.BLOB, (sha256,)).one_or_none()
        return None if row is None else (row.data, row.media_type)


def _complete(chunks: int, level: int) -> int:
    """How many level-0 chunks the stored bins of the level cover."""
    per_row: int = WIDTH ** (level - 1)
    return chunks // per_row * per_row


def _within(bins: Bins, step_range: tuple[int, int] | None) -> Bins:
    if step_range is None or not len(bins):
        return bins
    keep: np.ndarray[Any, np.dtype[np.bool_]] = (bins.step_max >= step_range[0]) & (
        bins.step_min <= step_range[1]
    )
    return bins[keep]


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
    )


def status_now(recorded: Status, process_key: str, heartbeat: float) -> Status:
    """The status; a run whose process is dead, or silent and out of sight, is crashed."""
    if recorded != "running":
        return recorded
    alive = is_alive(process_key)
    if alive is None:
        alive = time.time() - heartbeat <= HEARTBEAT_MISSED_S
    return "running" if alive else "crashed"


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
    )


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
