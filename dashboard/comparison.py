"""Runs held against each other: surroundings, uncommitted changes, values at a step, curves."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from summaries.records import Float64, Int64, Scalars

MOST_LINES = 20_000
"""Of one file's changes that are compared line by line; difflib's time grows with the square."""
CONTEXT = 3

LineKind = Literal["same", "added", "removed", "place"]
Standing = Literal["same", "only_a", "only_b", "differs"]


@dataclass(frozen=True)
class FileChange:
    """What two runs had changed of one file without committing it."""

    path: str
    standing: Standing
    lines: tuple[tuple[LineKind, str], ...]
    """For ``differs``: how the second run's change differs from the first's; else the change."""


def files_of(diff: str) -> dict[str, str]:
    """A git diff as path -> the part of it that is about that path.

    Example:
        >>> list(files_of("diff --git a/x.py b/x.py\\n+1\\ndiff --git a/y.py b/y.py\\n+2\\n"))
        ['x.py', 'y.py']
    """
    files: dict[str, str] = {}
    for part in re.split(r"(?m)^(?=diff --git )", diff):
        if not part.strip():
            continue
        head = part.splitlines()[0]
        named = re.match(r'diff --git "?a/.*"? "?b/(.*?)"?$', head)
        files[named[1] if named else head] = part
    return files


def compare_diffs(a: str, b: str) -> list[FileChange]:
    """Per file how the uncommitted changes of two runs stand to each other, by path."""
    first, second = files_of(a), files_of(b)
    found = []
    for path in sorted(first.keys() | second.keys()):
        own, other = first.get(path), second.get(path)
        if own is None:
            found.append(FileChange(path, "only_b", _as_change(other or "")))
        elif other is None:
            found.append(FileChange(path, "only_a", _as_change(own)))
        elif _bare(own) == _bare(other):
            found.append(FileChange(path, "same", _as_change(own)))
        else:
            found.append(FileChange(path, "differs", _difference(own, other)))
    return found


def _bare(change: str) -> list[str]:
    """The change without the object names, which differ where the commits do."""
    return [line for line in change.splitlines() if not line.startswith("index ")]


def _as_change(change: str) -> tuple[tuple[LineKind, str], ...]:
    lines = []
    for line in _bare(change)[:MOST_LINES]:
        if line.startswith(("diff --git", "--- ", "+++ ")):
            continue
        kind: LineKind = "same"
        if line.startswith("@@"):
            kind = "place"
        elif line.startswith(("+", "-")):
            kind = "added" if line[0] == "+" else "removed"
        lines.append((kind, line))
    return tuple(lines)


def _difference(a: str, b: str) -> tuple[tuple[LineKind, str], ...]:
    lines = []
    before, after = (
        [line for line in _bare(change) if not line.startswith(("diff --git", "--- ", "+++ "))]
        for change in (a, b)
    )
    # Where a hunk begins says nothing of what was changed in it.
    before, after = (
        [re.sub(r"^@@ .*? @@.*", "@@", line) for line in part[:MOST_LINES]]
        for part in (before, after)
    )
    for line in list(difflib.unified_diff(before, after, lineterm="", n=CONTEXT))[2:]:
        kind: LineKind = "same"
        if line.startswith("@@"):
            kind = "place"
        elif line.startswith(("+", "-")):
            kind = "added" if line[0] == "+" else "removed"
        lines.append((kind, line))
    return tuple(lines)


# -- surroundings ---------------------------------------------------------------------------------


def surroundings(environments: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows ``{"group", "name", "values"}``, a value a run or None, of what surrounded the runs.

    Every fact is a row; of packages only those whose versions differ are.
    """
    rows = []
    facts = [_facts(environment) for environment in environments]
    for key in dict.fromkeys(key for own in facts for key in own):
        rows.append(
            {"group": key[0], "name": key[1], "values": [own.get(key) for own in facts]},
        )
    packages = [dict(environment.get("packages") or {}) for environment in environments]
    for name in sorted({name for own in packages for name in own}):
        versions = [own.get(name) for own in packages]
        if len(set(versions)) > 1:
            rows.append({"group": "packages", "name": name, "values": versions})
    return rows


def _facts(environment: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    facts: dict[tuple[str, str], Any] = {}
    git = environment.get("git") or {}
    for name in ("commit", "branch", "remote", "root"):
        if name in git:
            facts["git", name] = git[name]
    if "dirty" in git:
        facts["git", "uncommitted changes"] = "yes" if git["dirty"] else "no"
    if git.get("untracked"):
        facts["git", "untracked files"] = ", ".join(map(str, git["untracked"]))
    for name in ("command", "python", "platform", "cwd"):
        value = environment.get(name)
        if value:
            facts["process", name] = (
                " ".join(map(str, value)) if isinstance(value, list | tuple) else value
            )
    known = {"git", "packages", "command", "python", "platform", "cwd"}
    for name, value in environment.items():
        if name not in known and value is not None:
            facts["machine", name] = value
    return facts


# -- numbers --------------------------------------------------------------------------------------


def value_at(points: Scalars, step: int) -> tuple[int, float] | None:
    """Step and value of the last point logged at or before the step; None if all came later."""
    having = np.flatnonzero(points.step <= step)
    if not len(having):
        return None
    # Of a run that was restarted, the latest that has come nearest.
    best = having[points.step[having] == points.step[having].max()][-1]
    return int(points.step[best]), float(points.value[best])


@dataclass(frozen=True)
class Difference:
    """One curve less another, where both were logged."""

    step: Int64
    """int64 [n]"""
    low: Float64
    """float64 [n]: least of the steps that stand at ``step``; likewise ``high`` and ``mean``."""
    high: Float64
    mean: Float64
    interpolated: bool
    """Whether a curve was interpolated between its points, as they have no steps in common."""


def difference(a: Scalars, b: Scalars, pixels: int = 1000) -> Difference:
    """``a - b`` at the steps both have; without common steps at all of ``a``'s inside of ``b``'s.

    At most ``pixels`` bins of equally many steps.
    """
    (a_step, a_value), (b_step, b_value) = _by_step(a), _by_step(b)
    common, at_a, at_b = np.intersect1d(a_step, b_step, return_indices=True)
    interpolated = len(common) < 2 and len(a_step) > 0 and len(b_step) > 1
    if interpolated:
        inside = (a_step >= b_step[0]) & (a_step <= b_step[-1])
        common = a_step[inside]
        less = a_value[inside] - np.interp(common, b_step, b_value)
    else:
        less = a_value[at_a] - b_value[at_b]
    n = len(common)
    if n == 0:
        empty = np.empty(0)
        return Difference(np.empty(0, np.int64), empty, empty, empty, False)
    starts = np.unique(np.linspace(0, n, min(n, pixels) + 1).astype(np.int64)[:-1])
    counts = np.diff([*starts, n])
    return Difference(
        step=common[np.append(starts[1:], n) - 1].astype(np.int64),
        low=np.minimum.reduceat(less, starts),
        high=np.maximum.reduceat(less, starts),
        mean=np.add.reduceat(less, starts) / counts,
        interpolated=interpolated,
    )


def _by_step(points: Scalars) -> tuple[Int64, Float64]:
    """Steps that rise, with the value logged last at each."""
    order = np.argsort(points.step, kind="stable")
    step, value = points.step[order], points.value[order]
    last = np.append(step[1:] != step[:-1], True) if len(step) else np.empty(0, bool)
    return step[last], value[last]
