"""Pooling over images [n, rows, columns, channels]: element by element over places of the window.

A place of the window (the second row, first column, say) meets, for all its positions at once, a
strided view of the image; so a window of four is four passes of one ufunc, without any copy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.kernels.lanes import LANES, OVER_LANES, cores, split
from engine.kernels.windows import Axis, Part, clipped
from engine.op import Array

_LANE_ELEMENTS = 100_000
"""Elements of images that a lane should have at least."""
_BLOCK_ELEMENTS = 32_768
"""Elements of results worked on together, so that the in-betweens stay in the cache."""


@dataclass(frozen=True)
class Pooling:
    """Sizes of one pooling."""

    images: int
    rows: Axis
    columns: Axis
    channels: int

    def places(self) -> list[tuple[Part, Part]]:
        """The slices of every place of the window, row by row."""
        return [
            clipped(self.rows, self.columns, row, column)
            for row in range(self.rows.window)
            for column in range(self.columns.window)
        ]

    @property
    def tiles(self) -> bool:
        """Whether every element of an image lies under exactly one position of the window."""
        return all(
            along.stride == along.window
            and along.dilation == 1
            and not along.before
            and along.out * along.window == along.size
            for along in (self.rows, self.columns)
        )

    def counts(self, dtype: Any) -> Array:
        """How many elements of the image lie under each position: [1, rows, columns, 1]."""
        found = np.zeros((1, self.rows.out, self.columns.out, 1), dtype)
        for results, _ in self.places():
            found[results] += 1
        return found

    def blocks(self) -> list[list[slice]]:
        """The blocks of images of each lane."""
        pixels = self.rows.size * self.columns.size * self.channels
        lanes = min(cores(), max(1, self.images * pixels // _LANE_ELEMENTS))
        results = max(1, self.rows.out * self.columns.out * self.channels)
        size = max(1, _BLOCK_ELEMENTS // results)
        return [
            [slice(begin, min(begin + size, last)) for begin in range(first, last, size)]
            for first, last in split(self.images, lanes)
        ]

    def block_elements(self) -> int:
        """Elements of results in the largest block."""
        longest = max((b.stop - b.start for lane in self.blocks() for b in lane), default=0)
        return longest * self.rows.out * self.columns.out * self.channels

    def over_lanes(self, function: Callable[..., None], *scratch: Array) -> None:
        """Call ``function(block, memory)`` for every block; each lane with its own memory."""
        lanes = self.blocks()
        memories = scratch or (None,) * len(lanes)

        def work(blocks: list[slice], memory: Any) -> Callable[[], None]:
            def run() -> None:
                for block in blocks:
                    function(block, memory)

            return run

        LANES.run([work(*lane) for lane in zip(lanes, memories, strict=True)])


def largest(pooling: Pooling) -> Callable[..., None]:
    """``run(x, out)``: the largest element under each position of the window."""
    places, least = pooling.places(), -np.inf

    def run(x: Array, out: Array) -> None:
        def block(images: slice, _: Any) -> None:
            source, target = x[images], out[images]
            if pooling.tiles and len(places) > 1:
                (_, a), (_, b) = places[:2]
                np.maximum(source[a], source[b], out=target)
                rest = places[2:]
            else:
                target.fill(least if target.dtype.kind == "f" else np.iinfo(target.dtype).min)
                rest = places
            for to, at in rest:
                np.maximum(target[to], source[at], out=target[to])

        pooling.over_lanes(block)

    setattr(run, OVER_LANES, len(pooling.blocks()) > 1)
    return run


def largest_gradient(pooling: Pooling) -> Callable[..., None]:
    """``run(x, y, dy, out, *scratch)``: dy goes to the first largest element of each window.

    scratch: one flat array of ``3 * block_elements`` a lane.
    """
    places = pooling.places()

    def run(x: Array, y: Array, dy: Array, out: Array, *scratch: Array) -> None:
        def block(images: slice, memory: Array) -> None:
            source, best, target = x[images], y[images], out[images]
            size = best.size
            left = memory[:size].reshape(best.shape)
            given = memory[size : 2 * size].reshape(best.shape)
            mask = memory[2 * size :].view(np.bool_)[:size].reshape(best.shape)
            np.copyto(left, dy[images])
            if not pooling.tiles:
                target.fill(0)
            for to, at in places:
                np.equal(source[at], best[to], mask[to])
                if pooling.tiles:
                    np.multiply(left, mask, target[at])
                    np.subtract(left, target[at], left)
                    continue
                np.multiply(left[to], mask[to], given[to])
                np.add(target[at], given[to], target[at])
                np.subtract(left[to], given[to], left[to])

        pooling.over_lanes(block, *scratch)

    setattr(run, OVER_LANES, len(pooling.blocks()) > 1)
    return run


def mean(pooling: Pooling) -> Callable[..., None]:
    """``run(x, counts, out)``: the mean of the elements of the image under each position."""
    places = pooling.places()

    def run(x: Array, counts: Array, out: Array) -> None:
        def block(images: slice, _: Any) -> None:
            source, target = x[images], out[images]
            target.fill(0)
            for to, at in places:
                np.add(target[to], source[at], target[to])
            np.divide(target, counts, target)

        pooling.over_lanes(block)

    setattr(run, OVER_LANES, len(pooling.blocks()) > 1)
    return run


def mean_gradient(pooling: Pooling) -> Callable[..., None]:
    """``run(dy, counts, out, *scratch)``: every element gets its share of dy.

    scratch: one flat array of ``block_elements`` a lane.
    """
    places = pooling.places()

    def run(dy: Array, counts: Array, out: Array, *scratch: Array) -> None:
        def block(images: slice, memory: Array) -> None:
            target = out[images]
            share = memory[: dy[images].size].reshape(dy[images].shape)
            np.divide(dy[images], counts, share)
            if not pooling.tiles:
                target.fill(0)
            for to, at in places:
                if pooling.tiles:
                    np.copyto(target[at], share)
                else:
                    np.add(target[at], share[to], target[at])

        pooling.over_lanes(block, *scratch)

    setattr(run, OVER_LANES, len(pooling.blocks()) > 1)
    return run
