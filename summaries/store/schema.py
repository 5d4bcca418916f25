"""The tables of an event store, alike on SQLite and PostgreSQL, and their migrations."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from uuid import uuid4

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    inspect,
    select,
    update,
)

from summaries.errors import DamagedStoreError, SchemaVersionError

metadata = MetaData()

# SQLite gives only INTEGER PRIMARY KEY its rowid for free; PostgreSQL needs 64 bits.
_ID = BigInteger().with_variant(Integer, "sqlite")

store = Table(
    "store",
    metadata,
    # Which database this is, so that a reader sees when a file was replaced by another.
    Column("uuid", String, primary_key=True),
    # Counts transactions that changed something: what `changes_since` compares.
    Column("revision", BigInteger, nullable=False),
)

schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False),
    Column("applied", Float, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("display_name", String),
    Column("status", String, nullable=False),
    # Seconds since the epoch.
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Column("heartbeat", Float, nullable=False),
    Column("config", Text, nullable=False),
    Column("hparams", Text, nullable=False),
    Column("notes", Text, nullable=False),
    Column("labels", Text, nullable=False),
    Column("colour", String),
    Column("archived", Integer, nullable=False),
    Column("host", String, nullable=False),
    Column("pid", BigInteger, nullable=False),
    # Tells whether `pid` still is the process that logged: machine, boot, start time.
    Column("process_key", String, nullable=False),
    Column("environment", Text, nullable=False),
    Column("parent_id", BigInteger),
    Column("fork_step", BigInteger),
    # Stays the same where the name changes and where the run is copied to another store.
    Column("key", String, nullable=False, server_default=""),
    Column("run_group", String, nullable=False, server_default=""),
    Column("job_type", String, nullable=False, server_default=""),
    Column("summary", Text, nullable=False, server_default="{}"),
    # What `define_metric` said of metrics: their x axis, which value sums them up.
    Column("axes", Text, nullable=False, server_default="{}"),
    # The revision that last logged something, and the one that last changed this record.
    Column("revision", BigInteger, nullable=False),
    Column("record_revision", BigInteger, nullable=False),
    # When it was put in the trash, in seconds since the epoch; null for all that are to be seen.
    Column("deleted", Float),
    Index("run_key", "key"),
)

# Each process that logs, or did: a run runs as long as one of its writers does.
writer = Table(
    "writer",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("run_id", BigInteger, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("host", String, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("process_key", String, nullable=False),
    # running, finished, failed, crashed
    Column("status", String, nullable=False),
    # Seconds since the epoch.
    Column("started", Float, nullable=False),
    Column("heartbeat", Float, nullable=False),
    Column("ended", Float),
    Index("writer_run", "run_id"),
)

# How much of what a writer elsewhere sent has been taken, by its store's uuid: it may send a part
# again, and several may send to one series.
received = Table(
    "received",
    metadata,
    Column("run_id", BigInteger, primary_key=True),
    Column("source", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("tag", String, primary_key=True),
    Column("n", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Names of runs that were removed or renamed, for readers that have listed them.
removed = Table(
    "removed",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", String, nullable=False),
    Column("revision", BigInteger, nullable=False),
)

# What somebody arranged on the page and gave a name: which runs, which charts.
saved_view = Table(
    "saved_view",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    # Seconds since the epoch.
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False),
)

# What a rewind took out of sight: kept for inspection.
replaced = Table(
    "replaced",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("run_id", BigInteger, nullable=False),
    Column("tag", String, nullable=False),
    Column("kind", String, nullable=False),
    # Seconds since the epoch, and the step rewound to.
    Column("rewound", Float, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("n", Integer, nullable=False),
    Column("blob", String),
    Column("data", LargeBinary, nullable=False),
    Index("replaced_run", "run_id"),
)

series = Table(
    "series",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("run_id", BigInteger, nullable=False),
    Column("tag", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("n", BigInteger, nullable=False),
    # Points that lie in chunks; the other n - sealed are in `tail`.
    Column("sealed", BigInteger, nullable=False),
    Column("chunks", BigInteger, nullable=False),
    Column("first_step", BigInteger, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("last_wall_us", BigInteger, nullable=False),
    Column("last_value", Float),
    Column("min_value", Float),
    Column("min_step", BigInteger),
    Column("max_value", Float),
    Column("max_step", BigInteger),
    # The ranks that logged it, as "0-7,9"; empty while that is rank 0 alone.
    Column("ranks", String, nullable=False, server_default=""),
    # How often values of it were replaced: what was read before may be no beginning of it any more.
    Column("rewinds", Integer, nullable=False, server_default="0"),
    Column("revision", BigInteger, nullable=False),
    UniqueConstraint("run_id", "tag", "kind"),
    Index("series_revision", "revision"),
)

tail = Table(
    "tail",
    metadata,
    Column("series_id", BigInteger, primary_key=True),
    # Of the packet's first point. Not the step: repeated and out-of-order steps are points like
    # any other.
    Column("seq", BigInteger, primary_key=True),
    Column("n", Integer, nullable=False),
    # One packet a flush, not one row a point: docs/decisions/0003-store.md has the measurement.
    Column("data", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

chunk = Table(
    "chunk",
    metadata,
    # A rowid table: WITHOUT ROWID spills large rows (98 bytes a point against 33).
    Column("id", _ID, primary_key=True),
    Column("series_id", BigInteger, nullable=False),
    # 0: points and their bins of 16. k >= 2: bins of 16**k points, from 16 chunks of level k - 1.
    Column("level", Integer, nullable=False),
    Column("idx", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("n", Integer, nullable=False),
    Column("n_bins", Integer, nullable=False),
    Column("step_min", BigInteger, nullable=False),
    Column("step_max", BigInteger, nullable=False),
    # Before `data`: SQLite then reads an overview without touching the points' pages.
    Column("bins", LargeBinary, nullable=False),
    Column("data", LargeBinary),
    Index("chunk_place", "series_id", "level", "idx", unique=True),
)

event = Table(
    "event",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("series_id", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("wall_us", BigInteger, nullable=False),
    Column("rank", Integer, nullable=False, server_default="0"),
    # Name of the blob it refers to, if it does.
    Column("blob", String),
    Column("data", LargeBinary, nullable=False),
    Index("event_place", "series_id", "seq", unique=True),
)

blob = Table(
    "blob",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("sha256", String, nullable=False, unique=True),
    Column("media_type", String, nullable=False),
    Column("data", LargeBinary, nullable=False),
)


def create_tables(connection: Connection) -> None:
    """Every table above, in an empty database."""
    metadata.create_all(connection)
    connection.execute(insert(store).values(uuid=uuid4().hex, revision=0))
    if connection.dialect.name == "postgresql":
        # Compressed already: PostgreSQL need not try.
        for place in ("chunk.bins", "chunk.data", "blob.data", "tail.data"):
            name, column = place.split(".")
            connection.exec_driver_sql(
                f"ALTER TABLE {name} ALTER COLUMN {column} SET STORAGE EXTERNAL"
            )


def _nothing(connection: Connection) -> None:
    """Version 1: what `create_tables` made then."""


def _add_writers_ranks_and_keys(connection: Connection) -> None:
    """Version 2: several processes and ranks a run, ids of runs, rewinding and removing."""
    for new in (writer, received, removed, replaced):
        new.create(connection)
    text = "VARCHAR NOT NULL DEFAULT ''"
    for table, column, kind in (
        ("run", "key", text),
        ("run", "run_group", text),
        ("run", "job_type", text),
        ("run", "summary", "TEXT NOT NULL DEFAULT '{}'"),
        ("run", "axes", "TEXT NOT NULL DEFAULT '{}'"),
        ("series", "ranks", text),
        ("series", "rewinds", "INTEGER NOT NULL DEFAULT 0"),
        ("event", "rank", "INTEGER NOT NULL DEFAULT 0"),
        ("event", "blob", "VARCHAR"),
    ):
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    connection.exec_driver_sql("CREATE INDEX run_key ON run (key)")
    for (run_id,) in connection.execute(select(run.c.id)).all():
        connection.execute(update(run).where(run.c.id == run_id).values(key=uuid4().hex))
    images = select(event.c.id, event.c.data).join(series, series.c.id == event.c.series_id)
    for event_id, data in connection.execute(images.where(series.c.kind == "image")).all():
        name = json.loads(data)["sha256"]
        connection.execute(update(event).where(event.c.id == event_id).values(blob=name))


def _add_trash_and_views(connection: Connection) -> None:
    """Version 3: runs that can be brought back after they were deleted, and saved views."""
    connection.exec_driver_sql("ALTER TABLE run ADD COLUMN deleted FLOAT")
    saved_view.create(connection)


Migration = Callable[[Connection], None]

MIGRATIONS: tuple[tuple[str, Migration], ...] = (
    ("create tables", _nothing),
    ("writers, ranks and keys", _add_writers_ranks_and_keys),
    ("trash and saved views", _add_trash_and_views),
)
"""In order; the version of a store is how many of them it has seen. Never edit one, add one.

An empty database gets the tables as they stand above, and is at the newest version at once."""


def current_version(connection: Connection) -> int:
    """The version of the schema in the database, 0 for an empty one.

    Raises:
        DamagedStoreError: the database has tables, but not ours.
    """
    tables = _table_names(connection)
    if schema_version.name not in tables:
        if tables:
            raise DamagedStoreError(
                f"not a trainboard event store: it holds the tables {', '.join(tables[:5])}"
            )
        return 0
    found = connection.exec_driver_sql("SELECT max(version) FROM schema_version").scalar()
    return int(found or 0)


def _table_names(connection: Connection) -> list[str]:
    if connection.dialect.name != "sqlite":
        return inspect(connection).get_table_names()
    # A logdir may hold 500 databases to open, and an inspector costs as much as the rest.
    query = "SELECT name FROM sqlite_master WHERE type = 'table'"
    return [name for (name,) in connection.exec_driver_sql(query).all()]


def check_version(connection: Connection, migrations: Sequence[tuple[str, Migration]]) -> int:
    """The version of the schema, refused where it is newer than the migrations known here."""
    version = current_version(connection)
    if version > len(migrations):
        raise SchemaVersionError(
            f"event store has schema version {version}, this trainboard knows {len(migrations)}\n"
            "  try: pip install --upgrade trainboard"
        )
    return version


def migrate(
    connection: Connection, migrations: Sequence[tuple[str, Migration]] = MIGRATIONS
) -> None:
    """Bring the database to the newest version, inside the caller's transaction.

    Raises:
        SchemaVersionError: the database is newer than the migrations known here.
        DamagedStoreError: the database is not an event store.
    """
    if connection.dialect.name == "postgresql":
        # Two that find an empty database at once would both make the tables.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7305551)")
    version = check_version(connection, migrations)
    is_new = version == 0
    if is_new:
        create_tables(connection)
    for number, (name, change) in enumerate(migrations[version:], start=version + 1):
        if not is_new or number > len(MIGRATIONS):
            change(connection)
        connection.execute(
            insert(schema_version).values(version=number, name=name, applied=time.time())
        )
