"""Points of a scalar series as columns, as chunks and tail rows hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from summaries.records import Float64, Int64

TailRow = tuple[int, int, int, float | None, int | None]
"""(seq, step, wall_us, value, bits)"""


@dataclass(frozen=True)
class Points:
    """Points in logging order; wall_us is microseconds since the epoch."""

    step: Int64
    wall_us: Int64
    value: Float64

    def __len__(self) -> int:
        return len(self.step)

    def part(self, start: int, stop: int) -> Points:
        """The points from start to before stop."""
        return Points(self.step[start:stop], self.wall_us[start:stop], self.value[start:stop])

    @staticmethod
    def none() -> Points:
        """No points."""
        ints = np.empty(0, dtype=np.int64)
        return Points(ints, ints, np.empty(0, dtype=np.float64))

    @staticmethod
    def joined(parts: Sequence[Points]) -> Points:
        """The points of all parts, one after the other."""
        if not parts:
            return Points.none()
        if len(parts) == 1:
            return parts[0]
        return Points(
            np.concatenate([p.step for p in parts]),
            np.concatenate([p.wall_us for p in parts]),
            np.concatenate([p.value for p in parts]),
        )


def as_tail_values(points: Points) -> tuple[list[float], list[int | None]]:
    """The columns ``value`` and ``bits`` of the points' tail rows."""
    odd = np.isnan(points.value) | ((points.value == 0) & np.signbit(points.value))
    bits: list[int | None] = [None] * len(points)
    for at in np.flatnonzero(odd).tolist():
        bits[at] = int(points.value[at : at + 1].view(np.int64)[0])
    return points.value.tolist(), bits


def tail_points(rows: Sequence[TailRow]) -> Points:
    """The points of tail rows, bit for bit."""
    n = len(rows)
    step = np.fromiter((r[1] for r in rows), dtype=np.int64, count=n)
    wall_us = np.fromiter((r[2] for r in rows), dtype=np.int64, count=n)
    value = np.fromiter((np.nan if r[3] is None else r[3] for r in rows), dtype=np.float64, count=n)
    for at, r in enumerate(rows):
        if r[4] is not None:
            value[at : at + 1].view(np.int64)[0] = r[4]
    return Points(step, wall_us, value)
