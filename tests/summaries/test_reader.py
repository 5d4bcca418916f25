"""The reader: one view of many databases, exact, and cheap to ask what changed."""

from __future__ import annotations

import base64
import re
import shutil
import time
import zlib
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from summaries import Histogram, LogdirError, NotFoundError, SummaryWriter, init, open_logdir
from summaries.reader import Reader


def log(logdir: str | Path, name: str, values: list[float], tag: str = "x") -> None:
    with init(logdir, name=name) as run:
        for step, value in enumerate(values):
            run.log({tag: value}, step=step)


def look_again(reader: Reader) -> None:
    """The reader looks for new files once a second; a test need not wait for that."""
    reader._places._scanned = -1e9


def test_shared_and_own_databases_are_one_logdir(tmp_path: Path) -> None:
    log(tmp_path, "shared/a", [1.0])
    log(tmp_path / "team", "b", [2.0])
    with SummaryWriter(tmp_path / "team" / "own") as writer:
        writer.add_scalar("x", 3.0, 0)
    with SummaryWriter(tmp_path / "deep" / "er" / "c") as writer:
        writer.add_scalar("x", 4.0, 0)
    with open_logdir(tmp_path) as reader:
        found = {info.name: reader.scalars(info.name, "x").value[0] for info in reader.runs()}
        assert found == {"shared/a": 1.0, "team/b": 2.0, "team/own": 3.0, "deep/er/c": 4.0}
        assert set(reader.envelopes(list(found), "x")) == set(found)
    with open_logdir(tmp_path / "deep" / "er" / "c") as reader:
        assert [info.name for info in reader.runs()] == ["."]


def test_a_database_file_and_its_url_can_be_opened(tmp_path: Path) -> None:
    log(tmp_path, "a", [1.0])
    for target in (tmp_path / "events.db", f"sqlite:///{tmp_path}/events.db"):
        with open_logdir(target) as reader:
            assert [info.name for info in reader.runs()] == ["a"]


def test_an_empty_logdir_fills_while_it_is_open(logdir: str | Path) -> None:
    with open_logdir(logdir) as reader:
        assert reader.runs() == []
        assert reader.series() == []
        assert not reader.changes_since(None)
        log(logdir, "a", [1.0])
        look_again(reader)
        assert [info.name for info in reader.runs()] == ["a"]


def test_a_missing_run_or_tag_names_what_there_is(logdir: str | Path) -> None:
    log(logdir, "alpha", [1.0], "train/loss")
    with open_logdir(logdir) as reader:
        with pytest.raises(NotFoundError, match=r"run 'beta'.*\n.*'alpha'"):
            reader.scalars("beta", "x")
        with pytest.raises(NotFoundError, match=r"scalar 'acc'.*\n.*'train/loss'"):
            reader.scalars("alpha", "acc")
        with pytest.raises(KeyError, match="histogram 'acc'"):
            reader.histograms("alpha", "acc")
        with pytest.raises(NotFoundError, match="blob"):
            reader.blob("00")
        assert reader.graph("alpha") is None


@pytest.mark.parametrize("name", ["missing", "file.txt"])
def test_what_is_no_directory_is_refused_with_a_way_out(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.txt").write_text("hello")
    with pytest.raises(LogdirError, match=name) as caught:
        open_logdir(tmp_path / name)
    assert "try:" in str(caught.value)


# -- envelopes ------------------------------------------------------------------------------------


def test_few_points_come_raw_and_many_as_bins_with_their_extremes(logdir: str | Path) -> None:
    values = np.sin(np.arange(20_000) / 300)
    values[7777] = 50.0
    log(logdir, "a", values.tolist())
    with open_logdir(logdir) as reader:
        whole = reader.envelope("a", "x", pixels=500)
        assert not whole.is_raw
        assert len(whole) <= 500
        assert (whole.max.max(), whole.count.sum(), whole.n) == (50.0, 20_000, 20_000)
        window = reader.envelope("a", "x", pixels=500, step_range=(7700, 7800))
        assert window.is_raw
        assert window.step_min.tolist() == list(range(7700, 7801))
        assert (window.mean == values[7700:7801]).all()
        assert len(reader.envelope("a", "x", step_range=(10**6, 10**7))) == 0


def test_smoothing_is_computed_on_every_point(logdir: str | Path) -> None:
    from summaries.smoothing import debiased_ema

    values = np.random.default_rng(0).standard_normal(30_000)
    log(logdir, "a", values.tolist())
    expected = debiased_ema(values, 0.9)
    with open_logdir(logdir) as reader:
        whole = reader.envelope("a", "x", pixels=300, smoothing=0.9)
        assert whole.smoothed is not None
        np.testing.assert_allclose(whole.smoothed, expected[whole.step_max], rtol=1e-9)
        window = reader.envelope("a", "x", pixels=300, step_range=(20_000, 20_100), smoothing=0.9)
        assert window.smoothed is not None
        np.testing.assert_allclose(window.smoothed, expected[20_000:20_101], rtol=1e-9)


def test_runs_without_the_tag_are_left_out_of_envelopes(logdir: str | Path) -> None:
    log(logdir, "a", [1.0], "x")
    log(logdir, "b", [1.0], "y")
    with open_logdir(logdir) as reader:
        assert list(reader.envelopes(["b", "a", "nobody"], "x")) == ["a"]
        with pytest.raises(ValueError, match="pixels"):
            reader.envelope("a", "x", pixels=0)


# -- changes --------------------------------------------------------------------------------------


def test_changes_are_what_is_new_and_nothing_else(logdir: str | Path) -> None:
    log(logdir, "old", [1.0, 2.0])
    run = init(logdir, name="live")
    with open_logdir(logdir) as reader:
        first = reader.changes_since(None)
        assert set(first.runs) == {"old", "live"}
        assert [(s.run, s.tag) for s in first.series] == [("old", "x")]
        assert not reader.changes_since(first.token)
        run.log({"x": 5.0, "h": np.arange(4.0)}, step=3)
        run.flush()
        second = reader.changes_since(first.token)
        assert second.runs == ()
        assert [(s.run, s.tag, s.n) for s in second.series] == [("live", "h", 1), ("live", "x", 1)]
        run.finish()
        third = reader.changes_since(second.token)
        assert third.runs == ("live",)
        assert not reader.changes_since(third.token)
        assert set(reader.changes_since("no token of ours").runs) == {"old", "live"}


def test_a_token_holds_across_readers(logdir: str | Path) -> None:
    log(logdir, "a", [1.0])
    with open_logdir(logdir) as reader:
        token = reader.changes_since(None).token
    with open_logdir(logdir) as other:
        assert not other.changes_since(token)


def test_a_deleted_run_directory_is_reported_and_gone(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with SummaryWriter(tmp_path / name) as writer:
            writer.add_scalar("x", 1.0, 0)
    with open_logdir(tmp_path) as reader:
        token = reader.changes_since(None).token
        assert set(reader.envelopes(["a", "b"], "x")) == {"a", "b"}
        shutil.rmtree(tmp_path / "a")
        # First within the second in which no new files are looked for, then after it.
        assert [info.name for info in reader.runs()] == ["b"]
        look_again(reader)
        changes = reader.changes_since(token)
        assert changes.removed == ("a",)
        assert [info.name for info in reader.runs()] == ["b"]
        assert not reader.changes_since(changes.token)


def test_a_database_replaced_by_another_is_read_anew(tmp_path: Path) -> None:
    log(tmp_path, "a", [1.0, 2.0])
    with open_logdir(tmp_path) as reader:
        token = reader.changes_since(None).token
        (tmp_path / "events.db").unlink()
        log(tmp_path, "b", [3.0])
        look_again(reader)
        assert [info.name for info in reader.runs()] == ["b"]
        assert reader.scalars("b", "x").value.tolist() == [3.0]
        assert "b" in reader.changes_since(token).runs


def test_points_are_read_on_from_where_one_was(logdir: str | Path) -> None:
    run = init(logdir, name="a")
    with open_logdir(logdir) as reader:
        seen: list[float] = []
        for step in range(5):
            run.log({"x": float(step)}, step=step)
            run.flush()
            seen += reader.scalars("a", "x", start=len(seen)).value.tolist()
        assert seen == [0.0, 1.0, 2.0, 3.0, 4.0]
    run.finish()


def test_histograms_may_be_read_sparsely_with_the_newest(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        for step in range(12):
            writer.add_histogram("w", [float(step)], step)
    with open_logdir(tmp_path) as reader:
        assert [h.step for h in reader.histograms(".", "w", every=5)] == [0, 5, 10, 11]
        assert [h.step for h in reader.histograms(".", "w", start=3, every=4)] == [3, 7, 11]
        assert len(reader.histograms(".", "w", start=9)) == 3


# -- tables ---------------------------------------------------------------------------------------


def test_series_tell_what_lists_need(logdir: str | Path) -> None:
    log(logdir, "a", [3.0, 1.0, 2.0])
    log(logdir, "b", [9.0])
    with open_logdir(logdir) as reader:
        (one,) = reader.series("a")
        assert (one.n, one.first_step, one.last_step) == (3, 0, 2)
        assert (one.last_value, one.min_value, one.min_step) == (2.0, 1.0, 1)
        assert (one.max_value, one.max_step) == (3.0, 0)
        assert len(reader.series(kind="scalar")) == 2
        assert reader.series(kind="image") == []
        with pytest.raises(NotFoundError):
            reader.series("nobody")


def test_a_frame_has_every_point(logdir: str | Path) -> None:
    log(logdir, "a", [3.0, 1.0])
    log(logdir, "b", [9.0], "y")
    with open_logdir(logdir) as reader:
        frame = reader.to_pandas()
        assert list(frame.columns) == ["run", "tag", "step", "wall_time", "value"]
        assert frame["value"].tolist() == [3.0, 1.0, 9.0]
        assert str(frame["wall_time"].dtype).startswith("datetime64")
        assert len(reader.to_pandas(run="b")) == 1
        assert len(reader.to_pandas(tag="x")) == 2
        assert len(reader.to_pandas(tag="none")) == 0


# -- status ---------------------------------------------------------------------------------------


def test_a_silent_run_of_another_machine_is_crashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("summaries.process.process_key", lambda: "elsewhere:boot:ns|1|2")
    run = init(tmp_path, name="a")
    with open_logdir(tmp_path) as reader:
        assert reader.runs()[0].status == "running"
        now = time.time()
        monkeypatch.setattr("summaries.store.runs.time.time", lambda: now + 31.0)
        assert reader.runs()[0].status == "crashed"
    monkeypatch.undo()
    run.finish()


def test_more_databases_than_are_kept_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("summaries.places._OPEN_STORES", 3)
    for k in range(8):
        with SummaryWriter(tmp_path / f"r{k}") as writer:
            writer.add_scalar("x", float(k), 0)
    with open_logdir(tmp_path) as reader:
        for _ in range(2):
            values = [reader.scalars(f"r{k}", "x").value[0] for k in range(8)]
            assert values == [float(k) for k in range(8)]
        assert len(reader._places._stores) == 3
        assert len(list(tmp_path.iterdir())) == 8


def test_numbers_of_numpy_and_past_64_bits_are_numbers(logdir: str | Path) -> None:
    with init(logdir, name="r") as run:
        for step in range(9000):
            run.log({"x": float(step), "h": Histogram([1.0, 2.0])} if step < 3 else {"x": 0.0})
    with open_logdir(logdir) as reader:
        assert len(reader.scalars("r", "x", cast(int, np.int64(8990)))) == 10
        assert len(reader.scalars("r", "x", 2**70)) == 0
        assert len(reader.histograms("r", "h", cast(int, np.int64(1)))) == 2
        for window in ((np.int64(10), np.int32(19)), (9.5, 19.5)):
            found = reader.envelope("r", "x", 1000, cast("tuple[int, int]", window))
            assert found.count.sum() >= 10
        assert reader.envelope("r", "x", 100, (-(2**70), 2**70)).count.sum() == 9000


@pytest.mark.parametrize("state", ["5", '{"": 5}', '{"": [1, 2]}', '{"": ["u", "r", []]}', "[]"])
def test_a_token_that_is_none_of_ours_means_everything(logdir: str | Path, state: str) -> None:
    init(logdir, name="r").finish()
    token = base64.urlsafe_b64encode(zlib.compress(state.encode())).decode()
    with open_logdir(logdir) as reader:
        assert reader.changes_since(token).runs == ("r",)
        assert reader.changes_since("nonsense").runs == ("r",)


@pytest.mark.parametrize("smoothing", [1.0, -0.1, float("nan")])
def test_a_smoothing_out_of_range_is_refused_by_name(logdir: str | Path, smoothing: float) -> None:
    with open_logdir(logdir) as reader, pytest.raises(ValueError, match="envelope: smoothing"):
        reader.envelopes([], "x", smoothing=smoothing)


def test_several_logdirs_are_read_as_one_by_their_names(tmp_path: Path, logdir: str | Path) -> None:
    log(logdir, "a", [1.0])
    log(tmp_path / "mine", "a", [2.0])
    with SummaryWriter(tmp_path / "mine" / "own") as writer:
        writer.add_scalar("x", 3.0, 0)
    with open_logdir({"mine": tmp_path / "mine", "theirs": logdir}) as reader:
        found = {info.name: reader.scalars(info.name, "x").value[0] for info in reader.runs()}
        assert found == {"mine/a": 2.0, "mine/own": 3.0, "theirs/a": 1.0}
        token = reader.changes_since(None).token
        log(tmp_path / "mine", "b", [4.0])
        assert "mine/b" in reader.changes_since(token).runs


def test_no_logdir_at_all_is_refused() -> None:
    with pytest.raises(LogdirError, match="none was given"):
        open_logdir({})


def test_tags_are_found_over_all_runs_and_changes_can_be_limited(logdir: str | Path) -> None:
    with init(logdir, name="a") as run:
        run.log({f"unit{number}/loss": float(number) for number in range(8)}, step=0)
    log(logdir, "b", [1.0], tag="unit3/loss")
    with open_logdir(logdir) as reader:
        assert reader.tags("unit*", most=2) == ["unit0/loss", "unit1/loss"]
        assert reader.tags(re.compile("3/")) == ["unit3/loss"]
        assert [(s.run, s.tag) for s in reader.series_of_tags(["unit3/loss", "nothing"])] == [
            ("a", "unit3/loss"),
            ("b", "unit3/loss"),
        ]
        changes = reader.changes_since(None, most=3)
        assert (len(changes.series), changes.n_left_out) == (3, 6)
        assert reader.changes_since(None).n_left_out == 0
