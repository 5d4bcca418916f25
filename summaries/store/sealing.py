"""Sealing: the points of a series into chunks, and the pyramid of bins that grows with them."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from summaries.store import schema
from summaries.store.dialect import execute
from summaries.store.points import Points
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
"""A run that ends seals a rest of at least so many points; fewer are as well off in packets."""


def read_tail(connection: Connection, series_id: int) -> Points:
    """The points of the series that are not sealed yet."""
    query = "SELECT n, data FROM tail WHERE series_id = ? ORDER BY seq"
    return Points.of_packets(execute(connection, query, (series_id,)).cursor.fetchall())


def seal(connection: Connection, series_id: int, chunks: int, sealed: int, points: Points) -> int:
    """Store the points as chunks behind those the series has; the new number of chunks.

    The pyramid grows along: every 16th chunk of a level completes one of the next. The packets of
    the sealed points go in the same transaction, so a crash leaves either them or the chunk.

    Args:
        connection: in a transaction.
        series_id: whose points these are.
        chunks: how many level-0 chunks the series has.
        sealed: how many of its points are in them.
        points: those that follow, the whole tail among them.
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
                data=part.encoded(),
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
