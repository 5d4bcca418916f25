"""Norms, variances, shares: graph code over reductions and arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.dtypes import as_dtype, float32, int64
from engine.graph import Tensor
from engine.ops.arithmetic import add_n, maximum, multiply
from engine.ops.casting import cast
from engine.ops.comparisons import equal, not_equal
from engine.ops.constants import convert_to_tensor
from engine.ops.elementwise import abs as abs_
from engine.ops.elementwise import rsqrt, sqrt, square, zeros_like
from engine.ops.powers import pow as pow_
from engine.ops.reductions import reduce_max, reduce_mean, reduce_sum
from engine.ops.shaping import squeeze
from engine.shapes import as_dims, merge


def count_nonzero(
    input_tensor: Any = None,
    axis: Any = None,
    keepdims: Any = None,
    dtype: Any = int64,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
    input: Any = None,
) -> Tensor:
    """How many elements over `axis` are not zero (nor False), int64."""
    x = convert_to_tensor(input if input_tensor is None else input_tensor)
    keep = keep_dims if keepdims is None else keepdims
    with x.graph.name_scope(name or "count_nonzero"):
        marks = x if x.dtype.is_bool else not_equal(x, zeros_like(x))
        where = reduction_indices if axis is None else axis
        return cast(reduce_sum(cast(marks, int64), where, keep_dims=keep), as_dtype(dtype))


def norm(
    tensor: Any,
    ord: Any = "euclidean",
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    keep_dims: Any = None,
) -> Tensor:
    """The norm of vectors along `axis` (an int or None for all elements), or of matrices (a pair).

    `ord` is ``"euclidean"``, 1, 2, inf or any positive number; matrices take ``"euclidean"``,
    ``"fro"``, 1 and inf.

    Raises:
        ValueError: the order is not one of these.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.norm([3.0, 4.0])))
    5.0
    """
    keep = bool(keep_dims if keepdims is None else keepdims)
    matrices = isinstance(axis, list | tuple) and len(axis) == 2
    if isinstance(axis, list | tuple) and len(axis) == 1:
        axis = axis[0]
    if matrices and (axis[0] == axis[1] or ord not in ("euclidean", "fro", 1, 1.0, np.inf)):
        raise ValueError(
            f"'ord' must be a supported matrix norm in ['euclidean', 'fro', 1, inf], got {ord}"
        )
    if not matrices and not (
        ord == "euclidean" or (isinstance(ord, int | float | np.number) and ord > 0)
    ):
        raise ValueError(f"'ord' must be a supported vector norm, got {ord}")
    x = convert_to_tensor(tensor)
    with x.graph.name_scope(name or "norm"):
        result = _norm(x, ord, axis, matrices)
        return result if keep else squeeze(result, _axes(axis, x))


def _axes(axis: Any, x: Tensor) -> list[int] | None:
    if axis is not None:
        return list(axis) if isinstance(axis, list | tuple) else [axis]
    if x.spec.dims is None:
        return None
    return list(range(len(x.spec.dims)))


def _norm(x: Tensor, ord: Any, axis: Any, matrices: bool) -> Tensor:
    size_of = abs_(x)
    if ord in ("euclidean", "fro") or (ord == 2 and not matrices):
        return sqrt(reduce_sum(multiply(x, x), axis, keep_dims=True))
    if matrices:
        summed, largest = axis if ord == 1 else axis[::-1]
        return reduce_max(reduce_sum(size_of, summed, keep_dims=True), largest, keep_dims=True)
    if ord == 1:
        return reduce_sum(size_of, axis, keep_dims=True)
    if ord == np.inf:
        return reduce_max(size_of, axis, keep_dims=True)
    return pow_(reduce_sum(pow_(size_of, float(ord)), axis, keep_dims=True), 1.0 / float(ord))


def l2_normalize(
    x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None, dim: Any = None
) -> Tensor:
    """`x` divided by its L2 norm over `axis` (0.x: `dim`), of at least sqrt(epsilon)."""
    tensor = convert_to_tensor(x, name="x")
    with tensor.graph.name_scope(name or "l2_normalize") as scope:
        total = reduce_sum(square(tensor), dim if axis is None else axis, keep_dims=True)
        return multiply(tensor, rsqrt(maximum(total, epsilon)), name=scope)


def zero_fraction(value: Any, name: str | None = None) -> Tensor:
    """The share of elements that are zero, float32 []; NaN of nothing."""
    x = convert_to_tensor(value, name="value")
    with x.graph.name_scope(name or "zero_fraction"):
        return reduce_mean(cast(equal(x, zeros_like(x)), float32), name="fraction")


def reduce_variance(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The mean squared distance from the mean over `axis`."""
    x = convert_to_tensor(input_tensor)
    if x.dtype.is_integer:
        raise TypeError(f"Input must be either real or complex floating point, got {x.dtype!r}")
    with x.graph.name_scope(name or "reduce_variance"):
        distances = x - reduce_mean(x, axis, keep_dims=True)
        return reduce_mean(square(distances), axis, keep_dims=keepdims)


def reduce_std(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The standard deviation over `axis`, the square root of `reduce_variance`."""
    x = convert_to_tensor(input_tensor)
    with x.graph.name_scope(name or "reduce_std"):
        return sqrt(reduce_variance(x, axis, keepdims))


def accumulate_n(
    inputs: Sequence[Any], shape: Any = None, tensor_dtype: Any = None, name: str | None = None
) -> Tensor:
    """The sum of tensors of one shape and dtype, as `add_n`; `shape` and dtype are checked.

    Raises:
        ValueError: the list is empty, or shapes differ.
        TypeError: a tensor is not of `tensor_dtype`.
    """
    tensors = [convert_to_tensor(item) for item in inputs]
    if tensors and tensor_dtype is not None and tensors[0].dtype.base_dtype != tensor_dtype:
        raise TypeError(
            f"tensor_dtype is {tensor_dtype}, but input is of type {tensors[0].dtype.name}"
        )
    total = add_n(tensors, name=name or "AccumulateN")
    total.set_shape(merge(as_dims(shape), total.spec.dims))
    return total
