"""Columns of numbers to compact bytes and back, bit for bit.

A block holds columns of one length n. A column of integers with equal differences, which is what
steps nearly always are, is its start and its difference. Other integers become differences; they
and the floats are cut into byte planes (all first bytes, then all second bytes, ...), so that the
slowly changing bytes lie side by side. Planes that compress go through zlib together; the random
low bits of a measured value do not compress and are stored as they are, which reads 3x faster.

    block = number of columns (1 byte), then for each: kind (1 byte) [start, difference (int64)]
            bit mask of the compressed planes, length of the zlib stream (uint32)
            zlib stream, planes as they are
            CRC-32 of all that (uint32): a flipped bit in a plane as it is would else pass
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


def _entropy(planes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Bits a byte of each plane, by how often each byte value occurs; float64 [planes]."""
    count, n = planes.shape
    places = planes + (np.arange(count, dtype=np.int32) * 256)[:, None]
    share = np.bincount(places.reshape(-1), minlength=count * 256).reshape(count, 256) / n
    bits: NDArray[np.float64] = -(share * np.log2(np.maximum(share, 1e-9))).sum(axis=1)
    return bits


def _compressible(planes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which planes zlib would shorten: of few byte values, or counters; bool [planes].

    Told from the bytes' frequencies: to try zlib on each plane costs 3x the rest of the encoding.
    """
    bits = np.minimum(_entropy(planes), _entropy(np.diff(planes, axis=1, prepend=planes[:, :1])))
    # 60 bytes: the code table that zlib stores with its stream.
    found: NDArray[np.bool_] = bits / 8 + 60 / planes.shape[1] < 0.95
    return found


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
        return _checked(b"".join(head))
    planes = np.concatenate(stacked)
    compressible = _compressible(planes)
    packed = zlib.compress(planes[compressible].tobytes(), _ZLIB_LEVEL)
    head += [np.packbits(compressible).tobytes(), _LENGTH.pack(len(packed)), packed]
    return _checked(b"".join([*head, planes[~compressible].tobytes()]))


def _checked(block: bytes) -> bytes:
    return block + _LENGTH.pack(zlib.crc32(block))


def decode_columns(data: bytes, n: int) -> list[NDArray[Any]]:
    """The columns of a block with n rows: int64, float64 or float32 arrays of length n.

    Raises:
        ValueError: the block is damaged (zlib.error, which is no ValueError, is turned into one).
    """
    if len(data) < 5 or _LENGTH.pack(zlib.crc32(memoryview(data)[:-4])) != data[-4:]:
        raise ValueError(f"damaged block of {len(data)} bytes: its checksum is wrong")
    try:
        return _decode(data[:-4], n)
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
