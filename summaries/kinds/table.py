"""Tables: named columns of numbers and texts."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from summaries.checks import as_json, shown
from summaries.event import Event
from summaries.records import TableRecord

NAME = "table"


def as_columns_and_rows(
    tag: str, table: Any, columns: Sequence[Any] | None = None
) -> tuple[list[str], list[list[Any]]]:
    """The names of the columns and the rows.

    Args:
        tag: for the error.
        table: a pandas frame, a mapping of columns to their values, a list of mappings, or a list
            of rows, which needs ``columns`` (else they are called 0, 1, ...).
        columns: the columns' names.

    Raises:
        TypeError: it has another form.
        ValueError: a row has more or fewer cells than there are columns.
    """
    rows: list[list[Any]]
    if hasattr(table, "itertuples") and hasattr(table, "columns"):
        names = list(table.columns)
        rows = [list(row) for row in table.itertuples(index=False, name=None)]
    elif isinstance(table, Mapping):
        names = list(table)
        values = [list(column) for column in table.values()]
        if len({len(column) for column in values}) > 1:
            raise _uneven(tag, names, [len(column) for column in values])
        rows = [list(row) for row in zip(*values, strict=True)]
    elif isinstance(table, Sequence) and not isinstance(table, (str, bytes)):
        names, rows = _of_rows(tag, table, columns)
    else:
        raise TypeError(
            f"add_table '{tag}': expects a frame, a mapping of columns or a list of rows\n"
            f"  got {type(table).__name__}: {shown(table)}"
        )
    names = list(columns) if columns is not None else names
    for row in rows:
        if len(row) != len(names):
            raise _uneven(tag, names, row)
    return [str(name) for name in names], rows


def _of_rows(
    tag: str, table: Sequence[Any], columns: Sequence[Any] | None
) -> tuple[list[Any], list[list[Any]]]:
    if table and isinstance(table[0], Mapping):
        found = dict.fromkeys(name for row in table for name in row)
        names = list(columns) if columns is not None else list(found)
        return names, [[row.get(name) for name in names] for row in table]
    if not all(hasattr(row, "__iter__") and not isinstance(row, (str, bytes)) for row in table):
        raise TypeError(
            f"add_table '{tag}': a row must be a list of cells\n  got {shown(table[0])}"
        )
    rows = [list(row) for row in table]
    return list(range(len(rows[0]) if rows else 0)), rows


def _uneven(tag: str, names: list[Any], what: Any) -> ValueError:
    return ValueError(
        f"add_table '{tag}': each row must have a cell for each column\n"
        f"  columns: {names}\n  got {shown(what)}"
    )


def event(
    tag: str, table: Any, step: int, wall_time: float, columns: Sequence[Any] | None = None
) -> Event:
    """The event of one table; see `as_columns_and_rows`.

    Cells that JSON does not know (paths, dates) are kept as their text, arrays as lists.

    Raises:
        TypeError, ValueError: as `as_columns_and_rows`.
    """
    names, rows = as_columns_and_rows(tag, table, columns)
    plain = as_json(f"add_table '{tag}'", "table", {"columns": names, "rows": rows})
    text = json.dumps(plain, separators=(",", ":"))
    return Event(NAME, tag, step, wall_time, zlib.compress(text.encode("utf-8"), 1))


def decode(step: int, wall_time: float, data: bytes) -> TableRecord:
    """The record of a stored table."""
    table = json.loads(zlib.decompress(data))
    return TableRecord(step, wall_time, tuple(table["columns"]), tuple(map(tuple, table["rows"])))
