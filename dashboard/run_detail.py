"""What the page of one run shows, as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from summaries.errors import NotFoundError
from summaries.surroundings import DIFF_TAG

if TYPE_CHECKING:
    from summaries.reader import Reader
    from summaries.records import RunInfo

MAX_ALERTS = 200
MAX_LINES = 2000
SPARK_BINS = 60
MAX_SPARKS = 200


def detail_of(reader: Reader, name: str) -> dict[str, Any]:
    """Everything about the run but its values.

    Raises:
        NotFoundError: there is no such run.
    """
    run = reader.run(name)
    alerts = reader.alerts(name)
    return {
        **_record(run),
        "children": [
            {"name": one.name, "fork_step": one.fork_step}
            for one in reader.runs()
            if one.parent == name
        ],
        "kinds": kinds_of(reader, name),
        "has_diff": DIFF_TAG in run.tags.get("text", ()),
        "alerts": [
            {
                "step": alert.step,
                "time": alert.wall_time,
                "level": alert.level,
                "title": alert.title,
                "text": alert.text,
                "source": alert.source,
                "about": alert.about,
            }
            for alert in alerts[-MAX_ALERTS:][::-1]
        ],
        "n_alerts": len(alerts),
        "replaced": replaced_of(reader, name),
    }


def _record(run: RunInfo) -> dict[str, Any]:
    return {
        "name": run.name,
        "title": run.display_name or run.name,
        "status": run.status,
        "created": run.created,
        "updated": run.updated,
        "heartbeat": run.heartbeat,
        "deleted": run.deleted,
        "archived": run.archived,
        "config": run.config,
        "hparams": run.hparams,
        "summary": run.summary,
        "notes": run.notes,
        "labels": run.labels,
        "host": run.host,
        "pid": run.pid,
        "key": run.key,
        "group": run.group,
        "job_type": run.job_type,
        "environment": run.environment,
        "parent": run.parent,
        "fork_step": run.fork_step,
        "ranks": run.ranks,
    }


def kinds_of(reader: Reader, name: str) -> list[dict[str, Any]]:
    """What the run logged: each kind with how many tags and values it has."""
    tags: Counter[str] = Counter()
    values: Counter[str] = Counter()
    for one in reader.series(run=name):
        tags[one.kind] += 1
        values[one.kind] += one.n
    return [{"kind": kind, "tags": tags[kind], "values": values[kind]} for kind in sorted(tags)]


def replaced_of(reader: Reader, name: str) -> list[dict[str, Any]]:
    """What rewinds took out of sight, a row a rewind, the newest first."""
    rewinds: dict[tuple[float, int], Counter[str]] = {}
    for one in reader.replaced(name):
        counts = rewinds.setdefault((one.rewound, one.to_step), Counter())
        counts[one.tag] += 1 if one.scalars is None else len(one.scalars)
    return [
        {"time": when, "step": step, "values": sum(counts.values()), "tags": sorted(counts)}
        for (when, step), counts in sorted(rewinds.items(), reverse=True)
    ]


def diff_of(reader: Reader, name: str) -> str:
    """The uncommitted changes that the run was started with.

    Raises:
        NotFoundError: there is no such run, or none were recorded.
    """
    records = reader.texts(name, DIFF_TAG)
    if not records:
        raise NotFoundError(f"run '{name}': no changes were recorded")
    return records[-1].text


def console_of(reader: Reader, name: str, newest: int) -> list[dict[str, Any]]:
    """The run's last lines of output.

    Raises:
        NotFoundError: there is no such run.
    """
    return [
        {"time": line.wall_time, "stream": line.stream, "text": line.text, "rank": line.rank}
        for line in reader.console(name, newest=min(newest, MAX_LINES))
    ]


def sparks_of(reader: Reader, name: str, tags: Sequence[str]) -> Mapping[str, list[float | None]]:
    """A small curve of each tag that the run has: means of about 60 bins, None where there is none.

    Raises:
        NotFoundError: there is no such run.
    """
    logged = set(reader.run(name).tags.get("scalar", ()))
    found: dict[str, list[float | None]] = {}
    for tag in tags[:MAX_SPARKS]:
        if tag in logged:
            mean = reader.envelope(name, tag, pixels=SPARK_BINS).mean
            found[tag] = [float(v) if np.isfinite(v) else None for v in mean]
    return found
