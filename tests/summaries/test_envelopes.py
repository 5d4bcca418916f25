"""Envelopes of points in memory, and series cut where their step falls back."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from summaries import SummaryWriter, open_logdir
from summaries.envelopes import envelope_of, of_all_ranks
from summaries.records import Scalars
from summaries.restarts import restarts, smoothed_by_part
from summaries.smoothing import debiased_ema


def points(step: list[int], value: list[float], rank: list[int] | None = None) -> Scalars:
    wall = 1e9 + np.arange(len(step), dtype=np.float64)
    ranks = None if rank is None else np.array(rank)
    return Scalars(np.array(step, dtype=np.int64), wall, np.array(value, dtype=np.float64), ranks)


def test_few_points_are_their_own_bins() -> None:
    envelope, last = envelope_of(points([0, 1, 2], [3.0, np.nan, 5.0]), pixels=100)
    assert envelope.is_raw
    np.testing.assert_array_equal(envelope.mean, [3.0, np.nan, 5.0])
    np.testing.assert_array_equal(last, [0, 1, 2])


def test_many_points_keep_their_spike_and_say_where_a_bin_ends() -> None:
    value = np.zeros(1000)
    value[617] = 9.0
    envelope, last = envelope_of(points(list(range(1000)), value.tolist()), pixels=50)
    assert len(envelope) == 50
    assert envelope.max.max() == 9.0
    np.testing.assert_array_equal(last, envelope.step_max)


def test_a_mask_chooses_points_and_smoothing_still_knows_all_of_them() -> None:
    value = np.linspace(0.0, 1.0, 200)
    inside = np.zeros(200, dtype=bool)
    inside[150:160] = True
    curve = points(list(range(200)), value.tolist())
    envelope, last = envelope_of(curve, 100, inside, smoothing=0.9)
    np.testing.assert_array_equal(last, np.arange(150, 160))
    assert envelope.smoothed is not None
    np.testing.assert_allclose(envelope.smoothed, debiased_ema(value, 0.9)[150:160])


def test_restarts_are_where_the_step_falls_back_and_smoothing_begins_anew_there() -> None:
    step = np.array([0, 1, 2, 1, 1, 2])
    np.testing.assert_array_equal(restarts(step), [3])
    value = np.array([1.0, 5.0, 2.0, 8.0, 4.0, 6.0])
    smoothed = smoothed_by_part(step, value, np.arange(6), "ema", 0.5)
    np.testing.assert_allclose(smoothed[:3], debiased_ema(value[:3], 0.5))
    np.testing.assert_allclose(smoothed[3:], debiased_ema(value[3:], 0.5))


def test_the_reader_smooths_the_parts_of_a_restarted_run_on_their_own(tmp_path: Path) -> None:
    step = [*range(3000), *range(1000, 4000)]
    value = np.sin(np.arange(6000) / 50.0)
    with SummaryWriter(tmp_path / "run") as writer:
        for s, y in zip(step, value, strict=True):
            writer.add_scalar("loss", y, s)
    with open_logdir(tmp_path) as reader:
        envelope = reader.envelope("run", "loss", 6000, smoothing=0.9, partition=True)
        whole = reader.envelope("run", "loss", 6000, smoothing=0.9)
    assert envelope.smoothed is not None
    assert whole.smoothed is not None
    np.testing.assert_allclose(envelope.smoothed[3000], value[3000])
    np.testing.assert_allclose(whole.smoothed[:3000], envelope.smoothed[:3000])
    assert abs(whole.smoothed[3000] - envelope.smoothed[3000]) > 0.01


def test_a_bin_across_a_restart_has_the_smoothed_value_of_the_part_before(tmp_path: Path) -> None:
    # Sealed bins hold 16 points: the restart at 10,005 lies inside of one.
    step = [*range(10_005), *range(5000, 10_000)]
    value = [*(1.0 + np.arange(10_005) * 1e-6), *([9.0] * 5000)]
    with SummaryWriter(tmp_path / "run") as writer:
        for s, y in zip(step, value, strict=True):
            writer.add_scalar("loss", y, s)
    with open_logdir(tmp_path) as reader:
        envelope = reader.envelope("run", "loss", 500, smoothing=0.9, partition=True)
    assert envelope.smoothed is not None
    across = np.flatnonzero((envelope.step_max == 10_004) & (envelope.max == 9.0))
    assert len(across) == 1
    assert envelope.smoothed[across[0]] < 1.1
    assert envelope.smoothed[across[0] + 1] == 9.0


def test_ranks_become_their_mean_at_each_step() -> None:
    curve = of_all_ranks(points([0, 0, 1, 1], [1.0, 3.0, 5.0, 9.0], [0, 1, 0, 1]))
    np.testing.assert_array_equal(curve.step, [0, 1])
    np.testing.assert_array_equal(curve.value, [2.0, 7.0])
