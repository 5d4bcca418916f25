"""``dashboard mcp``: the logdir for an agent, over standard input and output."""

from __future__ import annotations

import argparse
from contextlib import suppress

NAME = "mcp"
HELP = "answer an agent's questions about the runs (Model Context Protocol, over stdio)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "logdirs",
        metavar="[NAME=]LOGDIR",
        nargs="+",
        help="a directory with runs, or a database URL; several are read as one, by name",
    )


def run(options: argparse.Namespace) -> int:
    from dashboard.cli import named_logdirs  # the command line imports this module
    from dashboard.mcp_server import make_server
    from summaries import open_logdir

    with open_logdir(named_logdirs(options.logdirs)) as reader, suppress(KeyboardInterrupt):
        make_server(reader).run("stdio")
    return 0
