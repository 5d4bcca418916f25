"""Reshape, transpose and their kin: the same elements under other sizes. Views in a plan."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.constants import const_node, convert_to_tensor, integers, make
from engine.ops.sizes import rank, shape
from engine.shapes import (
    Dims,
    ShapeError,
    count,
    fully_defined,
    in_brackets,
    normalize_axis,
    with_rank,
)


class Reshape(Op):
    """The same elements in order under other sizes; one size of -1 is worked out."""

    def infer(self, x: Spec, sizes: Spec) -> Spec:
        return Spec(x.dtype, self._dims(x, sizes))

    def _dims(self, x: Spec, sizes: Spec) -> Dims | None:
        value = sizes.value
        if value is None:
            return sizes.sizes
        dims = [int(size) for size in value]
        total = count(x.dims)
        if dims.count(-1) > 1:
            raise ShapeError(f"Only one input size may be -1, not both {value.tolist()}")
        known = int(np.prod([size for size in dims if size != -1]))
        if -1 in dims:
            if total is None:
                return tuple(None if size == -1 else size for size in dims)
            if known == 0 or total % known:
                raise ShapeError(
                    f"Dimension size must be evenly divisible by {known} but is {total}"
                )
            return tuple(total // known if size == -1 else size for size in dims)
        if total is not None and total != known:
            raise ShapeError(
                f"Cannot reshape a tensor with {total} elements to shape "
                f"{in_brackets(dims)} ({known} elements)",
                f"Input to reshape is a tensor with {total} values, but the requested shape has "
                f"{known}",
            )
        return tuple(dims)

    def numpy(self, x: Array, sizes: Array) -> Array:
        return x.reshape(tuple(sizes))

    def view(self, x: Array, sizes: Array) -> Array:
        return x.reshape(tuple(sizes))

    def simpler(self, x: Spec, sizes: Spec) -> int | None:
        return 0 if fully_defined(x.dims) and self._dims(x, sizes) == x.dims else None

    def xla(self, jnp: Any, x: Any, sizes: Any) -> Any:
        return jnp.reshape(x, tuple(sizes))

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, sizes: Tensor) -> tuple[Any, ...]:
        return lambda: make(Reshape(), (dy, shape(x)), None), None


class Transpose(Op):
    """Axes in another order."""

    def infer(self, x: Spec, perm: Spec) -> Spec:
        order = perm.value
        if order is None or x.dims is None:
            length = perm.dims[0] if perm.dims else None
            length = len(x.dims) if x.dims is not None else length
            return Spec(x.dtype, None if length is None else (None,) * length)
        axes, n = order.tolist(), len(x.dims)
        if len(axes) != n:
            raise ShapeError(f"Dimension must be {n} but is {len(axes)}")
        if sorted(axes) != list(range(n)):
            wrong = next((axis for axis in axes if not 0 <= axis < n), None)
            raise ShapeError(
                f"perm {axes} names an axis twice"
                if wrong is None
                else f"perm dim {wrong} is out of range of input rank {n}"
            )
        return Spec(x.dtype, tuple(x.dims[axis] for axis in order))

    def numpy(self, x: Array, perm: Array) -> Array:
        return x.transpose(tuple(perm))

    def view(self, x: Array, perm: Array) -> Array:
        return x.transpose(tuple(perm))

    def simpler(self, x: Spec, perm: Spec) -> int | None:
        order = perm.value
        return 0 if order is not None and order.tolist() == list(range(len(order))) else None

    def xla(self, jnp: Any, x: Any, perm: Any) -> Any:
        return jnp.transpose(x, tuple(perm))

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, perm: Tensor) -> tuple[Any, ...]:
        return lambda: make(Transpose(), (dy, make(InvertPermutation(), (perm,), None)), None), None


class InvertPermutation(Op):
    """The permutation that undoes another."""

    def infer(self, x: Spec) -> Spec:
        return Spec(x.dtype, with_rank(x.dims, 1))

    def numpy(self, x: Array) -> Array:
        if not np.array_equal(np.sort(x), np.arange(len(x))):
            raise ValueError(f"{x.tolist()} is not a permutation of 0 to {len(x) - 1}")
        return np.argsort(x).astype(x.dtype)

    def xla(self, jnp: Any, x: Any) -> Any:
        return jnp.argsort(x).astype(x.dtype)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (None,)


class ReversePermutation(Op):
    """n-1 ... 0 for a rank n, the default order of a transpose."""

    def infer(self, n: Spec) -> Spec:
        value = n.value
        return Spec(n.dtype, (None if value is None else int(value),))

    def numpy(self, n: Array) -> Array:
        return np.arange(int(n) - 1, -1, -1, dtype=np.int32)


class ExpandDims(Op):
    """One more axis of size 1."""

    def infer(self, x: Spec, axis: Spec) -> Spec:
        if x.dims is None or axis.value is None:
            return Spec(x.dtype, None if x.dims is None else (None,) * (len(x.dims) + 1))
        rank = len(x.dims)
        if not -rank - 1 <= int(axis.value) <= rank:
            raise ShapeError(
                f"Tried to expand dim index {int(axis.value)} for tensor with {rank} dimensions."
            )
        position = int(axis.value) % (rank + 1)
        return Spec(x.dtype, (*x.dims[:position], 1, *x.dims[position:]))

    def numpy(self, x: Array, axis: Array) -> Array:
        return np.expand_dims(x, int(axis))

    def view(self, x: Array, axis: Array) -> Array:
        return np.expand_dims(x, int(axis))

    def xla(self, jnp: Any, x: Any, axis: Any) -> Any:
        return jnp.expand_dims(x, int(axis))

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, axis: Tensor) -> tuple[Any, ...]:
        return lambda: make(Reshape(), (dy, shape(x)), None), None


class Squeeze(Op):
    """Without the axes of size 1, or without the given ones of them."""

    def __init__(self, axes: tuple[int, ...] = ()):
        self.axes = axes

    def attributes(self) -> dict[str, Any]:
        return {"squeeze_dims": list(self.axes)}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Squeeze) and self.axes == other.axes

    def __hash__(self) -> int:
        return hash(self.axes)

    def infer(self, x: Spec) -> Spec:
        if x.dims is None:
            return Spec(x.dtype, None)
        if self.axes:
            gone = {normalize_axis(axis, len(x.dims)) for axis in self.axes}
            for axis in gone:
                if x.dims[axis] not in (1, None):
                    raise ShapeError(
                        f"Can not squeeze dim[{axis}], expected a dimension of 1, "
                        f"got {x.dims[axis]}"
                    )
            return Spec(
                x.dtype, tuple(size for axis, size in enumerate(x.dims) if axis not in gone)
            )
        if not fully_defined(x.dims):
            return Spec(x.dtype, None)
        return Spec(x.dtype, tuple(size for size in x.dims if size != 1))

    def numpy(self, x: Array) -> Array:
        return np.squeeze(x, self.axes or None)

    def view(self, x: Array) -> Array:
        return np.squeeze(x, self.axes or None)

    def xla(self, jnp: Any, x: Any) -> Any:
        return jnp.squeeze(x, self.axes or None)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (lambda: make(Reshape(), (dy, shape(x)), None),)


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    """The elements of `tensor` in order under the sizes of `shape`, one of which may be -1.

    Raises:
        ValueError: the number of elements cannot fit.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     tf.reshape(tf.zeros([2, 6]), [3, -1]).get_shape().as_list()
    [3, 4]
    """
    x = convert_to_tensor(tensor)
    with x.graph.name_scope(name or "Reshape") as scope:
        return make(Reshape(), (x, integers(shape, "shape")), scope)


def transpose(a: Any, perm: Any = None, name: str = "transpose") -> Tensor:
    """`a` with axis i taken from axis ``perm[i]``; without `perm`, all axes reversed."""
    x = convert_to_tensor(a)
    with x.graph.name_scope(name) as scope:
        if perm is not None:
            order = integers(perm, "perm")
        elif x.spec.dims is not None:
            order = const_node(np.arange(len(x.spec.dims) - 1, -1, -1, dtype=np.int32), "perm")
        else:
            order = make(ReversePermutation(), (rank(x),), "perm")
        return make(Transpose(), (x, order), scope)


def invert_permutation(x: Any, name: str | None = None) -> Tensor:
    """The permutation that undoes `x`, a permutation of 0 to n - 1, int32 or int64 [n].

    Raises (at run): InvalidArgumentError if x is no permutation.
    """
    return make(InvertPermutation(), (integers(x),), name)


def matrix_transpose(a: Any, name: str = "matrix_transpose") -> Tensor:
    """`a` with its last two axes exchanged."""
    x = convert_to_tensor(a)
    if x.spec.dims is None:
        raise ValueError("matrix_transpose needs a tensor of known rank")
    axes = list(range(len(x.spec.dims)))
    return transpose(x, [*axes[:-2], axes[-1], axes[-2]], name)


def expand_dims(input: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """`input` with one more axis of size 1 before position `axis` (0.x: `dim`)."""
    position = dim if axis is None else axis
    if position is None:
        raise ValueError("Must specify an axis argument to tf.expand_dims()")
    x = convert_to_tensor(input)
    with x.graph.name_scope(name or "ExpandDims") as scope:
        return make(ExpandDims(), (x, integers(position, "dim")), scope)


def squeeze(
    input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None
) -> Tensor:
    """`input` without its axes of size 1, or without those in `axis` (0.x: `squeeze_dims`)."""
    axes = squeeze_dims if axis is None else axis
    axes = () if axes is None else (axes,) if isinstance(axes, int) else tuple(axes)
    return make(Squeeze(axes), (convert_to_tensor(input),), name)


OPS = (Reshape, Transpose, InvertPermutation, ReversePermutation, ExpandDims, Squeeze)
