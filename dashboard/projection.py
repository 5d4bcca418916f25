"""Many dimensions to few, with numpy alone: PCA, a sample of rows, exact nearest neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.records import Float64, Int64

Matrix = NDArray[Any]
Float32 = NDArray[np.float32]

BLOCK_ROWS = 8192
"""Rows made float64 at a time: all at once would be twice the matrix."""
WIDEST = 4096
"""Where there are more dimensions and more rows than this, PCA is fitted to a sample of rows."""
METRICS = ("cosine", "euclidean")


@dataclass(frozen=True)
class Pca:
    """Where rows lie along the directions of most variance."""

    coordinates: Float32
    """float32 [rows, k]"""
    explained: Float64
    """float64 [k]: each component's share of the whole variance."""
    fitted: int
    """How many rows the directions were computed from."""


def finite_rows(matrix: Matrix) -> Int64:
    """Numbers of the rows without NaN and infinities."""
    parts = [np.isfinite(part).all(axis=1) for _, part in _blocks(matrix, None)]
    return np.flatnonzero(np.concatenate(parts)) if parts else np.empty(0, np.int64)


def sampled(rows: Int64, limit: int, seed: int = 0) -> Int64:
    """At most ``limit`` of the rows, drawn without replacement, in their order."""
    if len(rows) <= limit:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, limit, replace=False))


def prepared(matrix: Matrix, rows: Int64, unit: bool) -> Float64:
    """The rows about the mean of all of them; with ``unit`` each of length 1 then (of 0: 0)."""
    mean = _mean(matrix, rows)
    return np.concatenate(
        [_about(part, mean, unit) for _, part in _blocks(matrix, rows)]
        or [np.empty((0, matrix.shape[1]))]
    )


def pca(matrix: Matrix, fit: Int64, shown: Int64, components: int = 10, unit: bool = False) -> Pca:
    """The rows ``shown`` along the directions of most variance of the rows ``fit``.

    matrix: [n, d]. A component's sign is that which makes its largest weight positive.
    """
    dimensions = matrix.shape[1]
    if min(len(fit), dimensions) > WIDEST:
        fit = sampled(fit, WIDEST)
    components = min(components, dimensions, len(fit))
    mean = _mean(matrix, fit)
    centre = np.zeros(dimensions)
    if unit:
        # Rows of length 1 have a mean of their own.
        for _, part in _blocks(matrix, fit):
            centre += _about(part, mean, unit).sum(axis=0)
        centre /= max(len(fit), 1)
    directions, variances, total = _directions(matrix, fit, mean, centre, unit, components)
    heaviest = np.abs(directions).argmax(axis=0)
    signs = np.sign(directions[heaviest, np.arange(components)])
    directions = directions * np.where(signs == 0, 1.0, signs)
    parts = [(_about(part, mean, unit) - centre) @ directions for _, part in _blocks(matrix, shown)]
    found = np.concatenate(parts) if parts else np.empty((0, components))
    share = variances / total if total > 0 else np.zeros(components)
    return Pca(found.astype(np.float32), share, len(fit))


def nearest(matrix: Matrix, row: int, count: int, metric: str) -> tuple[Int64, Float64]:
    """The ``count`` rows nearest to that row and their distances, nearest first, without itself.

    Cosine distance is 1 - cos, from 0 to 2; a row of zeros has distance 1 to all. Rows with NaN or
    infinities are nobody's neighbours. Exact: every row is looked at.

    Raises:
        ValueError: no such metric or row.
    """
    if metric not in METRICS:
        raise ValueError(f"metric '{metric}': expects one of {', '.join(METRICS)}")
    if not 0 <= row < len(matrix):
        raise ValueError(f"row {row}: there are {len(matrix)} rows")
    wanted = np.asarray(matrix[row], np.float64)
    distance = np.full(len(matrix), np.inf)
    for start, part in _blocks(matrix, None):
        distance[start : start + len(part)] = _distances(part, wanted, metric)
    distance[~np.isfinite(distance)] = np.inf
    distance[row] = np.inf
    order = np.argsort(distance, kind="stable")[: min(count, len(matrix) - 1)]
    order = order[np.isfinite(distance[order])]
    return order, distance[order]


def _distances(part: Float64, wanted: Float64, metric: str) -> Float64:
    with np.errstate(invalid="ignore", over="ignore"):
        if metric == "euclidean":
            return np.asarray(np.linalg.norm(part - wanted, axis=1))
        sizes = np.linalg.norm(part, axis=1) * np.linalg.norm(wanted)
        cosine = np.divide(part @ wanted, sizes, out=np.zeros(len(part)), where=sizes != 0)
        # Rounding must not make a row nearer to its double than nothing.
        found: Float64 = np.clip(1.0 - cosine, 0.0, 2.0)
        return found


def _blocks(matrix: Matrix, rows: Int64 | None) -> Iterator[tuple[int, Float64]]:
    """The rows (None: all) as float64 [block, d], each with the place of its first."""
    n = len(matrix) if rows is None else len(rows)
    for start in range(0, n, BLOCK_ROWS):
        stop = min(start + BLOCK_ROWS, n)
        part = matrix[start:stop] if rows is None else matrix[rows[start:stop]]
        yield start, np.asarray(part, np.float64)


def _mean(matrix: Matrix, rows: Int64) -> Float64:
    total = np.zeros(matrix.shape[1])
    for _, part in _blocks(matrix, rows):
        total += part.sum(axis=0)
    return total / max(len(rows), 1)


def _about(part: Float64, mean: Float64, unit: bool) -> Float64:
    moved = part - mean
    if unit:
        size = np.linalg.norm(moved, axis=1, keepdims=True)
        moved = np.divide(moved, size, out=np.zeros_like(moved), where=size > 0)
    return moved


def _directions(
    matrix: Matrix, fit: Int64, mean: Float64, centre: Float64, unit: bool, components: int
) -> tuple[Float64, Float64, float]:
    """Directions [d, k], the variance along each [k], and the whole variance."""
    n, dimensions = len(fit), matrix.shape[1]
    if n <= dimensions:
        rows = prepared(matrix, fit, unit) - centre
        # The smaller of the two products has the same eigenvalues.
        values, vectors = np.linalg.eigh(rows @ rows.T)
        values, vectors = values[::-1][:components], vectors[:, ::-1][:, :components]
        directions = rows.T @ vectors
        sizes = np.linalg.norm(directions, axis=0)
        directions = np.divide(directions, sizes, out=np.zeros_like(directions), where=sizes > 0)
        return directions, np.maximum(values, 0.0), float((rows**2).sum())
    spread = np.zeros((dimensions, dimensions))
    for _, part in _blocks(matrix, fit):
        rows = _about(part, mean, unit) - centre
        spread += rows.T @ rows
    values, vectors = np.linalg.eigh(spread)
    total = float(np.trace(spread))
    return vectors[:, ::-1][:, :components], np.maximum(values[::-1][:components], 0.0), total
