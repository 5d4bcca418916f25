"""Slices and gathering by index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import misuse
from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.constants import convert_to_tensor, is_graph_value, make
from engine.ops.indexed_slices import IndexedSlices, check_rows
from engine.ops.joining import concat
from engine.ops.shaping import reshape
from engine.ops.sizes import shape, size
from engine.shapes import ShapeError, fully_defined, with_rank_at_least

Key = tuple[Any, ...]


@dataclass(frozen=True)
class StridedSlice(Op):
    """x[key]; slices are triples, new axes None, positions ints. Tensor parts come as inputs."""

    key: Key

    def _real(self, values: Any) -> tuple[Any, ...] | None:
        values = list(values)
        if any(value is None for value in values):
            return None
        numbers = [int(value) for value in values]

        def number(part: Any) -> Any:
            return numbers[part.index] if isinstance(part, Given) else part

        return tuple(
            slice(*map(number, part)) if isinstance(part, tuple) else number(part)
            for part in self.key
        )

    def infer(self, x: Spec, *given: Spec) -> Spec:
        if x.dims is None:
            return Spec(x.dtype, None)
        real = self._real(spec.value for spec in given)
        dims: list[int | None] = []
        axes = iter(x.dims)
        explicit = sum(part is not None and part is not Ellipsis for part in self.key)
        if explicit > len(x.dims):
            raise ShapeError(
                f"Index out of range using input dim {len(x.dims)}; "
                f"input has only {len(x.dims)} dims"
            )
        for position, part in enumerate(self.key):
            if part is None:
                dims.append(1)
            elif part is Ellipsis:
                dims.extend(next(axes) for _ in range(len(x.dims) - explicit))
            elif isinstance(part, tuple):
                size = next(axes)
                whole = part == (None, None, None)
                if real is not None and size is not None:
                    size = len(range(*real[position].indices(size)))
                elif not whole:
                    size = None
                dims.append(size)
            else:
                size = next(axes)
                if size is not None and real is not None and not -size <= real[position] < size:
                    raise ShapeError(
                        f"slice index {real[position]} of dimension {position} out of bounds"
                    )
        return Spec(x.dtype, (*dims, *axes))

    def numpy(self, x: Array, *given: Array) -> Array:
        # The Ellipsis keeps a single element an array of rank 0 rather than a scalar.
        key = self._real(given)
        assert key is not None
        return x[key] if Ellipsis in self.key else x[(*key, Ellipsis)]

    def view(self, x: Array, *given: Array) -> Array:
        return self.numpy(x, *given)

    def xla(self, jnp: Any, x: Any, *given: Any) -> Any:
        return self.numpy(x, *given)

    def attributes(self) -> dict[str, Any]:
        return {"key": [str(part) for part in self.key]}

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, *given: Tensor) -> tuple[Any, ...]:
        def spread() -> Tensor:
            return make(StridedSliceGrad(self.key), (dy, shape(x), *given), None)

        return (spread, *[None] * len(given))


@dataclass(frozen=True)
class Given:
    """A part of a slice that is a tensor: its number among the inputs."""

    index: int


@dataclass(frozen=True)
class StridedSliceGrad(Op):
    """Zeros of a shape with `dy` where the slice was taken; inputs: dy, shape, tensor parts."""

    key: Key

    def infer(self, dy: Spec, sizes: Spec, *given: Spec) -> Spec:
        return Spec(dy.dtype, sizes.sizes)

    def numpy(self, dy: Array, sizes: Array, *given: Array) -> Array:
        result = np.zeros(tuple(sizes), dy.dtype)
        key = StridedSlice(self.key)._real(given)
        assert key is not None
        result[key] = dy
        return result

    def attributes(self) -> dict[str, Any]:
        return {"key": [str(part) for part in self.key]}

    def grad(
        self, y: Tensor, ddy: Tensor, dy: Tensor, sizes: Tensor, *given: Tensor
    ) -> tuple[Any, ...]:
        return (
            lambda: make(StridedSlice(self.key), (ddy, *given), None),
            *[None] * (1 + len(given)),
        )


class Gather(Op):
    """Rows of params at the indices."""

    def infer(self, params: Spec, indices: Spec) -> Spec:
        if not indices.dtype.is_integer:
            raise TypeError(
                f"Value passed to parameter 'indices' has DataType {indices.dtype.name} not in "
                "list of allowed values: int32, int64"
            )
        dims = with_rank_at_least(params.dims, 1)
        if dims is None or indices.dims is None:
            return Spec(params.dtype, None)
        return Spec(params.dtype, indices.dims + dims[1:])

    def numpy(self, params: Array, indices: Array) -> Array:
        check_rows(params, indices)
        return np.take(params, indices, axis=0)

    def lower(self, b: Any, out: Any, params: Any, indices: Any) -> None:
        b.effect(check_rows, params, indices)
        b.call(np.take, params, indices, 0, out, "clip", writes=out)

    def xla(self, jnp: Any, params: Any, indices: Any) -> Any:
        return jnp.take(params, indices, axis=0)

    def grad(self, y: Tensor, dy: Tensor, params: Tensor, indices: Tensor) -> tuple[Any, ...]:
        return lambda: _rows_of_gradient(dy, params, indices), None


def _rows_of_gradient(dy: Tensor, params: Tensor, indices: Tensor) -> IndexedSlices:
    row = None if params.spec.dims is None else params.spec.dims[1:]
    if row is not None and fully_defined(row) and 0 not in row:
        values = reshape(dy, [-1, *row])
    else:
        values = reshape(dy, concat([reshape(size(indices), [1]), shape(params)[1:]], 0))
    return IndexedSlices(values, reshape(indices, [-1]), shape(params))


def getitem(x: Any, key: Any) -> Tensor:
    """``x[key]`` of ints, slices, None and Ellipsis, any number of which may be tensors."""
    tensor = convert_to_tensor(x)
    parts = list(key) if isinstance(key, tuple) else [key]
    given: list[Tensor] = []

    def plain(part: Any) -> Any:
        if part is None or part is Ellipsis or isinstance(part, int):
            return part
        if is_graph_value(part):
            given.append(convert_to_tensor(part))
            return Given(len(given) - 1)
        if hasattr(part, "__index__"):
            return part.__index__()
        raise TypeError(
            misuse(
                "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar "
                f"tf.int32/tf.int64 tensors are valid indices, got {part!r}",
                [f"{tensor!r} was made at {tensor.op.origin}"],
                "tf.gather(x, rows) for rows at a list of numbers, tf.boolean_mask(x, mask) for "
                "those where a condition holds",
            )
        )

    for part in parts:
        if isinstance(part, slice) and isinstance(part.step, int) and part.step == 0:
            raise ValueError(
                misuse(
                    f"strides[{parts.index(part)}] must be non-zero",
                    [f"{tensor!r} was made at {tensor.op.origin}"],
                    "a step of 1, or -1 to go backwards",
                )
            )
    real = tuple(
        (plain(p.start), plain(p.stop), plain(p.step)) if isinstance(p, slice) else plain(p)
        for p in parts
    )
    return make(StridedSlice(real), (tensor, *given), "strided_slice")


def slice_(input_: Any, begin: Any, size: Any, name: str = "Slice") -> Tensor:
    """The part of `input_` from `begin` of the given sizes, where -1 reaches to the end."""
    tensor = convert_to_tensor(input_)
    if is_graph_value(begin) or is_graph_value(size):
        raise TypeError("tf.slice takes lists here; index with tensors as x[a:b] instead")
    key = tuple(
        (int(start), None if n == -1 else int(start + n), None)
        for start, n in zip(begin, size, strict=True)
    )
    return make(StridedSlice(key), (tensor,), name)


def gather(
    params: Any, indices: Any, validate_indices: Any = None, name: str | None = None
) -> Tensor:
    """Rows of `params` at `indices`, with the shape of indices in front.

    Raises (at run): InvalidArgumentError for an index that is out of range.
    """
    del validate_indices
    return make(Gather(), (convert_to_tensor(params), convert_to_tensor(indices)), name)


OPS = (StridedSlice, StridedSliceGrad, Gather)
