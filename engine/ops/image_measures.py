"""Numbers that tell of images: how rough they are, how alike two are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.dtypes import float32
from engine.graph import Tensor
from engine.ops.arithmetic import squared_difference
from engine.ops.constants import convert_to_tensor, is_graph_value
from engine.ops.depthwise import depthwise_conv2d
from engine.ops.elementwise import abs as abs_
from engine.ops.elementwise import log, square
from engine.ops.image_colors import convert_image_dtype
from engine.ops.images import checked_image
from engine.ops.joining import tile
from engine.ops.reductions import reduce_mean, reduce_sum
from engine.ops.shaping import reshape
from engine.ops.sizes import shape


def total_variation(images: Any, name: str | None = None) -> Tensor:
    """The sum of differences between neighbouring pixels: a number, or one an image, [batch].

    images: [height, width, channels] or [batch, height, width, channels].

    Source: Rudin, Osher & Fatemi, 1992 (in the L1 form); ``tf.image.total_variation``.
    """
    x, dims = checked_image(images, 3, 4)
    with x.graph.name_scope(name or "total_variation"):
        down = abs_(x[..., 1:, :, :] - x[..., :-1, :, :])
        right = abs_(x[..., :, 1:, :] - x[..., :, :-1, :])
        axes = None if len(dims) == 3 else [1, 2, 3]
        return reduce_sum(down, axes) + reduce_sum(right, axes)


def psnr(a: Any, b: Any, max_val: Any, name: str | None = None) -> Tensor:
    """The peak signal-to-noise ratio of images a and b in decibels, a number an image.

    a, b: [..., height, width, channels]; `max_val`: the distance from the darkest to the
    brightest value there is, as 1 or 255.
    """
    first, second = convert_to_tensor(a), convert_to_tensor(b)
    with first.graph.name_scope(name or "PSNR"):
        known = first.dtype.base_dtype
        peak = convert_image_dtype(convert_to_tensor(max_val, known), float32)
        error = squared_difference(
            convert_image_dtype(first, float32), convert_image_dtype(second, float32)
        )
        mean = reduce_mean(error, [-3, -2, -1])
        return 20 * log(peak) / math.log(10.0) - 10 / math.log(10.0) * log(mean)


def ssim(
    img1: Any,
    img2: Any,
    max_val: Any,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Tensor:
    """How alike images are in their structure, at most 1: a number an image, float32 [...].

    img1, img2: [..., height, width, channels], both at least `filter_size` high and wide;
    `max_val`: the distance from the darkest to the brightest value there is, as 1 or 255.

    Raises:
        ValueError: a rank is less than 3, or not known.

    Source: Wang et al., *Image quality assessment: from error visibility to structural
    similarity*, 2004; ``tf.image.ssim``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.reshape(tf.range(144.0), [1, 12, 12, 1])
    ...     print(sess.run(tf.image.ssim(x, x, 255.0)))
    [1.]
    """
    first, second = convert_to_tensor(img1), convert_to_tensor(img2)
    peak = convert_to_tensor(max_val, None if is_graph_value(max_val) else first.dtype.base_dtype)
    dims = first.spec.dims
    if dims is None or len(dims) < 3:
        raise ValueError(
            f"ssim: images must have rank 3 or more, [..., height, width, channels], got "
            f"{first.get_shape()}"
        )
    with first.graph.name_scope("SSIM"):
        highest = convert_image_dtype(peak, float32)
        x, y = convert_image_dtype(first, float32), convert_image_dtype(second, float32)
        channels = shape(x)[-1] if dims[-1] is None else dims[-1]
        kernel = tile(_gaussian(filter_size, filter_sigma), [1, 1, channels, 1])

        def smoothed(images: Tensor) -> Tensor:
            flat = reshape(images, [-1, *[shape(images)[axis] for axis in (-3, -2)], channels])
            flat.set_shape([None, *dims[-3:]])
            return depthwise_conv2d(flat, kernel, [1, 1, 1, 1], "VALID")

        bright, contrast = (k1 * highest) ** 2, (k2 * highest) ** 2
        mean_x, mean_y = smoothed(x), smoothed(y)
        both, each = mean_x * mean_y * 2.0, square(mean_x) + square(mean_y)
        light = (both + bright) / (each + bright)
        joint, own = smoothed(x * y) * 2.0, smoothed(square(x) + square(y))
        structure = (joint - both + contrast) / (own - each + contrast)
        found = reduce_mean(light * structure, [-3, -2, -1])
        result = reshape(found, shape(x)[:-3])
        result.set_shape(dims[:-3])
        return result


def _gaussian(size: int, sigma: float) -> Tensor:
    """A bell that sums to 1, [size, size, 1, 1], float32."""
    steps = np.arange(size, dtype=np.float32) - np.float32((size - 1) / 2)
    exponents = -0.5 * np.square(steps) / np.float32(sigma) ** 2
    bell = np.exp(exponents[:, None] + exponents)
    flat = (bell / bell.sum()).astype(np.float32)
    return convert_to_tensor(flat[:, :, None, None])
