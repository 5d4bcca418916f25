"""``dashboard archive``: runs set aside, or taken back."""

from __future__ import annotations

import argparse

from dashboard.commands.choosing import chosen, counted

NAME = "archive"
HELP = "set runs aside; they keep all they have"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("logdir", metavar="LOGDIR", help="a directory or a database URL")
    parser.add_argument("runs", metavar="RUN", nargs="+", help="names or globs")
    parser.add_argument("--undo", action="store_true", help="take them back")


def run(options: argparse.Namespace) -> int:
    from summaries import open_logdir
    from summaries.upkeep import archive_runs

    with open_logdir(options.logdir) as reader:
        names = [info.name for info in chosen(reader, options.runs)]
    archive_runs(options.logdir, names, archived=not options.undo)
    print(f"{counted(len(names), 'run')} " + ("taken back" if options.undo else "archived"))
    return 0
