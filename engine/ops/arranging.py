"""Blocks of pixels and patches of images as channels, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import convert_to_tensor, make
from engine.ops.sizes import shape
from engine.shapes import ShapeError, with_rank


@declared
class Blocks(Op):
    """Images [batch, height, width, depth] with blocks of pixels as channels, or back."""

    block_size: int
    data_format: str = "NHWC"


class SpaceToDepth(Blocks):
    """Blocks of pixels as the channels of one pixel."""

    def infer(self, x: Spec) -> Spec:
        n, block = with_rank(x.dims, 4), self.block_size
        for size in n[1:3]:
            if size is not None and size % block:
                raise ShapeError(
                    f"Dimension size must be evenly divisible by {block} but is {size}"
                )
        inner = tuple(None if size is None else size // block for size in n[1:3])
        depth = None if n[3] is None else n[3] * block * block
        return Spec(x.dtype, (n[0], *inner, depth))

    def numpy(self, x: Array) -> Array:
        return self._moved(x)

    def xla(self, jnp: Any, x: Any) -> Any:
        return self._moved(x)

    def _moved(self, x: Any) -> Any:
        batch, height, width, depth = x.shape
        block = self.block_size
        if height % block or width % block:
            raise ValueError(
                f"Image height {height} and width {width} should be divisible by block_size {block}"
            )
        split = x.reshape(batch, height // block, block, width // block, block, depth)
        return split.transpose(0, 1, 3, 2, 4, 5).reshape(
            batch, height // block, width // block, block * block * depth
        )

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (lambda: make(DepthToSpace(self.block_size), (dy,), None),)


class DepthToSpace(Blocks):
    """The channels of one pixel as a block of pixels; the inverse of SpaceToDepth."""

    def infer(self, x: Spec) -> Spec:
        n, block = with_rank(x.dims, 4), self.block_size
        if n[3] is not None and n[3] % (block * block):
            raise ShapeError(
                f"Dimension size must be evenly divisible by {block * block} but is {n[3]}"
            )
        inner = tuple(None if size is None else size * block for size in n[1:3])
        depth = None if n[3] is None else n[3] // (block * block)
        return Spec(x.dtype, (n[0], *inner, depth))

    def numpy(self, x: Array) -> Array:
        return self._moved(x)

    def xla(self, jnp: Any, x: Any) -> Any:
        return self._moved(x)

    def _moved(self, x: Any) -> Any:
        batch, height, width, depth = x.shape
        block = self.block_size
        if depth % (block * block):
            raise ValueError(
                f"Input depth dimension {depth} should be divisible by: {block * block}"
            )
        inner = depth // (block * block)
        split = x.reshape(batch, height, width, block, block, inner)
        return split.transpose(0, 1, 3, 2, 4, 5).reshape(
            batch, height * block, width * block, inner
        )

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (lambda: make(SpaceToDepth(self.block_size), (dy,), None),)


@dataclass(frozen=True)
class Patches:
    """Where the patches of an image lie along one axis."""

    count: int
    before: int
    """Zeros before the image's first pixel."""
    places: Array
    """[count, size]: the padded image's pixels of each patch."""
    padded: int

    def inside(self, size: int) -> slice:
        """The image within the padded one."""
        return slice(self.before, self.before + size)


def _along(size: int, window: int, stride: int, rate: int, padding: str) -> Patches:
    reach = (window - 1) * rate + 1
    if padding == "VALID":
        count, before = max(0, -(-(size - reach + 1) // stride)), 0
        padded = size
    else:
        count = -(-size // stride)
        missing = max(0, (count - 1) * stride + reach - size)
        before, padded = missing // 2, size + missing
    places = np.arange(count)[:, None] * stride + np.arange(window) * rate
    return Patches(count, before, places, padded)


@declared
class ExtractImagePatches(Op):
    """Patches of images [batch, height, width, depth] as channels, row by row of the patch."""

    ksizes: tuple[int, ...]
    strides: tuple[int, ...]
    rates: tuple[int, ...]
    padding: str

    def _axis(self, axis: int, size: int) -> Patches:
        return _along(size, self.ksizes[axis], self.strides[axis], self.rates[axis], self.padding)

    def infer(self, x: Spec) -> Spec:
        n = with_rank(x.dims, 4)
        inner = [
            None if size is None else self._axis(axis, size).count
            for axis, size in enumerate(n[1:3], 1)
        ]
        depth = None if n[3] is None else n[3] * self.ksizes[1] * self.ksizes[2]
        return Spec(x.dtype, (n[0], *inner, depth))

    def numpy(self, x: Array) -> Array:
        rows, columns = self._axis(1, x.shape[1]), self._axis(2, x.shape[2])
        whole = np.zeros((x.shape[0], rows.padded, columns.padded, x.shape[3]), x.dtype)
        whole[:, rows.inside(x.shape[1]), columns.inside(x.shape[2])] = x
        found = whole[:, rows.places[:, None, :, None], columns.places[None, :, None, :]]
        return found.reshape(*found.shape[:3], -1) if found.size else self._none(x, rows, columns)

    def _none(self, x: Array, rows: Patches, columns: Patches) -> Array:
        depth = x.shape[3] * self.ksizes[1] * self.ksizes[2]
        return np.zeros((x.shape[0], rows.count, columns.count, depth), x.dtype)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        back = PatchesGrad(self)
        return (lambda: make(back, (dy, shape(x)), None),)


@declared
class PatchesGrad(Op):
    """Patches added into images of a shape; inputs: patches, shape."""

    patches: ExtractImagePatches

    def infer(self, dy: Spec, sizes: Spec) -> Spec:
        return Spec(dy.dtype, sizes.sizes)

    def numpy(self, dy: Array, sizes: Array) -> Array:
        batch, height, width, depth = (int(n) for n in sizes)
        rows, columns = self.patches._axis(1, height), self.patches._axis(2, width)
        whole = np.zeros((batch, rows.padded, columns.padded, depth), dy.dtype)
        _, high, wide, _ = self.patches.ksizes
        parts = dy.reshape(batch, rows.count, columns.count, high, wide, depth)
        places: Any = (slice(None), rows.places[:, None, :, None], columns.places[None, :, None, :])
        np.add.at(whole, places, parts)
        return whole[:, rows.inside(height), columns.inside(width)]

    def attributes(self) -> dict[str, Any]:
        return self.patches.attributes()

    def grad(self, y: Tensor, ddy: Tensor, dy: Tensor, sizes: Tensor) -> tuple[Any, ...]:
        return lambda: make(self.patches, (ddy,), None), None


def _refuse_format(data_format: str) -> None:
    if data_format != "NHWC":
        raise ValueError(f"data_format must be NHWC here, got {data_format!r}")


def space_to_depth(
    input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC"
) -> Tensor:
    """Images with each block of block_size x block_size pixels as one pixel of more channels.

    input: [batch, height, width, depth]; the result is [batch, height / block_size,
    width / block_size, depth * block_size^2].

    Raises:
        ValueError: height or width is no multiple of `block_size`, or another data format.
    """
    _refuse_format(data_format)
    return make(SpaceToDepth(int(block_size)), (convert_to_tensor(input),), name)


def depth_to_space(
    input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC"
) -> Tensor:
    """Images with the channels of each pixel as a block of pixels, undoing `space_to_depth`.

    Raises:
        ValueError: the depth is no multiple of ``block_size ** 2``, or another data format.
    """
    _refuse_format(data_format)
    return make(DepthToSpace(int(block_size)), (convert_to_tensor(input),), name)


def extract_image_patches(
    images: Any,
    ksizes: Any = None,
    strides: Any = None,
    rates: Any = None,
    padding: Any = None,
    name: str | None = None,
    sizes: Any = None,
) -> Tensor:
    """Patches of images [batch, height, width, depth] as channels: what a convolution sees.

    ksizes, strides, rates: [1, rows, columns, 1]; padding: ``"SAME"`` or ``"VALID"``. The result is
    [batch, patches down, patches across, ksize_rows * ksize_columns * depth].

    Raises:
        ValueError: a list is not of that form.
    """
    lists = [tuple(int(n) for n in given) for given in (ksizes or sizes, strides, rates)]
    for label, given in zip(("ksizes", "strides", "rates"), lists, strict=True):
        if len(given) != 4 or (given[0], given[3]) != (1, 1) or min(given) < 1:
            raise ValueError(f"{label} must be [1, rows, columns, 1], got {list(given)}")
    if padding not in ("SAME", "VALID"):
        raise ValueError(f"padding must be SAME or VALID, got {padding!r}")
    kind = ExtractImagePatches(lists[0], lists[1], lists[2], padding)
    return make(kind, (convert_to_tensor(images),), name)


OPS = (SpaceToDepth, DepthToSpace, ExtractImagePatches, PatchesGrad)
