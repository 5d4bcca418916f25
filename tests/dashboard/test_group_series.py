"""The mean of several runs and the spread around it, as numbers."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.group_series import Curve, group_curve, student_t


def curve(x: list[float], value: list[float]) -> Curve:
    return Curve(np.array(x, dtype=np.float64), np.array(value, dtype=np.float64))


THREE = [curve([0, 1], [1, 10]), curve([0, 1], [2, 20]), curve([0, 1], [6, 30])]


@pytest.mark.parametrize(
    ("band", "half"),
    [
        ("std", [np.std([1, 2, 6], ddof=1), 10.0]),
        ("sem", [np.std([1, 2, 6], ddof=1) / np.sqrt(3), 10.0 / np.sqrt(3)]),
        ("ci95", [4.302652729911275 * np.std([1, 2, 6], ddof=1) / np.sqrt(3), 24.841377118437187]),
        ("none", [0.0, 0.0]),
    ],
)
def test_the_band_is_around_the_mean(band: str, half: list[float]) -> None:
    group = group_curve(THREE, band)
    np.testing.assert_allclose(group.mean, [3.0, 20.0])
    np.testing.assert_allclose(group.high - group.mean, half)
    np.testing.assert_allclose(group.mean - group.low, half)
    np.testing.assert_array_equal(group.members, [3, 3])
    assert group.exact


def test_the_band_of_extremes_goes_from_the_lowest_to_the_highest_run() -> None:
    group = group_curve(THREE, "minmax")
    np.testing.assert_array_equal(group.low, [1.0, 10.0])
    np.testing.assert_array_equal(group.high, [6.0, 30.0])


def test_runs_of_different_lengths_at_the_same_steps_stay_exact() -> None:
    group = group_curve([curve([0, 1, 2, 3], [1, 1, 1, 1]), curve([1, 2], [3, 5])], "std")
    assert group.exact
    np.testing.assert_array_equal(group.mean, [1.0, 2.0, 3.0, 1.0])
    np.testing.assert_array_equal(group.members, [1, 2, 2, 1])
    np.testing.assert_array_equal(group.high[[0, 3]], [1.0, 1.0])


def test_runs_at_different_steps_are_interpolated_within_their_own_range() -> None:
    group = group_curve([curve([0, 10], [0, 10]), curve([5, 15], [1, 3])], "none")
    assert not group.exact
    np.testing.assert_array_equal(group.x, [0, 5, 10, 15])
    np.testing.assert_allclose(group.mean, [0.0, (5 + 1) / 2, (10 + 2) / 2, 3.0])
    np.testing.assert_array_equal(group.members, [1, 2, 2, 1])


def test_values_that_are_not_finite_do_not_count() -> None:
    group = group_curve([curve([0, 1], [np.nan, 4]), curve([0, 1], [np.inf, 6])], "std")
    np.testing.assert_array_equal(group.mean, [np.nan, 5.0])
    np.testing.assert_array_equal(group.members, [0, 2])


def test_of_a_step_that_came_twice_the_last_value_counts() -> None:
    group = group_curve(
        [curve([0, 1, 2, 1, 2], [0, 0, 0, 7, 8]), curve([0, 1, 2], [0, 1, 2])], "none"
    )
    np.testing.assert_array_equal(group.mean, [0.0, 4.0, 5.0])


def test_no_runs_give_no_points() -> None:
    assert len(group_curve([], "std").x) == 0
    assert len(group_curve([curve([], [])], "ci95").x) == 0


def test_a_mean_never_lies_outside_of_its_runs() -> None:
    group = group_curve([curve([0], [0.1])] * 3, "std")
    assert group.mean[0] == 0.1


def test_an_unknown_band_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="band 'iqr' is unknown"):
        group_curve(THREE, "iqr")


@pytest.mark.parametrize(
    ("freedom", "expected"),
    [(1, 12.706204736174698), (2, 4.302652729911275), (9, 2.2621571627982053), (30, 2.042272456)],
)
def test_quantiles_of_students_t(freedom: int, expected: float) -> None:
    assert student_t(freedom) == pytest.approx(expected, rel=1e-8)
