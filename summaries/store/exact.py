"""Series found by run and tag, and their points as they were logged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from summaries.store import queries
from summaries.store.dialect import execute
from summaries.store.points import Points, of_ranges


@dataclass(frozen=True)
class SeriesRow:
    """The part of a series' record that reading its points needs."""

    id: int
    n: int
    sealed: int
    chunks: int
    ranks: str = ""

    @property
    def has_ranks(self) -> bool:
        """Whether several processes logged it: their steps go side by side."""
        return len(of_ranges(self.ranks)) > 1


def find(connection: Connection, kind: str, tag: str, runs: Sequence[str]) -> dict[str, SeriesRow]:
    """The series of that tag of each of the runs that has it."""
    found: dict[str, SeriesRow] = {}
    for start in range(0, len(runs), queries.MOST_IN):
        part = runs[start : start + queries.MOST_IN]
        query = queries.series_of_runs(len(part))
        rows = execute(connection, query, (kind, tag, *part)).cursor.fetchall()
        found |= {name: SeriesRow(*place) for name, *place in rows}
    return found


def read_points(connection: Connection, row: SeriesRow, start: int, stop: int) -> Points:
    """The points from sequence number ``start`` to before ``stop``, exact.

    Raises:
        ValueError: what is stored is damaged, as in the functions below.
    """
    parts: list[Points] = []
    if start < row.sealed:
        result = execute(connection, queries.CHUNKS_FROM, (row.id, start, stop))
        # The driver's cursor: SQLAlchemy's rows cost more than the decoding.
        for seq, n, data in result.cursor.fetchall():
            parts.append(Points.decoded(data, n).part(max(0, start - seq), n))
    if row.sealed < min(row.n, stop):
        parts.append(read_tails(connection, [row.id], start).get(row.id, Points.none()))
    return Points.joined(parts).part(0, max(stop - start, 0))


def read_tails(connection: Connection, ids: Sequence[int], start: int = 0) -> dict[int, Points]:
    """The points of the series that are not sealed yet, those of ``start`` and later."""
    packets: dict[int, list[tuple[int, bytes]]] = {}
    skip: dict[int, int] = {}
    for at in range(0, len(ids), queries.MOST_IN):
        part = tuple(ids[at : at + queries.MOST_IN])
        query = queries.tails(len(part))
        rows = execute(connection, query, (*part, start)).cursor.fetchall()
        for series_id, seq, n, data in rows:
            packets.setdefault(series_id, []).append((n, data))
            skip.setdefault(series_id, max(0, start - seq))
    return {
        series_id: (points := Points.of_packets(own)).part(skip[series_id], len(points))
        for series_id, own in packets.items()
    }
