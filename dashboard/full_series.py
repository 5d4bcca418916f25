"""Whole scalar series in memory, read once and then only extended by what is new."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from summaries.envelopes import of_all_ranks
from summaries.records import Scalars, SeriesInfo

if TYPE_CHECKING:
    from summaries.reader import Reader

# 24 bytes each: what the page computes with stays, 100 MB of it at most.
MAX_POINTS = 4_000_000

Listing = Mapping[str, Mapping[str, SeriesInfo]]
"""tag -> run -> what was last listed of the series."""


@dataclass(frozen=True)
class _Held:
    raw: Scalars
    rewinds: int


class FullSeries:
    """Every point of the series that computed curves ask for; those not asked for longest go."""

    def __init__(self, reader: Reader, max_points: int = MAX_POINTS) -> None:
        self._reader = reader
        self._max_points = max_points
        self._held: OrderedDict[tuple[str, str], _Held] = OrderedDict()
        self._total = 0
        self._lock = threading.Lock()

    def read(self, run: str, tag: str, info: SeriesInfo) -> tuple[Scalars, int]:
        """The series as one curve (ranks become their mean), and how many points were read for it.

        Raises:
            NotFoundError: it is gone since it was listed.
        """
        raw = self._raw(run, tag, info)
        return of_all_ranks(raw), len(raw)

    def _raw(self, run: str, tag: str, info: SeriesInfo) -> Scalars:
        key = (run, tag)
        with self._lock:
            held = self._held.get(key)
        if held is None or held.rewinds != info.rewinds or len(held.raw) > info.n:
            points = self._reader.scalars(run, tag)
        elif len(held.raw) < info.n:
            points = _joined(held.raw, self._reader.scalars(run, tag, start=len(held.raw)))
        else:
            points = held.raw
        with self._lock:
            before = self._held.pop(key, None)
            self._total += len(points) - (len(before.raw) if before else 0)
            self._held[key] = _Held(points, info.rewinds)
            while self._total > self._max_points and len(self._held) > 1:
                _, oldest = self._held.popitem(last=False)
                self._total -= len(oldest.raw)
        return points


def _joined(first: Scalars, more: Scalars) -> Scalars:
    if not len(more):
        return first
    rank = None
    if first.rank is not None or more.rank is not None:
        rank = np.concatenate(
            [np.zeros(len(p), np.int64) if p.rank is None else p.rank for p in (first, more)]
        )
    return Scalars(
        np.concatenate([first.step, more.step]),
        np.concatenate([first.wall_time, more.wall_time]),
        np.concatenate([first.value, more.value]),
        rank,
    )
