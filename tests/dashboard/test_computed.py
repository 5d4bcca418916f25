"""Computed curves: joined by step, over other axes, averaged over groups, exact or in bins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard.computed import computed_query, read_computed
from dashboard.full_series import FullSeries
from dashboard.group_answers import RecentGroups
from dashboard.joining import join
from dashboard.series import SeriesAnswer
from summaries import SummaryWriter, init, open_logdir
from summaries.reader import Reader
from summaries.records import Scalars, SeriesInfo

Listing = dict[str, dict[str, SeriesInfo]]
LOSS, VAL, EPOCH = ["tag", "train/loss"], ["tag", "val/loss"], ["tag", "epoch"]
LONG = 20_000


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    for seed in range(3):
        with init(tmp_path, name=f"seed={seed}", config={"seed": seed}) as run:
            for step in range(40):
                values = {"train/loss": 1.0 + seed + step}
                if step % 10 == 0:
                    values |= {"val/loss": 2.0 * step, "epoch": step / 10}
                run.log(values, step=step)
    with SummaryWriter(tmp_path / "long") as writer:
        for step in range(LONG):
            writer.add_scalar("train/loss", 100.0 if step == 12_345 else 1.0, step)
            writer.add_scalar("val/loss", 0.25, step)
    return tmp_path


def listed(reader: Reader) -> Listing:
    found: Listing = {}
    for info in reader.series(kind="scalar"):
        found.setdefault(info.tag, {})[info.run] = info
    return found


def ask(logdir: Path, item: dict[str, Any], **rest: Any) -> SeriesAnswer:
    with open_logdir(logdir) as reader:
        query = computed_query({"items": [{"key": "k", **item}], **rest})
        return read_computed(FullSeries(reader), RecentGroups(), query, listed(reader))


def columns(answer: SeriesAnswer, index: int = 0) -> dict[str, Any]:
    return {name: answer.arrays[i] for name, i in answer.blocks[index]["columns"].items()}


def scalars(step: list[int], value: list[float]) -> Scalars:
    return Scalars(np.array(step), np.arange(len(step), dtype=np.float64), np.array(value))


def test_series_logged_together_are_joined_point_by_point_restarts_included() -> None:
    joined = join({"a": scalars([0, 1, 1], [1, 2, 3]), "b": scalars([0, 1, 1], [4, 5, 6])})
    assert joined.exact
    np.testing.assert_array_equal(joined.columns["b"], [4, 5, 6])


def test_between_the_points_of_a_tag_its_last_value_is_carried_forward() -> None:
    joined = join({"a": scalars([0, 1, 2, 3], [1, 2, 3, 4]), "b": scalars([1, 3], [10, 30])})
    assert not joined.exact
    np.testing.assert_array_equal(joined.step, [1, 2, 3])
    np.testing.assert_array_equal(joined.columns["a"], [2, 3, 4])
    np.testing.assert_array_equal(joined.columns["b"], [10, 10, 30])


def test_a_difference_is_computed_on_every_point(logdir: Path) -> None:
    answer = ask(logdir, {"y": ["-", LOSS, VAL], "runs": ["seed=0", "gone"]})
    (block,) = answer.blocks
    assert (block["run"], block["tag"], block["kind"]) == ("seed=0", "k", "raw")
    assert block["carried"] is True
    assert block["n"] == 44  # what was read: the page compares it with the listing
    got = columns(answer)
    np.testing.assert_array_equal(got["step"], np.arange(40))
    step = np.arange(40)
    np.testing.assert_array_equal(got["value"], 1 + step - 2.0 * (step // 10 * 10))


def test_a_long_expression_is_binned_and_keeps_its_spike(logdir: Path) -> None:
    item = {"y": ["/", LOSS, VAL], "runs": ["long"]}
    answer = ask(logdir, item, pixels=300)
    assert answer.blocks[0]["kind"] == "bins"
    assert answer.blocks[0]["carried"] is False
    got = columns(answer)
    assert len(got["step"]) <= 300
    assert got["max"].max() == 400.0
    assert got["count"].sum() == LONG
    window = columns(ask(logdir, {**item, "range": [12_340, 12_350]}, pixels=300))
    np.testing.assert_array_equal(window["step"], np.arange(12_339, 12_352))
    assert window["mean"][6] == 400.0


def test_a_file_gets_every_point_however_many(logdir: Path) -> None:
    answer = ask(logdir, {"y": ["/", LOSS, VAL], "runs": ["long"]}, pixels=100, exact=True)
    assert answer.blocks[0]["kind"] == "raw"
    np.testing.assert_array_equal(columns(answer)["step"], np.arange(LONG))


def test_division_by_zero_is_infinite_and_counted(logdir: Path) -> None:
    got = columns(ask(logdir, {"y": ["/", LOSS, VAL], "runs": ["seed=0"]}))
    assert np.isinf(got["value"][:10]).all()
    got = columns(ask(logdir, {"y": ["/", LOSS, ["-", VAL, 0.25]], "runs": ["long"]}, pixels=100))
    assert got["nonfinite"].sum() == LONG


def test_a_metric_on_x_is_joined_by_step(logdir: Path) -> None:
    answer = ask(logdir, {"y": VAL, "x": EPOCH, "runs": ["seed=1"]})
    got = columns(answer)
    np.testing.assert_array_equal(got["x"], [0, 1, 2, 3])
    np.testing.assert_array_equal(got["step"], [0, 10, 20, 30])
    assert answer.blocks[0]["carried"] is False
    carried = columns(ask(logdir, {"y": LOSS, "x": EPOCH, "runs": ["seed=1"]}))
    np.testing.assert_array_equal(carried["x"], np.arange(40) // 10)


def test_a_group_is_its_mean_with_band_and_number_of_runs(logdir: Path) -> None:
    groups = {"all": ["seed=0", "seed=1", "seed=2", "gone"]}
    answer = ask(logdir, {"y": LOSS, "groups": groups, "band": "std"})
    (block,) = answer.blocks
    assert (block["run"], block["runs"], block["interpolated"]) == ("all", 3, False)
    got = columns(answer)
    np.testing.assert_allclose(got["value"], 2.0 + np.arange(40))
    np.testing.assert_allclose(got["high"] - got["value"], 1.0)
    np.testing.assert_array_equal(got["members"], 3)


def test_a_group_over_relative_time_has_an_x_of_its_own(logdir: Path) -> None:
    groups = {"all": ["seed=0", "seed=1"]}
    answer = ask(logdir, {"y": LOSS, "groups": groups, "band": "minmax", "x": "relative"})
    got = columns(answer)
    assert answer.blocks[0]["interpolated"] is True
    assert got["x"][0] == 0.0
    assert (np.diff(got["x"]) > 0).all()
    assert got["step"].max() <= 39


def test_a_long_group_is_binned_within_its_window(logdir: Path) -> None:
    item = {"y": LOSS, "groups": {"g": ["long"]}, "band": "ci95"}
    whole = columns(ask(logdir, item, pixels=200))
    assert len(whole["x"]) <= 200
    assert whole["max"].max() == 100.0
    assert whole["count"].sum() == LONG
    window = columns(ask(logdir, {**item, "range": [12_340, 12_350]}, pixels=200, smoothing=0.5))
    np.testing.assert_array_equal(window["x"], np.arange(12_339, 12_352))
    assert window["mean"][6] == 100.0
    assert 50.0 < window["smoothed"][6] < 52.0


def test_a_group_is_computed_once_until_one_of_its_runs_grows(tmp_path: Path) -> None:
    body = {"items": [{"key": "k", "y": LOSS, "groups": {"g": ["run"]}, "band": "std"}]}
    with SummaryWriter(tmp_path / "run") as writer, open_logdir(tmp_path) as reader:
        full, recent = FullSeries(reader), RecentGroups()
        lengths = []
        for _ in range(2):
            writer.add_scalar("train/loss", 1.0, len(lengths))
            writer.flush()
            for smoothing in (0.0, 0.5):
                query = computed_query({**body, "smoothing": smoothing})
                answer = read_computed(full, recent, query, listed(reader))
                lengths.append(len(columns(answer)["x"]))
        assert lengths == [1, 1, 2, 2]
        made = []

        def make() -> None:
            made.append(1)

        recent.get("another", make)
        recent.get("another", make)
        assert made == [1, 1]  # nothing is no group: it is asked for again


def test_a_logged_band_comes_along(logdir: Path) -> None:
    item = {"y": LOSS, "low": ["-", LOSS, 1], "high": ["+", LOSS, 2], "runs": ["seed=0", "long"]}
    answer = ask(logdir, item, pixels=100)
    short, long = columns(answer, 0), columns(answer, 1)
    np.testing.assert_array_equal(short["low"], short["value"] - 1)
    assert long["high"].max() == 102.0


def test_smoothing_starts_anew_where_a_run_restarted(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path / "r") as writer:
        for i, step in enumerate([*range(5000), *range(2500, 5000)]):
            writer.add_scalar("a", float(i), step)
    item = {"y": ["*", ["tag", "a"], 1], "runs": ["r"], "range": [2500, 2500]}
    got = columns(ask(tmp_path, item, pixels=100, smoothing=0.9))
    first_again = np.flatnonzero(got["step"] == 2500)[1]
    assert got["smoothed"][first_again] == got["mean"][first_again] == 5000.0
    got = columns(ask(tmp_path, item, pixels=100, smoothing=0.9, partition=False))
    assert got["smoothed"][first_again] < 5000.0


def test_whole_series_are_read_once_and_extended_by_what_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SummaryWriter(tmp_path / "r") as writer, open_logdir(tmp_path) as reader:
        starts: list[int] = []
        read = reader.scalars

        def counted(run: str, tag: str, start: int = 0) -> Scalars:
            starts.append(start)
            return read(run, tag, start)

        monkeypatch.setattr(reader, "scalars", counted)
        key = "first"
        full = FullSeries(reader, lambda run: key, max_points=150)
        for n in (100, 100, 120):
            for step in range(n):
                writer.add_scalar(f"tag{n}", 1.0, step)
            writer.flush()
            points, count = full.read("r", f"tag{n}", listed(reader)[f"tag{n}"]["r"])
            assert count == len(points)
        assert starts == [0, 100, 0]
        # There was room for one of them: the other is read anew.
        full.read("r", "tag100", listed(reader)["tag100"]["r"])
        assert starts == [0, 100, 0, 0]
        # What was listed a moment ago is less than what is held: that stays.
        older = replace(listed(reader)["tag100"]["r"], n=150)
        full.read("r", "tag100", older)
        assert starts == [0, 100, 0, 0]
        # Another run of that name has nothing in common with the one before.
        key = "second"
        full.read("r", "tag100", older)
        assert starts == [0, 100, 0, 0, 0]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "documented shape"),
        ({"items": [{"key": "k"}]}, "documented shape"),
        ({"items": [{"key": "k", "y": ["tag"]}]}, "no function 'tag'"),
        ({"items": [{"key": "k", "y": ["tag", "a"], "band": "iqr"}]}, "band 'iqr'"),
        ({"items": [], "pixels": 0}, "pixels is 0"),
    ],
)
def test_a_query_of_another_shape_is_refused(body: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        computed_query(body)


def test_an_expression_without_a_metric_is_refused(logdir: Path) -> None:
    with pytest.raises(ValueError, match="at least one metric"):
        ask(logdir, {"y": 3, "runs": ["seed=0"]})
