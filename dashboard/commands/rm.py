"""``dashboard rm``: runs deleted, with all they logged."""

from __future__ import annotations

import argparse
import sys

from dashboard.commands.choosing import chosen, counted

NAME = "rm"
HELP = "delete runs with all they logged"

SHOWN = 10
"""Names listed before the question."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("logdir", metavar="LOGDIR", help="a directory or a database URL")
    parser.add_argument("runs", metavar="RUN", nargs="+", help="names or globs")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--force", action="store_true", help="also runs that are being logged")


def run(options: argparse.Namespace) -> int:
    from summaries import open_logdir
    from summaries.upkeep import remove_runs

    with open_logdir(options.logdir) as reader:
        names = [info.name for info in chosen(reader, options.runs)]
    if not options.yes and not _confirmed(names):
        print("nothing was deleted")
        return 1
    remove_runs(options.logdir, names, force=options.force)
    print(f"{counted(len(names), 'run')} deleted")
    return 0


def _confirmed(names: list[str]) -> bool:
    for name in names[:SHOWN]:
        print(f"  {name}")
    if len(names) > SHOWN:
        print(f"  … and {len(names) - SHOWN:,} more")
    if not sys.stdin.isatty():
        print("dashboard: rm asks first\n  try: rm --yes", file=sys.stderr)
        return False
    answer = input(f"delete {counted(len(names), 'run')} for good? [y/N] ")
    return answer.strip().lower() in ("y", "yes")
