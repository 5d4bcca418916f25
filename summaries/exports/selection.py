"""What an export takes of a logdir: its runs and tags by glob, read a series at a time."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from summaries.imports.sink import BOOKMARK
from summaries.reader import Reader
from summaries.records import RunInfo, Scalars, SeriesInfo

_ROWS = 65_536


class Selection:
    """The chosen part of a logdir."""

    def __init__(self, reader: Reader, runs: str | None = None, tags: str | None = None) -> None:
        """See `summaries.export_runs`."""
        self.reader = reader
        self._runs, self._tags = runs, tags

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
                points = self.reader.scalars(info.name, series.tag)
                for start in range(0, len(points), _ROWS):
                    yield info.name, series.tag, part_of(points, start, start + _ROWS)

    def has_ranks(self) -> bool:
        """Whether a chosen run was logged by several processes."""
        return any(tuple(info.ranks) not in ((), (0,)) for info in self.runs())


def matches(name: str, pattern: str | None) -> bool:
    """Whether the name fits the glob; ``*`` stands for slashes too."""
    return pattern is None or fnmatchcase(name, pattern)


def part_of(points: Scalars, start: int, stop: int) -> Scalars:
    """The points from start to before stop."""
    at = slice(start, stop)
    rank = None if points.rank is None else points.rank[at]
    return Scalars(points.step[at], points.wall_time[at], points.value[at], rank)


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
