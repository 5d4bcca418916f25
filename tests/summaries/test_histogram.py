"""Histograms count every value once, follow the data, and survive what breaks others."""

from __future__ import annotations

import struct
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from summaries.kinds import histogram
from summaries.records import HistogramRecord

RNG = np.random.default_rng(11)

ARRAYS = {
    "normal": RNG.standard_normal(10_000),
    "float32": RNG.standard_normal(10_000).astype(np.float32),
    "float16": RNG.standard_normal(100).astype(np.float16),
    "uniform_off_zero": 1000.0 + RNG.random(5000) * 1e-3,
    "integers": RNG.integers(-5, 5, 1000),
    "booleans": RNG.random(100) > 0.5,
    "bytes": RNG.integers(0, 255, 784).astype(np.uint8),
    "single": np.array([3.5]),
    "constant": np.full(50, -2.0),
    "two": np.array([1.0, 2.0]),
    "one_outlier": np.append(RNG.standard_normal(5000), 1e6),
    "outliers_on_both_sides": np.append(RNG.standard_normal(5000), [1e9, -1e9, 5e8]),
    "huge_span": np.array([-1.7e308, 0.0, 1.7e308]),
    "neighbouring_floats": np.array([1.0, np.nextafter(1.0, 2.0)]),
    "tiny": np.array([5e-324, 1e-323]),
    "large_constant": np.full(5, 1e300),
    "largest_constant": np.full(5, 1.7976931348623157e308),
    "int64_ends": np.array([-(2**63), 0, 2**63 - 1]),
    "int64_alike_as_floats": np.array([2**63 - 1, 2**63 - 2]),
    "uint64": 2**64 - 1 - np.arange(5000, dtype=np.uint64),
    "huge_float32": (RNG.uniform(-3, 3, 1000) * 1e38).astype(np.float32),
    "tiny_float32": (RNG.standard_normal(1000) * 1e-37).astype(np.float32),
    "subnormal_float32": (RNG.standard_normal(1000) * 1e-43).astype(np.float32),
    "tiny_float64": RNG.standard_normal(1000) * 1e-307,
    "subnormal_float64": RNG.standard_normal(1000) * 1e-321,
    "scalar": np.array(3),
    "matrix": RNG.standard_normal((20, 30)),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_every_value_is_counted_once_between_ascending_edges(name: str) -> None:
    values = histogram.as_values("w", ARRAYS[name])
    found = histogram.record(values, 3, 1.5)
    assert found.num == values.size
    assert found.counts.sum() == values.size
    assert (np.diff(found.edges) > 0).all()
    assert len(found.edges) == len(found.counts) + 1
    assert found.edges[0] <= values.min()
    assert found.edges[-1] >= values.max()
    assert found.min == values.min()
    assert found.max == values.max()


@pytest.mark.parametrize("name", sorted(set(ARRAYS) - {"int64_alike_as_floats"}))
def test_counts_agree_with_numpy_on_the_same_edges(name: str) -> None:
    values = histogram.as_values("w", ARRAYS[name]).astype(np.float64)
    found = histogram.record(values, 0, 0.0)
    expected = np.histogram(values, found.edges)[0]
    # A value within rounding of an edge may fall to the other side of it.
    assert np.abs(found.counts - expected).sum() <= 2


def test_an_outlier_does_not_squeeze_the_others_into_one_bin() -> None:
    found = histogram.record(ARRAYS["one_outlier"], 0, 0.0)
    in_the_bulk = (found.edges[:-1] > -3) & (found.edges[1:] < 3)
    assert in_the_bulk.sum() >= 30


def test_nan_and_infinities_are_counted_apart() -> None:
    values = np.array([1.0, 2.0, np.nan, np.inf, np.inf, -np.inf, np.nan, np.nan])
    found = histogram.record(values, 0, 0.0)
    assert (found.nan_count, found.pos_inf_count, found.neg_inf_count) == (3, 2, 1)
    assert found.num == 8
    assert found.counts.sum() == 2
    assert (found.min, found.max, found.sum) == (1.0, 2.0, 3.0)


@pytest.mark.parametrize("values", [np.array([]), np.array([np.nan, np.inf])])
def test_no_finite_value_gives_no_bins(values: np.ndarray) -> None:
    found = histogram.record(values, 0, 0.0)
    assert len(found.counts) == len(found.edges) == 0
    assert found.num == len(values)


def test_moments_are_those_of_the_values() -> None:
    found = histogram.record(ARRAYS["normal"], 0, 0.0)
    assert found.sum == pytest.approx(ARRAYS["normal"].sum())
    assert found.sum_squares == pytest.approx((ARRAYS["normal"] ** 2).sum())


@pytest.mark.parametrize("name", ARRAYS)
def test_a_histogram_survives_its_encoding(name: str) -> None:
    event = histogram.event("w", ARRAYS[name], 7, 2.5)
    back = histogram.decode(event.step, event.wall_time, event.data)
    made = histogram.record(histogram.as_values("w", ARRAYS[name]), 7, 2.5)
    np.testing.assert_array_equal(back.edges, made.edges)
    np.testing.assert_array_equal(back.counts, made.counts)
    assert (back.step, back.num, back.min, back.sum) == (7, made.num, made.min, made.sum)


@pytest.mark.parametrize("values", [["a"], np.array([1j]), [object()], "text"])
def test_what_is_no_number_is_refused_by_name(values: object) -> None:
    with pytest.raises(TypeError, match="add_histogram 'layer1/w'"):
        histogram.event("layer1/w", values, 0, 0.0)


def test_the_values_are_not_changed() -> None:
    values = RNG.standard_normal(100)
    before = values.copy()
    histogram.event("w", values, 0, 0.0)
    assert (values == before).all()


def test_masked_values_are_left_out() -> None:
    values = np.ma.masked_greater(np.array([1.0, 2.0, 1e9]), 10.0)
    assert histogram.record(histogram.as_values("w", values), 0, 0.0).max == 2.0


def test_rows_of_different_lengths_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match="add_histogram 'w': expects an array of numbers"):
        histogram.as_values("w", [[1.0], [1.0, 2.0]])


class Bfloat16Tensor:
    """As torch's tensors of a type that NumPy has not."""

    def detach(self) -> Bfloat16Tensor:
        return self

    def cpu(self) -> Bfloat16Tensor:
        return self

    def numpy(self) -> np.ndarray:
        raise TypeError("Got unsupported ScalarType BFloat16")

    def float(self) -> Any:
        return SimpleNamespace(numpy=lambda: np.ones(3, np.float32))


def test_tensors_of_bfloat16_are_taken_as_float32() -> None:
    assert histogram.as_values("w", Bfloat16Tensor()).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("name", [n for n in ARRAYS if "float32" in n])
def test_the_sum_of_squares_is_right_past_the_exponents_of_float32(name: str) -> None:
    values = ARRAYS[name]
    expected = float(np.square(values.astype(np.float64)).sum())
    assert histogram.record(values, 0, 0.0).sum_squares == pytest.approx(expected, rel=1e-4)


def test_a_histogram_of_version_0_1_is_still_read() -> None:
    from summaries.store.codec import encode_columns

    made = histogram.record(np.array([1.0, 2.0, 4.0]), 3, 5.0)
    header = struct.pack(
        "<ddqddqqqI", made.min, made.max, 3, made.sum, made.sum_squares, 0, 0, 0, len(made.counts)
    )
    data = header + encode_columns([made.edges[:-1], made.counts])
    found = histogram.decode(3, 5.0, data + struct.pack("<d", made.edges[-1]))
    np.testing.assert_array_equal(found.edges, made.edges)
    np.testing.assert_array_equal(found.counts, made.counts)


@pytest.mark.parametrize("k", [1, 30, 500])
def test_a_damaged_histogram_is_told_however_many_bins_it_has(k: int) -> None:
    edges = np.linspace(0.0, 1.0, k + 1)
    made = HistogramRecord(3, 1e9, edges, np.arange(1.0, k + 1.0), 0.0, 1.0, k, 1.0, 1.0)
    event = histogram.event_of_record("h", made)
    back = histogram.decode(3, 1e9, event.data)
    assert (back.edges.tolist(), back.counts.tolist()) == (
        made.edges.tolist(),
        made.counts.tolist(),
    )
    broken = bytearray(event.data)
    broken[-9] ^= 0x40
    with pytest.raises(ValueError, match="damaged"):
        histogram.decode(3, 1e9, bytes(broken))
    with pytest.raises(ValueError, match="damaged"):
        histogram.decode(3, 1e9, event.data[:-5])
