"""Histograms kept between requests: each is read once, and only as many are kept as are drawn."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from summaries.records import HistogramRecord

if TYPE_CHECKING:
    from summaries.reader import Reader

KEEP = 400
"""Most histograms kept of one series; every 2nd, 4th, ... of a longer one."""
SERIES = 256
"""Most series kept (about 0.4 MB each when full)."""


@dataclass
class _Kept:
    """Every ``stride``-th record of a series by sequence number, and the newest."""

    stride: int = 1
    seen: int = 0
    records: list[HistogramRecord] = field(default_factory=list)
    newest: HistogramRecord | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, records: list[HistogramRecord]) -> None:
        for record in records:
            if self.seen % self.stride == 0:
                self.records.append(record)
                if len(self.records) > KEEP:
                    self.records = self.records[::2]
                    self.stride *= 2
            self.seen += 1
            self.newest = record

    def drawn(self) -> list[HistogramRecord]:
        if self.newest is None or (self.records and self.records[-1] is self.newest):
            return list(self.records)
        return [*self.records, self.newest]


class HistogramCache:
    """Thinned histogram series of a reader, extended by what was logged since the last request."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._series: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def records(self, run: str, tag: str) -> tuple[list[HistogramRecord], int]:
        """At most `KEEP` + 1 histograms in logging order with the newest, and how many were logged.

        Raises:
            NotFoundError: there is no such run or tag.
        """
        kept = self._kept(run, tag)
        with kept.lock:
            new = self._reader.histograms(run, tag, start=kept.seen - 1) if kept.seen else []
            if kept.seen and not (new and _same(new[0], kept.newest)):
                # Rewound, or another run of that name: what was kept is not this series.
                kept.stride, kept.seen, kept.records, kept.newest = 1, 0, [], None
            elif kept.seen:
                kept.add(new[1:])
            if kept.seen == 0:
                self._read_first(kept, run, tag)
            return kept.drawn(), kept.seen

    def _read_first(self, kept: _Kept, run: str, tag: str) -> None:
        """Only what is drawn is decoded: the first look at 10,000 histograms took 1.7 s else."""
        n = next((s.n for s in self._reader.series(run, "histogram") if s.tag == tag), 0)
        while n > KEEP * kept.stride:
            kept.stride *= 2
        every = self._reader.histograms(run, tag, every=kept.stride)
        # What was logged between the two look-ups is for the next request.
        kept.records = every[: -(-n // kept.stride)]
        kept.seen = n
        on_stride = (n - 1) % kept.stride == 0
        kept.newest = (
            kept.records[-1] if on_stride else self._reader.histograms(run, tag, start=n - 1)[0]
        )

    def _kept(self, run: str, tag: str) -> _Kept:
        with self._lock:
            kept = self._series.setdefault((run, tag), _Kept())
            self._series.move_to_end((run, tag))
            while len(self._series) > SERIES:
                self._series.popitem(last=False)
            return kept


def _same(one: HistogramRecord, other: HistogramRecord | None) -> bool:
    return other is not None and (one.step, one.wall_time, one.num) == (
        other.step,
        other.wall_time,
        other.num,
    )
