"""Activation functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.errors import InvalidArgumentError, misuse
from engine.graph import Tensor
from engine.op import Array, Spec
from engine.ops.arithmetic import maximum, multiply
from engine.ops.broadcasting import Binary
from engine.ops.casting import cast
from engine.ops.choosing import where
from engine.ops.constants import convert_to_tensor, make
from engine.ops.elementwise import UnaryFloat, exp, negative, zeros_like
from engine.ops.joining import concat
from engine.ops.reductions import reduce_sum
from engine.ops.rowwise import lower_row_maximum, lower_row_sum
from engine.ops.shaping import transpose
from engine.shapes import ShapeError


class Tanh(UnaryFloat):
    """The hyperbolic tangent."""

    ufunc = np.tanh

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy * (1.0 - y * y),)


class Sigmoid(UnaryFloat):
    """1 / (1 + exp(-x)); exp may become infinite on the way, which gives 0, as it should be.

    By tanh it would be exact to 1e-7 of 1 only, and log(sigmoid(-20)) be minus infinity.
    """

    def numpy(self, x: Array) -> Array:
        one = x.dtype.type(1)
        with np.errstate(over="ignore"):
            return one / (one + np.exp(-x))

    def lower(self, b: Any, out: Any, x: Any) -> None:
        one = b.constant(np.asarray(1, x.dtype), "one")
        b.ufunc(np.negative, x, out)
        b.ufunc(np.exp, out, out)
        b.ufunc(np.add, out, one, out)
        b.ufunc(np.divide, one, out, out)

    def xla(self, jnp: Any, x: Any) -> Any:
        return 1 / (1 + jnp.exp(-x))

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy * (y * (1.0 - y)),)


class Softplus(UnaryFloat):
    """log(1 + exp(x)) without overflow."""

    def numpy(self, x: Array) -> Array:
        return np.logaddexp(x, x.dtype.type(0))

    def lower(self, b: Any, out: Any, x: Any) -> None:
        # max(x, 0) + log1p(exp(-|x|)): three times faster than logaddexp, and as exact.
        positive = b.scratch(x.dims, x.dtype)
        b.ufunc(np.maximum, x, b.constant(np.zeros((), x.dtype), "zero"), positive)
        b.ufunc(np.absolute, x, out)
        b.ufunc(np.negative, out, out)
        b.ufunc(np.exp, out, out)
        b.ufunc(np.log1p, out, out)
        b.ufunc(np.add, out, positive, out)

    def xla(self, jnp: Any, x: Any) -> Any:
        return jnp.logaddexp(x, 0)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy * sigmoid(x),)


class Softsign(UnaryFloat):
    """x / (1 + |x|)."""

    def numpy(self, x: Array) -> Array:
        return x / (1 + np.absolute(x))

    def xla(self, jnp: Any, x: Any) -> Any:
        return x / (1 + jnp.absolute(x))

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy / (1.0 + abs(x)) ** 2.0,)


class Relu(UnaryFloat):
    """max(x, 0), with gradient 0 at 0."""

    floats_only = False

    def numpy(self, x: Array) -> Array:
        return np.maximum(x, x.dtype.type(0))

    def lower(self, b: Any, out: Any, x: Any) -> None:
        # Zeros in an array: maximum has no SIMD form for a scalar operand (6 us against 13).
        b.ufunc(np.maximum, x, b.constant(np.zeros(x.dims[-1:], x.dtype), "zeros"), out)

    def xla(self, jnp: Any, x: Any) -> Any:
        return jnp.maximum(x, 0)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (make(ReluGrad(), (dy, y), None),)


class ReluGrad(Binary):
    """dy where y is positive, else 0; inputs: dy, y."""

    def numpy(self, dy: Array, y: Array) -> Array:
        return dy * (y > 0)

    def lower(self, b: Any, out: Any, dy: Any, y: Any) -> None:
        # Compare and multiply: 10 us, where copyto(where=) takes 56 and heaviside 82.
        mask = b.scratch(y.dims, np.bool_, "mask")
        b.ufunc(np.greater, y, b.constant(np.zeros(y.dims[-1:], y.dtype), "zeros"), mask)
        b.ufunc(np.multiply, dy, mask, out)

    def xla(self, jnp: Any, dy: Any, y: Any) -> Any:
        return dy * (y > 0)

    def grad(self, z: Tensor, dz: Tensor, dy: Tensor, y: Tensor) -> tuple[Any, ...]:
        return make(ReluGrad(), (dz, y), None), lambda: zeros_like(y)


class Relu6(UnaryFloat):
    """min(max(x, 0), 6)."""

    def numpy(self, x: Array) -> Array:
        return np.minimum(np.maximum(x, x.dtype.type(0)), x.dtype.type(6))

    def xla(self, jnp: Any, x: Any) -> Any:
        return jnp.clip(x, 0, 6)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy * cast((y > 0.0) & (y < 6.0), dy.dtype),)


class Elu(UnaryFloat):
    """x where positive, else exp(x) - 1."""

    def numpy(self, x: Array) -> Array:
        return np.where(x > 0, x, np.expm1(np.minimum(x, x.dtype.type(0))))

    def xla(self, jnp: Any, x: Any) -> Any:
        return jnp.where(x > 0, x, jnp.expm1(jnp.minimum(x, 0)))

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (where(y < 0.0, dy * (y + 1.0), dy),)


class Softmax(UnaryFloat):
    """exp(x) / sum(exp(x)) along the last axis."""

    def infer(self, x: Spec) -> Spec:
        if x.dims == ():
            raise ShapeError("Shape must be at least rank 1 but is rank 0")
        return super().infer(x)

    def numpy(self, x: Array) -> Array:
        powers = np.exp(x - x.max(axis=-1, keepdims=True, initial=-np.inf))
        return powers / powers.sum(axis=-1, keepdims=True, dtype=x.dtype)

    def lower(self, b: Any, out: Any, x: Any) -> None:
        row = b.scratch((*x.dims[:-1], 1), x.dtype, "row")
        lower_row_maximum(b, x, row)
        b.ufunc(np.subtract, x, row, out)
        b.ufunc(np.exp, out, out)
        lower_row_sum(b, out, row)
        b.ufunc(np.true_divide, out, row, out)

    def xla(self, jnp: Any, x: Any) -> Any:
        powers = jnp.exp(x - x.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return ((dy - reduce_sum(dy * y, -1, keep_dims=True)) * y,)


class LogSoftmax(Softmax):
    """x - log(sum(exp(x))) along the last axis."""

    def numpy(self, x: Array) -> Array:
        shifted = x - x.max(axis=-1, keepdims=True, initial=-np.inf)
        return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True, dtype=x.dtype))

    def lower(self, b: Any, out: Any, x: Any) -> None:
        row = b.scratch((*x.dims[:-1], 1), x.dtype, "row")
        powers = b.scratch(x.dims, x.dtype, "powers")
        lower_row_maximum(b, x, row)
        b.ufunc(np.subtract, x, row, out)
        b.ufunc(np.exp, out, powers)
        lower_row_sum(b, powers, row)
        b.ufunc(np.log, row, row)
        b.ufunc(np.subtract, out, row, out)

    def xla(self, jnp: Any, x: Any) -> Any:
        shifted = x - x.max(axis=-1, keepdims=True, initial=-np.inf)
        return shifted - jnp.log(jnp.exp(shifted).sum(axis=-1, keepdims=True))

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (dy - exp(y) * reduce_sum(dy, -1, keep_dims=True),)


class Selu(UnaryFloat):
    """scale * x where positive, else scale * alpha * (exp(x) - 1).

    Source: Klambauer et al., *Self-Normalizing Neural Networks*, 2017, equation 2.
    """

    scale = 1.0507009873554804934193349852946
    alpha = 1.6732632423543772848170429916717

    def numpy(self, x: Array) -> Array:
        below = np.expm1(np.minimum(x, x.dtype.type(0)))
        return np.where(x > 0, x, x.dtype.type(self.alpha) * below) * x.dtype.type(self.scale)

    def xla(self, jnp: Any, x: Any) -> Any:
        below = self.alpha * jnp.expm1(jnp.minimum(x, 0))
        return self.scale * jnp.where(x > 0, x, below)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        slope = zeros_like(y) + self.scale
        return (dy * where(y < zeros_like(y), y + self.scale * self.alpha, slope),)


def _activation(definition: Any, x: Any, name: str | None) -> Tensor:
    return make(definition, (convert_to_tensor(x, name="features"),), name)


def tanh(x: Any, name: str | None = None) -> Tensor:
    """The hyperbolic tangent."""
    return _activation(Tanh(), x, name)


def sigmoid(x: Any, name: str | None = None) -> Tensor:
    """1 / (1 + exp(-x))."""
    return _activation(Sigmoid(), x, name)


def softplus(features: Any, name: str | None = None) -> Tensor:
    """log(1 + exp(x))."""
    return _activation(Softplus(), features, name)


def softsign(features: Any, name: str | None = None) -> Tensor:
    """x / (1 + |x|)."""
    return _activation(Softsign(), features, name)


def relu(features: Any, name: str | None = None) -> Tensor:
    """max(x, 0); the gradient at 0 is 0."""
    return _activation(Relu(), features, name)


def relu6(features: Any, name: str | None = None) -> Tensor:
    """min(max(x, 0), 6)."""
    return _activation(Relu6(), features, name)


def elu(features: Any, name: str | None = None) -> Tensor:
    """x where positive, else exp(x) - 1."""
    return _activation(Elu(), features, name)


def leaky_relu(features: Any, alpha: float = 0.2, name: str = "LeakyRelu") -> Tensor:
    """max(x, alpha * x)."""
    x = convert_to_tensor(features)
    with x.graph.name_scope(name) as scope:
        return maximum(x * alpha, x, name=scope)


def softmax(
    logits: Any, axis: int | None = None, name: str | None = None, dim: int | None = None
) -> Tensor:
    """exp(x) / sum(exp(x)) along `axis` (0.x and 1.x: `dim`), the last one by default.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.nn.softmax([0., 0.])).tolist()
    [0.5, 0.5]
    """
    return _along(Softmax(), logits, axis if dim is None else dim, name)


def log_softmax(
    logits: Any, axis: int | None = None, name: str | None = None, dim: int | None = None
) -> Tensor:
    """log(softmax(x)) along `axis`, without overflow."""
    return _along(LogSoftmax(), logits, axis if dim is None else dim, name)


def _along(definition: Any, logits: Any, axis: int | None, name: str | None) -> Tensor:
    x = convert_to_tensor(logits, name="logits")
    rank = None if x.spec.dims is None else len(x.spec.dims)
    if axis is None or axis == -1 or rank == 0 or (rank is not None and axis == rank - 1):
        return make(definition, (x,), name)
    if rank is None:
        raise ValueError(
            misuse(
                f"softmax along axis {axis} needs logits of known rank",
                [f"{x!r} was made at {x.op.origin}"],
                "a placeholder with a shape, as [None, 10]",
            )
        )
    if not -rank <= axis < rank:
        raise InvalidArgumentError(
            None,
            None,
            misuse(
                f"`dim` must be in the range [-{rank}, {rank}) where {rank} is the number of "
                f"dimensions in the input. Received: dim={axis}",
                [f"{x!r} was made at {x.op.origin}"],
                "dim=-1, the last axis, where the classes are",
            ),
        )
    order = list(range(rank))
    order[axis], order[-1] = order[-1], order[axis]
    return transpose(make(definition, (transpose(x, order),), name), order)


def selu(features: Any, name: str | None = None) -> Tensor:
    """scale * (x where positive, else alpha * (exp(x) - 1)), which keeps mean 0 and variance 1."""
    return _activation(Selu(), features, name)


def crelu(features: Any, name: str | None = None, axis: int = -1) -> Tensor:
    """relu of x and of -x beside each other along `axis`, which becomes twice as long.

    Source: Shang et al., *Understanding and Improving CNNs via Concatenated ReLUs*, 2016.
    """
    x = convert_to_tensor(features, name="features")
    with x.graph.name_scope(name or "CRelu") as scope:
        return relu(concat([x, -x], axis, name=scope))


def swish(features: Any, name: str | None = None) -> Tensor:
    """x * sigmoid(x).

    Source: Ramachandran et al., *Searching for Activation Functions*, 2017.
    """
    x = convert_to_tensor(features, name="features")
    with x.graph.name_scope(name or "swish") as scope:
        return multiply(x, sigmoid(x), name=scope)


def log_sigmoid(x: Any, name: str | None = None) -> Tensor:
    """log(sigmoid(x)) = -softplus(-x), without overflow."""
    tensor = convert_to_tensor(x, name="x")
    with tensor.graph.name_scope(name or "LogSigmoid") as scope:
        return negative(softplus(-tensor), name=scope)


OPS = (
    Tanh,
    Sigmoid,
    Softplus,
    Softsign,
    Relu,
    ReluGrad,
    Relu6,
    Elu,
    Selu,
    Softmax,
    LogSoftmax,
)
