"""What crosses the wire: valid JSON for every float, arrays at the offsets the header names."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from dashboard.http import binary_body, json_text


def decode(body: bytes) -> tuple[dict[str, Any], list[np.ndarray[Any, Any]]]:
    size = int.from_bytes(body[:4], "little")
    header = json.loads(body[4 : 4 + size])
    arrays = [
        np.frombuffer(body, dtype, count=length, offset=4 + size + offset)
        for dtype, offset, length in header["arrays"]
    ]
    return header, arrays


def test_json_writes_what_is_not_finite_as_strings() -> None:
    text = json_text({"a": [float("nan"), float("inf"), float("-inf"), 1.5], "b": np.float64(2)})
    assert json.loads(text) == {"a": ["NaN", "Infinity", "-Infinity", 1.5], "b": 2.0}


def test_json_takes_numpy_arrays() -> None:
    assert json.loads(json_text({"x": np.array([1, 2]), "y": np.array([np.nan])})) == {
        "x": [1, 2],
        "y": ["NaN"],
    }


def test_binary_body_gives_back_header_and_arrays() -> None:
    given = [
        np.array([1.5, np.nan, -0.0]),
        np.array([7], dtype="<u4"),
        np.array([], dtype="<f4"),
        np.array([1, 2, 3], dtype="u1"),
    ]
    header, arrays = decode(binary_body({"tag": "ä"}, given))
    assert header["tag"] == "ä"
    for one, other in zip(given, arrays, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_binary_arrays_start_where_a_typed_array_may_start() -> None:
    for name in ("a", "ab", "abc", "abcd", "abcde"):
        body = binary_body({"x": name}, [np.zeros(1, "<u4"), np.zeros(2)])
        size = int.from_bytes(body[:4], "little")
        header, _ = decode(body)
        assert all((4 + size + offset) % 8 == 0 for _, offset, _ in header["arrays"])


def test_binary_refuses_a_type_the_browser_has_no_array_for() -> None:
    with pytest.raises(TypeError, match="int64"):
        binary_body({}, [np.zeros(3, dtype=np.int64)])
