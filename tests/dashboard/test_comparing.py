"""Runs held against each other as data, and the routes that answer it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import numpy as np
import pytest

from dashboard.comparing import compare_runs
from summaries import NotFoundError, SummaryWriter, init, open_logdir
from summaries.kinds import console


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    with init(tmp_path, name="a", config={"lr": 0.1, "net": {"depth": 2}}, tags=["best"]) as run:
        run.log({"loss": 2.0, "only/a": 1.0}, step=0)
        run.log({"loss": 1.0}, step=5)
    with init(tmp_path, name="b", config={"lr": 0.2, "net": {"depth": 2}, "extra": True}) as run:
        run.log({"loss": 3.0, "system/cpu": 50.0}, step=0)
        run.alert("Odd", "very", level="WARN")
    return tmp_path


def test_only_what_differs_is_told_unless_all_is_asked_for(logdir: Path) -> None:
    with open_logdir(logdir) as reader:
        some = compare_runs(reader, ["b", "a"])
        everything = compare_runs(reader, ["a", "b"], everything=True)
    assert some["settings"] == {"lr": [0.2, 0.1], "extra": [True, None]}
    assert everything["settings"]["net.depth"] == [2, 2]
    assert some["metrics"]["only/a"][0] is None
    assert "system/cpu" not in some["metrics"]
    loss = some["metrics"]["loss"][1]
    assert (loss["n"], loss["last"], loss["last_step"]) == (2, 1.0, 5)
    assert (loss["max"], loss["max_step"]) == (2.0, 0)


def test_settings_are_told_apart_by_what_they_mean(tmp_path: Path) -> None:
    for name, config in (
        ("a", {"x": math.nan, "n": 1, "flag": 1, "none": None}),
        ("b", {"x": math.nan, "n": 1.0, "flag": True}),
    ):
        with init(tmp_path, name=name, config=config):
            pass
    with open_logdir(tmp_path) as reader:
        assert compare_runs(reader, ["a", "b"])["settings"] == {
            "flag": [1, True],
            "none": [None, None],  # the one says so, the other does not say
        }


def test_a_run_that_is_not_there_is_named(logdir: Path) -> None:
    with open_logdir(logdir) as reader, pytest.raises(NotFoundError, match="run 'c'"):
        compare_runs(reader, ["a", "c"])


def get(url: str, **parameters: Any) -> Any:
    with urlopen(f"{url}?{urlencode(parameters, doseq=True)}", timeout=20) as answer:
        return json.load(answer)


def test_scripts_list_filter_and_page_runs(logdir: Path, serve: Callable[[Path], str]) -> None:
    url = serve(logdir) + "/api/v1"
    assert [run["name"] for run in get(f"{url}/runs", label="best")["runs"]] == ["a"]
    paged = get(f"{url}/runs", limit=1, offset=1)
    assert (paged["total"], [run["name"] for run in paged["runs"]]) == (2, ["b"])
    assert get(f"{url}/runs", match="c*")["runs"] == []


def test_scripts_ask_for_one_run_and_compare_several(
    logdir: Path, serve: Callable[[Path], str]
) -> None:
    url = serve(logdir) + "/api/v1"
    run = get(f"{url}/run", run="a")
    assert run["config"] == {"lr": 0.1, "net": {"depth": 2}}
    assert run["metrics"]["loss"]["min"] == 1.0
    assert get(f"{url}/compare", run=["a", "b"])["settings"]["lr"] == [0.1, 0.2]
    tags = [
        (one["run"], one["tag"]) for one in get(f"{url}/series", kind="scalar", run="b")["series"]
    ]
    assert ("b", "loss") in tags
    assert [alert["title"] for alert in get(f"{url}/alerts", run="b")["alerts"]] == ["Odd"]
    with pytest.raises(HTTPError, match="404"):
        get(f"{url}/run", run="c")


def test_scripts_ask_for_runs_by_settings_and_metrics(
    logdir: Path, serve: Callable[[Path], str]
) -> None:
    url = serve(logdir) + "/api/v1"
    found = get(f"{url}/runs", where=["lr<0.2", "net.depth=2"])["runs"]
    assert [run["name"] for run in found] == ["a"]
    by_loss = get(f"{url}/runs", sort="min:loss", order="desc")["runs"]
    assert [(run["name"], run["sorted_by"]) for run in by_loss] == [("b", 3.0), ("a", 1.0)]
    assert [run["name"] for run in get(f"{url}/runs", order="desc")["runs"]] == ["b", "a"]


def test_alerts_of_all_runs_come_newest_first(logdir: Path, serve: Callable[[Path], str]) -> None:
    with init(logdir, name="c") as run:
        run.alert("Later", "still", level="ERROR")
    url = f"{serve(logdir)}/api/v1/alerts"
    told = get(url)["alerts"]
    assert [(one["run"], one["title"]) for one in told] == [("c", "Later"), ("b", "Odd")]
    assert [one["run"] for one in get(url, limit=1)["alerts"]] == ["c"]
    assert [one["run"] for one in get(url, level="warn", limit=1)["alerts"]] == ["b"]
    assert get(url, since=told[0]["wall_time"])["alerts"] == []
    assert get(url, run="c", level="info")["alerts"] == []


def test_series_are_listed_in_pages_and_by_glob(logdir: Path, serve: Callable[[Path], str]) -> None:
    url = serve(logdir) + "/api/v1"
    listed = get(f"{url}/series", match="l*", kind="scalar", limit=1, offset=1)
    assert (listed["total"], listed["series"][0]["run"]) == (2, "b")


def test_exact_points_come_of_a_range_of_steps(logdir: Path, serve: Callable[[Path], str]) -> None:
    address = f"{serve(logdir)}/api/v1/scalars"
    found = get(address, run="a", tag="loss", **{"from": 1, "to": 1e300})
    assert found["columns"]["step"] == [5]


def test_records_of_any_kind_come_newest_first_or_from_a_number_on(
    tmp_path: Path, serve: Callable[[Path], str]
) -> None:
    with SummaryWriter(tmp_path / "w") as writer:
        for step in range(30):
            writer.add_text("note", f"**{step}**", step)
        writer.add_histogram("weights", [1.0, 2.0, math.nan], 0)
        writer.add_image("picture", np.zeros((3, 4, 5), np.uint8), 0)
    address = f"{serve(tmp_path)}/api/v1/records"
    newest = get(address, run="w", tag="note", kind="text", limit=2)
    assert (newest["n"], newest["start"]) == (30, 28)
    assert [one["text"] for one in newest["records"]] == ["**28**", "**29**"]
    first = get(address, run="w", tag="note", kind="text", limit=1, start=3)
    assert first["records"][0]["step"] == 3
    (histogram,) = get(address, run="w", tag="weights", kind="histogram")["records"]
    assert (histogram["num"], histogram["nan_count"], sum(histogram["counts"])) == (3, 1, 2)
    (image,) = get(address, run="w", tag="picture", kind="image")["records"]
    assert (image["width"], image["height"]) == (5, 4)
    with pytest.raises(HTTPError, match="404"):
        get(address, run="w", tag="other", kind="text")


@pytest.mark.parametrize(
    "question",
    [
        "runs?limit=0",
        "runs?limit=inf",
        "runs?limit=1.5",
        "runs?offset=-1",
        "runs?status=asleep",
        "runs?order=up",
        "runs?where=loss",
        "runs?sort=nothing",
        "series?kind=scalars",
        "console?run=b&lines=nan",
        "console?run=b&lines=0",
        "alerts?level=loud",
        "alerts?limit=0",
        "scalars?run=b&tag=loss&pixels=inf",
        "scalars?run=b&tag=loss&from=-inf",
        "records?run=b&tag=loss&kind=scalar",
        "records?run=b&tag=loss",
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    logdir: Path, serve: Callable[[Path], str], question: str
) -> None:
    with pytest.raises(HTTPError) as caught:
        urlopen(f"{serve(logdir)}/api/v1/{question}", timeout=20)
    with caught.value as error:
        assert error.code == 400
        assert json.load(error)["error"]["message"]


def test_the_console_comes_with_its_last_lines(
    tmp_path: Path, serve: Callable[[Path], str]
) -> None:
    with init(tmp_path, name="b") as run:
        lines = [(1.7e9 + n, f"line {n}") for n in range(50)]
        run._pipeline.log_event(console.event("stdout", lines, 0))
    answer = get(f"{serve(tmp_path)}/api/v1/console", run="b", lines=5)
    assert answer["total"] == 50
    assert [line["text"] for line in answer["lines"]] == [f"line {n}" for n in range(45, 50)]
