"""A database looked at for damage: each finding with what would mend it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import Connection, select, update

from summaries.kinds import KINDS
from summaries.store import schema
from summaries.store.dialect import execute
from summaries.store.editing import reseal, write_series
from summaries.store.points import Points
from summaries.store.pyramid import WIDTH, decode_bins
from summaries.store.runs import is_writing, next_revision
from summaries.store.series import COLUMNS, SeriesRecord, grown

Severity = Literal["damage", "untidy"]
Mend = Callable[[Connection], None]


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be in one database."""

    severity: Severity
    """"damage": values are wrong or lost. "untidy": nothing is lost."""
    what: str
    remedy: str
    """What mending does, or why nothing can."""
    mend: Mend | None = None


def check(connection: Connection) -> Iterator[Finding]:
    """What is wrong with the database, whole runs first.

    Every block is decoded and its checksum compared, every blob's digest computed.
    """
    yield from _sound_file(connection)
    yield from _orphans(connection)
    yield from _dead_runs(connection)
    query = f"SELECT {', '.join(COLUMNS)} FROM series ORDER BY id"
    for row in execute(connection, query).all():
        series = SeriesRecord(**row._mapping)
        look = _scalar_series if series.kind == "scalar" else _event_series
        yield from look(connection, series)
    yield from _blobs(connection)


def _sound_file(connection: Connection) -> Iterator[Finding]:
    if connection.dialect.name != "sqlite":
        return
    for (text,) in connection.exec_driver_sql("PRAGMA integrity_check").all():
        if text != "ok":
            yield Finding(
                "damage",
                f"SQLite: {text}",
                "restore the file from a copy; `sqlite3 FILE .recover` saves what can be read",
            )


def _orphans(connection: Connection) -> Iterator[Finding]:
    for table, of, column in (
        ("series", "run", "run_id"),
        ("writer", "run", "run_id"),
        ("replaced", "run", "run_id"),
        ("received", "run", "run_id"),
        ("chunk", "series", "series_id"),
        ("tail", "series", "series_id"),
        ("event", "series", "series_id"),
    ):
        where = f"{column} NOT IN (SELECT id FROM {of})"
        n = execute(connection, f"SELECT count(*) FROM {table} WHERE {where}").scalar_one()
        if n:
            yield Finding(
                "untidy",
                f"{n} rows of {table} belong to no {of}",
                "deletes them",
                _statement(f"DELETE FROM {table} WHERE {where}"),
            )


def _statement(text: str) -> Mend:
    def mend(connection: Connection) -> None:
        execute(connection, text)

    return mend


def _dead_runs(connection: Connection) -> Iterator[Finding]:
    table = schema.writer.c
    running = connection.execute(
        select(schema.run.c.id, schema.run.c.name, schema.run.c.process_key, schema.run.c.heartbeat)
        .where(schema.run.c.status == "running")
        .order_by(schema.run.c.id)
    ).all()
    for run in running:
        writers = connection.execute(
            select(table.process_key, table.heartbeat).where(
                table.run_id == run.id, table.status == "running"
            )
        ).all()
        signs = [(w.process_key, w.heartbeat) for w in writers] or [
            (run.process_key, run.heartbeat)
        ]
        if not any(is_writing(*sign) for sign in signs):
            yield Finding(
                "untidy",
                f"run '{run.name}': is marked as running, and its process is dead",
                "marks it as crashed",
                _marking(int(run.id)),
            )


def _marking(run_id: int) -> Mend:
    def mend(connection: Connection) -> None:
        revision = next_revision(connection)
        table = schema.writer.c
        connection.execute(
            update(schema.writer)
            .where(table.run_id == run_id, table.status == "running")
            .values(status="crashed", ended=table.heartbeat)
        )
        connection.execute(
            update(schema.run)
            .where(schema.run.c.id == run_id)
            .values(status="crashed", revision=revision, record_revision=revision)
        )

    return mend


# -- scalars --------------------------------------------------------------------------------------


def _scalar_series(connection: Connection, series: SeriesRecord) -> Iterator[Finding]:
    name = f"scalar '{series.tag}' of run {series.run_id}"
    query = (
        "SELECT idx, seq, n, n_bins, step_min, step_max, bins, data FROM chunk"
        " WHERE series_id = ? AND level = 0 ORDER BY idx"
    )
    seen = SeriesRecord(series.id, series.run_id, series.tag, series.kind, series.first_step)
    sealed = chunks = 0
    is_whole = True
    rows = execute(connection, query, (series.id,))
    for idx, seq, n, n_bins, low, high, bins, data in iter(rows.cursor.fetchone, None):
        place = f"{name}, points {seq} to {seq + n - 1}"
        try:
            points = Points.decoded(data, n)
            counts = decode_bins(bins, n_bins, seq)
        except ValueError as error:
            is_whole = False
            yield Finding("damage", f"{place}: {error}", _LOST)
        else:
            seen = grown(seen, points, 0)
            if (low, high) != (points.step.min(), points.step.max()) or counts.count.sum() != n:
                is_whole = False
                yield Finding("damage", f"{place}: its bins are of other points", _REBUILT,
                              _rebuilding(series.id))  # fmt: skip
        if (idx, seq) != (chunks, sealed):
            is_whole = False
            yield Finding("damage", f"{place}: the chunk before it is missing", _LOST)
            chunks, sealed = idx, seq
        chunks, sealed = chunks + 1, sealed + n
    yield from _pyramid(connection, series, name, chunks)
    tail = 0
    query = "SELECT seq, n, data FROM tail WHERE series_id = ? ORDER BY seq"
    for seq, n, data in execute(connection, query, (series.id,)).cursor.fetchall():
        try:
            seen = grown(seen, Points.of_packets([(n, data)]), 0)
        except ValueError as error:
            is_whole = False
            yield Finding("damage", f"{name}, points {seq} to {seq + n - 1}: {error}", _LOST)
        if seq != sealed + tail:
            is_whole = False
            yield Finding(
                "damage", f"{name}: points {sealed + tail} to {seq - 1} are missing", _LOST
            )
        tail += n
    if is_whole:
        expected = replace(
            seen, sealed=sealed, chunks=chunks, rewinds=series.rewinds, revision=series.revision
        )
        wrong = [c for c in COLUMNS if getattr(expected, c) != getattr(series, c)]
        if wrong:
            yield Finding(
                "damage",
                f"{name}: its record says another {', '.join(wrong)} than its points",
                "computes the record from the points",
                _recording(expected),
            )


_LOST = "these points are lost; restore the file from a copy if there is one"
_REBUILT = "computes the bins from the points"


def _pyramid(
    connection: Connection, series: SeriesRecord, name: str, chunks: int
) -> Iterator[Finding]:
    query = "SELECT level, idx, n, n_bins, bins FROM chunk WHERE series_id = ? AND level > 0"
    found: dict[int, set[int]] = {}
    problem = ""
    for level, idx, n, n_bins, bins in execute(connection, query, (series.id,)).cursor.fetchall():
        found.setdefault(level, set()).add(idx)
        try:
            if int(decode_bins(bins, n_bins).count.sum()) != n:
                problem = f"bins of level {level} count other points"
        except ValueError as error:
            problem = str(error)
    level, rows = 2, chunks // WIDTH
    while rows and not problem:
        if found.pop(level, set()) != set(range(rows)):
            problem = f"bins of level {level} are not those of its {chunks} chunks"
        level, rows = level + 1, rows // WIDTH
    if problem or found:
        yield Finding(
            "damage",
            f"{name}: {problem or 'it has bins of chunks that it has not'}",
            _REBUILT,
            _rebuilding(series.id),
        )


def _rebuilding(series_id: int) -> Mend:
    def mend(connection: Connection) -> None:
        reseal(connection, series_id)

    return mend


def _recording(series: SeriesRecord) -> Mend:
    def mend(connection: Connection) -> None:
        revision = next_revision(connection)
        write_series(connection, replace(series, revision=revision))
        # What the run's writers remember of it holds no more.
        connection.execute(
            update(schema.run).where(schema.run.c.id == series.run_id).values(revision=revision)
        )

    return mend


# -- the other kinds ------------------------------------------------------------------------------


def _event_series(connection: Connection, series: SeriesRecord) -> Iterator[Finding]:
    name = f"{series.kind} '{series.tag}' of run {series.run_id}"
    query = "SELECT seq, step, wall_us, data FROM event WHERE series_id = ? ORDER BY seq"
    decode = KINDS.get(series.kind)
    n = 0
    rows = execute(connection, query, (series.id,))
    for seq, step, wall_us, data in iter(rows.cursor.fetchone, None):
        if seq != n:
            yield Finding("damage", f"{name}: values {n} to {seq - 1} are missing", "they are lost")
            n = seq
        n += 1
        if decode is None:
            continue  # of a newer trainboard, or another's
        try:
            decode(step, wall_us / 1e6, data)
        except Exception as error:  # whatever a decoder makes of damaged bytes
            yield Finding(
                "damage",
                f"{name}: value {seq} at step {step}: {type(error).__name__}: {error}",
                "it is lost",
            )
    if n != series.n:
        expected = replace(series, n=n)
        yield Finding(
            "damage",
            f"{name}: its record counts {series.n} values, and there are {n}",
            "corrects the record",
            _recording(expected),
        )


def _blobs(connection: Connection) -> Iterator[Finding]:
    used = " UNION ".join(
        f"SELECT blob FROM {table} WHERE blob IS NOT NULL" for table in ("event", "replaced")
    )
    missing = f"SELECT DISTINCT blob FROM ({used}) AS u WHERE blob NOT IN (SELECT sha256 FROM blob)"
    for (name,) in execute(connection, missing).all():
        yield Finding("damage", f"blob {name[:12]}…: is referred to and is not there", "it is lost")
    unused = f"sha256 NOT IN ({used})"
    query = f"SELECT count(*) AS n, coalesce(sum(length(data)), 0) AS size FROM blob WHERE {unused}"
    row = execute(connection, query).one()
    if row.n:
        yield Finding(
            "untidy",
            f"{row.n} blobs of {int(row.size)} bytes in all belong to nothing",
            "deletes them",
            _statement(f"DELETE FROM blob WHERE {unused}"),
        )
    rows = execute(connection, f"SELECT sha256, data FROM blob WHERE sha256 IN ({used})")
    for name, data in iter(rows.cursor.fetchone, None):
        if hashlib.sha256(data).hexdigest() != name:
            yield Finding(
                "damage", f"blob {name[:12]}…: its content has another digest", "it is lost"
            )
