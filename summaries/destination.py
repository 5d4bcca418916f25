"""Where a run's values go: a directory's database, the run's own, or a server's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from summaries.errors import LogdirError

DATABASE_NAME = "events.db"
POSTGRES_SCHEMES = ("postgresql", "postgresql+psycopg", "postgres")


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


def is_url(logdir: str | Path) -> bool:
    """Whether it is an address instead of a path."""
    return isinstance(logdir, str) and "://" in logdir


def of_named_run(logdir: str | Path, name: str) -> Destination:
    """Where `init` logs a run of that name: a row in the logdir's one database.

    SQLite's log of writes needs memory shared by all writers, which a network disk is not: there
    each run gets a database of its own.

    Raises:
        LogdirError: logdir is a file, or an address of no known kind.
    """
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

    if is_network_path(directory if directory.exists() else directory.absolute().parent):
        return Destination(directory / name / DATABASE_NAME, ".", name, is_network_disk=True)
    return Destination(directory / DATABASE_NAME, name, name)


def of_run_directory(log_dir: str | Path, otherwise: str) -> Destination:
    """Where a `SummaryWriter` logs: the directory is the run's, and holds its own database.

    Args:
        log_dir: a directory, or a server's address with the run's name behind it.
        otherwise: the run's name where the address gives none.

    Raises:
        LogdirError: an address of no known kind.
    """
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
            "  try: a directory, or postgresql+psycopg://user@host/database"
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
