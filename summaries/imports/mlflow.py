"""MLflow's SQLite database: experiments, runs, parameters, tags and every metric's points.

Source: mlflow/store/tracking/dbmodels/models.py; an infinite value is stored there as the largest
float64, NaN as 0 with a mark beside it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from summaries.imports.sink import RunSink, Sink
from summaries.imports.sqlite import opened, tables
from summaries.imports.values import plain, run_name
from summaries.records import Scalars

NAME = "mlflow"

_STATUS = {"FINISHED": "finished", "FAILED": "failed"}
_LARGEST = 1.7976931348623e308
_BATCH = 100_000
_FIRST_STEP = -(2**63) + 1


def sniff(source: Path) -> bool:
    """Whether the file is an MLflow database."""
    return {"experiments", "runs", "metrics", "params"} <= tables(source)


def read(source: Path, sink: Sink) -> None:
    """Every run that is not deleted, its experiment and its parents before its name."""
    with opened(source) as database:
        names = _names(database)
        for row in database.execute(
            "SELECT r.run_uuid, r.status, r.start_time, r.end_time, r.artifact_uri, r.user_id"
            " FROM runs r WHERE r.lifecycle_stage = 'active' ORDER BY r.start_time, r.rowid"
        ).fetchall():
            uuid = row[0]
            with sink.run(*names[uuid][:1], [f"mlflow:{uuid}"], str(source), NAME, uuid) as run:
                _describe(database, run, row, names[uuid][1])
                _metrics(database, run, uuid)
    sink.report.files += 1


def _names(database: sqlite3.Connection) -> dict[str, tuple[str, str]]:
    """Name of each run below a logdir, and its parent's, by the run's id."""
    own: dict[str, tuple[str, str, str | None]] = {}
    for uuid, name, experiment, tagged, parent in database.execute(
        "SELECT r.run_uuid, r.name, e.name,"
        " (SELECT value FROM tags WHERE run_uuid = r.run_uuid AND key = 'mlflow.runName'),"
        " (SELECT value FROM tags WHERE run_uuid = r.run_uuid AND key = 'mlflow.parentRunId')"
        " FROM runs r LEFT JOIN experiments e ON e.experiment_id = r.experiment_id"
    ):
        own[uuid] = (experiment or "", tagged or name or uuid, parent)
    found = {}
    for uuid, (experiment, name, parent) in own.items():
        path, above, seen = [name], parent, {uuid}
        while above in own and above not in seen:
            seen.add(above)
            path.insert(0, own[above][1])
            above = own[above][2]
        found[uuid] = (
            run_name(experiment, *path),
            run_name(experiment, *path[:-1]) if len(path) > 1 else "",
        )
    return found


def _describe(database: sqlite3.Connection, run: RunSink, row: tuple[Any, ...], group: str) -> None:
    uuid, status, started, ended, artifacts, user = row
    query = "SELECT key, value FROM params WHERE run_uuid = ? ORDER BY rowid"
    config = {key: plain(value) for key, value in database.execute(query, (uuid,))}
    tags = dict(database.execute("SELECT key, value FROM tags WHERE run_uuid = ?", (uuid,)))
    # A run that MLflow takes for running has no process that we could see.
    run.status = _STATUS.get(status, "crashed")
    run.lasted(*(None if time is None else time / 1e3 for time in (started, ended)))
    imported = {
        "format": NAME,
        "run_id": uuid,
        "status": status,
        "user": tags.get("mlflow.user") or user,
        "source": tags.get("mlflow.source.name"),
        "commit": tags.get("mlflow.source.git.commit"),
        "artifacts": artifacts,
    }
    if artifacts:
        run.report.note("artifacts are not copied; where they are is in the runs' environment")
    own = {key: value for key, value in tags.items() if not key.startswith("mlflow.")}
    run.describe(
        config,
        notes=tags.get("mlflow.note.content") or "",
        labels=[f"{key}={value}" for key, value in sorted(own.items())],
        environment={"imported": {k: v for k, v in imported.items() if v}},
        run_group=group,
    )


def _metrics(database: sqlite3.Connection, run: RunSink, uuid: str) -> None:
    key = f"mlflow:{uuid}"
    state = run.bookmarks.get(key, {"row": 0, "n": 0})
    (n,) = database.execute(
        "SELECT count(*) FROM metrics WHERE run_uuid = ? AND rowid <= ?", (uuid, state["row"])
    ).fetchone()
    if n != state["n"]:
        # Rows were removed, or numbered anew by a VACUUM: what was taken of them is replaced.
        run.restart(_FIRST_STEP)
        state = {"row": 0, "n": 0}
    last, n = state["row"], state["n"]
    for rows in _batches(database, uuid, last):
        last, n = rows[-1][0], n + len(rows)
        run.add(_columns(rows))
        run.bookmark(key, {"row": last, "n": n})
    run.bookmark(key, {"row": last, "n": n})


def _batches(
    database: sqlite3.Connection, uuid: str, after: int
) -> Iterator[list[tuple[int, str, float, int, int, int]]]:
    """(row, key, value, ms, step, is_nan) of the run's points in the order of logging."""
    cursor = database.execute(
        "SELECT rowid, key, value, timestamp, step, is_nan FROM metrics"
        " WHERE run_uuid = ? AND rowid > ? ORDER BY rowid",
        (uuid, after),
    )
    while rows := cursor.fetchmany(_BATCH):
        yield rows


def _columns(rows: list[tuple[int, str, float, int, int, int]]) -> dict[str, Scalars]:
    by_tag: dict[str, list[tuple[int, str, float, int, int, int]]] = {}
    for row in rows:
        by_tag.setdefault(row[1], []).append(row)
    columns = {}
    for tag, own in by_tag.items():
        value = np.array([row[2] for row in own], dtype=np.float64)
        value[np.array([bool(row[5]) for row in own])] = np.nan
        value[value >= _LARGEST] = np.inf
        value[value <= -_LARGEST] = -np.inf
        wall_time = np.array([row[3] for row in own], dtype=np.float64) / 1e3
        columns[tag] = Scalars(np.array([row[4] for row in own], dtype=np.int64), wall_time, value)
    return columns
