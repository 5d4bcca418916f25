"""Meshes and point clouds: vertices, their colours, triangles between them."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.arrays import as_numpy, pack_array, unpack_array
from summaries.checks import as_json
from summaries.event import Event
from summaries.records import MeshRecord

NAME = "mesh"


def as_batch(tag: str, what: str, values: Any) -> NDArray[Any]:
    """The values as [batch, n, 3].

    Raises:
        TypeError: not an array of numbers.
        ValueError: neither [n, 3] nor [batch, n, 3].
    """
    array = as_numpy("add_mesh", tag, values)
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3 or array.shape[2] != 3:
        raise ValueError(
            f"add_mesh '{tag}': {what} must be [batch, n, 3] or [n, 3]\n  shape {np.shape(values)}"
        )
    return array


def event(
    tag: str,
    vertices: Any,
    step: int,
    wall_time: float,
    colors: Any = None,
    faces: Any = None,
    config: Mapping[str, Any] | None = None,
) -> Event:
    """The event of one mesh or, without faces, point cloud.

    Args:
        vertices: coordinates [batch, n, 3] or [n, 3], kept as float32.
        colors: of each vertex, 0 to 255, the vertices' shape; kept as uint8.
        faces: [batch, m, 3] or [m, 3], indices of the vertices of each triangle.
        config: settings of the scene for TensorBoard's viewer, JSON-able.

    Raises:
        TypeError: not arrays of numbers, or a config that is no mapping.
        ValueError: their shapes do not fit, or a face has a vertex that there is not.
    """
    with np.errstate(over="ignore"):  # past float32's range they are infinite
        points = as_batch(tag, "vertices", vertices).astype(np.float32)
    parts = [pack_array(points), b"", b""]
    if colors is not None:
        shade = as_batch(tag, "colors", colors)
        if shade.shape != points.shape:
            raise ValueError(
                f"add_mesh '{tag}': there must be a color for each vertex\n"
                f"  vertices: {points.shape}\n  colors: {shade.shape}"
            )
        numbers = np.nan_to_num(shade) if shade.dtype.kind == "f" else shade
        parts[1] = pack_array(np.clip(np.rint(numbers), 0, 255).astype(np.uint8))
    if faces is not None:
        corners = as_batch(tag, "faces", faces)
        with np.errstate(invalid="ignore"):  # found below: it is no index
            whole = corners.astype(np.int32)
        if corners.size and (
            (whole != corners).any()
            or whole.min() < 0
            or (points.shape[1] and whole.max() >= points.shape[1])
        ):
            raise ValueError(
                f"add_mesh '{tag}': faces must hold indices of its {points.shape[1]} vertices\n"
                f"  they are in {corners.min()} to {corners.max()}"
            )
        parts[2] = pack_array(whole)
    settings = {} if config is None else as_json("add_mesh", "config_dict", config)
    parts.append(json.dumps(settings).encode())
    return Event(NAME, tag, step, wall_time, join(parts))


def join(parts: list[bytes]) -> bytes:
    """The parts as one, their lengths in front."""
    return struct.pack(f"<B{len(parts)}I", len(parts), *map(len, parts)) + b"".join(parts)


def split(data: bytes) -> list[bytes]:
    """The parts again."""
    lengths = struct.unpack_from(f"<{data[0]}I", data, 1)
    at = 1 + 4 * len(lengths)
    found = []
    for length in lengths:
        found.append(data[at : at + length])
        at += length
    return found


def decode(step: int, wall_time: float, data: bytes) -> MeshRecord:
    """The record of a stored mesh."""
    points, shade, corners, settings = split(data)
    return MeshRecord(
        step,
        wall_time,
        unpack_array(points),
        unpack_array(shade) if shade else None,
        unpack_array(corners) if corners else None,
        json.loads(settings),
    )
