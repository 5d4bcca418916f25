"""Boxes with labels, drawn on a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.arrays import as_numpy

_COLOUR = "Red"
_THICKNESS = 2


def with_boxes(
    tag: str,
    pixels: NDArray[np.uint8],
    boxes: Any,
    labels: Sequence[str] | str | None,
    rescale: float,
) -> NDArray[np.uint8]:
    """The picture with boxes, then scaled: uint8 [height, width, 3 or 4].

    Source: torch/utils/tensorboard/summary.py, _draw_single_box and make_image.

    Args:
        tag: for the error.
        pixels: uint8 [height, width, channels], 1, 3 or 4 channels.
        boxes: [n, 4], xmin, ymin, xmax and ymax in pixels.
        labels: n texts, or None.
        rescale: factor of width and height.

    Raises:
        TypeError: not an array of numbers.
        ValueError: no such boxes, labels or factor.
    """
    from PIL import Image, ImageDraw, ImageFont

    places = as_numpy("add_image_with_boxes", tag, boxes)
    texts = [labels] if isinstance(labels, str) else labels
    if places.size == 0:
        places = places.reshape(0, 4)
    if places.ndim != 2 or places.shape[1] != 4:
        raise ValueError(
            f"add_image_with_boxes '{tag}': boxes must be [n, 4]: xmin, ymin, xmax, ymax\n"
            f"  shape {places.shape}"
        )
    if texts is not None and len(texts) != len(places):
        raise ValueError(
            f"add_image_with_boxes '{tag}': there must be a label for each box\n"
            f"  boxes: {len(places)}\n  labels: {len(texts)}"
        )
    size = int(pixels.shape[1] * rescale), int(pixels.shape[0] * rescale)
    if min(size) < 1:
        raise ValueError(f"add_image_with_boxes '{tag}': rescale={rescale} leaves no pixel")
    coloured = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
    picture = Image.fromarray(coloured)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default()
    for at, (left, top, right, bottom) in enumerate(places.tolist()):
        corners = [(left, top), (left, bottom), (right, bottom), (right, top), (left, top)]
        draw.line(corners, width=_THICKNESS, fill=_COLOUR)
        if texts is not None and texts[at]:
            text = str(texts[at])
            x0, y0, x1, y1 = font.getbbox(text)
            width, height = x1 - x0, y1 - y0
            margin = math.ceil(0.05 * height)
            corner = (left, bottom - height - 2 * margin)
            draw.rectangle([corner, (left + width, bottom)], fill=_COLOUR)
            place = (left + margin, bottom - height - margin)
            draw.text(place, text, fill="black", font=font)
    if size != picture.size:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    return np.asarray(picture)
