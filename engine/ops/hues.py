"""Images by hue, saturation and value, and what changes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.arithmetic import mod
from engine.ops.clipping import clip_by_value
from engine.ops.constants import convert_to_tensor, make
from engine.ops.dtype_rules import FLOATS, allow
from engine.ops.image_colors import convert_image_dtype, working_dtype
from engine.ops.joining import concat, split
from engine.ops.random import random_uniform
from engine.shapes import ShapeError, with_rank_at_least


class _OfColors(Op):
    """A kind over three numbers a pixel, on the last axis; without gradient, as in TensorFlow 1."""

    def infer(self, images: Spec) -> Spec:
        allow(images, "images", FLOATS)
        dims = with_rank_at_least(images.dims, 1)
        if dims is not None and dims[-1] not in (None, 3):
            raise ShapeError(f"Dimension must be 3 but is {dims[-1]}")
        return Spec(images.dtype, dims)


class RGBToHSV(_OfColors):
    """Hue, saturation and value, each in [0, 1], of red, green and blue."""

    def numpy(self, images: Array) -> Array:
        red, green, blue = np.moveaxis(images, -1, 0)
        value = images.max(-1)
        spread = value - images.min(-1)
        divisor = np.where(spread > 0, spread, 1) * 6
        hue = np.where(
            value == red,
            (green - blue) / divisor,
            np.where(
                value == green, (blue - red) / divisor + 1 / 3, (red - green) / divisor + 2 / 3
            ),
        )
        hue = np.where(spread > 0, hue, 0)
        hue = np.where(hue < 0, hue + 1, hue)
        saturation = np.where(value > 0, spread / np.where(value > 0, value, 1), 0)
        return np.stack([hue, saturation, value], -1).astype(images.dtype)


class HSVToRGB(_OfColors):
    """Red, green and blue of hue, saturation and value."""

    def numpy(self, images: Array) -> Array:
        hue, saturation, value = np.moveaxis(images, -1, 0)
        turns = hue * 6
        pure = np.stack(
            [np.abs(turns - 3) - 1, 2 - np.abs(turns - 2), 2 - np.abs(turns - 4)], -1
        ).clip(0, 1)
        return (((pure - 1) * saturation[..., None] + 1) * value[..., None]).astype(images.dtype)


def rgb_to_hsv(images: Any, name: str | None = None) -> Tensor:
    """Hue, saturation and value of red, green and blue in [0, 1], along the last axis.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.image.rgb_to_hsv([[0.0, 0.5, 0.0]])).round(3).tolist())
    [[0.3330000042915344, 1.0, 0.5]]
    """
    return make(RGBToHSV(), (convert_to_tensor(images, name="images"),), name)


def hsv_to_rgb(images: Any, name: str | None = None) -> Tensor:
    """Red, green and blue of hue, saturation and value in [0, 1], along the last axis."""
    return make(HSVToRGB(), (convert_to_tensor(images, name="images"),), name)


def adjust_hue(image: Any, delta: Any, name: str | None = None) -> Tensor:
    """The image with its hue turned by `delta`, a share of the whole circle in [-1, 1]."""
    x = convert_to_tensor(image, name="image")
    with x.graph.name_scope(name or "adjust_hue"):
        hue, saturation, value = _parts(x)
        turned = mod(hue + convert_to_tensor(delta, hue.dtype.base_dtype) + 1.0, 1.0)
        return _joined(x, turned, saturation, value)


def adjust_saturation(image: Any, saturation_factor: Any, name: str | None = None) -> Tensor:
    """The image with its saturation times a factor, at most 1."""
    x = convert_to_tensor(image, name="image")
    with x.graph.name_scope(name or "adjust_saturation"):
        hue, saturation, value = _parts(x)
        factor = convert_to_tensor(saturation_factor, hue.dtype.base_dtype)
        return _joined(x, hue, clip_by_value(saturation * factor, 0.0, 1.0), value)


def random_hue(image: Any, max_delta: float, seed: int | None = None) -> Tensor:
    """`adjust_hue` by a random share from ``-max_delta`` up to `max_delta`.

    Raises:
        ValueError: `max_delta` is not in [0, 0.5].
    """
    if max_delta > 0.5:
        raise ValueError("max_delta must be <= 0.5.")
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")
    return adjust_hue(image, random_uniform([], -max_delta, max_delta, seed=seed))


def random_saturation(image: Any, lower: float, upper: float, seed: int | None = None) -> Tensor:
    """`adjust_saturation` by a random factor from `lower` up to `upper`.

    Raises:
        ValueError: ``upper <= lower``, or lower is negative.
    """
    if upper <= lower:
        raise ValueError("upper must be > lower.")
    if lower < 0:
        raise ValueError("lower must be non-negative.")
    return adjust_saturation(image, random_uniform([], lower, upper, seed=seed))


def _parts(x: Tensor) -> list[Tensor]:
    return split(rgb_to_hsv(convert_image_dtype(x, working_dtype(x))), 3, -1)


def _joined(x: Tensor, *parts: Tensor) -> Tensor:
    return convert_image_dtype(hsv_to_rgb(concat(parts, -1)), x.dtype.base_dtype, saturate=True)


OPS = (RGBToHSV, HSVToRGB)
