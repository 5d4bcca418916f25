"""CSV and JSON lines of any program: a column of steps, one of times, and one a metric."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from summaries.imports.lines import LineFile, csv_header
from summaries.imports.sink import RunSink, Sink
from summaries.imports.values import (
    STEP_NAMES,
    TIME_NAMES,
    Rows,
    flattened,
    plain,
    run_name,
    seconds,
    whole,
)

NAME = "table"

_FIRST_STEP = -(2**63) + 1
_WAITING = 100_000
"""Points of a file in the long form that are held, of all its runs together."""
_LONG = {"run", "tag", "step", "value"}
_IGNORED = ("", "_runtime", "_step")
"""An index that pandas wrote, and what W&B puts beside every row."""


def sniff(source: Path) -> bool:
    """Whether the file's name says CSV or JSON lines."""
    return source.suffix.lower() in (".csv", ".jsonl", ".ndjson")


def read(source: Path, sink: Sink) -> None:
    """The file as one run of its name; in the long form (run, tag, step, value) as those runs."""
    sink.report.files += 1
    if source.suffix.lower() != ".csv":
        _read_lines(source, sink)
    elif set(csv_header(source)) >= _LONG:
        _read_long(source, sink)
    else:
        _read_wide(source, sink)


def column_of(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    """The first of the wanted names that is there, capitals or not."""
    by_lower = {name.lower(): name for name in reversed(names)}
    return next((by_lower[name] for name in wanted if name in by_lower), None)


def continued(file: LineFile, run: RunSink) -> None:
    """Begin anew where the file is no longer what was imported; that is replaced then."""
    if file.is_changed:
        run.report.note(f"'{file.path}' was changed: what was imported of it before is replaced")
        run.restart(_FIRST_STEP)
        file.again()


def file_time(path: Path) -> float:
    """When the file was last written: the time of rows that have none."""
    return path.stat().st_mtime


def _read_wide(source: Path, sink: Sink) -> None:
    key = f"csv:{source.name}"
    with sink.run(run_name(source.stem), [key], str(source), "csv") as run:
        file = LineFile(source, sink.report, run.bookmarks.get(key, {}))
        continued(file, run)
        header, rows = file.table()
        one_metric = {name.lower() for name in header} == {"wall time", "step", "value"}
        names = [run_name(source.stem) if one_metric and n == "Value" else n for n in header]
        objects = (
            {name: plain(cell) for name, cell in zip(names, row, strict=True) if cell != ""}
            for row in rows
        )
        _take(file, run, key, names, objects)


def _read_lines(source: Path, sink: Sink) -> None:
    key = f"jsonl:{source.name}"
    with sink.run(run_name(source.stem), [key], str(source), "jsonl") as run:
        file = LineFile(source, sink.report, run.bookmarks.get(key, {}))
        continued(file, run)
        _take(file, run, key, None, file.objects())


def _take(
    file: LineFile,
    run: RunSink,
    key: str,
    names: Sequence[str] | None,
    objects: Iterator[dict[str, Any]],
) -> None:
    """Rows of mappings into the run; each JSON object may have other names."""
    rows, when = Rows(run), file_time(file.path)
    n = int(run.bookmarks.get(key, {}).get("rows", 0)) if file.n_bytes else 0
    steps = None if names is None else column_of(names, STEP_NAMES)
    times = None if names is None else column_of(names, TIME_NAMES)
    for values in objects:
        if names is None:
            steps, times = column_of(list(values), STEP_NAMES), column_of(list(values), TIME_NAMES)
        step = whole(values.get(steps)) if steps else n
        n += 1
        if step is None:
            file.problem(f"'{steps}' holds no whole number")
            continue
        wall_time = seconds(values.get(times)) if times else None
        for tag, value in flattened(values):
            if tag not in (steps, times, *_IGNORED):
                rows.add_value(tag, value, step, when if wall_time is None else wall_time)
        if rows.is_full:
            rows.hand_on()
            run.bookmark(key, {**file.state(), "rows": n})
    rows.hand_on()
    if steps is None and n:
        run.report.note(f"'{file.path}' has no column of steps: its rows are counted")
    run.bookmark(key, {**file.state(), "rows": n})


def _read_long(source: Path, sink: Sink) -> None:
    """The form that `export_runs` writes: run, tag, step, wall_time, value on each line."""
    file = LineFile(source, sink.report, {})
    header, rows = file.table()
    at = {name: header.index(name) for name in header}
    digest = file_digest(source)
    runs: dict[str, _LongRun] = {}
    when, waiting = file_time(source), 0
    with ExitStack() as stack:
        for row in rows:
            name = row[at["run"]]
            if name not in runs:
                runs[name] = stack.enter_context(_LongRun(source, sink, name, digest))
            step, value = whole(row[at["step"]]), plain(row[at["value"]])
            if step is None or not isinstance(value, (int, float)):
                file.problem("step or value is no number")
                continue
            wall_time = seconds(row[at["wall_time"]]) if "wall_time" in at else None
            runs[name].add(row[at["tag"]], value, step, when if wall_time is None else wall_time)
            waiting += 1
            if waiting >= _WAITING:
                waiting = 0
                for run in runs.values():
                    run.write()


class _LongRun:
    """A run whose lines lie between those of others: it is taken as a whole, or not at all."""

    def __init__(self, source: Path, sink: Sink, name: str, digest: str) -> None:
        self._key, self._digest = f"csv:{source.name}:{name}", digest
        self._run = sink.run(run_name(name), [self._key], str(source), "csv")
        self._rows = Rows(self._run)
        before = self._run.bookmarks.get(self._key)
        self._is_known = before == {"sha256": digest}
        if before is not None and not self._is_known:
            self._run.restart(_FIRST_STEP)

    def add(self, tag: str, value: float, step: int, wall_time: float) -> None:
        if not self._is_known:
            self._rows.add_value(tag, float(value), step, wall_time)

    def write(self) -> None:
        self._rows.hand_on()
        self._run.flush()

    def __enter__(self) -> _LongRun:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._rows.hand_on()
            self._run.bookmark(self._key, {"sha256": self._digest})
        self._run.__exit__(kind, error, trace)


def file_digest(path: Path) -> str:
    """The SHA-256 of what is in the file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
