"""Convolution over images [n, rows, columns, channels], a few images at a time, lane by lane.

Images are spread along their columns only (`_Spread`): every row of the padded images becomes, for
each position of the window, the `window width x channels` elements under it, rows before images.
One row of the window over a block of images is then one matrix product over memory in one piece,
and the rows of the window add up inside BLAS. For a 5 x 5 window that writes a fifth of what im2col
writes, and it stays in the cache of its core until it is used. Products are few and long: lanes
that meet at Python's lock every 40 us were no faster together than one alone (measured).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from engine.kernels.blas import address_of, blas, gemm
from engine.kernels.lanes import LANES, OVER_LANES, cores, split
from engine.kernels.windows import Axis
from engine.op import Array

_NARROW = 32
"""Elements of a spread row (window width x channels) below which products would be too thin."""
_BLOCK_BYTES = 1300 << 10
"""Spread images worked on together, about a core's second cache; the fastest of 0.3 to 5 MiB."""
_LANE_WORK = 4_000_000
"""Multiplications a lane should have at least; a hand-over costs as much as a million."""


@dataclass(frozen=True)
class Geometry:
    """Sizes of one convolution."""

    images: int
    rows: Axis
    columns: Axis
    channels: int
    filters: int

    @property
    def narrow(self) -> bool:
        return self.columns.window * self.channels < _NARROW

    @property
    def positions(self) -> int:
        """Places of the window in one image."""
        return self.rows.out * self.columns.out

    @property
    def weights(self) -> int:
        """Elements under the window."""
        return self.rows.window * self.columns.window * self.channels

    def lanes(self) -> list[tuple[int, int]]:
        """The images of each lane."""
        work = self.images * self.positions * self.weights * self.filters
        return split(self.images, min(cores(), max(1, work // _LANE_WORK)))

    def block(self, itemsize: int) -> int:
        """Images worked on together."""
        return max(1, min(self.images, _BLOCK_BYTES // max(1, self.spread * itemsize)))

    def scratch(self, itemsize: int) -> int:
        """Elements of memory that one lane works in."""
        padded = self.rows.padded * self.columns.padded * self.channels
        results = self.positions * self.filters
        images = self.block(itemsize) * (padded + self.spread + results)
        return images + self.weights * self.filters

    @property
    def spread(self) -> int:
        """Elements of one spread image."""
        if self.narrow:
            return self.positions * self.weights
        phases = self.rows.stride * -(-self.rows.padded // self.rows.stride)
        return phases * self.columns.out * self.columns.window * self.channels


def usable(dtype: Any) -> bool:
    """Whether these kernels compute a dtype here; otherwise the specification does."""
    found = blas()
    return found is not None and found.product(dtype) is not None


class _Spread:
    """One lane's memory, and the copy of a block of images into it."""

    def __init__(self, geometry: Geometry, memory: Array):
        self.geometry = geometry
        rows, columns = geometry.rows, geometry.columns
        most = geometry.block(memory.itemsize)
        sizes = (
            most * rows.padded * columns.padded * geometry.channels,
            most * geometry.spread,
            most * geometry.positions * geometry.filters,
        )
        first, second, third = sizes[0], sizes[0] + sizes[1], sum(sizes)
        self.padded = memory[:first].reshape(most, rows.padded, columns.padded, geometry.channels)
        self.spread = memory[first:second]
        self.results = memory[second:third]
        """Of a block, rows before images."""
        self.rest = memory[third:]
        self.address: int = address_of(self.spread)
        self.is_padded = rows.padded > rows.size or columns.padded > columns.size
        if self.is_padded:
            self.padded.fill(0)
        self.per_phase = -(-rows.padded // rows.stride)

    def fill(self, images: Array) -> None:
        """Spread a block of images."""
        rows, columns = self.geometry.rows, self.geometry.columns
        count = len(images)
        if self.is_padded:
            padded = self.padded[:count]
            inner = padded[:, rows.before :, columns.before :]
            np.copyto(inner[:, : rows.size, : columns.size], images)
            images = padded
        far, down, right, deep = images.strides
        if self.geometry.narrow:
            shape = (rows.window, columns.window, self.geometry.channels)
            target = self.spread[: count * self.geometry.spread]
            steps = (down * rows.dilation, right * columns.dilation, deep)
            places = (count, rows.out, columns.out)
            moves = (far, down * rows.stride, right * columns.stride)
            view = as_strided(images, shape + places, steps + moves)
            np.copyto(target.reshape(shape + places), view)
            return
        row = (count, columns.out, columns.window, self.geometry.channels)
        strides = (down * rows.stride, far, right * columns.stride, right * columns.dilation, deep)
        used = count * self.geometry.spread
        phases = self.spread[:used].reshape(rows.stride, self.per_phase, *row)
        for phase, target in enumerate(phases):
            there = -(-(rows.padded - phase) // rows.stride)
            if there > 0:
                view = as_strided(images[:, phase:], (there, *row), strides)
                np.copyto(target[:there], view)

    def row(self, index: int, count: int) -> int:
        """The address of the spread elements under one row of the window, for all positions."""
        rows, columns = self.geometry.rows, self.geometry.columns
        first = index * rows.dilation
        place = (first % rows.stride) * self.per_phase + first // rows.stride
        width = columns.out * columns.window * self.geometry.channels
        return self.address + place * count * width * int(self.spread.itemsize)

    def rows_first(self, images: Array) -> Array:
        """The memory of `results` for these images [count, rows, columns, f], rows first."""
        count = len(images)
        g = self.geometry
        flat = self.results[: count * g.positions * g.filters]
        return flat.reshape(g.rows.out, count, g.columns.out, g.filters)


def forward(geometry: Geometry) -> Callable[..., None]:
    """``run(x, filters, out, *scratch)``: sums of x under the window times the filters.

    x: [n, rows, columns, channels], filters: [rows, columns, channels, f], one dtype of `usable`;
    filters and out contiguous; scratch: one flat array of ``geometry.scratch`` elements a lane.
    """
    lanes = geometry.lanes()

    def run(x: Array, filters: Array, out: Array, *scratch: Array) -> None:
        LANES.run(
            [
                _piece(_forward, geometry, part, memory, x, filters, out)
                for part, memory in zip(lanes, scratch, strict=True)
            ]
        )

    setattr(run, OVER_LANES, len(lanes) > 1)
    return run


def filter_gradient(geometry: Geometry) -> Callable[..., None]:
    """``run(x, dy, out, *scratch)``: the gradient of the filters from that of the result."""
    lanes = geometry.lanes()
    size = geometry.weights * geometry.filters

    def run(x: Array, dy: Array, out: Array, *scratch: Array) -> None:
        LANES.run(
            [
                _piece(_filter_gradient, geometry, part, memory, x, dy)
                for part, memory in zip(lanes, scratch, strict=True)
            ]
        )
        total = out.reshape(-1)
        sums = [memory[-size:] for memory in scratch]
        np.copyto(total, sums[0])
        for more in sums[1:]:
            np.add(total, more, total)

    setattr(run, OVER_LANES, len(lanes) > 1)
    return run


def _piece(function: Callable[..., None], *args: Any) -> Callable[[], None]:
    return lambda: function(*args)


def _forward(
    geometry: Geometry, part: tuple[int, int], memory: Array, x: Array, filters: Array, out: Array
) -> None:
    spread, product = _Spread(geometry, memory), _product(x.dtype)
    f, width = geometry.filters, geometry.columns.window * geometry.channels
    weights = address_of(filters)
    step = width * f * x.itemsize
    for images in _blocks(geometry, part, x.itemsize):
        count = images.stop - images.start
        spread.fill(x[images])
        places = count * geometry.positions
        if geometry.narrow:
            a, b = (spread.address, places, True), (weights, f, False)
            target = (address_of(out[images]), f)
            gemm(product, (places, f, geometry.weights), a, b, target, False)
            continue
        results = spread.rows_first(out[images])
        target = (address_of(results), f)
        for row in range(geometry.rows.window):
            a, b = (spread.row(row, count), width, False), (weights + row * step, f, False)
            gemm(product, (places, f, width), a, b, target, row > 0)
        np.copyto(out[images], results.transpose(1, 0, 2, 3))


def _filter_gradient(
    geometry: Geometry, part: tuple[int, int], memory: Array, x: Array, dy: Array
) -> None:
    spread, product = _Spread(geometry, memory), _product(x.dtype)
    f, width = geometry.filters, geometry.columns.window * geometry.channels
    total = address_of(memory[-geometry.weights * f :])
    step = width * f * x.itemsize
    for images in _blocks(geometry, part, x.itemsize):
        count, add = images.stop - images.start, images.start > part[0]
        spread.fill(x[images])
        places = count * geometry.positions
        if geometry.narrow:
            a, b = (spread.address, places, False), (address_of(dy[images]), f, False)
            gemm(product, (geometry.weights, f, places), a, b, (total, f), add)
            continue
        gradient = spread.rows_first(dy[images])
        np.copyto(gradient.transpose(1, 0, 2, 3), dy[images])
        b = (address_of(gradient), f, False)
        for row in range(geometry.rows.window):
            a = (spread.row(row, count), width, True)
            gemm(product, (width, f, places), a, b, (total + row * step, f), add)


def _blocks(geometry: Geometry, part: tuple[int, int], itemsize: int) -> list[slice]:
    first, last = part
    size = geometry.block(itemsize)
    return [slice(begin, min(begin + size, last)) for begin in range(first, last, size)]


def _product(dtype: Any) -> Any:
    found = blas()
    assert found is not None
    return found.product(dtype)
