"""Broadcasting and its inverse, the sum over what was broadcast; two-operand op base class."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import ALL, string
from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.constants import (
    convert_to_tensor,
    graph_of,
    integers,
    is_graph_value,
    make,
)
from engine.ops.sizes import shape
from engine.shapes import (
    Dims,
    ShapeError,
    TensorShape,
    as_dims,
    broadcast,
    compatible,
    fully_defined,
    in_parentheses,
    with_rank,
)


class Binary(Op):
    """Two numeric operands of one dtype, broadcast against each other."""

    def infer(self, x: Spec, y: Spec) -> Spec:
        check_same_dtype(self, x, y)
        if not (x.dtype.is_numeric or (x.dtype is string and self.type == "Add")):
            allowed = ", ".join(dtype.name for dtype in ALL if dtype.is_numeric)
            raise TypeError(
                f"Value passed to parameter 'x' has DataType {x.dtype.name} not in list of "
                f"allowed values: {allowed}"
            )
        return Spec(x.dtype, broadcast(x.dims, y.dims))


def check_same_dtype(op: Op, x: Spec, y: Spec) -> None:
    """TypeError in TensorFlow's words where two operands differ in dtype."""
    if x.dtype is not y.dtype:
        raise TypeError(
            f"Input 'y' of '{op.type}' Op has type {y.dtype.name} that does not match "
            f"type {x.dtype.name} of argument 'x'"
        )


def binary(definition: Op, x: Any, y: Any, name: str | None) -> Tensor:
    """A node of two operands, either of which may be a Python or NumPy value.

    A value takes the dtype of the tensor beside it.
    """
    x_is_tensor, y_is_tensor = isinstance(x, Tensor), isinstance(y, Tensor)
    if x_is_tensor and y_is_tensor:
        graph = x.op.graph
        return graph.create_op(definition, (x, y), name).outputs[0]  # type: ignore[no-any-return]
    with graph_of(x, y).as_default() as graph, graph.name_scope(name or definition.type) as scope:
        if is_graph_value(y) and not is_graph_value(x):
            y = convert_to_tensor(y)
            x = convert_to_tensor(x, y.dtype.base_dtype, "x")
        else:
            x = convert_to_tensor(x, name="x")
            y = convert_to_tensor(y, None if is_graph_value(y) else x.dtype.base_dtype, "y")
        return graph.create_op(definition, (x, y), scope).outputs[0]


class BroadcastTo(Op):
    """A tensor repeated along new axes and axes of size 1."""

    def infer(self, x: Spec, shape: Spec) -> Spec:
        return Spec(x.dtype, shape.sizes)

    def numpy(self, x: Array, shape: Array) -> Array:
        return np.broadcast_to(x, tuple(shape))

    def view(self, x: Array, shape: Array) -> Array:
        return np.broadcast_to(x, tuple(shape))

    def simpler(self, x: Spec, shape: Spec) -> int | None:
        return 0 if fully_defined(x.dims) and x.dims == shape.sizes else None

    def xla(self, jnp: Any, x: Any, shape: Any) -> Any:
        return jnp.broadcast_to(x, tuple(shape))

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, shape: Tensor) -> tuple[Any, ...]:
        return lambda: sum_like(dy, x), None


class SumTo(Op):
    """The sum over what broadcasting repeated, in the given shape."""

    def infer(self, x: Spec, shape: Spec) -> Spec:
        return Spec(x.dtype, shape.sizes)

    def numpy(self, x: Array, shape: Array) -> Array:
        target = tuple(shape)
        axes = summed_axes(x.shape, target)
        return x.sum(axis=axes, dtype=x.dtype).reshape(target) if axes else x.reshape(target)

    def simpler(self, x: Spec, shape: Spec) -> int | None:
        return 0 if fully_defined(x.dims) and x.dims == shape.sizes else None

    def lower(self, b: Any, out: Any, x: Any, shape: Any) -> None:
        lower_sum(b, out, x, summed_axes(x.dims, out.dims))

    def xla(self, jnp: Any, x: Any, shape: Any) -> Any:
        return jnp.sum(x, axis=summed_axes(x.shape, tuple(shape))).reshape(tuple(shape))

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, shape: Tensor) -> tuple[Any, ...]:
        return lambda: broadcast_like(dy, x), None


def summed_axes(dims: tuple[int, ...], target: tuple[int, ...]) -> tuple[int, ...]:
    """The axes of `dims` to sum over to arrive at `target`.

    >>> summed_axes((5, 2, 3), (2, 1))
    (0, 2)
    """
    extra = len(dims) - len(target)
    shrunk = [extra + i for i, size in enumerate(target) if size == 1 and dims[extra + i] != 1]
    return (*range(extra), *shrunk)


_BLAS_SUM = 8192
"""Elements up to which a full sum goes to BLAS: 0.4 us against 0.8 for add.reduce at 200 elements.
Beyond it NumPy's pairwise sum is as fast, and more exact."""


def lower_sum(b: Any, out: Any, x: Any, axes: tuple[int, ...]) -> None:
    """Calls that leave the sum of `x` over `axes` in `out`, with or without the axes of size 1."""
    dims = x.dims
    kept = tuple(size for axis, size in enumerate(dims) if axis not in axes)
    target = out if out.dims == kept else b.view(out, lambda array: array.reshape(kept))
    if not axes:
        b.call(np.copyto, target, b.view(x, lambda a: a.reshape(kept)), writes=target)
        return
    contiguous = x.kind == "buffer" and x.parent is None
    if x.dtype in (np.float32, np.float64) and contiguous and x.size:
        if not kept and x.size <= _BLAS_SUM:
            ones = b.constant(np.ones(x.size, x.dtype), "ones")
            b.call(np.dot, ones, b.view(x, lambda a: a.reshape(-1)), target, writes=target)
            return
        rows = int(np.prod(dims[: len(axes)]))
        if axes == tuple(range(len(axes))) and kept and rows <= _BLAS_SUM:
            # A sum over the leading axes as a product with ones: 1.7 us against 5.6 at 128 x 256.
            ones = b.constant(np.ones(rows, x.dtype), "ones")
            matrix = b.view(x, lambda a: a.reshape(rows, -1))
            flat = target if len(kept) == 1 else b.view(target, lambda a: a.reshape(-1))
            b.call(np.dot, ones, matrix, flat, writes=flat)
            return
    where = axes[0] if len(axes) == 1 else axes
    b.call(np.add.reduce, x, where, x.dtype, target, writes=target)


def sum_like(dy: Tensor, x: Tensor) -> Tensor:
    """`dy` summed over whatever broadcasting added, in the shape of `x`."""
    if fully_defined(x.spec.dims) and x.spec.dims == dy.spec.dims:
        return dy
    return make(SumTo(), (dy, shape(x)), None)


def broadcast_like(dy: Tensor, x: Tensor) -> Tensor:
    """`dy` repeated up to the shape of `x`."""
    if fully_defined(x.spec.dims) and x.spec.dims == dy.spec.dims:
        return dy
    return make(BroadcastTo(), (dy, shape(x)), None)


class BroadcastArgs(Op):
    """The shape that two shapes give together by broadcasting."""

    def infer(self, x: Spec, y: Spec) -> Spec:
        check_same_dtype(self, x, y)
        (a,), (b,) = with_rank(x.dims, 1), with_rank(y.dims, 1)
        return Spec(x.dtype, (None if a is None or b is None else max(a, b),))

    def infer_sizes(self, x: Spec, y: Spec) -> Dims | None:
        return broadcast(x.sizes, y.sizes)

    def numpy(self, x: Array, y: Array) -> Array:
        dims = broadcast(tuple(x.tolist()), tuple(y.tolist()))
        return np.array(dims, x.dtype)

    def grad(self, z: Tensor, dz: Tensor, x: Tensor, y: Tensor) -> tuple[Any, ...]:
        return None, None


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """`input` repeated along new axes in front and axes of size 1 up to `shape`.

    Raises:
        ValueError: it cannot be.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.broadcast_to([1, 2], [2, 2])).tolist()
    [[1, 2], [1, 2]]
    """
    x = convert_to_tensor(input)
    with x.graph.name_scope(name or "BroadcastTo") as scope:
        sizes = integers(shape, "shape")
        known = sizes.spec.sizes
        if known is not None and not compatible(broadcast(x.spec.dims, known), known):
            raise ValueError(
                f"Incompatible shapes: {in_parentheses(x.spec.dims)} cannot be broadcast to "
                f"{in_parentheses(known)}"
            )
        return make(BroadcastTo(), (x, sizes), scope)


def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """The `TensorShape` that two shapes give together by broadcasting.

    Raises:
        ValueError: they do not fit.
    """
    try:
        return TensorShape(broadcast(as_dims(shape_x), as_dims(shape_y)))
    except ShapeError:
        raise ValueError(
            f"Incompatible shapes for broadcasting: {TensorShape(shape_x)} and "
            f"{TensorShape(shape_y)}"
        ) from None


def broadcast_dynamic_shape(shape_x: Any, shape_y: Any, name: str | None = None) -> Tensor:
    """The shape, int32 [rank], that two shape tensors give together by broadcasting."""
    x = integers(shape_x)
    return make(BroadcastArgs(), (x, integers(shape_y)), name)


OPS = (BroadcastTo, SumTo, BroadcastArgs)
