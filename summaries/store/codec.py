"""Columns of numbers to compact bytes and back, bit for bit.

A block is a sequence of columns, each ``kind (1 byte) | payload length (uint32) | payload``.
Integers are stored as differences, floats as they are; both are byte-shuffled (all first bytes,
then all second bytes, ...) so that zlib sees the slowly changing bytes side by side. A column of
equal differences, which is what steps nearly always are, is stored as its start and its difference.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_HEADER = struct.Struct("<cI")
_LINEAR = struct.Struct("<qq")

_DTYPES: dict[bytes, np.dtype[Any]] = {
    b"d": np.dtype("<i8"),
    b"f": np.dtype("<f8"),
    b"e": np.dtype("<f4"),
}

# Level 1: the bytes that compress at all do so at any level, and sealing is on the training
# machine's time (level 6 is 4x slower for 2 % fewer bytes).
_ZLIB_LEVEL = 1


def _shuffled(array: NDArray[Any]) -> bytes:
    raw = np.ascontiguousarray(array).view(np.uint8).reshape(len(array), array.dtype.itemsize)
    return zlib.compress(raw.T.tobytes(), _ZLIB_LEVEL)


def _unshuffled(payload: bytes, dtype: np.dtype[Any], n: int) -> NDArray[Any]:
    raw = np.frombuffer(zlib.decompress(payload), dtype=np.uint8).reshape(dtype.itemsize, n)
    return np.ascontiguousarray(raw.T).view(dtype).reshape(n)


def _encode_column(column: NDArray[Any]) -> tuple[bytes, bytes]:
    if column.dtype.kind == "i":
        # Differences wrap around at the ends of int64, and so does the sum that undoes them.
        differences = np.empty(len(column), dtype="<i8")
        differences[0] = column[0]
        np.subtract(column[1:], column[:-1], out=differences[1:])
        if len(column) == 1 or (differences[1:] == differences[-1]).all():
            return b"l", _LINEAR.pack(
                int(column[0]), int(differences[-1]) if len(column) > 1 else 0
            )
        return b"d", _shuffled(differences)
    if column.dtype == np.float32:
        return b"e", _shuffled(column.astype("<f4", copy=False))
    return b"f", _shuffled(column.astype("<f8", copy=False))


def _decode_column(kind: bytes, payload: bytes, n: int) -> NDArray[Any]:
    if kind == b"l":
        start, difference = _LINEAR.unpack(payload)
        steps = np.arange(n, dtype=np.int64)
        steps *= difference
        steps += start
        return steps
    if kind not in _DTYPES:
        raise ValueError(f"column of unknown kind {kind!r}")
    column = _unshuffled(payload, _DTYPES[kind], n)
    if kind == b"d":
        return np.cumsum(column, dtype=np.int64)
    return column


def encode_columns(columns: Sequence[NDArray[Any]]) -> bytes:
    """Bytes of the columns: int64, float64 or float32 arrays of one common length of at least 1."""
    parts: list[bytes] = []
    for column in columns:
        kind, payload = _encode_column(column)
        parts.append(_HEADER.pack(kind, len(payload)))
        parts.append(payload)
    return b"".join(parts)


def decode_columns(data: bytes, n: int) -> list[NDArray[Any]]:
    """The columns of a block with n rows: int64, float64 or float32 arrays of length n.

    Raises:
        ValueError: the block is damaged (zlib.error, which is no ValueError, is turned into one).
    """
    columns: list[NDArray[Any]] = []
    view = memoryview(data)
    at = 0
    try:
        while at < len(view):
            kind, length = _HEADER.unpack_from(view, at)
            at += _HEADER.size
            payload = bytes(view[at : at + length])
            at += length
            columns.append(_decode_column(kind, payload, n))
    except (zlib.error, struct.error) as error:
        raise ValueError(f"damaged block of {len(data)} bytes: {error}") from error
    return columns
