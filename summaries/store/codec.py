"""Columns of numbers to compact bytes and back, bit for bit.

A block holds columns of one length n. A column of integers with equal differences, which is what
steps nearly always are, is its start and its difference. Other integers become differences; they
and the floats are cut into byte planes (all first bytes, then all second bytes, ...), so that the
slowly changing bytes lie side by side. Planes that compress go through zlib together; the random
low bits of a measured value do not compress and are stored as they are, which reads 3x faster.

    block = number of columns (1 byte), then for each: kind (1 byte) [start, difference (int64)]
            bit mask of the compressed planes, length of the zlib stream (uint32)
            zlib stream, planes as they are
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LINEAR = struct.Struct("<qq")
_LENGTH = struct.Struct("<I")

_DTYPES: dict[bytes, np.dtype[Any]] = {
    b"d": np.dtype("<i8"),
    b"f": np.dtype("<f8"),
    b"e": np.dtype("<f4"),
}

# Level 1: the bytes that compress at all do so at any level, and sealing is on the training
# machine's time (level 6 is 4x slower for 2 % fewer bytes).
_ZLIB_LEVEL = 1


def _prepared(column: NDArray[Any]) -> tuple[bytes, bytes, NDArray[Any] | None]:
    """(kind, parameters, what goes into planes) of a column."""
    if column.dtype.kind == "i":
        # Differences wrap around at the ends of int64, and so does the sum that undoes them.
        differences = np.empty(len(column), dtype="<i8")
        differences[0] = column[0]
        np.subtract(column[1:], column[:-1], out=differences[1:])
        if len(column) == 1:
            return b"l", _LINEAR.pack(int(column[0]), 0), None
        if (differences[1:] == differences[1]).all():
            return b"l", _LINEAR.pack(int(column[0]), int(differences[1])), None
        return b"d", b"", differences
    if column.dtype == np.float32:
        return b"e", b"", column.astype("<f4", copy=False)
    return b"f", b"", column.astype("<f8", copy=False)


def _planes(column: NDArray[Any]) -> NDArray[np.uint8]:
    """uint8 [bytes an item, n]"""
    raw = np.ascontiguousarray(column).view(np.uint8)
    return np.ascontiguousarray(raw.reshape(len(column), column.dtype.itemsize).T)


def encode_columns(columns: Sequence[NDArray[Any]]) -> bytes:
    """Bytes of the columns: int64, float64 or float32 arrays of one common length of at least 1."""
    head = [bytes([len(columns)])]
    stacked: list[NDArray[np.uint8]] = []
    for column in columns:
        kind, parameters, numbers = _prepared(column)
        head += [kind, parameters]
        if numbers is not None:
            stacked.append(_planes(numbers))
    if not stacked:
        return b"".join(head)
    planes = np.concatenate(stacked)
    n = planes.shape[1]
    compressible = np.array(
        [len(zlib.compress(plane, _ZLIB_LEVEL)) < 0.95 * n for plane in planes], dtype=bool
    )
    packed = zlib.compress(planes[compressible].tobytes(), _ZLIB_LEVEL)
    head += [np.packbits(compressible).tobytes(), _LENGTH.pack(len(packed)), packed]
    return b"".join([*head, planes[~compressible].tobytes()])


def decode_columns(data: bytes, n: int) -> list[NDArray[Any]]:
    """The columns of a block with n rows: int64, float64 or float32 arrays of length n.

    Raises:
        ValueError: the block is damaged (zlib.error, which is no ValueError, is turned into one).
    """
    try:
        return _decode(data, n)
    except (zlib.error, struct.error, IndexError, KeyError) as error:
        raise ValueError(f"damaged block of {len(data)} bytes: {error}") from error


def _decode(data: bytes, n: int) -> list[NDArray[Any]]:
    at = 1
    kinds: list[tuple[bytes, int, int]] = []
    n_planes = 0
    for _ in range(data[0]):
        kind = data[at : at + 1]
        at += 1
        if kind == b"l":
            kinds.append((kind, *_LINEAR.unpack_from(data, at)))
            at += _LINEAR.size
        else:
            kinds.append((kind, 0, 0))
            n_planes += _DTYPES[kind].itemsize
    planes = np.empty((n_planes, n), dtype=np.uint8)
    if n_planes:
        mask_size = -(-n_planes // 8)
        mask = np.unpackbits(np.frombuffer(data, np.uint8, mask_size, at), count=n_planes)
        at += mask_size
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        compressible = mask.view(bool)
        packed = zlib.decompress(data[at : at + length])
        planes[compressible] = np.frombuffer(packed, np.uint8).reshape(-1, n)
        stored = ~compressible
        size = int(stored.sum()) * n
        if len(data) != at + length + size:
            raise ValueError(f"damaged block: {len(data)} bytes, not {at + length + size}")
        if size:
            planes[stored] = np.frombuffer(data, np.uint8, size, at + length).reshape(-1, n)
    columns: list[NDArray[Any]] = []
    row = 0
    for kind, start, difference in kinds:
        if kind == b"l":
            steps = np.arange(n, dtype=np.int64)
            steps *= difference
            steps += start
            columns.append(steps)
            continue
        dtype = _DTYPES[kind]
        own = planes[row : row + dtype.itemsize]
        row += dtype.itemsize
        column = np.ascontiguousarray(own.T).view(dtype).reshape(n)
        columns.append(np.cumsum(column, dtype=np.int64) if kind == b"d" else column)
    return columns
