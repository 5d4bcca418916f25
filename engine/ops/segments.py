"""Reductions over segments: runs of rows that share a number."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.arithmetic import maximum
from engine.ops.broadcasting import BroadcastTo
from engine.ops.casting import cast
from engine.ops.comparisons import equal
from engine.ops.constants import const_node, convert_to_tensor, integers, make
from engine.ops.dtype_rules import INDICES, allow, need_numbers
from engine.ops.elementwise import ones_like, sqrt
from engine.ops.indexing import gather
from engine.ops.joining import concat
from engine.ops.sizes import shape
from engine.ops.unsorted_segments import product_gradient, reduced_rows, unsorted_segment_sum
from engine.shapes import (
    merge_size,
    with_rank,
    with_rank_at_least,
)


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
        return self.finish(reduced_rows(self.ufunc_of_rows, data, ids, result), ids)

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
            return product_gradient(
                y, dy, data, lambda x: gather(x, ids), lambda x: segment_sum(x, ids), segment_prod,
                ids,
            )  # fmt: skip

        return spread, None


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
    SparseSegmentSum,
    SparseSegmentMean,
    SparseSegmentSqrtN,
)
