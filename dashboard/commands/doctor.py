"""``dashboard doctor``: is everything in order, and what would mend it."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from dashboard.commands.choosing import counted

if TYPE_CHECKING:
    from summaries.upkeep import Checkup

NAME = "doctor"
HELP = "check a logdir for damage, and say what would mend it"

DAMAGED = 1
"""Exit status where values are wrong or lost, and were not mended."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("logdir", metavar="LOGDIR", help="a directory or a database URL")
    parser.add_argument("--mend", action="store_true", help="do what can be done")


def run(options: argparse.Namespace) -> int:
    from summaries.upkeep import check_logdir

    checkups = check_logdir(options.logdir, mend=options.mend)
    if not checkups:
        print(f"{options.logdir}: there is no event store in it")
        return 0
    for checkup in checkups:
        _tell(checkup)
    if not options.mend and any(f.mend for c in checkups for f in c.findings):
        print(f"try: dashboard doctor --mend {options.logdir}", file=sys.stderr)
    return DAMAGED if any(checkup.is_damaged for checkup in checkups) else 0


def _tell(checkup: Checkup) -> None:
    held = f"{counted(checkup.runs, 'run')}, {checkup.series:,} series"
    if checkup.problem is not None:
        print(f"{checkup.label}: cannot be read\n  damage: {checkup.problem}")
        return
    print(f"{checkup.label}: {held}: " + ("in order" if not checkup.findings else ""))
    for finding in checkup.findings:
        if finding in checkup.mended:
            way = f"mended: {finding.remedy}"
        elif finding.mend is not None:
            way = f"--mend {finding.remedy}"
        else:
            way = finding.remedy
        print(f"  {finding.severity}: {finding.what}\n    {way}")
