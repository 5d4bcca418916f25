"""A logdir kept in order: checked, mended, made smaller; its runs renamed, archived, removed."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from summaries.errors import EmptyStoreError, LogdirError, SummariesError
from summaries.names import as_run_name
from summaries.places import joined
from summaries.reader import Reader
from summaries.store.writing import StoreWriter

Logdir = str | Path | Reader
"""A directory, a PostgreSQL URL, or what reads it already."""

if TYPE_CHECKING:
    from summaries.store.checking import Finding
    from summaries.store.connect import Where
    from summaries.store.reading import StoreReader


@dataclass
class Checkup:
    """What was found in one database."""

    label: str
    runs: int = 0
    series: int = 0
    findings: list[Finding] = field(default_factory=list)
    mended: list[Finding] = field(default_factory=list)
    problem: str | None = None
    """Why it could not be looked at."""

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing left to say of it."""
        return self.problem is None and len(self.findings) == len(self.mended)

    @property
    def is_damaged(self) -> bool:
        """Whether values are wrong or lost, and were not mended."""
        left = [f for f in self.findings if f not in self.mended]
        return self.problem is not None or any(f.severity == "damage" for f in left)


def check_logdir(logdir: str | Path, *, mend: bool = False) -> list[Checkup]:
    """What is wrong with each database below the logdir; nothing is changed unless asked for.

    Args:
        logdir: a directory or a PostgreSQL URL.
        mend: do what each finding says can be done.

    Raises:
        LogdirError: the logdir does not exist.

    Example:
        >>> import tempfile
        >>> from summaries import init
        >>> logdir = tempfile.mkdtemp()
        >>> with init(logdir, name="a") as run:
        ...     run.log({"loss": 0.5}, step=0)
        >>> [checkup.is_clean for checkup in check_logdir(logdir)]
        [True]
    """
    with Reader(logdir) as reader:
        checkups = [_check(reader, where, mend) for where in reader.databases()]
        known = {checkup.label for checkup in checkups}
        return checkups + [
            Checkup(problem.path, problem=problem.message)
            for problem in reader.problems()
            if problem.path not in known
        ]


def _check(reader: Reader, where: Where, mend: bool) -> Checkup:
    from summaries.store.checking import check
    from summaries.store.reading import StoreReader
    from summaries.store.runs import next_revision

    checkup = Checkup(str(where) if isinstance(where, Path) else reader.logdir)
    try:
        store = StoreReader(where)
    except EmptyStoreError:
        return checkup  # nothing was ever logged to it
    except SummariesError as error:
        checkup.problem = str(error)
        return checkup
    try:
        with store.connection() as connection:
            checkup.runs = int(connection.exec_driver_sql("SELECT count(*) FROM run").scalar_one())
            checkup.series = int(
                connection.exec_driver_sql("SELECT count(*) FROM series").scalar_one()
            )
            checkup.findings = list(check(connection))
    except SummariesError as error:
        checkup.problem = str(error)
        return checkup
    finally:
        store.close()
    if mend and any(f.mend is not None for f in checkup.findings):
        with _writing(where) as writer, writer.transaction() as connection:
            # Writers wait from here on. What they wrote since the look is not to be undone.
            next_revision(connection)
            checkup.findings = list(check(connection))
            for finding in checkup.findings:
                if finding.mend is not None:
                    finding.mend(connection)
                    checkup.mended.append(finding)
    return checkup


@contextmanager
def reading(logdir: Logdir) -> Iterator[Reader]:
    """A reader of the logdir, closed at the end unless it was given."""
    if isinstance(logdir, Reader):
        yield logdir
        return
    with Reader(logdir) as reader:
        yield reader


@contextmanager
def _writing(where: Where) -> Iterator[StoreWriter]:
    writer = StoreWriter(where)
    try:
        yield writer
    finally:
        writer.close()


# -- smaller --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Compaction:
    """What one database was made smaller by."""

    label: str
    chunks: int
    """Chunks saved by making full ones, less those made of what was in none."""
    bytes_before: int
    bytes_after: int
    """On disk, logs included; 0 on a server."""


def compact(logdir: str | Path) -> list[Compaction]:
    """Make each database below the logdir as small as it can be; no value changes.

    Runs that are being logged stay as they are.

    Raises:
        LogdirError: the logdir does not exist.
        StoreWriteError: a database cannot be written.
    """
    with Reader(logdir) as reader:
        return [_compacted(reader, where) for where in reader.databases()]


def _compacted(reader: Reader, where: Where) -> Compaction:
    from summaries.store import editing
    from summaries.store.dialect import execute

    before = _size(where)
    chunks = 0
    with _writing(where) as writer:
        query = (
            "SELECT series.id FROM series JOIN run ON run.id = series.run_id"
            " WHERE run.status <> 'running' AND kind = 'scalar' AND n > 0"
            " AND (sealed < n OR chunks > (n + 4095) / 4096)"
        )
        with writer.transaction() as connection:
            waiting = [row[0] for row in execute(connection, query).all()]
        for series_id in waiting:
            with writer.transaction() as connection:
                chunks += editing.reseal(connection, series_id)
        with writer.transaction() as connection:
            editing.drop_unused_blobs(connection)
        writer.vacuum()
        label = writer.label
    return Compaction(label, chunks, before, _size(where))


def _size(where: Where) -> int:
    if not isinstance(where, Path):
        return 0
    files = (where, Path(f"{where}-wal"), Path(f"{where}-journal"))
    return sum(file.stat().st_size for file in files if file.exists())


# -- runs -----------------------------------------------------------------------------------------


def archive_runs(logdir: str | Path, names: Sequence[str], *, archived: bool = True) -> None:
    """Set the runs aside, or take them back; they keep all they have.

    Raises:
        NotFoundError: there is no such run; none was changed.
        StoreWriteError: a database cannot be written.
    """

    def act(writer: StoreWriter, run_id: int) -> None:
        writer.update_run(run_id, archived=int(archived))

    _to_each(logdir, names, act)


def remove_runs(logdir: Logdir, names: Sequence[str], *, force: bool = False) -> None:
    """Delete the runs and all they logged.

    Args:
        logdir: a directory, a PostgreSQL URL, or a reader of one.
        names: the runs' names.
        force: also runs that are being logged.

    Raises:
        NotFoundError: there is no such run; none was deleted.
        LogdirError: one is being logged, or is of event files, which are not ours to delete.
        StoreWriteError: a database cannot be written.
    """
    from summaries.store import editing

    with reading(logdir) as reader:
        places = _located(reader, names)
        if not force:
            _refuse_running(reader, names, "deleted")
        files = {
            where
            for name, (where, own, _) in places.items()
            if own == "." and isinstance(where, Path) and _holds_one_run(reader.store_of(name)[0])
        }
    shared: dict[Where, list[int]] = {}
    for where, _, run_id in places.values():
        if isinstance(where, Path) and where in files:
            _remove_database(where)
        else:
            shared.setdefault(where, []).append(run_id)
    for where, run_ids in shared.items():
        with _writing(where) as writer, writer.transaction() as connection:
            editing.remove(connection, run_ids)


def _holds_one_run(store: StoreReader) -> bool:
    """Whether the file may go with the run."""
    with store.connection() as connection:
        counts = [
            int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())
            for table in ("run", "saved_view")
        ]
    return counts == [1, 0]


def _remove_database(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # it holds other things, which stay
        path.parent.rmdir()


def rename_run(logdir: str | Path, name: str, to: str) -> None:
    """Give the run another name; one that has a directory of its own is moved to that path.

    Raises:
        NotFoundError: there is no such run.
        LogdirError: the new name is taken or none, or the run cannot be given that name.
        StoreWriteError: the database cannot be written.
    """
    from summaries.store import editing

    wanted = as_run_name(to)
    with Reader(logdir) as reader:
        ((where, own, run_id),) = _located(reader, [name]).values()
        for info in [*reader.runs(), *reader.runs(deleted=True)]:
            if info.name == wanted:
                where_it_is = " in the trash" if info.deleted is not None else ""
                raise LogdirError(
                    f"run '{wanted}': there is one already{where_it_is}\n  try: another name"
                )
        prefix = reader.prefix_of(name)
        root = reader.logdir
        if own == ".":
            _refuse_running(reader, [name], "moved")
    if own == "." and isinstance(where, Path):
        if not prefix:
            raise LogdirError(
                f"run '{name}': is the directory '{root}' itself\n  try: mv, with that directory"
            )
        target = Path(root) / wanted
        if target.exists():
            raise LogdirError(f"run '{wanted}': '{target}' is there already\n  try: another name")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(where.parent, target)
        return
    short = wanted.removeprefix(f"{prefix}/") if prefix else wanted
    if joined(prefix, short) != wanted:
        raise LogdirError(
            f"run '{name}': lies in the database of '{prefix}', so its name begins with that\n"
            f"  try: {prefix}/{PurePath(wanted).name}"
        )
    with _writing(where) as writer, writer.transaction() as connection:
        editing.rename(connection, run_id, short)


def _located(reader: Reader, names: Sequence[str]) -> dict[str, tuple[Where, str, int]]:
    """Each run's database, its name there, and its id."""
    found = {}
    for name in names:
        store, own = reader.store_of(name)
        if reader.is_mirrored(name):
            raise LogdirError(
                f"run '{name}': is of event files, which are shown and never changed\n"
                f"  try: dashboard import '{Path(reader.logdir) / name}' LOGDIR, and the copy"
            )
        found[name] = (store.where, own, store.run_id(own))
    return found


def _refuse_running(reader: Reader, names: Sequence[str], what: str) -> None:
    for info in [*reader.runs(), *reader.runs(deleted=True)]:
        if info.name in names and info.status == "running":
            raise LogdirError(
                f"run '{info.name}': is being logged by process {info.pid} on '{info.host}'\n"
                f"  try: end it first; it was not {what}"
            )


def _to_each(
    logdir: str | Path, names: Sequence[str], act: Callable[[StoreWriter, int], None]
) -> None:
    with Reader(logdir) as reader:
        places = _located(reader, names)
    for where, _, run_id in places.values():
        with _writing(where) as writer:
            act(writer, run_id)
