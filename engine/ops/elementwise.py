"""Functions of one operand, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import as_dtype
from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.casting import cast
from engine.ops.complexes import complex_abs
from engine.ops.constants import const_node, convert_to_tensor, make
from engine.shapes import fully_defined


class Unary(Op):
    """One operand of a number type; the result has its shape and dtype."""

    floats_only = False

    def infer(self, x: Spec) -> Spec:
        if not x.dtype.is_numeric or (self.floats_only and x.dtype.is_integer):
            allowed = "float16, float32, float64" + ("" if self.floats_only else ", int32, int64")
            raise TypeError(
                f"Value passed to parameter 'x' has DataType {x.dtype.name} not in list of "
                f"allowed values: {allowed}"
            )
        return Spec(x.dtype, x.dims)


class UnaryFloat(Unary):
    """One floating-point operand."""

    floats_only = True


class Neg(Unary):
    """-x."""

    ufunc = np.negative

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (-dy,)


class Abs(Unary):
    """|x|, with gradient 0 at 0."""

    ufunc = np.absolute

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy * sign(x),)


class Sign(Unary):
    """-1, 0 or 1."""

    ufunc = np.sign

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (lambda: zeros_like(x),)


class Square(Unary):
    """x * x."""

    ufunc = np.square

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy * (2.0 * x) if x.spec.dtype.is_floating else dy * (2 * x),)


class Sqrt(UnaryFloat):
    """The square root, with gradient inf at 0."""

    ufunc = np.sqrt

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy * 0.5 / y,)


class Rsqrt(UnaryFloat):
    """1 / sqrt(x)."""

    def numpy(self, x: Array) -> Array:
        return np.reciprocal(np.sqrt(x))

    def lower(self, b: Any, out: Any, x: Any) -> None:
        b.ufunc(np.sqrt, x, out)
        b.ufunc(np.reciprocal, out, out)

    def xla(self, jnp: Any, x: Any) -> Any:
        return 1 / jnp.sqrt(x)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy * -0.5 * y * y * y,)


class Reciprocal(UnaryFloat):
    """1 / x."""

    ufunc = np.reciprocal

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (-dy * y * y,)


class Exp(UnaryFloat):
    """e to the power x."""

    ufunc = np.exp

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy * y,)


class Expm1(UnaryFloat):
    """exp(x) - 1, exact near 0."""

    ufunc = np.expm1

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy * exp(x),)


class Log(UnaryFloat):
    """The natural logarithm."""

    ufunc = np.log

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy / x,)


class Log1p(UnaryFloat):
    """log(1 + x), exact near 0."""

    ufunc = np.log1p

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy / (1.0 + x),)


class Sin(UnaryFloat):
    """The sine of radians."""

    ufunc = np.sin

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy * cos(x),)


class Cos(UnaryFloat):
    """The cosine of radians."""

    ufunc = np.cos

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (-dy * sin(x),)


class Tan(UnaryFloat):
    """The tangent of radians."""

    ufunc = np.tan

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy * (1.0 + y * y),)


class Step(Unary):
    """A function that is flat almost everywhere: no gradient flows."""

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (None,)


class Floor(Step):
    """The largest whole number not above x."""

    ufunc = np.floor


class Ceil(Step):
    """The smallest whole number not below x."""

    ufunc = np.ceil


class Rint(Step):
    """The nearest whole number, halves to even."""

    ufunc = np.rint


class Round(Rint):
    """As `Rint`; a kind of its own, for scripts give it another gradient by its name."""


class ZerosLike(Op):
    """Zeros in the shape of x."""

    fill = 0
    sizes_only = True

    def infer(self, x: Spec) -> Spec:
        return Spec(x.dtype, x.dims)

    def numpy(self, x: Array) -> Array:
        return np.full(x.shape, self.fill, x.dtype)

    def infer_value(self, x: Spec) -> Array | None:
        return np.full(x.dims, self.fill, x.dtype.np) if fully_defined(x.dims) else None

    def xla(self, jnp: Any, x: Any) -> Any:
        return jnp.full(x.shape, self.fill, x.dtype)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (None,)


class OnesLike(ZerosLike):
    """Ones in the shape of x."""

    fill = 1


def _unary(definition: Op, x: Any, name: str | None) -> Tensor:
    return make(definition, (convert_to_tensor(x, name="x"),), name)


def negative(x: Any, name: str | None = None) -> Tensor:
    """-x."""
    return _unary(Neg(), x, name)


def abs(x: Any, name: str | None = None) -> Tensor:
    """|x|; the gradient at 0 is 0. Of complex numbers, their distances from 0."""
    tensor = convert_to_tensor(x, name="x")
    return complex_abs(tensor, name) if tensor.dtype.is_complex else _unary(Abs(), tensor, name)


def sign(x: Any, name: str | None = None) -> Tensor:
    """-1, 0 or 1, in the dtype of x."""
    return _unary(Sign(), x, name)


def square(x: Any, name: str | None = None) -> Tensor:
    """x * x."""
    return _unary(Square(), x, name)


def sqrt(x: Any, name: str | None = None) -> Tensor:
    """The square root; NaN below 0, gradient inf at 0."""
    return _unary(Sqrt(), x, name)


def rsqrt(x: Any, name: str | None = None) -> Tensor:
    """1 / sqrt(x)."""
    return _unary(Rsqrt(), x, name)


def reciprocal(x: Any, name: str | None = None) -> Tensor:
    """1 / x."""
    return _unary(Reciprocal(), x, name)


def exp(x: Any, name: str | None = None) -> Tensor:
    """e to the power x."""
    return _unary(Exp(), x, name)


def expm1(x: Any, name: str | None = None) -> Tensor:
    """exp(x) - 1, exact near 0."""
    return _unary(Expm1(), x, name)


def log(x: Any, name: str | None = None) -> Tensor:
    """The natural logarithm; -inf at 0, NaN below."""
    return _unary(Log(), x, name)


def log1p(x: Any, name: str | None = None) -> Tensor:
    """log(1 + x), exact near 0."""
    return _unary(Log1p(), x, name)


def sin(x: Any, name: str | None = None) -> Tensor:
    """The sine of radians."""
    return _unary(Sin(), x, name)


def cos(x: Any, name: str | None = None) -> Tensor:
    """The cosine of radians."""
    return _unary(Cos(), x, name)


def tan(x: Any, name: str | None = None) -> Tensor:
    """The tangent of radians."""
    return _unary(Tan(), x, name)


def floor(x: Any, name: str | None = None) -> Tensor:
    """The largest whole number not above x."""
    return _unary(Floor(), x, name)


def ceil(x: Any, name: str | None = None) -> Tensor:
    """The smallest whole number not below x."""
    return _unary(Ceil(), x, name)


def round(x: Any, name: str | None = None) -> Tensor:
    """The nearest whole number, halves to even; integers stay as they are."""
    tensor = convert_to_tensor(x)
    return tensor if tensor.dtype.is_integer else _unary(Round(), tensor, name)


def zeros_like(
    tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True
) -> Tensor:
    """Zeros in the shape of `tensor`, in `dtype` or its own."""
    return _filled_like(ZerosLike(), tensor, dtype, name or "zeros_like", optimize)


def ones_like(
    tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True
) -> Tensor:
    """Ones in the shape of `tensor`, in `dtype` or its own."""
    return _filled_like(OnesLike(), tensor, dtype, name or "ones_like", optimize)


def _filled_like(definition: ZerosLike, x: Any, dtype: Any, name: str, optimize: bool) -> Tensor:
    tensor = convert_to_tensor(x)
    target = tensor.dtype.base_dtype if dtype is None else as_dtype(dtype)
    if target is not tensor.dtype.base_dtype:
        return cast(make(definition, (tensor,), name), target)
    del optimize  # Part of the API; sizes are folded when a run is planned anyway.
    return make(definition, (tensor,), name)


def scalar(value: float, like: Tensor, name: str | None = None) -> Tensor:
    """A constant of rank 0 in the dtype of another tensor."""
    return const_node(np.asarray(value, like.spec.dtype.np), name)


OPS = (
    Neg,
    Abs,
    Sign,
    Square,
    Sqrt,
    Rsqrt,
    Reciprocal,
    Exp,
    Expm1,
    Log,
    Log1p,
    Sin,
    Cos,
    Tan,
    Floor,
    Ceil,
    Rint,
    Round,
    ZerosLike,
    OnesLike,
)
