"""Runs held against each other, as numbers and lines."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest
from starlette.requests import Request

from dashboard.comparison import (
    compare_diffs,
    difference,
    files_of,
    surroundings,
    value_at,
)
from dashboard.pages.compare import ComparePage
from summaries import init, open_logdir
from summaries.records import Scalars


def change(path: str, *lines: str, blob: str = "1..2") -> str:
    head = f"diff --git a/{path} b/{path}\nindex {blob} 100644\n--- a/{path}\n+++ b/{path}\n"
    return head + "\n".join(["@@ -1,3 +1,3 @@ def f():", *lines]) + "\n"


def points(steps: list[int], values: list[float]) -> Scalars:
    return Scalars(np.array(steps), np.zeros(len(steps)), np.array(values))


def test_a_diff_is_taken_apart_by_files() -> None:
    both = change("train.py", "+a") + change("dir with space/b.py", "-b")
    assert list(files_of(both)) == ["train.py", "dir with space/b.py"]
    assert files_of("") == {}


def test_changes_of_two_runs_are_told_by_file() -> None:
    a = change("same.py", "+x", blob="1..2") + change("one.py", "+1") + change("both.py", "+lr=1")
    b = change("same.py", "+x", blob="3..4") + change("two.py", "-2") + change("both.py", "+lr=2")
    found = {file.path: file for file in compare_diffs(a, b)}
    assert {path: file.standing for path, file in found.items()} == {
        "both.py": "differs",
        "one.py": "only_a",
        "same.py": "same",
        "two.py": "only_b",
    }
    assert ("removed", "-+lr=1") in found["both.py"].lines
    assert ("added", "++lr=2") in found["both.py"].lines
    assert found["two.py"].lines == (("place", "@@ -1,3 +1,3 @@ def f():"), ("removed", "-2"))


def test_runs_without_changes_differ_in_nothing() -> None:
    assert compare_diffs("", "") == []


def test_only_packages_that_differ_are_told_and_facts_always() -> None:
    rows = surroundings(
        [
            {
                "git": {"commit": "abc", "dirty": True},
                "packages": {"numpy": "2.0", "torch": "2.4"},
                "command": ["train.py", "--lr", "1"],
            },
            {
                "git": {"commit": "def", "dirty": False},
                "packages": {"numpy": "2.0"},
                "cpu_count": 4,
            },
            {},
        ]
    )
    by_name = {(row["group"], row["name"]): row["values"] for row in rows}
    assert by_name["git", "commit"] == ["abc", "def", None]
    assert by_name["git", "uncommitted changes"] == ["yes", "no", None]
    assert by_name["process", "command"] == ["train.py --lr 1", None, None]
    assert by_name["machine", "cpu_count"] == [None, 4, None]
    assert by_name["packages", "torch"] == ["2.4", None, None]
    assert ("packages", "numpy") in by_name  # the third run has none


def test_the_value_at_a_step_is_the_last_before_it() -> None:
    series = points([0, 10, 20, 5, 15], [1.0, 2.0, 3.0, 4.0, 5.0])
    assert value_at(series, 12) == (10, 2.0)
    assert value_at(series, 5) == (5, 4.0)
    assert value_at(series, 100) == (20, 3.0)
    assert value_at(series, -1) is None
    assert value_at(points([7, 7], [1.0, 9.0]), 7) == (7, 9.0)


def test_the_difference_is_taken_at_common_steps() -> None:
    found = difference(points([0, 1, 2, 3], [1, 2, 3, 4]), points([1, 3, 5], [1.5, 1.0, 0.0]))
    assert found.step.tolist() == [1, 3]
    assert found.mean.tolist() == [0.5, 3.0]
    assert not found.interpolated


def test_without_common_steps_the_baseline_is_interpolated() -> None:
    found = difference(points([1, 3, 9], [1.0, 1.0, 1.0]), points([0, 2, 4], [0.0, 2.0, 4.0]))
    assert found.interpolated
    assert found.step.tolist() == [1, 3]
    assert found.mean.tolist() == [0.0, -2.0]


def test_a_spike_stays_in_the_bins_of_a_long_difference() -> None:
    n = 50_000
    values = np.zeros(n)
    values[31_234] = 7.0
    steps = np.arange(n)
    flat = Scalars(steps, steps * 1.0, np.zeros(n))
    found = difference(Scalars(steps, steps * 1.0, values), flat, pixels=500)
    assert len(found.step) == 500
    assert found.high.max() == 7.0 and found.low.min() == 0.0
    assert found.step[-1] == n - 1


def test_curves_without_points_differ_in_nothing() -> None:
    assert len(difference(points([], []), points([1], [1.0])).step) == 0


def ask(page: ComparePage, body: object) -> object:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": json.dumps(body).encode()}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    return json.loads(bytes(asyncio.run(page.serve_at(request)).body))


def test_the_route_gives_values_at_a_step_and_refuses_too_many(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with init(tmp_path, name=name) as run:
            for step in range(0, 100, 10):
                run.log({"loss": step + len(name)}, step=step)
    with open_logdir(tmp_path) as reader:
        page = ComparePage(reader)
        answer = ask(page, {"runs": ["a", "b"], "tags": ["loss", "no such"], "step": 35})
        assert answer == {"values": {"loss": {"a": [30, 31.0], "b": [30, 31.0]}}}
        with pytest.raises(ValueError, match="too many to read"):
            ask(page, {"runs": ["a"] * 50, "tags": ["loss"] * 100, "step": 1})
        with pytest.raises(ValueError, match="expects runs, tags and a step"):
            ask(page, {"runs": ["a"]})
        with pytest.raises(KeyError, match="run 'gone' does not exist"):
            page.surroundings(["gone"])
        assert page.diff_of("a") == ""
