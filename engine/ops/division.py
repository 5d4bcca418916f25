"""Divisions besides the usual ones, and tests for numbers that are not finite."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import bool_
from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.arithmetic import IntegerDivision, RealDiv, mod, refuse_zero
from engine.ops.broadcasting import Binary, binary, sum_like
from engine.ops.constants import convert_to_tensor, make
from engine.ops.dtype_rules import FLOATS, allow
from engine.ops.elementwise import Rint


class TruncateDiv(Binary):
    """x / y without its fraction."""

    def numpy(self, x: Array, y: Array) -> Array:
        if np.result_type(x).kind == "f":
            return np.trunc(x / y)
        refuse_zero(y)
        floor = np.floor_divide(x, y)
        # What is negative and not whole was rounded away from zero.
        return floor + ((floor < 0) & (floor * y != x)).astype(floor.dtype)

    def grad(self, z: Tensor, dz: Tensor, x: Tensor, y: Tensor) -> tuple[Any, ...]:
        return None, None


class TruncateMod(IntegerDivision):
    """What the truncated division leaves, with the sign of x."""

    ufunc = np.fmod

    def grad(self, z: Tensor, dz: Tensor, x: Tensor, y: Tensor) -> tuple[Any, ...]:
        return lambda: sum_like(dz, x), lambda: sum_like(-dz * truncatediv(x, y), y)


class DivNoNan(Binary):
    """x / y, 0 where y is 0."""

    def infer(self, x: Spec, y: Spec) -> Spec:
        allow(x, "x", FLOATS)
        return super().infer(x, y)

    def numpy(self, x: Array, y: Array) -> Array:
        return np.where(y == 0, np.zeros((), x.dtype), x / y)

    def xla(self, jnp: Any, x: Any, y: Any) -> Any:
        return jnp.where(y == 0, 0, x / jnp.where(y == 0, 1, y))

    def grad(self, z: Tensor, dz: Tensor, x: Tensor, y: Tensor) -> tuple[Any, ...]:
        return (
            lambda: sum_like(div_no_nan(dz, y), x),
            lambda: sum_like(dz * div_no_nan(div_no_nan(-x, y), y), y),
        )


class MulNoNan(Binary):
    """x * y, 0 where y is 0 whatever x is."""

    def infer(self, x: Spec, y: Spec) -> Spec:
        allow(x, "x", FLOATS)
        return super().infer(x, y)

    def numpy(self, x: Array, y: Array) -> Array:
        return np.where(y == 0, np.zeros((), x.dtype), x * y)

    def xla(self, jnp: Any, x: Any, y: Any) -> Any:
        return jnp.where(y == 0, 0, x * y)

    def grad(self, z: Tensor, dz: Tensor, x: Tensor, y: Tensor) -> tuple[Any, ...]:
        return (
            lambda: sum_like(multiply_no_nan(dz, y), x),
            lambda: sum_like(multiply_no_nan(x, dz), y),
        )


class Finite(Op):
    """bool: a test of floating-point numbers."""

    def infer(self, x: Spec) -> Spec:
        allow(x, "x", FLOATS)
        return Spec(bool_, x.dims)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (None,)


class IsFinite(Finite):
    """Whether it is neither infinite nor NaN."""

    ufunc = np.isfinite


class IsInf(Finite):
    """Whether it is infinite."""

    ufunc = np.isinf


class IsNan(Finite):
    """Whether it is NaN."""

    ufunc = np.isnan


def truncatediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y rounded toward zero, broadcast; as C divides integers."""
    return binary(TruncateDiv(), x, y, name)


def truncatemod(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The remainder of the truncated division, with the sign of x."""
    return binary(TruncateMod(), x, y, name)


def floormod(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The remainder of the floor division, with the sign of y."""
    return mod(x, y, name)


def realdiv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y for floating point, broadcast."""
    return binary(RealDiv(), x, y, name)


def div_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y, broadcast; 0 where y is 0."""
    return binary(DivNoNan(), x, y, name or "div_no_nan")


def multiply_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x * y, broadcast; 0 where y is 0 even if x is infinite or NaN."""
    return binary(MulNoNan(), x, y, name or "multiply_no_nan")


def rint(x: Any, name: str | None = None) -> Tensor:
    """The nearest whole number, halves to even."""
    return make(Rint(), (convert_to_tensor(x, name="x"),), name)


def is_finite(x: Any, name: str | None = None) -> Tensor:
    """bool: whether an element is neither infinite nor NaN."""
    return make(IsFinite(), (convert_to_tensor(x, name="x"),), name)


def is_inf(x: Any, name: str | None = None) -> Tensor:
    """bool: whether an element is infinite."""
    return make(IsInf(), (convert_to_tensor(x, name="x"),), name)


def is_nan(x: Any, name: str | None = None) -> Tensor:
    """bool: whether an element is NaN."""
    return make(IsNan(), (convert_to_tensor(x, name="x"),), name)


OPS = (TruncateDiv, TruncateMod, DivNoNan, MulNoNan, IsFinite, IsInf, IsNan)
