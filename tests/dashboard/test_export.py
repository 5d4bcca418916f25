"""Files of scalar series: every point, exactly, of exactly what was asked for."""

from __future__ import annotations

import csv
import io
import json
import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from dashboard.app import create_app
from dashboard.export import export_query, form_query, formats
from summaries import init, open_logdir

LONG = 70_000  # more than one part of a series that is read at a time


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    with init(tmp_path, name="a/long") as run:
        for step in range(LONG):
            run.log({"train/loss": 1 / (step + 1), "other": 1.0}, step=step)
    with init(tmp_path, name='odd ", name') as run:
        for step, value in enumerate([0.1, math.nan, math.inf, -math.inf, 1e-300]):
            run.log({"train/loss": value}, step=step)
    return tmp_path


def ask(logdir: Path, method: str = "GET", **query: Any) -> Any:
    with (
        open_logdir(logdir) as reader,
        TestClient(create_app(reader).server, base_url="http://127.0.0.1") as client,
    ):
        if method == "GET":
            address = [
                (name, v)
                for name, vs in query.items()
                for v in ([vs] if isinstance(vs, str) else vs)
            ]
            return client.get("/api/export?" + urlencode(address))
        body = urlencode({"query": json.dumps(query)})
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return client.post("/api/export", content=body, headers=headers)


def test_csv_has_every_point_as_it_was_logged(logdir: Path) -> None:
    runs = ["a/long", 'odd ", name']
    answer = ask(logdir, run=runs, tag="train/loss", format="csv")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    assert "train_loss.csv" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == LONG + 5
    assert [float(row["value"]) for row in rows[:LONG]] == [1 / (s + 1) for s in range(LONG)]
    odd = [row for row in rows if row["run"] == 'odd ", name']
    assert [row["value"] for row in odd] == ["0.1", "nan", "inf", "-inf", "1e-300"]


def test_a_posted_form_gives_json_with_infinities_as_words(logdir: Path) -> None:
    asked = {"format": "json", "runs": ['odd ", name'], "tags": ["train/loss"]}
    answer = ask(logdir, "POST", **asked)
    (series,) = json.loads(answer.text)
    assert (series["run"], series["tag"]) == ('odd ", name', "train/loss")
    assert series["value"] == [0.1, "NaN", "Infinity", "-Infinity", 1e-300]
    assert series["step"] == [0, 1, 2, 3, 4]
    assert "attachment" in answer.headers["content-disposition"]


def test_tags_that_a_run_has_not_are_left_out(logdir: Path) -> None:
    runs = ["a/long", 'odd ", name']
    answer = ask(logdir, "POST", format="json", runs=runs, tags=["other", "nothing"])
    assert [(s["run"], s["tag"], len(s["step"])) for s in json.loads(answer.text)] == [
        ("a/long", "other", LONG)
    ]
    assert json.loads(ask(logdir, run="a/long", tag="nothing", format="json").text) == []


@pytest.mark.skipif(find_spec("pyarrow") is None, reason="pyarrow is not installed")
def test_parquet_reads_back(logdir: Path) -> None:
    import pyarrow.parquet as pq

    answer = ask(logdir, "POST", format="parquet", runs=["a/long"], tags=["train/loss"])
    table = pq.read_table(io.BytesIO(answer.content))
    assert table.num_rows == LONG
    assert table["value"][9].as_py() == 0.1


def test_a_run_that_is_not_there_is_named(logdir: Path) -> None:
    answer = ask(logdir, run="gone", tag="train/loss")
    assert answer.status_code == 404
    assert "'gone'" in answer.json()["error"]["message"]


def test_parquet_without_pyarrow_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.export.find_spec", lambda name: None)
    assert "pip install" in (formats()["parquet"] or "")
    with pytest.raises(ValueError, match="needs pyarrow"):
        export_query({"format": "parquet", "runs": ["a"], "tags": ["b"]})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"format": "xls", "runs": [], "tags": []}, "'xls'"),
        ({"runs": []}, "documented shape"),
        ([], "documented shape"),
    ],
)
def test_a_query_of_another_shape_is_refused(body: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        export_query(body)


def test_a_form_without_a_query_is_refused() -> None:
    with pytest.raises(ValueError, match="no field 'query'"):
        form_query(b"other=1")
