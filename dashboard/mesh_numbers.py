"""One mesh of a batch as the browser draws it: its bounds, a sample of a cloud too large."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summaries.records import MeshRecord

Float32 = NDArray[np.float32]

MOST_POINTS = 1_000_000
"""Points of a cloud that are sent: 15 MB with their colours. A mesh with faces is sent whole."""


@dataclass(frozen=True)
class MeshPart:
    """One mesh or point cloud."""

    vertices: Float32
    """float32 [n, 3]"""
    colours: NDArray[np.uint8] | None
    """uint8 [n, 3]"""
    faces: NDArray[np.int32] | None
    """int32 [m, 3]"""
    low: tuple[float, float, float]
    """The smallest finite x, y and z; 0 where there is none."""
    high: tuple[float, float, float]
    logged: int
    """Points there are, of which ``vertices`` may be a sample."""
    nonfinite: int
    """How many of all points have NaN or an infinity: they are not drawn."""


def mesh_part(record: MeshRecord, at: int) -> MeshPart:
    """The mesh at that place of the batch.

    Raises:
        ValueError: the batch has no such place.
    """
    if not 0 <= at < len(record.vertices):
        raise ValueError(f"batch={at}: there are {len(record.vertices)} meshes in the batch")
    vertices = record.vertices[at]
    colours = None if record.colors is None else record.colors[at]
    faces = None if record.faces is None else record.faces[at]
    logged = len(vertices)
    finite = np.isfinite(vertices).all(axis=1)
    if faces is not None and len(faces):
        # A triangle with a corner at no place would reach across the whole picture.
        faces = faces[finite[faces].all(axis=1)]
    elif logged > MOST_POINTS or not finite.all():
        faces = None
        kept = np.flatnonzero(finite)
        if len(kept) > MOST_POINTS:
            kept = np.sort(np.random.default_rng(0).choice(kept, MOST_POINTS, replace=False))
        vertices = vertices[kept]
        colours = None if colours is None else colours[kept]
    else:
        faces = None
    low, high = bounds(record.vertices[at][finite])
    nonfinite = logged - int(finite.sum())
    return MeshPart(vertices, colours, faces, low, high, logged, nonfinite)


def bounds(vertices: Float32) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """The corners of the box around finite vertices [n, 3]; both the origin for none."""
    if not len(vertices):
        return (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)
    low, high = vertices.min(axis=0).tolist(), vertices.max(axis=0).tolist()
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])
