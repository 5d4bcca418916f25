"""A run's record as it travels from one store to another, and its place in the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from summaries.event import Event
from summaries.records import Scalars
from summaries.store import schema
from summaries.store.dialect import execute, insert_rows
from summaries.store.runs import free_name, new_id, next_revision

# What a store says of a run by itself, and not of the run.
_OF_THE_STORE = frozenset({"id", "revision", "record_revision", "parent_id", "deleted"})
CARRIED = tuple(c.name for c in schema.run.columns if c.name not in _OF_THE_STORE)

REPLACED_COLUMNS = ("tag", "kind", "rewound", "step", "n", "blob", "data")
ReplacedRow = tuple[str, str, float, int, int, str | None, bytes]


def read_record(connection: Connection, name: str) -> dict[str, Any] | None:
    """The columns of the run's record that travel, and its parent's key; None: no such run."""
    columns = ", ".join(f"run.{column}" for column in CARRIED)
    query = (
        f"SELECT {columns}, parent.key AS parent_key FROM run"
        " LEFT JOIN run AS parent ON parent.id = run.parent_id WHERE run.name = ?"
    )
    row = execute(connection, query, (name,)).one_or_none()
    return None if row is None else dict(row._mapping)


def read_replaced(connection: Connection, name: str) -> list[ReplacedRow]:
    """What rewinds of the run took out of sight."""
    columns = ", ".join(f"replaced.{column}" for column in REPLACED_COLUMNS)
    query = (
        f"SELECT {columns} FROM replaced JOIN run ON run.id = replaced.run_id"
        " WHERE run.name = ? ORDER BY replaced.id"
    )
    rows: list[ReplacedRow] = list(execute(connection, query, (name,)).cursor.fetchall())
    return rows


def place_run(
    connection: Connection, record: Mapping[str, Any], rewinds: Sequence[float]
) -> tuple[int, bool]:
    """The id of the run with the record's key, made if there is none, and whether it is whole.

    A run that was rewound since is emptied, to be copied anew: then, as where it is new, what its
    rewinds replaced is to follow.
    """
    revision = next_revision(connection)
    table = schema.run.c
    found = connection.execute(select(table.id).where(table.key == record["key"])).first()
    if found is None:
        values = {column: record[column] for column in CARRIED}
        values["name"] = free_name(connection, record["name"])
        run_id = new_id(connection, schema.run, revision)
        connection.execute(
            insert(schema.run).values(
                id=run_id, **values, revision=revision, record_revision=revision
            )
        )
        return run_id, not rewinds
    run_id = int(found.id)
    query = "SELECT DISTINCT rewound FROM replaced WHERE run_id = ?"
    known = {row[0] for row in execute(connection, query, (run_id,)).cursor.fetchall()}
    if known == set(rewinds):
        return run_id, True
    _empty(connection, run_id, revision)
    return run_id, False


def _empty(connection: Connection, run_id: int, revision: int) -> None:
    own = "(SELECT id FROM series WHERE run_id = ?)"
    for name in ("tail", "chunk", "event"):
        execute(connection, f"DELETE FROM {name} WHERE series_id IN {own}", (run_id,))
    connection.execute(delete(schema.replaced).where(schema.replaced.c.run_id == run_id))
    # The series stay, so that readers who have listed them see them shrink.
    connection.execute(
        update(schema.series)
        .where(schema.series.c.run_id == run_id)
        .values(
            n=0,
            sealed=0,
            chunks=0,
            min_value=None,
            min_step=None,
            max_value=None,
            max_step=None,
            ranks="",
            rewinds=schema.series.c.rewinds + 1,
            revision=revision,
        )
    )
    connection.execute(
        update(schema.run).where(schema.run.c.id == run_id).values(revision=revision)
    )


def write_replaced(connection: Connection, run_id: int, rows: Sequence[ReplacedRow]) -> None:
    """Add what rewinds took out of sight elsewhere."""
    next_revision(connection)
    insert_rows(
        connection, "replaced", ("run_id", *REPLACED_COLUMNS), [(run_id, *row) for row in rows]
    )


def write_record(connection: Connection, run_id: int, record: Mapping[str, Any]) -> None:
    """Set the run's record to what it is elsewhere; its name stays the one it has here."""
    revision = next_revision(connection)
    values = {column: record[column] for column in CARRIED if column not in ("name", "key")}
    parent = None
    if record.get("parent_key"):
        parent = connection.execute(
            select(schema.run.c.id).where(schema.run.c.key == record["parent_key"])
        ).scalar_one_or_none()
    connection.execute(
        update(schema.run)
        .where(schema.run.c.id == run_id)
        .values(**values, parent_id=parent, revision=revision, record_revision=revision)
    )


def lengths(connection: Connection, run_id: int, source: str = "") -> dict[tuple[str, str], int]:
    """How many values each series of the run has, by kind and tag.

    Args:
        connection: in a transaction.
        run_id: which run.
        source: count only what this store sent.
    """
    if source:
        query = "SELECT kind, tag, n FROM received WHERE run_id = ? AND source = ?"
        rows = execute(connection, query, (run_id, source)).cursor.fetchall()
    else:
        query = "SELECT kind, tag, n FROM series WHERE run_id = ?"
        rows = execute(connection, query, (run_id,)).cursor.fetchall()
    return {(kind, tag): int(n) for kind, tag, n in rows if kind}


def note_received(
    connection: Connection,
    run_id: int,
    source: str,
    have: Mapping[tuple[str, str], int],
    scalars: Mapping[str, Scalars],
    events: Sequence[Event],
) -> None:
    """Count what the source sent, in the transaction that stores it."""
    more: dict[tuple[str, str], int] = {("scalar", tag): len(p) for tag, p in scalars.items()}
    for one in events:
        more[one.kind, one.tag] = more.get((one.kind, one.tag), 0) + 1
    insert_rows(
        connection,
        "received",
        ("run_id", "source", "kind", "tag", "n"),
        [(run_id, source, *key, have.get(key, 0) + n) for key, n in more.items()],
        "ON CONFLICT (run_id, source, kind, tag) DO UPDATE SET n = excluded.n",
    )


def note_source(connection: Connection, run_id: int, source: str, writer_id: int) -> None:
    """Remember to which run the source sends, as which of its writers.

    An entry of no kind stands for that.
    """
    next_revision(connection)
    insert_rows(
        connection,
        "received",
        ("run_id", "source", "kind", "tag", "n"),
        [(run_id, source, "", "", writer_id)],
        "ON CONFLICT (run_id, source, kind, tag) DO NOTHING",
    )


def run_of_source(connection: Connection, source: str) -> tuple[int, str, int] | None:
    """Id and key of the run that the source sends to, and its writer's; None if it is not open."""
    query = (
        "SELECT run.id, run.key, received.n AS writer_id FROM received"
        " JOIN run ON run.id = received.run_id WHERE source = ? AND kind = ''"
    )
    row = execute(connection, query, (source,)).first()
    return None if row is None else (int(row.id), str(row.key), int(row.writer_id))


def name_of(connection: Connection, run_id: int) -> str:
    """The run's name as it stands now."""
    return str(
        connection.execute(select(schema.run.c.name).where(schema.run.c.id == run_id)).scalar_one()
    )
