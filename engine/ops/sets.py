"""Distinct values, differences of lists, counts and confusion matrices."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from engine.dtypes import DType, as_dtype, int32, int64
from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.arithmetic import maximum, minimum
from engine.ops.casting import cast
from engine.ops.comparisons import greater
from engine.ops.constants import const_node, convert_to_tensor, integers, is_graph_value, make
from engine.ops.dtype_rules import need_same
from engine.ops.elementwise import floor, ones_like
from engine.ops.gathering import scatter_nd
from engine.ops.joining import stack
from engine.ops.reductions import reduce_max
from engine.ops.shaping import reshape, squeeze
from engine.ops.sizes import size
from engine.ops.unsorted_segments import unsorted_segment_sum
from engine.shapes import with_rank


class Unique(NamedTuple):
    """What `unique` gives: the distinct values, and for each element which of them it is."""

    y: Tensor
    idx: Tensor


class UniqueWithCounts(NamedTuple):
    """What `unique_with_counts` gives: as `Unique`, and how often each value occurs."""

    y: Tensor
    idx: Tensor
    count: Tensor  # type: ignore[assignment] # TensorFlow's name hides tuple.count.


class ListDiff(NamedTuple):
    """What `setdiff1d` gives: the values left over, and where they were."""

    out: Tensor
    idx: Tensor


def _distinct(x: Array) -> tuple[Array, Array, Array]:
    """The distinct values in order of appearance, which one each element is, and their counts."""
    values, first, which, counts = np.unique(
        x, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return values[order], rank[which.reshape(-1)], counts[order]


@declared
class DistinctValues(Op):
    """The distinct values in order of appearance; for each element, which one; their counts."""

    out_idx: DType = int32
    counts: bool = False

    @property
    def type(self) -> str:
        return "UniqueWithCounts" if self.counts else "Unique"

    def infer(self, x: Spec) -> tuple[Spec, ...]:
        (length,) = with_rank(x.dims, 1)
        found = (Spec(x.dtype, (None,)), Spec(self.out_idx, (length,)))
        return (*found, Spec(self.out_idx, (None,))) if self.counts else found

    def numpy(self, x: Array) -> tuple[Array, ...]:
        values, which, counts = _distinct(x)
        index = self.out_idx.np
        found = (values, which.astype(index))
        return (*found, counts.astype(index)) if self.counts else found

    def grad(self, ys: Any, dys: Any, x: Tensor) -> tuple[Any, ...]:
        return (None,)


@declared
class SetDifference(Op):
    """The elements of x that are not in y, in order, and where they were."""

    out_idx: DType = int32

    @property
    def type(self) -> str:
        return "ListDiff"

    def infer(self, x: Spec, y: Spec) -> tuple[Spec, Spec]:
        need_same(self, y, "y", x, "x")
        with_rank(x.dims, 1)
        with_rank(y.dims, 1)
        return Spec(x.dtype, (None,)), Spec(self.out_idx, (None,))

    def numpy(self, x: Array, y: Array) -> tuple[Array, Array]:
        left = np.flatnonzero(~np.isin(x, y))
        return x[left], left.astype(self.out_idx.np)

    def grad(self, ys: Any, dys: Any, x: Tensor, y: Tensor) -> tuple[Any, ...]:
        return None, None


class Bincount(Op):
    """How often each number below the size occurs, or the sums of its weights.

    Inputs: numbers, size, weights (of no elements for counts).
    """

    def infer(self, x: Spec, count: Spec, weights: Spec) -> Spec:
        return Spec(weights.dtype, (None if count.value is None else int(count.value),))

    def numpy(self, x: Array, count: Array, weights: Array) -> Array:
        flat = x.ravel()
        if flat.size and flat.min() < 0:
            raise ValueError("Input arr must be non-negative!")
        if weights.size and weights.shape != x.shape:
            raise ValueError(
                f"weights must have the same shape as arr: {weights.shape} and {x.shape}"
            )
        kept = flat < int(count)
        result = np.zeros(int(count), weights.dtype)
        np.add.at(result, flat[kept], weights.ravel()[kept] if weights.size else 1)
        return result

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        return None, None, None


def unique(x: Any, out_idx: Any = int32, name: str | None = None) -> Unique:
    """The distinct values of a vector in order of appearance, and for each element which one.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     y, idx = sess.run(tf.unique([5, 3, 5]))
    >>> y.tolist(), idx.tolist()
    ([5, 3], [0, 1, 0])
    """
    tensor = convert_to_tensor(x)
    kind = DistinctValues(as_dtype(out_idx))
    return Unique(*tensor.graph.create_op(kind, (tensor,), name or "Unique").outputs)


def unique_with_counts(x: Any, out_idx: Any = int32, name: str | None = None) -> UniqueWithCounts:
    """The distinct values of a vector, for each element which one, and how often each occurs."""
    tensor = convert_to_tensor(x)
    kind = DistinctValues(as_dtype(out_idx), True)
    outputs = tensor.graph.create_op(kind, (tensor,), name or "UniqueWithCounts").outputs
    return UniqueWithCounts(*outputs)


def setdiff1d(x: Any, y: Any, index_dtype: Any = int32, name: str | None = None) -> ListDiff:
    """The elements of vector `x` that are not in `y`, in order, and where they were."""
    first = convert_to_tensor(x)
    second = convert_to_tensor(y, None if is_graph_value(y) else first.dtype.base_dtype)
    kind = SetDifference(as_dtype(index_dtype))
    outputs = first.graph.create_op(kind, (first, second), name or "ListDiff").outputs
    return ListDiff(*outputs)


def bincount(
    arr: Any,
    weights: Any = None,
    minlength: Any = None,
    maxlength: Any = None,
    dtype: Any = int32,
    name: str | None = None,
) -> Tensor:
    """How often each whole number from 0 on occurs in `arr`, or the sums of its `weights`.

    It has a place for each number up to the largest, at least `minlength` and at most `maxlength`.

    Raises (at run): InvalidArgumentError for a negative number.
    """
    numbers = convert_to_tensor(arr)
    with numbers.graph.name_scope(name or "bincount"):
        numbers = cast(numbers, int32)
        occupied = cast(greater(size(numbers), 0), int32)
        # The largest of nothing is the least there is; times 0 it is no size.
        count = occupied * (reduce_max(numbers) + 1)
        if minlength is not None:
            count = maximum(integers(minlength), count)
        if maxlength is not None:
            count = minimum(integers(maxlength), count)
        empty = const_node(np.zeros([0], as_dtype(dtype).np))
        weighing = empty if weights is None else convert_to_tensor(weights)
        return make(Bincount(), (numbers, count, weighing), None)


def histogram_fixed_width(
    values: Any,
    value_range: Any,
    nbins: Any = 100,
    dtype: Any = int32,
    name: str | None = None,
) -> Tensor:
    """How many of `values` lie in each of `nbins` equal parts of ``[low, high]``, [nbins].

    What lies below is counted in the first part, what lies above in the last.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.histogram_fixed_width([-1.0, 0.1, 0.9, 5.0], [0.0, 1.0], nbins=2)))
    [2 2]
    """
    x = convert_to_tensor(values)
    with x.graph.name_scope(name or "histogram_fixed_width") as scope:
        limits = convert_to_tensor(value_range, x.dtype.base_dtype)
        bins = integers(nbins)
        share = (reshape(x, [-1]) - limits[0]) / (limits[1] - limits[0])
        part = cast(floor(cast(bins, x.dtype.base_dtype) * share), int32)
        part = minimum(maximum(part, 0), bins - 1)
        return unsorted_segment_sum(ones_like(part, as_dtype(dtype)), part, bins, scope)


def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: Any = None,
    dtype: Any = int32,
    name: str | None = None,
    weights: Any = None,
) -> Tensor:
    """How often class ``labels[i]`` was predicted as ``predictions[i]``, [classes, classes].

    Rows are labels, columns predictions. With `weights`, their sums.

    Raises (at run): InvalidArgumentError for a class that is negative or not below `num_classes`.
    """
    truth = convert_to_tensor(labels)
    with truth.graph.name_scope(name or "confusion_matrix"):
        said = convert_to_tensor(predictions)
        truth, said = _without_last(truth, said), _without_last(said, truth)
        truth, said = cast(truth, int64), cast(said, int64)
        if num_classes is None:
            count = maximum(reduce_max(said), reduce_max(truth)) + 1
        else:
            count = cast(convert_to_tensor(num_classes), int64)
        target = as_dtype(dtype)
        if weights is None:
            values = ones_like(said, target)
        else:
            values = cast(convert_to_tensor(weights), target)
        return scatter_nd(stack([truth, said], axis=1), values, stack([count, count]))


def _without_last(x: Tensor, other: Tensor) -> Tensor:
    """`x` without a last axis of size 1 that the other does not have."""
    dims, others = x.spec.dims, other.spec.dims
    if dims is not None and others is not None and len(dims) == len(others) + 1:
        return squeeze(x, [-1])
    return x


OPS = (DistinctValues, SetDifference, Bincount)
