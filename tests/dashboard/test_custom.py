"""The custom charts page: layouts of several runs as one, and what its route answers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from dashboard.layout_charts import merged_layouts
from dashboard.pages.custom import CustomPage
from summaries import SummaryWriter, open_logdir

LOSSES = {"both": ["Multiline", ["loss/.*"]]}
BAND = {"band": ["Margin", ["v", "low", "high"]]}


def test_categories_of_one_name_are_one_and_equal_charts_are_kept_once() -> None:
    merged = merged_layouts([{"a": LOSSES}, {"a": {**LOSSES, **BAND}, "b": BAND}])
    assert [category["title"] for category in merged] == ["a", "b"]
    assert merged[0]["charts"] == [
        {"title": "both", "type": "Multiline", "tags": ["loss/.*"]},
        {"title": "band", "type": "Margin", "tags": ["v", "low", "high"]},
    ]


def test_charts_of_one_title_that_differ_both_stay() -> None:
    merged = merged_layouts([{"a": LOSSES}, {"a": {"both": ["Multiline", ["other"]]}}])
    assert [chart["tags"] for chart in merged[0]["charts"]] == [["loss/.*"], ["other"]]


def ask(page: CustomPage, body: Any) -> Any:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    return json.loads(bytes(asyncio.run(page.serve_layouts(request)).body))


def test_the_route_merges_the_runs_asked_for_and_passes_over_those_gone(tmp_path: Path) -> None:
    for run, layout in (("a", {"one": LOSSES}), ("b", {"two": BAND})):
        with SummaryWriter(tmp_path / run) as writer:
            writer.add_custom_scalars(layout)
    with SummaryWriter(tmp_path / "without") as writer:
        writer.add_scalar("loss/train", 1.0, 0)
    with open_logdir(tmp_path) as reader:
        page = CustomPage(reader)
        both = ask(page, {"runs": ["a", "gone", "without", "b"]})["categories"]
        assert [category["title"] for category in both] == ["one", "two"]
        assert [c["title"] for c in ask(page, {"runs": ["b"]})["categories"]] == ["two"]
        with pytest.raises(ValueError, match="runs: expects a list of names"):
            ask(page, {"runs": "a"})
