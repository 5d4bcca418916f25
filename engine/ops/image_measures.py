"""Numbers that tell of images: how rough they are, how alike two are."""

from __future__ import annotations

import math
from typing import Any

from engine.dtypes import float32
from engine.graph import Tensor
from engine.ops.arithmetic import squared_difference
from engine.ops.constants import convert_to_tensor
from engine.ops.elementwise import abs as abs_
from engine.ops.elementwise import log
from engine.ops.image_colors import convert_image_dtype
from engine.ops.images import checked_image
from engine.ops.reductions import reduce_mean, reduce_sum


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
