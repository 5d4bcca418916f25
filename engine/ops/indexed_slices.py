"""Rows of a tensor, each with its index: what the gradient of a lookup is."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from engine.dtypes import DType
from engine.errors import compose
from engine.graph import Graph, Operation, Tensor
from engine.op import Array, Op, Spec
from engine.ops.constants import convert_to_tensor, make
from engine.shapes import TensorShape


class IndexedSlicesValue(NamedTuple):
    """What a run gives for `IndexedSlices`: arrays."""

    values: Any
    indices: Any
    dense_shape: Any


class IndexedSlices:
    """Rows `values` [n, ...] that belong at `indices` [n] of a tensor of shape `dense_shape`.

    The tensor is zero elsewhere, and rows with the same index add up. It may stand wherever a
    tensor may, and is then written out in full.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     rows = tf.IndexedSlices(tf.constant([1.0, 2.0]), tf.constant([2, 0]), tf.constant([3]))
    ...     print(sess.run(tf.convert_to_tensor(rows)))
    [2. 0. 1.]
    """

    __slots__ = ("_dense_shape", "_indices", "_values")
    # NumPy must leave `array * slices` to the tensor that it is taken for.
    __array_priority__ = 100

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None):
        self._values = convert_to_tensor(values)
        self._indices = convert_to_tensor(indices)
        self._dense_shape = None if dense_shape is None else convert_to_tensor(dense_shape)

    @property
    def values(self) -> Tensor:
        return self._values

    @property
    def indices(self) -> Tensor:
        return self._indices

    @property
    def dense_shape(self) -> Tensor | None:
        return self._dense_shape

    @property
    def shape(self) -> TensorShape:
        """What is known of the shape of the whole tensor."""
        if self._dense_shape is None:
            return TensorShape(None)
        return TensorShape(self._dense_shape.spec.sizes)

    def get_shape(self) -> TensorShape:
        return self.shape

    @property
    def name(self) -> str:
        return self._values.name

    @property
    def op(self) -> Operation:
        return self._values.op

    @property
    def graph(self) -> Graph:
        return self._values.graph

    @property
    def device(self) -> str:
        return self._values.device

    @property
    def dtype(self) -> DType:
        return self._values.dtype

    def with_values(self, values: Tensor) -> IndexedSlices:
        """Other rows at the same indices."""
        return IndexedSlices(values, self._indices, self._dense_shape)

    def as_tensor(self) -> Tensor:
        """The whole tensor.

        Raises:
            ValueError: its shape is not given.
        """
        if self._dense_shape is None:
            raise ValueError(
                compose(
                    f"Tensor conversion requested for IndexedSlices without dense_shape: {self}",
                    [f"its values were made at {self.op.origin}"],
                    "tf.IndexedSlices(values, indices, dense_shape)",
                )
            )
        return make(ScatterRows(), (self._values, self._indices, self._dense_shape), None)

    def as_graph_element(self) -> Tensor:
        """What waiting for it means: its values."""
        return self._values

    def components(self) -> tuple[Tensor, ...]:
        """The tensors that a run fetches or is fed for it."""
        shape = () if self._dense_shape is None else (self._dense_shape,)
        return (self._values, self._indices, *shape)

    def from_components(self, arrays: list[Any]) -> IndexedSlicesValue:
        """What a run gives for it, from what it gives for the components."""
        return IndexedSlicesValue(*arrays, *[None] * (3 - len(arrays)))

    def __neg__(self) -> IndexedSlices:
        return self.with_values(-self._values)

    def __str__(self) -> str:
        shape = "" if self._dense_shape is None else f", dense_shape={self._dense_shape}"
        return f"IndexedSlices(indices={self._indices}, values={self._values}{shape})"


class ScatterRows(Op):
    """Rows added into zeros at the indices; inputs: rows, indices, shape of the result."""

    @property
    def type(self) -> str:
        return "UnsortedSegmentSum"

    def infer(self, rows: Spec, indices: Spec, sizes: Spec) -> Spec:
        return Spec(rows.dtype, sizes.sizes)

    def numpy(self, rows: Array, indices: Array, sizes: Array) -> Array:
        result = np.empty(tuple(sizes), rows.dtype)
        write_rows(rows, indices, result)
        return result

    def lower(self, b: Any, out: Any, rows: Any, indices: Any, sizes: Any) -> None:
        b.call(write_rows, rows, indices, out, writes=out)

    def xla(self, jnp: Any, rows: Any, indices: Any, sizes: Any) -> Any:
        zeros = jnp.zeros(tuple(sizes), rows.dtype)
        return zeros.at[indices.ravel()].add(rows.reshape(-1, *zeros.shape[1:]))

    def grad(
        self, y: Tensor, dy: Tensor, rows: Tensor, indices: Tensor, sizes: Tensor
    ) -> tuple[Any, ...]:
        from engine.ops.indexing import Gather  # whose gradient is made of this kind

        return lambda: make(Gather(), (dy, indices), None), None, None


def write_rows(rows: Array, indices: Array, out: Array) -> None:
    """Zeros with the rows added at the indices, into `out`."""
    check_rows(out, indices)
    out.fill(0)
    where, summed = distinct_rows(indices, rows.reshape(np.size(indices), *out.shape[1:]))
    out[where] = summed


def check_rows(params: Array, indices: Array) -> None:
    """ValueError in TensorFlow's words for an index that `params` has no row for."""
    n = params.shape[0]
    array = np.asarray(indices)
    if not array.size:
        return
    # Taken as unsigned, negative numbers are too large as well: one look at each.
    whole = array.view(f"u{array.itemsize}") if array.dtype.kind == "i" else array
    if whole.max() >= n:
        place = tuple(int(i) for i in np.argwhere((array < 0) | (array >= n))[0])
        where = f"[{','.join(map(str, place))}]" if place else ""
        raise ValueError(f"indices{where} = {array[place]} is not in [0, {n})")


def distinct_rows(indices: Array, rows: Array, combine: np.ufunc = np.add) -> tuple[Array, Array]:
    """The different indices in rising order, and for each of them its rows combined."""
    flat = np.ravel(indices)
    if flat.size < 2:
        return flat, rows
    # A stable order, so that rows add up in the order they are given in.
    order = np.argsort(flat, kind="stable")
    ordered = flat[order]
    new = np.empty(flat.size, bool)
    new[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    first = np.flatnonzero(new)
    if first.size == flat.size:
        return ordered, rows[order]
    # Half precision would drown its small addends one by one.
    wide = np.float32 if rows.dtype == np.float16 else rows.dtype
    summed = _combined(rows[order].astype(wide, copy=False), first, combine)
    return ordered[first], summed.astype(rows.dtype, copy=False)


def _combined(rows: Array, first: Array, combine: np.ufunc) -> Array:
    """The rows from each place of `first` up to the next one, combined."""
    counts = np.diff(first, append=len(rows))
    several = np.flatnonzero(counts > 1)
    most = int(counts.max())
    result = rows[first]
    # Measured: reduceat takes half a microsecond a group, a round over all groups some fifteen.
    if several.size < 30 * most:
        kept = np.repeat(counts > 1, counts)
        starts = np.cumsum(counts[several]) - counts[several]
        result[several] = combine.reduceat(rows[kept], starts, axis=0)
        return result
    for place in range(1, most):
        longer = several[counts[several] > place]
        result[longer] = combine(result[longer], rows[first[longer] + place])
    return result


OPS = (ScatterRows,)
