"""The `Summary` message: what TF-1 summary ops evaluate to, and what event files hold.

Only these few messages of protocol buffers are needed, so they are written and read here, field by
field; the numbers beside them are the fields' numbers in the public .proto files.

Source: tensorflow/core/framework/summary.proto, histogram.proto, tensor.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from summaries.kinds import histogram as histogram_kind
from summaries.kinds import image as image_kind
from summaries.records import Float64, HistogramRecord

if TYPE_CHECKING:
    from summaries.writer import SummaryWriter

_DOUBLE = struct.Struct("<d")
_FLOAT = struct.Struct("<f")

# TensorFlow's numbers of the types that scalars, histograms and texts come in.
_DT_FLOAT, _DT_DOUBLE, _DT_STRING = 1, 2, 7
_NUMPY_TYPES = {_DT_FLOAT: "<f4", _DT_DOUBLE: "<f8", 3: "<i4", 9: "<i8", 19: "<f2"}
_VALUE_FIELDS = {5: "<f4", 6: "<f8"}


@dataclass(frozen=True)
class SummaryValue:
    """One value of a summary; exactly one of the fields after the tag is set."""

    tag: str
    simple_value: float | None = None
    histogram: HistogramRecord | None = None
    text: str | None = None
    image: bytes | None = None
    """An encoded PNG, JPEG, GIF or WebP file."""


def scalar_value(tag: str, value: float) -> SummaryValue:
    """The summary value of one number."""
    return SummaryValue(tag, simple_value=float(value))


def histogram_value(tag: str, values: Any) -> SummaryValue:
    """The summary value of the distribution of an array of numbers, of any shape.

    Raises:
        TypeError: they are not real numbers.
    """
    array = histogram_kind.as_values(tag, values)
    return SummaryValue(tag, histogram=histogram_kind.record(array, 0, 0.0))


def text_value(tag: str, text: str) -> SummaryValue:
    """The summary value of a text."""
    return SummaryValue(tag, text=text)


def image_value(tag: str, image: Any, dataformats: str = "HWC") -> SummaryValue:
    """The summary value of one image, an array as in `SummaryWriter.add_image`.

    Raises:
        TypeError, ValueError: no such image.
    """
    made = image_kind.event(tag, image, 0, 0.0, dataformats)
    assert made.blob is not None
    return SummaryValue(tag, image=made.blob[1])


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


def field_varint(number: int, value: int) -> bytes:
    """A field of a whole number."""
    return varint(number << 3) + varint(value)


def field_double(number: int, value: float) -> bytes:
    """A field of a float64."""
    return varint(number << 3 | 1) + _DOUBLE.pack(value)


def _metadata(plugin: str) -> bytes:
    return field_bytes(9, field_bytes(1, field_bytes(1, plugin.encode())))


def _encode_histogram(h: HistogramRecord) -> bytes:
    parts = [
        field_double(1, h.min if len(h.counts) else 0.0),
        field_double(2, h.max if len(h.counts) else 0.0),
        field_double(3, float(h.num)),
        field_double(4, h.sum),
        field_double(5, h.sum_squares),
        field_bytes(6, h.edges[1:].astype("<f8").tobytes()),
        field_bytes(7, h.counts.astype("<f8").tobytes()),
    ]
    # Fields of our own, which other readers skip: what the message has no place for.
    if len(h.counts):
        parts.append(field_double(1000, float(h.edges[0])))
    for number, count in ((1001, h.nan_count), (1002, h.pos_inf_count), (1003, h.neg_inf_count)):
        if count:
            parts.append(field_varint(number, count))
    return b"".join(parts)


def _encode_value(value: SummaryValue) -> bytes:
    parts = [field_bytes(1, value.tag.encode("utf-8", "replace"))]
    if value.simple_value is not None:
        number = value.simple_value
        with np.errstate(over="ignore"):
            short = float(np.float32(number))
        if short == number or number != number:
            parts.append(varint(2 << 3 | 5) + _FLOAT.pack(number))
        else:
            # simple_value is a float32; a float64 travels as a tensor, which TensorBoard reads too.
            tensor = field_varint(1, _DT_DOUBLE) + field_bytes(2, b"")
            tensor += field_bytes(4, _DOUBLE.pack(number))
            parts.append(field_bytes(8, tensor) + _metadata("scalars"))
    elif value.histogram is not None:
        parts.append(field_bytes(5, _encode_histogram(value.histogram)))
    elif value.text is not None:
        tensor = field_varint(1, _DT_STRING)
        tensor += field_bytes(2, field_bytes(2, field_varint(1, 1)))
        tensor += field_bytes(8, value.text.encode("utf-8", "replace"))
        parts.append(field_bytes(8, tensor) + _metadata("text"))
    elif value.image is not None:
        record = image_kind.decode(0, 0.0, image_kind.event_of_file("", value.image, 0, 0.0).data)
        picture = field_varint(1, record.height) + field_varint(2, record.width)
        picture += field_varint(3, 3) + field_bytes(4, value.image)
        parts.append(field_bytes(4, picture))
    return b"".join(parts)


def encode_summary(values: Sequence[SummaryValue]) -> bytes:
    """The serialized `Summary` of the values.

    Example:
        >>> decode_summary(encode_summary([scalar_value("loss", 0.5)]))[0].simple_value
        0.5
    """
    return b"".join(field_bytes(1, _encode_value(value)) for value in values)


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


def _doubles(data: bytes) -> Float64:
    return np.frombuffer(data, dtype="<f8").astype(np.float64)


def _decode_histogram(data: bytes) -> HistogramRecord:
    number: dict[int, float] = {}
    limits: list[Float64] = []
    counts: list[Float64] = []
    for key, value in fields(data):
        if key == 6:
            limits.append(_doubles(value))
        elif key == 7:
            counts.append(_doubles(value))
        else:
            number[key] = value if isinstance(value, int) else _DOUBLE.unpack(value)[0]
    right = np.concatenate(limits) if limits else np.empty(0)
    count = np.concatenate(counts) if counts else np.empty(0)
    if len(right) != len(count):
        raise ValueError(f"histogram with {len(right)} limits and {len(count)} counts")
    low, high = float(number.get(1, 0.0)), float(number.get(2, 0.0))
    whole = [number.get(key, 0) for key in (3, 1001, 1002, 1003)]
    if not all(0 <= n < 2**63 for n in whole) or not (count >= 0).all() or np.isnan(right).any():
        raise ValueError(f"histogram of {whole[0]} values: its counts or limits are no numbers")
    used = np.flatnonzero(count)
    if len(used) == 0:
        edges = count = np.empty(0)
    elif 1000 in number:
        edges = np.concatenate([[number[1000]], right])
    else:
        # TensorFlow's outermost limits are +-1.8e308: trim empty bins, end at the true extremes.
        first, last = int(used[0]), int(used[-1])
        left = right[first - 1] if first else low
        edges = np.concatenate([[max(left, min(low, right[first]))], right[first : last + 1]])
        edges[-1] = max(min(edges[-1], high), edges[-2])
        count = count[first : last + 1]
    return HistogramRecord(
        0,
        0.0,
        edges,
        count,
        low,
        high,
        int(whole[0]),
        float(number.get(4, 0.0)),
        float(number.get(5, 0.0)),
        *map(int, whole[1:]),
    )


def _decode_tensor(data: bytes) -> tuple[NDArray[Any] | None, list[bytes], tuple[int, ...]]:
    """(numbers flat, strings, shape) of a tensor; numbers None where their type is not of ours."""
    kind, content, shape = 0, b"", []
    strings: list[bytes] = []
    listed: list[NDArray[Any]] = []
    for key, value in fields(data):
        if key == 1:
            kind = value
        elif key == 2:
            for name, dim in fields(value):
                if name == 2:
                    shape.append(next((signed(v) for k, v in fields(dim) if k == 1), 0))
        elif key == 4:
            content = value
        elif key in _VALUE_FIELDS:
            listed.append(np.frombuffer(value, dtype=_VALUE_FIELDS[key]))
        elif key == 8:
            strings.append(value)
    numbers: NDArray[Any] | None = None
    if kind in _NUMPY_TYPES and content:
        numbers = np.frombuffer(content, dtype=_NUMPY_TYPES[kind])
    elif listed:
        numbers = np.concatenate(listed)
    return numbers, strings, tuple(shape)


def _histogram_of_table(table: NDArray[Any]) -> HistogramRecord:
    """TensorBoard's second form: rows of (left, right, count)."""
    rows = table.astype(np.float64)
    rows = rows[rows[:, 2] > 0]
    if not len(rows):
        empty = np.empty(0)
        return HistogramRecord(0, 0.0, empty, empty, np.nan, np.nan, 0, 0.0, 0.0)
    low, high, count = rows[0, 0], rows[-1, 1], rows[:, 2]
    middle = (rows[:, 0] + rows[:, 1]) / 2
    edges = np.append(rows[:, 0], high)
    if low == high:
        edges, count = np.array([low - 0.5, high + 0.5]), np.array([count.sum()])
    total, squares = float((middle * rows[:, 2]).sum()), float((middle**2 * rows[:, 2]).sum())
    return HistogramRecord(
        0, 0.0, edges, count, float(low), float(high), int(rows[:, 2].sum()), total, squares
    )


def _decode_value(data: bytes) -> SummaryValue | None:
    tag, plugin = "", ""
    made: dict[str, Any] = {}
    tensor: bytes | None = None
    for key, value in fields(data):
        if key == 1:
            tag = value.decode("utf-8", "replace")
        elif key == 2:
            made = {"simple_value": float(_FLOAT.unpack(value)[0])}
        elif key == 4:
            made = {"image": next((v for k, v in fields(value) if k == 4), b"")}
        elif key == 5:
            made = {"histogram": _decode_histogram(value)}
        elif key == 8:
            tensor = value
        elif key == 9:
            for name, part in fields(value):
                if name == 1:
                    plugin = next((v.decode() for k, v in fields(part) if k == 1), "")
    if tensor is not None:
        made = _value_of_tensor(*_decode_tensor(tensor), plugin)
    return SummaryValue(tag, **made) if made else None


def _value_of_tensor(
    numbers: NDArray[Any] | None, strings: list[bytes], shape: tuple[int, ...], plugin: str
) -> dict[str, Any]:
    if strings and plugin == "images":
        # Width and height come first, as texts.
        return {"image": strings[2]} if len(strings) > 2 else {}
    if strings:
        return {"text": "\n\n".join(s.decode("utf-8", "replace") for s in strings)}
    if numbers is None:
        return {}
    if len(shape) == 2 and shape[1] == 3 and plugin in ("histograms", ""):
        return {"histogram": _histogram_of_table(numbers.reshape(-1, 3))}
    return {"simple_value": float(numbers[0])} if len(numbers) == 1 else {}


def decode_summary(data: bytes) -> list[SummaryValue]:
    """The values of a serialized `Summary`; values of kinds we do not know are left out.

    Raises:
        ValueError: the message is damaged.
    """
    try:
        values = [_decode_value(value) for key, value in fields(data) if key == 1]
    except (TypeError, AttributeError, struct.error, OverflowError) as error:
        # A field of another wire type than the message's definition gives it.
        raise ValueError(f"message of {len(data)} bytes is damaged: {error}") from error
    return [value for value in values if value is not None]


def add_summary(
    writer: SummaryWriter, summary: Any, step: Any, walltime: float | None = None
) -> None:
    """Log each value of a serialized summary under its own kind; see `SummaryWriter.add_summary`.

    Raises:
        TypeError: neither bytes nor a message.
        ValueError: the message is damaged.
    """
    if hasattr(summary, "SerializeToString"):
        summary = summary.SerializeToString()
    if not isinstance(summary, (bytes, bytearray, memoryview)):
        raise TypeError(
            "add_summary: expects a serialized Summary\n"
            f"  got {type(summary).__name__}\n"
            "  try: the bytes that session.run(merged_summary) returned"
        )
    for value in decode_summary(bytes(summary)):
        if value.simple_value is not None:
            writer.add_scalar(value.tag, value.simple_value, step, walltime)
        elif value.histogram is not None:
            writer.add_histogram_record(value.tag, value.histogram, step, walltime)
        elif value.text is not None:
            writer.add_text(value.tag, value.text, step, walltime)
        elif value.image is not None:
            writer.add_image_file(value.tag, value.image, step, walltime)
