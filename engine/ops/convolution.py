"""Convolutions of images by learned filters, and what their gradients need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.graph import Tensor
from engine.kernels import convolve
from engine.kernels.convolve import Geometry
from engine.kernels.windows import axis, out_size, padded, shifted
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import convert_to_tensor, integers, make
from engine.ops.sizes import shape
from engine.shapes import ShapeError, in_brackets, merge_size, with_rank

Four = tuple[int, int, int, int]


@declared
class Windowed(Op):
    """What all convolutions share: strides and dilations in the order of the data format."""

    strides: Four
    padding: str
    data_format: str = "NHWC"
    dilations: Four = (1, 1, 1, 1)

    @property
    def channels_first(self) -> bool:
        return self.data_format == "NCHW"

    def spatial(self, values: Sequence[Any]) -> tuple[Any, Any]:
        """The two spatial parts of four values in the order of the data format."""
        return (values[2], values[3]) if self.channels_first else (values[1], values[2])

    def last(self, array: Array) -> Array:
        """Images with the channels last, a view."""
        return array.transpose(0, 2, 3, 1) if self.channels_first else array

    def back(self, array: Array) -> Array:
        """Images with the channels where the data format has them, a view."""
        return array.transpose(0, 3, 1, 2) if self.channels_first else array

    def ordered(self, n: Any, sizes: tuple[Any, ...], channels: Any) -> tuple[Any, ...]:
        """Four sizes in the order of the data format."""
        return (n, channels, *sizes) if self.channels_first else (n, *sizes, channels)

    def geometry(self, images: Sequence[int], filters: Sequence[int]) -> Geometry:
        """Sizes for images [n, rows, columns, channels] (channels last) and filters."""
        (stride_r, stride_c), (dilation_r, dilation_c) = (
            self.spatial(self.strides),
            self.spatial(self.dilations),
        )
        return Geometry(
            images[0],
            axis(images[1], filters[0], stride_r, self.padding, dilation_r),
            axis(images[2], filters[1], stride_c, self.padding, dilation_c),
            images[3],
            filters[3],
        )

    def out_sizes(self, images: Sequence[Any], filters: Sequence[Any]) -> tuple[Any, ...]:
        """Rows and columns of the result, None where not known."""
        return tuple(
            out_size(size, window, stride, self.padding, dilation)
            for size, window, stride, dilation in zip(
                self.spatial(images),
                filters[:2],
                self.spatial(self.strides),
                self.spatial(self.dilations),
                strict=True,
            )
        )

    def check(self, x: Spec, *others: Spec) -> None:
        if not x.dtype.is_floating:
            raise TypeError(
                f"Value passed to parameter 'input' has DataType {x.dtype.name} not in list of "
                "allowed values: float16, float32, float64"
            )
        for other in others:
            if other.dtype is not x.dtype:
                raise TypeError(
                    f"Input 'filter' of '{self.type}' Op has type {other.dtype.name} that does "
                    f"not match type {x.dtype.name} of argument 'input'."
                )


def _wide(array: Array) -> Array:
    """Half precision is summed in single, as hundreds of products leave its range."""
    return array.astype(np.float32) if array.dtype == np.float16 else array


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
        whole = padded(_wide(images), g.rows, g.columns)
        kernel = _wide(filters)
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
        b.call(_named("conv", convolve.forward(g)), images, kernel, target, *scratch, writes=target)
        if self.channels_first:
            b.copy(out, b.view(target, self.back))

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, filters: Tensor) -> tuple[Any, ...]:
        return (
            lambda: make(_like(Conv2DBackpropInput, self), (shape(x), filters, dy), None),
            lambda: make(_like(Conv2DBackpropFilter, self), (x, shape(filters), dy), None),
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
        given, kernel = _wide(self.last(dy)), _wide(filters)
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
        run = _named("conv_transposed", convolve.forward(flipped))
        b.call(run, given, kernel, target, *scratch, writes=target)
        if self.channels_first:
            b.copy(out, b.view(target, self.back))

    def grad(
        self, y: Tensor, dz: Tensor, sizes: Tensor, filters: Tensor, dy: Tensor
    ) -> tuple[Any, ...]:
        return (
            None,
            lambda: make(_like(Conv2DBackpropFilter, self), (dz, shape(filters), dy), None),
            lambda: make(_like(Conv2D, self), (dz, filters), None),
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
        images, given = _wide(self.last(x)), _wide(self.last(dy))
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
        run = _named("conv_filters", convolve.filter_gradient(g))
        b.call(run, images, given, out, *_scratch(b, g, x.dtype), writes=out)

    def grad(self, y: Tensor, dz: Tensor, x: Tensor, sizes: Tensor, dy: Tensor) -> tuple[Any, ...]:
        return (
            lambda: make(_like(Conv2DBackpropInput, self), (shape(x), dz, dy), None),
            None,
            lambda: make(_like(Conv2D, self), (x, dz), None),
        )


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
        whole, kernel = padded(_wide(images), g.rows, g.columns), _wide(filters)
        result = np.zeros((g.images, g.rows.out, g.columns.out, *kernel.shape[2:]), whole.dtype)
        for row, column in np.ndindex(g.rows.window, g.columns.window):
            part = shifted(whole, g.rows, g.columns, row, column)
            result += part[..., None] * kernel[row, column]
        flat = result.reshape(*result.shape[:3], kernel.shape[2] * kernel.shape[3])
        return np.array(self.back(flat), x.dtype, order="C")

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, filters: Tensor) -> tuple[Any, ...]:
        return (
            lambda: make(_like(DepthwiseBackpropInput, self), (shape(x), filters, dy), None),
            lambda: make(_like(DepthwiseBackpropFilter, self), (x, shape(filters), dy), None),
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
        given, kernel = _wide(self.last(dy)), _wide(filters)
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
            lambda: make(_like(DepthwiseBackpropFilter, self), (dz, shape(filters), dy), None),
            lambda: make(_like(DepthwiseConv2dNative, self), (dz, filters), None),
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
        images, given = _wide(self.last(x)), _wide(self.last(dy))
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
            lambda: make(_like(DepthwiseBackpropInput, self), (shape(x), dz, dy), None),
            None,
            lambda: make(_like(DepthwiseConv2dNative, self), (x, dz), None),
        )


def _like(kind: type[Windowed], other: Windowed) -> Windowed:
    return kind(other.strides, other.padding, other.data_format, other.dilations)


def _into(function: Any) -> Any:
    def run(*arrays: Array) -> None:
        np.copyto(arrays[-1], function(*arrays[:-1]))

    return _named(function.__self__.type, run)


def _named(name: str, function: Any) -> Any:
    function.__name__ = name
    return function


def window_attributes(
    strides: Any, padding: Any, data_format: Any, dilations: Any = None
) -> tuple[Four, str, str, Four]:
    """Strides, padding, data format and dilations, checked.

    Raises:
        ValueError: they are not four numbers, or ask for steps over images or channels.
    """
    layout = data_format or "NHWC"
    if layout not in ("NHWC", "NCHW"):
        raise ValueError(f"data_format must be 'NHWC' or 'NCHW', got {data_format!r}")
    if padding not in ("SAME", "VALID"):
        raise ValueError(
            f"Value for attr 'padding' of \"{padding}\" is not in the list of allowed values: "
            '"SAME", "VALID"'
        )
    fours = []
    for name, given in (("strides", strides), ("dilations", dilations or (1, 1, 1, 1))):
        four = tuple(int(size) for size in np.ravel(given))
        if len(four) != 4:
            raise ValueError(f"Sliding window {name} field must specify 4 dimensions, got {given}")
        if four[0] != 1 or four[1 if layout == "NCHW" else 3] != 1:
            raise ValueError(
                f"Current implementation does not yet support {name} in the batch and depth "
                f"dimensions, got {given}"
            )
        if min(four) < 1:
            raise ValueError(f"{name} must be positive, got {given}")
        fours.append(four)
    return fours[0], padding, layout, fours[1]


def _pair(images: Any, filters: Any) -> tuple[Tensor, Tensor]:
    first = convert_to_tensor(images, name="input")
    return first, convert_to_tensor(
        filters, None if hasattr(filters, "graph") else first.dtype.base_dtype, "filter"
    )


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
    return make(kind, _pair(input, filter if filters is None else filters), name)


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
    dy, kernel = _pair(out_backprop, filter)
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
    images, dy = _pair(input, out_backprop)
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
    dy, kernel = _pair(value, filter)
    with dy.graph.name_scope(name or "conv2d_transpose") as scope:
        sizes = integers(output_shape, "output_shape")
        kind = Conv2DBackpropInput(*window_attributes(strides, padding, data_format))
        return make(kind, (sizes, kernel, dy), scope)


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
    images, kernel = _pair(input, filter)
    dilations = None
    if rate is not None:
        one, two = (int(size) for size in np.ravel(rate))
        dilations = (1, 1, one, two) if data_format == "NCHW" else (1, one, two, 1)
    kind = DepthwiseConv2dNative(*window_attributes(strides, padding, data_format, dilations))
    with images.graph.name_scope(name or "depthwise") as scope:
        return make(kind, (images, kernel), scope)


depthwise_conv2d_native = depthwise_conv2d

OPS = (
    Conv2D,
    Conv2DBackpropInput,
    Conv2DBackpropFilter,
    DepthwiseConv2dNative,
    DepthwiseBackpropInput,
    DepthwiseBackpropFilter,
)
