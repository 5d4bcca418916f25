"""Changes of single rows or elements of a variable."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.constants import convert_to_tensor
from engine.ops.indexed_slices import check_rows, distinct_rows
from engine.ops.state import reference
from engine.shapes import ShapeError, compatible, in_brackets


class ScatterChange(Op):
    """A change of parts of a variable; inputs: the variable's own output, indices, updates."""

    stateful = True
    ref_output = True
    writes = (0,)

    def infer(self, variable: Spec, indices: Spec, updates: Spec) -> Spec:
        if not indices.dtype.is_integer:
            raise TypeError(
                f"Value passed to parameter 'indices' has DataType {indices.dtype.name} not in "
                "list of allowed values: int32, int64"
            )
        if variable.dtype is not updates.dtype:
            raise TypeError(
                f"Input 'updates' of '{self.type}' Op has type {updates.dtype.name} that does not "
                f"match type {variable.dtype.name} of argument 'ref'"
            )
        if variable.dims is not None and indices.dims is not None:
            wanted = self.sizes(variable.dims, indices.dims)
            if updates.dims != () and not compatible(updates.dims, wanted):
                raise ShapeError(
                    "Must have updates.shape = indices.shape + params.shape[1:] or updates.shape "
                    f"= [], got updates.shape {in_brackets(updates.dims)}, indices.shape "
                    f"{in_brackets(indices.dims)}, params.shape {in_brackets(variable.dims)}"
                )
        return Spec(variable.dtype, variable.dims)

    def sizes(self, variable: tuple[Any, ...], indices: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The sizes that updates must have."""
        return indices + variable[1:]

    def change(self, variable: Array, indices: Array, updates: Array) -> None:
        """Do it, in place."""
        raise NotImplementedError

    def run(self, state: Any, op: Any, *arrays: Array) -> Array:
        variable, indices, updates = arrays
        self.change(variable, indices, updates)
        return variable

    def lower(self, b: Any, out: Any, variable: Any, indices: Any, updates: Any) -> None:
        def scatter(indices: Array, updates: Array, variable: Array) -> None:
            self.change(variable, indices, updates)

        b.call(scatter, indices, updates, variable, writes=variable)


class ScatterUpdate(ScatterChange):
    """variable[indices] = updates; of rows given twice the last one stays."""

    def change(self, variable: Array, indices: Array, updates: Array) -> None:
        check_rows(variable, indices)
        variable[indices] = updates


class ScatterRowsChange(ScatterChange):
    """variable[indices] = function(variable[indices], updates), rows given twice one by one."""

    function: ClassVar[Any]
    combine: ClassVar[Any]
    """What makes one update of two."""

    def change(self, variable: Array, indices: Array, updates: Array) -> None:
        check_rows(variable, indices)
        sizes = (np.size(indices), *variable.shape[1:])
        rows = np.broadcast_to(updates, sizes) if np.ndim(updates) == 0 else updates.reshape(sizes)
        where, rows = distinct_rows(indices, rows, self.combine)
        variable[where] = type(self).function(variable[where], rows)


def _divide(x: Array, y: Array) -> Array:
    if x.dtype.kind not in "iu":
        return x / y
    if not np.all(y):
        raise ZeroDivisionError("Integer division by zero")
    return np.trunc(x / y).astype(x.dtype)


class ScatterAdd(ScatterRowsChange):
    """variable[indices] += updates."""

    function = combine = np.add


class ScatterSub(ScatterRowsChange):
    """variable[indices] -= updates."""

    function, combine = np.subtract, np.add


class ScatterMul(ScatterRowsChange):
    """variable[indices] *= updates."""

    function = combine = np.multiply


class ScatterDiv(ScatterRowsChange):
    """variable[indices] /= updates."""

    function, combine = staticmethod(_divide), np.multiply


class ScatterMin(ScatterRowsChange):
    """variable[indices] = minimum(variable[indices], updates)."""

    function = combine = np.minimum


class ScatterMax(ScatterRowsChange):
    """variable[indices] = maximum(variable[indices], updates)."""

    function = combine = np.maximum


class ScatterNdChange(ScatterChange):
    """The last axis of the indices is a position in the variable."""

    def sizes(self, variable: tuple[Any, ...], indices: tuple[Any, ...]) -> tuple[Any, ...] | None:
        depth = indices[-1] if indices else None
        if depth is None:
            return None
        if depth > len(variable):
            raise ShapeError(
                f"Positions of {depth} numbers do not fit a variable of {in_brackets(variable)}"
            )
        return indices[:-1] + variable[depth:]

    def change(self, variable: Array, indices: Array, updates: Array) -> None:
        limits = np.array(variable.shape[: indices.shape[-1]])
        outside = np.argwhere(((indices < 0) | (indices >= limits)).any(axis=-1))
        if outside.size:
            place = tuple(int(i) for i in outside[0])
            raise ValueError(
                f"indices{list(place)} = {indices[place].tolist()} does not index into shape "
                f"{in_brackets(variable.shape)}"
            )
        self.put(variable, tuple(np.moveaxis(indices, -1, 0)), updates)

    def put(self, variable: Array, where: tuple[Array, ...], updates: Array) -> None:
        """Do it at positions that are there."""
        raise NotImplementedError


class ScatterNdUpdate(ScatterNdChange):
    """variable[positions] = updates."""

    def put(self, variable: Array, where: tuple[Array, ...], updates: Array) -> None:
        variable[where] = updates


class ScatterNdAdd(ScatterNdChange):
    """variable[positions] += updates."""

    def put(self, variable: Array, where: tuple[Array, ...], updates: Array) -> None:
        np.add.at(variable, where, updates)


class ScatterNdSub(ScatterNdChange):
    """variable[positions] -= updates."""

    def put(self, variable: Array, where: tuple[Array, ...], updates: Array) -> None:
        np.subtract.at(variable, where, updates)


def _scatter(definition: Op, ref: Any, indices: Any, updates: Any, name: str | None) -> Tensor:
    target = reference(ref)
    inputs = (target, convert_to_tensor(indices), convert_to_tensor(updates, target.dtype))
    return target.graph.create_op(definition, inputs, name).outputs[0]


def scatter_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None
) -> Tensor:
    """A tensor that, run, sets the rows of `ref` at `indices` and gives its new value.

    `updates` has the shape of `indices` followed by that of a row; likewise below.

    Raises (at run): InvalidArgumentError for an index that is out of range.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     v = tf.Variable([1.0, 2.0, 3.0])
    ...     sess.run(v.initializer)
    ...     print(sess.run(tf.scatter_update(v, [0, 2], [7.0, 9.0])))
    [7. 2. 9.]
    """
    return _scatter(ScatterUpdate(), ref, indices, updates, name)


def scatter_add(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """A tensor that, run, adds to the rows of `ref` at `indices` and gives its new value."""
    return _scatter(ScatterAdd(), ref, indices, updates, name)


def scatter_sub(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """A tensor that, run, subtracts from the rows of `ref` and gives its new value."""
    return _scatter(ScatterSub(), ref, indices, updates, name)


def scatter_mul(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """A tensor that, run, multiplies the rows of `ref` and gives its new value."""
    return _scatter(ScatterMul(), ref, indices, updates, name)


def scatter_div(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """A tensor that, run, divides the rows of `ref` and gives its new value."""
    return _scatter(ScatterDiv(), ref, indices, updates, name)


def scatter_min(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """A tensor that, run, takes the smaller of the rows of `ref` and the updates."""
    return _scatter(ScatterMin(), ref, indices, updates, name)


def scatter_max(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """A tensor that, run, takes the larger of the rows of `ref` and the updates."""
    return _scatter(ScatterMax(), ref, indices, updates, name)


def scatter_nd_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None
) -> Tensor:
    """A tensor that, run, sets `ref` at the positions in the last axis of `indices`."""
    return _scatter(ScatterNdUpdate(), ref, indices, updates, name)


def scatter_nd_add(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """A tensor that, run, adds to `ref` at the positions in the last axis of `indices`."""
    return _scatter(ScatterNdAdd(), ref, indices, updates, name)


def scatter_nd_sub(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """A tensor that, run, subtracts from `ref` at the positions in the last axis of `indices`."""
    return _scatter(ScatterNdSub(), ref, indices, updates, name)


OPS = (
    ScatterUpdate,
    ScatterAdd,
    ScatterSub,
    ScatterMul,
    ScatterDiv,
    ScatterMin,
    ScatterMax,
    ScatterNdUpdate,
    ScatterNdAdd,
    ScatterNdSub,
)
