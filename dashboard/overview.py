"""What the home page says of a logdir, from its listing alone: what runs, failed, improved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.goals import MACHINE, Goal, declared_goal, goal_by_name, main_metric, weight
from summaries.records import AlertRecord, Envelope, RunInfo, SeriesInfo

Listing = Mapping[tuple[str, str], Mapping[str, SeriesInfo]]
"""``(kind, tag)`` -> run -> what is known of that series, as the feed has it."""

MOST_RUNNING = 12
MOST_TROUBLED = 8
MOST_LATEST = 8
MOST_BESTS = 8
# A run of a million tags is known by its first ones.
_LOOKED_AT = 500
_STEP_KEYS = (
    "max_steps", "total_steps", "num_steps", "n_steps", "num_train_steps", "train_steps",
    "training_steps", "max_iters", "max_iterations", "num_iterations", "n_iterations",
    "iterations", "total_timesteps", "steps",
)  # fmt: skip
_EPOCH_KEYS = ("max_epochs", "num_epochs", "n_epochs", "total_epochs", "num_train_epochs", "epochs")
_LEVELS = {"info": 0, "warn": 1, "error": 2}


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    step: int | None
    """The highest step logged; None: nothing was."""
    done: float | None = None
    """Epochs or steps done, in the unit of ``total``."""
    total: float | None = None
    """Where it is to end, if its settings say so."""
    total_key: str | None = None
    """The setting that says so."""


@dataclass(frozen=True)
class Shown:
    """A run on the home page."""

    run: str
    status: str
    created: float
    """Seconds since the epoch, as is ``updated``."""
    updated: float
    progress: Progress
    metric: str | None
    """The tag that stands for it."""
    last_value: float | None


@dataclass(frozen=True)
class Best:
    """The best value that any run has of a metric."""

    tag: str
    goal: Goal
    is_declared: bool
    """Whether the script said which way is better; else it is guessed from the name."""
    run: str
    value: float
    step: int
    n_runs: int
    previous: tuple[str, float] | None
    """The best of the runs begun before that one, and its value."""


@dataclass(frozen=True)
class Overview:
    """What there is in a logdir."""

    n_runs: int
    n_status: Mapping[str, int]
    n_points: int
    n_metrics: int
    running: tuple[Shown, ...]
    """The youngest first."""
    troubled: tuple[Shown, ...]
    """Those that logged last come first, as in ``latest``."""
    latest: tuple[Shown, ...]
    bests: tuple[Best, ...]


def overview(runs: Iterable[RunInfo], series: Listing) -> Overview:
    """What the home page shows; reads nothing, and costs about one look at each series."""
    kept = [run for run in runs if not run.archived]
    newest = sorted(kept, key=lambda run: (-run.updated, run.name))
    # By their beginning: those that run would change places with every point.
    running = sorted(
        (run for run in kept if run.status == "running"), key=lambda run: (-run.created, run.name)
    )
    n_status: dict[str, int] = {}
    for run in kept:
        n_status[run.status] = n_status.get(run.status, 0) + 1
    scalars = {tag: infos for (kind, tag), infos in series.items() if kind == "scalar" and infos}

    def shown(chosen: Sequence[RunInfo]) -> tuple[Shown, ...]:
        return tuple(_shown(run, scalars) for run in chosen)

    return Overview(
        len(kept),
        n_status,
        sum(info.n for infos in scalars.values() for info in infos.values()),
        len(scalars),
        shown(running[:MOST_RUNNING]),
        shown([run for run in newest if run.status in ("failed", "crashed")][:MOST_TROUBLED]),
        shown([run for run in newest if run.status != "running"][:MOST_LATEST]),
        bests({run.name: run for run in kept}, scalars),
    )


def _shown(run: RunInfo, scalars: Mapping[str, Mapping[str, SeriesInfo]]) -> Shown:
    tags = [tag for tag in run.tags.get("scalar", ()) if not tag.startswith(MACHINE)]
    tag = main_metric(tags[:_LOOKED_AT])
    infos = {t: scalars[t][run.name] for t in tags[:_LOOKED_AT] if run.name in scalars.get(t, ())}
    value = infos[tag].last_value if tag in infos else None
    return Shown(
        run.name, run.status, run.created, run.updated, progress(run, infos), tag, value
    )  # fmt: skip


def progress(run: RunInfo, infos: Mapping[str, SeriesInfo]) -> Progress:
    """How far the run is, and where it is to end if its config or hparams say so.

    Args:
        run: the run.
        infos: tag -> series of the run, without those of the machine.
    """
    step = max((info.last_step for info in infos.values()), default=None)
    settings = {str(k).lower(): v for k, v in _flat({**run.hparams, **run.config})}
    key = _total_key(settings, _STEP_KEYS)
    if key is not None and step is not None and step <= settings[key]:
        return Progress(step, float(step), float(settings[key]), key)
    key = _total_key(settings, _EPOCH_KEYS)
    epoch = next((info for tag, info in infos.items() if tag.lower() == "epoch"), None)
    if key is not None and epoch is not None and epoch.last_value is not None:
        if epoch.last_value <= settings[key]:
            return Progress(step, float(epoch.last_value), float(settings[key]), key)
    elif key is not None and step is not None and step <= settings[key]:
        # No more steps than epochs: one was logged each.
        return Progress(step, float(step), float(settings[key]), key)
    return Progress(step)


def _flat(settings: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The settings, and those one level below, by their own names; the outer ones win."""
    inner = [item for v in settings.values() if isinstance(v, Mapping) for item in v.items()]
    return [*inner, *settings.items()]


def _total_key(settings: Mapping[str, Any], names: Sequence[str]) -> str | None:
    def is_total(value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and value > 0

    return next((name for name in names if is_total(settings.get(name))), None)


def bests(
    runs: Mapping[str, RunInfo], scalars: Mapping[str, Mapping[str, SeriesInfo]]
) -> tuple[Best, ...]:
    """The best run of each metric that has a better and a worse, the most telling ones first."""
    rules = [run.axes for run in runs.values() if run.axes]
    distinct = {repr(axes): axes for axes in rules}.values()
    found: list[tuple[int, Best]] = []
    for tag, infos in scalars.items():
        if tag.startswith(MACHINE):
            continue
        told = (declared_goal(axes, tag) for axes in distinct)
        said: Goal | None = next((goal for goal in told if goal is not None), None)
        goal = said or goal_by_name(tag)
        if goal is None:
            continue
        best = _best(tag, goal, said is not None, runs, infos)
        if best is not None:
            found.append((weight(tag) + 8 * (said is not None), best))
    found.sort(key=lambda item: (-item[0], -item[1].n_runs, item[1].tag))
    return tuple(best for _, best in found[:MOST_BESTS])


def _best(
    tag: str,
    goal: Goal,
    is_declared: bool,
    runs: Mapping[str, RunInfo],
    infos: Mapping[str, SeriesInfo],
) -> Best | None:
    sign = 1.0 if goal == "min" else -1.0
    values: list[tuple[float, str, int]] = []
    for name, info in infos.items():
        value, step = (
            (info.min_value, info.min_step) if goal == "min" else (info.max_value, info.max_step)
        )
        if value is not None and step is not None and name in runs:
            values.append((sign * value, name, step))
    if not values:
        return None
    value, name, step = min(values)
    before = [v for v in values if v[1] != name and runs[v[1]].created < runs[name].created]
    previous = min(before, default=None)
    return Best(
        tag,
        goal,
        is_declared,
        name,
        sign * value,
        step,
        len(values),
        None if previous is None else (previous[1], sign * previous[0]),
    )


def steps_per_second(envelope: Envelope) -> float | None:
    """How fast the run goes on, over the newest third of its curve; None where that tells nothing.

    A pause before that, as of a run that was resumed, does not count.
    """
    n = len(envelope)
    if n < 2:
        return None
    steps, walls = envelope.step_max.astype(np.float64), envelope.wall_max
    begin = min(n - 2, n - 1 - n // 3)
    seconds = float(walls[-1] - walls[begin])
    gained = float(steps[-1] - steps[begin])
    return gained / seconds if seconds > 0 and gained > 0 else None


def remaining_seconds(
    progress: Progress, rate: float | None, elapsed: float
) -> float | None:  # fmt: skip
    """How long the run still has, by its pace; None where its end or its pace is unknown."""
    if progress.total is None or progress.done is None or progress.step is None:
        return None
    if progress.done == progress.step and rate:
        return (progress.total - progress.done) / rate
    # In epochs there is only the whole way to go by.
    return elapsed * (progress.total - progress.done) / progress.done if progress.done > 0 else None


@dataclass(frozen=True)
class Health:
    """The worst of what a run's alerts say that is not over."""

    level: str
    """"ok", "warn" or "error"."""
    title: str = ""
    step: int | None = None


def health_of(alerts: Sequence[AlertRecord]) -> Health:
    """The run's health: by tag the last word counts, so that "is finite again" ends a NaN."""
    last = {alert.about: alert for alert in alerts}
    bad = [alert for alert in last.values() if _LEVELS[alert.level] > 0]
    if not bad:
        return Health("ok")
    worst = max(bad, key=lambda alert: (_LEVELS[alert.level], alert.wall_time))
    return Health(worst.level, worst.title, worst.step)
