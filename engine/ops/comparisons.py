"""Comparisons and logic; no gradient flows through them."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import bool_
from engine.graph import Tensor
from engine.op import Op, Spec
from engine.ops.broadcasting import binary, check_same_dtype
from engine.ops.constants import convert_to_tensor, make
from engine.shapes import broadcast


class Comparison(Op):
    """Two operands of one dtype, broadcast; the result is bool."""

    def infer(self, x: Spec, y: Spec) -> Spec:
        check_same_dtype(self, x, y)
        return Spec(bool_, broadcast(x.dims, y.dims))

    def grad(self, z: Tensor, dz: Tensor, x: Tensor, y: Tensor) -> tuple[Any, ...]:
        return None, None


class Equal(Comparison):
    """x == y."""

    ufunc = np.equal


class NotEqual(Comparison):
    """x != y."""

    ufunc = np.not_equal


class Less(Comparison):
    """x < y."""

    ufunc = np.less


class LessEqual(Comparison):
    """x <= y."""

    ufunc = np.less_equal


class Greater(Comparison):
    """x > y."""

    ufunc = np.greater


class GreaterEqual(Comparison):
    """x >= y."""

    ufunc = np.greater_equal


class Logical(Comparison):
    """Two bool operands."""

    def infer(self, x: Spec, y: Spec) -> Spec:
        for spec, label in ((x, "x"), (y, "y")):
            refuse_not_bool(self, spec, label)
        return super().infer(x, y)


def refuse_not_bool(op: Op, spec: Spec, label: str) -> None:
    if spec.dtype is not bool_:
        raise TypeError(
            f"Input '{label}' of '{op.type}' Op has type {spec.dtype.name} that does not "
            "match expected type of bool"
        )


class LogicalAnd(Logical):
    """x and y."""

    ufunc = np.logical_and


class LogicalOr(Logical):
    """x or y."""

    ufunc = np.logical_or


class LogicalXor(Logical):
    """Either x or y, not both."""

    ufunc = np.logical_xor


class LogicalNot(Op):
    """not x."""

    ufunc = np.logical_not

    def infer(self, x: Spec) -> Spec:
        refuse_not_bool(self, x, "x")
        return Spec(bool_, x.dims)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (None,)


def equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """bool: x == y element by element, broadcast."""
    return binary(Equal(), x, y, name)


def not_equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """bool: x != y element by element, broadcast."""
    return binary(NotEqual(), x, y, name)


def less(x: Any, y: Any, name: str | None = None) -> Tensor:
    """bool: x < y element by element, broadcast."""
    return binary(Less(), x, y, name)


def less_equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """bool: x <= y element by element, broadcast."""
    return binary(LessEqual(), x, y, name)


def greater(x: Any, y: Any, name: str | None = None) -> Tensor:
    """bool: x > y element by element, broadcast."""
    return binary(Greater(), x, y, name)


def greater_equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """bool: x >= y element by element, broadcast."""
    return binary(GreaterEqual(), x, y, name)


def logical_and(x: Any, y: Any, name: str | None = None) -> Tensor:
    """bool: x and y."""
    return binary(LogicalAnd(), x, y, name)


def logical_or(x: Any, y: Any, name: str | None = None) -> Tensor:
    """bool: x or y."""
    return binary(LogicalOr(), x, y, name)


def logical_xor(x: Any, y: Any, name: str = "LogicalXor") -> Tensor:
    """bool: either x or y, not both."""
    return binary(LogicalXor(), x, y, name)


def logical_not(x: Any, name: str | None = None) -> Tensor:
    """bool: not x."""
    return make(LogicalNot(), (convert_to_tensor(x),), name)


OPS = (
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    LogicalAnd,
    LogicalOr,
    LogicalXor,
    LogicalNot,
)
