"""The histograms page: its numbers as numbers, and what its route answers."""

from __future__ import annotations

import asyncio
import json
import math
from pathlib import Path

import numpy as np
import pytest
from starlette.requests import Request

from dashboard.histogram_cache import KEEP, HistogramCache
from dashboard.histogram_numbers import (
    BASIS_POINTS,
    common_range,
    histogram_numbers,
    percentiles,
    rebinned,
    thinned,
    trimmed,
)
from dashboard.pages.histograms import HistogramsPage, bounded
from summaries import SummaryWriter, open_logdir
from summaries.records import HistogramRecord


def histogram(
    edges: list[float],
    counts: list[float],
    step: int = 0,
    low: float | None = None,
    high: float | None = None,
) -> HistogramRecord:
    low = edges[0] if low is None else low
    high = edges[-1] if high is None else high
    return HistogramRecord(
        step,
        1000.0 + step,
        np.array(edges),
        np.array(counts),
        low,
        high,
        int(sum(counts)),
        0.0,
        0.0,
    )


def empty(step: int = 0, nan: int = 0) -> HistogramRecord:
    none = np.empty(0)
    return HistogramRecord(step, 1.0, none, none, math.nan, math.nan, nan, 0.0, 0.0, nan)


def test_rebinning_spreads_counts_by_overlap() -> None:
    common = np.array([0.0, 1.0, 2.0, 4.0])
    assert rebinned(np.array([0.0, 2.0, 4.0]), np.array([4.0, 6.0]), common).tolist() == [2, 2, 6]
    assert rebinned(np.array([0.5, 1.5]), np.array([10.0]), common).tolist() == [5, 5, 0]


def test_rebinning_keeps_the_total_where_the_range_covers_all() -> None:
    rng = np.random.default_rng(0)
    edges = np.sort(rng.normal(size=40))
    counts = rng.integers(0, 100, 39).astype(float)
    bins = rebinned(edges, counts, np.linspace(edges[0], edges[-1], 31))
    assert bins.sum() == pytest.approx(counts.sum())


def test_a_bucket_of_no_width_goes_whole_into_the_bin_that_contains_it() -> None:
    common = np.array([0.0, 1.0, 2.0])
    assert rebinned(np.array([1.0, 1.0]), np.array([7.0]), common).tolist() == [0, 7]
    assert rebinned(np.array([2.0, 2.0]), np.array([7.0]), common).tolist() == [0, 7], (
        "last bin closed"
    )
    assert rebinned(np.array([3.0, 3.0]), np.array([7.0]), common).tolist() == [0, 0], "outside"
    mixed = rebinned(np.array([0.0, 1.0, 1.0, 2.0]), np.array([2.0, 5.0, 4.0]), common)
    assert mixed.tolist() == [2, 9]


def test_the_largest_floats_are_rebinned_without_overflow() -> None:
    edges = np.array([-1.7e308, 0.0, 1.7e308])
    numbers = histogram_numbers([histogram(edges.tolist(), [2.0, 4.0])], (-1.7e308, 1.7e308), 4, 1)
    assert numbers.counts.tolist() == [[1, 1, 2, 2]]
    assert np.isfinite(numbers.percentiles).all()


def test_outermost_edges_are_the_true_minimum_and_maximum() -> None:
    record = histogram([-1.8e308, 0.0, 1.0, 1.8e308], [1, 2, 3], low=-1.0, high=2.0)
    edges, counts = trimmed(record)
    assert edges.tolist() == [-1.0, 0.0, 1.0, 2.0]
    assert counts.tolist() == [1, 2, 3]


def test_buckets_that_run_backwards_are_straightened() -> None:
    edges, _ = trimmed(histogram([0.0, 2.0, 1.999], [1, 0], low=0.0, high=2.0))
    assert (np.diff(edges) >= 0).all()


def test_percentiles_interpolate_inside_the_buckets() -> None:
    values = percentiles(histogram([0.0, 1.0, 2.0], [1.0, 3.0]))
    assert len(values) == len(BASIS_POINTS)
    assert values[0] == 0.0
    assert values[-1] == 2.0
    assert values[4] == pytest.approx(1 + 1 / 3)
    assert values[2] == pytest.approx(0.1587 * 4)


def test_percentiles_skip_empty_buckets() -> None:
    values = percentiles(histogram([0.0, 1.0, 5.0, 6.0], [1.0, 0.0, 1.0]))
    assert values[0] == 0.0
    assert values[-1] == 6.0
    assert 5.0 <= values[5] <= 6.0


def test_percentiles_follow_a_normal_distribution() -> None:
    rng = np.random.default_rng(1)
    sample = rng.normal(size=200_000)
    counts, edges = np.histogram(sample, 400)
    values = percentiles(histogram(edges.tolist(), counts.astype(float).tolist()))
    assert np.allclose(values[1:8], [-1.5, -1, -0.5, 0, 0.5, 1, 1.5], atol=0.02)


def test_a_histogram_without_finite_values_has_no_percentiles() -> None:
    assert np.isnan(percentiles(empty(nan=3))).all()


def steps_with_one_outlier(size: float) -> list[HistogramRecord]:
    records = [histogram([-1.0, 0.0, 1.0 + 0.01 * i], [5.0, 5.0], step=i) for i in range(20)]
    records[7] = histogram([-size, 0.0, size], [5.0, 5.0], step=7)
    return records


def test_one_outlier_step_does_not_widen_the_range() -> None:
    records = steps_with_one_outlier(1000.0)
    assert common_range(records, clip=False) == (-1000.0, 1000.0)
    assert common_range(records, clip=True) == (-1.0, 1.19)
    numbers = histogram_numbers(records, common_range(records, clip=True), 10, 20)
    assert numbers.outside[7] == pytest.approx(10 * (1 - 2.19 / 2000))
    assert np.delete(numbers.outside, 7).tolist() == [0.0] * 19


def test_ordinary_drift_is_never_clipped() -> None:
    records = [histogram([-0.1 * i, 0.0, 0.1 * i + 1], [1, 1], step=i) for i in range(50)]
    assert common_range(records, clip=True) == common_range(records, clip=False)


def test_a_range_of_one_value_gets_room_on_both_sides() -> None:
    low, high = common_range([histogram([3.0, 3.0], [4.0])], clip=True)
    assert low < 3.0 < high
    low, high = common_range([histogram([-3.0, -3.0], [4.0])], clip=True)
    assert low < -3.0 < high
    assert common_range([empty(nan=1)], clip=True) == (0.0, 1.0)


def test_thinning_keeps_first_and_last() -> None:
    assert thinned(range(10), 20) == list(range(10))
    picks = thinned(range(10_000), 200)
    assert len(picks) == 200
    assert picks[0] == 0
    assert picks[-1] == 9999
    assert len(set(picks)) == 200


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    rng = np.random.default_rng(2)
    with SummaryWriter(tmp_path / "a") as writer:
        for step in range(10):
            values = rng.normal(size=100)
            values[:step] = np.nan
            writer.add_histogram("layer/weights", values, step)
    return tmp_path


def ask(page: HistogramsPage, query: str) -> tuple[dict[str, object], bytes]:
    scope = {"type": "http", "query_string": query.encode(), "headers": [], "method": "GET"}
    body = bytes(asyncio.run(page.serve_histograms(Request(scope))).body)
    size = int.from_bytes(body[:4], "little")
    return json.loads(body[4 : 4 + size]), body[4 + size :]


def test_the_route_answers_typed_arrays(logdir: Path) -> None:
    with open_logdir(logdir) as reader:
        header, data = ask(HistogramsPage(reader), "run=a&tag=layer/weights&steps=5&bins=16")
    assert header["n"] == 5
    assert header["logged"] == 10
    arrays = header["arrays"]
    assert isinstance(arrays, list)
    assert [(dtype, length) for dtype, _, length in arrays] == [
        ("<f8", 5),
        ("<f8", 5),
        ("<f8", 17),
        ("<f4", 80),
        ("<f8", 45),
        ("<f8", 5),
        ("<f8", 15),
    ]
    steps = np.frombuffer(data, "<f8", 5, arrays[0][1])
    assert steps[0] == 0
    assert steps[-1] == 9
    counts = np.frombuffer(data, "<f4", 80, arrays[3][1]).reshape(5, 16)
    assert counts[0].sum() == pytest.approx(100)
    nonfinite = np.frombuffer(data, "<f8", 15, arrays[6][1]).reshape(5, 3)
    assert nonfinite[-1].tolist() == [9, 0, 0]


def test_runs_side_by_side_can_share_one_range(logdir: Path) -> None:
    with SummaryWriter(logdir / "wide") as writer:
        writer.add_histogram("layer/weights", [-50.0, 80.0], 0)
    with open_logdir(logdir) as reader:
        page = HistogramsPage(reader)
        alone = page.numbers("a", "layer/weights", 5, 16, clip=True)
        both = page.numbers("a", "layer/weights", 5, 16, True, beside=["a", "wide", "gone"])
    assert alone.edges[0] > -10
    assert (both.edges[0], both.edges[-1]) == (-50.0, 80.0)


def test_a_missing_series_is_a_key_error_and_a_bad_number_a_value_error(logdir: Path) -> None:
    with open_logdir(logdir) as reader:
        page = HistogramsPage(reader)
        with pytest.raises(KeyError):
            ask(page, "run=a&tag=nothing")
        with pytest.raises(ValueError, match="steps='many'"):
            ask(page, "run=a&tag=layer/weights&steps=many")
    assert bounded("steps", "100000", 2, 400) == 400


def test_what_was_logged_since_is_read_and_nothing_twice(logdir: Path) -> None:
    with open_logdir(logdir) as reader:
        cache = HistogramCache(reader)
        records, logged = cache.records("a", "layer/weights")
        assert ([r.step for r in records], logged) == (list(range(10)), 10)
        with SummaryWriter(logdir / "a") as writer:
            writer.add_histogram("layer/weights", [1.0, 2.0], 10)
        asked: list[int] = []
        read = reader.histograms

        def spy(run: str, tag: str, start: int = 0) -> list[HistogramRecord]:
            asked.append(start)
            return read(run, tag, start)

        reader.histograms = spy  # type: ignore[method-assign]
        records, logged = cache.records("a", "layer/weights")
        assert ([r.step for r in records], logged) == (list(range(11)), 11)
        assert asked == [9], "only the last known one and what came after it"


def test_a_long_series_is_thinned_and_still_ends_with_the_newest(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        for step in range(2 * KEEP + 2):
            writer.add_histogram("w", [float(step)], step)
    with open_logdir(tmp_path) as reader:
        records, logged = HistogramCache(reader).records("a", "w")
    assert logged == 2 * KEEP + 2
    assert len(records) <= KEEP + 1
    assert records[0].step == 0
    assert records[-1].step == 2 * KEEP + 1
    assert set(np.diff([r.step for r in records[:-1]])) == {4}
