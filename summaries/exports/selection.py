"""What an export takes of a logdir: its runs and tags by glob, read a series at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from summaries.event import Event
from summaries.imports.sink import BOOKMARK
from summaries.kinds import KINDS
from summaries.reader import Reader
from summaries.records import RunInfo, Scalars, SeriesInfo

_ROWS = 65_536
_EVENTS = 32


class Selection:
    """The chosen part of a logdir."""

    def __init__(self, reader: Reader, runs: str | None = None, tags: str | None = None) -> None:
        """See `summaries.export_runs`."""
        self.reader = reader
        self._runs, self._tags = runs, tags
        self.title = Path(str(reader.logdir)).absolute().name or str(reader.logdir)
        """What to call it: the logdir's own name, without where it lies."""

    def runs(self) -> list[RunInfo]:
        """The chosen runs, oldest first."""
        return [info for info in self.reader.runs() if matches(info.name, self._runs)]

    def series(self, run: str, kind: str | None = None) -> list[SeriesInfo]:
        """The run's chosen series, by tag."""
        found = self.reader.series(run, kind)
        return sorted(
            (s for s in found if s.kind != BOOKMARK and matches(s.tag, self._tags)),
            key=lambda s: (s.tag, s.kind),
        )

    def scalars(self) -> Iterator[tuple[str, str, Scalars]]:
        """(run, tag, points) of each chosen scalar series, in parts of some 10,000 points."""
        for info in self.runs():
            for series in self.series(info.name, "scalar"):
                for points in self.points(series):
                    yield info.name, series.tag, points

    def points(self, series: SeriesInfo) -> Iterator[Scalars]:
        """The series' points in logging order, some 10,000 at a time."""
        store, name = self.reader.store_of(series.run)
        for start in range(0, series.n, _ROWS):
            points = store.scalars(name, series.tag, start, min(start + _ROWS, series.n))
            if points is not None and len(points):
                yield points

    def events(self, series: SeriesInfo) -> Iterator[Event]:
        """The series' values as they are stored, with their files."""
        store, name = self.reader.store_of(series.run)
        for start in range(0, series.n, _EVENTS):
            stop = min(start + _EVENTS, series.n)
            yield from store.events_to_copy(name, series.tag, series.kind, start, stop)

    def has_ranks(self) -> bool:
        """Whether a chosen run was logged by several processes."""
        return any(tuple(info.ranks) not in ((), (0,)) for info in self.runs())


def matches(name: str, pattern: str | None) -> bool:
    """Whether the name fits the glob; ``*`` stands for slashes too."""
    return pattern is None or fnmatchcase(name, pattern)


def record_of(event: Event) -> Any:
    """The record that a reader would give of a stored value."""
    record = KINDS[event.kind](event.step, event.wall_time, event.data)
    return replace(record, rank=event.rank) if event.rank else record


def below(name: str) -> PurePosixPath:
    """The run's name as a path that stays below the directory it is put in."""
    # `init` makes no other names, but anybody can make a database.
    parts = PurePosixPath(name.replace("\0", "")).parts
    return PurePosixPath(*(part for part in parts if part.strip("/") not in ("", "..")))


def as_file_name(tag: str) -> str:
    """The tag as a file's name: ``train/loss`` is ``train_loss``."""
    kept = "".join(c if c.isalnum() or c in "-.=+" else "_" for c in tag)
    return kept.lstrip(".")[:120] or "_"


def in_directory(out: Path, name: str) -> Path:
    """The file of that name, its directory made."""
    path = out / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
