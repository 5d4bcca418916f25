"""A series as a chart wants it: few bins of min, max and mean, finer where few points are asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection

from summaries.store import queries
from summaries.store.dialect import execute
from summaries.store.exact import SeriesRow, read_tails
from summaries.store.points import Points
from summaries.store.pyramid import (
    WIDTH,
    Bins,
    by_step,
    concatenate,
    decode_bins,
    empty_bins,
    points_as_bins,
)


def read_bins(
    connection: Connection,
    found: Mapping[str, SeriesRow],
    pixels: int,
    step_range: tuple[int, int] | None,
) -> dict[str, tuple[Bins, int]]:
    """For each run's series: bins no coarser than the pixels ask, and the series' n.

    Where few points lie in the range the bins are the points themselves.

    Raises:
        ValueError: what is stored is damaged.
    """
    by_level: dict[int, list[tuple[str, SeriesRow]]] = {}
    for run, row in found.items():
        level = _level(connection, row, pixels, step_range)
        by_level.setdefault(level, []).append((run, row))
    tails = read_tails(connection, [row.id for row in found.values() if row.n > row.sealed])
    result: dict[str, tuple[Bins, int]] = {}
    for level, members in by_level.items():
        parts = _sealed_bins(connection, [row for _, row in members], level, step_range)
        for run, row in members:
            own = parts.get(row.id, [])
            if row.id in tails:
                t = tails[row.id]
                own.append(points_as_bins(t.step, t.wall_us, t.value, row.sealed))
            joined = concatenate(own) if own else empty_bins()
            if row.has_ranks and len(joined):
                joined = by_step(joined)
            result[run] = (_within(joined, step_range), row.n)
    return result


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
            execute(
                connection,
                queries.POINTS_IN_RANGE,
                (high, high, low, low, row.id, low, high),
            ).scalar_one()
        )
    level = 0
    while 2 * (points // WIDTH ** (level + 1)) >= pixels:
        level += 1
    return level


def _sealed_bins(
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
            _read_bins(connection, row, stored, covered, level == 0, step_range, found)
    return {key: [b for _, b in sorted(parts, key=lambda p: p[0])] for key, parts in found.items()}


def _read_bins(
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
    for seq, n, data in execute(connection, query, values).cursor.fetchall():
        if exact:
            p = Points.decoded(data, n)
            bins = points_as_bins(p.step, p.wall_us, p.value, seq)
        else:
            bins = decode_bins(data, n, seq)
        found.setdefault(row.id, []).append((seq, bins))


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
