"""A run's health as numbers: what is told, what is not, and how often."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from summaries.health import MAX_ALERTS_A_TAG, HealthWatch
from summaries.kinds import alert
from summaries.records import AlertRecord, Scalars


def scalars(values: Any, start: int = 0) -> Scalars:
    array = np.asarray(values, dtype=np.float64)
    steps = np.arange(start, start + len(array), dtype=np.int64)
    return Scalars(steps, steps / 10.0, array)


def told(values: Any, tag: str = "train/loss", batch: int = 50) -> list[AlertRecord]:
    """The alerts of a series that comes in batches."""
    watch = HealthWatch()
    found = []
    for start in range(0, len(values), batch):
        for event in watch.look({tag: scalars(values[start : start + batch], start)}):
            assert event.kind == "alert"
            found.append(alert.decode(event.step, event.wall_time, event.data))
    return found


def titles(values: Any, tag: str = "train/loss", batch: int = 50) -> list[tuple[int, str, str]]:
    return [(a.step, a.level, a.title.split("' ")[1]) for a in told(values, tag, batch)]


def falling(n: int, seed: int, noise: float = 0.1) -> Any:
    """A loss that keeps falling, with noise in proportion to it."""
    random = np.random.default_rng(seed)
    return 3.0 / np.sqrt(1.0 + np.arange(n) / 50.0) * np.exp(noise * random.standard_normal(n))


# -- NaN ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 7, 50, 1000])
def test_the_first_nan_is_told_with_its_step_whatever_the_batches(batch: int) -> None:
    values = falling(200, 0)
    values[[120, 121, 125]] = np.nan
    assert titles(values, batch=batch) == [
        (120, "error", "is NaN"),
        (133, "info", "is finite again"),
    ]


@pytest.mark.parametrize(
    ("value", "title"), [(np.inf, "is +Inf"), (-np.inf, "is -Inf"), (np.nan, "is NaN")]
)
def test_what_it_is_is_said(value: float, title: str) -> None:
    (found,) = told([1.0, value], "accuracy")
    assert found.title == f"'accuracy' {title}"
    assert found.level == "warn"  # an undefined metric is no loss that exploded
    assert (found.source, found.about, found.step) == ("health", "accuracy", 1)
    assert found.wall_time == 0.1


def test_nan_from_the_start_is_told_once() -> None:
    assert titles([np.nan] * 5000) == [(0, "error", "is NaN")]


def test_a_tag_that_comes_and_goes_is_not_told_without_end() -> None:
    values = np.ones(5000)
    values[::20] = np.nan
    found = told(values)
    assert len(found) == MAX_ALERTS_A_TAG
    assert "no more are told" in found[-1].text
    assert "no more" not in found[-2].text


# -- spikes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 7, 50, 5000])
def test_a_single_spike_is_told_and_so_is_its_end(batch: int) -> None:
    values = falling(1000, 1)
    values[700] *= 30.0
    assert titles(values, batch=batch) == [
        (700, "warn", "has a spike"),
        (708, "info", "is back to normal"),
    ]


def test_a_spike_in_a_constant_series_is_told() -> None:
    values = np.full(200, 0.5)
    values[100] = 40.0
    assert titles(values)[0] == (100, "warn", "has a spike")


def test_a_loss_that_explodes_and_stays_there_is_told_once() -> None:
    values = falling(1000, 2)
    values[500:] = 1e6
    assert titles(values) == [(500, "warn", "has a spike")]


def test_a_falling_value_and_a_penalty_that_is_mostly_off_are_no_spikes() -> None:
    sparse = np.zeros(1000)
    sparse[::100] = 1.0
    assert titles(sparse) == []
    downward = np.full(1000, 1.0)
    downward[500] = 0.001
    assert titles(downward) == []
    assert titles(falling(1000, 3)[::-1]) == []


def test_what_is_no_loss_may_jump() -> None:
    values = np.full(1000, 0.1)
    values[500:] = 90.0
    assert titles(values, "learning_rate") == []


def test_spikes_of_the_first_points_are_those_of_a_start() -> None:
    assert titles([1e9, 1e4, 50.0, 3.0, 2.0, 1.0]) == []


# -- standing still -------------------------------------------------------------------------------


def test_a_loss_that_stands_still_is_told_once_after_a_long_time() -> None:
    random = np.random.default_rng(4)
    values = 0.5 + np.exp(-np.arange(20_000) / 300.0) + 0.02 * random.standard_normal(20_000)
    ((step, level, title),) = titles(values)
    assert (level, title) == ("info", "no longer falls")
    assert step >= 2047


def test_a_constant_loss_stands_still_and_zero_does_not() -> None:
    assert titles(np.full(5000, 2.0), batch=1) == [(2047, "info", "no longer falls")]
    assert titles(np.zeros(5000)) == []


def test_a_loss_that_falls_again_is_told() -> None:
    values = np.concatenate([np.full(8000, 2.0), np.linspace(2.0, 0.1, 30_000)])
    assert [title for _, _, title in titles(values)] == ["no longer falls", "falls again"]


def test_a_validation_loss_that_rises_no_longer_falls() -> None:
    values = np.concatenate([np.linspace(2, 0.5, 2000), np.linspace(0.5, 1.5, 20_000)])
    assert [t for _, _, t in titles(values, "val/loss")] == ["no longer falls"]


# -- nothing at all -------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [0.02, 0.3, 1.0])
def test_noisy_curves_that_learn_raise_nothing_over_a_hundred_seeds(noise: float) -> None:
    loud = {seed: found for seed in range(100) if (found := titles(falling(5000, seed, noise)))}
    assert loud == {}


def test_other_fine_curves_raise_nothing() -> None:
    n = np.arange(6000)
    for seed in range(100):
        random = np.random.default_rng(seed)
        additive = 2.0 * np.exp(-n / 2000.0) + 0.1 + 0.05 * random.standard_normal(len(n))
        students = 5.0 / (1.0 + n / 500.0) + 0.02 * random.standard_t(5, len(n))
        negative = -n / 1000.0 + random.standard_normal(len(n))
        sawtooth = 3.0 / np.sqrt(1.0 + n / 100.0) * (1.0 + 0.3 * (n % 500) / 500.0)
        restarts = 4.0 / np.sqrt(1 + n / 80.0) * (1.0 + 0.5 * (np.sin(n / 200.0) > 0.95))
        for values in (additive, students, negative, sawtooth, restarts):
            assert titles(values) == [], seed


def test_the_machines_own_figures_are_not_watched() -> None:
    assert told([np.nan] * 10, "system/gpu_loss") == []


def test_huge_and_tiny_values_do_no_harm() -> None:
    random = np.random.default_rng(0)
    for scale in (1e300, 1e-300):
        assert "has a spike" not in str(titles(random.uniform(1.0, 2.0, 3000) * scale))
    assert titles(np.full(3000, 1.7e308)) == []
    titles(random.uniform(-1.0, 1.0, 3000) * 1.7e308)
    titles(np.full(3000, 5e-324))
