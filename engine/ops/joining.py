"""Concatenating, stacking, splitting and repeating."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.errors import misuse
from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import convert_to_tensor, integers, is_graph_value, make
from engine.ops.sizes import shape
from engine.shapes import Dims, ShapeError, in_brackets, merge, normalize_axis


class ConcatV2(Op):
    """Tensors one after the other along an axis (the last input)."""

    fixed_inputs = (-1,)

    def infer(self, *specs: Spec) -> Spec:
        *parts, axis = specs
        dtype = parts[0].dtype
        for part in parts:
            if part.dtype is not dtype:
                raise TypeError(
                    "Tensors in list passed to 'values' of 'ConcatV2' Op have types "
                    f"[{', '.join(p.dtype.name for p in parts)}] that don't all match"
                )
        known = next((part.dims for part in parts if part.dims is not None), None)
        if known is None or axis.value is None:
            return Spec(dtype, None if known is None else (None,) * len(known))
        if not known:
            raise ShapeError("Can't concatenate scalars (use tf.stack instead)")
        problem = f"Shape must be at least rank {int(axis.value) + 1} but is rank {len(known)}"
        where = normalize_axis(int(axis.value), len(known), problem)
        for part in parts:
            if part.dims is not None and len(part.dims) != len(known):
                raise ShapeError(f"Shape must be rank {len(known)} but is rank {len(part.dims)}")
        total: int | None = 0
        rest: Dims | None = None
        for part in parts:
            dims = part.dims or (None,) * len(known)
            rest = merge(rest, (*dims[:where], None, *dims[where + 1 :]))
            size = dims[where] if len(dims) > where else None
            total = None if total is None or size is None else total + size
        assert rest is not None
        return Spec(dtype, (*rest[:where], total, *rest[where + 1 :]))

    def numpy(self, *arrays: Array) -> Array:
        return np.concatenate(arrays[:-1], axis=int(arrays[-1]))

    def lower(self, b: Any, out: Any, *inputs: Any) -> None:
        axis = int(b.value(inputs[-1]))
        start = 0
        for part in inputs[:-1]:
            stop = start + part.dims[axis]
            target = b.view(out, _slab(axis % len(part.dims), start, stop))
            b.call(np.copyto, target, part, writes=target)
            start = stop

    def xla(self, jnp: Any, *arrays: Any) -> Any:
        return jnp.concatenate(arrays[:-1], axis=int(arrays[-1]))

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        *parts, axis = inputs

        def slice_of(index: int) -> Any:
            return lambda: make(
                ConcatSlice(index), (dy, axis, *[shape(part) for part in parts]), None
            )

        return (*[slice_of(index) for index in range(len(parts))], None)


def _slab(axis: int, start: int, stop: int) -> Any:
    key = (slice(None),) * axis + (slice(start, stop),)
    return lambda array: array[key]


@declared
class ConcatSlice(Op):
    """The part of a concatenation that came from input `index`; inputs: y, axis, every shape."""

    index: int

    def infer(self, y: Spec, axis: Spec, *shapes: Spec) -> Spec:
        value = shapes[self.index].value
        if value is not None:
            return Spec(y.dtype, tuple(int(size) for size in value))
        return Spec(y.dtype, None if y.dims is None else (None,) * len(y.dims))

    def numpy(self, y: Array, axis: Array, *shapes: Array) -> Array:
        where = int(axis) % y.ndim
        start = sum(int(sizes[where]) for sizes in shapes[: self.index])
        return _slab(where, start, start + int(shapes[self.index][where]))(y)

    def view(self, y: Array, axis: Array, *shapes: Array) -> Array:
        return self.numpy(y, axis, *shapes)

    def xla(self, jnp: Any, y: Any, axis: Any, *shapes: Any) -> Any:
        return self.numpy(y, axis, *shapes)

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        _, axis, *shapes = inputs

        def pad() -> Tensor:
            return make(ConcatSliceGrad(self.index), (dy, axis, *shapes), None)

        return (pad, *[None] * (len(inputs) - 1))


@declared
class ConcatSliceGrad(Op):
    """Zeros of the whole concatenation with `dy` in the place of part `index`."""

    index: int

    def infer(self, dy: Spec, axis: Spec, *shapes: Spec) -> Spec:
        return Spec(dy.dtype, None if dy.dims is None else (None,) * len(dy.dims))

    def numpy(self, dy: Array, axis: Array, *shapes: Array) -> Array:
        where = int(axis) % dy.ndim
        parts = [np.zeros(tuple(sizes), dy.dtype) for sizes in shapes]
        parts[self.index] = dy
        return np.concatenate(parts, axis=where)

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        def part() -> Tensor:
            return make(ConcatSlice(self.index), (dy, *inputs[1:]), None)

        return (part, *[None] * (len(inputs) - 1))


@declared
class Pack(Op):
    """Tensors of one shape along a new axis."""

    axis: int = 0

    def infer(self, *parts: Spec) -> Spec:
        dims = parts[0].dims
        for part in parts:
            if part.dtype is not parts[0].dtype:
                raise TypeError(
                    "Tensors in list passed to 'values' of 'Pack' Op have types "
                    f"[{', '.join(p.dtype.name for p in parts)}] that don't all match"
                )
            dims = merge(dims, part.dims)
        if dims is None:
            return Spec(parts[0].dtype, None)
        where = normalize_axis(self.axis, len(dims) + 1, "axis = {axis} not in [-{rank}, {rank})")
        return Spec(parts[0].dtype, (*dims[:where], len(parts), *dims[where:]))

    def infer_sizes(self, *parts: Spec) -> Dims | None:
        values = [part.value for part in parts]
        if any(part.dims != () for part in parts):
            return None
        return tuple(None if value is None or value < 0 else int(value) for value in values)

    def numpy(self, *parts: Array) -> Array:
        return np.stack(parts, axis=self.axis)

    def lower(self, b: Any, out: Any, *parts: Any) -> None:
        where = self.axis % len(out.dims)
        for index, part in enumerate(parts):
            target = b.view(out, _row(where, index))
            b.call(np.copyto, target, part, writes=target)

    def xla(self, jnp: Any, *parts: Any) -> Any:
        return jnp.stack(parts, axis=self.axis)

    def grad(self, y: Tensor, dy: Tensor, *parts: Tensor) -> tuple[Any, ...]:
        rows: list[tuple[Tensor, ...]] = []

        def row(index: int) -> Any:
            def get() -> Tensor:
                if not rows:
                    rows.append(dy.graph.create_op(Unpack(len(parts), self.axis), (dy,)).outputs)
                return rows[0][index]

            return get

        return tuple(row(index) for index in range(len(parts)))


def _row(axis: int, index: int) -> Any:
    # The Ellipsis keeps a row of a vector an array of rank 0, which can be written to.
    key = (slice(None),) * axis + (index, Ellipsis)
    return lambda array: array[key]


@declared
class Unpack(Op):
    """The slices of x along an axis, one output each."""

    num: int
    axis: int = 0

    every_gradient = True

    def infer(self, x: Spec) -> tuple[Spec, ...]:
        if x.dims is None:
            return (Spec(x.dtype, None),) * self.num
        where = normalize_axis(self.axis, len(x.dims))
        if x.dims[where] not in (None, self.num):
            raise ShapeError(f"Dimensions must be equal, but are {x.dims[where]} and {self.num}")
        return (Spec(x.dtype, x.dims[:where] + x.dims[where + 1 :]),) * self.num

    def numpy(self, x: Array) -> Any:
        where = self.axis % x.ndim
        return _one_or_all([_row(where, index)(x) for index in range(self.num)])

    def view(self, x: Array) -> Any:
        return self.numpy(x)

    def xla(self, jnp: Any, x: Any) -> Any:
        return self.numpy(x)

    def grad(self, ys: Any, dys: Any, x: Tensor) -> tuple[Any, ...]:
        return (lambda: make(Pack(self.axis), _listed(dys), None),)


@declared
class Split(Op):
    """x in parts along an axis; inputs: axis, x. Sizes are given or equal."""

    num: int
    sizes: tuple[int, ...] | None = None

    every_gradient = True

    def infer(self, axis: Spec, x: Spec) -> tuple[Spec, ...]:
        if x.dims is None or axis.value is None:
            return (Spec(x.dtype, None if x.dims is None else (None,) * len(x.dims)),) * self.num
        where = normalize_axis(int(axis.value), len(x.dims))
        total = x.dims[where]
        if self.sizes is None and total is not None and total % self.num:
            raise ShapeError(
                f"Dimension size must be evenly divisible by {self.num} but is {total}"
            )
        if self.sizes is not None and total is not None and sum(self.sizes) != total:
            raise ShapeError(
                f"can't split axis of size {total} into pieces of size {in_brackets(self.sizes)}"
            )
        each = self.sizes or ((None if total is None else total // self.num),) * self.num
        return tuple(Spec(x.dtype, (*x.dims[:where], n, *x.dims[where + 1 :])) for n in each)

    def numpy(self, axis: Array, x: Array) -> Any:
        where = int(axis) % x.ndim
        sizes = self.sizes or (x.shape[where] // self.num,) * self.num
        stops = np.cumsum(sizes).tolist()
        return _one_or_all(
            [_slab(where, stop - n, stop)(x) for stop, n in zip(stops, sizes, strict=True)]
        )

    def xla(self, jnp: Any, axis: Any, x: Any) -> Any:
        return self.numpy(axis, x)

    def grad(self, ys: Any, dys: Any, axis: Tensor, x: Tensor) -> tuple[Any, ...]:
        return None, lambda: make(ConcatV2(), (*_listed(dys), axis), None)


def _one_or_all(parts: list[Array]) -> Any:
    # An operation with one output computes it bare, also one that could have had several.
    return parts[0] if len(parts) == 1 else tuple(parts)


def _listed(dys: Any) -> tuple[Tensor, ...]:
    return dys if isinstance(dys, tuple) else (dys,)


class Tile(Op):
    """x repeated along each axis."""

    def infer(self, x: Spec, multiples: Spec) -> Spec:
        value = multiples.value
        if value is None or x.dims is None:
            return Spec(x.dtype, None if x.dims is None else (None,) * len(x.dims))
        if len(value) != len(x.dims):
            raise ShapeError(f"Shape must be rank {len(x.dims)} but is rank {len(value)}")
        return Spec(
            x.dtype,
            tuple(
                None if n is None else n * int(times)
                for n, times in zip(x.dims, value, strict=True)
            ),
        )

    def numpy(self, x: Array, multiples: Array) -> Array:
        return np.tile(x, tuple(multiples))

    def xla(self, jnp: Any, x: Any, multiples: Any) -> Any:
        return jnp.tile(x, tuple(multiples))

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, multiples: Tensor) -> tuple[Any, ...]:
        return lambda: make(Untile(), (dy, multiples), None), None


class Untile(Op):
    """The sum over the repetitions of a tiled tensor."""

    def infer(self, x: Spec, multiples: Spec) -> Spec:
        value = multiples.value
        if value is None or x.dims is None:
            return Spec(x.dtype, None if x.dims is None else (None,) * len(x.dims))
        return Spec(
            x.dtype,
            tuple(
                None if n is None else n // max(int(times), 1)
                for n, times in zip(x.dims, value, strict=True)
            ),
        )

    def numpy(self, x: Array, multiples: Array) -> Array:
        pairs = [
            part
            for times, n in zip(multiples.tolist(), x.shape, strict=True)
            for part in (times, n // max(times, 1))
        ]
        return x.reshape(pairs).sum(axis=tuple(range(0, 2 * x.ndim, 2)), dtype=x.dtype)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, multiples: Tensor) -> tuple[Any, ...]:
        return lambda: make(Tile(), (dy, multiples), None), None


def concat(values: Any, axis: Any, name: str = "concat") -> Tensor:
    """A list of tensors one after the other along `axis`; 0.x's ``concat(axis, values)`` too.

    Raises:
        ValueError: the other axes differ.
    """
    if isinstance(values, int) or (
        isinstance(axis, list | tuple) and not isinstance(values, list | tuple)
    ):
        values, axis = axis, values
    if not isinstance(values, list | tuple):
        values = [values]
    dtype = next((convert_to_tensor(v).dtype.base_dtype for v in values if is_graph_value(v)), None)
    parts = [convert_to_tensor(value, None if is_graph_value(value) else dtype) for value in values]
    if not parts:
        raise ValueError(_none_to_join("ConcatV2", name))
    with parts[0].graph.name_scope(name) as scope:
        return make(ConcatV2(), (*parts, integers(axis, "axis")), scope)


def _none_to_join(kind: str, name: str) -> str:
    return misuse(
        f"List argument 'values' to '{kind}' Op with length 0 shorter than minimum length 1.",
        [f"for '{name}'"],
        "a list with at least one tensor in it",
    )


def stack(values: Any, axis: int = 0, name: str = "stack") -> Tensor:
    """Tensors of one shape along a new axis."""
    dtype = next((convert_to_tensor(v).dtype.base_dtype for v in values if is_graph_value(v)), None)
    parts = [convert_to_tensor(value, None if is_graph_value(value) else dtype) for value in values]
    if not parts:
        raise ValueError(_none_to_join("Pack", name))
    return make(Pack(axis), parts, name)


def unstack(
    value: Any, num: int | None = None, axis: int = 0, name: str = "unstack"
) -> list[Tensor]:
    """The slices of `value` along `axis`, as a list.

    Raises:
        ValueError: the size of the axis is not known and `num` is not given.
    """
    x = convert_to_tensor(value)
    if num is None:
        dims = x.spec.dims
        num = None if dims is None else dims[normalize_axis(axis, len(dims))]
        if num is None:
            raise ValueError(
                misuse(
                    f"Cannot infer num from shape {x.get_shape()}",
                    [f"{x!r} was made at {x.op.origin}"],
                    "tf.unstack(x, num=...), or a size in the placeholder's shape",
                )
            )
    return list(x.graph.create_op(Unpack(num, axis), (x,), name).outputs)


def split(
    value: Any,
    num_or_size_splits: Any,
    axis: Any = 0,
    num: int | None = None,
    name: str = "split",
    split_dim: Any = None,
    num_split: Any = None,
) -> list[Tensor]:
    """`value` in equal parts (an int) or parts of given sizes along `axis`.

    0.x's ``split(split_dim, num_split, value)`` is told apart by its integer first argument.
    """
    del num
    if isinstance(value, int) and not isinstance(axis, int):
        value, axis = axis, value
    axis = axis if split_dim is None else split_dim
    count = num_or_size_splits if num_split is None else num_split
    sizes = tuple(int(n) for n in count) if isinstance(count, list | tuple | np.ndarray) else None
    x = convert_to_tensor(value)
    with x.graph.name_scope(name) as scope:
        where = integers(axis, "split_dim")
        definition = Split(len(sizes) if sizes else int(count), sizes)
        return list(x.graph.create_op(definition, (where, x), scope).outputs)


def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """`input` repeated ``multiples[i]`` times along axis i."""
    return make(Tile(), (convert_to_tensor(input), integers(multiples)), name)


OPS = (ConcatV2, ConcatSlice, ConcatSliceGrad, Pack, Unpack, Split, Tile, Untile)
