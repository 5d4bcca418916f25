"""What the tools of the MCP server answer with; an agent is told of these shapes beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Number = float | str | None
"""JSON lacks NaN and infinities: they are "NaN", "Infinity", "-Infinity". None: there is none."""


@dataclass(frozen=True)
class Metric:
    """A scalar metric of one run: how many points, the last value, the extremes and their steps."""

    n: int
    last: Number
    last_step: int
    min: Number
    min_step: int | None
    max: Number
    max_step: int | None


@dataclass(frozen=True)
class RunRow:
    """A run in a list; settings that all listed runs share are told once, beside the list."""

    name: str
    status: str
    created: float
    updated: float
    settings: dict[str, Any]
    labels: list[str]
    n_metrics: int
    sorted_by: Any = None


@dataclass(frozen=True)
class RunList:
    total: int
    common_settings: dict[str, Any]
    runs: list[RunRow]


@dataclass(frozen=True)
class RunDetail:
    run: str
    status: str
    created: float
    updated: float
    notes: str
    labels: list[str]
    group: str
    parent: str | None
    fork_step: int | None
    config: dict[str, Any]
    hparams: dict[str, Any]
    summary: dict[str, Any]
    environment: dict[str, Any]
    n_metrics: int
    other_values: dict[str, list[str]]
    """Kind -> tags of what it logged besides metrics; `read_values` reads them."""


@dataclass(frozen=True)
class MetricList:
    run: str
    total: int
    metrics: dict[str, Metric]


@dataclass(frozen=True)
class Points:
    """Every point of the range, as logged."""

    step: list[int]
    value: list[Number]


@dataclass(frozen=True)
class Bins:
    """The range in bins; min and max are those of all points in a bin."""

    step_min: list[int]
    step_max: list[int]
    mean: list[Number]
    min: list[Number]
    max: list[Number]
    count: list[int]
    not_finite: list[int]
    """How many of the bin's points are NaN or infinite."""


@dataclass(frozen=True)
class Series:
    """A metric over a range of steps: its points where they are few, else bins."""

    run: str
    tag: str
    n_points: int
    """Of the whole series."""
    points: Points | None
    bins: Bins | None
    smoothed: list[Number] | None
    """At the points, or at each bin's end."""


@dataclass(frozen=True)
class Comparison:
    """Rows are lists in the order of ``runs``, null where a run has none."""

    runs: list[str]
    status: list[str]
    settings: dict[str, list[Any]]
    metrics: dict[str, list[Metric | None]]
    n_metrics_left_out: int


@dataclass(frozen=True)
class Alert:
    time: float
    step: int
    level: str
    title: str
    text: str
    source: str
    about: str | None


@dataclass(frozen=True)
class Line:
    time: float
    stream: str
    text: str


@dataclass(frozen=True)
class Health:
    run: str
    status: str
    last_step: int | None
    seconds_since_logged: float
    seconds_since_heartbeat: float
    alerts: list[Alert]
    n_alerts: int
    not_finite: dict[str, Metric]
    """Metrics whose last value is NaN or infinite."""
    last_lines: list[Line]


@dataclass(frozen=True)
class Console:
    run: str
    total_lines: int
    lines: list[Line]


@dataclass(frozen=True)
class Values:
    run: str
    tag: str
    kind: str
    n: int
    start: int
    values: list[dict[str, Any]]
