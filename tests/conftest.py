"""Fixtures of all tests: places to log to, in a directory and on a real PostgreSQL server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import postgres
import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """What mirrors event files leaves nothing behind."""
    monkeypatch.setenv("TRAINBOARD_CACHE", "off")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.PostgresServer]:
    """A PostgreSQL server of these tests' own."""
    if not postgres.is_installed():
        pytest.skip("no PostgreSQL server is installed (Debian: apt install postgresql)")
    server = postgres.PostgresServer()
    yield server
    server.remove()


@pytest.fixture
def postgres_url(postgres_server: postgres.PostgresServer) -> str:
    """The URL of an empty PostgreSQL database."""
    return postgres_server.new_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def logdir(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    """Where `init` and `open_logdir` work: a directory, then a database on a server."""
    if request.param == "sqlite":
        (tmp_path / "logs").mkdir()
        return tmp_path / "logs"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    """What `StoreWriter` and `StoreReader` open: a SQLite file, then a database on a server."""
    if request.param == "sqlite":
        return tmp_path / "events.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def start_script() -> Callable[..., subprocess.Popen[str]]:
    """Starts Python code in a process of its own, with the repository's packages importable."""

    def start(code: str, *arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture(autouse=True)
def nothing_beside_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """No system metrics and no look at git in any run, those of scripts included.

    Tests of these set the variable themselves.
    """
    monkeypatch.setenv("TRAINBOARD_CAPTURE", "0")
