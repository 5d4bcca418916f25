"""Trackio's SQLite databases, one a project: rows of JSON, configs, system metrics, alerts.

Source: trackio/sqlite_storage.py (init_db). Rows of older versions have no run_id; there the run's
name tells the runs apart.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from summaries.imports.report import ImportReport
from summaries.imports.sink import RunSink, Sink
from summaries.imports.sqlite import columns, opened, tables
from summaries.imports.values import Rows, flattened, run_name, seconds
from summaries.kinds import histogram as histogram_kind
from summaries.kinds import image as image_kind
from summaries.kinds import text as text_kind
from summaries.records import HistogramRecord

NAME = "trackio"

_NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def sniff(source: Path) -> bool:
    """Whether the file is a Trackio project's database."""
    found = tables(source)
    if "metrics" not in found or "experiments" in found:
        return False
    with opened(source) as database:
        return {"run_name", "metrics", "timestamp"} <= columns(database, "metrics")


def read(source: Path, sink: Sink) -> None:
    """Every run of the project, the project before its name."""
    with opened(source) as database:
        identity = "run_id" if "run_id" in columns(database, "metrics") else "run_name"
        for run_id, name in _runs(database, identity):
            key = f"trackio:{source.stem}:{run_id}"
            own = run_id if identity == "run_id" else None
            with sink.run(run_name(source.stem, name), [key], str(source), NAME, own) as run:
                _describe(database, run, identity, run_id)
                _Reading(database, run, source, identity, run_id, key).all()
    sink.report.files += 1


def _runs(database: sqlite3.Connection, identity: str) -> list[tuple[str, str]]:
    """(id, name) of each run, in the order in which they began to log."""
    parts = [
        f"SELECT {identity} AS run, run_name, min(timestamp) AS first FROM {table} GROUP BY run"
        for table in ("metrics", "system_metrics")
        if identity in columns(database, table)
    ]
    query = (
        f"SELECT run, run_name FROM ({' UNION ALL '.join(parts)}) GROUP BY run ORDER BY min(first)"
    )
    return database.execute(query).fetchall()


def _describe(database: sqlite3.Connection, run: RunSink, identity: str, run_id: str) -> None:
    if identity not in columns(database, "configs"):
        return
    row = database.execute(
        f"SELECT config, created_at FROM configs WHERE {identity} = ?", (run_id,)
    ).fetchone()
    if row is None:
        return
    config = _json(row[0], run.report, "a run's config")
    own = {key: value for key, value in config.items() if not key.startswith("_")}
    run.lasted(seconds(config.get("_Created") or row[1]))
    run.describe(own, run_group=str(config.get("_Group") or ""))


def _json(text: str, report: ImportReport, what: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
        if isinstance(found, dict):
            return found
    except ValueError:
        pass
    report.damaged += 1
    report.note(f"{what} is no JSON object and is left out")
    return {}


class _Reading:
    """One run's rows on their way into the store."""

    def __init__(
        self,
        database: sqlite3.Connection,
        run: RunSink,
        source: Path,
        identity: str,
        run_id: str,
        key: str,
    ) -> None:
        self._database, self._run, self._source = database, run, source
        self._identity, self._run_id, self._key = identity, run_id, key
        self._rows = Rows(run)
        self._state: dict[str, int] = dict(run.bookmarks.get(key, {}))

    def all(self) -> None:
        """Metrics, system metrics and alerts that were not taken before."""
        for table, columns_, take in (
            ("metrics", "step, metrics", self._take_metrics),
            ("system_metrics", "NULL, metrics", self._take_system),
            ("alerts", "step, json_array(level, title, text)", self._take_alert),
        ):
            if self._identity not in columns(self._database, table):
                continue
            query = (
                f"SELECT id, timestamp, {columns_} FROM {table}"
                f" WHERE {self._identity} = ? AND id > ? ORDER BY id"
            )
            after = self._state.get(table, 0)
            for at, time, step, text in self._database.execute(query, (self._run_id, after)):
                take(step, seconds(time) or 0.0, text)
                self._state[table] = at
                if self._rows.is_full:
                    self._mark()
        self._mark()

    def _mark(self) -> None:
        self._rows.hand_on()
        self._run.bookmark(self._key, dict(self._state))

    def _take_metrics(self, step: int, time: float, text: str) -> None:
        for tag, value in flattened(_json(text, self._run.report, "a row of metrics")):
            self._take(tag, value, step, time)

    def _take_system(self, _: None, time: float, text: str) -> None:
        # Trackio gives them no step: they are counted.
        step = self._state.get("system_step", 0)
        self._state["system_step"] = step + 1
        for tag, value in flattened(_json(text, self._run.report, "a row of system metrics")):
            self._take(f"system/{tag}", value, step, time)

    def _take_alert(self, step: int | None, time: float, text: str) -> None:
        level, title, more = json.loads(text)
        body = f"**{str(level).upper()}** {title}" + (f"\n\n{more}" if more else "")
        self._rows.add_event(text_kind.event("alerts", body, step or 0, time))

    def _take(self, tag: str, value: Any, step: int, time: float) -> None:
        if isinstance(value, str):
            value = _NUMBERS.get(value, value)
        if not isinstance(value, Mapping):
            self._rows.add_value(tag, value, step, time)
        elif value.get("_type") == "trackio.histogram":
            record = _histogram(value, step, time)
            self._rows.add_event(histogram_kind.event_of_record(tag, record))
        elif value.get("_type") == "trackio.markdown":
            self._rows.add_value(tag, str(value.get("_value", "")), step, time)
        elif value.get("_type") == "trackio.table":
            self._rows.add_value(tag, as_markdown(value.get("_value") or []), step, time)
        elif value.get("_type") == "trackio.image":
            self._take_image(tag, value, step, time)
        else:
            self._run.report.note(f"values of the kind {value.get('_type')} are left out")

    def _take_image(self, tag: str, value: Mapping[str, Any], step: int, time: float) -> None:
        media = (self._source.parent / "media").resolve()
        path = (media / str(value.get("file_path", ""))).resolve()
        try:
            if not path.is_relative_to(media):
                raise FileNotFoundError(f"'{value.get('file_path')}' is not below '{media}'")
            self._rows.add_event(image_kind.event_of_file(tag, path.read_bytes(), step, time))
        except (OSError, ValueError) as error:
            self._run.report.damaged += 1
            self._run.report.note(f"image '{tag}' at step {step} is left out: {error}")


def _histogram(value: Mapping[str, Any], step: int, time: float) -> HistogramRecord:
    counts = np.asarray(value.get("values", ()), dtype=np.float64)
    edges = np.asarray(value.get("bins", ()), dtype=np.float64)
    if not len(counts) or len(edges) != len(counts) + 1:
        empty = np.empty(0)
        return HistogramRecord(step, time, empty, empty, np.nan, np.nan, 0, 0.0, 0.0)
    middle = (edges[:-1] + edges[1:]) / 2
    return HistogramRecord(
        step,
        time,
        edges,
        counts,
        float(edges[0]),
        float(edges[-1]),
        int(counts.sum()),
        float((middle * counts).sum()),
        float((middle**2 * counts).sum()),
    )


def as_markdown(rows: list[Mapping[str, Any]]) -> str:
    """The rows as a table in Markdown."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    for row in rows:
        cells = (str(row.get(name, "")).replace("|", "\\|").replace("\n", " ") for name in names)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
