"""The run's record and those of its writers: a run runs as long as one of them does."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import Connection, Row, Table, func, insert, select, update

from summaries.errors import LogdirError, NotFoundError, StoreWriteError
from summaries.process import Identity, environment, is_alive
from summaries.store import schema

HEARTBEAT_MISSED_S = 30.0
"""A writer whose process cannot be looked at is taken for crashed after so long a silence."""

Exist = Literal["join", "new", "must", "never", "running"]


@dataclass(frozen=True)
class StartedRun:
    """A run that is now being logged."""

    id: int
    name: str
    key: str
    writer_id: int
    is_new: bool
    last_step: int | None = None
    """The highest step it has, None if it has no values."""
    config: Mapping[str, Any] | None = None
    """What its record holds now."""


def next_revision(connection: Connection) -> int:
    """The number of this transaction among all that changed the store.

    On PostgreSQL this also makes the store's writers take turns, as SQLite's lock does.
    """
    connection.execute(update(schema.store).values(revision=schema.store.c.revision + 1))
    return int(connection.execute(select(schema.store.c.revision)).scalar_one())


def new_id(connection: Connection, table: Table, revision: int) -> int:
    """An id that no row of the table ever had, for one made in the transaction of that revision.

    SQLite would give a removed run's id to the next one, and whoever still logs to the removed one
    would write into that.
    """
    most = connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
    return max(revision, int(most) + 1)


def as_json(value: Any) -> str:
    """The value as the store's text of it."""
    return json.dumps(value, allow_nan=True)


def is_writing(key: str, heartbeat: float) -> bool:
    """Whether the writer with that process key and last heartbeat still lives."""
    alive = is_alive(key)
    return time.time() - heartbeat <= HEARTBEAT_MISSED_S if alive is None else alive


def start(
    connection: Connection,
    name: str,
    config: Mapping[str, Any],
    *,
    exist: Exist,
    key: str | None,
    new_key: str | None,
    rank: int,
    fields: Mapping[str, Any],
    identity: Identity,
) -> StartedRun:
    """Make the run or go on with it, and enter this process as one of its writers.

    Raises:
        NotFoundError: exist is "must", and there is no such run.
        LogdirError: exist is "never", and there is one.
    """
    revision = next_revision(connection)
    found = _existing(connection, name, key)
    if found is not None and exist == "never":
        raise LogdirError(
            f"run '{key or name}': there is one already\n  try: another id, or resume='allow'"
        )
    if found is None and exist == "must":
        raise NotFoundError(f"run '{key or name}': there is none to resume\n  try: resume='allow'")
    joins = found is not None and (
        exist in ("join", "must") or (exist == "running" and _is_running(connection, found.id))
    )
    now = time.time()
    values: dict[str, Any] = {
        **{column: _stored(value) for column, value in fields.items()},
        "status": "running",
        "updated": now,
        "heartbeat": now,
        "revision": revision,
        "record_revision": revision,
    }
    if found is None or not joins or not _bury(connection, found.id):
        # Of several ranks the first one's stand in the record.
        values |= {
            "host": identity.host,
            "pid": identity.pid,
            "process_key": identity.process_key,
            "environment": values.get("environment") or as_json(environment()),
        }
    if found is not None and joins:
        if found.deleted is not None:  # who logs to a run wants to see it
            bring_back(connection, int(found.id), revision)
        merged = {**json.loads(found.config), **config}
        connection.execute(
            update(schema.run)
            .where(schema.run.c.id == found.id)
            .values(config=as_json(merged), **values)
        )
        run_id, name, key, config = int(found.id), found.name, found.key, merged
    else:
        name = free_name(connection, name)
        key = key or new_key or uuid4().hex
        defaults = {"hparams": "{}", "notes": "", "labels": "[]", "archived": 0, "created": now}
        run_id = new_id(connection, schema.run, revision)
        connection.execute(
            insert(schema.run).values(
                id=run_id, name=name, key=key, config=as_json(config), **{**defaults, **values}
            )
        )
    writer_id = enter_writer(connection, run_id, rank, identity, revision)
    step = _last_step(connection, run_id) if joins else None
    return StartedRun(run_id, name, key, writer_id, not joins, step, config)


def _existing(connection: Connection, name: str, key: str | None) -> Any:
    table = schema.run.c
    columns = select(table.id, table.name, table.key, table.config, table.deleted)
    if key is not None:
        return connection.execute(columns.where(schema.run.c.key == key)).first()
    return connection.execute(columns.where(schema.run.c.name == name)).first()


def bring_back(connection: Connection, run_id: int, revision: int) -> None:
    """Take the run out of the trash, in the transaction of that revision."""
    connection.execute(
        update(schema.run)
        .where(schema.run.c.id == run_id)
        .values(deleted=None, revision=revision, record_revision=revision)
    )
    # Readers were told that all it had was gone.
    connection.execute(
        update(schema.series).where(schema.series.c.run_id == run_id).values(revision=revision)
    )


def _stored(value: Any) -> Any:
    return as_json(value) if isinstance(value, (dict, list, tuple)) else value


def _last_step(connection: Connection, run_id: int) -> int | None:
    found = connection.execute(
        select(func.max(schema.series.c.last_step)).where(
            schema.series.c.run_id == run_id,
            schema.series.c.n > 0,
            schema.series.c.tag.not_like("system/%"),
        )
    ).scalar()
    return None if found is None else int(found)


def free_name(connection: Connection, name: str) -> str:
    """The name, or it with the first free number behind it."""
    start = schema.run.c.name.startswith(name, autoescape=True)
    names = set(connection.scalars(select(schema.run.c.name).where(start)))
    if name not in names:
        return name
    number = 2
    while f"{name}-{number}" in names:
        number += 1
    return f"{name}-{number}"


def _there(is_there: bool) -> None:
    """Refuse what is meant for a run that was removed."""
    if not is_there:
        raise StoreWriteError("the run was removed from the store")


def update_record(connection: Connection, run_id: int, values: Mapping[str, Any]) -> None:
    """Set columns of the run's record; mappings and sequences are stored as JSON.

    Raises:
        StoreWriteError: the run was removed.
    """
    revision = next_revision(connection)
    changed = connection.execute(
        update(schema.run)
        .where(schema.run.c.id == run_id)
        .values(
            revision=revision,
            record_revision=revision,
            **{column: _stored(value) for column, value in values.items()},
        )
    )
    _there(changed.rowcount > 0)


def merge_json(connection: Connection, run_id: int, column: str, values: Mapping[str, Any]) -> None:
    """Add entries to a column of JSON; a name that is there is replaced.

    Raises:
        StoreWriteError: the run was removed.
    """
    revision = next_revision(connection)
    place = schema.run.c[column]
    known = connection.execute(select(place).where(schema.run.c.id == run_id)).scalar()
    _there(known is not None)
    merged = as_json({**json.loads(known or "{}"), **values})
    connection.execute(
        update(schema.run)
        .where(schema.run.c.id == run_id)
        .values({column: merged, "revision": revision, "record_revision": revision})
    )


# -- writers --------------------------------------------------------------------------------------


def enter_writer(
    connection: Connection, run_id: int, rank: int, identity: Identity, revision: int
) -> int:
    """The id of the process's entry among the run's writers, made at that revision."""
    now = time.time()
    writer_id = new_id(connection, schema.writer, revision)
    connection.execute(
        insert(schema.writer).values(
            id=writer_id,
            run_id=run_id,
            rank=rank,
            host=identity.host,
            pid=identity.pid,
            process_key=identity.process_key,
            status="running",
            started=now,
            heartbeat=now,
        )
    )
    return writer_id


def id_of_key(connection: Connection, key: str) -> int:
    """The id of the run with that key.

    Raises:
        NotFoundError: there is none.
    """
    found = connection.execute(select(schema.run.c.id).where(schema.run.c.key == key)).first()
    if found is None:
        raise NotFoundError(f"run '{key}': there is none with this id")
    return int(found.id)


def beat(connection: Connection, run_id: int, writer_id: int) -> None:
    """Say that the writer lives. No change as `changes_since` understands it.

    Raises:
        StoreWriteError: the run was removed.
    """
    now = time.time()
    connection.execute(
        update(schema.writer).where(schema.writer.c.id == writer_id).values(heartbeat=now)
    )
    beaten = connection.execute(
        update(schema.run).where(schema.run.c.id == run_id).values(heartbeat=now)
    )
    _there(beaten.rowcount > 0)


def end(connection: Connection, run_id: int, writer_id: int, status: str) -> None:
    """The writer logs no more; the run has ended if it was the last one.

    Raises:
        StoreWriteError: the run was removed.
    """
    revision = next_revision(connection)
    now = time.time()
    connection.execute(
        update(schema.writer)
        .where(schema.writer.c.id == writer_id)
        .values(status=status, ended=now, heartbeat=now)
    )
    if _bury(connection, run_id):
        return
    started = select(schema.writer.c.started).where(schema.writer.c.id == writer_id)
    # Those that logged at the same time: a rank's failure is the run's.
    beside = set(
        connection.scalars(
            select(schema.writer.c.status).where(
                schema.writer.c.run_id == run_id,
                schema.writer.c.ended >= started.scalar_subquery(),
            )
        )
    )
    worst = next((s for s in ("failed", "crashed") if s in beside), status)
    ended = connection.execute(
        update(schema.run)
        .where(schema.run.c.id == run_id)
        .values(status=worst, heartbeat=now, revision=revision, record_revision=revision)
    )
    _there(ended.rowcount > 0)


def _writing(connection: Connection, run_id: int) -> list[Row[Any]]:
    table = schema.writer.c
    return list(
        connection.execute(
            select(table.id, table.process_key, table.heartbeat).where(
                table.run_id == run_id, table.status == "running"
            )
        )
    )


def _is_running(connection: Connection, run_id: int) -> bool:
    return any(is_writing(w.process_key, w.heartbeat) for w in _writing(connection, run_id))


def _bury(connection: Connection, run_id: int) -> int:
    """Mark writers that died without a word; how many of the run's still live."""
    living = 0
    for row in _writing(connection, run_id):
        if is_writing(row.process_key, row.heartbeat):
            living += 1
            continue
        connection.execute(
            update(schema.writer)
            .where(schema.writer.c.id == row.id)
            .values(status="crashed", ended=row.heartbeat)
        )
    return living
