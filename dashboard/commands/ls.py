"""``dashboard ls``: the runs of a logdir, a line each."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from dashboard.commands.choosing import chosen, counted
from dashboard.commands.drawing import STATUS_STYLES, ago, duration, number

if TYPE_CHECKING:
    from summaries.reader import Reader
    from summaries.records import RunInfo, SeriesInfo

NAME = "ls"
HELP = "list the runs of a logdir"

METRICS = 3
"""Columns of last values, where none are named: of the tags that most runs have."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("logdir", metavar="LOGDIR", help="a directory or a database URL")
    parser.add_argument("runs", metavar="RUN", nargs="*", help="only these: names or globs")
    parser.add_argument(
        "--metric", metavar="TAG", action="append", help="a column; may be repeated"
    )
    parser.add_argument(
        "--sort",
        metavar="COLUMN",
        default="created",
        help="name, created, updated, steps, or a metric (default: %(default)s)",
    )
    parser.add_argument("--reverse", action="store_true", help="the largest first")
    parser.add_argument("--archived", action="store_true", help="also the archived ones")
    parser.add_argument("--deleted", action="store_true", help="those in the trash instead")
    parser.add_argument("--json", action="store_true", help="for scripts: everything, as JSON")


def run(options: argparse.Namespace) -> int:
    from summaries import open_logdir

    with open_logdir(options.logdir) as reader:
        runs = reader.runs(deleted=options.deleted)
        if options.runs:
            runs = chosen(reader, options.runs, deleted=options.deleted)
        everything = options.archived or options.deleted or options.runs
        runs = [r for r in runs if everything or not r.archived]
        series = _in_trash(reader, runs) if options.deleted else _by_run(reader)
        metrics = options.metric or _common([series.get(r.name, {}) for r in runs])
        rows = [_row(info, series.get(info.name, {}), metrics) for info in runs]
        rows = _sorted(rows, options.sort, options.reverse)
        if options.json:
            print(json.dumps([_plain(row, series.get(row["name"], {})) for row in rows]))
            return 0
        if rows:
            _draw(rows, metrics)
        else:
            print(
                f"{options.logdir}: " + ("the trash is empty" if options.deleted else "no runs yet")
            )
        n_deleted = 0 if options.deleted else len(reader.runs(deleted=True))
        if n_deleted:
            print(
                f"{counted(n_deleted, 'run')} in the trash: dashboard ls --deleted {options.logdir}"
            )
    return 0


def _in_trash(reader: Reader, runs: list[RunInfo]) -> dict[str, dict[str, SeriesInfo]]:
    return {
        info.name: {one.tag: one for one in reader.series(run=info.name, kind="scalar")}
        for info in runs
    }


def _by_run(reader: Reader) -> dict[str, dict[str, SeriesInfo]]:
    found: dict[str, dict[str, SeriesInfo]] = {}
    for one in reader.series(kind="scalar"):
        found.setdefault(one.run, {})[one.tag] = one
    return found


def _common(of_runs: list[dict[str, SeriesInfo]]) -> list[str]:
    counts = Counter(tag for series in of_runs for tag in series if not tag.startswith("system/"))
    return sorted(sorted(counts, key=lambda tag: (-counts[tag], tag))[:METRICS])


def _row(info: RunInfo, series: dict[str, SeriesInfo], metrics: list[str]) -> dict[str, Any]:
    own = [one for tag, one in series.items() if not tag.startswith("system/")]
    return {
        "name": info.name,
        "info": info,
        "status": info.status,
        "created": info.created,
        "updated": info.updated,
        "steps": max((one.last_step for one in own), default=None),
        "metrics": {tag: series[tag].last_value if tag in series else None for tag in metrics},
    }


def _sorted(rows: list[dict[str, Any]], name: str, reverse: bool) -> list[dict[str, Any]]:
    """The rows in the order asked for, those that lack the column last."""
    place = "" if name in ("name", "created", "updated", "steps") else "metrics"

    def key(row: dict[str, Any]) -> Any:
        return row["metrics"].get(name) if place else row[name]

    known = sorted((r for r in rows if key(r) is not None), key=key, reverse=reverse)
    return known + [row for row in rows if key(row) is None]


def _plain(row: dict[str, Any], series: dict[str, SeriesInfo]) -> dict[str, Any]:
    info: RunInfo = row["info"]
    return {
        "name": info.name,
        "id": info.key,
        "status": info.status,
        "created": info.created,
        "updated": info.updated,
        "config": info.config,
        "hparams": info.hparams,
        "labels": info.labels,
        "group": info.group,
        "archived": info.archived,
        "metrics": {
            tag: {
                "n": one.n,
                "last_step": one.last_step,
                "last": one.last_value,
                "min": one.min_value,
                "min_step": one.min_step,
                "max": one.max_value,
                "max_step": one.max_step,
            }
            for tag, one in series.items()
        },
    }


def _draw(rows: list[dict[str, Any]], metrics: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("run", no_wrap=True)
    table.add_column("status")
    table.add_column("begun", justify="right")
    table.add_column("lasted", justify="right")
    table.add_column("step", justify="right")
    for tag in metrics:
        table.add_column(Text(tag.replace("/", "/\n")), justify="right", overflow="fold")
    for row in rows:
        info: RunInfo = row["info"]
        name = Text(info.name, style="dim" if info.archived else "")
        table.add_row(
            name,
            Text(info.status, style=STATUS_STYLES[info.status]),
            ago(info.created),
            duration(max(info.updated - info.created, 0.0)),
            "" if row["steps"] is None else f"{row['steps']:,}",
            *(Text(number(row["metrics"][tag])) for tag in metrics),
        )
    Console(highlight=False).print(table)
