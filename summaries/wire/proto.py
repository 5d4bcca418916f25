"""Protocol buffers, field by field: only a few messages are needed, their numbers are public."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any

DOUBLE = struct.Struct("<d")
FLOAT = struct.Struct("<f")

# -- writing ------------------------------------------------------------------------------------


def varint(number: int) -> bytes:
    """A number in protocol buffers' variable length; negative ones as 64-bit two's complement."""
    number &= (1 << 64) - 1
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def field_bytes(number: int, content: bytes) -> bytes:
    """A field of bytes, a string or a message."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def field_text(number: int, text: str) -> bytes:
    """A field of a string."""
    return field_bytes(number, text.encode("utf-8", "replace"))


def field_varint(number: int, value: int) -> bytes:
    """A field of a whole number."""
    return varint(number << 3) + varint(value)


def field_double(number: int, value: float) -> bytes:
    """A field of a float64."""
    return varint(number << 3 | 1) + DOUBLE.pack(value)


def field_float(number: int, value: float) -> bytes:
    """A field of a float32."""
    return varint(number << 3 | 5) + FLOAT.pack(value)


def packed_varints(number: int, values: Iterable[int]) -> bytes:
    """A field of whole numbers."""
    return field_bytes(number, b"".join(map(varint, values)))


# -- reading ------------------------------------------------------------------------------------


def fields(data: bytes | memoryview) -> Iterator[tuple[int, Any]]:
    """(field number, value) of a serialized message.

    Values are ints for variable-length fields, 8 or 4 raw bytes for fixed ones, and bytes else.

    Raises:
        ValueError: the message is damaged.
    """
    at, end = 0, len(data)
    try:
        while at < end:
            key, at = _read_varint(data, at)
            kind = key & 7
            if kind == 0:
                value, at = _read_varint(data, at)
                yield key >> 3, value
                continue
            if kind == 2:
                length, at = _read_varint(data, at)
            elif kind in (1, 5):
                length = 8 if kind == 1 else 4
            else:
                raise ValueError(f"message of {end} bytes: unknown wire type {kind}")
            if at + length > end:
                raise ValueError(f"message of {end} bytes ends inside field {key >> 3}")
            yield key >> 3, bytes(data[at : at + length])
            at += length
    except IndexError as error:
        raise ValueError(f"message of {end} bytes ends inside a number") from error


def _read_varint(data: bytes | memoryview, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
        if shift > 63:
            raise ValueError("number of more than 64 bits")


def signed(number: int) -> int:
    """A variable-length number as the int64 it stands for."""
    return number - (1 << 64) if number >= 1 << 63 else number


def varints(value: int | bytes) -> list[int]:
    """The whole numbers of a repeated field: one of it, or packed."""
    if isinstance(value, int):
        return [value]
    found, at = [], 0
    try:
        while at < len(value):
            number, at = _read_varint(value, at)
            found.append(number)
    except IndexError as error:
        raise ValueError(f"list of {len(value)} bytes ends inside a number") from error
    return found


def only(data: bytes, number: int) -> Any:
    """The last value of that field, None where there is none."""
    found = None
    for key, value in fields(data):
        if key == number:
            found = value
    return found


def text_of(value: bytes | None) -> str:
    """The string of a field, "" where there is none."""
    return "" if value is None else value.decode("utf-8", "replace")
