"""Images: arrays or encoded files in, content-addressed PNG, JPEG, GIF or WebP out."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.arrays import as_numpy
from summaries.event import Event
from summaries.png import encode_png
from summaries.records import ImageRecord

NAME = "image"

_AXES = [sorted(axes) for axes in ("HW", "CHW", "NCHW")]
_FORMATS = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "GIF": "image/gif",
    "WEBP": "image/webp",
}


def as_pixels(array: NDArray[Any]) -> NDArray[np.uint8]:
    """The numbers as bytes: floats are 0 to 1 and clipped, non-finite ones 0; integers 0 to 255."""
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind == "f":
        # One array, worked on in place: a picture is walked a few times on the training thread.
        with np.errstate(over="ignore", invalid="ignore"):  # what is out of range is clipped
            scaled = np.multiply(array, 255.0, dtype=np.float32)
            finite = np.isfinite(scaled.sum())
        if not finite:
            np.nan_to_num(scaled, copy=False, nan=0.0, posinf=255.0, neginf=0.0)
        array = np.rint(scaled, out=scaled)
    if array.dtype.kind == "b":
        return array.astype(np.uint8) * np.uint8(255)
    pixels: NDArray[np.uint8] = np.clip(array, 0, 255).astype(np.uint8)
    return pixels


def grid(pixels: NDArray[np.uint8], columns: int = 8) -> NDArray[np.uint8]:
    """The pictures [n, height, width, channels] in one, line by line, the rest black.

    Source: torch/utils/tensorboard/_utils.py, make_grid.
    """
    n, height, width, channels = pixels.shape
    columns = min(n, columns)
    rows = -(-n // columns)
    if rows * columns > n:
        black = np.zeros((rows * columns - n, height, width, channels), np.uint8)
        pixels = np.concatenate([pixels, black])
    placed = pixels.reshape(rows, columns, height, width, channels).transpose(0, 2, 1, 3, 4)
    return placed.reshape(rows * height, columns * width, channels)


def as_height_width_channels(tag: str, image: Any, dataformats: str) -> NDArray[np.uint8]:
    """The image as uint8 [height, width, channels], 1, 3 or 4 channels.

    Floats are taken as 0 to 1 and clipped, non-finite ones as 0; integers as 0 to 255. A batch
    becomes one picture, eight in a line.

    Args:
        tag: for the error.
        image: array of two or three dimensions, four for a batch; or a PIL image.
        dataformats: what each axis is: "CHW", "HWC", "HW", "NCHW" or "NHWC".

    Raises:
        TypeError: not an array of numbers.
        ValueError: the shape does not fit ``dataformats``.
    """
    if hasattr(image, "getbands"):  # a PIL image tells its own axes
        if image.mode not in ("L", "RGB", "RGBA"):
            image = image.convert("RGBA" if "A" in image.mode or "a" in image.mode else "RGB")
        dataformats = "HW" if image.mode == "L" else "HWC"
    array = as_numpy("add_image", tag, image)
    shape, order = array.shape, dataformats.upper()
    if sorted(order) not in _AXES or array.ndim != len(order):
        raise ValueError(
            f"add_image '{tag}': dataformats='{dataformats}' does not fit the image\n"
            f"  shape {shape}\n"
            "  try: dataformats='HWC' for [height, width, channels], 'CHW', or 'HW' for grey; "
            "'NCHW' for a batch"
        )
    for axis in "CN":
        if axis not in order:
            array, order = array[..., None], order + axis
    array = np.transpose(array, [order.index(axis) for axis in "NHWC"])
    if array.shape[3] not in (1, 3, 4) or 0 in array.shape:
        raise ValueError(
            f"add_image '{tag}': needs 1, 3 or 4 channels and at least one pixel\n"
            f"  shape {shape} read as {dataformats}\n"
            "  try: another dataformats, 'HWC' for [height, width, channels]"
        )
    pixels = as_pixels(array)
    return pixels[0] if len(pixels) == 1 else grid(pixels)


def event(tag: str, image: Any, step: int, wall_time: float, dataformats: str = "CHW") -> Event:
    """The event of one image, or of a batch as one.

    Args:
        image: see `as_height_width_channels`.

    Raises:
        TypeError, ValueError: as `as_height_width_channels`.
    """
    pixels = as_height_width_channels(tag, image, dataformats)
    return event_of_pixels(tag, pixels, step, wall_time)


def event_of_pixels(tag: str, pixels: NDArray[np.uint8], step: int, wall_time: float) -> Event:
    """The event of uint8 [height, width, channels], stored as PNG."""
    height, width, _ = pixels.shape
    return _event(tag, step, wall_time, encode_png(pixels), "image/png", (width, height))


def stacked(tag: str, images: Sequence[Any]) -> NDArray[Any]:
    """The images of one shape as one batch, its first axis.

    Raises:
        TypeError: not arrays of numbers.
        ValueError: none, or of shapes that differ.
    """
    arrays = [as_numpy("add_images", tag, image) for image in images]
    if len({array.shape for array in arrays}) != 1:
        raise ValueError(
            f"add_images '{tag}': expects images of one shape\n"
            f"  got {len(arrays)}: {[array.shape for array in arrays[:8]]}"
        )
    return np.stack(arrays)


def size_of(content: bytes) -> tuple[int, int]:
    """Width and height of an encoded image; zeros where it is none that Pillow reads."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as picture:
            return int(picture.width), int(picture.height)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return 0, 0


def is_animated(content: bytes) -> bool:
    """Whether an encoded image has more than one frame."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as picture:
            return int(getattr(picture, "n_frames", 1)) > 1
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def event_of_file(tag: str, content: bytes, step: int, wall_time: float) -> Event:
    """The event of an image that is encoded already (PNG, JPEG, GIF or WebP), kept as it is.

    Raises:
        ValueError: the bytes are no image of these formats.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as picture:
            media_type, size = _FORMATS.get(picture.format or ""), picture.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        media_type, size = None, (0, 0)  # cut off, or of a size that no screen shows
    if media_type is None:
        raise ValueError(
            f"image '{tag}': {len(content)} bytes are no PNG, JPEG, GIF or WebP file\n"
            f"  they start with {content[:8]!r}"
        )
    return _event(tag, step, wall_time, content, media_type, size)


def _event(
    tag: str, step: int, wall_time: float, content: bytes, media_type: str, size: tuple[int, int]
) -> Event:
    record = {
        "w": size[0],
        "h": size[1],
        "t": media_type,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return Event(NAME, tag, step, wall_time, json.dumps(record).encode(), (media_type, content))


def decode(step: int, wall_time: float, data: bytes) -> ImageRecord:
    """The record of a stored image."""
    record = json.loads(data)
    return ImageRecord(step, wall_time, record["w"], record["h"], record["t"], record["sha256"])
