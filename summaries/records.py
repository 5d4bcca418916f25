"""What a reader hands out: frozen records of runs, series and logged values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Status = Literal["running", "finished", "failed", "crashed"]
Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class RunInfo:
    """One run: who made it, how it stands, what it logged."""

    name: str
    """Unique below the logdir, path-like: ``lr=0.1/seed=3``; ``.`` is the logdir itself."""
    status: Status
    created: float
    """Seconds since the epoch, as are ``updated`` and ``heartbeat``."""
    updated: float
    """When something was last logged."""
    heartbeat: float
    """When the writing process last gave a sign of life."""
    config: Mapping[str, Any] = field(default_factory=dict)
    hparams: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Tags per kind, sorted: ``{"scalar": ("acc", "loss"), "histogram": (...)}``."""
    display_name: str | None = None
    notes: str = ""
    labels: tuple[str, ...] = ()
    colour: str | None = None
    archived: bool = False
    host: str = ""
    pid: int = 0
    environment: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SeriesInfo:
    """What lists and side bars need of one series, without reading its points."""

    run: str
    tag: str
    kind: str
    n: int
    """How many values were logged; sequence numbers run from 0 to n - 1."""
    first_step: int
    last_step: int
    last_wall_time: float
    """Seconds since the epoch."""
    last_value: float | None = None
    """Scalars only, as are the extremes; NaN and infinities are never an extreme."""
    min_value: float | None = None
    min_step: int | None = None
    max_value: float | None = None
    max_step: int | None = None


@dataclass(frozen=True)
class Scalars:
    """A scalar series in logging order, exact."""

    step: Int64
    """int64 [n]"""
    wall_time: Float64
    """float64 [n], seconds since the epoch, whole microseconds."""
    value: Float64
    """float64 [n], bit for bit what was logged."""

    def __len__(self) -> int:
        return len(self.step)


@dataclass(frozen=True)
class Envelope:
    """A scalar series in bins, in logging order; no extreme value is ever lost.

    Every array has one entry a bin. Where few points were asked for, each point is its own bin
    (``is_raw``), and ``min``, ``max`` and ``mean`` are its value.
    """

    step_min: Int64
    step_max: Int64
    wall_min: Float64
    """Seconds since the epoch."""
    wall_max: Float64
    min: Float64
    """Over the finite values of the bin; NaN where the bin has none (raw bins keep the value)."""
    max: Float64
    mean: Float64
    count: Int64
    """Points in the bin."""
    nonfinite: Int64
    """How many of them are NaN or infinite."""
    n: int
    """Points in the whole series when it was read."""
    is_raw: bool
    smoothed: Float64 | None = None
    """The smoothed series at the last point of each bin, computed on every point."""

    def __len__(self) -> int:
        return len(self.step_min)


@dataclass(frozen=True)
class HistogramRecord:
    """One histogram: counts between edges, and the moments of the finite values."""

    step: int
    wall_time: float
    edges: Float64
    """float64 [k + 1], ascending."""
    counts: Float64
    """float64 [k]; ``edges[i] <= x < edges[i + 1]``, the last bin closed."""
    min: float
    max: float
    num: int
    """Values seen, non-finite ones included."""
    sum: float
    sum_squares: float
    nan_count: int = 0
    pos_inf_count: int = 0
    neg_inf_count: int = 0


@dataclass(frozen=True)
class TextRecord:
    step: int
    wall_time: float
    text: str


@dataclass(frozen=True)
class ImageRecord:
    """One image; its bytes are fetched by ``reader.blob(sha256)``."""

    step: int
    wall_time: float
    width: int
    height: int
    media_type: str
    sha256: str


@dataclass(frozen=True)
class GraphNode:
    """One operation of a graph."""

    name: str
    """Scopes are separated by ``/``."""
    op: str
    inputs: tuple[str, ...] = ()
    """``"a:0"`` output 0 of node a, ``"a"`` the same, ``"^a"`` a control dependency."""
    device: str = ""
    outputs: tuple[tuple[str, tuple[int | None, ...] | None], ...] = ()
    """``(dtype, shape)`` of each output; a shape of None is unknown."""
    attrs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class GraphRecord:
    step: int
    wall_time: float
    nodes: tuple[GraphNode, ...]


@dataclass(frozen=True)
class Changes:
    """What happened since a token was handed out."""

    token: str
    """Give it back to ``changes_since`` next time."""
    runs: tuple[str, ...]
    """Names of runs that are new, or whose record (status, config, ...) changed."""
    series: tuple[SeriesInfo, ...]
    """Series that are new or grew, as they stand now."""
    removed: tuple[str, ...] = ()
    """Names of runs that are gone."""

    def __bool__(self) -> bool:
        return bool(self.runs or self.series or self.removed)


@dataclass(frozen=True)
class Problem:
    """A file below the logdir that could not be read; the others still are."""

    path: str
    message: str
