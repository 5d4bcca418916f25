"""Local response normalization across channels."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.gradients import gradients
from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import convert_to_tensor, make
from engine.ops.elementwise import square
from engine.shapes import merge, with_rank


@declared
class ChannelWindow(Op):
    """The sum over the channels at most `depth_radius` away, by channel; its own transpose."""

    depth_radius: int

    def infer(self, x: Spec) -> Spec:
        return Spec(x.dtype, x.dims)

    def numpy(self, x: Array) -> Array:
        return np.dot(x, _band(x.shape[-1], self.depth_radius, x.dtype))

    def xla(self, jnp: Any, x: Any) -> Any:
        return jnp.dot(x, _band(x.shape[-1], self.depth_radius, x.dtype))

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (make(self, (dy,), None),)


def _band(channels: int, radius: int, dtype: Any) -> Array:
    places = np.arange(channels)
    return (np.abs(places[:, None] - places) <= radius).astype(dtype)


@declared
class ResponseOp(Op):
    """What the normalization and its gradient share."""

    depth_radius: int = 5
    bias: float = 1.0
    alpha: float = 1.0
    beta: float = 0.5


class LRN(ResponseOp):
    """x / (bias + alpha * sum of the squares nearby) ** beta."""

    def infer(self, x: Spec) -> Spec:
        return Spec(x.dtype, with_rank(x.dims, 4))

    def numpy(self, x: Array) -> Array:
        wide = _wide(x)
        return (wide * _level(wide, self) ** -wide.dtype.type(self.beta)).astype(x.dtype)

    def lower(self, b: Any, out: Any, x: Any) -> None:
        if x.dtype == np.float16:
            b.call(_whole, self, x, out, writes=out)
            return
        level = _lower_level(b, x, self)
        b.ufunc(np.power, level, b.constant(np.asarray(-self.beta, x.dtype)), level)
        b.ufunc(np.multiply, x, level, out)

    def xla(self, jnp: Any, x: Any) -> Any:
        band = _band(x.shape[-1], self.depth_radius, x.dtype)
        return x * (self.bias + self.alpha * jnp.dot(x * x, band)) ** -self.beta

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        settings = (self.depth_radius, self.bias, self.alpha, self.beta)
        return (lambda: make(LRNGrad(*settings), (dy, x, y), None),)


class LRNGrad(ResponseOp):
    """The gradient for x; inputs: dy, x, y."""

    def infer(self, dy: Spec, x: Spec, y: Spec) -> Spec:
        return Spec(x.dtype, merge(with_rank(x.dims, 4), dy.dims))

    def numpy(self, dy: Array, x: Array, y: Array) -> Array:
        dy_, x_, y_ = _wide(dy), _wide(x), _wide(y)
        level = _level(x_, self)
        band = _band(x.shape[-1], self.depth_radius, x_.dtype)
        near = np.dot(dy_ * y_ / level, band)
        factor = x_.dtype.type(2 * self.alpha * self.beta)
        return (dy_ * level ** -x_.dtype.type(self.beta) - factor * x_ * near).astype(x.dtype)

    def lower(self, b: Any, out: Any, dy: Any, x: Any, y: Any) -> None:
        if x.dtype == np.float16:
            b.call(_whole, self, dy, x, y, out, writes=out)
            return
        level = _lower_level(b, x, self)
        terms = b.scratch(x.dims, x.dtype, "terms")
        b.ufunc(np.multiply, dy, y, terms)
        b.ufunc(np.divide, terms, level, terms)
        near = _lower_window(b, terms, self.depth_radius)
        factor = b.constant(np.asarray(2 * self.alpha * self.beta, x.dtype), "factor")
        b.ufunc(np.multiply, near, factor, near)
        b.ufunc(np.multiply, near, x, near)
        b.ufunc(np.power, level, b.constant(np.asarray(-self.beta, x.dtype)), level)
        b.ufunc(np.multiply, dy, level, out)
        b.ufunc(np.subtract, out, near, out)

    def xla(self, jnp: Any, dy: Any, x: Any, y: Any) -> Any:
        band = _band(x.shape[-1], self.depth_radius, x.dtype)
        level = self.bias + self.alpha * jnp.dot(x * x, band)
        near = jnp.dot(dy * y / level, band)
        return dy * level**-self.beta - 2 * self.alpha * self.beta * x * near

    def grad(self, z: Tensor, dz: Tensor, dy: Tensor, x: Tensor, y: Tensor) -> tuple[Any, ...]:
        # In single operations, which differentiate once more by themselves; y is taken for what
        # it is, a function of x.
        window = ChannelWindow(self.depth_radius)
        level = self.bias + self.alpha * make(window, (square(x),), None)
        power = level**-self.beta
        near = make(window, (dy * x * power / level,), None)
        dx = dy * power - 2.0 * self.alpha * self.beta * x * near
        found = gradients([dx], [dy, x], [dz], stop_gradients=[dy, x])
        return (*found, None)


def _wide(x: Array) -> Array:
    return x.astype(np.float32) if x.dtype == np.float16 else x


def _level(x: Array, settings: ResponseOp) -> Array:
    near = np.dot(x * x, _band(x.shape[-1], settings.depth_radius, x.dtype))
    return x.dtype.type(settings.bias) + x.dtype.type(settings.alpha) * near


def _whole(definition: Op, *arrays: Array) -> None:
    np.copyto(arrays[-1], definition.numpy(*arrays[:-1]))


def _lower_window(b: Any, x: Any, radius: int) -> Any:
    """The window sums as a product with a band matrix: faster than adding shifted slices."""
    channels = x.dims[-1]
    band = b.constant(_band(channels, radius, x.dtype), "band")
    near = b.scratch(x.dims, x.dtype, "near")
    rows = b.view(near, lambda a: a.reshape(-1, channels))
    b.call(np.dot, b.view(x, lambda a: a.reshape(-1, channels)), band, rows, writes=rows)
    return near


def _lower_level(b: Any, x: Any, settings: ResponseOp) -> Any:
    squares = b.scratch(x.dims, x.dtype, "squares")
    b.ufunc(np.multiply, x, x, squares)
    level = _lower_window(b, squares, settings.depth_radius)
    b.ufunc(np.multiply, level, b.constant(np.asarray(settings.alpha, x.dtype)), level)
    b.ufunc(np.add, level, b.constant(np.asarray(settings.bias, x.dtype)), level)
    return level


def local_response_normalization(
    input: Any,
    depth_radius: int = 5,
    bias: float = 1.0,
    alpha: float = 1.0,
    beta: float = 0.5,
    name: str | None = None,
) -> Tensor:
    """x / (bias + alpha * sum over channels nearby of x ** 2) ** beta, in the shape of x.

    input: float [n, height, width, channels]; nearby are `depth_radius` channels to both sides.

    Raises:
        ValueError: not four axes.

    Source: Krizhevsky et al., *ImageNet Classification with Deep Convolutional Neural Networks*,
    2012, section 3.3.
    """
    x = convert_to_tensor(input, name="input")
    kind = LRN(int(depth_radius), float(bias), float(alpha), float(beta))
    return make(kind, (x,), name)


lrn = local_response_normalization

OPS = (ChannelWindow, LRN, LRNGrad)
