"""Runs copied from one store to another, lossless, and resumable wherever it was cut off.

What a copy lacks of a series is told by how many of its values it has: values have an order and are
never changed. So a copy that was interrupted, or a run that has grown, goes on where it stands, and
sending a part twice does no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from summaries.destination import (
    DATABASE_NAME,
    Store,
    is_http_url,
    is_url,
    split_http_url,
    split_postgres_url,
)
from summaries.errors import NotFoundError
from summaries.event import Event
from summaries.records import Scalars

if TYPE_CHECKING:
    from summaries.store.copying import ReplacedRow
    from summaries.store.reading import StoreReader
    from summaries.store.writing import StoreWriter

Lengths = Mapping[tuple[str, str], int]

_POINTS_A_PART = 1 << 17
_BYTES_A_PART = 16 << 20


@dataclass
class Part:
    """Values of one run that follow what its copy has."""

    scalars: dict[str, Scalars] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    starts: dict[tuple[str, str], int] = field(default_factory=dict)
    """Sequence number of the first of each (kind, tag)."""

    def n_points(self) -> int:
        return sum(map(len, self.scalars.values()))

    def n_bytes(self) -> int:
        """How much its events hold."""
        return sum(len(e.data) + (len(e.blob[1]) if e.blob else 0) for e in self.events)

    def __len__(self) -> int:
        return self.n_points() + len(self.events)


class Target(Protocol):
    """A store that takes copies of runs; every call may be made again."""

    def close(self) -> None:
        """Give it back."""

    def open_run(self, record: Mapping[str, Any], replaced: Sequence[ReplacedRow]) -> Lengths:
        """What the copy has of the run with the record's key, which is made if it is not there."""

    def append(self, key: str, part: Part) -> None:
        """Add what of the part the copy does not have.

        Raises:
            GapError: something before it is missing.
        """

    def close_run(self, record: Mapping[str, Any]) -> None:
        """Set the copy's record, status included, to what it is at the source."""


class StoreTarget:
    """A database as the target."""

    def __init__(self, where: Path | str) -> None:
        """Open or make the database.

        Raises:
            StoreWriteError, DamagedStoreError, SchemaVersionError: it cannot be used.
        """
        from summaries.store.writing import StoreWriter

        self.store = StoreWriter(where)
        self._ids: dict[str, int] = {}

    def close(self) -> None:
        """Give the database back."""
        self.store.close()

    def open_run(self, record: Mapping[str, Any], replaced: Sequence[ReplacedRow]) -> Lengths:
        from summaries.store import copying

        rewinds = sorted({row[2] for row in replaced})
        with self.store.transaction() as connection:
            run_id, is_whole = copying.place_run(connection, record, rewinds)
            if not is_whole:
                copying.write_replaced(connection, run_id, replaced)
            self._ids[record["key"]] = run_id
            return copying.lengths(connection, run_id)

    def _id(self, key: str) -> int:
        if key not in self._ids:  # opened by another process, as of a server that was restarted
            from summaries.store import runs

            with self.store.transaction() as connection:
                self._ids[key] = runs.id_of_key(connection, key)
        return self._ids[key]

    def append(self, key: str, part: Part) -> None:
        self.store.append(self._id(key), part.scalars, part.events, starts=part.starts)

    def close_run(self, record: Mapping[str, Any]) -> None:
        from summaries.store import copying

        run_id = self._id(record["key"])
        self.store.seal_rests(run_id)
        with self.store.transaction() as connection:
            copying.write_record(connection, run_id, record)


@dataclass
class CopyReport:
    """What a copy did."""

    runs: int = 0
    values: int = 0
    """Points and other values that were sent; what was there already is not counted."""
    failed: list[str] = field(default_factory=list)
    """Databases below the logdir that could not be read."""


def copy_run(store: StoreReader, name: str, target: Target, shown_name: str | None = None) -> int:
    """Bring the target's copy of one run up to date; how many values were sent.

    Args:
        store: where the run is.
        name: its name there.
        target: what takes it.
        shown_name: the copy's name, where it is not the same.

    Raises:
        NotFoundError: there is no such run.
    """
    from summaries.store import copying

    def read() -> tuple[dict[str, Any], list[ReplacedRow]]:
        with store.connection() as connection:
            record = copying.read_record(connection, name)
            replaced = copying.read_replaced(connection, name)
        if record is None:
            raise NotFoundError(f"run '{name}': there is none of that name in '{store.label}'")
        return {**record, "name": shown_name or record["name"]}, replaced

    sent = 0
    after: list[ReplacedRow] | None = None
    record, replaced = read()
    # A run that is rewound meanwhile is copied again: what was sent may be of before and after.
    while after is None or len(after) != len(replaced):
        replaced = replaced if after is None else after
        have = target.open_run(record, replaced)
        for part in parts_after(store, name, have):
            target.append(record["key"], part)
            sent += len(part)
        record, after = read()
    target.close_run(record)
    return sent


def parts_after(store: StoreReader, name: str, have: Lengths) -> Iterator[Part]:
    """What the run has beyond those lengths, in parts that memory holds easily."""
    part = Part()
    for series in store.series(run=name):
        kind, tag = series.kind, series.tag
        at = have.get((kind, tag), 0)
        while at < series.n:
            part.starts[kind, tag] = at
            if kind == "scalar":
                room = _POINTS_A_PART - part.n_points()
                points = store.scalars(name, tag, at, min(series.n, at + room))
                n = 0 if points is None else len(points)
                if points is not None and n:
                    part.scalars[tag] = points
            else:
                room = _BYTES_A_PART - part.n_bytes()
                events = store.events_to_copy(name, tag, kind, at, series.n, room)
                part.events += events
                n = len(events)
            if not n:  # it was rewound, or its run removed, since the series were listed
                del part.starts[kind, tag]
                break
            at += n
            if part.n_points() >= _POINTS_A_PART or part.n_bytes() >= _BYTES_A_PART:
                yield part
                part = Part()
    if len(part):
        yield part


def fork_run(writer: StoreWriter, run_id: int, parent: str, step: int) -> None:
    """Give the run what its parent, in the same store, logged before ``step``.

    Raises:
        NotFoundError: there is no such parent.
    """
    from summaries.store import editing
    from summaries.store.reading import StoreReader

    reader = StoreReader(writer.where)
    try:
        parent_id = reader.run_id(parent)
        for part in parts_after(reader, parent, {}):
            # Neither what the machine did for the parent, nor from where that was imported.
            points = {
                tag: p[p.step < step]
                for tag, p in part.scalars.items()
                if not tag.startswith("system/")
            }
            events = [
                e
                for e in part.events
                if e.step < step and e.kind != "imported" and not e.tag.startswith("system/")
            ]
            writer.append(run_id, {tag: p for tag, p in points.items() if len(p)}, events)
    finally:
        reader.close()
    with writer.transaction() as connection:
        editing.note_fork(connection, run_id, parent_id, step)


def as_target(url: str | Path, token: str | None = None) -> Target:
    """The target at an address, or the shared database of a directory.

    Raises:
        LogdirError: an address of no known kind.
    """
    if is_http_url(url):
        from summaries.http_client import HttpTarget

        return HttpTarget(split_http_url(str(url), token)[0])
    if is_url(url):
        return StoreTarget(split_postgres_url(str(url))[0])
    return StoreTarget(Path(url) / DATABASE_NAME)


def copy_runs(
    source: str | Path,
    target: str | Path,
    runs: str = "*",
    progress: Callable[[str, int], None] = lambda name, sent: None,
    token: str | None = None,
    store: Store | None = None,
) -> CopyReport:
    """Runs of one logdir brought into another; what the other has already is not sent again.

    Each run keeps its id, by which its copy is found, and what `Reader.replaced` gives. A name that
    another run has there gets a number.

    Args:
        source: a directory or a PostgreSQL URL.
        target: likewise, or the address of a ``dashboard serve --ingest``; in a directory all
            runs go into its one shared database.
        runs: glob of the names wanted.
        progress: called after each run with its name and how many values were sent.
        token: what a server asks for.
        store: "per-run": in a directory each run gets a database of its own, below its name.

    Raises:
        LogdirError: the source does not exist.
        StoreWriteError: the target cannot be written.
        OSError, RemoteError: a server does not answer, or refuses.

    Example:
        >>> import tempfile
        >>> from summaries import init, open_logdir
        >>> here, there = tempfile.mkdtemp(), tempfile.mkdtemp()
        >>> with init(here, name="a") as run:
        ...     run.log({"loss": 0.5}, step=0)
        >>> copy_runs(here, there, runs="a").values
        1
        >>> copy_runs(here, there, runs="a").values
        0
    """
    from summaries.reader import Reader

    report = CopyReport()
    with Reader(source) as reader:
        wanted = [info.name for info in reader.runs() if fnmatchcase(info.name, runs)]
        report.failed = [problem.message for problem in reader.problems()]
        shared = None if store == "per-run" else as_target(target, token)
        try:
            for name in wanted:
                place, own_name = reader.store_of(name)
                if shared is not None:
                    sent = copy_run(place, own_name, shared, name)
                else:
                    sent = _copy_to_own(place, own_name, Path(target) / name)
                report.runs += 1
                report.values += sent
                progress(name, sent)
        finally:
            if shared is not None:
                shared.close()
    return report


def _copy_to_own(place: StoreReader, name: str, directory: Path) -> int:
    """Bring the copy in a database of its own up to date, in the first directory that is free."""
    from summaries.store import copying
    from summaries.store.reading import StoreReader

    with place.connection() as connection:
        record = copying.read_record(connection, name)
    key = None if record is None else record["key"]
    number, own = 1, directory
    while (own / DATABASE_NAME).exists():
        there = StoreReader(own / DATABASE_NAME)
        keys = {row.info.key for row in there.changed_runs(-1).rows}
        there.close()
        if key in keys:
            break
        number += 1
        own = directory.with_name(f"{directory.name}-{number}")
    sink = StoreTarget(own / DATABASE_NAME)
    try:
        return copy_run(place, name, sink, ".")
    finally:
        sink.close()
