"""Reductions over segments numbered in any order."""

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
from engine.shapes import ShapeError, compatible, in_brackets, with_rank_at_least


def reduced_rows(ufunc: Any, rows: Array, ids: Array, result: Array) -> Array:
    """`result` with ``result[i]`` the reduction of the rows numbered i, where there are any."""
    if not len(ids):
        return result
    if (ids[1:] < ids[:-1]).any():
        order = np.argsort(ids, kind="stable")
        ids, rows = ids[order], rows[order]
    starts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]])
    result[ids[starts]] = ufunc.reduceat(rows, starts, axis=0, dtype=result.dtype)
    return result


def product_gradient(
    y: Tensor, dy: Tensor, data: Tensor, spread: Any, total: Any, product: Any, *ids: Tensor
) -> Tensor:
    """dy times the product of the other rows, right where one or more of them is zero."""
    is_zero = equal(data, zeros_like(data))
    zeros = total(cast(is_zero, data.spec.dtype))
    others = product(where(is_zero, ones_like(data), data), *ids)
    flowing = where(greater(zeros, ones_like(zeros)), zeros_like(dy), dy)
    safe = where(is_zero, ones_like(data), data)
    return spread(flowing) * where(is_zero, spread(others), spread(y) / safe)  # type: ignore[no-any-return]


class UnsortedSegment(Op):
    """A reduction of all rows of one number; inputs: data, numbers in any order, how many.

    The numbers' axes are the first of the data; what has a negative number is left out.
    """

    ufunc_of_rows: ClassVar[Any] = np.add
    scatter: ClassVar[str] = "add"

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
        return reduced_rows(self.ufunc_of_rows, flat, numbers, result)

    def xla(self, jnp: Any, data: Any, ids: Any, count: Any) -> Any:
        rows, inner = int(count), data.shape[ids.ndim :]
        start = jnp.full((rows, *inner), self.empty(data.dtype), data.dtype)
        places = jnp.where(ids < 0, rows, ids).reshape(-1)
        update = getattr(start.at[places], self.scatter)
        return update(data.reshape(ids.size, *inner), mode="drop")


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
    scatter: ClassVar[str] = "multiply"

    def empty(self, dtype: np.dtype[Any]) -> Any:
        return 1

    def grad(
        self, y: Tensor, dy: Tensor, data: Tensor, ids: Tensor, count: Tensor
    ) -> tuple[Any, ...]:
        def spread() -> Tensor:
            return product_gradient(
                y, dy, data, lambda x: _gathered(x, ids),
                lambda x: unsorted_segment_sum(x, ids, count), unsorted_segment_prod, ids, count,
            )  # fmt: skip

        return spread, None, None


class UnsortedSegmentMax(UnsortedSegment):
    """The largest of the rows of each number, the least of its dtype where there are none."""

    ufunc_of_rows: ClassVar[Any] = np.maximum
    scatter: ClassVar[str] = "max"

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
    scatter: ClassVar[str] = "min"

    def empty(self, dtype: np.dtype[Any]) -> Any:
        return np.finfo(dtype).max if dtype.kind == "f" else np.iinfo(dtype).max


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


OPS = (
    UnsortedSegmentSum,
    UnsortedSegmentProd,
    UnsortedSegmentMax,
    UnsortedSegmentMin,
)
