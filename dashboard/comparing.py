"""Runs held against each other as data: settings that differ, metrics side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from dashboard.feed import flattened

if TYPE_CHECKING:
    from summaries.reader import Reader
    from summaries.records import RunInfo, SeriesInfo


def compare_runs(
    reader: Reader, names: Sequence[str], *, tags: str = "*", everything: bool = False
) -> dict[str, Any]:
    """The runs' settings and metrics, a column a run, in the order of ``names``.

    ``{"runs": [...], "status": [...], "settings": {key: [value or None, ...]},
    "metrics": {tag: [metric_of(series) or None, ...]}}``

    Args:
        reader: the logdir.
        names: the runs' names.
        tags: only metrics that fit this glob.
        everything: also settings that are the same in all runs.

    Raises:
        NotFoundError: there is no such run.
    """
    infos = [reader.run(name) for name in names]
    return {
        "runs": list(names),
        "status": [info.status for info in infos],
        "settings": settings_of(infos, everything=everything),
        "metrics": metrics_of(reader, names, tags),
    }


def settings_of(infos: Sequence[RunInfo], *, everything: bool = False) -> dict[str, list[Any]]:
    """Config and hyperparameters by dotted name, None where a run has none of that name."""
    each = [flattened({**info.config, **info.hparams}) for info in infos]
    names = dict.fromkeys(name for own in each for name in own)
    return {
        name: [own.get(name) for own in each]
        for name in names
        if everything or len({_identity(own, name) for own in each}) > 1
    }


def _identity(settings: Mapping[str, Any], name: str) -> str:
    """Alike for settings that are the same: NaN and NaN, 1 and 1.0; True and 1 are not."""
    value = settings.get(name, "")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return repr(value) if name in settings else ""


def metrics_of(reader: Reader, names: Sequence[str], tags: str) -> dict[str, list[Any]]:
    """What is known of each scalar of the runs without reading its points; not the machine's."""
    rows: dict[str, list[Any]] = {}
    for column, name in enumerate(names):
        for one in reader.series(name, "scalar"):
            if fnmatchcase(one.tag, tags) and not one.tag.startswith("system/"):
                rows.setdefault(one.tag, [None] * len(names))[column] = metric_of(one)
    return dict(sorted(rows.items()))


def metric_of(series: SeriesInfo) -> dict[str, Any]:
    """Last value and extremes of a scalar series, with their steps."""
    return {
        "n": series.n,
        "last": series.last_value,
        "last_step": series.last_step,
        "min": series.min_value,
        "min_step": series.min_step,
        "max": series.max_value,
        "max_step": series.max_step,
    }
