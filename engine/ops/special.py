"""Error, gamma and zeta functions, element by element."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from engine import special_numerics
from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.broadcasting import Binary, binary, sum_like
from engine.ops.constants import convert_to_tensor, make
from engine.ops.dtype_rules import FLOATS, allow
from engine.ops.elementwise import UnaryFloat, exp, scalar
from engine.ops.reductions import reduce_sum

_STRIP = 8192
"""Elements computed at a time: the dozens of passes over an array then stay in the cache."""


def _in_strips(function: Any, x: Array) -> Array:
    if x.size <= _STRIP:
        return function(np, x)
    result = np.empty(x.shape, x.dtype)
    flat, source = result.reshape(-1), x.reshape(-1)
    for start in range(0, x.size, _STRIP):
        part = slice(start, start + _STRIP)
        flat[part] = function(np, source[part])
    return result


class Special(UnaryFloat):
    """A function of `engine.special_numerics`."""

    formula: ClassVar[Any] = None

    def numpy(self, x: Array) -> Array:
        return _in_strips(self.formula, x)

    def xla(self, jnp: Any, x: Any) -> Any:
        return self.formula(jnp, x)


class Erf(Special):
    """The error function."""

    formula = staticmethod(special_numerics.erf)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy * scalar(2 / np.sqrt(np.pi), x) * exp(-x * x),)


class Erfc(Special):
    """1 - erf(x), exact where that is small."""

    formula = staticmethod(special_numerics.erfc)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy * scalar(-2 / np.sqrt(np.pi), x) * exp(-x * x),)


class Lgamma(Special):
    """The logarithm of the gamma function's size."""

    formula = staticmethod(special_numerics.lgamma)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy * digamma(x),)


class Digamma(Special):
    """The derivative of lgamma."""

    formula = staticmethod(special_numerics.digamma)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy * polygamma(scalar(1, x), x),)


class SpecialBinary(Binary):
    """A function of two floating-point operands."""

    def infer(self, x: Spec, y: Spec) -> Spec:
        allow(x, "x", FLOATS)
        return super().infer(x, y)


class Polygamma(SpecialBinary):
    """A derivative of digamma; inputs: its order, x."""

    def numpy(self, order: Array, x: Array) -> Array:
        return special_numerics.polygamma(np, order, x)

    def xla(self, jnp: Any, order: Any, x: Any) -> Any:
        return special_numerics.polygamma(jnp, order, x)

    def grad(self, y: Tensor, dy: Tensor, order: Tensor, x: Tensor) -> tuple[Any, ...]:
        return None, lambda: sum_like(dy * polygamma(order + 1, x), x)


class Zeta(SpecialBinary):
    """Hurwitz' zeta function; inputs: the exponent, q."""

    def numpy(self, x: Array, q: Array) -> Array:
        return special_numerics.zeta(np, x, q)

    def xla(self, jnp: Any, x: Any, q: Any) -> Any:
        return special_numerics.zeta(jnp, x, q)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, q: Tensor) -> tuple[Any, ...]:
        return None, lambda: sum_like(-dy * x * zeta(x + 1, q), q)


def _unary(definition: Op, x: Any, name: str | None) -> Tensor:
    return make(definition, (convert_to_tensor(x, name="x"),), name)


def erf(x: Any, name: str | None = None) -> Tensor:
    """The error function: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(round(float(sess.run(tf.erf(1.0))), 6))
    0.842701
    """
    return _unary(Erf(), x, name)


def erfc(x: Any, name: str | None = None) -> Tensor:
    """1 - erf(x), exact in the far tail too."""
    return _unary(Erfc(), x, name)


def lgamma(x: Any, name: str | None = None) -> Tensor:
    """log |gamma(x)|; inf at 0 and the negative whole numbers."""
    return _unary(Lgamma(), x, name)


def digamma(x: Any, name: str | None = None) -> Tensor:
    """The derivative of lgamma; NaN at 0 and the negative whole numbers."""
    return _unary(Digamma(), x, name)


def polygamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """The derivative of digamma of order `a`, a whole number in the dtype of x."""
    return binary(Polygamma(), a, x, name)


def zeta(x: Any, q: Any, name: str | None = None) -> Tensor:
    """Hurwitz' zeta function, the sum of (k + q)^-x over k = 0, 1, ...; NaN for x < 1."""
    return binary(Zeta(), x, q, name)


def lbeta(x: Any, name: str | None = None) -> Tensor:
    """The logarithm of the beta function over the last axis: sum(lgamma(x)) - lgamma(sum(x))."""
    tensor = convert_to_tensor(x)
    with tensor.graph.name_scope(name or "lbeta"):
        return reduce_sum(lgamma(tensor), -1) - lgamma(reduce_sum(tensor, -1))


OPS = (Erf, Erfc, Lgamma, Digamma, Polygamma, Zeta)
