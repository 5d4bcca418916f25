"""The HTTP routes of a served dashboard, asked by plain HTTP."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from summaries import SummaryWriter, init


@pytest.fixture
def url(tmp_path: Path, serve: Callable[[Path], str]) -> str:
    with init(tmp_path, name="lr=0.1/seed=3", config={"lr": 0.1}) as run:
        for step, value in enumerate([1.0, math.nan, math.inf, 0.25]):
            run.log({"train/loss": value}, step=step)
    with SummaryWriter(tmp_path / "other") as writer:
        for step in range(10_000):
            writer.add_scalar("train/loss", step / 1e4, step)
    return serve(tmp_path)


def get(address: str, **parameters: Any) -> Any:
    query = f"?{urlencode(parameters, doseq=True)}" if parameters else ""
    with urlopen(address + query, timeout=10) as answer:
        return json.loads(answer.read(), parse_constant=lambda name: pytest.fail(name))


def refusal(address: str, data: bytes | None = None) -> tuple[int, str]:
    with pytest.raises(HTTPError) as caught:
        urlopen(Request(address, data=data), timeout=10)
    with caught.value as error:
        return error.code, json.loads(error.read())["error"]["message"]


def test_health_counts_the_runs(url: str) -> None:
    health = get(f"{url}/api/v1/health")
    assert health["status"] == "ok"
    assert health["runs"] == 2
    assert health["problems"] == []


def test_runs_come_with_config_and_tags(url: str) -> None:
    runs = {run["name"]: run for run in get(f"{url}/api/v1/runs")["runs"]}
    assert set(runs) == {"lr=0.1/seed=3", "other"}
    assert runs["lr=0.1/seed=3"]["config"] == {"lr": 0.1}
    assert runs["lr=0.1/seed=3"]["status"] == "finished"
    # A loss that only rises is told as an alert as well.
    assert runs["other"]["tags"] == {"alert": ["train/loss"], "scalar": ["train/loss"]}


def test_scalars_are_exact_and_valid_json(url: str) -> None:
    answer = get(f"{url}/api/v1/scalars", run="lr=0.1/seed=3", tag="train/loss")
    assert answer["exact"] is True
    assert answer["n"] == 4
    assert answer["columns"]["step"] == [0, 1, 2, 3]
    assert answer["columns"]["value"] == [1.0, "NaN", "Infinity", 0.25]


def test_scalars_come_in_bins_for_a_number_of_pixels(url: str) -> None:
    asked = {"run": "other", "tag": "train/loss", "pixels": 100}
    answer = get(f"{url}/api/v1/scalars", **asked)
    assert answer["exact"] is False
    assert answer["n"] == 10_000
    assert sum(answer["columns"]["count"]) == 10_000
    window = get(f"{url}/api/v1/scalars", **asked, **{"from": 500, "to": 520})
    assert window["exact"] is True
    assert window["columns"]["step_min"] == list(range(500, 521))


def test_errors_are_json_with_a_message(url: str) -> None:
    status, message = refusal(f"{url}/api/v1/scalars?run=nobody&tag=train/loss")
    assert status == 404
    assert "nobody" in message
    assert refusal(f"{url}/api/v1/scalars?run=other") == (400, "the parameter 'tag' is missing")
    status, message = refusal(f"{url}/api/v1/scalars?run=other&tag=train/loss&pixels=many")
    assert (status, message) == (400, "the parameter 'pixels' is 'many', not a number")
    assert refusal(f"{url}/api/v1/nothing")[0] == 404
    status, message = refusal(f"{url}/api/series", data=b"{not json")
    assert status == 400
    assert "not JSON" in message


def test_series_answers_several_runs_and_tags_at_once(url: str) -> None:
    body = {"items": [{"tag": "train/loss", "runs": ["other", "lr=0.1/seed=3"]}], "pixels": 200}
    with urlopen(Request(f"{url}/api/series", json.dumps(body).encode()), timeout=10) as answer:
        data = answer.read()
    header = json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])
    kinds = {block["run"]: block["kind"] for block in header["blocks"]}
    assert kinds == {"other": "bins", "lr=0.1/seed=3": "raw"}


def test_series_by_address_gives_a_tail(url: str) -> None:
    query = urlencode({"run": "other", "tag": "train/loss", "since": 9_990})
    with urlopen(f"{url}/api/series?{query}", timeout=10) as answer:
        data = answer.read()
    header = json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])
    assert [(block["kind"], block["n"]) for block in header["blocks"]] == [("tail", 10_000)]
    assert header["arrays"][0][2] == 10


def test_the_stream_sends_what_changed_and_nothing_twice(url: str, tmp_path: Path) -> None:
    index = get(f"{url}/api/index")
    seen = urlencode({"since": index["version"], "epoch": index["epoch"]})
    with urlopen(f"{url}/api/tail?{seen}", timeout=10) as stream:
        assert stream.readline().startswith(b"retry:")
        with SummaryWriter(tmp_path / "new") as writer:
            writer.add_scalar("acc", 0.5, 7)
        rows: list[Any] = []
        names: list[str] = []
        while not rows:
            line = stream.readline().decode()
            if line.startswith("data: "):
                delta = json.loads(line[6:])
                names += [run["name"] for run in delta["runs"]]
                rows += delta["series"].get("scalar", {}).get("acc", [])
                assert "train/loss" not in delta["series"].get("scalar", {})
    assert names == ["new"]
    assert rows == [[2, 1, 7, 7, 0.5, 0, 1, 0.5, 7, 0.5, 7]]
