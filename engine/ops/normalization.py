"""Moments, and normalization by them in single operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.dtypes import float16, float32
from engine.graph import Tensor
from engine.ops.arithmetic import add, multiply, squared_difference, subtract
from engine.ops.casting import cast, stop_gradient
from engine.ops.constants import constant, convert_to_tensor
from engine.ops.elementwise import reciprocal, rsqrt, square, zeros_like
from engine.ops.indexing import gather
from engine.ops.reductions import reduce_mean, reduce_prod, reduce_sum
from engine.ops.shaping import squeeze
from engine.ops.sizes import shape


def moments(
    x: Any,
    axes: Sequence[int],
    shift: Any = None,
    name: str | None = None,
    keep_dims: bool | None = None,
    keepdims: bool | None = None,
) -> tuple[Tensor, Tensor]:
    """The mean and the (biased) variance of `x` over `axes`.

    `keep_dims` leaves the axes with size 1; `shift` is of 0.x and changes nothing.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     mean, variance = tf.nn.moments(tf.constant([[1.0, 2.0], [3.0, 6.0]]), [0])
    ...     print([v.tolist() for v in sess.run([mean, variance])])
    [[2.0, 4.0], [1.0, 4.0]]
    """
    del shift
    tensor = convert_to_tensor(x)
    with tensor.graph.name_scope(name or "moments"):
        # The range of float16 is too narrow for sums over a batch.
        y = cast(tensor, float32) if tensor.spec.dtype is float16 else tensor
        mean = reduce_mean(y, axes, keep_dims=True, name="mean")
        spread = squared_difference(y, stop_gradient(mean))
        variance = reduce_mean(spread, axes, keep_dims=True, name="variance")
        return _finished([mean, variance], axes, keep_dims or keepdims, tensor)


def _finished(
    found: list[Tensor], axes: Sequence[int], keep: bool | None, like: Tensor
) -> tuple[Tensor, Tensor]:
    if not keep:
        gone = [axes] if isinstance(axes, int) else list(axes)
        found = [squeeze(value, gone) for value in found]
    first, second = [cast(value, like.spec.dtype) for value in found]
    return first, second


def weighted_moments(
    x: Any,
    axes: Sequence[int],
    frequency_weights: Any,
    name: str | None = None,
    keep_dims: bool | None = None,
    keepdims: bool | None = None,
) -> tuple[Tensor, Tensor]:
    """The mean and variance of `x` over `axes`, every element counted as often as its weight.

    frequency_weights: numbers that broadcast against x.
    """
    tensor = convert_to_tensor(x, name="x")
    with tensor.graph.name_scope(name or "weighted_moments"):
        weights = convert_to_tensor(frequency_weights, name="frequency_weights")
        y = cast(tensor, float32) if tensor.spec.dtype is float16 else tensor
        weights = cast(weights, y.spec.dtype)
        total = reduce_sum(weights * y, axes, keep_dims=True, name="weighted_input_sum")
        # Zeros in the shape of x repeat the weights where they are broadcast.
        count = reduce_sum(weights + zeros_like(y), axes, keep_dims=True, name="sum_of_weights")
        divisor = reciprocal(count, name="inv_weight_sum")
        mean = multiply(total, divisor)
        spread = weights * squared_difference(y, mean)
        distance = reduce_sum(spread, axes, keep_dims=True, name="weighted_distsq")
        found = [mean, multiply(distance, divisor)]
        return _finished(found, axes, keep_dims or keepdims, tensor)


def sufficient_statistics(
    x: Any,
    axes: Sequence[int],
    shift: Any = None,
    keep_dims: bool | None = None,
    name: str | None = None,
    keepdims: bool | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """The count of elements, their sum, the sum of their squares, and the shift.

    With `shift`, a value near the mean, both sums are of ``x - shift``, which keeps digits.
    """
    tensor = convert_to_tensor(x, name="x")
    where = sorted(set(axes))
    keep = bool(keep_dims or keepdims)
    with tensor.graph.name_scope(name or "sufficient_statistics"):
        dims = tensor.spec.dims
        sizes = None if dims is None else [dims[axis] for axis in where]
        if sizes is not None and None not in sizes:
            total = 1
            for size in sizes:
                total *= size or 0
            counts = constant(total, tensor.spec.dtype)
        else:
            counts = reduce_prod(cast(gather(shape(tensor), where), tensor.dtype), name="count")
        if shift is None:
            first, second = tensor, square(tensor)
        else:
            shift = convert_to_tensor(shift, tensor.dtype.base_dtype, "shift")
            first, second = subtract(tensor, shift), squared_difference(tensor, shift)
        sums = reduce_sum(first, where, keep_dims=keep, name="mean_ss")
        squares = reduce_sum(second, where, keep_dims=keep, name="var_ss")
        return counts, sums, squares, shift


def normalize_moments(
    counts: Any, mean_ss: Any, variance_ss: Any, shift: Any, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """The mean and variance that follow from `sufficient_statistics`."""
    sums = convert_to_tensor(mean_ss)
    with sums.graph.name_scope(name or "normalize"):
        divisor = reciprocal(counts, name="divisor")
        if shift is None:
            mean = shifted = multiply(sums, divisor, name="mean")
        else:
            shifted = multiply(sums, divisor, name="shifted_mean")
            mean = add(shifted, shift, name="mean")
        variance = subtract(multiply(variance_ss, divisor), square(shifted), name="variance")
        return mean, variance


def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    offset: Any,
    scale: Any,
    variance_epsilon: float,
    name: str | None = None,
) -> Tensor:
    """scale * (x - mean) / sqrt(variance + epsilon) + offset, in the shape of x.

    `offset` and `scale` may be None; all four broadcast against x.

    Source: Ioffe & Szegedy, *Batch Normalization*, 2015.
    """
    tensor = convert_to_tensor(x)
    with tensor.graph.name_scope(name or "batchnorm"):
        center, spread = convert_to_tensor(mean), convert_to_tensor(variance)
        factor = rsqrt(spread + variance_epsilon)
        if scale is not None:
            factor = factor * scale
        level = -center * factor if offset is None else offset - center * factor
        return tensor * cast(factor, tensor.spec.dtype) + cast(level, tensor.spec.dtype)


def batch_norm_with_global_normalization(
    t: Any = None,
    m: Any = None,
    v: Any = None,
    beta: Any = None,
    gamma: Any = None,
    variance_epsilon: Any = None,
    scale_after_normalization: bool | None = None,
    name: str | None = None,
    input: Any = None,
    mean: Any = None,
    variance: Any = None,
) -> Tensor:
    """`batch_normalization` in the form of 0.x; `gamma` counts with `scale_after_normalization`.

    t: float [n, height, width, channels]; m, v, beta, gamma: [channels].
    """
    x = t if input is None else input
    center = m if mean is None else mean
    spread = v if variance is None else variance
    scale = gamma if scale_after_normalization else None
    return batch_normalization(x, center, spread, beta, scale, variance_epsilon, name)
