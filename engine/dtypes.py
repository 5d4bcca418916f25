"""Element types: their names, numbers and conversions."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np

from engine.errors import misuse


class DType:
    """The type of a tensor's elements, one object per type.

    ``float32 == np.float32`` and ``float32 == "float"`` hold, as in TensorFlow. A type whose name
    ends in ``_ref`` is that of a variable's own output.

    >>> float32.as_numpy_dtype, float32.is_floating, float32.size
    (<class 'numpy.float32'>, True, 4)
    """

    __slots__ = (
        "_ref",
        "as_datatype_enum",
        "base_dtype",
        "is_floating",
        "is_integer",
        "name",
        "np",
    )

    def __init__(self, name: str, number: int, array_type: Any, base: DType | None = None):
        self.name: Final = name
        self.as_datatype_enum: Final = number
        self.np: Final = np.dtype(array_type)
        """The NumPy dtype; strings are Python objects (bytes)."""
        self.base_dtype: DType = self if base is None else base
        self.is_floating: Final = self.np.kind == "f"
        self.is_integer: Final = self.np.kind in "iu"
        self._ref = DType(f"{name}_ref", number + 100, array_type, self) if base is None else self

    @property
    def as_numpy_dtype(self) -> Any:
        return self.np.type

    @property
    def is_complex(self) -> bool:
        return bool(self.np.kind == "c")

    @property
    def is_bool(self) -> bool:
        return bool(self.np.kind == "b")

    @property
    def is_numeric(self) -> bool:
        return bool(self.np.kind in "iufc")

    @property
    def is_unsigned(self) -> bool:
        return bool(self.np.kind == "u")

    @property
    def is_ref(self) -> bool:
        return self.base_dtype is not self

    @property
    def as_ref(self) -> DType:
        """The type of a variable's own output over this type."""
        return self._ref

    @property
    def size(self) -> int:
        """Bytes per element."""
        return int(self.np.itemsize)

    @property
    def min(self) -> Any:
        return np.finfo(self.np).min if self.is_floating else np.iinfo(self.np).min

    @property
    def max(self) -> Any:
        return np.finfo(self.np).max if self.is_floating else np.iinfo(self.np).max

    @property
    def proto_name(self) -> str:
        """The name TensorFlow's run-time messages use: ``float`` for float32."""
        return _PROTO_NAMES.get(self.base_dtype.name, self.base_dtype.name)

    def is_compatible_with(self, other: Any) -> bool:
        return self.base_dtype is as_dtype(other).base_dtype

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if other is None or isinstance(other, DType):
            return False
        try:
            return as_dtype(other) is self
        except TypeError:
            return False

    def __hash__(self) -> int:
        return self.as_datatype_enum

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"


class ListDType(DType):
    """The type of a list of tensors of one element type; gradients flow if they do through those.

    The shape of such a tensor is that of its elements stacked: ``[length, *element]``.
    """

    __slots__ = ("element",)

    def __init__(self, element: DType):
        super().__init__("variant", 21, np.object_)
        self.element: Final = element
        self.is_floating = element.is_floating  # type: ignore[misc]


@cache
def list_of(element: DType) -> ListDType:
    """The type of lists of this element type, always the same object."""
    return ListDType(element)


float32 = DType("float32", 1, np.float32)
float64 = DType("float64", 2, np.float64)
int32 = DType("int32", 3, np.int32)
uint8 = DType("uint8", 4, np.uint8)
int16 = DType("int16", 5, np.int16)
int8 = DType("int8", 6, np.int8)
string = DType("string", 7, np.object_)
complex64 = DType("complex64", 8, np.complex64)
int64 = DType("int64", 9, np.int64)
bool_ = DType("bool", 10, np.bool_)
uint16 = DType("uint16", 17, np.uint16)
complex128 = DType("complex128", 18, np.complex128)
float16 = DType("float16", 19, np.float16)
uint32 = DType("uint32", 22, np.uint32)
uint64 = DType("uint64", 23, np.uint64)

ALL = (
    float32,
    float64,
    int32,
    uint8,
    int16,
    int8,
    string,
    complex64,
    int64,
    bool_,
    uint16,
    complex128,
    float16,
    uint32,
    uint64,
)

_PROTO_NAMES = {"float32": "float", "float64": "double", "float16": "half"}
_BY_NAME = {dtype.name: dtype for dtype in ALL}
_BY_NAME |= {dtype.as_ref.name: dtype.as_ref for dtype in ALL}
_BY_NAME |= {"float": float32, "double": float64, "half": float16, "int": int32, "str": string}
_BY_NUMPY = {dtype.np: dtype for dtype in ALL}
_BY_TYPE: dict[Any, DType] = {
    float: float32,
    int: int32,
    bool: bool_,
    complex: complex128,
    str: string,
    bytes: string,
    object: string,
}


def as_dtype(value: Any) -> DType:
    """The `DType` meant by a DType, a name, a NumPy type or a Python type.

    Raises:
        TypeError: nothing is known by that name.

    >>> as_dtype("float"), as_dtype(np.int64), as_dtype(bool)
    (tf.float32, tf.int64, tf.bool)
    """
    if isinstance(value, DType):
        return value
    found: DType | None = None
    if isinstance(value, str):
        found = _BY_NAME.get(value)
    elif isinstance(value, int):
        found = next((dtype for dtype in ALL if dtype.as_datatype_enum == value), None)
    elif isinstance(value, type) and value in _BY_TYPE:
        found = _BY_TYPE[value]
    if found is None and not isinstance(value, int):
        try:
            array_type = np.dtype(value)
        except TypeError:
            array_type = None
        if array_type is not None:
            found = string if array_type.kind in "SUO" else _BY_NUMPY.get(array_type)
    if found is None:
        raise TypeError(misuse(f"Cannot convert value {value!r} to a TensorFlow DType."))
    return found
