"""Bins keep every extreme, whatever the width."""

from __future__ import annotations

import numpy as np
import pytest

from summaries.store.pyramid import (
    Bins,
    coarsen,
    concatenate,
    decode_bins,
    encode_bins,
    fit,
    points_as_bins,
)


def bins_of(values: list[float], steps: list[int] | None = None) -> Bins:
    n = len(values)
    step = np.arange(n) if steps is None else np.array(steps, dtype=np.int64)
    return points_as_bins(step, np.arange(n) * 1000, np.array(values, dtype=np.float64))


def test_a_bin_holds_first_and_last_step_extremes_mean_and_count() -> None:
    coarse = coarsen(bins_of([1.0, 5.0, -3.0, 7.0, 2.0]), 4)
    assert coarse.count.tolist() == [4, 1]
    assert coarse.step_min.tolist() == [0, 4]
    assert coarse.step_max.tolist() == [3, 4]
    assert coarse.min.tolist() == [-3.0, 2.0]
    assert coarse.max.tolist() == [7.0, 2.0]
    assert coarse.mean.tolist() == [2.5, 2.0]


def test_non_finite_values_are_counted_and_kept_out_of_the_extremes() -> None:
    coarse = coarsen(bins_of([1.0, np.nan, np.inf, 3.0, np.nan, -np.inf]), 4)
    assert coarse.nonfinite.tolist() == [2, 2]
    assert coarse.min.tolist()[0] == 1.0
    assert coarse.max.tolist()[0] == 3.0
    assert coarse.mean.tolist()[0] == 2.0
    assert np.isnan([coarse.min[1], coarse.max[1], coarse.mean[1]]).all()


def test_coarsening_twice_equals_coarsening_once() -> None:
    values = np.random.default_rng(3).standard_normal(1000)
    values[::37] = np.nan
    bins = bins_of(values.tolist())
    twice, once = coarsen(coarsen(bins, 16), 16), coarsen(bins, 256)
    for name in ("count", "nonfinite", "min", "max", "step_min", "step_max"):
        np.testing.assert_array_equal(getattr(twice, name), getattr(once, name))
    np.testing.assert_allclose(twice.mean, once.mean, rtol=1e-12)


def test_the_mean_of_values_near_the_largest_float_does_not_overflow() -> None:
    assert coarsen(bins_of([1.7e308, 1.7e308, 1.7e308]), 3).mean[0] == pytest.approx(1.7e308)


def test_a_spike_survives_any_pixel_budget() -> None:
    values = np.zeros(100_000)
    values[54_321] = 1e6
    values[12_345] = -1e6
    for pixels in (1, 7, 400, 1999):
        fitted = fit(bins_of(values.tolist()), pixels)
        assert len(fitted) <= pixels
        assert fitted.max.max() == 1e6
        assert fitted.min.min() == -1e6
        assert fitted.count.sum() == 100_000


def test_few_bins_are_left_alone() -> None:
    bins = bins_of([1.0, 2.0, 3.0])
    assert fit(bins, 3) is bins


def test_steps_that_go_back_begin_a_new_bin() -> None:
    steps = [*range(100), *range(50, 100)]
    fitted = fit(bins_of([float(s) for s in steps], steps), 10)
    assert fitted.count.sum() == 150
    assert (np.diff(fitted.step_min) < 0).sum() == 1


def test_random_steps_stay_within_four_times_the_budget() -> None:
    steps = np.random.default_rng(0).permutation(10_000).tolist()
    fitted = fit(bins_of([0.0] * 10_000, steps), 100)
    assert len(fitted) <= 400
    assert fitted.count.sum() == 10_000


def test_steps_as_wide_as_int64_do_not_overflow() -> None:
    fitted = fit(bins_of([1.0, 2.0, 3.0], [-(2**63), 0, 2**63 - 1]), 2)
    assert fitted.count.sum() == 3


@pytest.mark.parametrize("scale", [1.0, 1e-60, 1e300, 5e307])
@pytest.mark.parametrize("offset", [0.0, 1e9])
def test_bins_survive_the_codec(scale: float, offset: float) -> None:
    values = np.random.default_rng(5).standard_normal(600).clip(-3.0, 3.0) * scale + offset
    values[:20] = np.nan
    bins = coarsen(bins_of(values.tolist()), 16)
    back = decode_bins(encode_bins(bins), len(bins))
    for name in ("count", "nonfinite", "min", "max", "step_min", "wall_us_max"):
        np.testing.assert_array_equal(getattr(back, name), getattr(bins, name))
    # The mean is for drawing: not exact, but nothing that an eye could see.
    with np.errstate(over="ignore"):
        height = min(np.nanmax(bins.max) - np.nanmin(bins.min), 1.7e308)
    np.testing.assert_allclose(back.mean, bins.mean, rtol=0.0, atol=1e-4 * height)
    finite = ~np.isnan(back.mean)
    assert (back.mean >= back.min)[finite].all()
    assert (back.mean <= back.max)[finite].all()


def test_the_mean_of_merged_bins_lies_within_them() -> None:
    for values in ([0.1] * 16, [-2.2250738585072014e-308] * 10, [1e9 + 0.1] * 11):
        merged = coarsen(bins_of(values))
        assert merged.min[0] <= merged.mean[0] <= merged.max[0]


def test_concatenated_bins_follow_each_other() -> None:
    assert concatenate([bins_of([1.0]), bins_of([2.0, 3.0])]).min.tolist() == [1.0, 2.0, 3.0]
