"""What was logged since the last look, on its way to the store, and which errors may pass."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from summaries.event import Event
from summaries.records import Scalars

Point = tuple[str, float, int, float]
"""(tag, value, step, wall_time)"""


@dataclass(frozen=True)
class Batch:
    """What one look at the buffers found, or a part of it."""

    points: list[Point]
    events: list[Event]

    def __len__(self) -> int:
        return len(self.points) + len(self.events)

    def n_bytes(self) -> int:
        """How much its histograms, texts and images hold."""
        return sum(len(e.data) + (len(e.blob[1]) if e.blob else 0) for e in self.events)

    def halves(self) -> tuple[Batch, Batch]:
        """The first half of it and the second."""
        if self.points and self.events:
            return Batch(self.points, []), Batch([], self.events)
        p, e = len(self.points) // 2, len(self.events) // 2
        return Batch(self.points[:p], self.events[:e]), Batch(self.points[p:], self.events[e:])

    def __str__(self) -> str:
        if self.points:
            tag, _, step, _ = self.points[0]
            return f"scalar '{tag}' at step {step}"
        return f"{self.events[0].kind} '{self.events[0].tag}' at step {self.events[0].step}"

    @cached_property
    def columns(self) -> dict[str, Scalars]:
        """The points of each tag as columns, in logging order."""
        by_tag: dict[str, list[Point]] = {}
        for point in self.points:
            try:
                by_tag[point[0]].append(point)
            except KeyError:
                by_tag[point[0]] = [point]
        result: dict[str, Scalars] = {}
        for tag, rows in by_tag.items():
            n = len(rows)
            _, values, steps, walls = zip(*rows, strict=True)
            result[tag] = Scalars(
                np.fromiter(steps, dtype=np.int64, count=n),
                np.fromiter(walls, dtype=np.float64, count=n),
                np.fromiter(values, dtype=np.float64, count=n),
            )
        return result


def _cause(error: Exception) -> BaseException:
    return getattr(error, "orig", None) or error


def first_line(error: Exception) -> str:
    """The error in one line, as the driver told it."""
    cause = _cause(error)
    return f"{type(cause).__name__}: {cause}".split("\n")[0]


def may_pass(error: Exception) -> bool:
    """Whether the same write may work later: the disk is at fault, not what is written."""
    cause = _cause(error)
    if isinstance(cause, OSError):
        return True
    return not isinstance(
        cause,
        (
            sqlite3.DataError,
            sqlite3.InterfaceError,
            sqlite3.ProgrammingError,
            ValueError,
            TypeError,
            ArithmeticError,
        ),
    )
