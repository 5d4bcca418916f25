"""Video: frames in, an animated GIF out; or an encoded file, kept as it is."""

from __future__ import annotations

import hashlib
import io
import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.arrays import as_numpy
from summaries.event import Event
from summaries.kinds.image import as_pixels
from summaries.records import VideoRecord

NAME = "video"


def as_frames(tag: str, video: Any, dataformats: str = "NTCHW") -> NDArray[np.uint8]:
    """The clips as uint8 [frames, height, width, channels], side by side in a grid.

    Floats are taken as 0 to 1 and clipped, integers as 0 to 255. The grid has a power of two of
    places, as torch's: 3 clips fill 4 places, the last one black.

    Args:
        tag: for the error.
        video: array of five dimensions, or of four where there is one clip.
        dataformats: what each axis is; an ``N`` that there is no axis for may stand in front.

    Raises:
        TypeError: not an array of numbers.
        ValueError: the shape does not fit ``dataformats``.
    """
    array = as_numpy("add_video", tag, video)
    order = dataformats.upper()
    if array.ndim == 4 and order.startswith("N"):
        array = array[None]
    if sorted(order) != sorted("NTCHW") or array.ndim != 5 or 0 in array.shape:
        raise ValueError(
            f"add_video '{tag}': dataformats='{dataformats}' does not fit the video\n"
            f"  shape {np.shape(video)}\n"
            "  try: [clips, frames, channels, height, width], or dataformats='NTHWC'"
        )
    clips = as_pixels(np.transpose(array, [order.index(axis) for axis in "NTHWC"]))
    n, frames, height, width, channels = clips.shape
    if channels not in (1, 3, 4):
        raise ValueError(
            f"add_video '{tag}': needs 1, 3 or 4 channels\n"
            f"  shape {np.shape(video)} read as {dataformats}\n"
            "  try: another dataformats, 'NTHWC' for channels last"
        )
    places = 1 << (n - 1).bit_length()
    if places > n:
        black = np.zeros((places - n, *clips.shape[1:]), np.uint8)
        clips = np.concatenate([clips, black])
    rows = 1 << ((n.bit_length() - 1) // 2)
    columns = places // rows
    grid = clips.reshape(rows, columns, frames, height, width, channels)
    grid = grid.transpose(2, 0, 3, 1, 4, 5)
    return grid.reshape(frames, rows * height, columns * width, channels)


def event(
    tag: str,
    video: Any,
    step: int,
    wall_time: float,
    fps: float = 4,
    dataformats: str = "NTCHW",
) -> Event:
    """The event of one video, stored as a GIF that repeats.

    Grey frames, and frames of at most 256 colours, are kept exactly; a GIF holds no more, so others
    are drawn in the 256 colours that fit the frame best.

    Args:
        video: see `as_frames`.
        fps: frames a second; a GIF counts in hundredths of a second.

    Raises:
        TypeError, ValueError: as `as_frames`; fps is not positive.
    """
    from PIL import Image  # a logging script that logs no video does not pay for it

    if not fps > 0 or not math.isfinite(fps):
        raise ValueError(f"add_video '{tag}': fps must be positive\n  got {fps!r}")
    frames = as_frames(tag, video, dataformats)
    if frames.shape[3] == 1:
        pictures = [Image.fromarray(frame[:, :, 0]) for frame in frames]
    else:
        pictures = [_of_few_colours(Image.fromarray(frame[:, :, :3])) for frame in frames]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=max(10, round(100 / fps) * 10),
        loop=0,
        optimize=False,
        disposal=1,
    )
    size = pictures[0].size
    return _event(
        tag, step, wall_time, buffer.getvalue(), ("image/gif", *size, len(frames), float(fps))
    )


def _of_few_colours(picture: Any) -> Any:
    from PIL import Image

    return picture.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def event_of_file(tag: str, content: bytes, step: int, wall_time: float, fps: float = 0) -> Event:
    """The event of a video that is encoded already (GIF, MP4, WebM), kept as it is.

    Args:
        content: the file's bytes.
        fps: frames a second, where the file is not a GIF, which tells it; 0 unknown.

    Raises:
        ValueError: the bytes are no video of these formats.
    """
    if content[4:8] == b"ftyp":
        return _event(tag, step, wall_time, content, ("video/mp4", 0, 0, 0, float(fps)))
    if content.startswith(b"\x1a\x45\xdf\xa3"):
        return _event(tag, step, wall_time, content, ("video/webm", 0, 0, 0, float(fps)))
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as picture:
            if picture.format != "GIF":
                raise ValueError
            n_frames = int(getattr(picture, "n_frames", 1))
            duration = float(picture.info.get("duration", 0))
            what = ("image/gif", *picture.size, n_frames, 1000 / duration if duration else fps)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"video '{tag}': {len(content)} bytes are no GIF, MP4 or WebM file\n"
            f"  they start with {content[:8]!r}"
        ) from error
    return _event(tag, step, wall_time, content, what)


def _event(
    tag: str, step: int, wall_time: float, content: bytes, what: tuple[str, int, int, int, float]
) -> Event:
    media_type, width, height, n_frames, fps = what
    record = {
        "t": media_type,
        "w": width,
        "h": height,
        "n": n_frames,
        "fps": fps,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return Event(NAME, tag, step, wall_time, json.dumps(record).encode(), (media_type, content))


def decode(step: int, wall_time: float, data: bytes) -> VideoRecord:
    """The record of a stored video."""
    r = json.loads(data)
    return VideoRecord(step, wall_time, r["w"], r["h"], r["n"], r["fps"], r["t"], r["sha256"])
