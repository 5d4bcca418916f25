"""Which run to go on with: by id or name, or the one that this machine left unfinished."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from summaries.destination import is_url
from summaries.errors import NotFoundError
from summaries.process import host_name
from summaries.records import RunInfo

Resume = bool | Literal["allow", "must", "never", "auto"] | None
RESUME = (None, False, True, "allow", "must", "never", "auto")


def known_runs(logdir: str | Path) -> list[RunInfo]:
    """The runs of the logdir, oldest first; none if it is not there yet."""
    if not is_url(logdir) and not Path(logdir).exists():
        return []
    from summaries.reader import Reader  # SQLAlchemy: 0.15 s, only when a run is looked for

    with Reader(logdir) as reader:
        return reader.runs()


def run_called(logdir: str | Path, which: str) -> RunInfo:
    """The run of that id, or else of that name.

    Raises:
        NotFoundError: there is none.
    """
    runs = known_runs(logdir)
    found = [info for info in runs if info.key == which]
    found = found or [info for info in runs if info.name == which]
    if not found:
        names = ", ".join(f"'{info.name}'" for info in runs[-8:])
        raise NotFoundError(
            f"run '{which}': there is none of that id or name in '{logdir}'\n"
            f"  newest runs: {names or 'none yet'}"
        )
    return found[-1]


def left_unfinished(logdir: str | Path, name: str | None) -> RunInfo | None:
    """The newest run of this machine that crashed or failed, of that name if one is given.

    None if the newest ended well: it wants no resuming.
    """
    for info in reversed(known_runs(logdir)):
        if info.host == host_name() and name in (None, info.name):
            return info if info.status in ("crashed", "failed") else None
    return None
