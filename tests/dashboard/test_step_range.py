"""The table under a chart: what series did over a range of steps, exactly."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard.step_range import RangeQuery, range_query, range_row, read_rows, step_row
from summaries import init, open_logdir
from summaries.records import Scalars
from summaries.smoothing import debiased_ema


def scalars(value: list[float], step: list[int] | None = None, rank: Any = None) -> Scalars:
    steps = np.array(step if step is not None else range(len(value)), np.int64)
    ranks = None if rank is None else np.array(rank, np.int64)
    return Scalars(steps, 100.0 + np.arange(len(value)), np.array(value), ranks)


def test_a_range_is_summed_up_with_both_ends_included() -> None:
    row = range_row(scalars([9.0, 4.0, 1.0, 3.0, 2.0, 7.0]), 1, 4)
    assert (row.n, row.nonfinite) == (4, 0)
    assert (row.start, row.start_step, row.end, row.end_step) == (4.0, 1, 2.0, 4)
    assert (row.min, row.min_step, row.max, row.max_step) == (1.0, 2, 4.0, 1)
    assert row.mean == 2.5
    assert (row.change, row.change_part) == (-2.0, -0.5)
    assert row.smoothed == 2.0


def test_what_is_not_finite_is_counted_and_left_out() -> None:
    row = range_row(scalars([math.nan, -4.0, math.inf, -2.0, math.nan]), 0, 4)
    assert (row.n, row.nonfinite) == (5, 3)
    assert (row.start, row.end, row.mean) == (-4.0, -2.0, -3.0)
    assert row.change_part == 0.5  # of the size of the start: upwards is positive


def test_a_range_without_a_number_has_none() -> None:
    row = range_row(scalars([1.0, math.nan]), 1, 5)
    assert (row.n, row.nonfinite, row.start, row.max_step, row.mean) == (1, 1, None, None, None)
    assert range_row(scalars([1.0]), 5, 9).n == 0


def test_a_change_from_zero_has_no_percentage() -> None:
    row = range_row(scalars([0.0, 3.0]), 0, 1)
    assert (row.change, row.change_part) == (3.0, None)


def test_the_last_value_of_a_step_that_was_logged_again_counts() -> None:
    row = range_row(scalars([5.0, 6.0, 1.0, 2.0], step=[0, 1, 0, 1]), 0, 1)
    assert (row.start, row.end, row.n) == (1.0, 2.0, 4)


def test_several_processes_are_one_value_a_step() -> None:
    row = range_row(scalars([1.0, 3.0, 2.0, 6.0], step=[0, 0, 1, 1], rank=[0, 1, 0, 1]), 0, 1)
    assert (row.start, row.end, row.min, row.max) == (2.0, 4.0, 1.0, 6.0)


def test_smoothing_is_over_the_whole_series() -> None:
    value = [8.0, 1.0, 5.0, 2.0]
    row = range_row(scalars(value), 2, 3, "ema", 0.5)
    assert row.smoothed == pytest.approx(debiased_ema(np.array(value), 0.5)[3])


def test_a_step_is_the_nearest_and_the_smaller_of_two() -> None:
    points = scalars([1.0, 2.0, 3.0], step=[0, 10, 20])
    found = [step_row(points, at) for at in (-5, 4, 5, 6, 99)]
    assert [row.step for row in found if row] == [0, 0, 0, 10, 20]
    row = step_row(points, 12)
    assert row is not None
    assert (row.value, row.relative) == (2.0, 1.0)
    assert step_row(scalars([]), 0) is None


def test_long_series_are_exact_and_missing_ones_say_so(tmp_path: Path) -> None:
    with init(tmp_path, name="long") as run:
        for step in range(9000):
            run.log({"loss": 50.0 if step == 4321 else 1.0 + step / 9000}, step=step)
    query = RangeQuery((("long", "loss"), ("gone", "loss")), 1000, 8000)
    with open_logdir(tmp_path) as reader:
        row, gone = read_rows(reader, query)
    assert (row["run"], row["max"], row["max_step"], row["n"]) == ("long", 50.0, 4321, 7001)
    assert row["change"] == pytest.approx(7000 / 9000)
    assert "gone" in gone["error"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "documented shape"),
        ({"items": [], "first": "a"}, "could not convert"),
        ({"items": [], "first": 5, "last": 2}, "must be below"),
        ({"items": [], "first": math.inf}, "must be below"),
        ({"items": [], "first": 0, "smoothing": 2}, "smoothing is 2"),
        ({"items": [], "first": 0, "smoothing_kind": "median"}, "median"),
    ],
)
def test_a_query_of_another_shape_is_refused(body: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        range_query(body)


def test_a_query_names_runs_by_tag() -> None:
    body = {"items": [{"tag": "t", "runs": ["a", "b"]}], "first": 3, "last": 9}
    asked = {**body, "smoothing": 5, "smoothing_kind": "mean"}
    assert range_query(asked) == RangeQuery((("a", "t"), ("b", "t")), 3.0, 9.0, "mean", 5.0)
