"""Inverse trigonometric and hyperbolic functions, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.graph import Tensor
from engine.op import Op, Spec
from engine.ops.broadcasting import Binary, binary, sum_like
from engine.ops.constants import convert_to_tensor, make
from engine.ops.dtype_rules import FLOATS, allow
from engine.ops.elementwise import UnaryFloat, rsqrt


class Asin(UnaryFloat):
    """The angle in radians whose sine is x."""

    ufunc = np.arcsin

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy * rsqrt(1.0 - x * x),)


class Acos(UnaryFloat):
    """The angle in radians whose cosine is x."""

    ufunc = np.arccos

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (-dy * rsqrt(1.0 - x * x),)


class Atan(UnaryFloat):
    """The angle in radians whose tangent is x."""

    ufunc = np.arctan

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy / (1.0 + x * x),)


class Sinh(UnaryFloat):
    """The hyperbolic sine."""

    ufunc = np.sinh

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy * cosh(x),)


class Cosh(UnaryFloat):
    """The hyperbolic cosine."""

    ufunc = np.cosh

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy * sinh(x),)


class Asinh(UnaryFloat):
    """The inverse of sinh."""

    ufunc = np.arcsinh

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy / cosh(y),)


class Acosh(UnaryFloat):
    """The inverse of cosh; NaN below 1."""

    ufunc = np.arccosh

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy / sinh(y),)


class Atanh(UnaryFloat):
    """The inverse of tanh; NaN beyond -1 and 1."""

    ufunc = np.arctanh

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy / (1.0 - x * x),)


class Atan2(Binary):
    """The angle in radians of the point (x, y), given y first."""

    ufunc = np.arctan2

    def infer(self, x: Spec, y: Spec) -> Spec:
        allow(x, "y", FLOATS)
        return super().infer(x, y)

    def grad(self, z: Tensor, dz: Tensor, y: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (
            lambda: sum_like(x * (dz / (x * x + y * y)), y),
            lambda: sum_like(-y * (dz / (x * x + y * y)), x),
        )


def _unary(definition: Op, x: Any, name: str | None) -> Tensor:
    return make(definition, (convert_to_tensor(x, name="x"),), name)


def asin(x: Any, name: str | None = None) -> Tensor:
    """The angle in radians, from -pi/2 to pi/2, whose sine is x; NaN beyond -1 and 1."""
    return _unary(Asin(), x, name)


def acos(x: Any, name: str | None = None) -> Tensor:
    """The angle in radians, from 0 to pi, whose cosine is x; NaN beyond -1 and 1."""
    return _unary(Acos(), x, name)


def atan(x: Any, name: str | None = None) -> Tensor:
    """The angle in radians, from -pi/2 to pi/2, whose tangent is x."""
    return _unary(Atan(), x, name)


def atan2(y: Any, x: Any, name: str | None = None) -> Tensor:
    """The angle in radians, from -pi to pi, of the point (x, y), broadcast.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(round(float(sess.run(tf.atan2(1.0, -1.0))), 4))
    2.3562
    """
    return binary(Atan2(), y, x, name)


def sinh(x: Any, name: str | None = None) -> Tensor:
    """The hyperbolic sine."""
    return _unary(Sinh(), x, name)


def cosh(x: Any, name: str | None = None) -> Tensor:
    """The hyperbolic cosine."""
    return _unary(Cosh(), x, name)


def asinh(x: Any, name: str | None = None) -> Tensor:
    """The inverse of the hyperbolic sine."""
    return _unary(Asinh(), x, name)


def acosh(x: Any, name: str | None = None) -> Tensor:
    """The inverse of the hyperbolic cosine; NaN below 1."""
    return _unary(Acosh(), x, name)


def atanh(x: Any, name: str | None = None) -> Tensor:
    """The inverse of the hyperbolic tangent; NaN beyond -1 and 1."""
    return _unary(Atanh(), x, name)


OPS = (Asin, Acos, Atan, Sinh, Cosh, Asinh, Acosh, Atanh, Atan2)
