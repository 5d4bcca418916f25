"""``dashboard mv``: another name for a run."""

from __future__ import annotations

import argparse

NAME = "mv"
HELP = "give a run another name"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("logdir", metavar="LOGDIR", help="a directory or a database URL")
    parser.add_argument("name", metavar="RUN", help="its name now")
    parser.add_argument("to", metavar="NAME", help="its new name")


def run(options: argparse.Namespace) -> int:
    from summaries.upkeep import rename_run

    rename_run(options.logdir, options.name, options.to)
    print(f"{options.name} is now {options.to}")
    return 0
