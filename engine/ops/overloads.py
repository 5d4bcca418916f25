"""What Python's operators on tensors make; named in lower case, as TensorFlow names them."""

from __future__ import annotations

from typing import Any

from engine.graph import Tensor
from engine.ops import arithmetic, comparisons, elementwise, linear, powers
from engine.ops.indexing import getitem

__all__ = [
    "absolute",
    "add",
    "floordiv",
    "getitem",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "matmul",
    "mod",
    "mul",
    "negative",
    "pow",
    "sub",
    "truediv",
]


def add(x: Any, y: Any) -> Tensor:
    return arithmetic.add(x, y, "add")


def sub(x: Any, y: Any) -> Tensor:
    return arithmetic.subtract(x, y, "sub")


def mul(x: Any, y: Any) -> Tensor:
    return arithmetic.multiply(x, y, "mul")


def truediv(x: Any, y: Any) -> Tensor:
    return arithmetic.truediv(x, y, "truediv")


def floordiv(x: Any, y: Any) -> Tensor:
    return arithmetic.floordiv(x, y, "floordiv")


def mod(x: Any, y: Any) -> Tensor:
    return arithmetic.mod(x, y, "mod")


def pow(x: Any, y: Any) -> Tensor:
    return powers.pow(x, y, "pow")


def matmul(x: Any, y: Any) -> Tensor:
    return linear.matmul(x, y, name="matmul")


def logical_and(x: Any, y: Any) -> Tensor:
    return comparisons.logical_and(x, y, "and")


def logical_or(x: Any, y: Any) -> Tensor:
    return comparisons.logical_or(x, y, "or")


def logical_xor(x: Any, y: Any) -> Tensor:
    return comparisons.logical_xor(x, y, "xor")


less = comparisons.less
less_equal = comparisons.less_equal
greater = comparisons.greater
greater_equal = comparisons.greater_equal
logical_not = comparisons.logical_not
negative = elementwise.negative
absolute = elementwise.abs
