"""What the page of one run shows, as data."""

from __future__ import annotations

from pathlib import Path

import pytest
from detailed_run import DIFF, add_diff, print_lines, write_runs

from dashboard.run_detail import console_of, detail_of, diff_of, kinds_of, sparks_of
from summaries import NotFoundError, init, open_logdir


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    write_runs(tmp_path)
    return tmp_path


def test_a_runs_detail_is_its_record_and_what_it_logged(logdir: Path) -> None:
    with open_logdir(logdir) as reader:
        detail = detail_of(reader, "a")
        assert detail["config"]["model"] == {"name": "resnet", "blocks": [2, 2]}
        assert (detail["notes"], detail["labels"]) == ("**first** try", ("best",))
        assert detail["summary"]["found"] == 3
        assert {one["title"] for one in detail["alerts"]} >= {"Look", "'loss' is NaN"}
        assert detail["n_alerts"] == len(detail["alerts"])
        assert (detail["has_diff"], detail["replaced"], detail["children"]) == (False, [], [])
        kinds = {one["kind"]: (one["tags"], one["values"]) for one in kinds_of(reader, "a")}
        assert kinds["scalar"] == (1, 100)
        assert kinds["histogram"] == (1, 1)
        with pytest.raises(NotFoundError):
            detail_of(reader, "x")


def test_rewinds_and_forks_are_told(tmp_path: Path) -> None:
    with init(tmp_path, name="parent") as run:
        for step in range(10):
            run.log({"x": 1.0, "y": 2.0}, step=step)
    init(tmp_path, name="parent", resume=True, rewind_step=6).finish()
    with init(tmp_path, name="child", fork_from="parent", fork_step=3) as run:
        run.log({"x": 1.0}, step=3)
    with open_logdir(tmp_path) as reader:
        detail = detail_of(reader, "parent")
        (rewind,) = detail["replaced"]
        assert (rewind["step"], rewind["values"], rewind["tags"]) == (6, 8, ["x", "y"])
        assert detail["children"] == [{"name": "child", "fork_step": 3}]
        assert detail_of(reader, "child")["parent"] == "parent"


def test_the_end_of_the_output_is_read_alone(logdir: Path) -> None:
    print_lines(logdir, "a", "stdout", *(f"line {k}" for k in range(50)))
    print_lines(logdir, "a", "stderr", *(f"wrong {k}" for k in range(48, 50)), first=48)
    with open_logdir(logdir) as reader:
        assert len(reader.console("a")) == 52
        assert {one.text for one in reader.console("a", newest=2)} == {"line 49", "wrong 49"}
        lines = console_of(reader, "a", 5)
        assert [one["text"] for one in lines if one["stream"] == "stdout"] == [
            "line 47",
            "line 48",
            "line 49",
        ]
        assert reader.console("a", newest=0) == []


def test_sparks_are_short_and_have_gaps_where_values_lack(logdir: Path) -> None:
    with open_logdir(logdir) as reader:
        sparks = sparks_of(reader, "a", ["loss", "none"])
        assert list(sparks) == ["loss"]
        assert len(sparks["loss"]) <= 120
        assert sparks["loss"][0] == pytest.approx(1.0, abs=0.3)


def test_a_diff_that_was_recorded_is_given(logdir: Path) -> None:
    with open_logdir(logdir) as reader:
        with pytest.raises(NotFoundError):
            diff_of(reader, "a")
        add_diff(logdir)
        assert diff_of(reader, "a") == DIFF
        assert detail_of(reader, "a")["has_diff"]
