"""Resizing images: nearest neighbour and bilinear, with gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import float32
from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.casting import cast
from engine.ops.constants import convert_to_tensor, integers, make
from engine.ops.dtype_rules import need_numbers
from engine.ops.sizes import shape
from engine.shapes import ShapeError, with_rank


def _places(source: int, target: int, align_corners: bool, centers: bool) -> Array:
    """For each place of the result, where it lies between the source's, float32 [target].

    In float32, as TensorFlow computes it, so that a place on an edge falls to the same side.
    """
    aligned = align_corners and target > 1
    scale = np.float32((source - 1) / (target - 1) if aligned else source / max(target, 1))
    steps = np.arange(target, dtype=np.float32)
    if centers:
        return (steps + np.float32(0.5)) * scale - np.float32(0.5)
    return steps * scale


@declared
class Resize(Op):
    """Images [batch, height, width, channels] in another size; inputs: images, size."""

    align_corners: bool = False
    half_pixel_centers: bool = False

    def infer(self, images: Spec, size: Spec) -> Spec:
        need_numbers(images, "images")
        batch, _, _, channels = with_rank(images.dims, 4)
        sizes = with_rank(size.sizes, 2) if size.sizes is not None else (None, None)
        if 0 in sizes:
            raise ShapeError("output dimensions must be positive")
        return Spec(self.result_dtype(images), (batch, *sizes, channels))

    def result_dtype(self, images: Spec) -> Any:
        return images.dtype

    def check(self, images: Array, size: Array) -> tuple[int, int]:
        if images.ndim != 4 or np.shape(size) != (2,):
            raise ValueError(f"input must be 4-dimensional, got {images.shape}")
        height, width = int(size[0]), int(size[1])
        if height <= 0 or width <= 0:
            raise ValueError("output dimensions must be positive")
        if 0 in images.shape[1:3]:
            raise ValueError("input image must be of non-zero size")
        return height, width


class ResizeNearestNeighbor(Resize):
    """Each pixel of the result is the source's pixel at its place."""

    def sources(self, dims: tuple[int, ...], size: tuple[int, ...]) -> list[Array]:
        """For each row and each column of the result, the one of the source."""
        found = []
        for source, target in zip(dims, size, strict=True):
            places = _places(source, target, self.align_corners, False)
            if self.half_pixel_centers:
                scale = np.float32(source / target)
                places = np.floor((np.arange(target, dtype=np.float32) + np.float32(0.5)) * scale)
            elif self.align_corners:
                places = np.floor(places + np.float32(0.5))
            found.append(np.clip(np.floor(places).astype(np.int64), 0, source - 1))
        return found

    def numpy(self, images: Array, size: Array) -> Array:
        rows, columns = self.sources(images.shape[1:3], self.check(images, size))
        return images[:, rows[:, None], columns]

    def xla(self, jnp: Any, images: Any, size: Any) -> Any:
        sizes = tuple(int(n) for n in np.asarray(size))
        rows, columns = self.sources(images.shape[1:3], sizes)
        return images[:, rows[:, None], columns]

    def grad(self, y: Tensor, dy: Tensor, images: Tensor, size: Tensor) -> tuple[Any, ...]:
        back = ResizeNearestNeighborGrad(self.align_corners, self.half_pixel_centers)
        return lambda: make(back, (dy, _image_size(images)), None), None


def _image_size(images: Tensor) -> Tensor:
    return shape(images)[1:3]


class ResizeNearestNeighborGrad(Resize):
    """The sums over the places that each source pixel was shown at; inputs: dy, source size."""

    def numpy(self, dy: Array, size: Array) -> Array:
        height, width = self.check(dy, size)
        resize = ResizeNearestNeighbor(self.align_corners, self.half_pixel_centers)
        rows, columns = resize.sources((height, width), dy.shape[1:3])
        result = np.zeros((dy.shape[0], height, width, dy.shape[3]), dy.dtype)
        places: Any = (slice(None), rows[:, None], columns)
        np.add.at(result, places, dy)
        return result

    def xla(self, jnp: Any, dy: Any, size: Any) -> Any:
        height, width = (int(n) for n in np.asarray(size))
        resize = ResizeNearestNeighbor(self.align_corners, self.half_pixel_centers)
        rows, columns = resize.sources((height, width), dy.shape[1:3])
        zeros = jnp.zeros((dy.shape[0], height, width, dy.shape[3]), dy.dtype)
        return zeros.at[:, rows[:, None], columns].add(dy)

    def grad(self, y: Tensor, ddy: Tensor, dy: Tensor, size: Tensor) -> tuple[Any, ...]:
        again = ResizeNearestNeighbor(self.align_corners, self.half_pixel_centers)
        return lambda: make(again, (ddy, _image_size(dy)), None), None


def _neighbours(source: int, target: int, op: Resize) -> tuple[Array, Array, Array]:
    """For each place of the result: the pixel before it, the one after, the latter's share."""
    places = _places(source, target, op.align_corners, op.half_pixel_centers)
    below = np.floor(places)
    low = np.clip(below, 0, source - 1).astype(np.int64)
    high = np.clip(below + 1, 0, source - 1).astype(np.int64)
    return low, high, places - below


def _weights(source: int, target: int, op: Resize) -> Array:
    """The matrix [source, target] of what each place of the result takes from the source."""
    low, high, share = _neighbours(source, target, op)
    matrix = np.zeros((source, target), np.float32)
    columns = np.arange(target)
    np.add.at(matrix, (low, columns), 1 - share)
    np.add.at(matrix, (high, columns), share)
    return matrix


class ResizeBilinear(Resize):
    """Each pixel of the result is the weighted mean of the four around its place, float32."""

    def result_dtype(self, images: Spec) -> Any:
        return float32

    def numpy(self, images: Array, size: Array) -> Array:
        target = self.check(images, size)
        return self._between(images.astype(np.float32, copy=False), target)

    def xla(self, jnp: Any, images: Any, size: Any) -> Any:
        target = int(size[0]), int(size[1])
        return self._between(images.astype(np.float32), target)

    def _between(self, images: Any, target: tuple[int, int]) -> Any:
        low, high, share = _neighbours(images.shape[1], target[0], self)
        above, below = images[:, low], images[:, high]
        rows = above + (below - above) * share[:, None, None]
        low, high, share = _neighbours(images.shape[2], target[1], self)
        left, right = rows[:, :, low], rows[:, :, high]
        return left + (right - left) * share[:, None]

    def grad(self, y: Tensor, dy: Tensor, images: Tensor, size: Tensor) -> tuple[Any, ...]:
        back = ResizeBilinearGrad(self.align_corners, self.half_pixel_centers)

        def spread() -> Tensor:
            return cast(make(back, (dy, _image_size(images)), None), images.spec.dtype)

        return spread, None


class ResizeBilinearGrad(Resize):
    """What each source pixel gave, by its weights; inputs: dy, source size."""

    def numpy(self, dy: Array, size: Array) -> Array:
        return self._gathered(np, dy, self.check(dy, size))

    def xla(self, jnp: Any, dy: Any, size: Any) -> Any:
        return self._gathered(jnp, dy, tuple(int(n) for n in np.asarray(size)))

    def _gathered(self, xp: Any, dy: Any, source: tuple[int, ...]) -> Any:
        batch, height, width, channels = dy.shape
        by_row = _weights(source[0], height, self)
        by_column = _weights(source[1], width, self)
        rows = xp.matmul(by_row, dy.reshape(batch, height, width * channels))
        # Columns in front: one large product instead of one for each line of pixels.
        lines = rows.reshape(batch * source[0], width, channels).transpose(1, 0, 2)
        found = xp.matmul(by_column, lines.reshape(width, batch * source[0] * channels))
        moved = found.reshape(source[1], batch * source[0], channels).transpose(1, 0, 2)
        return moved.reshape(batch, source[0], source[1], channels)

    def grad(self, y: Tensor, ddy: Tensor, dy: Tensor, size: Tensor) -> tuple[Any, ...]:
        again = ResizeBilinear(self.align_corners, self.half_pixel_centers)
        return lambda: make(again, (ddy, _image_size(dy)), None), None


def _resize(kind: Resize, images: Any, size: Any, name: str | None) -> Tensor:
    x = convert_to_tensor(images, name="images")
    with x.graph.name_scope(name or kind.type) as scope:
        return make(kind, (x, integers(size, "size")), scope)


def resize_bilinear(
    images: Any,
    size: Any,
    align_corners: bool = False,
    name: str | None = None,
    half_pixel_centers: bool = False,
) -> Tensor:
    """Images [batch, height, width, channels] in `size` = [height, width], bilinear, float32.

    With `align_corners` the centers of the corner pixels stay where they are.

    Raises:
        ValueError: the images have not four axes, or a size is 0.
    """
    return _resize(ResizeBilinear(align_corners, half_pixel_centers), images, size, name)


def resize_nearest_neighbor(
    images: Any,
    size: Any,
    align_corners: bool = False,
    name: str | None = None,
    half_pixel_centers: bool = False,
) -> Tensor:
    """Images [batch, height, width, channels] in `size`, each pixel that of the source."""
    return _resize(ResizeNearestNeighbor(align_corners, half_pixel_centers), images, size, name)


OPS = (ResizeNearestNeighbor, ResizeNearestNeighborGrad, ResizeBilinear, ResizeBilinearGrad)
