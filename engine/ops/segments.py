"""Reductions over segments: the rows of data that share a number."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.arithmetic import maximum
from engine.ops.broadcasting import BroadcastTo
from engine.ops.casting import cast
from engine.ops.choosing import where
from engine.ops.comparisons import equal, greater, greater_equal
from engine.ops.constants import const_node, convert_to_tensor, integers, make
from engine.ops.dtype_rules import INDICES, allow, need_numbers
from engine.ops.elementwise import ones_like, sqrt, zeros_like
from engine.ops.indexing import gather
from engine.ops.joining import concat
from engine.ops.shaping import reshape
from engine.ops.sizes import rank, shape
from engine.shapes import (
    ShapeError,
    compatible,
    in_brackets,
    merge_size,
    with_rank,
    with_rank_at_least,
)


def _reduced(ufunc: Any, rows: Array, ids: Array, result: Array) -> Array:
    """`result` with ``result[i]`` the reduction of the rows numbered i, where there are any."""
    if not len(ids):
        return result
    if (ids[1:] < ids[:-1]).any():
        order = np.argsort(ids, kind="stable")
        ids, rows = ids[order], rows[order]
    starts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]])
    result[ids[starts]] = ufunc.reduceat(rows, starts, axis=0, dtype=result.dtype)
    return result


def _counts(ids: Array, rows: int) -> Array:
    return np.bincount(ids, minlength=rows)


def _across(counts: Array, result: Array) -> Array:
    return counts.reshape(-1, *[1] * (result.ndim - 1)).astype(result.dtype)


class Segment(Op):
    """A reduction over runs of rows with one number; inputs: data, numbers that never fall."""

    ufunc_of_rows: ClassVar[Any] = np.add
    empty: ClassVar[int] = 0
    """What a number without rows gets."""

    def infer(self, data: Spec, ids: Spec) -> Spec:
        need_numbers(data, "data")
        allow(ids, "segment_ids", INDICES)
        (count,) = with_rank(ids.dims, 1)
        dims = with_rank_at_least(data.dims, 1)
        if dims is None:
            return Spec(data.dtype, None)
        merge_size(dims[0], count)
        value = ids.value
        rows = None if value is None else int(value[-1]) + 1 if value.size else 0
        return Spec(data.dtype, (rows, *dims[1:]))

    def numpy(self, data: Array, ids: Array) -> Array:
        check_sorted(data, ids)
        rows = int(ids[-1]) + 1 if len(ids) else 0
        result = np.full((rows, *data.shape[1:]), self.empty, data.dtype)
        return self.finish(_reduced(self.ufunc_of_rows, data, ids, result), ids)

    def finish(self, result: Array, ids: Array) -> Array:
        return result


def check_sorted(data: Array, ids: Array) -> None:
    """ValueError unless there is a number a row, none negative, none smaller than before it."""
    if len(ids) != len(data):
        raise ValueError("segment_ids should be the same size as dimension 0 of input.")
    if len(ids) and ids[0] < 0:
        raise ValueError("segment ids must be >= 0")
    if (ids[1:] < ids[:-1]).any():
        raise ValueError("segment ids are not increasing")


class SegmentSum(Segment):
    """The sum of the rows of each number."""

    def grad(self, y: Tensor, dy: Tensor, data: Tensor, ids: Tensor) -> tuple[Any, ...]:
        return lambda: gather(dy, ids), None


class SegmentMean(Segment):
    """The mean of the rows of each number."""

    def finish(self, result: Array, ids: Array) -> Array:
        counts = _across(np.maximum(_counts(ids, len(result)), 1), result)
        return result / counts if result.dtype.kind in "fc" else result // counts

    def grad(self, y: Tensor, dy: Tensor, data: Tensor, ids: Tensor) -> tuple[Any, ...]:
        def spread() -> Tensor:
            counts = segment_sum(_ones_beside(ids, data), ids)
            return gather(dy / maximum(counts, ones_like(counts)), ids)

        return spread, None


def _ones_beside(ids: Tensor, data: Tensor) -> Tensor:
    """A one for each row, with as many axes as the data."""
    known = data.spec.dims
    more = (
        const_node(np.ones(len(known) - 1, np.int32))
        if known is not None
        else ones_like(shape(data)[1:])
    )
    sizes = concat([shape(ids), more], 0)
    return make(BroadcastTo(), (const_node(np.ones((), data.spec.dtype.np)), sizes), None)


class SegmentProd(Segment):
    """The product of the rows of each number."""

    ufunc_of_rows: ClassVar[Any] = np.multiply
    empty = 1

    def grad(self, y: Tensor, dy: Tensor, data: Tensor, ids: Tensor) -> tuple[Any, ...]:
        def spread() -> Tensor:
            return _product_gradient(
                y, dy, data, lambda x: gather(x, ids), lambda x: segment_sum(x, ids), segment_prod,
                ids,
            )  # fmt: skip

        return spread, None


def _product_gradient(
    y: Tensor, dy: Tensor, data: Tensor, spread: Any, total: Any, product: Any, *ids: Tensor
) -> Tensor:
    """dy times the product of the other rows, right where one or more of them is zero."""
    is_zero = equal(data, zeros_like(data))
    zeros = total(cast(is_zero, data.spec.dtype))
    others = product(where(is_zero, ones_like(data), data), *ids)
    flowing = where(greater(zeros, ones_like(zeros)), zeros_like(dy), dy)
    safe = where(is_zero, ones_like(data), data)
    return spread(flowing) * where(is_zero, spread(others), spread(y) / safe)  # type: ignore[no-any-return]


class SegmentMax(Segment):
    """The largest of the rows of each number; ties share the gradient."""

    ufunc_of_rows: ClassVar[Any] = np.maximum

    def grad(self, y: Tensor, dy: Tensor, data: Tensor, ids: Tensor) -> tuple[Any, ...]:
        def spread() -> Tensor:
            chosen = cast(equal(gather(y, ids), data), dy.spec.dtype)
            ties = segment_sum(chosen, ids)
            return chosen * gather(dy / maximum(ties, ones_like(ties)), ids)

        return spread, None


class SegmentMin(SegmentMax):
    """The smallest of the rows of each number; ties share the gradient."""

    ufunc_of_rows: ClassVar[Any] = np.minimum


class UnsortedSegment(Op):
    """A reduction of all rows of one number; inputs: data, numbers in any order, how many.

    The numbers' axes are the first of the data; what has a negative number is left out.
    """

    ufunc_of_rows: ClassVar[Any] = np.add

    def empty(self, dtype: np.dtype[Any]) -> Any:
        """What a number without rows gets."""
        return 0

    def infer(self, data: Spec, ids: Spec, count: Spec) -> Spec:
        need_numbers(data, "data")
        allow(ids, "segment_ids", INDICES)
        allow(count, "num_segments", INDICES)
        if data.dims is None or ids.dims is None:
            return Spec(data.dtype, None)
        if not compatible(with_rank_at_least(data.dims, len(ids.dims))[: len(ids.dims)], ids.dims):  # type: ignore[index]
            raise ShapeError(_not_a_prefix(data.dims, ids.dims))
        rows = None if count.value is None else int(count.value)
        return Spec(data.dtype, (rows, *data.dims[len(ids.dims) :]))

    def numpy(self, data: Array, ids: Array, count: Array) -> Array:
        if data.shape[: ids.ndim] != ids.shape:
            raise ValueError(_not_a_prefix(data.shape, ids.shape))
        rows = int(count)
        if ids.size and ids.max() >= rows:
            place = np.unravel_index(int(np.argmax(ids >= rows)), ids.shape)
            raise ValueError(
                f"segment_ids{in_brackets([int(i) for i in place])} = {int(ids[place])} is out of "
                f"range [0, {rows})"
            )
        inner = data.shape[ids.ndim :]
        result = np.full((rows, *inner), self.empty(data.dtype), data.dtype)
        flat, numbers = data.reshape(ids.size, *inner), ids.ravel()
        if (numbers < 0).any():
            flat, numbers = flat[numbers >= 0], numbers[numbers >= 0]
        return _reduced(self.ufunc_of_rows, flat, numbers, result)


def _not_a_prefix(data: Any, ids: Any) -> str:
    return (
        f"data.shape = {in_brackets(data)} does not start with segment_ids.shape = "
        f"{in_brackets(ids)}"
    )


def _gathered(x: Tensor, ids: Tensor, fill: Any = zeros_like) -> Tensor:
    """Rows of x at the numbers, `fill` where a number is negative."""
    rows = gather(x, maximum(ids, zeros_like(ids)))
    kept = greater_equal(ids, zeros_like(ids))
    sizes = concat([shape(ids), _ones(rank(rows) - rank(ids))], 0)
    mask = make(BroadcastTo(), (reshape(kept, sizes), shape(rows)), None)
    mask.set_shape(rows.spec.dims)
    return where(mask, rows, fill(rows))


def _ones(count: Tensor) -> Tensor:
    return make(BroadcastTo(), (const_node(np.ones((), np.int32)), reshape(count, [1])), None)


class UnsortedSegmentSum(UnsortedSegment):
    """The sum of the rows of each number."""

    def grad(
        self, y: Tensor, dy: Tensor, data: Tensor, ids: Tensor, count: Tensor
    ) -> tuple[Any, ...]:
        return lambda: _gathered(dy, ids), None, None


class UnsortedSegmentProd(UnsortedSegment):
    """The product of the rows of each number."""

    ufunc_of_rows: ClassVar[Any] = np.multiply

    def empty(self, dtype: np.dtype[Any]) -> Any:
        return 1

    def grad(
        self, y: Tensor, dy: Tensor, data: Tensor, ids: Tensor, count: Tensor
    ) -> tuple[Any, ...]:
        def spread() -> Tensor:
            return _product_gradient(
                y, dy, data, lambda x: _gathered(x, ids),
                lambda x: unsorted_segment_sum(x, ids, count), unsorted_segment_prod, ids, count,
            )  # fmt: skip

        return spread, None, None


class UnsortedSegmentMax(UnsortedSegment):
    """The largest of the rows of each number, the least of its dtype where there are none."""

    ufunc_of_rows: ClassVar[Any] = np.maximum

    def empty(self, dtype: np.dtype[Any]) -> Any:
        return np.finfo(dtype).min if dtype.kind == "f" else np.iinfo(dtype).min

    def grad(
        self, y: Tensor, dy: Tensor, data: Tensor, ids: Tensor, count: Tensor
    ) -> tuple[Any, ...]:
        def spread() -> Tensor:
            chosen = cast(equal(_gathered(y, ids), data), dy.spec.dtype)
            ties = unsorted_segment_sum(chosen, ids, count)
            return chosen * _gathered(dy / maximum(ties, ones_like(ties)), ids)

        return spread, None, None


class UnsortedSegmentMin(UnsortedSegmentMax):
    """The smallest of the rows of each number, the greatest of its dtype where there are none."""

    ufunc_of_rows: ClassVar[Any] = np.minimum

    def empty(self, dtype: np.dtype[Any]) -> Any:
        return np.finfo(dtype).max if dtype.kind == "f" else np.iinfo(dtype).max


class SparseSegmentSum(Segment):
    """A segment reduction of chosen rows; inputs: data, indices of rows, their numbers."""

    def infer(self, data: Spec, indices: Spec, ids: Spec) -> Spec:  # type: ignore[override]
        allow(indices, "indices", INDICES)
        (count,) = with_rank(indices.dims, 1)
        dims = with_rank_at_least(data.dims, 1)
        rows = None if dims is None else (count, *dims[1:])
        return super().infer(Spec(data.dtype, rows), ids)

    def numpy(self, data: Array, indices: Array, ids: Array) -> Array:  # type: ignore[override]
        outside = indices[(indices < 0) | (indices >= len(data))]
        if outside.size:
            raise ValueError(f"indices = {int(outside[0])} is not in [0, {len(data)})")
        return super().numpy(data[indices], ids)

    def grad(
        self, y: Tensor, dy: Tensor, data: Tensor, indices: Tensor, ids: Tensor
    ) -> tuple[Any, ...]:
        def spread() -> Tensor:
            counts = segment_sum(_ones_beside(ids, data), ids)
            rows = gather(self.weighted(dy, maximum(counts, ones_like(counts))), ids)
            return unsorted_segment_sum(rows, indices, shape(data)[0])

        return spread, None, None

    def weighted(self, dy: Tensor, counts: Tensor) -> Tensor:
        """The gradient that each row of a segment gets."""
        return dy


class SparseSegmentMean(SparseSegmentSum):
    """The mean of chosen rows of each number."""

    def finish(self, result: Array, ids: Array) -> Array:
        return result / _across(np.maximum(_counts(ids, len(result)), 1), result)

    def weighted(self, dy: Tensor, counts: Tensor) -> Tensor:
        return dy / counts


class SparseSegmentSqrtN(SparseSegmentSum):
    """The sum of chosen rows of each number, divided by the square root of their count."""

    def finish(self, result: Array, ids: Array) -> Array:
        return result / np.sqrt(_across(np.maximum(_counts(ids, len(result)), 1), result))

    def weighted(self, dy: Tensor, counts: Tensor) -> Tensor:
        return dy / sqrt(counts)


def _segment(kind: Op, data: Any, segment_ids: Any, name: str | None) -> Tensor:
    return make(kind, (convert_to_tensor(data), integers(segment_ids, "segment_ids")), name)


def segment_sum(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """The sums of the rows of `data` that have one number; numbers never fall.

    segment_ids: int32 or int64 [rows]; the result has a row for each number from 0 to the last.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.segment_sum([1.0, 2.0, 3.0], [0, 0, 1])).tolist()
    [3.0, 3.0]
    """
    return _segment(SegmentSum(), data, segment_ids, name)


def segment_mean(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """The means of the rows of `data` that have one number; numbers never fall; 0 for none."""
    return _segment(SegmentMean(), data, segment_ids, name)


def segment_prod(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """The products of the rows of `data` that have one number; numbers never fall; 1 for none."""
    return _segment(SegmentProd(), data, segment_ids, name)


def segment_max(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """The largest of the rows of `data` that have one number; numbers never fall; 0 for none."""
    return _segment(SegmentMax(), data, segment_ids, name)


def segment_min(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """The smallest of the rows of `data` that have one number; numbers never fall; 0 for none."""
    return _segment(SegmentMin(), data, segment_ids, name)


def _unsorted(kind: Op, data: Any, ids: Any, count: Any, name: str | None) -> Tensor:
    x = convert_to_tensor(data)
    with x.graph.name_scope(name or kind.type) as scope:
        numbers = integers(ids, "segment_ids")
        return make(kind, (x, numbers, integers(count, "num_segments")), scope)


def unsorted_segment_sum(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """The sums of all rows of one number, [num_segments, ...]; negative numbers are left out."""
    return _unsorted(UnsortedSegmentSum(), data, segment_ids, num_segments, name)


def unsorted_segment_prod(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """The products of all rows of one number, [num_segments, ...]; 1 where there are none."""
    return _unsorted(UnsortedSegmentProd(), data, segment_ids, num_segments, name)


def unsorted_segment_max(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """The largest of all rows of one number; the least of the dtype where there are none."""
    return _unsorted(UnsortedSegmentMax(), data, segment_ids, num_segments, name)


def unsorted_segment_min(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """The smallest of all rows of one number; the greatest of the dtype where there are none."""
    return _unsorted(UnsortedSegmentMin(), data, segment_ids, num_segments, name)


def _mean_of(data: Any, ids: Any, count: Any, name: str, root: bool) -> Tensor:
    x, numbers = convert_to_tensor(data), integers(ids)
    with x.graph.name_scope(name):
        totals = unsorted_segment_sum(x, numbers, count)
        ones = ones_like(numbers, x.spec.dtype)
        counts = maximum(unsorted_segment_sum(ones, numbers, count), 1)
        behind = _ones(rank(totals) - 1)
        counts = reshape(counts, concat([shape(counts), behind], 0))
        return totals / (sqrt(counts) if root else counts)


def unsorted_segment_mean(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """The means of all rows of one number, [num_segments, ...]; 0 where there are none."""
    return _mean_of(data, segment_ids, num_segments, name or "UnsortedSegmentMean", False)


def unsorted_segment_sqrt_n(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """The sums of all rows of one number, divided by the square root of how many there are."""
    return _mean_of(data, segment_ids, num_segments, name or "UnsortedSegmentSqrtN", True)


def _sparse(kind: Op, data: Any, indices: Any, ids: Any, name: str | None) -> Tensor:
    inputs = (convert_to_tensor(data), integers(indices), integers(ids))
    return make(kind, inputs, name)


def sparse_segment_sum(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None
) -> Tensor:
    """`segment_sum` of the rows of `data` at `indices`, without a copy of them in the graph."""
    return _sparse(SparseSegmentSum(), data, indices, segment_ids, name)


def sparse_segment_mean(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None
) -> Tensor:
    """`segment_mean` of the rows of `data` at `indices`."""
    return _sparse(SparseSegmentMean(), data, indices, segment_ids, name)


def sparse_segment_sqrt_n(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None
) -> Tensor:
    """The segment sums of the rows of `data` at `indices`, divided by the root of their count."""
    return _sparse(SparseSegmentSqrtN(), data, indices, segment_ids, name)


OPS = (
    SegmentSum,
    SegmentMean,
    SegmentProd,
    SegmentMax,
    SegmentMin,
    UnsortedSegmentSum,
    UnsortedSegmentProd,
    UnsortedSegmentMax,
    UnsortedSegmentMin,
    SparseSegmentSum,
    SparseSegmentMean,
    SparseSegmentSqrtN,
)
