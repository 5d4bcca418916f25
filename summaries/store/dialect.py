"""What differs between SQLite and PostgreSQL in the statements that go to the driver as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, CursorResult

# One statement carries many rows: each statement lets go of Python's lock, and while a training
# loop computes in pure Python each time costs up to 5 ms to get it back.
_ROWS_A_STATEMENT = 500


@cache
def _in_psycopgs_style(statement: str) -> str:
    return statement.replace("%", "%%").replace("?", "%s")


def execute(
    connection: Connection, statement: str, values: Sequence[Any] = ()
) -> CursorResult[Any]:
    """The result of a statement written with ``?`` for its values, as text to the driver.

    SQLAlchemy compiles a statement anew for each engine, which costs more than small ones take.
    """
    if connection.dialect.name == "postgresql":
        statement = _in_psycopgs_style(statement)
    return connection.exec_driver_sql(statement, tuple(values))


def insert_rows(
    connection: Connection,
    into: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    conflict: str = "",
) -> None:
    """Rows into a table, many to a statement."""
    waiting = list(rows)
    one = f"({', '.join('?' * len(columns))})"
    for start in range(0, len(waiting), _ROWS_A_STATEMENT):
        part = waiting[start : start + _ROWS_A_STATEMENT]
        execute(
            connection,
            f"INSERT INTO {into} ({', '.join(columns)})"
            f" VALUES {', '.join([one] * len(part))} {conflict}",
            tuple(value for row in part for value in row),
        )
