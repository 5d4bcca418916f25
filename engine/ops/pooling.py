"""Pooling: the largest element or the mean under a window moved over images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.dtypes import DType, as_dtype, int64
from engine.graph import Tensor
from engine.kernels import pool
from engine.kernels.pool import Pooling
from engine.kernels.windows import axis, out_size, padded, shifted
from engine.op import Array, Spec, declared
from engine.ops.constants import convert_to_tensor, make
from engine.ops.elementwise import zeros_like
from engine.ops.sizes import shape
from engine.ops.windowed import Four, OfImages, named, window_attributes
from engine.shapes import with_rank


class MaxPoolWithPlaces(NamedTuple):
    """What `max_pool_with_argmax` gives."""

    output: Tensor
    argmax: Tensor


@declared
class PoolingOp(OfImages):
    """What all poolings share: window and strides in the order of the data format."""

    ksize: Four
    strides: Four
    padding: str
    data_format: str = "NHWC"

    def pooling(self, images: Sequence[int]) -> Pooling:
        """Sizes for images with the channels last."""
        (row, column), (down, right) = self.spatial(self.ksize), self.spatial(self.strides)
        return Pooling(
            images[0],
            axis(images[1], row, down, self.padding),
            axis(images[2], column, right, self.padding),
            images[3],
        )

    def pooled(self, x: Spec) -> Spec:
        """What pooling gives for images of these sizes."""
        if not x.dtype.is_floating:
            raise TypeError(
                f"Value passed to parameter 'input' has DataType {x.dtype.name} not in list of "
                "allowed values: float16, float32, float64"
            )
        dims = with_rank(x.dims, 4)
        rows, columns = (
            out_size(size, window, stride, self.padding)
            for size, window, stride in zip(
                self.spatial(dims),
                self.spatial(self.ksize),
                self.spatial(self.strides),
                strict=True,
            )
        )
        if self.channels_first:
            return Spec(x.dtype, (dims[0], dims[1], rows, columns))
        return Spec(x.dtype, (dims[0], rows, columns, dims[3]))

    def like(self, kind: type[PoolingOp]) -> PoolingOp:
        return kind(self.ksize, self.strides, self.padding, self.data_format)

    def _targets(self, b: Any, out: Any, dims: tuple[int, ...]) -> Any:
        """Where a kernel writes its result, channels last."""
        return b.scratch(dims, out.dtype, "last") if self.channels_first else out

    def _finish(self, b: Any, out: Any, target: Any) -> None:
        if target is not out:
            b.copy(out, b.view(target, self.back))

    def _stack(self, x: Array, fill: float) -> tuple[Pooling, Array, Array]:
        """The elements at each place of the window, [place, n, rows, columns, channels]."""
        images = self.last(x)
        p = self.pooling(images.shape)
        whole = padded(images, p.rows, p.columns, fill)
        parts = [
            shifted(whole, p.rows, p.columns, row, column)
            for row, column in np.ndindex(p.rows.window, p.columns.window)
        ]
        return p, whole, np.stack(parts)

    def _spread(self, p: Pooling, shares: Array, dtype: Any) -> Array:
        """Images whose elements sum what each place of the window gives them."""
        whole = np.zeros((p.images, p.rows.padded, p.columns.padded, p.channels), dtype)
        places = np.ndindex(p.rows.window, p.columns.window)
        for share, (row, column) in zip(shares, places, strict=True):
            place = shifted(whole, p.rows, p.columns, row, column)
            place += share
        inner = whole[:, p.rows.before :, p.columns.before :]
        inner = inner[:, : p.rows.size, : p.columns.size]
        return np.array(self.back(inner), order="C")


class MaxPool(PoolingOp):
    """The largest element under each position of the window; padding does not count."""

    def infer(self, x: Spec) -> Spec:
        return self.pooled(x)

    def numpy(self, x: Array) -> Array:
        _, _, stack = self._stack(x, -np.inf)
        return np.array(self.back(stack.max(axis=0)), order="C")

    def lower(self, b: Any, out: Any, x: Any) -> None:
        images = b.view(x, self.last)
        p = self.pooling(images.dims)
        target = self._targets(b, out, (p.images, p.rows.out, p.columns.out, p.channels))
        b.call(named("max_pool", pool.largest(p)), images, target, writes=target)
        self._finish(b, out, target)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (lambda: make(self.like(MaxPoolGrad), (x, y, dy), None),)


@declared
class MaxPoolWithArgmax(PoolingOp):
    """The largest elements, and where they lie in their image, flattened: first of equals."""

    place_dtype: DType = int64
    include_batch: bool = False

    def infer(self, x: Spec) -> tuple[Spec, Spec]:
        best = self.pooled(x)
        return best, Spec(self.place_dtype, best.dims)

    def numpy(self, x: Array) -> tuple[Array, Array]:
        p, _, stack = self._stack(x, -np.inf)
        best = stack.argmax(axis=0)
        rows, columns = np.divmod(best, p.columns.window)
        rows += (np.arange(p.rows.out) * p.rows.stride - p.rows.before)[:, None, None]
        columns += (np.arange(p.columns.out) * p.columns.stride - p.columns.before)[:, None]
        places = (rows * x.shape[2] + columns) * x.shape[3] + np.arange(x.shape[3])
        if self.include_batch:
            places += (np.arange(x.shape[0]) * x[:1].size)[:, None, None, None]
        return stack.max(axis=0), places.astype(self.place_dtype.np)

    def grad(
        self, ys: tuple[Tensor, ...], dys: tuple[Tensor | None, ...], x: Tensor
    ) -> tuple[Any, ...]:
        if dys[0] is None:
            return (None,)
        return (lambda: make(self.like(MaxPoolGrad), (x, ys[0], dys[0]), None),)


class MaxPoolGrad(PoolingOp):
    """dy where the first largest element of each window is; inputs: x, pooled x, dy."""

    def infer(self, x: Spec, y: Spec, dy: Spec) -> Spec:
        return Spec(x.dtype, with_rank(x.dims, 4))

    def numpy(self, x: Array, y: Array, dy: Array) -> Array:
        p, _, stack = self._stack(x, -np.inf)
        equal, left = stack == self.last(y), self.last(dy)
        shares = []
        for match in equal:
            # What the first match has taken is not left for the next.
            shares.append(left * match)
            left = left - shares[-1]
        return self._spread(p, np.stack(shares), x.dtype)

    def lower(self, b: Any, out: Any, x: Any, y: Any, dy: Any) -> None:
        images, best, given = (b.view(value, self.last) for value in (x, y, dy))
        p = self.pooling(images.dims)
        target = self._targets(b, out, images.dims)
        size = 3 * p.block_elements()
        scratch = [b.scratch((size,), x.dtype, "lane") for _ in p.blocks()]
        run = named("max_pool_gradient", pool.largest_gradient(p))
        b.call(run, images, best, given, target, *scratch, writes=target)
        self._finish(b, out, target)

    def grad(self, z: Tensor, dz: Tensor, x: Tensor, y: Tensor, dy: Tensor) -> tuple[Any, ...]:
        return (
            lambda: zeros_like(x),
            lambda: zeros_like(y),
            lambda: make(self.like(MaxPoolGradGrad), (x, y, dz), None),
        )


class MaxPoolGradGrad(PoolingOp):
    """The elements of dz where the first largest element of each window is."""

    def infer(self, x: Spec, y: Spec, dz: Spec) -> Spec:
        return Spec(y.dtype, with_rank(y.dims, 4))

    def numpy(self, x: Array, y: Array, dz: Array) -> Array:
        _, _, values = self._stack(x, -np.inf)
        _, _, stack = self._stack(dz, 0)
        equal = values == self.last(y)
        first = equal & (np.cumsum(equal, axis=0) == 1)
        return np.array(self.back(np.where(first, stack, 0).sum(axis=0)), dz.dtype, order="C")

    def grad(self, z: Tensor, dw: Tensor, x: Tensor, y: Tensor, dz: Tensor) -> tuple[Any, ...]:
        return (
            lambda: zeros_like(x),
            lambda: zeros_like(y),
            lambda: make(self.like(MaxPoolGrad), (x, y, dw), None),
        )


class AvgPool(PoolingOp):
    """The mean under each position of the window; padding does not count."""

    def infer(self, x: Spec) -> Spec:
        return self.pooled(x)

    def numpy(self, x: Array) -> Array:
        p, _, stack = self._stack(x, 0)
        counts = p.counts(x.dtype)
        return np.array(self.back(stack.sum(axis=0) / counts), x.dtype, order="C")

    def lower(self, b: Any, out: Any, x: Any) -> None:
        images = b.view(x, self.last)
        p = self.pooling(images.dims)
        target = self._targets(b, out, (p.images, p.rows.out, p.columns.out, p.channels))
        counts = b.constant(p.counts(x.dtype), "counts")
        b.call(named("avg_pool", pool.mean(p)), images, counts, target, writes=target)
        self._finish(b, out, target)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (lambda: make(self.like(AvgPoolGrad), (shape(x), dy), None),)


class AvgPoolGrad(PoolingOp):
    """What each element gets of dy, spread evenly over its window; inputs: shape of x, dy."""

    fixed_inputs = (0,)

    def infer(self, sizes: Spec, dy: Spec) -> Spec:
        dims = sizes.sizes
        return Spec(dy.dtype, (None,) * 4 if dims is None else with_rank(dims, 4))

    def _pooling(self, sizes: Any) -> Pooling:
        n, a, b, c = (int(size) for size in np.ravel(sizes))
        return self.pooling((n, b, c, a) if self.channels_first else (n, a, b, c))

    def numpy(self, sizes: Array, dy: Array) -> Array:
        p = self._pooling(sizes)
        share = self.last(dy) / p.counts(dy.dtype)
        count = p.rows.window * p.columns.window
        return self._spread(p, np.broadcast_to(share, (count, *share.shape)), dy.dtype)

    def lower(self, b: Any, out: Any, sizes: Any, dy: Any) -> None:
        given = b.view(dy, self.last)
        p = self._pooling(b.value(sizes))
        target = self._targets(b, out, (p.images, p.rows.size, p.columns.size, p.channels))
        counts = b.constant(p.counts(dy.dtype), "counts")
        scratch = [b.scratch((p.block_elements(),), dy.dtype, "lane") for _ in p.blocks()]
        run = named("avg_pool_gradient", pool.mean_gradient(p))
        b.call(run, given, counts, target, *scratch, writes=target)
        self._finish(b, out, target)

    def grad(self, z: Tensor, dz: Tensor, sizes: Tensor, dy: Tensor) -> tuple[Any, ...]:
        return None, lambda: make(self.like(AvgPool), (dz,), None)


def _attributes(ksize: Any, strides: Any, padding: Any, data_format: Any) -> tuple[Any, ...]:
    window, checked, layout, _ = window_attributes(ksize, padding, data_format)
    return window, window_attributes(strides, padding, data_format)[0], checked, layout


def max_pool(
    value: Any = None,
    ksize: Any = None,
    strides: Any = None,
    padding: str = "VALID",
    data_format: str = "NHWC",
    name: str | None = None,
    input: Any = None,
) -> Tensor:
    """The largest element under a window of `ksize` moved by `strides` over images.

    value: float [n, rows, columns, channels]; ksize, strides: four numbers, as ``[1, 2, 2, 1]``.
    The gradient goes to the first of equal elements.

    Raises:
        ValueError: the window is larger than the image, or reaches over images or channels.

    Source: ``tf.nn.max_pool``.
    """
    images = convert_to_tensor(value if input is None else input, name="input")
    return make(MaxPool(*_attributes(ksize, strides, padding, data_format)), (images,), name)


def max_pool_with_argmax(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str = "VALID",
    data_format: str = "NHWC",
    Targmax: Any = None,  # noqa: N803 - TensorFlow's name
    name: str | None = None,
    output_dtype: Any = None,
    include_batch_in_index: bool = False,
) -> MaxPoolWithPlaces:
    """`max_pool`, and the places ``(row * columns + column) * channels + channel`` of the largest.

    input: float [n, rows, columns, channels]. The places are int64 or `Targmax`, counted within
    each image or, with `include_batch_in_index`, from the first one on.

    Raises:
        ValueError: the data format is another one, or a window does not fit.

    Source: ``tf.nn.max_pool_with_argmax``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.reshape([1.0, 5.0, 3.0, 2.0], [1, 2, 2, 1])
    ...     y, at = tf.nn.max_pool_with_argmax(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    ...     print(*[value.ravel() for value in sess.run([y, at])])
    [5.] [1]
    """
    if data_format != "NHWC":
        raise ValueError(f"Data format must be NHWC, got {data_format!r}")
    images = convert_to_tensor(input, name="input")
    dtype = as_dtype(Targmax or output_dtype or int64)
    window, steps, way, layout = _attributes(ksize, strides, padding, data_format)
    kind = MaxPoolWithArgmax(window, steps, way, layout, dtype, include_batch_in_index)
    outputs = images.graph.create_op(kind, (images,), name or "MaxPoolWithArgmax").outputs
    return MaxPoolWithPlaces(*outputs)


def avg_pool(
    value: Any = None,
    ksize: Any = None,
    strides: Any = None,
    padding: str = "VALID",
    data_format: str = "NHWC",
    name: str | None = None,
    input: Any = None,
) -> Tensor:
    """The mean under a window of `ksize` moved by `strides` over images; padding does not count.

    value: float [n, rows, columns, channels]; ksize, strides: four numbers, as ``[1, 2, 2, 1]``.

    Source: ``tf.nn.avg_pool``.
    """
    images = convert_to_tensor(value if input is None else input, name="value")
    return make(AvgPool(*_attributes(ksize, strides, padding, data_format)), (images,), name)


OPS = (MaxPool, MaxPoolWithArgmax, MaxPoolGrad, MaxPoolGradGrad, AvgPool, AvgPoolGrad)
