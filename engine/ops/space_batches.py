"""Blocks of space as examples of a batch, and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.graph import Tensor
from engine.ops.arithmetic import maximum
from engine.ops.constants import convert_to_tensor, integers
from engine.ops.indexing import slice_
from engine.ops.padding import pad
from engine.ops.shaping import reshape, transpose
from engine.ops.sizes import shape


def space_to_batch_nd(input: Any, block_shape: Any, paddings: Any, name: str | None = None) -> Any:
    """Every block's pixels as examples: [batch * product(block), sizes / block..., rest...].

    input: [batch, sizes..., rest...]; block_shape: m numbers known while building; paddings:
    integers [m, 2], zeros added before and after, after which the block divides the sizes.

    Raises:
        ValueError: the block does not divide a size, or its shape or the rank is not known.

    Source: ``tf.space_to_batch_nd``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.reshape(tf.range(4), [1, 2, 2, 1])
    ...     sess.run(tf.space_to_batch_nd(x, [2, 2], [[0, 0], [0, 0]])).ravel().tolist()
    [0, 1, 2, 3]
    """
    x = convert_to_tensor(input, name="input")
    block = _block(x, block_shape, "space_to_batch_nd")
    with x.graph.name_scope(name or "SpaceToBatchND") as scope:
        count, rank = len(block), len(x.spec.dims or ())
        around = convert_to_tensor(paddings, name="paddings")
        known, given = around.constant_value(), x.spec.dims or ()
        none = [[0, 0]]
        if known is not None:
            x = pad(x, np.array([*none, *known.tolist(), *none * (rank - 1 - count)], np.int32))
        else:
            x = pad(x, [none[0], *[[around[k, 0], around[k, 1]] for k in range(count)],
                        *none * (rank - 1 - count)])  # fmt: skip
        x.set_shape([given[0], *[None] * count, *given[1 + count :]])
        dims = x.spec.dims or ()
        for axis, (size, step) in enumerate(zip(dims[1:], block, strict=False)):
            if size is not None and size % step:
                raise ValueError(
                    f"Dimension size must be evenly divisible by {step} but is {size}: "
                    f"axis {axis + 1} of {x.get_shape()} after padding"
                )
        sizes = _sizes(x)
        split: list[Any] = [sizes[0]]
        for k, step in enumerate(block):
            split += [sizes[k + 1] // step, step]
        inner = [1 + 2 * k for k in range(count)]
        order = [*[k + 1 for k in inner], 0, *inner, *range(1 + 2 * count, rank + count)]
        parts = transpose(reshape(x, [*split, *sizes[1 + count :]]), order)
        batch = sizes[0] * math.prod(block)
        return reshape(parts, [batch, *split[1::2], *sizes[1 + count :]], scope)


def batch_to_space_nd(input: Any, block_shape: Any, crops: Any, name: str | None = None) -> Any:
    """Undoes `space_to_batch_nd`: [batch / product(block), sizes * block - crops..., rest...].

    crops: integers [m, 2], what is cut off before and after.

    Raises:
        ValueError: the block's product does not divide the batch, or its shape is not known.

    Source: ``tf.batch_to_space_nd``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.reshape(tf.range(4), [4, 1, 1, 1])
    ...     sess.run(tf.batch_to_space_nd(x, [2, 2], [[0, 0], [0, 1]])).ravel().tolist()
    [0, 2]
    """
    x = convert_to_tensor(input, name="input")
    block = _block(x, block_shape, "batch_to_space_nd")
    with x.graph.name_scope(name or "BatchToSpaceND") as scope:
        count, rank = len(block), len(x.spec.dims or ())
        sizes = _sizes(x)
        if isinstance(sizes[0], int) and sizes[0] % math.prod(block):
            raise ValueError(
                f"Dimension size must be evenly divisible by {math.prod(block)} but is {sizes[0]}: "
                f"the batch of {x.get_shape()}"
            )
        batch = sizes[0] // math.prod(block)
        parts = reshape(x, [*block, batch, *sizes[1:]])
        order = [count]
        for k in range(count):
            order += [count + 1 + k, k]
        order += range(2 * count + 1, rank + count)
        wide = [sizes[k + 1] * step for k, step in enumerate(block)]
        whole = reshape(transpose(parts, order), [batch, *wide, *sizes[1 + count :]])
        cut = convert_to_tensor(crops, name="crops")
        known = cut.constant_value()
        edges: Any = cut if known is None else known.tolist()
        before = [edges[k][0] for k in range(count)]
        kept = [_at_least_nothing(size - edges[k][0] - edges[k][1]) for k, size in enumerate(wide)]
        rest = [0] * (rank - 1 - count)
        return slice_(whole, [0, *before, *rest], [batch, *kept, *sizes[1 + count :]], scope)


def _at_least_nothing(size: Any) -> Any:
    return max(size, 0) if isinstance(size, int) else maximum(size, 0)


def _sizes(x: Tensor) -> list[Any]:
    """The sizes of all axes: numbers where they are known."""
    return [shape(x)[axis] if size is None else size for axis, size in enumerate(x.spec.dims or ())]


def _block(x: Tensor, block_shape: Any, where: str) -> list[int]:
    known = integers(block_shape, "block_shape").constant_value()
    if known is None or known.ndim != 1:
        raise ValueError(f"{where}: block_shape must be a vector known while building")
    if x.spec.dims is None or len(x.spec.dims) <= known.size:
        raise ValueError(
            f"{where}: the input must have a rank above {known.size}, got {x.get_shape()}"
        )
    if (known < 1).any():
        raise ValueError(f"{where}: block_shape must be positive, got {known.tolist()}")
    return [int(size) for size in known]


def space_to_batch(
    input: Any,
    paddings: Any,
    block_size: int | None = None,
    name: str | None = None,
    block_shape: Any = None,
) -> Tensor:
    """`space_to_batch_nd` of images [batch, height, width, depth] by a square block.

    paddings: integers [2, 2].
    """
    block = block_shape if block_size is None else [int(block_size)] * 2
    return _of_rank_four(space_to_batch_nd(input, block, paddings, name))


def batch_to_space(
    input: Any,
    crops: Any,
    block_size: int | None = None,
    name: str | None = None,
    block_shape: Any = None,
) -> Tensor:
    """`batch_to_space_nd` of images [batch, height, width, depth] by a square block.

    crops: integers [2, 2].
    """
    block = block_shape if block_size is None else [int(block_size)] * 2
    return _of_rank_four(batch_to_space_nd(input, block, crops, name))


def _of_rank_four(x: Tensor) -> Tensor:
    x.set_shape([None] * 4)
    return x
