"""Rows dealt out over several tensors by number, and put back together by index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.dtypes import int32
from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import convert_to_tensor, make
from engine.ops.dtype_rules import allow
from engine.ops.filling import range as range_
from engine.ops.indexing import gather
from engine.ops.shaping import reshape
from engine.ops.sizes import shape, size
from engine.shapes import Dims, ShapeError, in_brackets, merge


def _after(data: Dims | None, leading: Dims | None, other: str) -> Dims | None:
    """The sizes of `data` behind the leading ones.

    Raises:
        ShapeError: data's sizes do not start with them.
    """
    if data is None or leading is None:
        return None
    start = data[: len(leading)]
    try:
        merge(start, leading)
    except ShapeError:
        raise ShapeError(
            f"data.shape must start with {other}.shape, got data.shape = {in_brackets(data)}, "
            f"{other}.shape = {in_brackets(leading)}"
        ) from None
    return data[len(leading) :]


@declared
class DynamicPartition(Op):
    """The rows of each number, from 0 to num - 1; inputs: data, a number for each row."""

    num: int

    every_gradient = True

    def infer(self, data: Spec, partitions: Spec) -> tuple[Spec, ...]:
        allow(partitions, "partitions", (int32,))
        rest = _after(data.dims, partitions.dims, "partitions")
        return (Spec(data.dtype, None if rest is None else (None, *rest)),) * self.num

    def numpy(self, data: Array, partitions: Array) -> Any:
        if data.shape[: partitions.ndim] != partitions.shape:
            raise ValueError(
                "data.shape must start with partitions.shape, got data.shape = "
                f"{in_brackets(data.shape)}, partitions.shape = {in_brackets(partitions.shape)}"
            )
        outside = (partitions < 0) | (partitions >= self.num)
        if outside.any():
            where = tuple(int(i) for i in np.argwhere(outside)[0])
            raise ValueError(
                f"partitions{list(where)} = {partitions[where]} is not in [0, {self.num})"
            )
        parts = [data[partitions == number] for number in range(self.num)]
        return parts[0] if self.num == 1 else tuple(parts)

    def grad(self, ys: Any, dys: Any, data: Tensor, partitions: Tensor) -> tuple[Any, ...]:
        def put_back() -> Tensor:
            flowing = list(dys) if isinstance(dys, tuple) else [dys]
            places = reshape(range_(size(partitions)), shape(partitions))
            rows = dynamic_partition(places, partitions, self.num)
            return reshape(dynamic_stitch(rows, flowing), shape(data))

        return put_back, None


class DynamicStitch(Op):
    """Rows at their indices, the last of several at one; inputs: all indices, then all data."""

    def infer(self, *inputs: Spec) -> Spec:
        count = len(inputs) // 2
        indices, data = inputs[:count], inputs[count:]
        rest: Dims | None = None
        largest: int | None = -1
        for number, (index, rows) in enumerate(zip(indices, data, strict=True)):
            allow(index, "indices", (int32,))
            rest = merge(rest, _after(rows.dims, index.dims, f"indices[{number}]"))
            if index.value is None or largest is None:
                largest = None
            elif index.value.size:
                largest = max(largest, int(index.value.max()))
        length = None if largest is None else largest + 1
        return Spec(data[0].dtype, None if rest is None else (length, *rest))

    def numpy(self, *inputs: Array) -> Array:
        count = len(inputs) // 2
        indices, data = inputs[:count], inputs[count:]
        length = max((int(index.max()) + 1 for index in indices if index.size), default=0)
        rest = data[0].shape[indices[0].ndim :]
        # Zeros where no index points, which TensorFlow leaves open.
        result = np.zeros((length, *rest), data[0].dtype)
        for number, (index, rows) in enumerate(zip(indices, data, strict=True)):
            if rows.shape != (*index.shape, *rest):
                raise ValueError(
                    f"data[{number}].shape must start with indices[{number}].shape and go on as "
                    f"data[0]'s, got data[{number}].shape = {in_brackets(rows.shape)}, "
                    f"indices[{number}].shape = {in_brackets(index.shape)}"
                )
            if index.size and index.min() < 0:
                raise ValueError(f"indices[{number}] has {index.min()}, which is not in [0, n)")
            result[index] = rows
        return result

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        # As in TensorFlow also for rows that another one was put in the place of.
        indices = inputs[: len(inputs) // 2]
        rows = tuple(lambda index=index: gather(dy, index) for index in indices)
        return (None,) * len(indices) + rows


def dynamic_partition(
    data: Any, partitions: Any, num_partitions: int, name: str | None = None
) -> list[Tensor]:
    """The rows of `data` in `num_partitions` tensors, each row in that of its number.

    `partitions` is int32 with the leading sizes of data. Rows keep their order.

    Raises (at run): InvalidArgumentError for a number that is not below `num_partitions`.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     even, odd = tf.dynamic_partition([10, 11, 12], [0, 1, 0], 2)
    ...     print(sess.run([even, odd]))
    [array([10, 12], dtype=int32), array([11], dtype=int32)]
    """
    x = convert_to_tensor(data, name="data")
    numbers = convert_to_tensor(partitions, int32, name="partitions")
    op = x.graph.create_op(DynamicPartition(int(num_partitions)), (x, numbers), name)
    return list(op.outputs)


def dynamic_stitch(indices: Sequence[Any], data: Sequence[Any], name: str | None = None) -> Tensor:
    """One tensor with the rows of each of `data` at its `indices`; of several, the last.

    It has as many rows as the largest index says.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.dynamic_stitch([[0, 2], [1]], [[10, 12], [11]])))
    [10 11 12]
    """
    places = [convert_to_tensor(index, int32) for index in indices]
    rows = [convert_to_tensor(part) for part in data]
    if not places or len(places) != len(rows):
        raise ValueError(
            "List argument 'data' to 'DynamicStitch' Op with length "
            f"{len(rows)} must match length {len(places)} of argument 'indices'"
        )
    return make(DynamicStitch(), (*places, *rows), name)


OPS = (DynamicPartition, DynamicStitch)
