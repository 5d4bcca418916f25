"""What people change of runs after they were logged: names shown, notes, labels, trash, views."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from summaries.errors import LogdirError, NotFoundError, StoreWriteError, SummariesError
from summaries.reader import Reader
from summaries.store import editing
from summaries.store.runs import update_record
from summaries.store.writing import StoreWriter
from summaries.upkeep import Logdir, reading, remove_runs

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from summaries.places import Source
    from summaries.store.connect import Where

MAX_NOTES = 1 << 20
MAX_NAME = 500
MAX_LABELS = 100
MAX_LABEL = 100
MAX_VIEW = 1 << 20
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class Change:
    """What is to be different in a run's record; None leaves a thing as it is."""

    display_name: str | None = None
    """The name that pages show; "" for the run's own."""
    notes: str | None = None
    labels: Sequence[str] | None = None
    """All of them; the next two add to what each run has."""
    add_labels: Sequence[str] = ()
    drop_labels: Sequence[str] = ()
    colour: str | None = None
    """``#rrggbb``; "" for one of the palette."""
    archived: bool | None = None
    deleted: bool | None = None
    """Into the trash, or out of it."""

    def __post_init__(self) -> None:
        """Refuse what no record can hold.

        Raises:
            ValueError: the message says what.
        """
        name = self.display_name or ""
        if len(name) > MAX_NAME or not name.isprintable():
            raise ValueError(f"name: at most {MAX_NAME} characters on one line")
        if self.notes is not None and len(self.notes) > MAX_NOTES:
            raise ValueError(f"notes: {len(self.notes):,} characters, {MAX_NOTES:,} are kept")
        if self.colour and not _COLOUR.fullmatch(self.colour):
            raise ValueError(f"colour '{self.colour}': of no known form\n  try: #1f77b4")
        for label in (*(self.labels or ()), *self.add_labels):
            if not label.strip() or len(label) > MAX_LABEL or not label.isprintable():
                raise ValueError(f"label {label[:40]!r}: 1 to {MAX_LABEL} characters on one line")
        if self.labels is not None and len(self.labels) > MAX_LABELS:
            raise ValueError(f"labels: {len(self.labels)}, a run has at most {MAX_LABELS}")

    def columns(self, labels: Sequence[str]) -> dict[str, Any]:
        """The columns of the run's record that this sets, for a run with those labels."""
        wanted = labels if self.labels is None else self.labels
        wanted = [*wanted, *self.add_labels]
        wanted = [one.strip() for one in wanted if one not in self.drop_labels]
        columns = {
            "display_name": None if self.display_name is None else self.display_name.strip(),
            "notes": self.notes,
            "colour": None if self.colour is None else self.colour.lower(),
            "archived": None if self.archived is None else int(self.archived),
            "labels": list(dict.fromkeys(wanted))[:MAX_LABELS],
        }
        if list(labels) == columns["labels"]:
            del columns["labels"]
        set_to_null = ("display_name", "colour")
        return {
            column: (value or None) if column in set_to_null else value
            for column, value in columns.items()
            if value is not None
        }


# -- who may be changed ---------------------------------------------------------------------------


def why_not_editable(reader: Reader, run: str) -> str | None:
    """Why nothing of the run can be changed; None: it can.

    Raises:
        NotFoundError: there is no such run.
    """
    return _why_not(reader.source_of(run))


def not_editable(reader: Reader) -> dict[str, str]:
    """The runs of which nothing can be changed, and why."""
    found: dict[str, str] = {}
    for source, names in reader.sources():
        why = _why_not(source)
        if why is not None:
            found |= dict.fromkeys(names, why)
    return found


def _why_not(source: Source) -> str | None:
    if source.is_mirror:
        return "it is of TensorBoard's event files, which are shown and never changed"
    return _why_not_writable(source.where)


def _why_not_writable(where: Where) -> str | None:
    if not isinstance(where, Path):
        return None  # the server says so when it is asked
    path = where if where.exists() else where.parent
    # The directory too: SQLite's log lies beside the file.
    for place in dict.fromkeys((path, path.resolve().parent if path == where else path)):
        if not os.access(place, os.W_OK):
            return f"this user may not write to '{place}'"
    return None


# -- runs -----------------------------------------------------------------------------------------


def change_runs(reader: Reader, names: Sequence[str], change: Change) -> dict[str, str]:
    """Change the runs that can be changed; the names of the others, and why each was not.

    Example:
        >>> import tempfile
        >>> from summaries import init, open_logdir
        >>> logdir = tempfile.mkdtemp()
        >>> init(logdir, name="a").finish()
        >>> reader = open_logdir(logdir)
        >>> sorted(change_runs(reader, ["a", "b"], Change(add_labels=["best"])))
        ['b']
        >>> reader.run("a").labels
        ('best',)
    """
    refused: dict[str, str] = {}
    by_database: dict[Where, dict[str, tuple[int, Sequence[str]]]] = {}
    for name in dict.fromkeys(names):
        try:
            why = why_not_editable(reader, name)
            if why is not None:
                refused[name] = f"run '{name}': {why}"
                continue
            store, own = reader.store_of(name)
            run = (store.run_id(own), reader.run(name).labels)
            by_database.setdefault(store.where, {})[name] = run
        except SummariesError as error:
            refused[name] = str(error)
    for where, runs in by_database.items():
        try:
            with _transaction(where) as connection:
                for run_id, labels in runs.values():
                    _apply(connection, run_id, change, labels)
        except SummariesError as error:
            refused |= dict.fromkeys(runs, str(error))
    return refused


def _apply(connection: Connection, run_id: int, change: Change, labels: Sequence[str]) -> None:
    columns = change.columns(labels)
    if columns:
        update_record(connection, run_id, columns)
    if change.deleted is not None:
        act = editing.trash if change.deleted else editing.restore
        act(connection, [run_id])


@contextmanager
def _transaction(where: Where) -> Iterator[Connection]:
    """One transaction on the database; what the driver raises comes out as ours."""
    from sqlalchemy.exc import SQLAlchemyError

    writer = StoreWriter(where)
    try:
        with writer.transaction() as connection:
            yield connection
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise StoreWriteError(
            f"event store '{writer.label}': cannot be written\n  {cause}"
        ) from error
    finally:
        writer.close()


def _strictly(logdir: Logdir, names: Sequence[str], change: Change) -> None:
    """`change_runs` that changes none where one of them cannot be."""
    with reading(logdir) as reader:
        for name in names:
            why = why_not_editable(reader, name)
            if why is not None:
                raise LogdirError(f"run '{name}': {why}\n  nothing was changed")
        for message in change_runs(reader, names, change).values():
            raise StoreWriteError(message)


def edit_run(
    logdir: Logdir,
    name: str,
    *,
    display_name: str | None = None,
    notes: str | None = None,
    labels: Sequence[str] | None = None,
    colour: str | None = None,
    archived: bool | None = None,
) -> None:
    """Change what is said of a run; what is None stays as it is.

    Args:
        logdir: a directory, a PostgreSQL URL, or a reader of one.
        name: the run's name.
        display_name: the name that pages show; "" for the run's own.
        notes: in markdown.
        labels: all the run is to have.
        colour: ``#rrggbb``; "" for one of the palette.
        archived: whether it is set aside.

    Raises:
        NotFoundError: there is no such run.
        LogdirError: it is of event files, or lies where this user may not write.
        StoreWriteError: the database cannot be written.
        ValueError: no record can hold that.

    Example:
        >>> import tempfile
        >>> from summaries import init, open_logdir
        >>> logdir = tempfile.mkdtemp()
        >>> init(logdir, name="a").finish()
        >>> edit_run(logdir, "a", notes="the **first** try", labels=["baseline"])
        >>> open_logdir(logdir).run("a").notes
        'the **first** try'
    """
    change = Change(display_name, notes, labels, colour=colour, archived=archived)
    _strictly(logdir, [name], change)


def trash_runs(logdir: Logdir, names: Sequence[str]) -> None:
    """Put the runs in the trash: no list has them any more, and they keep all they have.

    Raises:
        NotFoundError, LogdirError: as `edit_run`; none was changed.
        StoreWriteError: a database cannot be written.
    """
    _strictly(logdir, names, Change(deleted=True))


def restore_runs(logdir: Logdir, names: Sequence[str]) -> None:
    """Take the runs out of the trash.

    Raises:
        NotFoundError, LogdirError: as `edit_run`; none was changed.
        StoreWriteError: a database cannot be written.
    """
    _strictly(logdir, names, Change(deleted=False))


def empty_trash(logdir: Logdir, names: Sequence[str] | None = None) -> list[str]:
    """Delete what is in the trash for good; the names of what was deleted.

    Args:
        logdir: a directory, a PostgreSQL URL, or a reader of one.
        names: only these; None: all but those that are still being logged.

    Raises:
        NotFoundError: one of the names is not in the trash; none was deleted.
        LogdirError: one of those named is being logged.
        StoreWriteError: a database cannot be written.
    """
    with reading(logdir) as reader:
        in_trash = {info.name: info for info in reader.runs(deleted=True)}
        if names is None:
            names = [name for name, info in in_trash.items() if info.status != "running"]
        for name in names:
            if name not in in_trash:
                raise NotFoundError(f"run '{name}': is not in the trash")
        if names:
            remove_runs(reader, names)
    return list(names)


# -- views ----------------------------------------------------------------------------------------


def why_no_views(reader: Reader) -> str | None:
    """Why no view can be saved; None: they can."""
    return _why_not_writable(reader.home)


def save_view(logdir: Logdir, name: str, state: Mapping[str, Any]) -> None:
    """Keep what a page shows under a name, in place of what had that name.

    Args:
        logdir: a directory, a PostgreSQL URL, or a reader of one.
        name: what people call it.
        state: JSON-able.

    Raises:
        ValueError: the name is empty or too long, or the state too large.
        StoreWriteError: the logdir's database cannot be written.

    Example:
        >>> import tempfile
        >>> from summaries import open_logdir
        >>> logdir = tempfile.mkdtemp()
        >>> save_view(logdir, "losses", {"tags": "loss"})
        >>> [(view.name, view.state) for view in open_logdir(logdir).views()]
        [('losses', {'tags': 'loss'})]
    """
    wanted = name.strip()
    if not wanted or len(wanted) > MAX_NAME or not wanted.isprintable():
        raise ValueError(f"name of a view: 1 to {MAX_NAME} characters on one line")
    text = json.dumps(state)
    if len(text) > MAX_VIEW:
        raise ValueError(f"view '{wanted}': {len(text):,} bytes, {MAX_VIEW:,} are kept")
    with reading(logdir) as reader:
        why = why_no_views(reader)
        if why is not None:
            raise StoreWriteError(f"view '{wanted}': {why}")
        with _transaction(reader.home) as connection:
            editing.write_view(connection, wanted, text)
        # The view may have made the logdir's own database.
        reader.look_again()


def delete_view(logdir: Logdir, name: str) -> None:
    """Forget a saved view, wherever below the logdir it lies.

    Raises:
        NotFoundError: there is none of that name.
        StoreWriteError: a database cannot be written.
    """
    with reading(logdir) as reader:
        views = [view.name for view in reader.views()]
        if name not in views:
            raise NotFoundError(
                f"view '{name}': there is none\n  views: {', '.join(views) or 'none yet'}"
            )
        for where in reader.databases_with_view(name):
            with _transaction(where) as connection:
                editing.drop_view(connection, name)
