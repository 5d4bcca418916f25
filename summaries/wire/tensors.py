"""`TensorProto`, `TensorShapeProto` and TensorFlow's numbers of types.

Source: tensorflow/core/framework/tensor.proto, tensor_shape.proto, types.proto.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.wire.proto import (
    field_bytes,
    field_varint,
    fields,
    signed,
    varints,
)

DT_STRING = 7
_BFLOAT16 = 14

TYPES = [
    "INVALID", "FLOAT", "DOUBLE", "INT32", "UINT8", "INT16", "INT8", "STRING", "COMPLEX64",
    "INT64", "BOOL", "QINT8", "QUINT8", "QINT32", "BFLOAT16", "QINT16", "QUINT16", "UINT16",
    "COMPLEX128", "HALF", "RESOURCE", "VARIANT", "UINT32", "UINT64",
]  # fmt: skip
"""TensorFlow's names of types, at their numbers."""

_NUMPY: dict[int, str] = {
    1: "<f4", 2: "<f8", 3: "<i4", 4: "|u1", 5: "<i2", 6: "|i1", 8: "<c8", 9: "<i8", 10: "|b1",
    17: "<u2", 18: "<c16", 19: "<f2", 22: "<u4", 23: "<u8",
}  # fmt: skip
_NUMBERS = {np.dtype(name): number for number, name in _NUMPY.items()}

# The fields in which a tensor may list its values one by one.
_FIXED = {5: "<f4", 6: "<f8", 9: "<f4", 12: "<f8"}
_VARIABLE = {7, 10, 11, 13, 16, 17}
_MAX_ELEMENTS = 1 << 31
"""A protocol buffer holds 2 GB at most: a shape of more elements is a damaged one."""


def type_name(number: int) -> str:
    """TensorFlow's name of a type: "DT_FLOAT"; that of a reference to it ends in "_REF"."""
    base = number - 100 if number > 100 else number
    name = f"DT_{TYPES[base]}" if base < len(TYPES) else f"DT_{base}"
    return f"{name}_REF" if number > 100 else name


def type_number(name: str) -> int | None:
    """The number of a type, None where it is no type's name."""
    if not name.startswith("DT_"):
        return None
    base = name.removesuffix("_REF")[3:]
    if base in TYPES:
        number = TYPES.index(base)
    elif base.isdigit():
        number = int(base)
    else:
        return None
    return number + 100 if name.endswith("_REF") else number


def numpy_name(number: int) -> str:
    """The type as our graphs name it: "float32"."""
    base = number - 100 if number > 100 else number
    if base in _NUMPY:
        return np.dtype(_NUMPY[base]).name
    return TYPES[base].lower() if base < len(TYPES) else f"type{base}"


def number_of_name(name: str) -> int:
    """TensorFlow's number of a type as our graphs name it; 0 (DT_INVALID) of others."""
    if name.upper() in TYPES:
        return TYPES.index(name.upper())
    try:
        return _NUMBERS.get(np.dtype(name), 0)
    except TypeError:
        return 0


# -- shapes -------------------------------------------------------------------------------------


def encode_shape(shape: Sequence[int | None] | None) -> bytes:
    """A `TensorShapeProto`; None is an unknown shape, None inside it an unknown dimension."""
    if shape is None:
        return field_varint(3, 1)
    return b"".join(field_bytes(2, field_varint(1, -1 if size is None else size)) for size in shape)


def decode_shape(data: bytes) -> list[int | None] | None:
    """The shape; None where it, or a dimension in it, is unknown."""
    shape: list[int | None] = []
    for key, value in fields(data):
        if key == 3 and value:
            return None
        if key == 2:
            size = next((signed(v) for k, v in fields(value) if k == 1), 0)
            shape.append(None if size < 0 else size)
    return shape


# -- tensors ------------------------------------------------------------------------------------


def encode_numbers(array: NDArray[Any]) -> bytes:
    """The `TensorProto` of an array of numbers; one whose type TensorFlow has not as float64."""
    number = _NUMBERS.get(array.dtype.newbyteorder("<"))
    if number is None:
        array, number = array.astype(np.float64), 2
    content = np.ascontiguousarray(array, dtype=_NUMPY[number]).tobytes()
    head = field_varint(1, number) + field_bytes(2, encode_shape(array.shape))
    return head + field_bytes(4, content)


def encode_strings(strings: Sequence[bytes], shape: Sequence[int]) -> bytes:
    """The `TensorProto` of strings."""
    head = field_varint(1, DT_STRING) + field_bytes(2, encode_shape(shape))
    return head + b"".join(field_bytes(8, string) for string in strings)


def decode_tensor(data: bytes) -> NDArray[Any] | list[bytes] | None:
    """The array of a tensor of numbers, or the strings of one of strings; None of others.

    bfloat16 comes as float32.

    Raises:
        ValueError: the tensor is damaged: its values do not fill its shape.
    """
    kind, content, shape = 0, b"", [0]
    strings: list[bytes] = []
    fixed: list[NDArray[Any]] = []
    variable: list[int] = []
    shape = []
    for key, value in fields(data):
        if key == 1:
            kind = value
        elif key == 2:
            shape = [size or 0 for size in decode_shape(value) or []]
        elif key == 4:
            content = value
        elif key == 8:
            strings.append(value)
        elif key in _FIXED:
            fixed.append(np.frombuffer(value, _FIXED[key]))
        elif key in _VARIABLE:
            variable += varints(value)
    if kind == DT_STRING:
        return strings
    if kind != _BFLOAT16 and kind not in _NUMPY:
        return None
    listed = _listed(kind, fixed, variable) if not content else _of_content(kind, content)
    return _shaped(listed, shape)


def _of_content(kind: int, content: bytes) -> NDArray[Any]:
    if kind == _BFLOAT16:
        halves = np.frombuffer(content, "<u2").astype(np.uint32)
        return (halves << np.uint32(16)).view(np.float32)
    return np.frombuffer(content, _NUMPY[kind])


def _listed(kind: int, fixed: list[NDArray[Any]], variable: list[int]) -> NDArray[Any]:
    """The values that are listed one by one, in the type's own dtype."""
    dtype = np.dtype(np.float32) if kind == _BFLOAT16 else np.dtype(_NUMPY[kind])
    if fixed:
        values = np.concatenate(fixed)
        return values.view(dtype) if dtype.kind == "c" else values.astype(dtype)
    bits = np.array([signed(number) & (1 << 64) - 1 for number in variable], dtype=np.uint64)
    if kind in (19, _BFLOAT16):
        if (bits >> np.uint64(16)).any():
            # torch lists the bits of a float32 here, where a half's belong.
            return bits.astype(np.uint32).view(np.float32).astype(dtype)
        if kind == 19:
            return bits.astype(np.uint16).view(np.float16)
        return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return bits.astype(dtype) if dtype.kind == "u" else bits.view(np.int64).astype(dtype)


def _shaped(values: NDArray[Any], shape: list[int]) -> NDArray[Any]:
    size = math.prod(shape)
    if size > _MAX_ELEMENTS:
        raise ValueError(f"tensor of shape {shape} with {len(values)} values")
    if len(values) == size:
        return values.reshape(shape)
    if 0 < len(values) < size:
        # TensorFlow leaves out the last value's repetitions.
        return np.concatenate([values, np.repeat(values[-1:], size - len(values))]).reshape(shape)
    if size == 1 and not shape and len(values) > 1:
        return values  # torch's scalars have no shape; some writers leave it out
    if len(values) == 0:
        return np.zeros(shape, values.dtype)  # all zero, which protocol buffers leave out
    raise ValueError(f"tensor of shape {shape} with {len(values)} values")
