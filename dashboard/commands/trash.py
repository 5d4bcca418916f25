"""``dashboard trash``: what was deleted on the page, taken back or deleted for good."""

from __future__ import annotations

import argparse
import sys

from dashboard.commands.choosing import chosen, counted

NAME = "trash"
HELP = "put runs in the trash, take them back, or empty it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("logdir", metavar="LOGDIR", help="a directory or a database URL")
    parser.add_argument("runs", metavar="RUN", nargs="*", help="names or globs")
    parser.add_argument("--undo", action="store_true", help="take these runs out of the trash")
    parser.add_argument(
        "--empty", action="store_true", help="delete these, or all in the trash, for good"
    )


def run(options: argparse.Namespace) -> int:
    from summaries import open_logdir
    from summaries.editing import empty_trash, restore_runs, trash_runs

    if not options.runs and not options.empty:
        print("dashboard: trash: no run is named\n  try: dashboard ls --deleted", file=sys.stderr)
        return 2
    with open_logdir(options.logdir) as reader:
        wanted = chosen(reader, options.runs, deleted=options.undo or options.empty)
        names = [info.name for info in wanted]
        if options.empty:
            names = empty_trash(reader, names or None)
            told = "deleted for good"
        elif options.undo:
            restore_runs(reader, names)
            told = "taken back"
        else:
            trash_runs(reader, names)
            told = "put in the trash"
    print(f"{counted(len(names), 'run')} {told}")
    return 0
