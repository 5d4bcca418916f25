"""Padding with a constant or with mirrored edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import convert_to_tensor, integers, is_graph_value, make
from engine.ops.dtype_rules import INDICES, allow, need_same
from engine.ops.indexing import Slice, strided_slice
from engine.ops.reductions import reduce_sum
from engine.ops.sizes import shape
from engine.shapes import Dims, ShapeError, in_brackets, with_rank


def padded_dims(x: Spec, paddings: Spec) -> Dims | None:
    """The sizes after padding; paddings: [rank, 2] of what goes before and after."""
    allow(paddings, "paddings", INDICES)
    rank, two = with_rank(paddings.dims, 2)
    if two not in (None, 2):
        raise ShapeError(f"paddings must be a matrix with 2 columns: {in_brackets(paddings.dims)}")
    if x.dims is None:
        return None if rank is None else (None,) * rank
    if rank not in (None, len(x.dims)):
        raise ShapeError(
            "The first dimension of paddings must be the rank of inputs"
            f"{in_brackets(paddings.dims)} {in_brackets(x.dims)}"
        )
    value = paddings.value
    if value is None:
        return (None,) * len(x.dims)
    if value.size and value.min() < 0:
        raise ShapeError("Paddings must be non-negative")
    return tuple(
        None if n is None else n + int(before) + int(after)
        for n, (before, after) in zip(x.dims, value, strict=True)
    )


class Pad(Op):
    """x with zeros around it; inputs: x, paddings."""

    def infer(self, x: Spec, paddings: Spec) -> Spec:
        return Spec(x.dtype, padded_dims(x, paddings))

    def numpy(self, x: Array, paddings: Array) -> Array:
        return _padded(x, paddings, np.zeros((), x.dtype))

    def lower(self, b: Any, out: Any, x: Any, paddings: Any) -> None:
        fill = b.constant(np.zeros((), x.dtype), "zero")
        _lower_padding(b, out, x, b.value(paddings), fill)

    fixed_inputs = (1,)

    def xla(self, jnp: Any, x: Any, paddings: Any) -> Any:
        return jnp.pad(x, [tuple(pair) for pair in np.asarray(paddings).tolist()])

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, paddings: Tensor) -> tuple[Any, ...]:
        return lambda: _inside(dy, x, paddings), None


class PadV2(Pad):
    """x with a constant around it; inputs: x, paddings, the constant."""

    def infer(self, x: Spec, paddings: Spec, constant: Spec) -> Spec:  # type: ignore[override]
        need_same(self, constant, "constant_values", x, "input")
        return Spec(x.dtype, padded_dims(x, paddings))

    def numpy(self, x: Array, paddings: Array, constant: Array) -> Array:  # type: ignore[override]
        return _padded(x, paddings, constant)

    def lower(self, b: Any, out: Any, x: Any, paddings: Any, constant: Any) -> None:  # type: ignore[override]
        _lower_padding(b, out, x, b.value(paddings), constant)

    def xla(self, jnp: Any, x: Any, paddings: Any, constant: Any) -> Any:  # type: ignore[override]
        pairs = [tuple(pair) for pair in np.asarray(paddings).tolist()]
        return jnp.pad(x, pairs, constant_values=constant)

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        x, paddings, _ = inputs
        return (
            lambda: _inside(dy, x, paddings),
            None,
            lambda: reduce_sum(dy) - reduce_sum(_inside(dy, x, paddings)),
        )


def _padded(x: Array, paddings: Array, fill: Array) -> Array:
    if paddings.size and paddings.min() < 0:
        raise ValueError("Paddings must be non-negative")
    pairs = paddings.tolist()
    dims = tuple(n + sum(pair) for n, pair in zip(x.shape, pairs, strict=True))
    result = np.full(dims, fill, x.dtype)
    result[_middle(x.shape, pairs)] = x
    return result


def _middle(dims: tuple[int, ...], pairs: Any) -> tuple[slice, ...]:
    return tuple(slice(before, before + n) for n, (before, _) in zip(dims, pairs, strict=True))


def _lower_padding(b: Any, out: Any, x: Any, paddings: Array, fill: Any) -> None:
    key = (*_middle(x.dims, paddings.tolist()), Ellipsis)
    b.copy(out, fill)
    inner = b.view(out, lambda array: array[key])
    b.call(np.copyto, inner, x, writes=inner)


def _inside(dy: Tensor, x: Tensor, paddings: Tensor) -> Tensor:
    begin = strided_slice(paddings, [0, 0], [0, 1], end_mask=1, shrink_axis_mask=2)
    return make(Slice(), (dy, begin, shape(x, out_type=paddings.spec.dtype)), None)


@declared
class Mirrored(Op):
    """Padding by mirror images; SYMMETRIC repeats the edge, REFLECT does not."""

    mode: str = "REFLECT"

    def sources(self, size: int, pair: list[int]) -> Array:
        """For each place of the padded axis, the element it shows."""
        edge = 1 if self.mode == "REFLECT" else 0
        before, after = pair
        first = np.arange(before - 1, -1, -1) + edge
        last = size - 1 - edge - np.arange(after)
        return np.concatenate([first, np.arange(size), last])


class MirrorPad(Mirrored):
    """x with its mirror image around it; inputs: x, paddings."""

    def infer(self, x: Spec, paddings: Spec) -> Spec:
        dims = padded_dims(x, paddings)
        if paddings.value is not None and x.dims is not None and None not in x.dims:
            self.check(paddings.value, x.dims, ShapeError)
        return Spec(x.dtype, dims)

    def check(self, paddings: Array, dims: Dims, error: type[ValueError]) -> None:
        less = 1 if self.mode == "REFLECT" else 0
        for n, (before, after) in zip(dims, paddings.tolist(), strict=True):
            if n is not None and max(before, after) > n - less:
                word = "less than" if less else "no greater than"
                raise error(
                    f"paddings must be {word} the dimension size: {before}, {after} "
                    f"{'not less than' if less else 'greater than'} {n}"
                )

    def numpy(self, x: Array, paddings: Array) -> Array:
        if paddings.size and paddings.min() < 0:
            raise ValueError("paddings must be non-negative")
        self.check(paddings, x.shape, ValueError)
        for axis, pair in enumerate(paddings.tolist()):
            x = np.take(x, self.sources(x.shape[axis], pair), axis=axis)
        return x

    def xla(self, jnp: Any, x: Any, paddings: Any) -> Any:
        pairs = [tuple(pair) for pair in np.asarray(paddings).tolist()]
        return jnp.pad(x, pairs, mode=self.mode.lower())

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, paddings: Tensor) -> tuple[Any, ...]:
        return lambda: make(MirrorPadGrad(self.mode), (dy, paddings), None), None


class MirrorPadGrad(Mirrored):
    """Each element with all its images summed into it; inputs: dy, paddings."""

    def infer(self, dy: Spec, paddings: Spec) -> Spec:
        value = paddings.value
        if dy.dims is None or value is None:
            return Spec(dy.dtype, None if dy.dims is None else (None,) * len(dy.dims))
        pads = value.sum(axis=1).tolist()
        dims = tuple(None if n is None else n - pad for n, pad in zip(dy.dims, pads, strict=True))
        return Spec(dy.dtype, dims)

    def numpy(self, dy: Array, paddings: Array) -> Array:
        for axis, pair in enumerate(paddings.tolist()):
            size = dy.shape[axis] - sum(pair)
            moved = np.moveaxis(dy, axis, 0)
            total = np.zeros((size, *moved.shape[1:]), dy.dtype)
            np.add.at(total, self.sources(size, pair), moved)
            dy = np.moveaxis(total, 0, axis)
        return dy

    def grad(self, y: Tensor, ddy: Tensor, dy: Tensor, paddings: Tensor) -> tuple[Any, ...]:
        return lambda: make(MirrorPad(self.mode), (ddy, paddings), None), None


def pad(
    tensor: Any,
    paddings: Any,
    mode: str = "CONSTANT",
    name: str | None = None,
    constant_values: Any = 0,
) -> Tensor:
    """`tensor` with ``paddings[i]`` = [before, after] more elements along each axis i.

    They are `constant_values` in mode ``"CONSTANT"``, the mirror image without the edge element in
    ``"REFLECT"``, with it in ``"SYMMETRIC"``. paddings: int32 or int64 [rank, 2].

    Raises:
        ValueError: an unknown mode, or more mirrored elements than there are.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.pad([1, 2, 3], [[2, 1]], "REFLECT")).tolist()
    [3, 2, 1, 2, 3, 2]
    """
    mode = mode.upper()
    x = convert_to_tensor(tensor, name="tensor")
    pairs = integers(paddings, "paddings")
    if mode == "CONSTANT":
        plain = not is_graph_value(constant_values) and np.ndim(constant_values) == 0
        if plain and not isinstance(constant_values, str | bytes) and constant_values == 0:
            return make(Pad(), (x, pairs), name)
        fill = convert_to_tensor(constant_values, x.dtype.base_dtype, "constant_values")
        return make(PadV2(), (x, pairs, fill), name)
    if mode not in ("REFLECT", "SYMMETRIC"):
        raise ValueError(f"Unknown padding mode: {mode}")
    return make(MirrorPad(mode), (x, pairs), name)


OPS = (Pad, PadV2, MirrorPad, MirrorPadGrad)
