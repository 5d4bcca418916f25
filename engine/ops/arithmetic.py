"""Arithmetic of two operands, with broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import float32, float64, int32
from engine.errors import misuse
from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.broadcasting import Binary, binary, sum_like
from engine.ops.casting import cast
from engine.ops.constants import convert_to_tensor, graph_of, is_graph_value
from engine.shapes import merge


class Add(Binary):
    """x + y."""

    ufunc = np.add

    def grad(self, z: Tensor, dz: Tensor, x: Tensor, y: Tensor) -> tuple[Any, ...]:
        return lambda: sum_like(dz, x), lambda: sum_like(dz, y)


class Sub(Binary):
    """x - y."""

    ufunc = np.subtract

    def grad(self, z: Tensor, dz: Tensor, x: Tensor, y: Tensor) -> tuple[Any, ...]:
        return lambda: sum_like(dz, x), lambda: sum_like(-dz, y)


class Mul(Binary):
    """x * y."""

    ufunc = np.multiply

    def grad(self, z: Tensor, dz: Tensor, x: Tensor, y: Tensor) -> tuple[Any, ...]:
        return lambda: sum_like(dz * y, x), lambda: sum_like(x * dz, y)

    def simpler(self, x: Spec, y: Spec) -> int | None:
        for index, (kept, other) in enumerate(((x, y), (y, x))):
            if other.dims == () and (value := other.value) is not None:
                # As a Python number: NumPy takes a microsecond to compare one.
                return index if value.item() == 1 and kept.is_static else None
        return None


class RealDiv(Binary):
    """x / y for floating point."""

    ufunc = np.true_divide

    def grad(self, z: Tensor, dz: Tensor, x: Tensor, y: Tensor) -> tuple[Any, ...]:
        return lambda: sum_like(dz / y, x), lambda: sum_like(dz * (-x / y) / y, y)


class IntegerDivision(Binary):
    """A division whose integer form refuses zero."""

    def numpy(self, x: Array, y: Array) -> Array:
        refuse_zero(y)
        return self.ufunc(x, y)

    def lower(self, b: Any, out: Any, x: Any, y: Any) -> None:
        if y.dtype.kind in "iu":
            b.effect(refuse_zero, y)
        b.ufunc(self.ufunc, x, y, out)


def refuse_zero(divisor: Array) -> None:
    if divisor.dtype.kind in "iu" and not np.all(divisor):
        raise ZeroDivisionError("Integer division by zero")


class FloorDiv(IntegerDivision):
    """The floor of x / y."""

    ufunc = np.floor_divide

    def grad(self, z: Tensor, dz: Tensor, x: Tensor, y: Tensor) -> tuple[Any, ...]:
        return None, None


class FloorMod(IntegerDivision):
    """What the floor division leaves, with the sign of y."""

    ufunc = np.mod

    def grad(self, z: Tensor, dz: Tensor, x: Tensor, y: Tensor) -> tuple[Any, ...]:
        return lambda: sum_like(dz, x), lambda: sum_like(-dz * floordiv(x, y), y)


class Maximum(Binary):
    """The larger of x and y; at a tie the gradient goes to x."""

    ufunc = np.maximum

    def grad(self, z: Tensor, dz: Tensor, x: Tensor, y: Tensor) -> tuple[Any, ...]:
        return _to_chosen(dz, x, y, lambda: x >= y)


class Minimum(Binary):
    """The smaller of x and y; at a tie the gradient goes to x."""

    ufunc = np.minimum

    def grad(self, z: Tensor, dz: Tensor, x: Tensor, y: Tensor) -> tuple[Any, ...]:
        return _to_chosen(dz, x, y, lambda: x <= y)


def _to_chosen(dz: Tensor, x: Tensor, y: Tensor, chosen: Any) -> tuple[Any, ...]:
    return (
        lambda: sum_like(dz * cast(chosen(), dz.dtype), x),
        lambda: sum_like(dz * (1 - cast(chosen(), dz.dtype)), y),
    )


class SquaredDifference(Binary):
    """(x - y) squared."""

    def numpy(self, x: Array, y: Array) -> Array:
        return np.square(x - y)

    def lower(self, b: Any, out: Any, x: Any, y: Any) -> None:
        b.ufunc(np.subtract, x, y, out)
        b.ufunc(np.square, out, out)

    def xla(self, jnp: Any, x: Any, y: Any) -> Any:
        return jnp.square(x - y)

    def grad(self, z: Tensor, dz: Tensor, x: Tensor, y: Tensor) -> tuple[Any, ...]:
        return lambda: sum_like(2 * dz * (x - y), x), lambda: sum_like(-2 * dz * (x - y), y)


class AddN(Op):
    """The sum of tensors of one shape."""

    def infer(self, *terms: Spec) -> Spec:
        dims = terms[0].dims
        for term in terms[1:]:
            if term.dtype is not terms[0].dtype:
                raise TypeError(
                    f"All tensors passed to 'AddN' Op must have the same type, got "
                    f"{term.dtype.name} and {terms[0].dtype.name}"
                )
            dims = merge(dims, term.dims)
        return Spec(terms[0].dtype, dims)

    def numpy(self, *terms: Array) -> Array:
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    def simpler(self, *terms: Spec) -> int | tuple[Op, tuple[int, ...]] | None:
        return 0 if len(terms) == 1 else (Add(), (0, 1)) if len(terms) == 2 else None

    def lower(self, b: Any, out: Any, *terms: Any) -> None:
        b.ufunc(np.add, terms[0], terms[1], out)
        for term in terms[2:]:
            b.ufunc(np.add, out, term, out)

    def xla(self, jnp: Any, *terms: Any) -> Any:
        return sum(terms[1:], start=terms[0])

    def grad(self, y: Tensor, dy: Tensor, *terms: Tensor) -> tuple[Any, ...]:
        return (dy,) * len(terms)


def add(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x + y, broadcast; the dtype of both.

    >>> import engine as tf
    >>> tf.reset_default_graph()
    >>> print(tf.add(tf.ones([2, 1]), tf.ones([3])))
    Tensor("Add:0", shape=(2, 3), dtype=float32)
    """
    return binary(Add(), x, y, name)


def subtract(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x - y, broadcast; the dtype of both."""
    return binary(Sub(), x, y, name)


def multiply(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x * y element by element, broadcast; the dtype of both."""
    return binary(Mul(), x, y, name)


def _dtype_of(x: Any, y: Any) -> Any:
    known = next((value for value in (x, y) if is_graph_value(value)), None)
    return None if known is None else convert_to_tensor(known).dtype.base_dtype


def truediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y as Python 3 divides: integers become float64 (int8, int16: float32) first.

    Raises:
        TypeError: the dtypes differ.
    """
    dtype = _dtype_of(x, y)
    with graph_of(x, y).as_default() as graph, graph.name_scope(name or "truediv") as scope:
        x = convert_to_tensor(x, None if is_graph_value(x) else dtype, "x")
        y = convert_to_tensor(y, None if is_graph_value(y) else x.dtype.base_dtype, "y")
        if x.dtype.base_dtype is not y.dtype.base_dtype:
            raise TypeError(
                misuse(
                    f"x and y must have the same dtype, got {x.dtype!r} != {y.dtype!r}",
                    [f"{value!r} was made at {value.op.origin}" for value in (x, y)],
                    "tf.cast(x, tf.float32) on the one that is not",
                )
            )
        if x.dtype.is_integer:
            target = float32 if x.dtype.size < int32.size else float64
            x, y = cast(x, target), cast(y, target)
        return graph.create_op(RealDiv(), (x, y), scope).outputs[0]


def divide(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y as Python 3 divides."""
    return truediv(x, y, name)


def div(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y as Python 2 divides: integers floor."""
    dtype = _dtype_of(x, y) or convert_to_tensor(x).dtype
    return binary(FloorDiv() if dtype.is_integer else RealDiv(), x, y, name or "div")


def floordiv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The floor of x / y; InvalidArgumentError at run for an integer division by zero."""
    return binary(FloorDiv(), x, y, name or "floordiv")


def mod(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The remainder of the floor division, with the sign of y."""
    return binary(FloorMod(), x, y, name)


def maximum(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The larger of x and y element by element."""
    return binary(Maximum(), x, y, name)


def minimum(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The smaller of x and y element by element."""
    return binary(Minimum(), x, y, name)


def squared_difference(x: Any, y: Any, name: str | None = None) -> Tensor:
    """(x - y) squared, broadcast."""
    return binary(SquaredDifference(), x, y, name)


def add_n(inputs: Any, name: str | None = None) -> Tensor:
    """The sum of a list of tensors of one shape and dtype.

    Raises:
        ValueError: the list is empty, or shapes differ.
    """
    tensors = [convert_to_tensor(item) for item in inputs]
    if not tensors:
        raise ValueError(
            misuse(
                "inputs must be a list of at least one Tensor with the same dtype and shape",
                (),
                "a list with at least one tensor in it",
            )
        )
    return tensors[0].graph.create_op(AddN(), tensors, name).outputs[0]


OPS = (Add, Sub, Mul, RealDiv, FloorDiv, FloorMod, Maximum, Minimum, SquaredDifference, AddN)
