"""Changes of what was logged: rewind, fork, rename, remove. Each is a part of one transaction."""

from __future__ import annotations

import struct
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, insert, select, update

from summaries.errors import LogdirError
from summaries.store import schema
from summaries.store.dialect import execute, insert_rows
from summaries.store.points import Points, as_ranges
from summaries.store.pyramid import WIDTH
from summaries.store.runs import bring_back, next_revision
from summaries.store.sealing import CHUNK, read_tail, seal
from summaries.store.series import COLUMNS, SeriesRecord, grown

EVENT_COLUMNS = ("series_id", "seq", "step", "wall_us", "rank", "blob", "data")
EVENT_HEADER = struct.Struct("<qqq")
"""Step, wall_us and rank before the data of a replaced event."""


def rewind(connection: Connection, run_id: int, step: int, rank: int | None = None) -> int:
    """Move what the run logged at ``step`` and later to `replaced`; how many values that were."""
    revision = next_revision(connection)
    now = time.time()
    moved = 0
    # What the machine did has steps of its own.
    query = f"SELECT {', '.join(COLUMNS)} FROM series WHERE run_id = ? AND n > 0"
    query += " AND tag NOT LIKE 'system/%'"
    for row in execute(connection, query, (run_id,)).all():
        series = SeriesRecord(**row._mapping)
        act = _rewind_points if series.kind == "scalar" else _rewind_events
        moved += act(connection, series, step, rank, revision, now)
    connection.execute(
        update(schema.run)
        .where(schema.run.c.id == run_id)
        .values(revision=revision, record_revision=revision)
    )
    return moved


def _keep(
    connection: Connection,
    series: SeriesRecord,
    now: float,
    step: int,
    n: int,
    data: bytes,
    blob: str | None = None,
) -> None:
    connection.execute(
        insert(schema.replaced).values(
            run_id=series.run_id,
            tag=series.tag,
            kind=series.kind,
            rewound=now,
            step=step,
            n=n,
            blob=blob,
            data=data,
        )
    )


def _rewind_points(
    connection: Connection,
    series: SeriesRecord,
    step: int,
    rank: int | None,
    revision: int,
    now: float,
) -> int:
    table = schema.chunk.c
    own = (table.series_id == series.id, table.level == 0)
    # Chunks before the first that has such a step stay as they are.
    first = connection.execute(
        select(table.idx, table.seq).where(*own, table.step_max >= step).order_by(table.idx)
    ).first()
    idx, seq = (series.chunks, series.sealed) if first is None else (first.idx, first.seq)
    query = "SELECT n, data FROM chunk WHERE series_id = ? AND level = 0 AND idx >= ? ORDER BY idx"
    sealed = execute(connection, query, (series.id, idx)).cursor.fetchall()
    rest = Points.joined(
        [*(Points.decoded(data, n) for n, data in sealed), read_tail(connection, series.id)]
    )
    gone: NDArray[np.bool_] = rest.step >= step
    if rank is not None:
        gone &= rest.ranks() == rank
    if not gone.any():
        return 0
    replaced = rest[gone]
    for start in range(0, len(replaced), CHUNK):
        part = replaced.part(start, min(start + CHUNK, len(replaced)))
        _keep(connection, series, now, step, len(part), part.encoded())
    _cut(connection, series.id, idx)
    kept = rest[~gone]
    shorter = _record_of_chunks(connection, series, idx, seq)
    after = grown(shorter, kept, revision) if len(kept) else replace(shorter, revision=revision)
    full = len(kept) - len(kept) % CHUNK
    chunks = seal(connection, series.id, idx, seq, kept.part(0, full))
    tail = kept.part(full, len(kept))
    if len(tail):
        packet = (series.id, seq + full, len(tail), tail.packet())
        insert_rows(connection, "tail", ("series_id", "seq", "n", "data"), [packet])
    after = replace(after, sealed=seq + full, chunks=chunks, rewinds=series.rewinds + 1)
    write_series(connection, after)
    return len(replaced)


def _cut(connection: Connection, series_id: int, idx: int) -> None:
    """Remove the level-0 chunks from an index on, the bins over them, and the tail."""
    table = schema.chunk.c
    levels = connection.scalars(select(table.level).where(table.series_id == series_id).distinct())
    for level in list(levels):
        per_row = 1 if level == 0 else WIDTH ** (level - 1)
        connection.execute(
            delete(schema.chunk).where(
                table.series_id == series_id, table.level == level, table.idx >= idx // per_row
            )
        )
    connection.execute(delete(schema.tail).where(schema.tail.c.series_id == series_id))


def _record_of_chunks(
    connection: Connection, series: SeriesRecord, chunks: int, sealed: int
) -> SeriesRecord:
    """The record as it was when the series had only these chunks."""
    record = SeriesRecord(
        series.id, series.run_id, series.tag, series.kind, series.first_step, sealed=sealed,
        chunks=chunks,
    )  # fmt: skip
    query = "SELECT n, data FROM chunk WHERE series_id = ? AND level = 0 ORDER BY idx"
    rows = execute(connection, query, (series.id,))
    for n, data in iter(rows.cursor.fetchone, None):
        record = grown(record, Points.decoded(data, n), 0)
    return record


def _rewind_events(
    connection: Connection,
    series: SeriesRecord,
    step: int,
    rank: int | None,
    revision: int,
    now: float,
) -> int:
    query = (
        "SELECT id, seq, step, wall_us, rank, blob, data FROM event WHERE series_id = ?"
        " ORDER BY seq"
    )
    rows = execute(connection, query, (series.id,)).cursor.fetchall()
    gone = [row for row in rows if row[2] >= step and (rank is None or row[4] == rank)]
    if not gone:
        return 0
    for _, _, at, wall_us, own, blob, data in gone:
        _keep(connection, series, now, step, 1, EVENT_HEADER.pack(at, wall_us, own) + data, blob)
    ids = {row[0] for row in gone}
    execute(connection, "DELETE FROM event WHERE series_id = ?", (series.id,))
    kept = [row for row in rows if row[0] not in ids]
    numbered = [(series.id, at, *row[2:]) for at, row in enumerate(kept)]
    insert_rows(connection, "event", EVENT_COLUMNS, numbered)
    after = replace(series, n=len(kept), rewinds=series.rewinds + 1, revision=revision)
    if kept:
        after = replace(
            after,
            first_step=kept[0][2],
            last_step=kept[-1][2],
            last_wall_us=kept[-1][3],
            ranks=as_ranges(row[4] for row in kept),
        )
    write_series(connection, after)
    return len(gone)


def write_series(connection: Connection, series: SeriesRecord) -> None:
    """Set the series' record."""
    values = {column: getattr(series, column) for column in COLUMNS if column != "id"}
    connection.execute(
        update(schema.series).where(schema.series.c.id == series.id).values(**values)
    )


def reseal(connection: Connection, series_id: int) -> int:
    """Store the series' points anew in full chunks, with the bins they make; the chunks saved."""
    query = f"SELECT {', '.join(COLUMNS)} FROM series WHERE id = ?"
    series = SeriesRecord(**execute(connection, query, (series_id,)).one()._mapping)
    query = "SELECT n, data FROM chunk WHERE series_id = ? AND level = 0 ORDER BY idx"
    sealed = execute(connection, query, (series_id,)).cursor.fetchall()
    points = Points.joined(
        [*(Points.decoded(data, n) for n, data in sealed), read_tail(connection, series_id)]
    )
    _cut(connection, series_id, 0)
    chunks = seal(connection, series_id, 0, 0, points)
    revision = next_revision(connection)
    write_series(connection, replace(series, sealed=len(points), chunks=chunks))
    # What the run's writers remember of it holds no more.
    connection.execute(
        update(schema.run).where(schema.run.c.id == series.run_id).values(revision=revision)
    )
    return series.chunks - chunks


# -- runs as a whole ------------------------------------------------------------------------------


def _note_removed(connection: Connection, name: str, revision: int) -> None:
    connection.execute(insert(schema.removed).values(name=name, revision=revision))


def rename(connection: Connection, run_id: int, name: str) -> None:
    """Give the run another name.

    Raises:
        LogdirError: the name is taken.
    """
    revision = next_revision(connection)
    table = schema.run.c
    if connection.execute(select(table.id).where(table.name == name)).first() is not None:
        raise LogdirError(f"run '{name}': there is one already\n  try: another name")
    before = connection.execute(select(table.name).where(table.id == run_id)).scalar_one()
    connection.execute(
        update(schema.run)
        .where(table.id == run_id)
        .values(name=name, revision=revision, record_revision=revision)
    )
    # Readers know its series under the old name.
    connection.execute(
        update(schema.series).where(schema.series.c.run_id == run_id).values(revision=revision)
    )
    _note_removed(connection, before, revision)


def trash(connection: Connection, run_ids: Sequence[int]) -> None:
    """Put runs in the trash: they keep all they have, and no list shows them."""
    revision = next_revision(connection)
    table = schema.run.c
    for run_id in run_ids:
        seen = connection.execute(
            select(table.name).where(table.id == run_id, table.deleted.is_(None))
        ).scalar_one_or_none()
        if seen is None:
            continue
        connection.execute(
            update(schema.run)
            .where(table.id == run_id)
            .values(deleted=time.time(), revision=revision, record_revision=revision)
        )
        _note_removed(connection, seen, revision)


def restore(connection: Connection, run_ids: Sequence[int]) -> None:
    """Take runs out of the trash."""
    revision = next_revision(connection)
    for run_id in run_ids:
        bring_back(connection, run_id, revision)


def remove(connection: Connection, run_ids: Sequence[int]) -> None:
    """Delete runs with all they logged, and the blobs that no other run has."""
    revision = next_revision(connection)
    for run_id in run_ids:
        name = connection.execute(
            select(schema.run.c.name).where(schema.run.c.id == run_id)
        ).scalar_one()
        own = "(SELECT id FROM series WHERE run_id = ?)"
        for table in ("tail", "chunk", "event"):
            execute(connection, f"DELETE FROM {table} WHERE series_id IN {own}", (run_id,))
        for table in ("series", "writer", "received", "replaced"):
            execute(connection, f"DELETE FROM {table} WHERE run_id = ?", (run_id,))
        execute(connection, "DELETE FROM run WHERE id = ?", (run_id,))
        _note_removed(connection, name, revision)
    drop_unused_blobs(connection)


def write_view(connection: Connection, name: str, state: str) -> None:
    """Keep the JSON text under that name, instead of what was there."""
    next_revision(connection)
    now = time.time()
    insert_rows(
        connection,
        "saved_view",
        ("name", "state", "created", "updated"),
        [(name, state, now, now)],
        "ON CONFLICT (name) DO UPDATE SET state = excluded.state, updated = excluded.updated",
    )


def drop_view(connection: Connection, name: str) -> int:
    """Forget the view; how many there were of that name."""
    next_revision(connection)
    return execute(connection, "DELETE FROM saved_view WHERE name = ?", (name,)).rowcount


def drop_unused_blobs(connection: Connection) -> None:
    """Delete the blobs that nothing refers to any more."""
    used = " UNION ".join(
        f"SELECT blob FROM {table} WHERE blob IS NOT NULL" for table in ("event", "replaced")
    )
    execute(connection, f"DELETE FROM blob WHERE sha256 NOT IN ({used})")


def note_fork(connection: Connection, run_id: int, parent_id: int, fork_step: int) -> None:
    """Record whose child the run is, and from which step on it is itself."""
    values: dict[str, Any] = {"parent_id": parent_id, "fork_step": fork_step}
    revision = next_revision(connection)
    values |= {"revision": revision, "record_revision": revision}
    connection.execute(update(schema.run).where(schema.run.c.id == run_id).values(**values))
