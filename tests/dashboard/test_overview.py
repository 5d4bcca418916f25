"""The home page's numbers: what runs and how far, what failed, what is best, what stands wrong."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dashboard.goals import declared_goal, goal_by_name, main_metric
from dashboard.overview import (
    Best,
    Health,
    Progress,
    health_of,
    overview,
    progress,
    remaining_seconds,
    steps_per_second,
)
from summaries.records import AlertRecord, Envelope, RunInfo, SeriesInfo


def a_run(name: str, status: Any = "finished", at: float = 100.0, **more: Any) -> RunInfo:
    return RunInfo(name, status, at, at + 50, at + 50, **more)


def a_series(run: str, tag: str, low: float, high: float, last_step: int = 9) -> SeriesInfo:
    return SeriesInfo(run, tag, "scalar", 10, 0, last_step, 150.0, low, low, 4, high, 6)


def listing(*series: SeriesInfo) -> dict[tuple[str, str], dict[str, SeriesInfo]]:
    found: dict[tuple[str, str], dict[str, SeriesInfo]] = {}
    for info in series:
        found.setdefault((info.kind, info.tag), {})[info.run] = info
    return found


def tagged(run: RunInfo, *tags: str) -> RunInfo:
    return replace(run, tags={"scalar": tags})


def test_runs_are_counted_by_status_and_archived_ones_left_out() -> None:
    runs = [
        a_run("old", at=1.0),
        a_run("now", "running", at=9.0),
        a_run("dead", "crashed", at=5.0),
        a_run("wrong", "failed", at=6.0),
        a_run("away", archived=True),
    ]
    seen = overview(runs, listing(a_series("old", "loss", 0.1, 1.0)))
    assert seen.n_runs == 4
    assert seen.n_status == {"finished": 1, "running": 1, "crashed": 1, "failed": 1}
    assert [one.run for one in seen.running] == ["now"]
    assert [one.run for one in seen.troubled] == ["wrong", "dead"]
    assert [one.run for one in seen.latest] == ["wrong", "dead", "old"]
    assert (seen.n_points, seen.n_metrics) == (10, 1)


def test_the_best_run_of_a_metric_is_the_lowest_or_the_highest_by_its_name() -> None:
    runs = [a_run("a", at=1.0), a_run("b", at=2.0), a_run("c", at=3.0)]
    series = listing(
        a_series("a", "val/loss", 0.3, 2.0),
        a_series("b", "val/loss", 0.1, 9.0),
        a_series("c", "val/loss", 0.2, 1.0),
        a_series("a", "val/accuracy", 0.1, 0.7),
        a_series("a", "lr", 0.1, 0.1),
        a_series("a", "system/cost", 0.1, 0.1),
    )
    assert overview(runs, series).bests == (
        Best("val/loss", "min", False, "b", 0.1, 4, 3, ("a", 0.3)),
        Best("val/accuracy", "max", False, "a", 0.7, 6, 1, None),
    )


def test_what_define_metric_said_goes_before_the_name() -> None:
    run = a_run("a", axes={"val/*": {"goal": "maximize"}, "speed": {"summary": "max,mean"}})
    series = listing(a_series("a", "val/loss", 0.3, 2.0), a_series("a", "speed", 1.0, 5.0))
    found = overview([run], series).bests
    assert [(best.tag, best.goal, best.value, best.is_declared) for best in found] == [
        ("val/loss", "max", 2.0, True),
        ("speed", "max", 5.0, True),
    ]
    assert declared_goal({"x": {"summary": "min,max"}}, "x") is None


def test_a_name_tells_the_goal_by_whole_words_only() -> None:
    assert [goal_by_name(tag) for tag in ("loss/accuracy", "top5", "placc", "scoreless")] == [
        "max",
        "max",
        None,
        None,
    ]
    assert main_metric(["system/cpu_percent"]) is None
    assert main_metric(["epoch", "lr"]) == "lr"
    assert main_metric(["train/loss", "eval/accuracy", "lr"]) == "eval/accuracy"


@pytest.mark.parametrize(
    ("config", "last_steps", "expected"),
    [
        ({"max_steps": 100}, {"loss": 40}, Progress(40, 40.0, 100.0, "max_steps")),
        ({"trainer": {"max_steps": 100}}, {"loss": 40}, Progress(40, 40.0, 100.0, "max_steps")),
        ({"epochs": 50}, {"loss": 40}, Progress(40, 40.0, 50.0, "epochs")),
        # More steps than epochs: of the epochs nothing is known.
        ({"epochs": 10}, {"loss": 400}, Progress(400)),
        ({"max_steps": True, "n_steps": "many"}, {"loss": 40}, Progress(40)),
        ({}, {}, Progress(None)),
    ],
)
def test_how_far_a_run_is_comes_from_its_settings(
    config: dict[str, Any], last_steps: dict[str, int], expected: Progress
) -> None:
    infos = {tag: a_series("a", tag, 0.0, 1.0, step) for tag, step in last_steps.items()}
    assert progress(a_run("a", config=config), infos) == expected


def test_epochs_are_counted_by_the_epoch_that_was_logged() -> None:
    infos = {
        "loss": a_series("a", "loss", 0.0, 1.0, 400),
        "epoch": a_series("a", "epoch", 2.0, 2.0),
    }
    assert progress(a_run("a", config={"epochs": 8}), infos) == Progress(400, 2.0, 8.0, "epochs")
    # In epochs the way so far is what there is to go by: a quarter took ten seconds.
    assert remaining_seconds(Progress(400, 2.0, 8.0, "epochs"), 5.0, 10.0) == 30.0
    assert remaining_seconds(Progress(40, 40.0, 100.0, "max_steps"), 5.0, 10.0) == 12.0
    assert remaining_seconds(Progress(40), 5.0, 10.0) is None


def curve(steps: list[int], walls: list[float]) -> Envelope:
    step, wall, zero = np.array(steps), np.array(walls), np.zeros(len(steps))
    return Envelope(
        step, step, wall, wall, zero, zero, zero, np.ones_like(step), np.zeros_like(step), 9, True
    )  # fmt: skip


def test_the_pace_is_that_of_the_newest_third() -> None:
    walls = [0.0, 1.0, 2.0, 1000.0, 1002.0, 1004.0]
    assert steps_per_second(curve([0, 10, 20, 30, 40, 50], walls)) == 5.0
    assert steps_per_second(curve([5], [1.0])) is None
    assert steps_per_second(curve([5, 5], [1.0, 2.0])) is None


def test_health_is_the_worst_last_word_about_any_tag() -> None:
    def alert(level: Any, title: str, about: str | None, at: float) -> AlertRecord:
        return AlertRecord(3, at, level, title, "", "health", about)

    nan, over = alert("error", "NaN", "loss", 1.0), alert("info", "finite again", "loss", 2.0)
    spike = alert("warn", "spike", "cost", 1.5)
    assert health_of([]) == Health("ok")
    assert health_of([nan, spike]) == Health("error", "NaN", 3)
    assert health_of([nan, spike, over]) == Health("warn", "spike", 3)
    assert health_of([nan, over]) == Health("ok")


def test_a_thousand_runs_of_twenty_metrics_take_well_under_a_second() -> None:
    tags = tuple(f"part{i}/loss" for i in range(20))
    runs = [
        tagged(a_run(f"r{i}", "running" if i % 9 == 0 else "failed"), *tags) for i in range(1000)
    ]
    series = listing(*(a_series(run.name, tag, 0.1, 1.0) for run in runs for tag in tags))
    begin = time.perf_counter()
    seen = overview(runs, series)
    assert time.perf_counter() - begin < 5.0
    assert seen.n_points == 200_000
    assert len(seen.running) == 12
