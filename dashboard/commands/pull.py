"""``dashboard pull``: runs of a PostgreSQL database into a directory, lossless and resumable."""

from __future__ import annotations

import argparse

from dashboard.commands import push

NAME = "pull"
HELP = "copy runs from a PostgreSQL database into a directory"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", metavar="URL", help="postgresql+psycopg://user@host/database")
    parser.add_argument("logdir", metavar="LOGDIR", help="a directory, made if it is not there")
    push.add_choice(parser)
    parser.add_argument(
        "--store",
        choices=("shared", "per-run"),
        default="shared",
        help="one database of all runs, or one each below its name (default: %(default)s)",
    )


def run(options: argparse.Namespace) -> int:
    return push.copy(options.url, options.logdir, options.runs, store=options.store)
