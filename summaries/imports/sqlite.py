"""Other programs' SQLite files, opened for nothing but reading."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from summaries.imports.report import ImportSourceError

_MAGIC = b"SQLite format 3\0"


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the file that writes nothing; its errors name the file.

    Raises:
        ImportSourceError: the database is damaged, or locked for too long.
    """
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30.0)
    try:
        database.execute("BEGIN")  # one state of it, whoever writes meanwhile
        yield database
    except sqlite3.Error as error:
        raise ImportSourceError(
            f"import '{path}': the database cannot be read\n  {error}"
        ) from error
    finally:
        database.close()


def tables(path: Path) -> set[str]:
    """The names of the file's tables; none where it is no SQLite database."""
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                return set()
        with opened(path) as database:
            query = "SELECT name FROM sqlite_master WHERE type = 'table'"
            return {name for (name,) in database.execute(query)}
    except (OSError, ImportSourceError):
        return set()


def columns(database: sqlite3.Connection, table: str) -> set[str]:
    """The names of the table's columns, none if there is no such table."""
    query = "SELECT name FROM pragma_table_info(?)"
    return {name for (name,) in database.execute(query, (table,))}
