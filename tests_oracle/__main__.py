"""``python -m tests_oracle``: the table of agreement."""

from __future__ import annotations

import argparse
import fnmatch
import re
import sys
import warnings
from typing import Any

from tests_oracle import misuses, models, rows
from tests_oracle.apis import AbsentError, ours, theirs
from tests_oracle.explained import EXPLAINED
from tests_oracle.outcome import Outcome, differences, outcome_of

FAMILIES: dict[str, Any] = {"rows": rows, "models": models, "misuses": misuses}

parser = argparse.ArgumentParser(prog="python -m tests_oracle", description=__doc__)
parser.add_argument("--only", choices=FAMILIES, help="one family of cases")
parser.add_argument("--match", default="", help="cases whose names match this expression")


def reason_for(name: str, fact: str) -> str | None:
    """Why a case may differ in a fact, None if nothing is known."""
    for pattern, reason in EXPLAINED.items():
        case, _, facts = pattern.partition("#")
        wanted = facts.split(",") if facts else ["*"]
        if fnmatch.fnmatchcase(name, case) and any(fnmatch.fnmatchcase(fact, x) for x in wanted):
            return reason
    return None


def absent(outcome: Outcome) -> bool:
    """Whether a case asks for what one of both does not have."""
    return isinstance(outcome.error, AbsentError) or (
        isinstance(outcome.error, AttributeError)
        and "has no attribute" in str(outcome.error)
        and "module" in str(outcome.error)
    )


def main() -> int:
    """Run, print; 1 if anything differs without a reason."""
    args = parser.parse_args()
    mine, other = ours(), theirs()
    warnings.simplefilter("ignore")
    table: dict[str, list[int]] = {}
    lines: list[str] = []
    for family, module in FAMILIES.items():
        if args.only in (None, family):
            table[family] = _compared(family, module.cases(mine, other), mine, other, args, lines)
    print("\n".join(lines))
    print(f"\n{'family':10}{'cases':>8}{'agree':>8}{'meant':>8}{'differ':>8}{'absent':>8}")
    for family, (agree, meant, differ, missing) in table.items():
        cases = agree + meant + differ + missing
        print(f"{family:10}{cases:8}{agree:8}{meant:8}{differ:8}{missing:8}")
    return 1 if any(counts[2] for counts in table.values()) else 0


def _compared(
    family: str, cases: Any, mine: Any, other: Any, args: Any, lines: list[str]
) -> list[int]:
    counts = [0, 0, 0, 0]
    for own, their in cases:
        name = f"{family}/{own.name}"
        if not re.search(args.match, name):
            continue
        a, b = outcome_of(own.run, mine), outcome_of(their.run, other)
        if absent(a) or absent(b):
            counts[3] += 1
            lines.append(f"absent  {name}: {(a if absent(a) else b).error}")
            continue
        found = differences(a, b)
        reasons = {fact: reason_for(name, fact) for fact in found}
        if not found:
            counts[0] += 1
        elif all(reasons.values()):
            counts[1] += 1
        else:
            counts[2] += 1
        for fact, values in found.items():
            word = "meant " if reasons[fact] else "DIFFER"
            why = f"  ({reasons[fact]})" if reasons[fact] else ""
            lines.append(f"{word}  {name} {fact}: {values}{why}")
    return counts


if __name__ == "__main__":
    sys.exit(main())
