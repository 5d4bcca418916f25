"""Convolutions of images by learned filters, and what their gradients need."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.graph import Tensor
from engine.kernels import convolve
from engine.kernels.convolve import Geometry
from engine.kernels.windows import padded, shifted
from engine.op import Array, Spec, declared
from engine.ops.constants import integers, make
from engine.ops.sizes import shape
from engine.ops.windowed import Windowed, images_and_filters, named, wide, window_attributes
from engine.shapes import ShapeError, in_brackets, merge_size, with_rank


def _scratch(b: Any, geometry: Geometry, dtype: Any) -> list[Any]:
    size = geometry.scratch(np.dtype(dtype).itemsize)
    return [b.scratch((size,), dtype, "lane") for _ in geometry.lanes()]


def _contiguous(b: Any, ref: Any, view: Any = None) -> Any:
    """The reference seen through `view`, in memory of its own where it is not in one piece."""
    seen = ref if view is None else b.view(ref, view)
    if seen.kind == "local":
        whole = np.ascontiguousarray
        return b.local(whole, seen, dims=seen.dims, dtype=seen.dtype, label=seen.label)
    if not seen.model().flags.c_contiguous:
        whole = b.scratch(seen.dims, seen.dtype, "whole")
        b.copy(whole, seen)
        return whole
    return seen


@declared
class Conv2D(Windowed):
    """Sums under a window moved over images [n, rows, columns, c], one for each filter."""

    def infer(self, x: Spec, filters: Spec) -> Spec:
        self.check(x, filters)
        images, kernel = with_rank(x.dims, 4), with_rank(filters.dims, 4)
        merge_size(images[1 if self.channels_first else 3], kernel[2])
        return Spec(x.dtype, self.ordered(images[0], self.out_sizes(images, kernel), kernel[3]))

    def numpy(self, x: Array, filters: Array) -> Array:
        images = self.last(x)
        g = self.geometry(images.shape, filters.shape)
        whole = padded(wide(images), g.rows, g.columns)
        kernel = wide(filters)
        result = np.zeros((g.images, g.rows.out, g.columns.out, g.filters), whole.dtype)
        for row, column in np.ndindex(g.rows.window, g.columns.window):
            result += np.matmul(shifted(whole, g.rows, g.columns, row, column), kernel[row, column])
        return np.array(self.back(result), x.dtype, order="C")

    def lower(self, b: Any, out: Any, x: Any, filters: Any) -> None:
        if not convolve.usable(x.dtype) or not out.size or not x.size:
            b.call(_into(self.numpy), x, filters, out, writes=out)
            return
        images, kernel = b.view(x, self.last), _contiguous(b, filters)
        g = self.geometry(images.dims, kernel.dims)
        target = out
        if self.channels_first:
            target = b.scratch((g.images, g.rows.out, g.columns.out, g.filters), x.dtype, "last")
        scratch = _scratch(b, g, x.dtype)
        b.call(named("conv", convolve.forward(g)), images, kernel, target, *scratch, writes=target)
        if self.channels_first:
            b.copy(out, b.view(target, self.back))

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, filters: Tensor) -> tuple[Any, ...]:
        return (
            lambda: make(self.like(Conv2DBackpropInput), (shape(x), filters, dy), None),
            lambda: make(self.like(Conv2DBackpropFilter), (x, shape(filters), dy), None),
        )


@declared
class Conv2DBackpropInput(Windowed):
    """The transposed convolution: what reaches the images; inputs: their shape, filters, dy."""

    def infer(self, sizes: Spec, filters: Spec, dy: Spec) -> Spec:
        self.check(dy, filters)
        kernel, given = with_rank(filters.dims, 4), with_rank(dy.dims, 4)
        merge_size(given[1 if self.channels_first else 3], kernel[3])
        dims = sizes.sizes
        if dims is not None:
            dims = with_rank(dims, 4)
            found = self.out_sizes(dims, kernel)
            for size, known, name in zip(
                self.spatial(given), found, ("rows", "columns"), strict=True
            ):
                if size is not None and known is not None and size != known:
                    raise ShapeError(
                        f"Size of out_backprop doesn't match computed: {name} actual = {size}, "
                        f"computed = {known}; output_shape {in_brackets(dims)}"
                    )
            merge_size(dims[1 if self.channels_first else 3], kernel[2])
            return Spec(dy.dtype, dims)
        return Spec(dy.dtype, self.ordered(given[0], (None, None), kernel[2]))

    def numpy(self, sizes: Array, filters: Array, dy: Array) -> Array:
        given, kernel = wide(self.last(dy)), wide(filters)
        n, rows, columns, channels = self._images(sizes)
        g = self.geometry((n, rows, columns, channels), filters.shape)
        whole = np.zeros((n, g.rows.padded, g.columns.padded, channels), given.dtype)
        for row, column in np.ndindex(g.rows.window, g.columns.window):
            place = shifted(whole, g.rows, g.columns, row, column)
            place += np.matmul(given, kernel[row, column].T)
        inner = whole[:, g.rows.before :, g.columns.before :][:, :rows, :columns]
        return np.array(self.back(inner), dy.dtype, order="C")

    def _images(self, sizes: Array) -> tuple[int, ...]:
        given = [int(size) for size in np.ravel(sizes)]
        if self.channels_first:
            given = [given[0], given[2], given[3], given[1]]
        return tuple(given)

    fixed_inputs = (0,)

    def lower(self, b: Any, out: Any, sizes: Any, filters: Any, dy: Any) -> None:
        images = self._images(b.value(sizes))
        g = self.geometry(images, filters.dims)
        flipped = _flipped(g)
        if flipped is None or not convolve.usable(dy.dtype) or not out.size or not dy.size:
            b.call(_into(self.numpy), sizes, filters, dy, out, writes=out)
            return
        # With stride 1 it is a convolution of dy by the filters turned around.
        given = b.view(dy, self.last)
        kernel = b.scratch(
            (g.rows.window, g.columns.window, g.filters, g.channels), dy.dtype, "turned"
        )
        b.copy(kernel, b.view(filters, _turned))
        target = b.scratch(images, dy.dtype, "last") if self.channels_first else out
        scratch = _scratch(b, flipped, dy.dtype)
        run = named("conv_transposed", convolve.forward(flipped))
        b.call(run, given, kernel, target, *scratch, writes=target)
        if self.channels_first:
            b.copy(out, b.view(target, self.back))

    def grad(
        self, y: Tensor, dz: Tensor, sizes: Tensor, filters: Tensor, dy: Tensor
    ) -> tuple[Any, ...]:
        return (
            None,
            lambda: make(self.like(Conv2DBackpropFilter), (dz, shape(filters), dy), None),
            lambda: make(self.like(Conv2D), (dz, filters), None),
        )


def _turned(filters: Array) -> Array:
    return filters[::-1, ::-1].transpose(0, 1, 3, 2)


def _flipped(g: Geometry) -> Geometry | None:
    """The convolution of the result's gradient that gives the images', None with strides."""
    if g.rows.stride != 1 or g.columns.stride != 1:
        return None
    along = []
    for one in (g.rows, g.columns):
        reach = (one.window - 1) * one.dilation
        before = reach - one.before
        after = one.size - one.out + reach - before
        if before < 0 or after < 0:
            return None
        along.append(type(one)(one.out, one.window, 1, one.dilation, before, after, one.size))
    return Geometry(g.images, along[0], along[1], g.filters, g.channels)


@declared
class Conv2DBackpropFilter(Windowed):
    """What reaches the filters; inputs: images, the filters' shape, dy."""

    fixed_inputs = (1,)

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
        result = np.zeros(kernel, images.dtype)
        for row, column in np.ndindex(g.rows.window, g.columns.window):
            part = shifted(whole, g.rows, g.columns, row, column)
            result[row, column] = np.tensordot(part, given, ((0, 1, 2), (0, 1, 2)))
        return result.astype(x.dtype)

    def lower(self, b: Any, out: Any, x: Any, sizes: Any, dy: Any) -> None:
        if not convolve.usable(x.dtype) or not x.size or not dy.size or not out.size:
            b.call(_into(self.numpy), x, sizes, dy, out, writes=out)
            return
        images, given = b.view(x, self.last), _contiguous(b, dy, self.last)
        g = self.geometry(images.dims, tuple(int(size) for size in b.value(sizes)))
        run = named("conv_filters", convolve.filter_gradient(g))
        b.call(run, images, given, out, *_scratch(b, g, x.dtype), writes=out)

    def grad(self, y: Tensor, dz: Tensor, x: Tensor, sizes: Tensor, dy: Tensor) -> tuple[Any, ...]:
        return (
            lambda: make(self.like(Conv2DBackpropInput), (shape(x), dz, dy), None),
            None,
            lambda: make(self.like(Conv2D), (x, dz), None),
        )


def _into(function: Any) -> Any:
    def run(*arrays: Array) -> None:
        np.copyto(arrays[-1], function(*arrays[:-1]))

    return named(function.__self__.type, run)


def conv2d(
    input: Any = None,
    filter: Any = None,
    strides: Any = (1, 1, 1, 1),
    padding: str = "SAME",
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """Sums under a window moved over images, [n, i, j, f]: sum(x[n, i.., j.., :] * filter[..., f]).

    input: float [n, rows, columns, channels] (``NCHW``: [n, channels, rows, columns]);
    filter: float [rows, columns, channels, f];
    strides, dilations: four numbers in the order of the data format.

    Raises:
        ValueError: ranks or channels do not fit, or the window is larger than the image.

    Source: ``tf.nn.conv2d``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     images = tf.ones([1, 3, 3, 1])
    ...     sums = tf.nn.conv2d(images, tf.ones([2, 2, 1, 1]), [1, 1, 1, 1], "VALID")
    ...     sess.run(sums)[0, :, :, 0].tolist()
    [[4.0, 4.0], [4.0, 4.0]]
    """
    del use_cudnn_on_gpu
    kind = Conv2D(*window_attributes(strides, padding, data_format, dilations))
    return make(kind, images_and_filters(input, filter if filters is None else filters), name)


def conv2d_backprop_input(
    input_sizes: Any,
    filter: Any,
    out_backprop: Any,
    strides: Any,
    padding: str,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
) -> Tensor:
    """The gradient of `conv2d` for its images, from that of its result; shape `input_sizes`."""
    del use_cudnn_on_gpu
    dy, kernel = images_and_filters(out_backprop, filter)
    kind = Conv2DBackpropInput(*window_attributes(strides, padding, data_format, dilations))
    return make(kind, (integers(input_sizes, "input_sizes"), kernel, dy), name)


def conv2d_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: str,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
) -> Tensor:
    """The gradient of `conv2d` for its filters, from that of its result; shape `filter_sizes`."""
    del use_cudnn_on_gpu
    images, dy = images_and_filters(input, out_backprop)
    kind = Conv2DBackpropFilter(*window_attributes(strides, padding, data_format, dilations))
    return make(kind, (images, integers(filter_sizes, "filter_sizes"), dy), name)


def conv2d_transpose(
    value: Any = None,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: str = "SAME",
    data_format: str = "NHWC",
    name: str | None = None,
) -> Tensor:
    """The transposed convolution ("deconvolution"): the gradient of `conv2d` for its images.

    value: float [n, rows, columns, f]; filter: float [rows, columns, channels, f]; the result has
    `output_shape`, [n, .., .., channels].

    Raises:
        ValueError: `value` is not of the size that `conv2d` makes of `output_shape`.

    Source: ``tf.nn.conv2d_transpose``; Zeiler et al., *Deconvolutional Networks*, 2010.
    """
    dy, kernel = images_and_filters(value, filter)
    with dy.graph.name_scope(name or "conv2d_transpose") as scope:
        sizes = integers(output_shape, "output_shape")
        kind = Conv2DBackpropInput(*window_attributes(strides, padding, data_format))
        return make(kind, (sizes, kernel, dy), scope)


OPS = (Conv2D, Conv2DBackpropInput, Conv2DBackpropFilter)
