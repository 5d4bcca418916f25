"""Arrays of whatever library as NumPy's, and as bytes that give them back bit for bit."""

from __future__ import annotations

import math
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.checks import shown
from summaries.store.codec import decode_columns, encode_columns

_COLUMNS = ("<f4", "<f8", "<i8")
"""What `encode_columns` takes as it is."""
_SAMPLE = 1 << 14


def as_array(tensor: Any) -> NDArray[Any]:
    """The torch tensor as an array; a type that NumPy has not (bfloat16) as float32."""
    held = tensor.detach().cpu()
    try:
        array: NDArray[Any] = held.numpy()
    except TypeError:
        array = held.float().numpy()
    return array


def as_numpy(method: str, tag: str, value: Any, kinds: str = "biuf") -> NDArray[Any]:
    """The array, tensor (torch, JAX, TensorFlow) or nested list as a NumPy array.

    bfloat16 and other types that NumPy has not come as float32, which holds them exactly.

    Args:
        method: for the error, as is ``tag``.
        tag: the series' name.
        value: anything with ``detach()``, ``__array__`` or elements.
        kinds: the NumPy kinds that are taken, "c" for complex.

    Raises:
        TypeError: it is no array of such numbers.
    """
    try:
        array = as_array(value) if hasattr(value, "detach") else np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"{method} '{tag}': expects an array of numbers\n"
            f"  got {type(value).__name__}: {shown(value)}\n  {error}"
        ) from error
    if array.dtype.kind == "V" and array.dtype.names is None and array.dtype.itemsize < 4:
        array = array.astype(np.float32)  # the small floats of ml_dtypes, which JAX brings
    if array.dtype.kind not in kinds:
        raise TypeError(
            f"{method} '{tag}': expects an array of numbers\n"
            f"  got {type(value).__name__} with dtype {array.dtype}"
        )
    return array


def pack_array(array: NDArray[Any]) -> bytes:
    """Bytes of an array of numbers of any shape, with its dtype and shape."""
    little = array.dtype.newbyteorder("<") if array.dtype.byteorder == ">" else array.dtype
    flat = np.ascontiguousarray(array, dtype=little).reshape(-1)
    name = flat.dtype.str.encode("ascii")
    head = struct.pack(f"<BB{array.ndim}q", len(name), array.ndim, *array.shape) + name
    if flat.dtype.kind == "c":
        flat = flat.view(flat.real.dtype)
    if flat.dtype.str in _COLUMNS and len(flat):
        return head + b"c" + encode_columns([flat])
    raw = flat.tobytes()
    # Noise does not shrink, and zlib takes 25 ms a megabyte to find that out.
    if len(zlib.compress(raw[:_SAMPLE], 1)) < 0.9 * min(len(raw), _SAMPLE):
        return head + b"z" + zlib.compress(raw, 1)
    return head + b"r" + struct.pack("<I", zlib.crc32(raw)) + raw


def pack_doubles(values: NDArray[np.float64]) -> bytes:
    """Bytes of a few hundred float64 [n]: their byte planes through zlib.

    A quarter of the time of `encode_columns`, which looks first at what is worth compressing.
    """
    planes = np.ascontiguousarray(values, "<f8").view(np.uint8).reshape(-1, 8).T
    return zlib.compress(planes.tobytes(), 1)


def unpack_doubles(data: bytes) -> NDArray[np.float64]:
    """The float64 [n] of such bytes.

    Raises:
        ValueError: they are damaged.
    """
    try:
        planes = np.frombuffer(zlib.decompress(data), np.uint8).reshape(8, -1)
    except zlib.error as error:
        raise ValueError(f"damaged numbers of {len(data)} bytes: {error}") from error
    return np.ascontiguousarray(planes.T).view("<f8").reshape(-1)


def unpack_array(data: bytes) -> NDArray[Any]:
    """The array of such bytes, read-only where they were stored as they are.

    Raises:
        ValueError: they are damaged.
    """
    try:
        return _unpack(data)
    except (struct.error, zlib.error, TypeError, IndexError) as error:
        raise ValueError(f"damaged array of {len(data)} bytes: {error}") from error


def _unpack(data: bytes) -> NDArray[Any]:
    n_name, ndim = struct.unpack_from("<BB", data)
    shape = struct.unpack_from(f"<{ndim}q", data, 2)
    at = 2 + 8 * ndim
    dtype = np.dtype(data[at : at + n_name].decode("ascii"))
    at += n_name
    form, body = data[at : at + 1], data[at + 1 :]
    if form == b"c":
        n = math.prod(shape) * (2 if dtype.kind == "c" else 1)
        return decode_columns(body, n)[0].view(dtype).reshape(shape)
    if form == b"z":
        raw = zlib.decompress(body)
    else:
        raw = body[4:]
        if form != b"r" or struct.pack("<I", zlib.crc32(raw)) != body[:4]:
            raise ValueError(f"damaged array of {len(data)} bytes: its checksum is wrong")
    return np.frombuffer(raw, dtype).reshape(shape)
