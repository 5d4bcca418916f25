"""``dashboard compare``: runs side by side: settings that differ, metrics with their curves."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from dashboard.commands.choosing import chosen
from dashboard.commands.drawing import STATUS_STYLES, curve, number
from dashboard.feed import flattened

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from summaries.reader import Reader
    from summaries.records import RunInfo, SeriesInfo

NAME = "compare"
HELP = "compare runs: settings that differ, last values, curves"

CURVE = 16
"""Signs a curve is wide."""
MOST = 8
"""Runs side by side that a terminal holds."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("logdir", metavar="LOGDIR", help="a directory or a database URL")
    parser.add_argument("runs", metavar="RUN", nargs="+", help="names or globs")
    parser.add_argument("--tags", metavar="GLOB", default="*", help="only these metrics")
    parser.add_argument(
        "--value",
        choices=("last", "min", "max"),
        default="last",
        help="which value is compared (default: %(default)s)",
    )
    parser.add_argument("--all", action="store_true", help="also settings that are the same")


def run(options: argparse.Namespace) -> int:
    from rich.console import Console

    from summaries import open_logdir

    console = Console(highlight=False)
    with open_logdir(options.logdir) as reader:
        runs = chosen(reader, options.runs)
        if len(runs) > MOST:
            print(f"{len(runs)} runs fit; the first {MOST} are shown")
            runs = runs[:MOST]
        _settings(console, runs, options.all)
        _metrics(console, reader, runs, options)
    return 0


def _settings(console: Console, runs: list[RunInfo], everything: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for info in runs:
        table.add_column(Text(info.name), overflow="fold")
    table.add_row(
        Text("status", style="dim"),
        *(Text(info.status, style=STATUS_STYLES[info.status]) for info in runs),
    )
    settings = [flattened({**info.config, **info.hparams}) for info in runs]
    names = list(dict.fromkeys(name for own in settings for name in own))
    for name in names:
        values = [own.get(name, _MISSING) for own in settings]
        differs = any(value != values[0] for value in values)
        if differs or everything:
            cells = [Text("–" if v is _MISSING else number(v)) for v in values]
            table.add_row(Text(name, style="dim"), *cells)
    console.print(table)


_MISSING = object()


def _metrics(
    console: Console, reader: Reader, runs: list[RunInfo], options: argparse.Namespace
) -> None:
    from fnmatch import fnmatchcase

    from rich.table import Table
    from rich.text import Text

    series: dict[str, dict[str, SeriesInfo]] = {}
    for info in runs:
        for one in reader.series(info.name, "scalar"):
            if fnmatchcase(one.tag, options.tags) and not one.tag.startswith("system/"):
                series.setdefault(one.tag, {})[info.name] = one
    if not series:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(f"{options.value} value")
    for info in runs:
        table.add_column(Text(info.name), overflow="fold")
    for tag, by_run in sorted(series.items()):
        curves = reader.envelopes(list(by_run), tag, pixels=CURVE)
        cells: list[Text] = []
        for info in runs:
            found = by_run.get(info.name)
            if found is None:
                cells.append(Text("–", style="dim"))
                continue
            cell = Text(number(getattr(found, f"{options.value}_value")))
            if info.name in curves:
                cell.append("\n" + curve(curves[info.name], CURVE), style="cyan")
            cells.append(cell)
        table.add_row(Text(tag, style="dim"), *cells)
    console.print()
    console.print(table)
