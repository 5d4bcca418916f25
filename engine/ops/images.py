"""Images as graph code: flips, crops, padding, colours and their random forms."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import DType, as_dtype, float32, int32
from engine.graph import Tensor
from engine.ops.arithmetic import add, maximum, minimum, multiply, subtract, truediv
from engine.ops.broadcasting import BroadcastTo
from engine.ops.casting import cast, identity
from engine.ops.choosing import where
from engine.ops.comparisons import less
from engine.ops.constants import const_node, convert_to_tensor, make
from engine.ops.elementwise import clip_by_value, rsqrt, square
from engine.ops.indexing import slice_
from engine.ops.joining import tile
from engine.ops.padding import pad
from engine.ops.random import random_uniform
from engine.ops.reductions import reduce_mean, reduce_sum
from engine.ops.resizing import resize_bilinear, resize_nearest_neighbor
from engine.ops.reversing import reverse
from engine.ops.shaping import expand_dims, squeeze, transpose
from engine.ops.sizes import shape, size
from engine.shapes import Dims


class ResizeMethod:
    """The numbers of the ways to resize."""

    BILINEAR = 0
    NEAREST_NEIGHBOR = 1
    BICUBIC = 2
    AREA = 3


def _image(image: Any, *ranks: int) -> tuple[Tensor, Dims]:
    """A tensor of one of these ranks, and its sizes.

    Raises:
        ValueError: it has another rank, or none that is known.
    """
    x = convert_to_tensor(image, name="image")
    dims = x.spec.dims
    if dims is None or len(dims) not in ranks:
        words = " or ".join(str(rank) for rank in ranks)
        found = "unknown" if dims is None else len(dims)
        raise ValueError(
            f"'image' must have rank {words} (height, width, channels last); its rank is {found}"
        )
    return x, dims


def resize_images(
    images: Any,
    size: Any,
    method: Any = ResizeMethod.BILINEAR,
    align_corners: bool = False,
    preserve_aspect_ratio: bool = False,
    name: str | None = None,
) -> Tensor:
    """An image [height, width, channels] or a batch of them in `size` = [height, width].

    Bilinear (float32) or nearest neighbour; 0.x's ``resize_images(images, height, width)`` too.

    Raises:
        ValueError: the rank is not 3 or 4, or the method is another.
    """
    if np.ndim(align_corners) == 0 and not isinstance(method, str) and _is_size(size):
        # 0.x: height, width, method, align_corners.
        height, width = size, method
        size, method = [height, width], align_corners if align_corners is not False else 0
        align_corners = False
    x, dims = _image(images, 3, 4)
    if preserve_aspect_ratio:
        size = _fitting(x, size)
    with x.graph.name_scope(name or "resize_images"):
        batch = x if len(dims) == 4 else expand_dims(x, 0)
        if method in (ResizeMethod.BILINEAR, "bilinear"):
            resized = resize_bilinear(batch, size, align_corners)
        elif method in (ResizeMethod.NEAREST_NEIGHBOR, "nearest"):
            resized = resize_nearest_neighbor(batch, size, align_corners)
        else:
            raise ValueError("Resize method is not implemented; bilinear and nearest neighbor are.")
        return resized if len(dims) == 4 else squeeze(resized, [0])


def _is_size(value: Any) -> bool:
    if isinstance(value, Tensor):
        return value.spec.dims == ()
    return isinstance(value, int | np.integer)


def _fitting(x: Tensor, size: Any) -> list[int]:
    """The size of the image's own aspect ratio that just fits."""
    dims = x.spec.dims
    wanted = convert_to_tensor(size).constant_value()
    if dims is None or wanted is None or None in dims[-3:-1]:
        raise ValueError("preserve_aspect_ratio needs sizes that are known while building")
    height, width = dims[-3], dims[-2]
    scale = min(int(wanted[0]) / height, int(wanted[1]) / width)  # type: ignore[operator]
    return [int(round(height * scale)), int(round(width * scale))]  # type: ignore[operator]


def _axes(dims: Dims) -> tuple[int, int]:
    """The axes of height and width."""
    return len(dims) - 3, len(dims) - 2


def flip_left_right(image: Any) -> Tensor:
    """An image [height, width, channels], or a batch, with its columns backwards."""
    x, dims = _image(image, 3, 4)
    return reverse(x, [_axes(dims)[1]])


def flip_up_down(image: Any) -> Tensor:
    """An image [height, width, channels], or a batch, with its rows backwards."""
    x, dims = _image(image, 3, 4)
    return reverse(x, [_axes(dims)[0]])


def transpose_image(image: Any) -> Tensor:
    """An image [height, width, channels], or a batch, with height and width exchanged."""
    _, dims = _image(image, 3, 4)
    return transpose(image, [1, 0, 2] if len(dims) == 3 else [0, 2, 1, 3], "transpose_image")


def rot90(image: Any, k: int = 1, name: str | None = None) -> Tensor:
    """An image [height, width, channels], or a batch, turned k times 90 degrees to the left."""
    x, dims = _image(image, 3, 4)
    height, width = _axes(dims)
    with x.graph.name_scope(name or "rot90"):
        turns = k % 4
        if turns == 1:
            return reverse(transpose_image(x), [height])
        if turns == 2:
            return reverse(x, [height, width])
        return identity(x) if turns == 0 else transpose_image(reverse(x, [height]))


def _random_flip(image: Any, axis: int, seed: int | None, name: str) -> Tensor:
    x, dims = _image(image, 3, 4)
    with x.graph.name_scope(name) as scope:
        where_ = _axes(dims)[axis]
        count = [] if len(dims) == 3 else shape(x)[:1]
        # As many draws as images: each image of a batch is flipped or not by itself.
        flips = less(random_uniform(count, 0, 1.0, seed=seed), 0.5)
        if len(dims) == 4:
            return where(flips, reverse(x, [where_]), x, name=scope)
        every = make(BroadcastTo(), (flips, shape(x)), None)
        return where(every, reverse(x, [where_]), x, name=scope)


def random_flip_left_right(image: Any, seed: int | None = None) -> Tensor:
    """The image, or each of a batch, with its columns backwards or not, one time in two."""
    return _random_flip(image, 1, seed, "random_flip_left_right")


def random_flip_up_down(image: Any, seed: int | None = None) -> Tensor:
    """The image, or each of a batch, with its rows backwards or not, one time in two."""
    return _random_flip(image, 0, seed, "random_flip_up_down")


def _size_of(x: Tensor, dims: Dims) -> tuple[Any, Any]:
    """Height and width, as numbers where they are known."""
    height, width = _axes(dims)
    return tuple(  # type: ignore[return-value]
        shape(x)[axis] if dims[axis] is None else dims[axis] for axis in (height, width)
    )


def _refuse(condition: Any, message: str) -> None:
    if isinstance(condition, bool | np.bool_) and condition:
        raise ValueError(message)


def crop_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Tensor:
    """The part of an image, or of a batch, from an offset on, [target_height, target_width].

    Raises:
        ValueError: the part reaches beyond the image.
    """
    x, dims = _image(image, 3, 4)
    height, width = _size_of(x, dims)
    _refuse(_known(offset_width) and offset_width < 0, "offset_width must be >= 0.")
    _refuse(_known(offset_height) and offset_height < 0, "offset_height must be >= 0.")
    _refuse(_known(target_width) and target_width <= 0, "target_width must be > 0.")
    _refuse(_known(target_height) and target_height <= 0, "target_height must be > 0.")
    _refuse(
        _known(width, target_width, offset_width) and width < target_width + offset_width,
        "width must be >= target + offset.",
    )
    _refuse(
        _known(height, target_height, offset_height) and height < target_height + offset_height,
        "height must be >= target + offset.",
    )
    lead = [0] * (len(dims) - 3)
    with x.graph.name_scope("crop_to_bounding_box"):
        begin = [*lead, offset_height, offset_width, 0]
        return slice_(x, begin, [*[-1] * len(lead), target_height, target_width, -1])


def _known(*values: Any) -> bool:
    return all(isinstance(value, int | np.integer) for value in values)


def pad_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Tensor:
    """An image, or a batch, at an offset in zeros of [target_height, target_width].

    Raises:
        ValueError: the image does not fit.
    """
    x, dims = _image(image, 3, 4)
    height, width = _size_of(x, dims)
    after_width = target_width - offset_width - width
    after_height = target_height - offset_height - height
    _refuse(_known(offset_height) and offset_height < 0, "offset_height must be >= 0")
    _refuse(_known(offset_width) and offset_width < 0, "offset_width must be >= 0")
    _refuse(_known(after_width) and after_width < 0, "width must be <= target - offset")
    _refuse(_known(after_height) and after_height < 0, "height must be <= target - offset")
    lead = [[0, 0]] * (len(dims) - 3)
    with x.graph.name_scope("pad_to_bounding_box"):
        pads = [*lead, [offset_height, after_height], [offset_width, after_width], [0, 0]]
        result = pad(x, pads)
        known = [n if _known(n) else None for n in (target_height, target_width)]
        result.set_shape([*dims[:-3], *known, dims[-1]])
        return result


def resize_image_with_crop_or_pad(image: Any, target_height: Any, target_width: Any) -> Tensor:
    """An image, or a batch, cut or padded with zeros around its middle to the target size.

    Raises:
        ValueError: a target is not positive.
    """
    x, dims = _image(image, 3, 4)
    _refuse(_known(target_width) and target_width <= 0, "target_width must be > 0.")
    _refuse(_known(target_height) and target_height <= 0, "target_height must be > 0.")
    with x.graph.name_scope("resize_image_with_crop_or_pad"):
        height, width = _size_of(x, dims)
        missing_w, missing_h = target_width - width, target_height - height
        cropped = crop_to_bounding_box(
            x,
            _largest(-missing_h // 2, 0),
            _largest(-missing_w // 2, 0),
            _least(target_height, height),
            _least(target_width, width),
        )
        return pad_to_bounding_box(
            cropped,
            _largest(missing_h // 2, 0),
            _largest(missing_w // 2, 0),
            target_height,
            target_width,
        )


def _largest(a: Any, b: Any) -> Any:
    return max(a, b) if _known(a, b) else maximum(a, b)


def _least(a: Any, b: Any) -> Any:
    return min(a, b) if _known(a, b) else minimum(a, b)


def central_crop(image: Any, central_fraction: float) -> Tensor:
    """The middle of an image, or of a batch: that fraction of its height and width.

    Raises:
        ValueError: the fraction is not in (0, 1].
    """
    if not 0.0 < central_fraction <= 1.0:
        raise ValueError("central_fraction must be within (0, 1]")
    x, dims = _image(image, 3, 4)
    if central_fraction == 1.0:
        return x
    with x.graph.name_scope("central_crop"):
        starts, sizes = [], []
        for n in _size_of(x, dims):
            if _known(n):
                start = int((n - n * central_fraction) / 2)
                starts.append(start)
                sizes.append(n - 2 * start)
            else:
                wide = cast(n, as_dtype("float64"))
                offset = cast((wide - wide * central_fraction) / 2.0, int32)
                starts.append(offset)
                sizes.append(n - 2 * offset)
        return crop_to_bounding_box(x, starts[0], starts[1], sizes[0], sizes[1])


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
        whole = convert_image_dtype(x, _working(x))
        brighter = add(whole, cast(delta, whole.dtype))
        return convert_image_dtype(brighter, x.dtype.base_dtype, saturate=True)


def _working(x: Tensor) -> DType:
    return x.dtype.base_dtype if x.dtype.is_floating else float32


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
    x, dims = _image(images, 3, 4)
    with x.graph.name_scope("adjust_contrast"):
        whole = convert_image_dtype(x, _working(x))
        mean = reduce_mean(whole, list(_axes(dims)), keep_dims=True)
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
    x, dims = _image(image, 3, 4)
    with x.graph.name_scope("per_image_standardization") as scope:
        pixels = cast(x, float32)
        axes = list(range(len(dims) - 3, len(dims)))
        count = cast(size(x) if len(dims) == 3 else size(x) // shape(x)[0], float32)
        mean = reduce_mean(pixels, axes, keep_dims=True)
        variance = reduce_mean(square(pixels), axes, keep_dims=True) - square(mean)
        deviation = maximum(maximum(variance, 0.0) ** 0.5, rsqrt(count))
        return truediv(subtract(pixels, mean), deviation, scope)


def rgb_to_grayscale(images: Any, name: str | None = None) -> Tensor:
    """Images [..., 3] as their brightness [..., 1]: 0.2989 red, 0.587 green, 0.114 blue."""
    x = convert_to_tensor(images, name="images")
    with x.graph.name_scope(name or "rgb_to_grayscale") as scope:
        whole = convert_image_dtype(x, _working(x))
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
