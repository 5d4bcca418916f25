"""Rows of lists of tensors, by the TensorArrays that are made of them."""

from __future__ import annotations

import engine as tf
from op_rows.row import A, B, flat, smooth


def _of(x: tf.Tensor, size: int, alike: bool = True) -> tf.TensorArray:
    return tf.TensorArray(x.dtype, size=size, infer_shape=alike)


ROWS = [
    smooth("array_stack", lambda x, y: _of(x, 2).write(1, x).write(0, y * x).stack(), A, B,
           kinds="ListReserve ListWrite ListStack ListReadOrZeros ListUnstack"),
    smooth("array_unstack", lambda x: _of(x, 2).unstack(x).read(1) * x[0], A,
           kinds="ListUnstack ListRead ListZeros ListAdd"),
    smooth("array_read_twice", lambda x: (lambda a: a.read(0) * a.read(1) + a.read(0))(
        _of(x, 2).unstack(x)), A, kinds="ListRead ListAdd"),
    smooth("array_gather", lambda x: _of(x, 2).unstack(x).gather([1, 0, 1]), A,
           kinds="ListGather ListScatter"),
    smooth("array_scatter", lambda x: _of(x, 2).scatter([1, 0], x).stack() * 2.0, A,
           kinds="ListScatter ListGather"),
    smooth("array_concat", lambda x, y: _of(x, 2, False).write(0, x).write(1, y[:1]).concat(), A, B,
           kinds="ListConcat ListSplit ListLengths", open_shape=True),
    smooth("array_split", lambda x: _of(x, 2).split(x, [0, 2]).read(1) ** 2.0, A,
           kinds="ListSplit ListConcat", open_shape=True),
    smooth("ensure_shape", lambda x: tf.ensure_shape(x, [None, 3]) * 2.0, A, kinds="EnsureShape"),
    flat("array_size", lambda x: _of(x, 5).write(1, x).size(), A, kinds="ListSize"),
]  # fmt: skip

ELSEWHERE = {"AssertTrue", "PyFunc", "PrintValues"}
