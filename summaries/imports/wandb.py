"""What W&B exports as CSV: a chart's lines, the table of runs, and a run's history.

A chart: ``"Step","run - metric","run - metric__MIN","run - metric__MAX"``, three columns a run.
The table of runs: ``"Name","State",...`` with a column a setting and result, or ``summary``,
``config`` and ``name`` as W&B's own example writes it. A history is
`summaries.imports.tables`' business.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from summaries.imports.lines import LineFile, csv_header
from summaries.imports.report import ImportSourceError
from summaries.imports.sink import RunSink, Sink
from summaries.imports.tables import column_of, continued, file_digest, file_time
from summaries.imports.values import STEP_NAMES, Rows, plain, run_name, seconds, whole

NAME = "wandb"

_STATUS = {"finished": "finished", "failed": "failed"}
_TABLE_COLUMNS = {"State", "Created", "Runtime", "User", "Tags", "Notes", "Sweep", "ID"}
_EXTREMES = ("__MIN", "__MAX")


def sniff(source: Path) -> bool:
    """Whether the file is a chart's lines or a table of runs."""
    if source.suffix.lower() != ".csv":
        return False
    try:
        header = csv_header(source)
    except ImportSourceError:
        return False
    return bool(_lines(header)) or _is_table(header)


def read(source: Path, sink: Sink) -> None:
    """Every run that the file tells of."""
    sink.report.files += 1
    header = csv_header(source)
    if _is_table(header):
        _read_table(source, sink)
    elif lines := _lines(header):
        _read_chart(source, sink, header, lines)
    else:
        raise ImportSourceError(
            f"import '{source}', line 1: neither a chart's lines nor a table of runs of W&B\n"
            f"  columns: {', '.join(header[:6])}\n"
            "  try: format='table', which takes any CSV file"
        )


# -- a chart ------------------------------------------------------------------------------------


def _lines(header: list[str]) -> dict[int, tuple[str, str]]:
    """(run, metric) of each column that is a line of a chart."""
    names = set(header)
    found = {}
    for at, name in enumerate(header[1:], start=1):
        stem = next((name.removesuffix(end) for end in _EXTREMES if name.endswith(end)), name)
        run, dash, metric = stem.rpartition(" - ")
        if dash and run and {stem, *(stem + end for end in _EXTREMES)} <= names:
            found[at] = run, metric + name[len(stem) :]
    return found


def _read_chart(
    source: Path, sink: Sink, header: list[str], lines: Mapping[int, tuple[str, str]]
) -> None:
    by_run: dict[str, dict[int, str]] = {}
    for at, (own, tag) in lines.items():
        by_run.setdefault(own, {})[at] = tag
    sink.report.note(f"'{source}' has no times: its points have that of the file")
    for name, columns in by_run.items():
        # Run after run, the file read anew: a file of many runs then needs no memory for all.
        key = f"wandb:{source.name}:{header[0]}:{name}:{next(iter(columns.values()))}"
        with sink.run(run_name(name), [key], str(source), NAME) as run:
            file = LineFile(source, sink.report, run.bookmarks.get(key, {}))
            continued(file, run)
            _read_run_of_chart(file, run, key, columns)


def _read_run_of_chart(file: LineFile, run: RunSink, key: str, columns: Mapping[int, str]) -> None:
    header, table = file.table()
    is_step = column_of([header[0]], STEP_NAMES) is not None
    rows, when = Rows(run), file_time(file.path)
    n = int(run.bookmarks.get(key, {}).get("rows", 0)) if file.n_bytes else 0
    for row in table:
        step = whole(row[0]) if is_step else n
        n += 1
        if step is None:
            file.problem(f"'{header[0]}' is '{row[0]}', no whole number")
            continue
        cells = {tag: plain(row[at]) for at, tag in columns.items() if row[at] != ""}
        if cells and not is_step:
            rows.add_value(header[0], plain(row[0]), step, when)
        for tag, value in cells.items():
            # Where every point was exported its extremes are itself.
            if tag.endswith(_EXTREMES) and value == cells.get(tag[:-5]):
                continue
            rows.add_value(tag, value, step, when)
        if rows.is_full:
            rows.hand_on()
            run.bookmark(key, {**file.state(), "rows": n})
    rows.hand_on()
    run.bookmark(key, {**file.state(), "rows": n})


# -- the table of runs --------------------------------------------------------------------------


def _is_table(header: list[str]) -> bool:
    names = set(header)
    return {"summary", "config", "name"} <= names or (
        "Name" in names and bool(names & _TABLE_COLUMNS)
    )


def _read_table(source: Path, sink: Sink) -> None:
    digest = file_digest(source)
    file = LineFile(source, sink.report, {})
    header, rows = file.table()
    is_plain = "Name" in header
    if is_plain:
        sink.report.note(
            f"'{source}' does not tell settings from results: all are in the runs' config"
        )
    for row in rows:
        cells = dict(zip(header, row, strict=True))
        name = cells["Name" if is_plain else "name"]
        own = cells.get("ID") or name
        key = f"wandb:{source.name}:table:{own}"
        with sink.run(run_name(name), [key], str(source), NAME) as run:
            if is_plain:
                _describe(run, cells)
            else:
                _describe_by_dicts(run, cells, file)
            run.bookmark(key, {"sha256": digest})


def _describe(run: RunSink, cells: Mapping[str, str]) -> None:
    run.status = _STATUS.get(cells.get("State", "finished"), "crashed")
    began = seconds(cells.get("Created") or "")
    lasted = plain(cells.get("Runtime") or "")
    ended = began + lasted if began is not None and isinstance(lasted, (int, float)) else None
    run.lasted(began, ended)
    fixed = {"Name", "Group", "Job Type", "", *_TABLE_COLUMNS}
    config = {key: plain(cell) for key, cell in cells.items() if key not in fixed and cell != ""}
    notes = cells.get("Notes", "")
    run.describe(
        config,
        notes="" if notes == "-" else notes,
        labels=[label.strip() for label in cells.get("Tags", "").split(",") if label.strip()],
        run_group=cells.get("Group", ""),
        job_type=cells.get("Job Type", ""),
    )


def _describe_by_dicts(run: RunSink, cells: Mapping[str, str], file: LineFile) -> None:
    for column in ("config", "summary"):
        values = _mapping(cells[column])
        if values is None:
            file.problem(f"'{column}' is no mapping")
        elif column == "config":
            run.describe({k: v for k, v in values.items() if not k.startswith("_")})
        else:
            run.describe(summary=values)
            run.lasted(None, seconds(values.get("_timestamp")))


def _mapping(text: str) -> dict[str, Any] | None:
    """The dict that was written as Python's or JSON's text of it, None if it is none."""
    # Python writes nan and inf, which its own reader of literals does not take.
    quoted = re.sub(r"(?<![\w'\"])(-?)(nan|inf)(?![\w'\"])", r"\g<1>1e999", text)
    for read_text in (json.loads, lambda t: ast.literal_eval(quoted)):
        try:
            found = read_text(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, dict):
            return found
    return None
