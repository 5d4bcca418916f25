"""Resizing images by cubic curves and by areas: a matrix along the rows, one along the columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import float32
from engine.graph import Tensor
from engine.op import Array, Spec, declared
from engine.ops.casting import cast
from engine.ops.constants import convert_to_tensor, integers, make
from engine.ops.resizing import Resize
from engine.ops.sizes import shape

_TABLE = 1024
"""TensorFlow reads the cubic curve from a table of so many places between two pixels."""


@declared
class ResizeBicubic(Resize):
    """Each pixel of the result is a mean of sixteen by Keys' cubic curve, float32."""

    def result_dtype(self, images: Spec) -> Any:
        return float32

    def matrix(self, source: int, target: int) -> Array:
        """What each place of the result takes of each of the source's: float32 [target, source]."""
        aligned = self.align_corners and target > 1
        scale = np.float32((source - 1) / (target - 1) if aligned else source / target)
        places = np.arange(target, dtype=np.float32)
        if self.half_pixel_centers:
            places = (places + np.float32(0.5)) * scale - np.float32(0.5)
        else:
            places = places * scale
        below = np.floor(places).astype(np.int64)
        steps = np.rint((places - below) * _TABLE) / _TABLE
        # Keys' curve with the slope that TensorFlow takes; -0.5 came with its pixel centers.
        slope = -0.5 if self.half_pixel_centers else -0.75
        taken = np.stack([_far(steps + 1, slope), _near(steps, slope),
                          _near(1 - steps, slope), _far(2 - steps, slope)], 1)  # fmt: skip
        pixels = below[:, None] + np.arange(-1, 3)
        if self.half_pixel_centers:
            # What lies outside does not count, and the others make up for it.
            taken = np.where((pixels >= 0) & (pixels < source), taken, 0)
            total = taken.sum(1, keepdims=True)
            taken = np.where(np.abs(total) >= 1000 * np.finfo(np.float32).tiny, taken / total, 0)
        result = np.zeros((target, source), np.float32)
        rows = np.broadcast_to(np.arange(target)[:, None], pixels.shape)
        np.add.at(result, (rows, np.clip(pixels, 0, source - 1)), taken.astype(np.float32))
        return result

    def numpy(self, images: Array, size: Array) -> Array:
        height, width = self.check(images, size)
        x = images.astype(np.float32, copy=False)
        return _by(self.matrix(x.shape[1], height), self.matrix(x.shape[2], width), x)

    def xla(self, jnp: Any, images: Any, size: Any) -> Any:
        rows = self.matrix(images.shape[1], int(size[0]))
        columns = self.matrix(images.shape[2], int(size[1]))
        return jnp.einsum("ts,nswc,vw->ntvc", rows, images.astype(np.float32), columns)

    def grad(self, y: Tensor, dy: Tensor, images: Tensor, size: Tensor) -> tuple[Any, ...]:
        back = ResizeBicubicGrad(self.align_corners, self.half_pixel_centers)

        def spread() -> Tensor:
            return cast(make(back, (dy, shape(images)[1:3]), None), images.spec.dtype)

        return spread, None


def _near(x: Array, slope: float) -> Array:
    """Keys' curve up to 1."""
    return ((slope + 2) * x - (slope + 3)) * x * x + 1


def _far(x: Array, slope: float) -> Array:
    """Keys' curve from 1 to 2."""
    return ((slope * x - 5 * slope) * x + 8 * slope) * x - 4 * slope


def _by(rows: Array, columns: Array, images: Array) -> Array:
    """rows [a, height] @ images @ columns [b, width], over each image and channel."""
    batch, height, width, channels = images.shape
    tall = np.matmul(rows, images.reshape(batch, height, width * channels))
    wide = np.matmul(columns, tall.reshape(batch, len(rows), width, channels))
    return wide.astype(images.dtype, copy=False)


class ResizeBicubicGrad(Resize):
    """What each source pixel gave, by its weights; inputs: dy, source size."""

    def numpy(self, dy: Array, size: Array) -> Array:
        height, width = self.check(dy, size)
        forward = ResizeBicubic(self.align_corners, self.half_pixel_centers)
        rows, columns = forward.matrix(height, dy.shape[1]), forward.matrix(width, dy.shape[2])
        return _by(rows.T, columns.T, dy)

    def grad(self, y: Tensor, ddy: Tensor, dy: Tensor, size: Tensor) -> tuple[Any, ...]:
        again = ResizeBicubic(self.align_corners, self.half_pixel_centers)
        return lambda: make(again, (ddy, shape(dy)[1:3]), None), None


@declared
class ResizeArea(Resize):
    """Each pixel of the result is the mean over the part of the source it covers, float32."""

    def result_dtype(self, images: Spec) -> Any:
        return float32

    def matrix(self, source: int, target: int) -> Array:
        """The share of each source pixel in each of the result's: float32 [target, source]."""
        aligned = self.align_corners and target > 1
        scale = np.float32((source - 1) / (target - 1) if aligned else source / target)
        begin = np.arange(target, dtype=np.float32)[:, None] * scale
        end = begin + scale
        pixels = np.arange(int(np.ceil(end.max())) + 1, dtype=np.float32)
        covered = np.clip(np.minimum(end, pixels + 1) - np.maximum(begin, pixels), 0, None)
        result = np.zeros((target, source), np.float32)
        places = np.clip(pixels, 0, source - 1).astype(np.int64)
        np.add.at(result.T, places, (covered / scale).T)
        return result

    def numpy(self, images: Array, size: Array) -> Array:
        height, width = self.check(images, size)
        x = images.astype(np.float32, copy=False)
        return _by(self.matrix(x.shape[1], height), self.matrix(x.shape[2], width), x)

    def grad(self, y: Tensor, dy: Tensor, images: Tensor, size: Tensor) -> tuple[Any, ...]:
        # As in TensorFlow, which has none.
        return None, None


def resize_bicubic(
    images: Any,
    size: Any,
    align_corners: bool = False,
    name: str | None = None,
    half_pixel_centers: bool = False,
) -> Tensor:
    """Images [batch, height, width, channels] in `size` = [height, width], bicubic, float32.

    Raises:
        ValueError: the images have not four axes, or a size is 0.

    Source: Keys, *Cubic convolution interpolation for digital image processing*, 1981;
    ``tf.image.resize_bicubic``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.reshape([0.0, 1.0, 2.0, 3.0], [1, 1, 4, 1])
    ...     print(sess.run(tf.image.resize_bicubic(x, [1, 2])).ravel())
    [0. 2.]
    """
    return _resized(ResizeBicubic(align_corners, half_pixel_centers), images, size, name)


def resize_area(
    images: Any, size: Any, align_corners: bool = False, name: str | None = None
) -> Tensor:
    """Images [batch, height, width, channels] in `size`, each pixel a mean, float32.

    No gradient flows through it.

    Raises:
        ValueError: the images have not four axes, or a size is 0.

    Source: ``tf.image.resize_area``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.reshape([0.0, 1.0, 2.0, 3.0], [1, 1, 4, 1])
    ...     print(sess.run(tf.image.resize_area(x, [1, 2])).ravel())
    [0.5 2.5]
    """
    return _resized(ResizeArea(align_corners), images, size, name)


def _resized(kind: Resize, images: Any, size: Any, name: str | None) -> Tensor:
    x = convert_to_tensor(images, name="images")
    with x.graph.name_scope(name or kind.type) as scope:
        return make(kind, (x, integers(size, "size")), scope)


OPS = (ResizeBicubic, ResizeBicubicGrad, ResizeArea)
