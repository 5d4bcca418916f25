"""``dashboard import``: other programs' runs into a logdir."""

from __future__ import annotations

import argparse
import os
import sys

from dashboard.commands.choosing import counted

NAME = "import"
HELP = "bring in runs of TensorBoard, MLflow, Trackio, W&B, CSV or JSON lines"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a directory of event files, MLflow's or Trackio's .db, a .csv or .jsonl file",
    )
    parser.add_argument(
        "logdir",
        metavar="LOGDIR",
        nargs="?",
        default="logs",
        help="where to: a directory or a database URL (default: logs)",
    )
    parser.add_argument(
        "--store",
        choices=("shared", "per-run"),
        help="one database of all runs, or one each below its name",
    )
    parser.add_argument(
        "--format",
        choices=("tfevents", "mlflow", "trackio", "wandb", "table"),
        help="what the source is, if that cannot be told from it",
    )


def run(options: argparse.Namespace) -> int:
    from summaries import import_runs

    if options.store is not None:
        os.environ["TRAINBOARD_STORE"] = options.store
    report = import_runs(options.source, options.logdir, format=options.format)
    print(
        f"{counted(report.values, 'new value')} of {counted(report.runs, 'run')}"
        f" from {counted(report.files, 'file')}"
    )
    for note in report.notes:
        print(note, file=sys.stderr)
    if report.damaged:
        print(f"{counted(report.damaged, 'damaged record')} left out", file=sys.stderr)
    print(f"try: dashboard serve {options.logdir}")
    return 0
