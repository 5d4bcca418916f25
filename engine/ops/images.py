"""Images as graph code: sizes, flips, crops, padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import as_dtype, int32
from engine.graph import Tensor
from engine.ops.arithmetic import maximum, minimum
from engine.ops.broadcasting import BroadcastTo
from engine.ops.casting import cast, identity
from engine.ops.choosing import where
from engine.ops.comparisons import less
from engine.ops.constants import convert_to_tensor, make
from engine.ops.indexing import slice_
from engine.ops.padding import pad
from engine.ops.random import random_uniform
from engine.ops.resampling import resize_area, resize_bicubic
from engine.ops.resizing import resize_bilinear, resize_nearest_neighbor
from engine.ops.reversing import reverse
from engine.ops.shaping import expand_dims, squeeze, transpose
from engine.ops.sizes import shape
from engine.shapes import Dims


class ResizeMethod:
    """The numbers of the ways to resize."""

    BILINEAR = 0
    NEAREST_NEIGHBOR = 1
    BICUBIC = 2
    AREA = 3


def checked_image(image: Any, *ranks: int) -> tuple[Tensor, Dims]:
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

    Bilinear, bicubic or by area (float32), or nearest neighbour; 0.x's ``resize_images(images,
    height, width)`` too.
    Images that have the size already are given back as they are.

    Raises:
        ValueError: the rank is not 3 or 4, or the method is another.
    """
    if np.ndim(align_corners) == 0 and not isinstance(method, str) and _is_size(size):
        # 0.x: height, width, method, align_corners.
        height, width = size, method
        size, method = [height, width], int(align_corners)
        align_corners, preserve_aspect_ratio = preserve_aspect_ratio, False
    x, dims = checked_image(images, 3, 4)
    if preserve_aspect_ratio:
        size = _fitting(x, size)
    if _same_size(dims, size):
        return x
    with x.graph.name_scope(name or "resize_images"):
        batch = x if len(dims) == 4 else expand_dims(x, 0)
        if method in (ResizeMethod.BILINEAR, "bilinear"):
            resized = resize_bilinear(batch, size, align_corners)
        elif method in (ResizeMethod.NEAREST_NEIGHBOR, "nearest"):
            resized = resize_nearest_neighbor(batch, size, align_corners)
        elif method in (ResizeMethod.BICUBIC, "bicubic"):
            resized = resize_bicubic(batch, size, align_corners)
        elif method in (ResizeMethod.AREA, "area"):
            resized = resize_area(batch, size, align_corners)
        else:
            raise ValueError("Resize method is not implemented.")
        return resized if len(dims) == 4 else squeeze(resized, [0])


def _same_size(dims: Dims, size: Any) -> bool:
    known = convert_to_tensor(size).constant_value()
    return known is not None and known.tolist() == list(dims[-3:-1])


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
    return [round(height * scale), round(width * scale)]  # type: ignore[operator]


def image_axes(dims: Dims) -> tuple[int, int]:
    """The axes of height and width."""
    return len(dims) - 3, len(dims) - 2


def flip_left_right(image: Any) -> Tensor:
    """An image [height, width, channels], or a batch, with its columns backwards."""
    x, dims = checked_image(image, 3, 4)
    return reverse(x, [image_axes(dims)[1]])


def flip_up_down(image: Any) -> Tensor:
    """An image [height, width, channels], or a batch, with its rows backwards."""
    x, dims = checked_image(image, 3, 4)
    return reverse(x, [image_axes(dims)[0]])


def transpose_image(image: Any) -> Tensor:
    """An image [height, width, channels], or a batch, with height and width exchanged."""
    _, dims = checked_image(image, 3, 4)
    return transpose(image, [1, 0, 2] if len(dims) == 3 else [0, 2, 1, 3], "transpose_image")


def rot90(image: Any, k: int = 1, name: str | None = None) -> Tensor:
    """An image [height, width, channels], or a batch, turned k times 90 degrees to the left."""
    x, dims = checked_image(image, 3, 4)
    height, width = image_axes(dims)
    with x.graph.name_scope(name or "rot90"):
        turns = k % 4
        if turns == 1:
            return reverse(transpose_image(x), [height])
        if turns == 2:
            return reverse(x, [height, width])
        return identity(x) if turns == 0 else transpose_image(reverse(x, [height]))


def _random_flip(image: Any, axis: int, seed: int | None, name: str) -> Tensor:
    x, dims = checked_image(image, 3, 4)
    with x.graph.name_scope(name) as scope:
        where_ = image_axes(dims)[axis]
        count: Any = [] if len(dims) == 3 else shape(x)[:1]
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
    height, width = image_axes(dims)
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
    x, dims = checked_image(image, 3, 4)
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
    x, dims = checked_image(image, 3, 4)
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
    x, dims = checked_image(image, 3, 4)
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
    x, dims = checked_image(image, 3, 4)
    if central_fraction == 1.0:
        return x
    with x.graph.name_scope("central_crop"):
        starts: list[Any] = []
        sizes: list[Any] = []
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
