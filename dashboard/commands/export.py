"""``dashboard export``: a logdir's runs as files of other programs."""

from __future__ import annotations

import argparse

from dashboard.commands.choosing import counted, sized

NAME = "export"
HELP = "write runs as event files, CSV, JSON lines, Parquet or one HTML page"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("logdir", metavar="LOGDIR", help="a directory or a database URL")
    parser.add_argument(
        "out",
        metavar="OUT",
        help="a .csv, .jsonl, .parquet or .html file; a directory for tfevents and csv-wide",
    )
    parser.add_argument(
        "--format",
        choices=("csv", "csv-wide", "jsonl", "parquet", "tfevents", "html"),
        help="what to write, if the name of OUT does not tell",
    )
    parser.add_argument("--runs", metavar="GLOB", help="only runs whose name fits")
    parser.add_argument("--tags", metavar="GLOB", help="only tags that fit")


def run(options: argparse.Namespace) -> int:
    from summaries import export_runs

    files = export_runs(
        options.logdir, options.out, format=options.format, runs=options.runs, tags=options.tags
    )
    size = sum(file.stat().st_size for file in files)
    print(f"{counted(len(files), 'file')}, {sized(size)}: {options.out}")
    return 0
