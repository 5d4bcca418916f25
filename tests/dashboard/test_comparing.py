"""Runs held against each other as data, and the routes that answer it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from dashboard.comparing import compare_runs
from summaries import NotFoundError, init, open_logdir


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    with init(tmp_path, name="a", config={"lr": 0.1, "net": {"depth": 2}}, tags=["best"]) as run:
        run.log({"loss": 2.0, "only/a": 1.0}, step=0)
        run.log({"loss": 1.0}, step=5)
    with init(tmp_path, name="b", config={"lr": 0.2, "net": {"depth": 2}, "extra": True}) as run:
        run.log({"loss": 3.0, "system/cpu": 50.0}, step=0)
        run.alert("Odd", "very", level="WARN")
        print("hello from b")
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
    with pytest.raises(HTTPError, match="400"):
        get(f"{url}/runs", limit=0)


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


def test_the_console_comes_with_its_last_lines(logdir: Path, serve: Callable[[Path], str]) -> None:
    url = serve(logdir) + "/api/v1"
    answer = get(f"{url}/console", run="b", lines=5)
    assert answer["total"] == len(answer["lines"]) or len(answer["lines"]) == 5
