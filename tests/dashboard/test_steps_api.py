"""The steps of a series, over HTTP: light, many at once, extended by what was logged since."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import numpy as np
import pytest

from dashboard.steps_api import FACTS_AT_ONCE, NEWEST_FACTS, facts_of, steps_of
from summaries import SummaryWriter, open_logdir
from summaries.records import ImageRecord

Serve = Callable[[Path], str]


def ask(url: str, path: str, body: Any = None, **query: Any) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(f"{url}{path}?{urlencode(query)}", data), timeout=10) as answer:
        return json.load(answer)


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    with SummaryWriter(tmp_path / "a") as writer:
        for step in (0, 10, 5):
            writer.add_text("note", f"text at {step}" * 1000, step, walltime=1000.0 + step)
        writer.add_image("picture", np.zeros((3, 2, 4)), 7)
    return tmp_path


def test_the_facts_of_a_record_are_all_but_where_it_stands() -> None:
    record = ImageRecord(3, 1.0, 4, 2, "image/png", "ab", rank=1)
    assert facts_of(record) == {"width": 4, "height": 2, "media_type": "image/png", "sha256": "ab"}


def test_steps_come_in_logging_order_without_the_content(texts: Path, serve: Serve) -> None:
    answer = ask(serve(texts), "/api/steps", kind="text", run="a", tag="note")
    assert answer == {
        "run": "a",
        "tag": "note",
        "start": 0,
        "steps": [0, 10, 5],
        "wall_times": [1000.0, 1010.0, 1005.0],
        "ranks": None,
        "facts_start": 0,
        "facts": None,
    }


def test_what_was_logged_since_comes_alone(texts: Path, serve: Serve) -> None:
    answer = ask(serve(texts), "/api/steps", kind="text", run="a", tag="note", start=2)
    assert (answer["start"], answer["steps"]) == (2, [5])
    answer = ask(serve(texts), "/api/steps", kind="text", run="a", tag="note", start=3)
    assert answer["steps"] == []


def test_many_series_come_in_one_answer_and_one_that_is_gone_says_so(
    texts: Path, serve: Serve
) -> None:
    body = {"kind": "image", "items": [["a", "picture", 0], ["gone", "picture", 0]]}
    one, other = ask(serve(texts), "/api/steps", body)["series"]
    assert one["steps"] == [7]
    assert {"width": 4, "height": 2}.items() <= one["facts"][0].items()
    assert "run 'gone'" in other["error"]


def test_a_long_series_comes_with_the_facts_of_its_newest_values(tmp_path: Path) -> None:
    n = FACTS_AT_ONCE + 50
    with SummaryWriter(tmp_path / "a") as writer:
        for step in range(n):
            writer.add_image("picture", np.full((3, 1, 1), step % 200, np.uint8), step)
    with open_logdir(tmp_path) as reader:
        answer = steps_of(reader, "image", "a", "picture")
        assert len(answer["steps"]) == n
        assert (answer["facts_start"], len(answer["facts"])) == (n - NEWEST_FACTS, NEWEST_FACTS)
        newest = reader.images("a", "picture")[-1]
        assert answer["facts"][-1]["sha256"] == newest.sha256
        between = reader.records("a", "picture", "image", 3, 5)
    assert [record.step for record in between] == [3, 4]


def test_facts_of_any_values_can_be_asked_for(texts: Path, serve: Serve) -> None:
    url = serve(texts)
    answer = ask(url, "/api/facts", kind="image", run="a", tag="picture", start=0, stop=5)
    assert [facts["media_type"] for facts in answer["facts"]] == ["image/png"]
    with pytest.raises(HTTPError, match="400"):
        ask(url, "/api/facts", kind="text", run="a", tag="note", start=0, stop=5)


def test_ranks_are_told_where_there_are_some(tmp_path: Path) -> None:
    for rank in (0, 1):
        with SummaryWriter(tmp_path / "a", rank=rank) as writer:
            writer.add_text("note", f"of {rank}", 1)
    with open_logdir(tmp_path) as reader:
        assert sorted(steps_of(reader, "text", "a", "note")["ranks"]) == [0, 1]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "text"},
        {"kind": "nothing", "items": []},
        {"kind": "text", "items": [["a", "note", -1]]},
        {"kind": "text", "items": [["a", "note", 0]] * 500},
        {"kind": "text", "items": [["a", 3, 0]]},
        [],
    ],
)
def test_a_wrong_question_is_told_what_is_wrong(texts: Path, serve: Serve, body: Any) -> None:
    with pytest.raises(HTTPError) as caught:
        ask(serve(texts), "/api/steps", body)
    with caught.value as error:
        assert error.code == 400


@pytest.mark.parametrize("query", ["kind=text&run=a&tag=gone", "kind=text&run=gone&tag=note"])
def test_a_missing_series_is_not_found(texts: Path, serve: Serve, query: str) -> None:
    with pytest.raises(HTTPError) as caught:
        urlopen(f"{serve(texts)}/api/steps?{query}", timeout=10)
    with caught.value as error:
        assert error.code == 404
