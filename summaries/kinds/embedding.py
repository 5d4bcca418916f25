"""Embeddings: one vector a row, with labels and a picture of each."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from summaries.arrays import as_numpy, pack_array, unpack_array
from summaries.event import Event
from summaries.kinds.image import as_pixels, grid
from summaries.kinds.mesh import join, split
from summaries.png import encode_png
from summaries.records import EmbeddingRecord

NAME = "embedding"


def event(
    tag: str,
    mat: Any,
    step: int,
    wall_time: float,
    metadata: Sequence[Any] | None = None,
    label_img: Any = None,
    metadata_header: Sequence[Any] | None = None,
) -> Event:
    """The event of one embedding.

    Args:
        mat: [n, d], kept in its own type.
        metadata: n labels; with a header n rows of as many.
        label_img: pictures [n, channels, height, width] as in `add_images`, stored as one sprite
            of ceil(sqrt(n)) a row.
        metadata_header: names of the labels' columns.

    Raises:
        TypeError: not arrays of numbers.
        ValueError: there are not n labels or pictures.
    """
    matrix = as_numpy("add_embedding", tag, mat)
    if matrix.ndim != 2:
        raise ValueError(
            f"add_embedding '{tag}': mat must be [rows, dimensions]\n  shape {matrix.shape}"
        )
    header = [str(name) for name in metadata_header or ()]
    rows = _rows(tag, metadata, header, len(matrix))
    record: dict[str, Any] = {"header": header, "rows": rows}
    blob = None
    if label_img is not None:
        content, size = _sprite(tag, label_img, len(matrix))
        record |= {"sprite": hashlib.sha256(content).hexdigest(), "size": size}
        blob = ("image/png", content)
    text = zlib.compress(json.dumps(record).encode(), 1)
    return Event(NAME, tag, step, wall_time, join([pack_array(matrix), text]), blob)


def _rows(tag: str, metadata: Any, header: list[str], n: int) -> list[list[str]] | None:
    if metadata is None:
        return None
    if len(metadata) != n:
        raise ValueError(
            f"add_embedding '{tag}': there must be a label for each row of mat\n"
            f"  rows: {n}\n  labels: {len(metadata)}"
        )
    if not header:
        return [[str(label)] for label in metadata]
    rows = [[str(part) for part in label] for label in metadata]
    for row in rows:
        if len(row) != len(header):
            raise ValueError(
                f"add_embedding '{tag}': each label must have a part for each of its columns\n"
                f"  columns: {header}\n  label: {row}"
            )
    return rows


def _sprite(tag: str, label_img: Any, n: int) -> tuple[bytes, tuple[int, int]]:
    """PNG of all pictures, square as TensorBoard's projector wants it, and a picture's size."""
    pictures = as_numpy("add_embedding", tag, label_img)
    if pictures.ndim != 4 or len(pictures) != n or pictures.shape[1] not in (1, 3) or not n:
        raise ValueError(
            f"add_embedding '{tag}': label_img must be [rows, 1 or 3 channels, height, width]\n"
            f"  rows of mat: {n}\n  label_img: {pictures.shape}"
        )
    pixels = as_pixels(pictures.transpose(0, 2, 3, 1))
    sheet = grid(pixels, columns=int(np.ceil(n**0.5)))
    side = max(sheet.shape[:2])
    square = np.zeros((side, side, 3), np.uint8)
    square[: sheet.shape[0], : sheet.shape[1]] = sheet
    return encode_png(square), (pixels.shape[2], pixels.shape[1])


def decode(step: int, wall_time: float, data: bytes) -> EmbeddingRecord:
    """The record of a stored embedding."""
    matrix, text = split(data)
    record = json.loads(zlib.decompress(text))
    rows = record["rows"]
    return EmbeddingRecord(
        step,
        wall_time,
        unpack_array(matrix),
        None if rows is None else tuple(map(tuple, rows)),
        tuple(record["header"]),
        record.get("sprite"),
        tuple(record["size"]) if "size" in record else None,
    )
