"""``dashboard mcp``: the logdir for an agent, over standard input and output."""

from __future__ import annotations

import argparse

NAME = "mcp"
HELP = "answer an agent's questions about the runs (Model Context Protocol, over stdio)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("logdir", metavar="LOGDIR", help="a directory or a database URL")


def run(options: argparse.Namespace) -> int:
    from dashboard.mcp_server import make_server
    from summaries import open_logdir

    with open_logdir(options.logdir) as reader:
        make_server(reader).run("stdio")
    return 0
