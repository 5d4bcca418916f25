"""Slices and gathering by index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import misuse
from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import convert_to_tensor, integers, is_graph_value, make
from engine.ops.gathering import GatherV2
from engine.ops.indexed_slices import IndexedSlices, check_rows
from engine.ops.joining import concat
from engine.ops.shaping import reshape
from engine.ops.sizes import shape, size
from engine.shapes import ShapeError, fully_defined, with_rank_at_least

Key = tuple[Any, ...]


@declared
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


@declared
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


def getitem(x: Any, key: Any, name: str = "strided_slice") -> Tensor:
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
    return make(StridedSlice(real), (tensor, *given), name)


class Slice(Op):
    """The part of x from `begin` of the given sizes, -1 to the end; inputs: x, begin, size."""

    def infer(self, x: Spec, begin: Spec, size: Spec) -> Spec:
        lengths = [spec.dims[0] for spec in (begin, size) if spec.dims]
        known = [n for n in lengths if n is not None]
        if x.dims is None:
            return Spec(x.dtype, size.sizes)
        for n in known:
            if n != len(x.dims):
                raise ShapeError(f"Shape must be rank {n} but is rank {len(x.dims)}")
        starts, sizes = begin.value, size.value
        if starts is not None and sizes is not None and starts.ndim == sizes.ndim == 1:
            pairs = zip(x.dims, starts.tolist(), sizes.tolist(), strict=True)
            return Spec(
                x.dtype,
                tuple(_part(axis, *triple, ShapeError)[1] for axis, triple in enumerate(pairs)),
            )
        found = size.sizes
        return Spec(x.dtype, (None,) * len(x.dims) if found is None else found)

    def _key(self, x: Array, begin: Array, size: Array) -> tuple[Any, ...]:
        if not len(begin) == len(size) == x.ndim:
            raise ValueError(
                f"Expected begin and size arguments to be 1-D tensors of size {x.ndim}, but got "
                f"shapes [{len(begin)}] and [{len(size)}] instead."
            )
        pairs = zip(x.shape, begin.tolist(), size.tolist(), strict=True)
        parts = [_part(axis, *triple, ValueError) for axis, triple in enumerate(pairs)]
        return (*[slice(start, start + n) for start, n in parts if n is not None], Ellipsis)

    def numpy(self, x: Array, begin: Array, size: Array) -> Array:
        return x[self._key(x, begin, size)]

    def view(self, x: Array, begin: Array, size: Array) -> Array:
        return self.numpy(x, begin, size)

    def xla(self, jnp: Any, x: Any, begin: Any, size: Any) -> Any:
        return x[self._key(x, np.asarray(begin), np.asarray(size))]

    def grad(
        self, y: Tensor, dy: Tensor, x: Tensor, begin: Tensor, size: Tensor
    ) -> tuple[Any, ...]:
        return lambda: make(SliceGrad(), (dy, begin, shape(x)), None), None, None


def _part(
    axis: int, total: int | None, start: int, size: int, error: type[ValueError]
) -> tuple[int, int | None]:
    """Start and size along one axis, None for a size that only the run tells."""
    if start < 0 or (total is not None and start > total):
        raise error(f"Expected begin[{axis}] in [0, {total}], but got {start}")
    if total is None:
        return start, None if size == -1 else size
    if size < -1 or start + size > total:
        raise error(f"Expected size[{axis}] in [0, {total - start}], but got {size}")
    return start, total - start if size == -1 else size


class SliceGrad(Op):
    """Zeros of a shape with `dy` from `begin` on; inputs: dy, begin, shape."""

    def infer(self, dy: Spec, begin: Spec, sizes: Spec) -> Spec:
        return Spec(dy.dtype, sizes.sizes)

    def numpy(self, dy: Array, begin: Array, sizes: Array) -> Array:
        result = np.zeros(tuple(sizes), dy.dtype)
        result[self._key(dy, begin)] = dy
        return result

    def xla(self, jnp: Any, dy: Any, begin: Any, sizes: Any) -> Any:
        return jnp.zeros(tuple(sizes), dy.dtype).at[self._key(dy, begin)].set(dy)

    def _key(self, dy: Any, begin: Any) -> tuple[slice, ...]:
        starts = np.asarray(begin).tolist()
        return tuple(slice(a, a + n) for a, n in zip(starts, dy.shape, strict=True))

    def grad(
        self, y: Tensor, ddy: Tensor, dy: Tensor, begin: Tensor, sizes: Tensor
    ) -> tuple[Any, ...]:
        of = shape(dy, out_type=begin.spec.dtype)
        return lambda: make(Slice(), (ddy, begin, of), None), None, None


def slice_(input_: Any, begin: Any, size: Any, name: str | None = None) -> Tensor:
    """The part of `input_` from `begin` of the given sizes, where -1 reaches to the end.

    begin, size: int32 or int64 [rank], tensors or not.

    Raises:
        ValueError: it reaches beyond the end (at run: InvalidArgumentError).

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.slice([[1, 2, 3], [4, 5, 6]], [0, 1], [-1, 2])).tolist()
    [[2, 3], [5, 6]]
    """
    tensor = convert_to_tensor(input_)
    with tensor.graph.name_scope(name or "Slice") as scope:
        starts, sizes = integers(begin, "begin"), integers(size, "size")
        return make(Slice(), (tensor, starts, sizes), scope)


def strided_slice(
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Tensor:
    """``input_[begin[0]:end[0]:strides[0], ...]``, what an index in brackets stands for.

    Bit i of a mask is about part i: its begin or end is ignored, it is an ellipsis, a new axis, or
    the one position ``begin[i]``.

    Raises:
        ValueError: begin, end and strides differ in length, or their length is not known.
    """
    del var  # Assigning to the slice is the variable's business.
    firsts, lasts = _parts(begin, "begin"), _parts(end, "end")
    steps = [1] * len(firsts) if strides is None else _parts(strides, "strides")
    if not len(firsts) == len(lasts) == len(steps):
        raise ValueError(
            f"begin, end and strides must have one length, not {len(firsts)}, {len(lasts)} and "
            f"{len(steps)}"
        )
    key: list[Any] = []
    for i, (first, last, step) in enumerate(zip(firsts, lasts, steps, strict=True)):
        bit = 1 << i
        if ellipsis_mask & bit:
            key.append(Ellipsis)
        elif new_axis_mask & bit:
            key.append(None)
        elif shrink_axis_mask & bit:
            key.append(first)
        else:
            start = None if begin_mask & bit else first
            stop = None if end_mask & bit else last
            key.append(slice(start, stop, None if isinstance(step, int) and step == 1 else step))
    return getitem(input_, tuple(key), name or "StridedSlice")


def _parts(values: Any, label: str) -> list[Any]:
    """The elements of a list or vector, as ints where they are known."""
    if not is_graph_value(values):
        return [item if is_graph_value(item) else int(item) for item in values]
    tensor = convert_to_tensor(values)
    known = tensor.constant_value()
    if known is not None:
        return [int(item) for item in known]
    if not tensor.spec.dims or tensor.spec.dims[0] is None:
        raise ValueError(f"strided_slice needs '{label}' of known length")
    return [getitem(tensor, index) for index in range(tensor.spec.dims[0])]


def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    name: str | None = None,
    axis: int = 0,
    batch_dims: int = 0,
) -> Tensor:
    """Slices of `params` along `axis` at `indices`, whose axes take the place of that one.

    indices: int32 or int64; the first `batch_dims` axes of both go in step.

    Raises:
        InvalidArgumentError (at run): an index is out of range.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.gather([[1, 2, 3], [4, 5, 6]], [2, 0], axis=1)).tolist()
    [[3, 1], [6, 4]]
    """
    del validate_indices  # They always are.
    kind: Op = GatherV2(int(axis), int(batch_dims)) if axis or batch_dims else Gather()
    return make(kind, (convert_to_tensor(params), convert_to_tensor(indices)), name)


OPS = (StridedSlice, StridedSliceGrad, Slice, SliceGrad, Gather)
