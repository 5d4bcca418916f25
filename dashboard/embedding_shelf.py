"""Embeddings read from the store and kept: one is asked for by many requests in a row."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from summaries.records import EmbeddingRecord

if TYPE_CHECKING:
    from summaries.reader import Reader

KEPT_BYTES = 256 << 20
"""Matrices held; the one asked for last is held however large it is."""


class EmbeddingShelf:
    """The embeddings of a reader, each with a name that changes if what is stored does."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._kept: OrderedDict[str, EmbeddingRecord] = OrderedDict()
        self._lock = threading.Lock()

    def name(self, run: str, tag: str, number: int) -> str:
        """What the value of that sequence number is known by: it is another after a rewind.

        Raises:
            NotFoundError: there is no such run or tag.
            ValueError: the series has no such number.
        """
        found = self._reader.steps(run, tag, "embedding", number)
        if not len(found):
            raise ValueError(f"embedding '{tag}': run '{run}' has no number {number} now")
        return f"{run}\n{tag}\n{number}\n{found.step[0]}\n{found.wall_time[0]!r}"

    def get(self, run: str, tag: str, number: int) -> EmbeddingRecord:
        """The embedding of that sequence number.

        Raises:
            NotFoundError, ValueError: as `name`.
        """
        name = self.name(run, tag, number)
        with self._lock:
            record = self._kept.get(name)
            if record is not None:
                self._kept.move_to_end(name)
                return record
        record = self._reader.records(run, tag, "embedding", number, number + 1)[0]
        with self._lock:
            self._kept[name] = record
            self._kept.move_to_end(name)
            while (
                len(self._kept) > 1
                and sum(one.mat.nbytes for one in self._kept.values()) > KEPT_BYTES
            ):
                self._kept.popitem(last=False)
        return record  # type: ignore[no-any-return]
