"""Scalar series for charts: exact while short, bins when long, tails by sequence number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard.series import Item, Query, SeriesAnswer, query_from_json, read_series
from summaries import SummaryWriter, init, open_logdir
from summaries.smoothing import SmoothingKind, smoothed_at

LONG = 10_000


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    with SummaryWriter(tmp_path / "short") as writer:
        for step in range(100):
            writer.add_scalar("loss", 1.0 / (step + 1), step)
    with init(tmp_path, name="long") as run:
        for step in range(LONG):
            run.log({"loss": 9.0 if step == 5555 else 0.5}, step=step)
    return tmp_path


def columns(answer: SeriesAnswer, index: int = 0) -> dict[str, np.ndarray[Any, Any]]:
    return {name: answer.arrays[i] for name, i in answer.blocks[index]["columns"].items()}


def lengths(logdir: Path) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for info in open_logdir(logdir).series(kind="scalar"):
        found.setdefault(info.tag, {})[info.run] = info.n
    return found


def ask(logdir: Path, item: Item, **rest: Any) -> SeriesAnswer:
    return read_series(open_logdir(logdir), Query((item,), **rest), lengths(logdir))


def test_a_short_series_is_exact(logdir: Path) -> None:
    answer = ask(logdir, Item("loss", ("short",)))
    assert answer.blocks[0]["kind"] == "raw"
    got = columns(answer)
    np.testing.assert_array_equal(got["step"], np.arange(100))
    np.testing.assert_array_equal(got["value"], 1.0 / np.arange(1, 101))


def test_a_long_series_is_binned_and_keeps_its_spike(logdir: Path) -> None:
    answer = ask(logdir, Item("loss", ("long",)), pixels=300)
    assert answer.blocks[0]["kind"] == "bins"
    got = columns(answer)
    assert len(got["step"]) <= 600
    assert got["max"].max() == 9.0
    assert got["count"].sum() == LONG
    assert answer.blocks[0]["n"] == LONG


def test_a_window_of_steps_is_refined_to_raw_points(logdir: Path) -> None:
    answer = ask(logdir, Item("loss", ("long",), step_range=(5550, 5560)), pixels=300)
    assert answer.blocks[0]["exact"] is True
    got = columns(answer)
    np.testing.assert_array_equal(got["step"], np.arange(5550, 5561))
    np.testing.assert_array_equal(got["count"], np.ones(11))


def test_smoothing_of_a_long_series_is_over_every_point(logdir: Path) -> None:
    answer = ask(logdir, Item("loss", ("long",)), pixels=300, smoothing=0.9)
    value = np.full(LONG, 0.5)
    value[5555] = 9.0
    last, expected = 0.0, np.empty(LONG)
    for i, y in enumerate(value):
        last = 0.9 * last + 0.1 * y
        expected[i] = last / (1 - 0.9 ** (i + 1))
    got = columns(answer)
    np.testing.assert_allclose(got["smoothed"], expected[got["step"].astype(int)], rtol=1e-5)


@pytest.mark.parametrize(("kind", "amount"), [("gaussian", 20.0), ("mean", 101.0)])
def test_other_kinds_of_smoothing_are_over_every_point(
    logdir: Path, kind: SmoothingKind, amount: float
) -> None:
    item = Item("loss", ("long",))
    answer = ask(logdir, item, pixels=300, smoothing=amount, smoothing_kind=kind)
    value = np.full(LONG, 0.5)
    value[5555] = 9.0
    expected = smoothed_at(value, np.arange(LONG), kind, amount)
    got = columns(answer)
    np.testing.assert_allclose(got["smoothed"], expected[got["step"].astype(int)], rtol=1e-5)
    assert (answer.blocks[0]["smoothing"], answer.blocks[0]["smoothing_kind"]) == (amount, kind)


def test_a_tail_holds_only_what_is_new(logdir: Path) -> None:
    answer = ask(logdir, Item("loss", ("short", "long"), since=(97, LONG)))
    assert [(block["run"], block["kind"]) for block in answer.blocks] == [("short", "tail")]
    assert answer.blocks[0]["start"] == 97
    assert answer.blocks[0]["n"] == 100
    np.testing.assert_array_equal(columns(answer)["step"], [97, 98, 99])


def test_many_runs_share_a_budget_of_points(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with SummaryWriter(tmp_path / name) as writer:
            for step in range(3000):
                writer.add_scalar("loss", float(step), step)
    runs = ("a", "b") * 60
    known = {"loss": {"a": 3000, "b": 3000}}
    query = Query((Item("loss", runs),), pixels=200)
    answer = read_series(open_logdir(tmp_path), query, known)
    assert {block["kind"] for block in answer.blocks} == {"bins"}


def test_runs_that_do_not_exist_are_left_out(logdir: Path) -> None:
    answer = ask(logdir, Item("loss", ("gone", "short")))
    assert [block["run"] for block in answer.blocks] == ["short"]


def test_a_run_removed_since_the_listing_does_not_spoil_the_others(logdir: Path) -> None:
    known = {"loss": {"short": 100, "gone": 50}}
    query = Query((Item("loss", ("gone", "short")),))
    answer = read_series(open_logdir(logdir), query, known)
    assert [block["run"] for block in answer.blocks] == ["short"]
    assert answer.failures == []


def test_values_cross_as_float64_where_float32_would_lose_them(tmp_path: Path) -> None:
    with init(tmp_path, name="clock") as run:
        for step in range(9000):
            run.log({"time": 1.7e9 + step * 0.001, "loss": 1 / (step + 1)}, step=step)
    for tag, dtype in (("time", "<f8"), ("loss", "<f4")):
        answer = ask(tmp_path, Item(tag, ("clock",)), pixels=100)
        assert columns(answer)["max"].dtype.str == dtype


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "documented shape"),
        ([], "documented shape"),
        ({"items": [{"tag": "a"}]}, "documented shape"),
        ({"items": [], "pixels": 0}, "pixels is 0"),
        ({"items": [], "smoothing": 1.0}, "smoothing is 1.0"),
        ({"items": [], "smoothing": 0, "smoothing_kind": "median"}, "'median'"),
        ({"items": [], "smoothing": 1e9, "smoothing_kind": "mean"}, "at most 10000"),
        ({"items": [{"tag": "a", "runs": ["b"], "since": []}]}, "'since' needs one number"),
    ],
)
def test_a_query_of_another_shape_is_refused(body: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        query_from_json(body)
