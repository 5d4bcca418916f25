"""Named arrays in one file of the safetensors layout, every one with its checksum.

Eight bytes give the length of a JSON header (little-endian); the header gives each array's type,
shape and place; then come the elements, little-endian, one array after the other. What the layout
has no type for travels as one that it has, and ``__metadata__`` tells what it is:

- complex numbers: pairs of floats, in one more axis of size 2;
- strings: bytes, first the lengths as uint64, then the texts.

Source: https://huggingface.co/docs/safetensors, "Format".
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from engine.dtypes import DType, as_dtype, string
from engine.errors import DataLossError, compose
from engine.op import Array

_CODES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "int32": "I32",
    "int16": "I16", "int8": "I8", "uint64": "U64", "uint32": "U32", "uint16": "U16",
    "uint8": "U8", "bool": "BOOL",
}  # fmt: skip
_NAMES = {code: name for name, code in _CODES.items()}
_FORMAT = "trainboard 1"
_MADE_HERE = _FORMAT.encode()
_LARGEST_HEADER = 100_000_000


@dataclass(frozen=True)
class Entry:
    """One array of a file: what it is and where its bytes lie, from the end of the header on."""

    name: str
    dtype: DType
    shape: tuple[int, ...]
    begin: int
    end: int
    crc32: int | None


def write_tensors(file: BinaryIO, tensors: Mapping[str, Array]) -> None:
    """Write arrays of the engine's dtypes. Nothing is copied but strings and strided arrays."""
    header: dict[str, Any] = {}
    known: dict[str, Any] = {}
    parts: list[memoryview] = []
    place = 0
    # The widest elements first, so that all lie at multiples of their size.
    for name, array in sorted(tensors.items(), key=lambda item: -np.asarray(item[1]).itemsize):
        array = np.asarray(array)
        dtype = as_dtype(array.dtype)
        stored = _stored(array)
        data = memoryview(stored.reshape(-1).view(np.uint8)) if stored.size else memoryview(b"")
        header[name] = {
            "dtype": _CODES[as_dtype(stored.dtype).name],
            "shape": list(stored.shape),
            "data_offsets": [place, place + data.nbytes],
        }
        known[name] = {
            "dtype": dtype.name,
            "shape": list(array.shape),
            "crc32": f"{zlib.crc32(data):08x}",
        }
        parts.append(data)
        place += data.nbytes
    described = json.dumps(known)
    header["__metadata__"] = {
        "format": _FORMAT,
        "tensors": described,
        "crc32": _header_checksum(header, described),
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little") + text)
    for part in parts:
        file.write(part)


def _header_checksum(places: Mapping[str, Any], described: str) -> str:
    return f"{zlib.crc32((json.dumps(places) + described).encode()):08x}"


def _stored(array: Array) -> Array:
    if array.dtype.kind == "O":
        items = [bytes(item) for item in array.ravel()]
        lengths = np.array([len(item) for item in items], "<u8").tobytes()
        return np.frombuffer(lengths + b"".join(items), np.uint8)
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    if array.dtype.kind == "c":
        part = np.float32 if array.itemsize == 8 else np.float64
        return array.reshape(*array.shape, 1).view(part)
    return array


class TensorFile:
    """The reading end of one file: what is in it, and its arrays one by one, checked.

    Raises:
        DataLossError: the file is damaged or cut off.
        OSError: it cannot be read.
    """

    def __init__(self, path: Path):
        self.path = path
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(size - 8, _LARGEST_HEADER):
                raise self._damaged("its header is cut off or damaged")
            text = file.read(length)
        self._start = 8 + length
        try:
            header = json.loads(text)
            if _MADE_HERE in text and "tensors" not in header["__metadata__"]:
                raise ValueError("its description is not where it was written")
            self.entries = {entry.name: entry for entry in _entries(header)}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._damaged("its header is damaged", f"{type(error).__name__}: {error}") from (
                error
            )
        for entry in self.entries.values():
            if self._start + entry.end > size:
                raise self._damaged(
                    f"it is cut off within tensor {entry.name!r}",
                    f"size: {size} bytes, at least {self._start + entry.end} expected",
                )

    def read(self, name: str) -> Array:
        """One array, new; KeyError if there is none of that name."""
        entry = self.entries[name]
        with self.path.open("rb") as file:
            file.seek(self._start + entry.begin)
            data = bytearray(entry.end - entry.begin)
            if file.readinto(data) != len(data):
                raise self._damaged(f"it is cut off within tensor {name!r}")
        if entry.crc32 is not None and zlib.crc32(data) != entry.crc32:
            raise self._damaged(
                f"the bytes of tensor {name!r} are not those that were written",
                f"checksum: {zlib.crc32(data):08x}, {entry.crc32:08x} expected",
            )
        if entry.dtype is string:
            return self._texts(entry, bytes(data))
        native = np.frombuffer(data, entry.dtype.np.newbyteorder("<")).reshape(entry.shape)
        return native.astype(entry.dtype.np, copy=False)

    def _texts(self, entry: Entry, data: bytes) -> Array:
        count = math.prod(entry.shape)
        ends = 8 * count + np.cumsum(np.frombuffer(data[: 8 * count], "<u8"), dtype=np.int64)
        array = np.empty(count, object)
        begin = 8 * count
        for index, end in enumerate(ends.tolist()):
            array[index] = data[begin:end]
            begin = end
        return array.reshape(entry.shape)

    def _damaged(self, problem: str, *facts: str) -> DataLossError:
        return DataLossError(
            None,
            None,
            compose(
                f"checkpoint '{self.path.name}': {problem}",
                [f"file: {self.path}", *facts],
                "an older checkpoint; tf.train.get_checkpoint_state(directory)"
                ".all_model_checkpoint_paths lists them",
            ),
        )


def _entries(header: dict[str, Any]) -> Iterator[Entry]:
    metadata = header.pop("__metadata__", {})
    known = {}
    if "tensors" in metadata:
        if metadata["format"] != _FORMAT:
            raise ValueError(f"its format is {metadata['format']!r}, not {_FORMAT!r}")
        if metadata["crc32"] != _header_checksum(header, metadata["tensors"]):
            raise ValueError("its bytes are not those that were written")
        known = json.loads(metadata["tensors"])
    for name, place in header.items():
        begin, end = place["data_offsets"]
        # A file of another program has no entry of ours: its types are the layout's own.
        ours = known.get(name) or {"dtype": _NAMES[place["dtype"]], "shape": place["shape"]}
        dtype, shape = as_dtype(ours["dtype"]), tuple(map(int, ours["shape"]))
        least = math.prod(shape) * (8 if dtype is string else dtype.size)
        fits = end - begin >= least if dtype is string else end - begin == least
        if begin < 0 or not fits:
            raise ValueError(f"tensor {name!r} has {end - begin} bytes for {dtype.name}{shape}")
        crc32 = int(ours["crc32"], 16) if "crc32" in ours else None
        yield Entry(name, dtype, shape, begin, end, crc32)
