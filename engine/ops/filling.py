"""Tensors filled by rule: zeros, ones, fill, range, linspace, one-hot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.dtypes import DType, as_dtype, bool_, float32, int32, string
from engine.errors import misuse
from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.broadcasting import BroadcastTo
from engine.ops.casting import cast
from engine.ops.constants import (
    Const,
    const_node,
    constant,
    convert_to_tensor,
    graph_of,
    integers,
    is_graph_value,
    make,
)
from engine.ops.joining import concat, stack
from engine.ops.shaping import Reshape
from engine.shapes import ShapeError, in_brackets


class Fill(Op):
    """A scalar everywhere; inputs: sizes, value."""

    def infer(self, sizes: Spec, value: Spec) -> Spec:
        return Spec(value.dtype, sizes.sizes)

    def numpy(self, sizes: Array, value: Array) -> Array:
        # A view of the one value; whoever needs it in full writes it out.
        return np.broadcast_to(value, tuple(sizes))

    def xla(self, jnp: Any, sizes: Any, value: Any) -> Any:
        return jnp.full(tuple(sizes), value)

    def grad(self, y: Tensor, dy: Tensor, sizes: Tensor, value: Tensor) -> tuple[Any, ...]:
        from engine.ops.reductions import reduce_sum  # reductions make their axes with `range`

        return None, lambda: reduce_sum(dy)


class Range(Op):
    """start, start + delta, ... up to but without limit."""

    def infer(self, start: Spec, limit: Spec, delta: Spec) -> Spec:
        a, b, c = start.value, limit.value, delta.value
        if a is None or b is None or c is None:
            return Spec(start.dtype, (None,))
        if c == 0:
            raise ShapeError("Requires delta != 0")
        if (b - a) * c < 0:
            order = "start <= limit when delta > 0" if c > 0 else "start >= limit when delta < 0"
            raise ShapeError(f"Requires {order}: {a}/{b}")
        return Spec(start.dtype, (int(np.ceil((b - a) / c)),))

    def numpy(self, start: Array, limit: Array, delta: Array) -> Array:
        return np.arange(start, limit, delta, dtype=np.asarray(start).dtype)

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        return None, None, None


@declared
class LinSpace(Op):
    """num values from start to stop, both included."""

    num: int

    def infer(self, start: Spec, stop: Spec) -> Spec:
        return Spec(start.dtype, (self.num,))

    def numpy(self, start: Array, stop: Array) -> Array:
        return np.linspace(start, stop, self.num, dtype=np.asarray(start).dtype)


@declared
class OneHot(Op):
    """on at each index, off elsewhere, along a new axis; inputs: indices, depth, on, off."""

    axis: int = -1

    def infer(self, indices: Spec, depth: Spec, on: Spec, off: Spec) -> Spec:
        if not indices.dtype.is_integer:
            raise TypeError(
                f"Value passed to parameter 'indices' has DataType {indices.dtype.name} not in "
                "list of allowed values: uint8, int32, int64"
            )
        if depth.dims:
            raise ShapeError(f"Input 1 must be a scalar but has shape {in_brackets(depth.dims)}")
        size = None if depth.value is None else int(depth.value)
        if size is not None and size < 0:
            raise ShapeError(
                f"Dimension size, given by scalar input 1, must be non-negative but is {size}"
            )
        if indices.dims is None:
            return Spec(on.dtype, None)
        where = self.axis % (len(indices.dims) + 1)
        return Spec(on.dtype, (*indices.dims[:where], size, *indices.dims[where:]))

    def numpy(self, indices: Array, depth: Array, on: Array, off: Array) -> Array:
        if depth < 0:
            raise ValueError(f"depth must be non-negative, got: {depth}")
        hot = np.asarray(indices)[..., None] == np.arange(depth)
        return np.where(np.moveaxis(hot, -1, self.axis % (np.ndim(indices) + 1)), on, off)

    def xla(self, jnp: Any, indices: Any, depth: Any, on: Any, off: Any) -> Any:
        hot = indices[..., None] == jnp.arange(int(depth))
        return jnp.where(jnp.moveaxis(hot, -1, self.axis % (indices.ndim + 1)), on, off)

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        return None, None, None, None


class Eye(Op):
    """The identity matrix; inputs: rows, columns, the value on the diagonal."""

    def infer(self, rows: Spec, columns: Spec, one: Spec) -> Spec:
        sizes = (None if n.value is None else int(n.value) for n in (rows, columns))
        return Spec(one.dtype, tuple(sizes))

    def numpy(self, rows: Array, columns: Array, one: Array) -> Array:
        return np.eye(int(rows), int(columns), dtype=one.dtype) * one

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        return None, None, None


def filled(dims: Sequence[int], value: Any, dtype: DType, name: str) -> Tensor:
    """A constant with one value everywhere, which takes no more memory than that value."""
    array = np.broadcast_to(np.asarray(value, dtype.np), tuple(dims))
    return make(Const(dtype, array.shape, array), (), name)


def _filled(shape: Any, dtype: Any, value: Any, name: str) -> Tensor:
    target = as_dtype(dtype).base_dtype
    if target is string:
        value = b""
    items = list(shape) if isinstance(shape, list | tuple) else [shape]
    if not any(is_graph_value(item) for item in items):
        known = _known_sizes(shape)
        return filled(known, value, target, name)
    with graph_of(*items).as_default() as graph, graph.name_scope(name) as scope:
        sizes = integers(shape, "packed")
        if sizes.spec.dims == ():
            sizes = make(Reshape(), (sizes, const_node(np.array([-1], np.int32))), None)
        return make(Fill(), (sizes, constant(value, target)), scope)


def _known_sizes(shape: Any) -> list[int]:
    sizes = []
    for size in np.atleast_1d(np.asarray(shape, dtype=object)).ravel():
        try:
            sizes.append(int(size))
        except (TypeError, ValueError):
            size = getattr(size, "value", size)
            raise TypeError(
                misuse(
                    f"Expected int32, got {size!r} of type '{type(size).__name__}' instead.",
                    [f"in the shape {shape!r}"],
                    "tf.shape(x)[0] for a size that only the run knows"
                    if size is None
                    else "a list of whole numbers, as [2, 3]",
                )
            ) from None
    if sizes and min(sizes) < 0:
        raise ValueError(
            misuse(
                f"Invalid value in tensor used for shape: {min(sizes)}", [f"in the shape {shape!r}"]
            )
        )
    return sizes


def zeros(shape: Any, dtype: Any = float32, name: str = "zeros") -> Tensor:
    """Zeros of a shape, which may be a tensor.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     print(tf.zeros((2, 2)))
    Tensor("zeros:0", shape=(2, 2), dtype=float32)
    """
    return _filled(shape, dtype, False if as_dtype(dtype) is bool_ else 0, name)


def ones(shape: Any, dtype: Any = float32, name: str = "ones") -> Tensor:
    """Ones of a shape, which may be a tensor."""
    return _filled(shape, dtype, True if as_dtype(dtype) is bool_ else 1, name)


def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """`value`, a scalar, everywhere in the shape `dims`."""
    with graph_of(dims, value).as_default() as graph, graph.name_scope(name or "Fill") as scope:
        return make(Fill(), (integers(dims, "dims"), convert_to_tensor(value, name="value")), scope)


def range(
    start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range"
) -> Tensor:
    """start, start + delta, ... up to but without limit; one argument counts from 0.

    int32 for Python integers, float32 if any of them is a float.
    """
    if limit is None:
        start, limit = 0, start
    with graph_of(start, limit, delta).as_default() as graph, graph.name_scope(name) as scope:
        given = [
            convert_to_tensor(value, name=label)
            for value, label in ((start, "start"), (limit, "limit"), (delta, "delta"))
        ]
        order: list[DType] = [int32, as_dtype("int64"), float32, as_dtype("float64")]
        target = (
            as_dtype(dtype)
            if dtype is not None
            else max((tensor.dtype.base_dtype for tensor in given), key=order.index)
        )
        return make(Range(), [cast(tensor, target) for tensor in given], scope)


def linspace(start: Any, stop: Any, num: int, name: str = "LinSpace") -> Tensor:
    """`num` values evenly from `start` to `stop`, both included, float32 [num]."""
    with graph_of(start, stop).as_default() as graph, graph.name_scope(name) as scope:
        first = convert_to_tensor(start, name="start")
        last = convert_to_tensor(stop, first.dtype.base_dtype, "stop")
        return make(LinSpace(int(num)), (first, last), scope)


def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str = "one_hot",
) -> Tensor:
    """1 (`on_value`) at each index and 0 elsewhere along a new axis of size `depth`, float32."""
    with graph_of(indices).as_default() as graph, graph.name_scope(name) as scope:
        known = next((v for v in (on_value, off_value) if is_graph_value(v)), None)
        target = as_dtype(dtype) if dtype is not None else None
        if known is not None and target is None:
            target = convert_to_tensor(known).dtype.base_dtype
        if target is None and on_value is None and off_value is None:
            target = float32
        if target is None:
            given = on_value if on_value is not None else off_value
            target = convert_to_tensor(given).dtype.base_dtype
        on = _one_hot_value(on_value, 1, target, "on_value")
        off = _one_hot_value(off_value, 0, target, "off_value")
        where = -1 if axis is None else axis
        size = convert_to_tensor(depth, None if is_graph_value(depth) else int32, "depth")
        return make(OneHot(where), (convert_to_tensor(indices), size, on, off), scope)


def _one_hot_value(value: Any, default: int, dtype: DType, label: str) -> Tensor:
    if value is None:
        return const_node(np.asarray(default).astype(dtype.np), label)
    if is_graph_value(value) and convert_to_tensor(value).dtype.base_dtype is not dtype:
        found = convert_to_tensor(value).dtype.name
        raise TypeError(f"dtype {found} of {label} does not match dtype parameter {dtype.name}")
    return convert_to_tensor(value, dtype, label)


def eye(
    num_rows: Any,
    num_columns: Any = None,
    batch_shape: Any = None,
    dtype: Any = float32,
    name: str | None = None,
) -> Tensor:
    """The identity matrix [num_rows, num_columns], for each element of a `batch_shape` if given.

    Sizes are ints or int32 scalars, as ``tf.shape(x)[0]``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.eye(tf.shape([7, 8])[0])).tolist())
    [[1.0, 0.0], [0.0, 1.0]]
    """
    with graph_of(num_rows, num_columns).as_default() as graph, graph.name_scope(name or "eye"):
        rows, columns = _known_size(num_rows), _known_size(num_columns)
        # Names of the operations that TensorFlow makes it of.
        kind = "diag" if num_columns is None else "set_diag"
        if num_columns is None:
            num_columns, columns = num_rows, rows
        if rows is None or columns is None:
            one = const_node(np.ones((), as_dtype(dtype).np))
            matrix = make(Eye(), (integers(num_rows), integers(num_columns), one), kind)
        else:
            matrix = const_node(np.eye(rows, columns, dtype=as_dtype(dtype).np))
        if batch_shape is None:
            return matrix
        lead = integers(batch_shape, "batch_shape")
        own = cast(stack([integers(num_rows), integers(num_columns)]), lead.spec.dtype)
        result = make(BroadcastTo(), (matrix, concat([lead, own], 0)), None)
        leading = lead.spec.sizes
        if leading is not None:
            result.set_shape([*leading, rows, columns])
        return result


def _known_size(value: Any) -> int | None:
    if value is None:
        return None
    known = convert_to_tensor(value).constant_value() if is_graph_value(value) else value
    return None if known is None else int(known)


OPS = (Fill, Range, LinSpace, OneHot, Eye)
