"""Each kind of smoothing is its formula, point by point; the average is TensorBoard's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from summaries.restarts import smoothed_by_part
from summaries.smoothing import (
    SMOOTHING_KINDS,
    SmoothingKind,
    debiased_ema,
    gaussian_mean,
    running_mean,
    smoothed_at,
)


def tensorboard_smoothing(values: list[float], weight: float) -> list[float]:
    """The formula as TensorBoard's line chart has it, one value after the other."""
    last, count, out = 0.0, 0, []
    for value in values:
        if not math.isfinite(value):
            out.append(value)
            continue
        last = last * weight + (1 - weight) * value
        count += 1
        out.append(last / (1 - weight**count))
    return out


@pytest.mark.parametrize("weight", [0.1, 0.6, 0.9, 0.99, 0.999])
@pytest.mark.parametrize("n", [1, 2, 63, 64, 65, 1000, 10_000])
def test_equals_the_formula(weight: float, n: int) -> None:
    values = np.random.default_rng(n).standard_normal(n)
    values[n // 3] += 1e-9
    expected = values.tolist() if n == 1 else tensorboard_smoothing(values.tolist(), weight)
    np.testing.assert_allclose(debiased_ema(values, weight), expected, rtol=1e-9, atol=1e-12)


def test_non_finite_values_pass_and_leave_the_average_alone() -> None:
    values = [1.0, math.nan, 2.0, math.inf, 3.0]
    np.testing.assert_allclose(
        debiased_ema(np.array(values), 0.5), tensorboard_smoothing(values, 0.5)
    )


def test_a_constant_series_is_unchanged() -> None:
    assert debiased_ema(np.full(5, 0.1), 0.9).tolist() == [0.1] * 5


def test_weight_zero_is_no_smoothing() -> None:
    assert debiased_ema(np.array([3.0, 1.0]), 0.0).tolist() == [3.0, 1.0]


@pytest.mark.parametrize("weight", [-0.1, 1.0, 2.0, math.nan])
def test_a_weight_outside_zero_to_one_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="weight"):
        debiased_ema(np.array([1.0, 2.0]), weight)


def kernel_mean(values: list[float], weight: dict[int, float]) -> list[float]:
    """A weighted mean around each point, one after the other; only finite values are points."""
    points = [v for v in values if math.isfinite(v)]
    smooth = []
    for i in range(len(points)):
        near = {j: weight[abs(j - i)] for j in range(len(points)) if abs(j - i) in weight}
        smooth.append(sum(w * points[j] for j, w in near.items()) / sum(near.values()))
    rest = iter(smooth)
    return [next(rest) if math.isfinite(v) else v for v in values]


def with_gaps(n: int) -> list[float]:
    values = np.random.default_rng(n).standard_normal(n).tolist()
    if n > 4:
        values[1], values[n // 2], values[-1] = math.nan, math.inf, math.nan
    return list(values)


@pytest.mark.parametrize("sigma", [0.3, 1.0, 7.5, 400.0])
@pytest.mark.parametrize("n", [2, 5, 300])
def test_a_gaussian_weighs_by_distance_up_to_four_sigmas(sigma: float, n: int) -> None:
    values = with_gaps(n)
    weight = {d: math.exp(-0.5 * (d / sigma) ** 2) for d in range(math.ceil(4 * sigma) + 1)}
    got = gaussian_mean(np.array(values), sigma)
    np.testing.assert_allclose(got, kernel_mean(values, weight), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("window", "half"), [(1, 0), (2, 1), (3, 1), (10, 5), (999, 499)])
@pytest.mark.parametrize("n", [2, 5, 300])
def test_a_running_mean_is_centred_and_cut_off_at_the_ends(window: int, half: int, n: int) -> None:
    values = with_gaps(n)
    expected = kernel_mean(values, dict.fromkeys(range(half + 1), 1.0))
    np.testing.assert_allclose(running_mean(np.array(values), window), expected, rtol=1e-12)


@pytest.mark.parametrize("kind", SMOOTHING_KINDS)
def test_a_part_of_the_points_is_smoothed_as_in_the_whole(kind: SmoothingKind) -> None:
    values = np.array(with_gaps(2000))
    amount = 0.9 if kind == "ema" else 30.0
    every = smoothed_at(values, np.arange(2000), kind, amount)
    some = np.array([0, 1, 7, 1000, 1001, 1999])
    np.testing.assert_allclose(smoothed_at(values, some, kind, amount), every[some], rtol=1e-12)


@pytest.mark.parametrize("kind", SMOOTHING_KINDS)
def test_a_constant_series_stays_and_extremes_have_a_mean(kind: SmoothingKind) -> None:
    amount, at = (0.9 if kind == "ema" else 3.0), np.arange(4)
    assert smoothed_at(np.full(4, 0.1), at, kind, amount).tolist() == [0.1] * 4
    huge = np.array([1e308, 1.7e308, 1.6e308, 1.5e308])
    assert np.isfinite(smoothed_at(huge, at, kind, amount)).all()
    assert smoothed_at(np.empty(0), np.empty(0, np.int64), kind, amount).tolist() == []


def test_smoothing_begins_anew_where_the_step_falls_back() -> None:
    step, values = np.array([0, 1, 2, 1, 2]), np.array([1.0, 5.0, 3.0, 10.0, 20.0])
    got = smoothed_by_part(step, values, np.array([0, 2, 3, 4]), "mean", 3)
    assert got.tolist() == [3.0, 4.0, 15.0, 15.0]


@pytest.mark.parametrize(
    ("kind", "amount"),
    [("ema", 1.0), ("gaussian", 0.0), ("mean", -1.0), ("mean", 1e9), ("gaussian", math.nan)],
)
def test_an_amount_that_its_kind_has_not_is_refused(kind: SmoothingKind, amount: float) -> None:
    with pytest.raises(ValueError, match="smoothing is"):
        smoothed_at(np.array([1.0, 2.0]), np.array([0]), kind, amount)


def test_a_kind_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="'median' is none of ema, gaussian, mean"):
        smoothed_at(np.array([1.0]), np.array([0]), "median", 3)  # type: ignore[arg-type]
