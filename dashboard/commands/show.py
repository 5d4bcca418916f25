"""``dashboard show``: one run in the terminal: its record, its curves, what it else logged."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dashboard.commands.choosing import chosen
from dashboard.commands.drawing import STATUS_STYLES, ago, curve, duration, number
from dashboard.feed import flattened

if TYPE_CHECKING:
    from rich.console import Console

    from summaries.reader import Reader
    from summaries.records import RunInfo

NAME = "show"
HELP = "show one run: its settings, curves and what else it logged"

CURVE = (8, 40)
"""Signs that a curve is wide at least and at most; what the terminal has room for."""
_NUMBERS = 50
"""Signs that the columns beside name and curve take."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("logdir", metavar="LOGDIR", help="a directory or a database URL")
    parser.add_argument("run", metavar="RUN", help="its name or id")
    parser.add_argument("--tags", metavar="GLOB", default="*", help="only these curves")
    parser.add_argument("--system", action="store_true", help="also what the machine did")


def run(options: argparse.Namespace) -> int:
    from rich.console import Console

    from summaries import open_logdir

    console = Console(highlight=False)
    with open_logdir(options.logdir) as reader:
        for info in chosen(reader, [options.run]):
            _head(console, info)
            _curves(console, reader, info, options)
            _others(console, info)
            _alerts(console, reader, info)
    return 0


def _head(console: Console, info: RunInfo) -> None:
    from rich.table import Table
    from rich.text import Text

    title = Text(info.name, style="bold")
    title.append(f"  {info.status}", style=STATUS_STYLES[info.status])
    console.print(title)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    environment = info.environment
    facts: dict[str, Any] = {
        "begun": f"{ago(info.created)}, lasted {duration(max(info.updated - info.created, 0))}",
        "where": f"{info.host}, process {info.pid}" if info.host else "",
        "command": " ".join(map(str, environment.get("command", ()))),
        "python": environment.get("python", ""),
        "git": _commit(environment.get("git", {})),
        "id": info.key,
        "group": info.group,
        "labels": ", ".join(info.labels),
        "parent": f"{info.parent}, from step {info.fork_step}" if info.parent else "",
        "ranks": ", ".join(map(str, info.ranks)) if len(info.ranks) > 1 else "",
        "notes": info.notes,
    }
    for name, value in facts.items():
        if value:
            table.add_row(name, Text(str(value)))
    for what, values in (("config", info.config), ("hparams", info.hparams)):
        for name, value in flattened(values).items():
            table.add_row(f"{what}.{name}", Text(number(value)))
    console.print(table)


def _commit(git: Mapping[str, Any]) -> str:
    if not git.get("commit"):
        return ""
    changed = ", with changes that are not committed" if git.get("dirty") else ""
    return f"{git['commit'][:10]} on {git.get('branch', 'no branch')}{changed}"


def _curves(console: Console, reader: Reader, info: RunInfo, options: argparse.Namespace) -> None:
    from fnmatch import fnmatchcase

    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("scalar", "curve"):
        table.add_column(name, no_wrap=True)
    for name in ("last", "min", "max", "step", "points"):
        table.add_column(name, justify="right", no_wrap=True)
    wanted = [
        one
        for one in reader.series(info.name, "scalar")
        if fnmatchcase(one.tag, options.tags)
        and (options.system or not one.tag.startswith("system/"))
    ]
    longest = max((len(one.tag) for one in wanted), default=0)
    width = min(max(console.width - longest - _NUMBERS, CURVE[0]), CURVE[1])
    for one in wanted:
        envelope = reader.envelope(info.name, one.tag, pixels=width)
        table.add_row(
            Text(one.tag),
            Text(curve(envelope, width), style="cyan"),
            number(one.last_value),
            number(one.min_value),
            number(one.max_value),
            f"{one.last_step:,}",
            f"{one.n:,}",
        )
    if table.row_count:
        console.print()
        console.print(table)


def _others(console: Console, info: RunInfo) -> None:
    counts = Counter({kind: len(tags) for kind, tags in info.tags.items() if kind != "scalar"})
    if counts:
        console.print()
        console.print("also: " + ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())))


def _alerts(console: Console, reader: Reader, info: RunInfo) -> None:
    from rich.text import Text

    for alert in reader.alerts(info.name):
        line = Text(f"{alert.level}: ", style=_LEVEL_STYLES.get(alert.level, ""))
        line.append(alert.title, style="default")
        line.append(f"  step {alert.step:,}, {ago(alert.wall_time)}", style="dim")
        console.print(line)


_LEVEL_STYLES = {"info": "cyan", "warn": "yellow", "error": "bold red"}
