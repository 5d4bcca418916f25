"""A real PostgreSQL server of the tests' own, and a database of it for each test."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

SERVER_USER = "postgres"
"""Whom the server runs as where the tests run as root, whom PostgreSQL refuses."""


def server_program(name: str) -> str | None:
    """The path of one of PostgreSQL's server programs; Debian keeps them off the path."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ["PATH"]]))


class PostgresServer:
    """A server in a temporary directory that answers on a Unix socket there, and nowhere else."""

    def __init__(self) -> None:
        self._as = {"user": SERVER_USER} if os.geteuid() == 0 else {}
        self._directory = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        if self._as:
            shutil.chown(self._directory, SERVER_USER)
        self._directory.chmod(0o755)
        self._data = self._directory / "data"
        self._databases = 0
        self._run("initdb", "-D", self._data, "-U", "trainboard", "-A", "trust", "-E", "UTF8", "-N")
        self.start()

    def _run(self, program: str, *arguments: object) -> None:
        path = server_program(program)
        assert path is not None, f"{program} is not installed"
        done = subprocess.run(
            [path, *map(str, arguments)],
            cwd=self._directory,
            capture_output=True,
            text=True,
            timeout=120,
            **self._as,  # type: ignore[call-overload]
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = f"-c listen_addresses='' -c unix_socket_directories='{self._directory}'"
        log = self._directory / "log"
        # What a test writes need not survive the machine: no fsync, several times as quick.
        options = f"{settings} -c fsync=off -c full_page_writes=off"
        self._run("pg_ctl", "-D", self._data, "-l", log, "-o", options, "-w", "start")

    def stop(self) -> None:
        """Stop it at once, as a crash would: connections break."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def remove(self) -> None:
        """Stop it and delete what it held."""
        if (self._data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    def url(self, database: str, user: str = "trainboard") -> str:
        """The URL of one of its databases."""
        return f"postgresql+psycopg://{user}@/{database}?host={self._directory}"

    def new_database(self) -> str:
        """The URL of an empty database."""
        import psycopg

        self._databases += 1
        name = f"logs{self._databases}"
        target = f"host={self._directory} user=trainboard dbname=postgres"
        with psycopg.connect(target, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        return self.url(name)


def is_installed() -> bool:
    """Whether this machine can run a server, as somebody who may."""
    if server_program("initdb") is None:
        return False
    if os.geteuid() != 0:
        return getpass.getuser() != "root"
    import pwd

    return any(entry.pw_name == SERVER_USER for entry in pwd.getpwall())
