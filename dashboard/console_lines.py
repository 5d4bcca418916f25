"""A run's console output by line number: of a million lines only those in sight are read."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from summaries.errors import NotFoundError
from summaries.records import ConsoleLine, ConsoleRecord, Float64, Int64

if TYPE_CHECKING:
    from summaries.reader import Reader

KIND = "console"
STREAMS = ("stdout", "stderr")
MOST_FOUND = 100_000
"""Matches whose places are told; how many there are besides is."""
_HELD_RUNS = 16
_HELD_BLOCKS = 64
_READ_AT_ONCE = 64
# Sequences that terminals understand: colours, cursor moves, titles and links.
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def plain(text: str) -> str:
    r"""The text without what is meant for a terminal.

    Example:
        >>> plain("\x1b[31mred\x1b[0m")
        'red'
    """
    return _ANSI.sub("", text) if "\x1b" in text else text


@dataclass(frozen=True)
class Chosen:
    """Which lines are looked at."""

    stream: str = ""
    """"stdout", "stderr", or "" for both."""
    rank: int | None = None
    """Of which process of the run; None: of all."""


@dataclass(frozen=True)
class NumberedLine:
    """A line, and its number among all of the run's, from 0."""

    number: int
    line: ConsoleLine


@dataclass(frozen=True)
class Window:
    """Some lines, and how many there are."""

    total: int
    """Of those that were chosen."""
    n_lines: int
    """Of all streams and ranks."""
    first: int
    lines: tuple[NumberedLine, ...]
    ranks: tuple[int, ...]


@dataclass(frozen=True)
class Found:
    """Where a text stands."""

    positions: Int64
    """int64 [n], places among the chosen lines, ascending."""
    total: int


@dataclass
class _Stream:
    """Of one stream of a run: where each of its stored blocks of lines stands."""

    name: str
    rewinds: int = 0
    step: list[int] = field(default_factory=list)
    """Number of a block's first line, in its stream and rank."""
    wall: list[float] = field(default_factory=list)
    rank: list[int] = field(default_factory=list)
    n_lines: list[int] = field(default_factory=list)

    @property
    def tag(self) -> str:
        return f"system/{self.name}"


@dataclass(frozen=True)
class _Order:
    """All blocks of a run in the order in which they are shown."""

    stream: Int64
    """int64 [blocks], which of the run's streams."""
    seq: Int64
    """int64 [blocks], the block's sequence number in it."""
    rank: Int64
    n_lines: Int64
    start: Int64
    """int64 [blocks], number of the block's first line among all."""

    def chosen(self, names: Sequence[str], chosen: Chosen) -> tuple[Int64, Int64]:
        """The chosen blocks, and the place of each one's first line among the chosen lines."""
        keep = np.ones(len(self.seq), bool)
        if chosen.stream:
            wanted = names.index(chosen.stream) if chosen.stream in names else -1
            keep &= self.stream == wanted
        if chosen.rank is not None:
            keep &= self.rank == chosen.rank
        blocks = np.flatnonzero(keep)
        lines = self.n_lines[blocks]
        return blocks, np.cumsum(lines) - lines


class ConsoleLines:
    """Reads windows of runs' output. Thread-safe.

    What was written is stored in blocks of a quarter of a second of a stream; blocks are shown by
    the time of their first line, and only those in a window are read.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._lock = threading.RLock()
        self._streams: OrderedDict[str, list[_Stream]] = OrderedDict()
        self._orders: dict[str, tuple[tuple[int, ...], _Order]] = {}
        self._blocks: OrderedDict[tuple[str, str, int, int], ConsoleRecord] = OrderedDict()

    def window(self, run: str, chosen: Chosen, first: int, n: int) -> Window:
        """The chosen lines from place ``first`` on, ``n`` at most.

        Args:
            run: the run's name.
            chosen: which lines.
            first: the place of the first one; a negative one counts from the end.
            n: so many at most.

        Raises:
            NotFoundError: there is no such run.
        """
        streams, order = self._order(run)
        blocks, starts = order.chosen([s.name for s in streams], chosen)
        total = int(order.n_lines[blocks].sum())
        first = max(0, total + first) if first < 0 else min(first, total)
        stop = min(first + n, total)
        found: list[NumberedLine] = []
        if stop > first:
            low = int(np.searchsorted(starts, first, side="right")) - 1
            high = int(np.searchsorted(starts, stop, side="left"))
            records = self._read(run, streams, order, blocks[low:high])
            for at, record in zip(range(low, high), records, strict=True):
                begin, place = int(order.start[blocks[at]]), int(starts[at])
                found += [
                    NumberedLine(begin + i, line)
                    for i, line in enumerate(_as_lines(record, int(order.n_lines[blocks[at]])))
                    if first <= place + i < stop
                ]
        ranks = tuple(int(rank) for rank in np.unique(order.rank))
        return Window(total, int(order.n_lines.sum()), first, tuple(found), ranks)

    def place_of(self, run: str, chosen: Chosen, number: int) -> int:
        """The place among the chosen lines of the line with that number, or the next after it."""
        streams, order = self._order(run)
        blocks, _ = order.chosen([s.name for s in streams], chosen)
        before = np.clip(number - order.start[blocks], 0, order.n_lines[blocks])
        return int(before.sum())

    def find(self, run: str, chosen: Chosen, text: str) -> Found:
        """Where the text stands, whatever its case, in the chosen lines; reads all of them."""
        wanted = text.lower()
        streams, order = self._order(run)
        blocks, starts = order.chosen([s.name for s in streams], chosen)
        places: list[int] = []
        total = 0
        records = self._read(run, streams, order, blocks, keep=False)
        for start, record in zip(starts.tolist(), records, strict=True):
            # Most blocks hold none: to see that of all lines at once is ten times as quick.
            whole = plain("\n".join(record.lines)).lower()
            if wanted not in whole:
                continue
            for at, line in enumerate(record.lines):
                if wanted in plain(line).lower():
                    total += 1
                    if total <= MOST_FOUND:
                        places.append(start + at)
        return Found(np.array(places, np.int64), total)

    def lines(self, run: str, chosen: Chosen) -> Iterator[ConsoleLine]:
        """All chosen lines, a block read at a time."""
        streams, order = self._order(run)
        blocks, _ = order.chosen([s.name for s in streams], chosen)
        records = self._read(run, streams, order, blocks, keep=False)
        for block, record in zip(blocks.tolist(), records, strict=True):
            yield from _as_lines(record, int(order.n_lines[block]))

    # -- blocks -------------------------------------------------------------------------------

    def _order(self, run: str) -> tuple[list[_Stream], _Order]:
        with self._lock:
            streams = self._refreshed(run)
            state = tuple(len(stream.step) for stream in streams) + tuple(
                stream.rewinds for stream in streams
            )
            held = self._orders.get(run)
            if held is not None and held[0] == state:
                return streams, held[1]
            wall: Float64 = np.array([at for s in streams for at in s.wall], np.float64)
            # Equal times: stdout first, each stream in its own order.
            by_time = np.argsort(wall, kind="stable")

            def ordered(parts: list[list[int]]) -> Int64:
                return np.array([number for part in parts for number in part], np.int64)[by_time]

            n_lines = ordered([s.n_lines for s in streams])
            order = _Order(
                ordered([[at] * len(s.step) for at, s in enumerate(streams)]),
                ordered([list(range(len(s.step))) for s in streams]),
                ordered([s.rank for s in streams]),
                n_lines,
                np.cumsum(n_lines) - n_lines,
            )
            self._orders[run] = state, order
            return streams, order

    def _refreshed(self, run: str) -> list[_Stream]:
        """The run's streams with what came since the last time."""
        known = {info.tag: info.rewinds for info in self._reader.series(run, KIND)}
        held = {stream.name: stream for stream in self._streams.pop(run, [])}
        streams = []
        for name in STREAMS:
            stream = held.get(name, _Stream(name))
            if stream.tag not in known:
                continue
            if known[stream.tag] != stream.rewinds:
                stream = _Stream(name, known[stream.tag])
            self._grow(run, stream)
            streams.append(stream)
        self._streams[run] = streams
        while len(self._streams) > _HELD_RUNS:
            oldest, _ = self._streams.popitem(last=False)
            self._orders.pop(oldest, None)
        return streams

    def _grow(self, run: str, stream: _Stream) -> None:
        n = len(stream.step)
        new = self._reader.steps(run, stream.tag, KIND, n)
        if not len(new):
            return
        stream.step += new.step.tolist()
        stream.wall += new.wall_time.tolist()
        stream.rank += new.rank.tolist()
        stream.n_lines += [0] * len(new)
        following: dict[int, int] = {}
        for at in range(len(stream.step) - 1, n - 1, -1):
            rank = stream.rank[at]
            n_lines = following.get(rank, -1) - stream.step[at]
            # The newest block of a process, and the last one before it was started again: how many
            # lines they have, no number after them tells.
            if n_lines <= 0:
                n_lines = len(self._block(run, stream, at).lines)
            stream.n_lines[at] = n_lines
            following[rank] = stream.step[at]

    def _block(self, run: str, stream: _Stream, seq: int) -> ConsoleRecord:
        records = self._reader.records(run, stream.tag, KIND, seq, seq + 1)
        if not records:
            raise NotFoundError(
                f"console of run '{run}': its output was replaced while it was read"
            )
        record: ConsoleRecord = records[0]
        return record

    def _read(
        self, run: str, streams: list[_Stream], order: _Order, blocks: Int64, keep: bool = True
    ) -> Iterator[ConsoleRecord]:
        """The blocks; neighbours of a stream are read together."""
        for begin in range(0, len(blocks), _READ_AT_ONCE):
            part = blocks[begin : begin + _READ_AT_ONCE]
            found: dict[tuple[int, int], ConsoleRecord] = {}
            for at, stream in enumerate(streams):
                wanted = order.seq[part[order.stream[part] == at]]
                missing = []
                for seq in wanted.tolist():
                    with self._lock:
                        record = self._blocks.get((run, stream.name, stream.rewinds, seq))
                    if record is None:
                        missing.append(seq)
                    else:
                        found[at, seq] = record
                found |= self._read_runs(run, stream, at, missing, keep)
            for block in part.tolist():
                yield found[int(order.stream[block]), int(order.seq[block])]

    def _read_runs(
        self, run: str, stream: _Stream, at: int, missing: list[int], keep: bool
    ) -> dict[tuple[int, int], ConsoleRecord]:
        found: dict[tuple[int, int], ConsoleRecord] = {}
        if not missing:
            return found
        # Ranks and streams alternate: of a window the sequence numbers lie close together.
        seqs = np.array(missing)
        for part in np.split(seqs, np.flatnonzero(np.diff(seqs) != 1) + 1):
            first, last = int(part[0]), int(part[-1])
            records = self._reader.records(run, stream.tag, KIND, first, last + 1)
            if len(records) != len(part):
                raise NotFoundError(
                    f"console of run '{run}': its output was replaced while it was read"
                )
            for seq, record in zip(part.tolist(), records, strict=True):
                found[at, seq] = record
                if keep:
                    self._hold((run, stream.name, stream.rewinds, seq), record)
        return found

    def _hold(self, key: tuple[str, str, int, int], record: ConsoleRecord) -> None:
        with self._lock:
            self._blocks[key] = record
            while len(self._blocks) > _HELD_BLOCKS:
                self._blocks.popitem(last=False)


def _as_lines(record: ConsoleRecord, n_lines: int) -> list[ConsoleLine]:
    """The block's lines, as many as its place has room for: numbers are not to shift."""
    rows = list(zip(record.times, record.lines, strict=True))[:n_lines]
    rows += [(record.wall_time, "")] * (n_lines - len(rows))
    return [
        ConsoleLine(record.step + at, when, record.stream, text, record.rank)
        for at, (when, text) in enumerate(rows)
    ]
