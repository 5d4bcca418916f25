"""What only a server can do to a run: go away, come back, be empty, refuse."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import numpy as np
import postgres
import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from summaries import LogdirError, SummariesError, SummaryWriter, init, open_logdir
from summaries.destination import split_postgres_url
from summaries.records import Scalars
from summaries.store import connect, schema
from summaries.store.runs import next_revision
from summaries.store.writing import StoreWriter


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


def test_a_store_that_was_made_anew_is_seen_by_who_had_it_open(postgres_url: str) -> None:
    with init(postgres_url, name="before") as run:
        run.log({"x": 1.0}, step=0)
    with open_logdir(postgres_url) as reader:
        token = reader.changes_since(None).token
        engine = create_engine(postgres_url)
        with engine.begin() as connection:
            schema.metadata.drop_all(connection)
        engine.dispose()
        for name in ("after", "more", "most"):
            with init(postgres_url, name=name) as run:
                run.log({"x": 2.0}, step=0)
        assert [info.name for info in reader.runs()] == ["after", "more", "most"]
        changes = reader.changes_since(token)
        assert (changes.runs, changes.removed) == (("after", "more", "most"), ("before",))
        assert reader.scalars("after", "x").value.tolist() == [2.0]


def test_a_writer_that_stops_in_a_transaction_does_not_stop_the_others(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def points(step: int) -> dict[str, Scalars]:
        return {"x": Scalars(np.array([step]), np.array([1e9]), np.array([0.5]))}

    monkeypatch.setattr(connect, "IDLE_TIMEOUT_S", 0.5)
    stopped, other = StoreWriter(postgres_url), StoreWriter(postgres_url)
    run_id = other.start_run("a").id
    with pytest.raises(DBAPIError), stopped.transaction() as connection:
        next_revision(connection)
        other.append(run_id, points(0))
    stopped.append(run_id, points(1))
    with open_logdir(postgres_url) as reader:
        assert reader.scalars("a", "x").step.tolist() == [0, 1]
    stopped.close()
    other.close()
