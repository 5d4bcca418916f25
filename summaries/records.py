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
    key: str = ""
    """The run's id: stays where its name changes or it is copied to another store."""
    group: str = ""
    job_type: str = ""
    summary: Mapping[str, Any] = field(default_factory=dict)
    """Values that the script gave as the run's results."""
    axes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What `define_metric` said, by the metric's name or glob."""
    parent: str | None = None
    """Name of the run this one was forked from, at step ``fork_step``."""
    fork_step: int | None = None
    ranks: tuple[int, ...] = (0,)
    """The processes that logged into the run."""
    deleted: float | None = None
    """When it was put in the trash, in seconds since the epoch; None: it was not."""


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
    ranks: tuple[int, ...] = (0,)
    """The processes of the run that logged it."""
    rewinds: int = 0
    """How often values of it were replaced: after that, what was read before is to be read anew."""


@dataclass(frozen=True)
class Scalars:
    """A scalar series in logging order, exact."""

    step: Int64
    """int64 [n]"""
    wall_time: Float64
    """float64 [n], seconds since the epoch, whole microseconds."""
    value: Float64
    """float64 [n], bit for bit what was logged."""
    rank: Int64 | None = None
    """int64 [n], which process of the run logged each; None where all are rank 0's."""

    def __len__(self) -> int:
        return len(self.step)

    def __getitem__(self, which: slice | NDArray[np.bool_]) -> Scalars:
        """The points of a slice or mask."""
        rank = None if self.rank is None else self.rank[which]
        return Scalars(self.step[which], self.wall_time[which], self.value[which], rank)

    def of_rank(self, rank: int) -> Scalars:
        """The points that one process of the run logged."""
        if self.rank is None:
            return self if rank == 0 else self[:0]
        return self[self.rank == rank]


@dataclass(frozen=True)
class Steps:
    """Where the values of a series that is no scalar stand, in logging order; no values."""

    step: Int64
    """int64 [n]"""
    wall_time: Float64
    """float64 [n], seconds since the epoch."""
    rank: Int64
    """int64 [n], which process of the run logged each."""

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
    rank: int = 0


@dataclass(frozen=True)
class TextRecord:
    step: int
    wall_time: float
    text: str
    rank: int = 0


@dataclass(frozen=True)
class ImageRecord:
    """One image; its bytes are fetched by ``reader.blob(sha256)``."""

    step: int
    wall_time: float
    width: int
    height: int
    media_type: str
    sha256: str
    rank: int = 0


@dataclass(frozen=True)
class AudioRecord:
    """One sound; its bytes are fetched by ``reader.blob(sha256)``."""

    step: int
    wall_time: float
    sample_rate: int
    """Frames a second; 0 where the encoded file does not tell, as are the next two."""
    n_frames: int
    channels: int
    media_type: str
    sha256: str
    rank: int = 0


@dataclass(frozen=True)
class VideoRecord:
    """One video; its bytes are fetched by ``reader.blob(sha256)``."""

    step: int
    wall_time: float
    width: int
    """Pixels; 0 where the encoded file was not looked into (MP4, WebM), as are the next three."""
    height: int
    n_frames: int
    fps: float
    """Frames a second."""
    media_type: str
    sha256: str
    rank: int = 0


@dataclass(frozen=True)
class PrCurveRecord:
    """A precision-recall curve; each array is float64 [k], one entry a threshold."""

    step: int
    wall_time: float
    true_positive_counts: Float64
    """What is at or above the threshold ``i / (k - 1)`` and is labelled true, by its weight."""
    false_positive_counts: Float64
    true_negative_counts: Float64
    false_negative_counts: Float64
    precision: Float64
    recall: Float64
    rank: int = 0

    @property
    def thresholds(self) -> Float64:
        """float64 [k], from 0 to 1."""
        return np.linspace(0.0, 1.0, len(self.precision))


@dataclass(frozen=True)
class MeshRecord:
    """A batch of meshes, or of point clouds where there are no faces."""

    step: int
    wall_time: float
    vertices: NDArray[np.float32]
    """float32 [batch, n, 3]"""
    colors: NDArray[np.uint8] | None = None
    """uint8 [batch, n, 3]"""
    faces: NDArray[np.int32] | None = None
    """int32 [batch, m, 3], indices of vertices."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the scene, as TensorBoard's viewer takes them."""
    rank: int = 0


@dataclass(frozen=True)
class EmbeddingRecord:
    """One vector a row, with what is known of each row."""

    step: int
    wall_time: float
    mat: NDArray[Any]
    """[n, d], in the type it was logged in."""
    metadata: tuple[tuple[str, ...], ...] | None = None
    """n labels, of one part for each column of the header (of one, if there is no header)."""
    header: tuple[str, ...] = ()
    sprite: str | None = None
    """Digest of a PNG for ``reader.blob``: a picture a row of ``mat``, line by line in a square."""
    sprite_size: tuple[int, int] | None = None
    """Width and height of one picture in it."""
    rank: int = 0


@dataclass(frozen=True)
class TensorRecord:
    """One array, its dtype and shape as logged."""

    step: int
    wall_time: float
    values: NDArray[Any]
    rank: int = 0


@dataclass(frozen=True)
class LayoutRecord:
    """Which scalars share a chart."""

    step: int
    wall_time: float
    categories: Mapping[str, Mapping[str, Any]]
    """Category to chart to ``["Multiline", tags]`` or ``["Margin", [value, lower, upper]]``."""
    rank: int = 0


@dataclass(frozen=True)
class TableRecord:
    """Named columns and rows of numbers and texts."""

    step: int
    wall_time: float
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    rank: int = 0


@dataclass(frozen=True)
class NodeStats:
    """What one operation took in a traced run."""

    time_us: float
    """Microseconds."""
    bytes: int
    """What it wrote: its outputs, and what it needed in between."""
    device: str = ""
    """Where it ran."""
    note: str = ""
    """Why it took no time of its own, as an operation that was folded into a constant."""


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
    stats: NodeStats | None = None
    """What it took in the run that the graph was traced in; None if it was not part of it."""


@dataclass(frozen=True)
class GraphRecord:
    step: int
    wall_time: float
    nodes: tuple[GraphNode, ...]
    rank: int = 0
    traced: str = ""
    """What the traced run is called whose stats the nodes have; empty if it has none."""


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
    """Names of runs that are gone. One that is in ``runs`` too was given to another since: what was
    known by it is to be forgotten before the rest is taken in."""
    n_left_out: int = 0
    """How many series changed beyond those asked for at most."""

    def __bool__(self) -> bool:
        return bool(self.runs or self.series or self.removed)


@dataclass(frozen=True)
class SavedView:
    """What somebody arranged on the page and gave a name."""

    name: str
    state: Mapping[str, Any]
    """JSON-able, as the page gave it."""
    created: float
    """Seconds since the epoch, as is ``updated``."""
    updated: float


@dataclass(frozen=True)
class Problem:
    """A file below the logdir that could not be read; the others still are."""

    path: str
    message: str


@dataclass(frozen=True)
class Replaced:
    """What a rewind took out of a series' sight: its points, or one value of another kind."""

    run: str
    tag: str
    kind: str
    rewound: float
    """When, in seconds since the epoch."""
    to_step: int
    """The step that was rewound to: it and those after it were replaced."""
    scalars: Scalars | None = None
    record: Any = None
    """The record of a value that is not a scalar."""


@dataclass(frozen=True)
class AlertRecord:
    """One alert of a run, of its health or of the script; a dead process the reader tells."""

    step: int
    wall_time: float
    level: Literal["info", "warn", "error"]
    title: str
    text: str
    source: Literal["health", "user"]
    about: str | None
    """The tag it is about; None for the run as a whole."""
    rank: int = 0


@dataclass(frozen=True)
class ConsoleRecord:
    """Lines that a run's process wrote one after the other; `Reader.console` gives them singly."""

    step: int
    """Number of the first line, from 0, each stream for itself."""
    wall_time: float
    stream: Literal["stdout", "stderr"]
    times: tuple[float, ...]
    lines: tuple[str, ...]
    rank: int = 0


@dataclass(frozen=True)
class ConsoleLine:
    """One line that a run's process wrote."""

    number: int
    """From 0, each stream of each process for itself."""
    wall_time: float
    stream: Literal["stdout", "stderr"]
    text: str
    """Without its line end; of a progress bar the last state."""
    rank: int = 0


@dataclass(frozen=True)
class HtmlRecord:
    """One page or chart for a browser; its content is fetched by ``reader.blob(sha256)``."""

    step: int
    wall_time: float
    n_bytes: int
    media_type: str
    """``text/html``, or ``application/vnd.plotly.v1+json`` for a plotly figure."""
    sha256: str
    rank: int = 0
