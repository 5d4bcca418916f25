"""Scalars of many records at once: records of one layout are read as columns.

A training script logs the same few tags over and over, so nearly all records of an event file are
the same bytes but for time, step and value. One record of a layout is read field by field; all that
agree with it byte for byte, tag, time, step and value left out, are then read with NumPy. Whatever
is no such scalar is left to `summaries.tfevents.decoding`, which reads any record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from summaries.records import Float64, Int64

_LONGEST = 512
"""Bytes of a record that may be a scalar's."""
_FEWEST = 4
"""Records of one length that are worth the columns."""
_MOST_LAYOUTS = 24
"""Of one length; what is left after so many is read field by field."""
_WALL = slice(1, 9)


@dataclass(frozen=True)
class Column:
    """Points of one tag, in the order of the file."""

    tag: str
    place: Int64
    """int64 [n]: which record each point comes from."""
    step: Int64
    wall_time: Float64
    value: Float64
    is_bare: bool = False
    """Whether they are tensors whose plugin only an earlier record can have named."""


@dataclass(frozen=True)
class _Layout:
    """Where a scalar's tag and value lie in the bytes behind the step."""

    tag: slice
    value: slice
    dtype: str
    is_bare: bool = False


def read_scalars(block: bytes, start: Int64, length: Int64) -> tuple[list[Column], Int64]:
    """The scalars among the records, and which records were not read.

    Args:
        block: bytes with records in them.
        start: int64 [n]: where each begins.
        length: int64 [n]: how long it is.
    """
    columns: list[Column] = []
    is_read = np.zeros(len(start), dtype=np.bool_)
    raw = np.frombuffer(block, np.uint8)
    sizes, counts = np.unique(length, return_counts=True)
    for size in sizes[(counts >= _FEWEST) & (sizes > 16) & (sizes <= _LONGEST)].tolist():
        place = np.flatnonzero(length == size)
        for column in _of_one_length(sliding_window_view(raw, size)[start[place]], place):
            is_read[column.place] = True
            columns.append(column)
    return columns, np.flatnonzero(~is_read)


def _of_one_length(rows: NDArray[np.uint8], place: Int64) -> Iterator[Column]:
    """The scalars among records of one length: uint8 [n, length]."""
    # Columns side by side in memory: every step below is then a plain pass over one of them.
    bytes_at = np.ascontiguousarray(rows.T)
    step, behind = _steps(bytes_at)
    wall_time = np.ascontiguousarray(rows[:, _WALL]).view("<f8")[:, 0].astype(np.float64)
    behind[bytes_at[0] != 0x09] = 0
    for first in np.unique(behind).tolist():
        if not 0 < first < len(bytes_at) - 8:
            continue
        own = np.flatnonzero(behind == first)
        rest = bytes_at[first:] if len(own) == len(place) else bytes_at[first:, own]
        for tag, which, value, is_bare in _of_one_form(rest):
            at = own[which]
            yield Column(tag, place[at], step[at], wall_time[at], value, is_bare)


def _steps(bytes_at: NDArray[np.uint8]) -> tuple[Int64, Int64]:
    """Each record's step, and where the bytes behind it begin."""
    n = bytes_at.shape[1]
    step = np.zeros(n, dtype=np.uint64)
    behind = np.full(n, 9, dtype=np.int64)
    open_ = bytes_at[9] == 0x10
    behind[open_] = 10
    for k in range(min(10, len(bytes_at) - 10)):
        if not open_.any():
            break
        byte = bytes_at[10 + k]
        step[open_] |= (byte[open_] & np.uint8(0x7F)).astype(np.uint64) << np.uint64(7 * k)
        behind[open_] += 1
        open_ = open_ & (byte >= 0x80)
    behind[open_] = 0
    return step.view(np.int64), behind


def _of_one_form(rest: NDArray[np.uint8]) -> Iterator[tuple[str, Int64, Float64, bool]]:
    """(tag, which records, values, is_bare) of the bytes behind the step: uint8 [length, n]."""
    left = np.arange(rest.shape[1])
    for _ in range(_MOST_LAYOUTS):
        if not len(left):
            return
        pivot = rest[:, left[0]].tobytes()
        layout = _layout(pivot)
        if layout is None:
            left = left[1:]
            continue
        varying = {*range(layout.tag.start, layout.tag.stop)}
        varying |= {*range(layout.value.start, layout.value.stop)}
        same = np.ones(len(left), dtype=np.bool_)
        own = rest if len(left) == rest.shape[1] else rest[:, left]
        for at, byte in enumerate(pivot):
            if at not in varying:
                same &= own[at] == byte
        yield from _by_tag(own, np.flatnonzero(same), left, layout)
        left = left[~same]


def _by_tag(
    rest: NDArray[np.uint8], same: Int64, names: Int64, layout: _Layout
) -> Iterator[tuple[str, Int64, Float64, bool]]:
    """The records ``same`` of one layout, apart by their tags."""
    tags = rest[layout.tag][:, same]
    mixed = np.zeros(len(same), dtype=np.uint64)
    for byte in tags:
        mixed = (mixed ^ byte) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    found = np.ascontiguousarray(rest[layout.value][:, same].T).view(layout.dtype)[:, 0]
    values = found.astype(np.float64)
    _, first, kind = np.unique(mixed, return_index=True, return_inverse=True)
    # Two tags of one mixture go apart by their bytes, as slowly as that may be.
    if not all((byte == byte[first][kind]).all() for byte in tags):
        _, first, kind = np.unique(tags, axis=1, return_index=True, return_inverse=True)
    order = np.argsort(kind.astype(np.min_scalar_type(len(first))), kind="stable")
    stops = np.cumsum(np.bincount(kind, minlength=len(first))).tolist()
    begin = 0
    for at, stop in zip(first.tolist(), stops, strict=True):
        which = order[begin:stop]
        tag = tags[:, at].tobytes().decode("utf-8", "replace")
        yield tag, names[same[which]], values[which], layout.is_bare
        begin = stop


# -- one record's layout ------------------------------------------------------------------------


def _number(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7


def _parts(data: bytes, at: int, end: int) -> dict[int, tuple[int, int, int]] | None:
    """Wire type, start and stop of each field of a message; None where one comes twice."""
    found: dict[int, tuple[int, int, int]] = {}
    while at < end:
        key, at = _number(data, at)
        kind, start = key & 7, at
        if kind == 0:
            _, at = _number(data, at)
        elif kind == 2:
            length, start = _number(data, at)
            at = start + length
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            return None
        if at > end or key >> 3 in found:
            return None
        found[key >> 3] = kind, start, at
    return found


def _layout(rest: bytes) -> _Layout | None:
    """The layout of a record behind its step, None if it is not one summary of one scalar."""
    try:
        event = _parts(rest, 0, len(rest))
        if event is None or event.keys() != {5} or event[5][0] != 2:
            return None
        summary = _parts(rest, *event[5][1:])
        if summary is None or summary.keys() != {1} or summary[1][0] != 2:
            return None
        value = _parts(rest, *summary[1][1:])
        if value is None or 1 not in value or value[1][0] != 2 or value[1][1] == value[1][2]:
            return None
        tag = slice(*value[1][1:])
        if value.keys() - {9} == {1, 2} and value[2][0] == 5 and _is_scalars(rest, value):
            return _Layout(tag, slice(*value[2][1:]), "<f4")
        if value.keys() - {9} == {1, 8} and value[8][0] == 2 and _is_scalars(rest, value):
            return _tensor_layout(rest, tag, value)
    except IndexError:
        pass  # it ends inside a number: damaged, and told where it is read field by field
    return None


def _tensor_layout(
    rest: bytes, tag: slice, value: dict[int, tuple[int, int, int]]
) -> _Layout | None:
    """The layout of TensorBoard's second form: a tensor of one number."""
    tensor = _parts(rest, *value[8][1:])
    if tensor is None or 1 not in tensor or tensor[1][0] != 0:
        return None
    kind, _ = _number(rest, tensor[1][1])
    held = tensor.keys() - {1, 2}
    number = next(iter(held), 0)
    if len(held) != 1 or (kind, number) not in ((1, 5), (1, 4), (2, 6), (2, 4)):
        return None
    if 2 in tensor and tensor[2][1] != tensor[2][2]:
        return None
    where = slice(*tensor[number][1:])
    dtype = "<f4" if kind == 1 else "<f8"
    if where.stop - where.start != np.dtype(dtype).itemsize:
        return None
    return _Layout(tag, where, dtype, 9 not in value)


def _is_scalars(rest: bytes, value: dict[int, tuple[int, int, int]]) -> bool:
    """Whether the value's metadata, if it has some, says that it is for the scalars plugin."""
    if 9 not in value:
        return True
    metadata = _parts(rest, *value[9][1:]) if value[9][0] == 2 else None
    plugin = _parts(rest, *metadata[1][1:]) if metadata and 1 in metadata else None
    return plugin is not None and 1 in plugin and rest[slice(*plugin[1][1:])] == b"scalars"
