"""The debiased moving average is TensorBoard's, point by point."""

from __future__ import annotations

import math

import numpy as np
import pytest

from summaries.smoothing import debiased_ema


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
