"""Depthwise convolutions: every channel by filters of its own, and what their gradients need."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.graph import Tensor
from engine.kernels.windows import padded, shifted
from engine.op import Array, Spec, declared
from engine.ops.constants import make
from engine.ops.sizes import shape
from engine.ops.windowed import Windowed, images_and_filters, wide, window_attributes
from engine.shapes import merge_size, with_rank


@declared
class DepthwiseConv2dNative(Windowed):
    """A convolution of every channel by filters of its own: [rows, columns, channels, each]."""

    def infer(self, x: Spec, filters: Spec) -> Spec:
        self.check(x, filters)
        images, kernel = with_rank(x.dims, 4), with_rank(filters.dims, 4)
        channels = merge_size(images[1 if self.channels_first else 3], kernel[2])
        out = None if channels is None or kernel[3] is None else channels * kernel[3]
        return Spec(x.dtype, self.ordered(images[0], self.out_sizes(images, kernel), out))

    def numpy(self, x: Array, filters: Array) -> Array:
        images = self.last(x)
        g = self.geometry(images.shape, filters.shape)
        whole, kernel = padded(wide(images), g.rows, g.columns), wide(filters)
        result = np.zeros((g.images, g.rows.out, g.columns.out, *kernel.shape[2:]), whole.dtype)
        for row, column in np.ndindex(g.rows.window, g.columns.window):
            part = shifted(whole, g.rows, g.columns, row, column)
            result += part[..., None] * kernel[row, column]
        flat = result.reshape(*result.shape[:3], kernel.shape[2] * kernel.shape[3])
        return np.array(self.back(flat), x.dtype, order="C")

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, filters: Tensor) -> tuple[Any, ...]:
        return (
            lambda: make(self.like(DepthwiseBackpropInput), (shape(x), filters, dy), None),
            lambda: make(self.like(DepthwiseBackpropFilter), (x, shape(filters), dy), None),
        )


@declared
class DepthwiseBackpropInput(Windowed):
    """What reaches the images of a depthwise convolution; inputs: their shape, filters, dy."""

    @property
    def type(self) -> str:
        return "DepthwiseConv2dNativeBackpropInput"

    def infer(self, sizes: Spec, filters: Spec, dy: Spec) -> Spec:
        self.check(dy, filters)
        kernel, given = with_rank(filters.dims, 4), with_rank(dy.dims, 4)
        dims = sizes.sizes
        if dims is not None:
            return Spec(dy.dtype, with_rank(dims, 4))
        return Spec(dy.dtype, self.ordered(given[0], (None, None), kernel[2]))

    def numpy(self, sizes: Array, filters: Array, dy: Array) -> Array:
        given, kernel = wide(self.last(dy)), wide(filters)
        images = [int(size) for size in np.ravel(sizes)]
        if self.channels_first:
            images = [images[0], images[2], images[3], images[1]]
        g = self.geometry(images, filters.shape)
        parts = given.reshape(*given.shape[:3], *kernel.shape[2:])
        whole = np.zeros((images[0], g.rows.padded, g.columns.padded, images[3]), given.dtype)
        for row, column in np.ndindex(g.rows.window, g.columns.window):
            place = shifted(whole, g.rows, g.columns, row, column)
            place += (parts * kernel[row, column]).sum(axis=-1)
        inner = whole[:, g.rows.before :, g.columns.before :][:, : images[1], : images[2]]
        return np.array(self.back(inner), dy.dtype, order="C")

    def grad(
        self, y: Tensor, dz: Tensor, sizes: Tensor, filters: Tensor, dy: Tensor
    ) -> tuple[Any, ...]:
        return (
            None,
            lambda: make(self.like(DepthwiseBackpropFilter), (dz, shape(filters), dy), None),
            lambda: make(self.like(DepthwiseConv2dNative), (dz, filters), None),
        )


@declared
class DepthwiseBackpropFilter(Windowed):
    """What reaches the filters of a depthwise convolution; inputs: images, their shape, dy."""

    @property
    def type(self) -> str:
        return "DepthwiseConv2dNativeBackpropFilter"

    def infer(self, x: Spec, sizes: Spec, dy: Spec) -> Spec:
        self.check(x, dy)
        with_rank(x.dims, 4)
        with_rank(dy.dims, 4)
        dims = sizes.sizes
        return Spec(x.dtype, (None,) * 4 if dims is None else with_rank(dims, 4))

    def numpy(self, x: Array, sizes: Array, dy: Array) -> Array:
        images, given = wide(self.last(x)), wide(self.last(dy))
        kernel = tuple(int(size) for size in np.ravel(sizes))
        g = self.geometry(images.shape, kernel)
        whole = padded(images, g.rows, g.columns)
        parts = given.reshape(*given.shape[:3], *kernel[2:])
        result = np.zeros(kernel, images.dtype)
        for row, column in np.ndindex(g.rows.window, g.columns.window):
            part = shifted(whole, g.rows, g.columns, row, column)
            result[row, column] = (part[..., None] * parts).sum(axis=(0, 1, 2))
        return result.astype(x.dtype)

    def grad(self, y: Tensor, dz: Tensor, x: Tensor, sizes: Tensor, dy: Tensor) -> tuple[Any, ...]:
        return (
            lambda: make(self.like(DepthwiseBackpropInput), (shape(x), dz, dy), None),
            None,
            lambda: make(self.like(DepthwiseConv2dNative), (x, dz), None),
        )


def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Any,
    padding: str,
    rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
) -> Tensor:
    """Every channel convolved by its own filters [rows, columns, channels, each].

    The result has channels * each channels: first those of channel 0.

    Source: ``tf.nn.depthwise_conv2d``.
    """
    images, kernel = images_and_filters(input, filter)
    dilations = None
    if rate is not None:
        one, two = (int(size) for size in np.ravel(rate))
        dilations = (1, 1, one, two) if data_format == "NCHW" else (1, one, two, 1)
    kind = DepthwiseConv2dNative(*window_attributes(strides, padding, data_format, dilations))
    with images.graph.name_scope(name or "depthwise") as scope:
        return make(kind, (images, kernel), scope)


depthwise_conv2d_native = depthwise_conv2d

OPS = (DepthwiseConv2dNative, DepthwiseBackpropInput, DepthwiseBackpropFilter)
