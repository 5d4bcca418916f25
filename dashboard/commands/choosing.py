"""Which runs a command is to be about: names and globs, as people type them."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from summaries.errors import NotFoundError

if TYPE_CHECKING:
    from summaries.reader import Reader
    from summaries.records import RunInfo


def chosen(reader: Reader, patterns: Sequence[str], *, deleted: bool = False) -> list[RunInfo]:
    """The runs of those names, or that fit those globs; each once, as listed.

    Args:
        reader: of the logdir.
        patterns: what was typed.
        deleted: among those in the trash, and not the others.

    Raises:
        NotFoundError: one of them fits no run.
    """
    runs = reader.runs(deleted=deleted)
    wanted: set[str] = set()
    for pattern in patterns:
        found = {r.name for r in runs if r.name == pattern or r.key == pattern}
        found = found or {r.name for r in runs if fnmatchcase(r.name, pattern)}
        if not found:
            names = ", ".join(f"'{r.name}'" for r in runs[:8]) + (", …" if len(runs) > 8 else "")
            raise NotFoundError(f"run '{pattern}': there is none\n  runs: {names or 'none yet'}")
        wanted |= found
    return [r for r in runs if r.name in wanted]


def counted(n: int, what: str) -> str:
    """``1 run``, ``2 runs``, ``1,000 runs``."""
    return f"{n:,} {what}" + ("" if n == 1 else "s")


def sized(n_bytes: float) -> str:
    """A size as people read it: ``3.4 MB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(n_bytes) < 1000 or unit == "GB":
            return f"{n_bytes:,.0f} {unit}" if unit == "B" else f"{n_bytes:,.1f} {unit}"
        n_bytes /= 1000
    raise AssertionError("a gigabyte is always enough")
