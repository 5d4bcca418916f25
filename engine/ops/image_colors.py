"""Images as graph code: dtypes, brightness, contrast, colours."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import DType, as_dtype, float32
from engine.graph import Tensor
from engine.ops.arithmetic import add, maximum, multiply, subtract, truediv
from engine.ops.casting import cast, identity
from engine.ops.clipping import clip_by_value
from engine.ops.constants import const_node, convert_to_tensor
from engine.ops.elementwise import rsqrt, sqrt, square
from engine.ops.images import checked_image, image_axes
from engine.ops.joining import tile
from engine.ops.random import random_uniform
from engine.ops.reductions import reduce_mean, reduce_sum
from engine.ops.sizes import shape, size


def convert_image_dtype(
    image: Any, dtype: Any, saturate: bool = False, name: str | None = None
) -> Tensor:
    """The image in another dtype, scaled: floats are in [0, 1], integers in their whole range.

    With `saturate`, what leaves the range of an integer dtype is moved to its bounds.
    """
    x, target = convert_to_tensor(image, name="image"), as_dtype(dtype).base_dtype
    source = x.dtype.base_dtype
    if source is target:
        return identity(x)
    with x.graph.name_scope(name or "convert_image") as scope:
        if source.is_integer and target.is_integer:
            if source.max > target.max:
                scale = (int(source.max) + 1) // (int(target.max) + 1)
                return _narrowed(x // scale, target, saturate, scope)
            return multiply(cast(x, target), (int(target.max) + 1) // (int(source.max) + 1), scope)
        if source.is_floating and target.is_floating:
            return cast(x, target, scope)
        if source.is_integer:
            return multiply(cast(x, target), 1.0 / float(source.max), scope)
        scaled = multiply(x, float(target.max) + 0.5)
        return _narrowed(scaled, target, saturate, scope)


def _narrowed(x: Tensor, target: DType, saturate: bool, name: str) -> Tensor:
    if saturate:
        least, most = (np.asarray(value).astype(x.dtype.np) for value in (target.min, target.max))
        x = clip_by_value(x, const_node(least), const_node(most))
    return cast(x, target, name)


def adjust_brightness(image: Any, delta: Any) -> Tensor:
    """The image with `delta` added to each pixel, as floats in [0, 1], in its own dtype."""
    x = convert_to_tensor(image, name="image")
    with x.graph.name_scope("adjust_brightness"):
        whole = convert_image_dtype(x, working_dtype(x))
        brighter = add(whole, cast(delta, whole.dtype))
        return convert_image_dtype(brighter, x.dtype.base_dtype, saturate=True)


def working_dtype(x: Tensor) -> DType:
    return x.dtype.base_dtype if x.dtype.is_floating else float32


def adjust_gamma(image: Any, gamma: Any = 1, gain: Any = 1) -> Tensor:
    """``gain * image ** gamma``, of images in [0, 1], or in the whole range of integers.

    Raises:
        ValueError: a gamma that is a number is negative.
    """
    x = convert_to_tensor(image, name="image")
    if isinstance(gamma, int | float) and gamma < 0:
        raise ValueError("Gamma should be a non-negative real number.")
    with x.graph.name_scope("adjust_gamma"):
        whole = convert_image_dtype(x, working_dtype(x))
        return convert_image_dtype(gain * whole**gamma, x.dtype.base_dtype, saturate=True)


def random_brightness(image: Any, max_delta: float, seed: int | None = None) -> Tensor:
    """`adjust_brightness` by a random number from -max_delta to max_delta.

    Raises:
        ValueError: `max_delta` is negative.
    """
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")
    return adjust_brightness(image, random_uniform([], -max_delta, max_delta, seed=seed))


def adjust_contrast(images: Any, contrast_factor: Any) -> Tensor:
    """Images with each channel's distance from its mean over the image times a factor."""
    x, dims = checked_image(images, 3, 4)
    with x.graph.name_scope("adjust_contrast"):
        whole = convert_image_dtype(x, working_dtype(x))
        mean = reduce_mean(whole, list(image_axes(dims)), keep_dims=True)
        factor = cast(contrast_factor, whole.dtype)
        return convert_image_dtype((whole - mean) * factor + mean, x.dtype.base_dtype, True)


def random_contrast(image: Any, lower: float, upper: float, seed: int | None = None) -> Tensor:
    """`adjust_contrast` by a random factor from `lower` up to `upper`.

    Raises:
        ValueError: ``upper <= lower``, or lower is negative.
    """
    if upper <= lower:
        raise ValueError("upper must be > lower.")
    if lower < 0:
        raise ValueError("lower must be non-negative.")
    return adjust_contrast(image, random_uniform([], lower, upper, seed=seed))


def per_image_standardization(image: Any) -> Tensor:
    """The image, or each of a batch, scaled to mean 0 and deviation 1, float32.

    The deviation counts as at least ``1 / sqrt(number of elements)``.
    """
    x, dims = checked_image(image, 3, 4)
    with x.graph.name_scope("per_image_standardization") as scope:
        pixels = cast(x, float32)
        axes = list(range(len(dims) - 3, len(dims)))
        count = cast(size(x) if len(dims) == 3 else size(x) // shape(x)[0], float32)
        mean = reduce_mean(pixels, axes, keep_dims=True)
        variance = reduce_mean(square(pixels), axes, keep_dims=True) - square(mean)
        deviation = maximum(sqrt(maximum(variance, 0.0)), rsqrt(count))
        return truediv(subtract(pixels, mean), deviation, scope)


def rgb_to_grayscale(images: Any, name: str | None = None) -> Tensor:
    """Images [..., 3] as their brightness [..., 1]: 0.2989 red, 0.587 green, 0.114 blue."""
    x = convert_to_tensor(images, name="images")
    with x.graph.name_scope(name or "rgb_to_grayscale") as scope:
        whole = convert_image_dtype(x, working_dtype(x))
        weights = const_node(np.array([0.2989, 0.5870, 0.1140], whole.dtype.base_dtype.np))
        gray = reduce_sum(whole * weights, [-1], keep_dims=True)
        return convert_image_dtype(gray, x.dtype.base_dtype, name=scope)


def grayscale_to_rgb(images: Any, name: str | None = None) -> Tensor:
    """Images [..., 1] with their one channel three times, [..., 3]."""
    x = convert_to_tensor(images, name="images")
    dims = x.spec.dims
    if dims is None:
        raise ValueError("grayscale_to_rgb needs images of known rank")
    if dims[-1:] not in ((1,), (None,)):
        raise ValueError(f"Last dimension of a grayscale image should be size 1, not {dims[-1:]}.")
    with x.graph.name_scope(name or "grayscale_to_rgb") as scope:
        return tile(x, [1] * (len(dims) - 1) + [3], scope)
