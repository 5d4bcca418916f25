"""Where a run's values go: a directory's database, the run's own, or a server's."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit
from uuid import uuid4

from summaries.errors import LogdirError

DATABASE_NAME = "events.db"
POSTGRES_SCHEMES = ("postgresql", "postgresql+psycopg", "postgres")


HTTP_SCHEMES = ("http", "https")


Store = Literal["shared", "per-run"]


@dataclass(frozen=True)
class Destination:
    """A database, and the name a run has in it."""

    where: Path | str
    """A SQLite file's path, or a PostgreSQL database's URL."""
    name: str
    """``.`` where the database holds that one run."""
    shown: str
    """The run's name below the logdir that was given."""
    is_network_disk: bool = False
    server: Server | None = None
    """Set where the database is only a spool, from which values are sent there."""


@dataclass(frozen=True)
class Server:
    """A ``dashboard serve --ingest``."""

    url: str
    """Without a path: ``http://host:6006``."""
    token: str | None = None


def is_url(logdir: str | Path) -> bool:
    """Whether it is an address instead of a path."""
    return isinstance(logdir, str) and "://" in logdir


def of_named_run(
    logdir: str | Path, name: str, token: str | None = None, store: Store | None = None
) -> Destination:
    """Where `init` logs a run of that name: a row in the logdir's one database.

    SQLite's log of writes needs memory shared by all writers, which a network disk is not: there
    each run gets a database of its own.

    Args:
        logdir: a directory or an address.
        name: the run's name.
        token: what a server asks for, where its address does not give it.
        store: "shared" for one database of all runs, "per-run" for one each; None: what the
            environment's ``TRAINBOARD_STORE`` says, else what suits the disk.

    Raises:
        LogdirError: logdir is a file, or an address of no known kind; store is none of those.
    """
    form = store or os.environ.get("TRAINBOARD_STORE") or "auto"
    if form not in ("auto", "shared", "per-run"):
        raise LogdirError(f"store '{form}': of no known kind\n  try: shared, or per-run")
    if is_http_url(logdir):
        server, below = split_http_url(str(logdir), token)
        joined = f"{below}/{name}" if below else name
        return Destination(new_spool(server), joined, joined, server=server)
    if is_url(logdir):
        url, below = split_postgres_url(str(logdir))
        joined = f"{below}/{name}" if below else name
        return Destination(url, joined, joined)
    directory = Path(logdir)
    if directory.exists() and not directory.is_dir():
        raise LogdirError(
            f"logdir '{logdir}': is a file, not a directory\n  try: init('logs', ...)"
        )
    from summaries.store.connect import is_network_path  # SQLAlchemy: 0.15 s, only when logging

    on_network = form == "auto" and is_network_path(
        directory if directory.exists() else directory.absolute().parent
    )
    if form == "per-run" or on_network:
        own = directory / name / DATABASE_NAME
        return Destination(own, ".", name, is_network_disk=on_network)
    return Destination(directory / DATABASE_NAME, name, name)


def in_free_directory(place: Destination) -> Destination:
    """The destination of a run with a database of its own, in a directory that has none yet."""
    assert isinstance(place.where, Path)
    directory, number = place.where.parent, 1
    free = directory
    while (free / DATABASE_NAME).exists():
        number += 1
        free = directory.with_name(f"{directory.name}-{number}")
    shown = place.shown if number == 1 else f"{place.shown}-{number}"
    return replace(place, where=free / DATABASE_NAME, shown=shown)


def of_run_directory(log_dir: str | Path, otherwise: str, token: str | None = None) -> Destination:
    """Where a `SummaryWriter` logs: the directory is the run's, and holds its own database.

    Args:
        log_dir: a directory, or a server's address with the run's name behind it.
        otherwise: the run's name where the address gives none.
        token: what the server asks for, where the address does not give it.

    Raises:
        LogdirError: an address of no known kind.
    """
    if is_http_url(log_dir):
        server, name = split_http_url(str(log_dir), token)
        shown = name or otherwise
        return Destination(new_spool(server), shown, shown, server=server)
    if is_url(log_dir):
        url, name = split_postgres_url(str(log_dir))
        return Destination(url, name or otherwise, name or otherwise)
    return Destination(Path(log_dir) / DATABASE_NAME, ".", ".")


def split_postgres_url(url: str) -> tuple[str, str]:
    """The database's URL, and what stands behind it as a run's name ("" if nothing does).

    The name follows the database's as a path, so that scripts which join a directory and a run's
    name work with an address too; or it is the query's ``run``.

    Raises:
        LogdirError: no PostgreSQL URL.

    Example:
        >>> split_postgres_url("postgresql+psycopg://me@host/team/lr=0.1/seed=3")
        ('postgresql+psycopg://me@host/team', 'lr=0.1/seed=3')
    """
    parts = urlsplit(url)
    if parts.scheme not in POSTGRES_SCHEMES:
        raise LogdirError(
            f"logdir '{parts.scheme}://…': an address of no known kind\n"
            "  try: a directory, postgresql+psycopg://user@host/database,"
            " or http://host:6006 of a dashboard serve --ingest"
        )
    _, _, rest = parts.path.partition("/")
    database, _, name = rest.partition("/")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    name = query.pop("run", "") or unquote(name.strip("/"))
    whole = urlunsplit((parts.scheme, parts.netloc, f"/{database}", urlencode(query), ""))
    # An empty host (a Unix socket) loses its slashes on the way.
    if not parts.netloc and "://" not in whole:
        whole = whole.replace(":", "://", 1)
    return whole, name


# -- servers that take values over HTTP -----------------------------------------------------------


def is_http_url(logdir: str | Path) -> bool:
    """Whether it is the address of a ``dashboard serve --ingest``."""
    return is_url(logdir) and str(logdir).partition("://")[0] in HTTP_SCHEMES


def split_http_url(url: str, token: str | None = None) -> tuple[Server, str]:
    """The server, and what stands behind its address as a run's name ("" if nothing does).

    The token is the one given, the address's ``?token=``, or ``TRAINBOARD_TOKEN``.

    Example:
        >>> split_http_url("http://host:6006/lr=0.1?token=abc")
        (Server(url='http://host:6006', token='abc'), 'lr=0.1')
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    token = token or query.get("token") or os.environ.get("TRAINBOARD_TOKEN") or None
    name = query.get("run", "") or unquote(parts.path.strip("/"))
    return Server(urlunsplit((parts.scheme, parts.netloc, "", "", "")), token), name


def spool_root() -> Path:
    """Where what is to be sent waits: ``TRAINBOARD_SPOOL``, or the user's state directory."""
    given = os.environ.get("TRAINBOARD_SPOOL")
    if given:
        return Path(given)
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "trainboard" / "spool"


def spools_of(server: Server) -> Path:
    """The directory of the spools for that server."""
    return spool_root() / quote(server.url.partition("://")[2], safe="")


def new_spool(server: Server) -> Path:
    """The path of a database in a spool of its own; its directory is made when it is opened."""
    return spools_of(server) / uuid4().hex / DATABASE_NAME
