"""Batch normalization of images as one operation, and its gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.dtypes import float16, float32
from engine.errors import compose
from engine.gradients import gradients
from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.casting import cast
from engine.ops.constants import constant, convert_to_tensor, is_graph_value
from engine.ops.elementwise import rsqrt, square
from engine.ops.reductions import reduce_mean, reduce_sum
from engine.ops.shaping import reshape
from engine.shapes import merge_size, with_rank

_BLOCK = 32768
"""Elements worked on at a time, so that every pass after the first finds them in the cache."""


_LONG = 2048
"""Elements of a row of a block. NumPy's loops run along a row, and 32 channels are a short one."""


class Layout:
    """An array of images as blocks of rows: [rows, several pixels' channels].

    Channels first they are [images, channels, pixels].
    """

    def __init__(self, dims: tuple[int, ...], data_format: str):
        self.last = data_format == "NHWC"
        self.channels = dims[-1] if self.last else dims[1]
        pixels = int(np.prod(dims[1:-1] if self.last else dims[2:]))
        self.count = dims[0] * pixels
        most = max(1, min(self.count, _LONG // max(1, self.channels)))
        self.times = next(k for k in range(most, 0, -1) if self.count % k == 0)
        """Pixels in a row."""
        self.dims: tuple[int, ...] = (dims[0], self.channels, pixels)
        if self.last:
            self.dims = (self.count // self.times, self.times * self.channels)
        self.step = max(1, _BLOCK // max(1, int(np.prod(self.dims[1:]))))

    def flat(self, array: Array) -> Array:
        return array.reshape(self.dims)

    def side(self, vector: Array) -> Array:
        """A vector over channels as what broadcasts against a block."""
        return np.tile(vector, self.times) if self.last else vector.reshape(-1, 1)

    def blocks(self, *arrays: Array) -> Iterator[tuple[Array, ...]]:
        for start in range(0, self.dims[0], self.step):
            yield tuple([array[start : start + self.step] for array in arrays])

    def total(self, blocks: Iterator[Array], out: Array) -> None:
        """The sums by channel over all blocks."""
        sums: Any = out.dtype.type(0)
        for block in blocks:
            if self.last:
                sums = sums + np.dot(np.ones(len(block), block.dtype), block)
            else:
                sums = sums + np.dot(block, np.ones(block.shape[2], block.dtype)).sum(0)
        out[...] = np.reshape(sums, (-1, self.channels)).sum(0) if self.dims[0] else 0


def _mean(x: Array, layout: Layout, out: Array) -> None:
    layout.total((block for (block,) in layout.blocks(x)), out)
    out /= out.dtype.type(max(1, layout.count))


def _variance(x: Array, mean: Array, layout: Layout, out: Array) -> None:
    center = layout.side(mean)

    def squares() -> Iterator[Array]:
        for (block,) in layout.blocks(x):
            work = np.subtract(block, center)
            yield np.multiply(work, work, work)

    layout.total(squares(), out)
    out /= out.dtype.type(max(1, layout.count))


def _normalize(
    x: Array, mean: Array, factor: Array, offset: Array, layout: Layout, out: Array
) -> None:
    center, factor, offset = (layout.side(v) for v in (mean, factor, offset))
    for block, target in layout.blocks(x, out):
        np.subtract(block, center, target)
        np.multiply(target, factor, target)
        np.add(target, offset, target)


def _sum(dy: Array, layout: Layout, out: Array) -> None:
    layout.total((block for (block,) in layout.blocks(dy)), out)


def _scale_gradient(
    dy: Array, x: Array, mean: Array, deviation: Array, layout: Layout, out: Array
) -> None:
    center = layout.side(mean)

    def products() -> Iterator[Array]:
        for block, flowing in layout.blocks(x, dy):
            work = np.subtract(block, center)
            yield np.multiply(work, flowing, work)

    layout.total(products(), out)
    out *= deviation


def _input_gradient(
    dy: Array,
    x: Array,
    scale: Array,
    mean: Array,
    deviation: Array,
    for_scale: Array,
    for_offset: Array,
    layout: Layout,
    out: Array,
) -> None:
    """scale * r * (dy - mean(dy) - normalized x * mean(dy * normalized x))."""
    n = out.dtype.type(max(1, layout.count))
    factor = layout.side(scale * deviation)
    slope = layout.side(-(deviation * for_scale) / n)
    level = layout.side(for_offset / n)
    center = layout.side(mean)
    for block, flowing, target in layout.blocks(x, dy, out):
        np.subtract(block, center, target)
        np.multiply(target, slope, target)
        np.add(target, flowing, target)
        np.subtract(target, level, target)
        np.multiply(target, factor, target)


def _scaled(dy: Array, scale: Array, deviation: Array, layout: Layout, out: Array) -> None:
    np.multiply(dy, layout.side(scale * deviation), out)


@declared
class BatchNormOp(Op):
    """What the operation and its gradient share."""

    epsilon: float = 0.001
    data_format: str = "NHWC"
    is_training: bool = True

    def channel_dims(self, x: Spec, *vectors: Spec) -> tuple[tuple[int | None, ...], int | None]:
        dims = with_rank(x.dims, 4)
        channels = dims[3 if self.data_format == "NHWC" else 1]
        for vector in vectors:
            channels = merge_size(channels, with_rank(vector.dims, 1)[0])
            if vector.dtype is not x.dtype and x.dtype.name != "float16":
                raise TypeError(
                    f"Input 'scale' of '{self.type}' Op has type {vector.dtype.name} that does "
                    f"not match type {x.dtype.name} of argument 'x'"
                )
        known = list(dims)
        known[3 if self.data_format == "NHWC" else 1] = channels
        return tuple(known), channels

    def side(self, vector: Tensor) -> Tensor:
        """A tensor over channels that broadcasts against x."""
        return vector if self.data_format == "NHWC" else reshape(vector, [1, -1, 1, 1])

    @property
    def axes(self) -> list[int]:
        return [0, 1, 2] if self.data_format == "NHWC" else [0, 2, 3]


class FusedBatchNorm(BatchNormOp):
    """Outputs: x normalized by channel, mean and variance to keep, and what the gradient needs.

    Inputs: x, scale, offset, mean, variance; the last two are empty in training, where they are
    computed. The variance to keep is the unbiased one; the fifth output is 1 / deviation.
    """

    def infer(self, x: Spec, scale: Spec, offset: Spec, mean: Spec, variance: Spec) -> Any:
        given = () if self.is_training else (mean, variance)
        dims, channels = self.channel_dims(x, scale, offset, *given)
        vector = Spec(scale.dtype, (channels,))
        return (Spec(x.dtype, dims), *[Spec(vector.dtype, vector.dims) for _ in range(4)])

    def numpy(self, x: Array, scale: Array, offset: Array, mean: Array, variance: Array) -> Any:
        layout = Layout(x.shape, self.data_format)
        kept = scale.dtype
        x_, scale_, offset_ = (_wide(v) for v in (x, scale, offset))
        axes = tuple(self.axes)
        n = max(1, layout.count)
        if self.is_training:
            center = np.add.reduce(x_, axes) / x_.dtype.type(n)
            moved = x_ - center.reshape(_sides(x, layout))
            spread = np.add.reduce(moved * moved, axes) / x_.dtype.type(n)
            unbiased = spread * x_.dtype.type(n / max(1, n - 1))
        else:
            center, spread = _wide(mean), _wide(variance)
            moved = x_ - center.reshape(_sides(x, layout))
            unbiased = spread
        deviation = 1 / np.sqrt(spread + x_.dtype.type(self.epsilon))
        y = moved * (deviation * scale_).reshape(_sides(x, layout))
        y = y + offset_.reshape(_sides(x, layout))
        vectors = [v.astype(kept) for v in (center, unbiased, center, deviation)]
        return (y.astype(x.dtype), *vectors)

    def lower(
        self, b: Any, out: Any, x: Any, scale: Any, offset: Any, mean: Any, variance: Any
    ) -> None:
        layout = Layout(x.dims, self.data_format)
        sizes = (layout.channels,)
        x_, scale_, offset_ = (_widened(b, v) for v in (x, scale, offset))
        dtype = x_.dtype
        flat = b.view(x_, layout.flat)
        if self.is_training:
            mean_ = b.scratch(sizes, dtype, "mean")
            variance_ = b.scratch(sizes, dtype, "variance")
            b.call(_mean, flat, layout, mean_, writes=mean_)
            b.call(_variance, flat, mean_, layout, variance_, writes=variance_)
        else:
            mean_, variance_ = _widened(b, mean), _widened(b, variance)
        deviation = b.scratch(sizes, dtype, "deviation")
        b.ufunc(np.add, variance_, b.constant(np.asarray(self.epsilon, dtype)), deviation)
        b.ufunc(np.sqrt, deviation, deviation)
        b.ufunc(np.reciprocal, deviation, deviation)
        if out[0] is not None:
            factor = b.scratch(sizes, dtype, "factor")
            b.ufunc(np.multiply, deviation, scale_, factor)
            y = out[0] if out[0].dtype == dtype else b.scratch(x.dims, dtype, "y")
            target = b.view(y, layout.flat)
            b.call(_normalize, flat, mean_, factor, offset_, layout, target, writes=target)
            _narrowed(b, out[0], y)
        if out[2] is not None and self.is_training:
            correction = layout.count / max(1, layout.count - 1)
            b.ufunc(np.multiply, variance_, b.constant(np.asarray(correction, dtype)), variance_)
        for target, value in zip(out[1:], (mean_, variance_, mean_, deviation), strict=True):
            if target is not None:
                b.call(np.copyto, target, value, "unsafe", writes=target)

    def xla(self, jnp: Any, x: Any, scale: Any, offset: Any, mean: Any, variance: Any) -> Any:
        side = (-1,) if self.data_format == "NHWC" else (1, -1, 1, 1)
        axes, unbiased = tuple(self.axes), variance
        if self.is_training:
            mean, variance = x.mean(axis=axes), x.var(axis=axes)
            n = x.size // max(1, mean.size)
            unbiased = variance * (n / max(1, n - 1))
        deviation = 1 / jnp.sqrt(variance + self.epsilon)
        y = (x - mean.reshape(side)) * (deviation * scale).reshape(side) + offset.reshape(side)
        return y, mean, unbiased, mean, deviation

    def grad(
        self, ys: tuple[Tensor, ...], dys: tuple[Tensor | None, ...], *inputs: Tensor
    ) -> tuple[Any, ...]:
        # As in TensorFlow, nothing flows through the statistics that are kept.
        if dys[0] is None:
            return (None,) * 5
        x, scale = inputs[:2]
        kind = FusedBatchNormGrad(self.epsilon, self.data_format, self.is_training)
        made = x.graph.create_op(kind, (dys[0], x, scale, ys[3], ys[4])).outputs
        return (*made, None, None)


class FusedBatchNormGrad(BatchNormOp):
    """Outputs: gradients for x, scale, offset; inputs: dy, x, scale, mean, 1 / deviation."""

    every_gradient = True

    def infer(self, dy: Spec, x: Spec, scale: Spec, mean: Spec, deviation: Spec) -> Any:
        dims, channels = self.channel_dims(x, scale, mean, deviation)
        return (
            Spec(x.dtype, dims),
            Spec(scale.dtype, (channels,)),
            Spec(scale.dtype, (channels,)),
        )

    def numpy(self, dy: Array, x: Array, scale: Array, mean: Array, deviation: Array) -> Any:
        layout = Layout(x.shape, self.data_format)
        sides, axes = _sides(x, layout), tuple(self.axes)
        dy_, x_, scale_, mean_, deviation_ = (_wide(v) for v in (dy, x, scale, mean, deviation))
        n = x_.dtype.type(max(1, layout.count))
        normalized = (x_ - mean_.reshape(sides)) * deviation_.reshape(sides)
        for_offset = np.add.reduce(dy_, axes)
        for_scale = np.add.reduce(dy_ * normalized, axes)
        dx = dy_
        if self.is_training:
            dx = dy_ - (for_offset / n).reshape(sides)
            dx = dx - normalized * (for_scale / n).reshape(sides)
        dx = dx * (scale_ * deviation_).reshape(sides)
        return dx.astype(x.dtype), for_scale.astype(scale.dtype), for_offset.astype(scale.dtype)

    def lower(
        self, b: Any, out: Any, dy: Any, x: Any, scale: Any, mean: Any, deviation: Any
    ) -> None:
        layout = Layout(x.dims, self.data_format)
        sizes = (layout.channels,)
        dy_, x_, scale_, mean_, deviation_ = (
            _widened(b, v) for v in (dy, x, scale, mean, deviation)
        )
        dtype = x_.dtype
        flat, flowing = b.view(x_, layout.flat), b.view(dy_, layout.flat)
        for_scale = b.scratch(sizes, dtype, "for_scale")
        for_offset = b.scratch(sizes, dtype, "for_offset")
        if self.is_training or out[1] is not None:
            b.call(
                _scale_gradient, flowing, flat, mean_, deviation_, layout, for_scale,
                writes=for_scale,
            )  # fmt: skip
        if self.is_training or out[2] is not None:
            b.call(_sum, flowing, layout, for_offset, writes=for_offset)
        if out[0] is not None:
            dx = out[0] if out[0].dtype == dtype else b.scratch(x.dims, dtype, "dx")
            target = b.view(dx, layout.flat)
            if self.is_training:
                b.call(
                    _input_gradient, flowing, flat, scale_, mean_, deviation_, for_scale,
                    for_offset, layout, target, writes=target,
                )  # fmt: skip
            else:
                b.call(_scaled, flowing, scale_, deviation_, layout, target, writes=target)
            _narrowed(b, out[0], dx)
        for target, value in ((out[1], for_scale), (out[2], for_offset)):
            if target is not None:
                b.call(np.copyto, target, value, "unsafe", writes=target)

    def xla(self, jnp: Any, dy: Any, x: Any, scale: Any, mean: Any, deviation: Any) -> Any:
        side = (-1,) if self.data_format == "NHWC" else (1, -1, 1, 1)
        axes = tuple(self.axes)
        normalized = (x - mean.reshape(side)) * deviation.reshape(side)
        for_offset, for_scale = dy.sum(axis=axes), (dy * normalized).sum(axis=axes)
        n = max(1, x.size // max(1, scale.size))
        dx = dy
        if self.is_training:
            dx = dy - (for_offset / n).reshape(side) - normalized * (for_scale / n).reshape(side)
        return dx * (scale * deviation).reshape(side), for_scale, for_offset

    def grad(
        self, ys: tuple[Tensor, ...], dys: tuple[Tensor, ...], *inputs: Tensor
    ) -> tuple[Any, ...]:
        # In single operations, which differentiate once more by themselves.
        dy, x, scale, mean, deviation = inputs
        sources = [dy, x, scale]
        if self.is_training:
            axes = self.axes
            mean = reduce_mean(x, axes, keep_dims=True)
            variance = reduce_mean(square(x - mean), axes, keep_dims=True)
            deviation = rsqrt(variance + self.epsilon)
        else:
            mean, deviation = self.side(cast(mean, x.dtype)), self.side(cast(deviation, x.dtype))
        normalized = (x - mean) * deviation
        for_scale, for_offset = reduce_sum(dy * normalized, self.axes), reduce_sum(dy, self.axes)
        dx = dy
        if self.is_training:
            for_normalized = reduce_mean(dy * normalized, self.axes, keep_dims=True)
            dx = dy - reduce_mean(dy, self.axes, keep_dims=True) - normalized * for_normalized
        dx = dx * deviation * self.side(cast(scale, x.dtype))
        results = [dx, cast(for_scale, scale.dtype), cast(for_offset, scale.dtype)]
        found = gradients(results, sources, list(dys), stop_gradients=sources)
        return (*found, None, None)


def _sides(x: Array, layout: Layout) -> tuple[int, ...]:
    return (-1,) if layout.last else (1, layout.channels, 1, 1)


def _wide(array: Array) -> Array:
    """float16 as float32: sums over a batch leave its range."""
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _widened(b: Any, ref: Any) -> Any:
    if ref.dtype != np.float16:
        return ref
    wide = b.scratch(ref.dims, np.float32, f"{ref.label}_wide")
    b.copy(wide, ref)
    return wide


def _narrowed(b: Any, target: Any, value: Any) -> None:
    if target is not value:
        b.call(np.copyto, target, value, "unsafe", writes=target)


def fused_batch_norm(
    x: Any,
    scale: Any,
    offset: Any,
    mean: Any = None,
    variance: Any = None,
    epsilon: float = 0.001,
    data_format: str = "NHWC",
    is_training: bool = True,
    name: str | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """x normalized by channel, with the batch's mean and unbiased variance.

    x: float [n, height, width, channels] (or ``"NCHW"``); scale, offset and the results for mean
    and variance: [channels]. Without training, `mean` and `variance` are what is normalized by.

    Raises:
        ValueError: mean or variance in training, missing without it, or sizes that differ.

    Source: Ioffe & Szegedy, *Batch Normalization*, 2015, algorithms 1 and 2.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     y, mean, variance = tf.nn.fused_batch_norm(
    ...         tf.reshape([1.0, 3.0], [2, 1, 1, 1]), [1.0], [0.0], epsilon=0.0001)
    ...     print([v.ravel().round(3).tolist() for v in sess.run([y, mean, variance])])
    [[-1.0, 1.0], [2.0], [2.0]]
    """
    if data_format not in ("NHWC", "NCHW"):
        raise ValueError(
            compose(f"data_format {data_format!r} is not known", (), '"NHWC" or "NCHW"')
        )
    if is_training and not (mean is None and variance is None):
        raise ValueError("Both 'mean' and 'variance' must be None if is_training is True.")
    if not is_training and (mean is None or variance is None):
        raise ValueError("Both 'mean' and 'variance' must be given if is_training is False.")
    images = convert_to_tensor(x)
    wanted = float32 if images.spec.dtype is float16 else images.dtype.base_dtype

    def vector(value: Any, name: str) -> Tensor:
        if value is None:
            return constant([], vectors[0].dtype.base_dtype)
        return convert_to_tensor(value, None if is_graph_value(value) else wanted, name)

    vectors = [vector(scale, "scale"), vector(offset, "offset")]
    vectors += [vector(mean, "mean"), vector(variance, "variance")]
    # Below this cuDNN refuses, and TensorFlow raises it everywhere.
    kind = FusedBatchNorm(max(epsilon, 1.001e-5), data_format, bool(is_training))
    made = images.graph.create_op(kind, (images, *vectors), name).outputs
    return made[0], made[1], made[2]


OPS = (FusedBatchNorm, FusedBatchNormGrad)
