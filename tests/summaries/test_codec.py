"""Columns survive the codec bit for bit, and damage is told."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from summaries.store.codec import decode_columns, encode_columns

SEED = np.random.default_rng(7)

COLUMNS = {
    "steps": np.arange(4096),
    "steps_of_ten_from_the_middle": np.arange(5_000_000, 5_040_960, 10),
    "constant": np.full(100, 42),
    "going_back": np.array([0, 1, 2, 1, 2, 3]),
    "ends_of_int64": np.array([-(2**63), 2**63 - 1, 0, -(2**63)]),
    "one": np.array([-5]),
    "random_steps": SEED.integers(-(2**62), 2**62, 1000),
    "noise": SEED.standard_normal(4096),
    "float32_noise": SEED.standard_normal(4096).astype(np.float32).astype(np.float64),
    "float32": SEED.standard_normal(300).astype(np.float32),
    "zeros": np.zeros(17),
    "one_float": np.array([np.pi]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_comes_back_bit_for_bit(name: str) -> None:
    column = COLUMNS[name]
    (back,) = decode_columns(encode_columns([column]), len(column))
    assert back.dtype == column.dtype
    assert back.tobytes() == column.tobytes()


def test_nan_payloads_infinities_and_negative_zero_survive() -> None:
    payload = struct.unpack("<d", struct.pack("<Q", 0x7FF8_0000_DEAD_BEEF))[0]
    values = np.array([np.nan, payload, np.inf, -np.inf, -0.0, 0.0, 5e-324, 1.8e308])
    (back,) = decode_columns(encode_columns([values]), len(values))
    assert back.tobytes() == values.tobytes()


def test_several_columns_keep_their_order() -> None:
    columns = [np.arange(50), SEED.standard_normal(50), SEED.integers(0, 9, 50)]
    for back, column in zip(decode_columns(encode_columns(columns), 50), columns, strict=True):
        assert (back == column).all()


def test_float64_noise_costs_under_seven_bytes_and_steps_nearly_none() -> None:
    n = 4096
    assert len(encode_columns([SEED.random(n)])) < 7.0 * n
    assert len(encode_columns([np.arange(n)])) < 32


@pytest.mark.parametrize("cut", [1, 20, 100, -1])
def test_a_cut_block_is_refused(cut: int) -> None:
    block = encode_columns([np.arange(1000), SEED.standard_normal(1000)])
    with pytest.raises(ValueError, match="damaged block"):
        decode_columns(block[:cut], 1000)


def test_a_block_with_a_flipped_byte_in_its_stream_is_refused() -> None:
    block = bytearray(encode_columns([np.repeat(SEED.integers(0, 3, 100), 10)]))
    block[30] ^= 0xFF
    with pytest.raises(ValueError, match="damaged block"):
        decode_columns(bytes(block), 1000)
