"""Grids of coordinates, masks of lengths, lists of shapes: graph code over simpler operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.dtypes import as_dtype, bool_, int32
from engine.graph import Tensor
from engine.ops.arithmetic import maximum, multiply
from engine.ops.casting import cast, identity
from engine.ops.comparisons import less
from engine.ops.constants import convert_to_tensor, graph_of
from engine.ops.elementwise import ones_like
from engine.ops.filling import range as range_
from engine.ops.joining import stack
from engine.ops.reductions import reduce_max
from engine.ops.shaping import expand_dims, reshape
from engine.ops.sizes import shape


def meshgrid(*args: Any, **kwargs: Any) -> list[Tensor]:
    """For each vector the coordinates along its axis, over the grid that all vectors span.

    With ``indexing="xy"``, the default, the first two axes are exchanged; ``"ij"`` keeps them.

    Raises:
        ValueError: the indexing is another.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x, y = sess.run(tf.meshgrid([1, 2, 3], [4, 5]))
    >>> x.tolist(), y.tolist()
    ([[1, 2, 3], [1, 2, 3]], [[4, 4, 4], [5, 5, 5]])
    """
    indexing, name = kwargs.pop("indexing", "xy"), kwargs.pop("name", "meshgrid")
    if kwargs:
        key = next(iter(kwargs))
        raise TypeError(f"'{key}' is an invalid keyword argument for this function")
    if indexing not in ("xy", "ij"):
        raise ValueError("indexing parameter must be either 'xy' or 'ij'")
    with graph_of(*args).as_default() as graph, graph.name_scope(name):
        vectors = [convert_to_tensor(item) for item in args]
        rank = len(vectors)
        swapped = indexing == "xy" and rank > 1
        places = [1, 0, *range(2, rank)] if swapped else list(range(rank))
        along = [
            reshape(x, [-1 if axis == place else 1 for axis in range(rank)])
            for x, place in zip(vectors, places, strict=True)
        ]
        grid: list[Tensor] = []
        for mine, x in enumerate(along):
            whole = x
            for other, y in enumerate(along):
                if other != mine:
                    whole = multiply(whole, cast(ones_like(y), x.dtype), "mul")
            grid.append(whole)
        return grid


def sequence_mask(
    lengths: Any, maxlen: Any = None, dtype: Any = bool_, name: str | None = None
) -> Tensor:
    """For each length, that many times true and false up to `maxlen`, [..., maxlen].

    Without `maxlen`, up to the largest length.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.sequence_mask([1, 3], dtype=tf.int32)).tolist()
    [[1, 0, 0], [1, 1, 1]]
    """
    counts = convert_to_tensor(lengths)
    with counts.graph.name_scope(name or "SequenceMask"):
        if maxlen is None:
            most = maximum(0, reduce_max(counts))
        else:
            most = cast(convert_to_tensor(maxlen), counts.dtype.base_dtype)
        if most.spec.dims not in ((), None):
            raise ValueError("maxlen must be scalar for sequence_mask")
        steps = range_(most, dtype=counts.dtype.base_dtype)
        result = less(steps, expand_dims(counts, -1))
        return cast(result, as_dtype(dtype))


def shape_n(input: Sequence[Any], out_type: Any = int32, name: str | None = None) -> list[Tensor]:
    """The sizes of each tensor of a list."""
    return [shape(item, name or "ShapeN", out_type) for item in input]


def identity_n(input: Sequence[Any], name: str | None = None) -> list[Tensor]:
    """A tensor with the same value for each of a list."""
    return [identity(item, name or "IdentityN") for item in input]


def parallel_stack(values: Sequence[Any], name: str = "parallel_stack") -> Tensor:
    """Tensors of one shape along a new first axis, as `stack`."""
    return stack(values, name=name)
