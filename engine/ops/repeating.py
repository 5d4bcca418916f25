"""Elements repeated, picked example by example, counted off, kept within another type's range."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import as_dtype, int32, int64
from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.arithmetic import maximum, minimum
from engine.ops.casting import cast
from engine.ops.constants import convert_to_tensor, integers, make
from engine.ops.dtype_rules import allow
from engine.ops.indexing import gather
from engine.ops.shaping import reshape
from engine.ops.sizes import shape
from engine.shapes import ShapeError, normalize_axis, with_rank


class RepeatedPlaces(Op):
    """0 repeated counts[0] times, 1 repeated counts[1] times, ...; inputs: counts, how many."""

    def infer(self, counts: Spec, size: Spec) -> Spec:
        allow(counts, "repeats", (int32, int64))
        known, many = counts.value, size.value
        if known is None or (known.size == 1 and many is None):
            return Spec(int32, (None,))
        return Spec(int32, (int(known.sum() if known.size > 1 else known.sum() * many),))

    def numpy(self, counts: Array, size: Array) -> Array:
        if (counts < 0).any():
            raise ValueError("repeats must not be negative")
        if counts.size not in (1, size):
            raise ValueError(f"{counts.size} repeats do not fit to {size} elements")
        return np.repeat(np.arange(size, dtype=np.int32), counts.ravel())

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        return None, None


class UnravelIndex(Op):
    """Coordinates [rank, ...] of places in the flattened array; inputs: places, sizes."""

    def infer(self, places: Spec, sizes: Spec) -> Spec:
        allow(places, "indices", (int32, int64))
        (rank,) = with_rank(sizes.dims, 1)
        if places.dims is None:
            return Spec(places.dtype, None)
        if len(places.dims) > 1:
            raise ShapeError(
                f"The indices can only be scalar or vector, got {len(places.dims)} axes"
            )
        return Spec(places.dtype, (rank, *places.dims))

    def numpy(self, places: Array, sizes: Array) -> Array:
        count = int(np.prod(sizes))
        if ((places < 0) | (places >= count)).any():
            raise ValueError("index is out of bound as with dims")
        return np.array(np.unravel_index(places, tuple(sizes)), places.dtype)

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        return None, None


def repeat(input: Any, repeats: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """Each element along `axis` as often as `repeats` says; without an axis, of the flat input.

    repeats: an integer, or one for each element, [size along axis].

    Raises:
        ValueError: the axis is out of range.
        InvalidArgumentError: in the run, another number of repeats than elements.

    Source: ``tf.repeat``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.repeat([[1, 2], [3, 4]], [1, 2], axis=0)).tolist()
    [[1, 2], [3, 4], [3, 4]]
    """
    x = convert_to_tensor(input, name="input")
    with x.graph.name_scope(name or "Repeat"):
        if axis is None:
            x, axis = reshape(x, [-1]), 0
        if x.spec.dims is None:
            raise ValueError("tf.repeat along an axis needs a tensor of known rank")
        along = normalize_axis(axis, len(x.spec.dims))
        size = x.spec.dims[along]
        many = shape(x)[along] if size is None else integers(size, "size")
        places = make(RepeatedPlaces(), (integers(repeats, "repeats"), many), None)
        return gather(x, places, axis=along)


def batch_gather(params: Any, indices: Any, name: str | None = None) -> Tensor:
    """For each example, the slices of `params` at its `indices`: all but their last axis go along.

    params: [batch..., n, ...]; indices: integers [batch..., k]; the result is [batch..., k, ...].

    Raises:
        ValueError: the rank of the indices is not known.

    Source: ``tf.batch_gather``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.batch_gather([[1, 2, 3], [4, 5, 6]], [[2], [0]])).tolist()
    [[3], [4]]
    """
    places = convert_to_tensor(indices, name="indices")
    if places.spec.dims is None:
        raise ValueError("batch_gather does not allow indices with unknown shape: the rank counts.")
    x = convert_to_tensor(params, name="params")
    with x.graph.name_scope(name or "BatchGather"):
        along = len(places.spec.dims) - 1
        return gather(x, places, axis=along, batch_dims=along)


def unravel_index(indices: Any, dims: Any, name: str | None = None) -> Tensor:
    """The coordinates, [rank, n], of places [n] in an array of sizes `dims` that was flattened.

    Raises:
        ValueError: the indices have more than one axis.
        InvalidArgumentError: in the run, a place beyond the array.

    Source: ``tf.unravel_index``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.unravel_index([5, 2], [3, 4])).tolist()
    [[1, 0], [1, 2]]
    """
    places = convert_to_tensor(indices, name="indices")
    sizes = convert_to_tensor(dims, name="dims")
    return make(UnravelIndex(), (places, sizes), name)


def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Tensor:
    """`value` as `dtype`, what is beyond that type's range as its nearest end.

    Source: ``tf.saturate_cast``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.saturate_cast([-5.0, 7.5, 300.0], tf.uint8)).tolist()
    [0, 7, 255]
    """
    x = convert_to_tensor(value, name="value")
    target, own = as_dtype(dtype).base_dtype, x.dtype.base_dtype
    with x.graph.name_scope(name or "saturate_cast") as scope:
        if own.min < target.min:
            x = maximum(x, convert_to_tensor(target.min, own, "min"))
        if own.max > target.max:
            x = minimum(x, convert_to_tensor(target.max, own, "max"))
        return cast(x, target, scope)


OPS = (RepeatedPlaces, UnravelIndex)
