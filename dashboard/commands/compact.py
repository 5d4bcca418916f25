"""``dashboard compact``: a logdir made as small as it can be."""

from __future__ import annotations

import argparse

from dashboard.commands.choosing import sized

NAME = "compact"
HELP = "make a logdir's databases smaller; no value changes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("logdir", metavar="LOGDIR", help="a directory or a database URL")


def run(options: argparse.Namespace) -> int:
    from summaries.upkeep import compact

    for done in compact(options.logdir):
        size = (
            f": {sized(done.bytes_before)} to {sized(done.bytes_after)}"
            if done.bytes_before
            else ": done"
        )
        print(f"{done.label}{size}")
    return 0
