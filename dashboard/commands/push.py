"""``dashboard push``: runs of a directory to a server, lossless and resumable."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Literal

from dashboard.commands.choosing import counted

NAME = "push"
HELP = "copy runs to a PostgreSQL database or a dashboard serve --ingest"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("logdir", metavar="LOGDIR", help="a directory, or a spool that was left")
    parser.add_argument(
        "url",
        metavar="URL",
        help="postgresql+psycopg://user@host/database, or http://host:port",
    )
    add_choice(parser)
    parser.add_argument("--token", help="what a server at http://… asks for")


def add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", metavar="GLOB", default="*", help="only runs whose name fits")


def run(options: argparse.Namespace) -> int:
    from summaries.destination import is_http_url

    spool = Path(options.logdir)
    if is_http_url(options.url) and _is_spool(spool):
        return _send_spool(options, spool)
    return copy(options.logdir, options.url, options.runs, options.token)


def copy(
    source: str,
    target: str,
    runs: str,
    token: str | None = None,
    store: Literal["shared", "per-run"] | None = None,
) -> int:
    """Copies and says what it does; the exit status."""
    from summaries.replicate import copy_runs

    report = copy_runs(source, target, runs, _tell, token=token, store=store)
    print(f"{counted(report.values, 'new value')} of {counted(report.runs, 'run')}")
    for message in report.failed:
        print(f"dashboard: {message}", file=sys.stderr)
    return 1 if report.failed else 0


def _tell(name: str, sent: int) -> None:
    if sent:
        print(f"{name}: {counted(sent, 'value')}", flush=True)


def _is_spool(directory: Path) -> bool:
    from summaries.spool import is_spool

    return is_spool(directory)


def _send_spool(options: argparse.Namespace, spool: Path) -> int:
    from summaries.destination import split_http_url
    from summaries.spool import send_spool

    sent = send_spool(split_http_url(options.url, options.token)[0], spool)
    if sent is None:
        print(f"dashboard: '{spool}' is being sent by the process that logs to it", file=sys.stderr)
        return 1
    print(counted(sent, "value"))
    return 0
