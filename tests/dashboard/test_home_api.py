"""What the home page and the alerts page are answered, over real logdirs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from starlette.requests import Request

from dashboard.alert_list import AlertList
from dashboard.feed import Feed
from dashboard.home_api import HomeApi
from summaries import SummaryWriter, init, open_logdir


def ask(logdir: Path, route: str, query: str = "") -> Any:
    async def answer() -> Any:
        reader = open_logdir(logdir)
        api = HomeApi(reader, Feed(reader))
        endpoint = next(r.endpoint for r in api.routes() if r.path == route)
        scope = {"type": "http", "query_string": query.encode(), "headers": [], "method": "GET"}
        response = await endpoint(Request(scope))
        reader.close()
        return json.loads(bytes(response.body))

    return asyncio.run(answer())


def test_an_empty_logdir_has_nothing(tmp_path: Path) -> None:
    answer = ask(tmp_path, "/api/overview")
    assert (answer["n_runs"], answer["n_points"], answer["bests"]) == (0, 0, [])
    assert answer["disk"]["used"] is None


def test_a_running_run_has_its_curve_its_pace_and_its_health(tmp_path: Path) -> None:
    with init(tmp_path, name="a", config={"n_steps": 100}, system_metrics=False) as run:
        for step in range(50):
            run.log({"loss": 50.0 - step}, step=step)
        run.alert("too hot", level="warn")
        run.flush()
        answer = ask(tmp_path, "/api/overview")
    (one,) = answer["running"]
    assert one["run"] == "a"
    assert one["progress"]["total"] == 100
    assert one["metric"] == "loss"
    assert one["curve"][0] == 50.0
    assert one["health"]["title"] == "too hot"
    assert answer["alerts"][0]["title"] == "too hot"
    assert answer["bests"][0]["value"] == 1.0
    assert answer["bests"][0]["when"] > 0
    assert answer["disk"]["used"] > 0


def test_a_failed_run_says_its_last_words(tmp_path: Path) -> None:
    with open_failed(tmp_path) as run:
        run.alert("too hot", level="warn")
    answer = ask(tmp_path, "/api/overview")
    (one,) = answer["troubled"]
    assert (one["status"], one["alert"]["title"]) == ("failed", "too hot")
    assert one["lines"] == ["loading", "out of memory"]


def open_failed(tmp_path: Path) -> Any:
    from summaries.kinds import console

    run = init(tmp_path, name="a", system_metrics=False)
    run._pipeline.log_event(console.event("stderr", [(1.0, "loading"), (2.0, "")], 0))
    run._pipeline.log_event(console.event("stderr", [(3.0, "out of memory")], 2))

    class Failing:
        def __enter__(self) -> Any:
            return run

        def __exit__(self, *_: object) -> None:
            run.finish(exit_code=1)

    return Failing()


def alerts_of(tmp_path: Path, titles: Sequence[str]) -> None:
    for at, title in enumerate(titles):
        with init(tmp_path, name=f"run{at}", system_metrics=False) as run:
            run.alert(title)


def test_alerts_come_newest_first_and_no_more_than_asked_for(tmp_path: Path) -> None:
    alerts_of(tmp_path, ["first", "second", "third"])
    answer = ask(tmp_path, "/api/alerts")
    assert [(a["run"], a["title"]) for a in answer["alerts"]] == [
        ("run2", "third"),
        ("run1", "second"),
        ("run0", "first"),
    ]
    since = answer["alerts"][1]["time"]
    assert [a["title"] for a in ask(tmp_path, "/api/alerts", f"since={since}")["alerts"]] == [
        "third"
    ]
    assert len(ask(tmp_path, "/api/alerts", "most=2")["alerts"]) == 2


def test_only_the_series_with_the_newest_alerts_are_read(tmp_path: Path) -> None:
    alerts_of(tmp_path, ["first", "second", "third"])
    reader = open_logdir(tmp_path)
    read: list[str] = []
    records = reader.records

    def counted(run: str, *rest: Any) -> Any:
        read.append(run)
        return records(run, *rest)

    reader.records = counted  # type: ignore[method-assign]
    runs = {run.name: run for run in reader.runs()}
    found = AlertList(reader).newest(runs, reader.series(kind="alert"), 1)
    assert [one.alert.title for one in found] == ["third"]
    assert read == ["run2"]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_scalar("loss", 1.0, 0)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "events.db").write_bytes(b"no database" * 100)
    answer = ask(tmp_path, "/api/overview")
    assert answer["n_runs"] == 1
    assert "b/events.db" in answer["problems"][0]["path"]
