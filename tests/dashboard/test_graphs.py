"""The graphs page: its columns and its route."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from dashboard.graph_columns import MAX_ATTRIBUTE_CHARACTERS, graph_columns, short_attribute
from dashboard.pages.graphs import GraphsPage
from summaries import SummaryWriter, open_logdir
from summaries.records import GraphNode, GraphRecord, NodeStats


def test_columns_have_one_entry_an_operation() -> None:
    record = GraphRecord(
        3,
        7.0,
        (
            GraphNode("x", "Placeholder", outputs=(("float32", (None, 2)),)),
            GraphNode("y", "Relu", ("x:0", "^x"), "/gpu:0", (("float32", None),), {"T": "float32"}),
        ),
    )
    assert graph_columns(record) == {
        "step": 3,
        "wall_time": 7.0,
        "names": ["x", "y"],
        "ops": ["Placeholder", "Relu"],
        "devices": ["", "/gpu:0"],
        "inputs": [[], ["x:0", "^x"]],
        "outputs": [[["float32", [None, 2]]], [["float32", None]]],
        "attrs": [{}, {"T": "float32"}],
    }


def test_a_traced_graph_has_a_column_of_what_its_operations_took() -> None:
    record = GraphRecord(
        0,
        7.0,
        (
            GraphNode("x", "Placeholder"),
            GraphNode("y", "Relu", ("x",), stats=NodeStats(12.5, 64, "/cpu:0")),
            GraphNode("c", "Const", stats=NodeStats(0.0, 0, "/cpu:0", "folded into a constant")),
        ),
        traced="step 10",
    )
    columns = graph_columns(record)
    assert columns["traced"] == "step 10"
    assert columns["stats"] == [
        None,
        [12.5, 64, "/cpu:0", ""],
        [0.0, 0, "/cpu:0", "folded into a constant"],
    ]


def test_long_attributes_are_cut_and_say_so() -> None:
    assert short_attribute([1, 2]) == [1, 2]
    assert short_attribute(0.5) == 0.5
    cut = short_attribute("x" * 5000)
    assert len(cut) < MAX_ATTRIBUTE_CHARACTERS + 40
    assert cut.endswith("(5000 characters)")
    assert str(short_attribute(list(range(5000)))).startswith("[0, 1, 2")


def test_the_route_answers_the_columns_and_a_run_without_graph_is_a_key_error(
    tmp_path: Path,
) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_graph({"nodes": [{"name": "x", "op": "Placeholder"}]})
    with SummaryWriter(tmp_path / "b") as writer:
        writer.add_scalar("loss", 1.0, 0)

    def ask(run: str) -> dict[str, Any]:
        scope = {"type": "http", "query_string": f"run={run}".encode(), "headers": []}
        body = asyncio.run(page.serve_graph(Request(scope))).body
        columns: dict[str, Any] = json.loads(bytes(body))
        return columns

    with open_logdir(tmp_path) as reader:
        page = GraphsPage(reader)
        assert ask("a")["names"] == ["x"]
        with pytest.raises(KeyError, match="logged no graph"):
            ask("b")
        with pytest.raises(KeyError):
            ask("nobody")
