"""The framing of event files: a length, its checksum, the record, its checksum.

Source: tensorflow/core/lib/io/record_writer.h; for the masking tensorflow/core/lib/hash/crc32c.h.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from summaries.records import Int64

HEADER = 12
"""Bytes before a record: its length and the length's checksum."""
FRAME = 16
"""Bytes around a record."""

_LENGTH = struct.Struct("<Q")
_CRC = struct.Struct("<I")
_HEADER = np.dtype([("length", "<u8"), ("crc", "<u4")])


@cache
def _crc32c() -> Any:
    import google_crc32c  # 10 ms that a logging script need not pay

    return google_crc32c.value


def masked_crc32c(parts: Sequence[bytes]) -> list[int]:
    """The masked CRC-32C of each part.

    Example:
        >>> hex(masked_crc32c([b"123456789"])[0])
        '0xc78ab0e5'
    """
    found: list[int] = _masked(np.array(list(map(_crc32c(), parts)), dtype=np.uint64)).tolist()
    return found


def _masked(crcs: NDArray[np.uint64]) -> NDArray[np.uint64]:
    turned = crcs >> np.uint64(15) | crcs << np.uint64(17)
    return (turned + np.uint64(0xA282EAD8)) & np.uint64(0xFFFFFFFF)


def frame_records(records: Sequence[bytes]) -> bytes:
    """The records in the framing of event files, one after the other."""
    lengths = [_LENGTH.pack(len(record)) for record in records]
    parts: list[bytes] = []
    for length, first, record, second in zip(
        lengths, masked_crc32c(lengths), records, masked_crc32c(records), strict=True
    ):
        parts += [length, _CRC.pack(first), record, _CRC.pack(second)]
    return b"".join(parts)


@dataclass(frozen=True)
class Frames:
    """The whole records found in a block."""

    start: Int64
    """int64 [n]: where each record begins, behind its header."""
    length: Int64
    """int64 [n]"""
    is_whole: NDArray[np.bool_]
    """bool [n]: whether the record's checksum holds."""
    end: int
    """Where the next header begins."""
    is_lost: bool
    """Whether what stands at ``end`` is no header."""
    wanted: int
    """Bytes that the record at ``end`` has with its frame; 0 where its header is not all there."""


def find_frames(block: bytes, at: int = 0) -> Frames:
    """The records of the block from the header at ``at`` on, up to the first that is not all there.

    Lengths are followed first and checked after, all at once: a wrong one leads astray only inside
    the block.
    """
    starts: list[int] = []
    end, size = at, len(block)
    found, unpack = starts.append, _LENGTH.unpack_from
    wanted = 0
    while end + HEADER <= size:
        wanted = FRAME + unpack(block, end)[0]
        if end + wanted > size:
            break
        found(end)
        end += wanted
        wanted = 0
    header = np.array(starts, dtype=np.int64)
    heads = _rows(block, header if not wanted else np.append(header, end), HEADER).view(_HEADER)
    is_header = _are_headers(heads[:, 0])
    is_lost = not is_header.all()
    if is_lost:
        bad = int(np.argmin(is_header))
        end, wanted = (int(header[bad]) if bad < len(header) else end), 0
        header = header[:bad]
    length = np.diff(header, append=end) - FRAME
    start = header + HEADER
    return Frames(start, length, _are_whole(block, start, length), end, is_lost, wanted)


def _rows(block: bytes, start: Int64, width: int) -> NDArray[np.uint8]:
    """uint8 [n, width]: the bytes of the block from each start on."""
    if not len(start):
        return np.empty((0, width), dtype=np.uint8)
    return sliding_window_view(np.frombuffer(block, np.uint8), width)[start]


def _are_headers(heads: NDArray[Any]) -> NDArray[np.bool_]:
    lengths, places = np.unique(heads["length"], return_inverse=True)
    crcs = masked_crc32c([_LENGTH.pack(length) for length in lengths.tolist()])
    same: NDArray[np.bool_] = np.array(crcs, dtype=np.uint64)[places] == heads["crc"]
    return same


def _are_whole(block: bytes, start: Int64, length: Int64) -> NDArray[np.bool_]:
    value = _crc32c()
    ends = start + length
    crcs = [value(block[a:b]) for a, b in zip(start.tolist(), ends.tolist(), strict=True)]
    stored = _rows(block, ends, 4).view("<u4")[:, 0]
    same: NDArray[np.bool_] = _masked(np.array(crcs, dtype=np.uint64)) == stored
    return same


@cache
def _table() -> NDArray[np.uint32]:
    """What one byte does to a CRC-32C: Castagnoli's polynomial, bits reversed."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(0x82F63B78), table >> 1)
    return table.astype(np.uint32)


def next_headers(block: bytes, at: int) -> Int64:
    """Where headers with a right checksum stand in the block, from ``at`` on.

    The cost is some 20 ns a byte whatever the bytes are, zeros included.
    """
    raw = np.frombuffer(block, np.uint8)[at:]
    n = len(raw) - HEADER + 1
    if n <= 0:
        return np.empty(0, dtype=np.int64)
    # A record of 4 GiB or more is none: that leaves few places to look at.
    empty = raw == 0
    place = np.flatnonzero(
        empty[4 : n + 4] & empty[5 : n + 5] & empty[6 : n + 6] & empty[7 : n + 7]
    )
    crc = np.full(len(place), 0xFFFFFFFF, dtype=np.uint32)
    table = _table()
    for byte in range(8):
        crc = table[(crc ^ raw[place + byte]) & 0xFF] ^ (crc >> np.uint32(8))
    masked = _masked((crc ^ np.uint32(0xFFFFFFFF)).astype(np.uint64))
    stored = _rows(raw.tobytes(), place + 8, 4).view("<u4")[:, 0]
    found: Int64 = (place[masked == stored] + at).astype(np.int64)
    return found
