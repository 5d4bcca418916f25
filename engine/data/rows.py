"""Datasets of arrays in memory as streams of row numbers: whole batches without a Python loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, TypeVar

import numpy as np

from engine.op import Array

T = TypeVar("T")
Block = Any
"""Row numbers: a slice, or an array of int64."""

_DRAWS = 1024
_LARGEST_BLOCK = 8192


@dataclass(frozen=True)
class Rows:
    """Arrays with one first size, and the order in which their rows come."""

    arrays: tuple[Array, ...]
    blocks: Callable[[], Iterator[Block]]
    in_order: bool = False
    """Whether the order is that of the arrays, all rows once."""

    @staticmethod
    def whole(arrays: Sequence[Array]) -> Rows:
        """All rows of these arrays in order."""
        count = len(arrays[0])
        return Rows(tuple(arrays), lambda: iter([slice(0, count)] if count else []), True)

    def reordered(self, change: Callable[[Iterator[Block]], Iterator[Block]]) -> Rows:
        """The same arrays, their row numbers passed through `change`."""
        return Rows(self.arrays, lambda: change(self.blocks()))

    def elements(self) -> Iterator[tuple[Array, ...]]:
        """Row by row."""
        for block in self.blocks():
            for number in _numbers(block).tolist():
                yield tuple([array[number, ...] for array in self.arrays])

    def batches(self, size: int, drop_remainder: bool) -> Iterator[tuple[Array, ...]]:
        """`size` rows at a time, the last ones too unless they are to be dropped."""
        for parts in _cut(self.blocks(), size):
            if sum(map(length, parts)) < size and drop_remainder:
                return
            if len(parts) == 1 and isinstance(parts[0], slice):
                # A view: what a run is given it does not change, and what it hands out is a copy.
                yield tuple([array[parts[0]] for array in self.arrays])
            else:
                rows = np.concatenate([_numbers(part) for part in parts])
                yield tuple([array.take(rows, axis=0) for array in self.arrays])


def length(block: Block) -> int:
    """How many rows a block has."""
    return block.stop - block.start if isinstance(block, slice) else len(block)


def part(block: Block, start: int, stop: int) -> Block:
    """The rows of a block from `start` up to `stop`, counted within it."""
    if isinstance(block, slice):
        return slice(block.start + start, min(block.start + stop, block.stop))
    return block[start:stop]


def _numbers(block: Block) -> Array:
    return np.arange(block.start, block.stop) if isinstance(block, slice) else block


def _cut(blocks: Iterator[Block], size: int) -> Iterator[list[Block]]:
    parts: list[Block] = []
    missing = size
    for block in blocks:
        start, total = 0, length(block)
        while start < total:
            taken = min(missing, total - start)
            parts.append(part(block, start, start + taken))
            start, missing = start + taken, missing - taken
            if not missing:
                yield parts
                parts, missing = [], size
    if parts:
        yield parts


def taken(blocks: Iterator[Block], count: int) -> Iterator[Block]:
    """The first `count` rows."""
    for block in blocks:
        if count <= 0:
            return
        yield part(block, 0, count)
        count -= length(block)


def skipped(blocks: Iterator[Block], count: int) -> Iterator[Block]:
    """All rows but the first `count`."""
    for block in blocks:
        if count >= length(block):
            count -= length(block)
            continue
        yield part(block, count, length(block))
        count = 0


def sharded(blocks: Iterator[Block], shards: int, index: int) -> Iterator[Block]:
    """Every `shards`-th row, from number `index` on."""
    offset = index
    for block in blocks:
        rows = _numbers(block)[offset::shards]
        if len(rows):
            yield rows
        offset = (offset - length(block)) % shards


class Order:
    """The random choices of one pass of a shuffle; its draws do not depend on who asks for them."""

    def __init__(self, seed: Sequence[int] | None):
        places, ends = np.random.SeedSequence(seed).spawn(2)
        self._places = np.random.Generator(np.random.Philox(places))
        self._end = np.random.Generator(np.random.Philox(ends))
        self._drawn: Iterator[float] = iter(())

    def place(self, size: int) -> int:
        """A place in a full buffer of this size."""
        for number in self._drawn:
            return int(number * size)
        self._drawn = iter(self._places.random(_DRAWS).tolist())
        return self.place(size)

    def last(self, count: int) -> Array:
        """The order of what is left in the buffer at the end."""
        return self._end.permutation(count)


def shuffled(items: Iterable[T], size: int, order: Order) -> Iterator[T]:
    """The items through a buffer of `size`: one at random goes out for each that comes in."""
    source = iter(items)
    buffer = list(islice(source, size))
    for item in source:
        place = order.place(size)
        yield buffer[place]
        buffer[place] = item
    for place in order.last(len(buffer)).tolist():
        yield buffer[place]


def shuffled_rows(blocks: Iterator[Block], size: int, order: Order) -> Iterator[Block]:
    """The same for row numbers; where all of them fit the buffer, as one permutation."""
    held: list[Array] = []
    count = 0
    for block in blocks:
        held.append(_numbers(block))
        count += len(held[-1])
        if count > size:
            break
    else:
        if count:
            yield np.concatenate(held)[order.last(count)]
        return
    numbers = chain.from_iterable(_numbers(block).tolist() for block in chain(held, blocks))
    mixed = shuffled(numbers, size, order)
    while chosen := list(islice(mixed, _LARGEST_BLOCK)):
        yield np.array(chosen, np.int64)
