"""Which run to go on with: by id or name, or the one that this machine left unfinished."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from summaries.checks import shown
from summaries.destination import Destination, is_http_url, is_url
from summaries.errors import LogdirError, NotFoundError
from summaries.process import host_name
from summaries.records import RunInfo

if TYPE_CHECKING:
    from summaries.store.runs import Exist

Resume = bool | Literal["allow", "must", "never", "auto"] | None
RESUME = (None, False, True, "allow", "must", "never", "auto")


def check_plan(
    resume: Any, rewind_step: int | None, fork_from: str | None, fork_step: int | None
) -> None:
    """Refuse what contradicts itself.

    Raises:
        ValueError: an unknown ``resume``; a rewind without resuming; half of a fork.
    """
    if resume not in RESUME:
        raise ValueError(f"init: resume must be one of {RESUME}\n  got {shown(resume)}")
    if rewind_step is not None and resume in (None, False, "never"):
        raise ValueError(
            "init: rewind_step is for a run that is resumed\n  try: resume='must', and its id"
        )
    if (fork_from is None) != (fork_step is None):
        raise ValueError("init: fork_from and fork_step belong together\n  try: give both")
    if fork_from is not None and resume not in (None, False, "never"):
        raise ValueError("init: a run is either forked from another or resumed\n  try: fork_from")


def as_exist(resume: Resume, id: str | None, rank: int | None) -> Exist:
    """What the store is to do if there is such a run."""
    if resume in (None, False):
        if rank is not None:
            # Whichever rank comes first makes the run, the others log into it.
            return "running" if id is None else "join"
        return "new" if id is None else "never"
    return resume if resume in ("must", "never") else "join"


def parent_called(
    logdir: str | Path, place: Destination, which: str
) -> tuple[str, Mapping[str, Any]]:
    """The run of that id, or else of that name: its name in the database, and its config.

    A server knows its own runs: to it the name is given as it is, and no config comes back.

    Raises:
        NotFoundError: there is none.
        LogdirError: it lies in another database than the new run will.
    """
    if place.server is not None:
        return which, {}
    from summaries.reader import Reader  # SQLAlchemy: 0.15 s, only when a run is looked for

    runs: list[RunInfo] = []
    if is_url(logdir) or Path(logdir).exists():
        with Reader(logdir) as reader:
            runs = reader.runs()
            found = [info for info in runs if info.key == which]
            found = found or [info for info in runs if info.name == which]
            if found:
                store, name = reader.store_of(found[-1].name)
                if isinstance(place.where, Path) and not _is_same(store.where, place.where):
                    raise LogdirError(
                        f"run '{which}': has a database of its own, and no fork is made of it\n"
                        f"  it: {store.where}\n  the new run: {place.where}\n"
                        "  try: dashboard push, to bring runs into one database"
                    )
                return name, found[-1].config
    names = ", ".join(f"'{info.name}'" for info in runs[-8:])
    raise NotFoundError(
        f"run '{which}': there is none of that id or name in '{logdir}'\n"
        f"  newest runs: {names or 'none yet'}"
    )


def _is_same(one: Path | str, other: Path) -> bool:
    return Path(one).resolve() == other.resolve()


def left_unfinished(logdir: str | Path, name: str | None) -> RunInfo | None:
    """The newest run of this machine that crashed or failed, of that name if one is given.

    None if the newest ended well: it wants no resuming. None too where a server holds the runs.
    """
    if is_http_url(logdir) or not (is_url(logdir) or Path(logdir).exists()):
        return None
    from summaries.reader import Reader  # as above

    with Reader(logdir) as reader:
        for info in reversed(reader.runs()):
            if info.host == host_name() and name in (None, info.name):
                return info if info.status in ("crashed", "failed") else None
    return None
