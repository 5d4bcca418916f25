"""Database connections: SQLite files as we want them, and network disks recognised."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import QueuePool, StaticPool

from summaries.destination import POSTGRES_SCHEMES
from summaries.errors import DamagedStoreError, LogdirError, StoreWriteError

Where = Path | str
"""A SQLite file's path, or a PostgreSQL database's URL."""
BUSY_TIMEOUT_S = 30.0
IDLE_TIMEOUT_S = 30.0
"""A writer that is silent for so long inside a transaction, its machine stopped or cut off, loses
it: until a server gives up the connection by itself, in hours, nobody else could write."""

# Where SQLite's shared-memory WAL is unsafe: seen to end in SIGBUS or a malformed database.
_NETWORK_FILE_SYSTEMS = frozenset(
    """nfs nfs4 cifs smb3 smbfs lustre gpfs beegfs ceph glusterfs wekafs afs 9p fuse.sshfs
    fuse.glusterfs fuse.s3fs fuse.gcsfuse fuse.rclone fuse.juicefs""".split()  # noqa: SIM905
)


def file_system_type(path: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """The type of the file system that holds the path (``ext4``, ``nfs4``), "" where unknown."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    resolved = str(path.resolve())
    best, found = "", ""
    for line in lines:
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        point = parts[1].replace("\\040", " ")
        inside = resolved == point or resolved.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, found = point, parts[2]
    return found


def is_network_path(path: Path) -> bool:
    """Whether the path lies on a file system shared over a network."""
    return file_system_type(path) in _NETWORK_FILE_SYSTEMS


def _connect_for_writing(path: Path, network: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    end = time.monotonic() + BUSY_TIMEOUT_S
    try:
        while True:
            try:
                _set_up(connection, network)
                return connection
            except sqlite3.OperationalError as error:
                # Of several that open a new file, or one that another closes, at the same moment,
                # SQLite tells some that it is locked, and does not wait by itself.
                if "locked" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(0.01)
    except BaseException:
        connection.close()
        raise


def _set_up(connection: sqlite3.Connection, network: bool) -> None:
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    if tables and ("schema_version",) not in tables:
        return  # somebody else's: not even its journal mode is changed
    # The page size counts only before the first table; see docs/decisions/0003-store.md.
    connection.execute("PRAGMA page_size = 4096")
    connection.execute(f"PRAGMA journal_mode = {'DELETE' if network else 'WAL'}")
    connection.execute(f"PRAGMA synchronous = {'FULL' if network else 'NORMAL'}")


def is_postgres_url(text: str) -> bool:
    """Whether that is the URL of a PostgreSQL database, by the spellings people use."""
    return text.partition("://")[0] in POSTGRES_SCHEMES and "://" in text


def label_of(where: Where) -> str:
    """How messages name the database: a URL without its password."""
    return str(where) if isinstance(where, Path) else _url(where).render_as_string()


def _url(text: str) -> URL:
    try:
        return make_url(text).set(drivername="postgresql+psycopg")
    except ArgumentError as error:
        raise LogdirError(
            "database URL: it cannot be parsed\n  try: postgresql+psycopg://user@host/database"
        ) from error


def _postgres_engine(url: str, *, reading: bool) -> Engine:
    """An engine on a PostgreSQL server; it connects when it is used.

    Raises:
        ImportError: psycopg is not installed.
    """
    try:
        import psycopg  # noqa: F401  # an extra: most logdirs are directories
    except ImportError as error:
        raise ImportError(
            "a PostgreSQL store needs psycopg\n  try: pip install trainboard[postgres]"
        ) from error
    settings = "-c timezone=UTC -c lock_timeout=60s"
    if reading:
        settings += " -c default_transaction_read_only=on"
    else:
        settings += f" -c idle_in_transaction_session_timeout={IDLE_TIMEOUT_S * 1000:.0f}"
    parsed = _url(url)
    given = parsed.query.get("options", "")
    options = f"{given if isinstance(given, str) else ' '.join(given)} {settings}".strip()
    return create_engine(
        parsed.difference_update_query(["options"]),
        connect_args={"options": options, "connect_timeout": 10},
        pool_size=1,
        max_overflow=7 if reading else 0,
        # A server that was restarted is reached again at the next flush.
        pool_pre_ping=True,
        isolation_level="REPEATABLE READ" if reading else "READ COMMITTED",
    )


def open_for_writing(where: Where) -> Engine:
    """An engine on the database; a SQLite file is made with its directories if it is not there.

    The engine holds one connection. On a SQLite file its transactions take the write lock at their
    start.

    Raises:
        StoreWriteError: the directory or the file cannot be written.
        DamagedStoreError: the file is not a SQLite database.
        LogdirError: the URL is none.
    """
    return (
        _sqlite_for_writing(where)
        if isinstance(where, Path)
        else _postgres_engine(where, reading=False)
    )


def _sqlite_for_writing(path: Path) -> Engine:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = _connect_for_writing(path, is_network_path(path.parent))
    except sqlite3.DatabaseError as error:
        raise _explained(path, error) from error
    except OSError as error:
        raise StoreWriteError(
            f"logdir '{path.parent}': cannot be made or written\n"
            f"  {error.strerror or error}\n"
            "  try: give a directory that this user may write to"
        ) from error
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)

    # Taken at once, so that two writers wait for each other instead of failing halfway.
    @event.listens_for(engine, "begin")
    def _begin(opened: Any) -> None:
        opened.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def fold_log(engine: Engine) -> None:
    """Move what the write-ahead log holds into the database, as far as nobody reads it there.

    SQLite does so when the last connection closes, unless that is a reader's: then the file alone,
    which people copy, would lack the newest points.
    """
    if engine.dialect.name != "sqlite":
        return
    with contextlib.suppress(SQLAlchemyError, sqlite3.Error):
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("PRAGMA busy_timeout = 0")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.close()
        finally:
            connection.close()


def _explained(path: Path, error: sqlite3.DatabaseError) -> StoreWriteError | DamagedStoreError:
    if isinstance(error, sqlite3.OperationalError):
        return StoreWriteError(
            f"event store '{path}': cannot be written\n"
            f"  {error}\n"
            "  try: check the permissions and the free space of its directory"
        )
    return DamagedStoreError(
        f"event store '{path}': not a usable SQLite database\n"
        f"  {error}\n"
        "  try: log to another directory, or move this file away"
    )


@dataclass(frozen=True)
class Opened:
    """A database opened for reading."""

    engine: Engine
    is_frozen: bool
    """Whether it shows the state it was opened in: it must be opened again to see a change."""
    copy: tempfile.TemporaryDirectory[str] | None
    """Where it was copied to, if that was needed."""


def open_for_reading(where: Where) -> Opened:
    """A read-only engine on the database.

    A database in a directory that this user may not write to is opened without its lock files; if
    it also has a write-ahead log that was never folded in, both are copied aside and read there.
    """
    if not isinstance(where, Path):
        return Opened(_postgres_engine(where, reading=True), False, None)
    copy: tempfile.TemporaryDirectory[str] | None = None
    options = "mode=ro"
    path = where.resolve()  # SQLite's lock files lie beside the file that a link leads to
    if not os.access(path.parent, os.W_OK):
        log = Path(f"{path}-wal")
        if not log.exists() or log.stat().st_size == 0:
            options = "immutable=1"
        elif not Path(f"{path}-shm").exists():
            copy, path = _copied(path)
    return Opened(_sqlite_for_reading(path, options), copy is not None or "=1" in options, copy)


def open_copy(path: Path) -> Opened:
    """The database copied aside, where its schema may be brought up to date."""
    copy, path = _copied(path.resolve())
    return Opened(_sqlite_for_writing(path), True, copy)


def _copied(path: Path) -> tuple[tempfile.TemporaryDirectory[str], Path]:
    copy = tempfile.TemporaryDirectory(prefix="trainboard-")
    for source in (path, Path(f"{path}-wal")):
        if source.exists():
            shutil.copy(source, Path(copy.name) / source.name)
    return copy, Path(copy.name) / path.name


def _sqlite_for_reading(path: Path, options: str) -> Engine:
    uri = f"{path.as_uri()}?{options}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA query_only = 1")
        return connection

    # A few at once, so that one long read does not hold up the page's short ones.
    return create_engine(
        "sqlite://", creator=connect, poolclass=QueuePool, pool_size=1, max_overflow=7
    )
