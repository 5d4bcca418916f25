"""What only a server can do to a run: go away, come back, be empty, refuse."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import postgres
import pytest

from summaries import LogdirError, SummariesError, SummaryWriter, init, open_logdir
from summaries.destination import split_postgres_url


@pytest.mark.parametrize(
    ("url", "database", "run"),
    [
        ("postgresql://me@host/team", "postgresql://me@host/team", ""),
        ("postgres://host:5433/team/a/b", "postgres://host:5433/team", "a/b"),
        (
            "postgresql+psycopg://me@/team?host=/tmp/s&run=lr%3D1",
            "postgresql+psycopg://me@/team?host=%2Ftmp%2Fs",
            "lr=1",
        ),
    ],
)
def test_a_url_may_name_the_run_behind_the_database(url: str, database: str, run: str) -> None:
    assert split_postgres_url(url) == (database, run)


def test_the_run_of_a_summary_writer_is_named_in_its_address(postgres_url: str) -> None:
    address, _, query = postgres_url.partition("?")
    for name in ("exp/a", "exp/b"):
        with SummaryWriter(f"{address}/{name}?{query}") as writer:
            writer.add_scalar("x", 1.0, 0)
    with open_logdir(postgres_url) as reader:
        assert [info.name for info in reader.runs()] == ["exp/a", "exp/b"]


def test_a_server_that_went_away_costs_nothing_once_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    if not postgres.is_installed():
        pytest.skip("no PostgreSQL server is installed")
    server = postgres.PostgresServer()
    try:
        url = server.new_database()
        run = init(url, name="a")
        reader = open_logdir(url)
        assert [info.status for info in reader.runs()] == ["running"]
        n = 0
        with caplog.at_level(logging.WARNING, "summaries"):
            for stopped in (False, True, False):
                if stopped:
                    server.stop()
                for _ in range(500):
                    run.log({"x": float(n)}, step=n)
                    n += 1
                if stopped:
                    run.flush()
                    # What was read stays; what cannot be read is told.
                    assert [info.name for info in reader.runs()] == ["a"]
                    assert "cannot be read" in reader.problems()[0].message
                    server.start()
                run.flush()
            run.finish()
        assert reader.scalars("a", "x").value.tolist() == list(map(float, range(n)))
        assert reader.problems() == []
        assert reader.runs()[0].status == "finished"
        reader.close()
        told = [record.message for record in caplog.records]
        assert sum("fails; values are kept" in text for text in told) == 1, told
        assert sum("works again" in text for text in told) == 1, told
    finally:
        server.remove()


def test_what_cannot_be_reached_is_told_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql://me:secret@/nowhere?host={tmp_path}"
    for act in (open_logdir, lambda where: init(where, name="a")):
        with pytest.raises(SummariesError) as caught:
            act(url)
        assert "secret" not in str(caught.value)
        assert "nowhere" in str(caught.value)
        assert "try:" in str(caught.value)


def test_an_address_of_another_kind_is_refused() -> None:
    for act in (open_logdir, lambda where: init(where, name="a"), SummaryWriter):
        with pytest.raises(LogdirError, match="no known kind"):
            act("mysql://host/logs")


def test_a_run_that_is_watched_is_seen_to_grow(postgres_url: str) -> None:
    with open_logdir(postgres_url) as reader:
        token = reader.changes_since(None).token
        run = init(postgres_url, name="a")
        run.log({"x": 1.0})
        run.flush()
        changes = reader.changes_since(token)
        assert changes.runs == ("a",)
        run.log({"x": 2.0})
        end = time.monotonic() + 10
        while not (changes := reader.changes_since(changes.token)).series:
            assert time.monotonic() < end
            time.sleep(0.05)
        assert [s.n for s in changes.series] == [2]
        run.finish()
        assert reader.changes_since(changes.token).runs == ("a",)
