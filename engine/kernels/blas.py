"""NumPy's own BLAS by its C entries: products that add to their result, and its thread count."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from engine.op import Array

_ROW_MAJOR, _PLAIN, _FLIPPED = 101, 111, 112

# Prefix and suffix of the names, and the width of a size: NumPy's wheels carry an OpenBLAS with
# names of its own and 64-bit sizes; distributions link whatever BLAS they have.
_FORMS = (
    ("scipy_", "64_", ctypes.c_int64),
    ("", "64_", ctypes.c_int64),
    ("scipy_", "", ctypes.c_int),
    ("", "", ctypes.c_int),
)


class Blas:
    """The entries found in the BLAS that NumPy uses."""

    def __init__(self, library: Any, prefix: str, suffix: str, size: Any):
        self._products = {
            np.dtype(np.float32): _product(library, f"{prefix}cblas_sgemm{suffix}", size, 4),
            np.dtype(np.float64): _product(library, f"{prefix}cblas_dgemm{suffix}", size, 8),
        }
        self._sums = {
            np.dtype(np.float32): _scaled_sum(library, f"{prefix}cblas_saxpby{suffix}", size, 4),
            np.dtype(np.float64): _scaled_sum(library, f"{prefix}cblas_daxpby{suffix}", size, 8),
        }
        self._set_threads = getattr(library, f"{prefix}openblas_set_num_threads{suffix}", None)
        self._get_threads = getattr(library, f"{prefix}openblas_get_num_threads{suffix}", None)
        self._before = 0
        self.forget()

    def product(self, dtype: Any) -> Any:
        """The function behind `gemm` for a dtype, None if BLAS does not know it."""
        return self._products.get(np.dtype(dtype))

    def scaled_sum(self, dtype: Any) -> Any:
        """Of y = a * x + b * y: the function, its type of a size and that of a number; or None."""
        return self._sums.get(np.dtype(dtype))

    def threads(self, count: int) -> int:
        """Let products use `count` threads from now on; gives how many they used before."""
        if self._set_threads is None or self._get_threads is None:
            return count
        before = int(self._get_threads())
        if before != count:
            self._set_threads(count)
        return before

    def forget(self) -> None:
        """Nobody is alone, as in a child after a fork, where no step is under way."""
        self._alone = 0
        self._counting = threading.Lock()

    def begin_alone(self) -> None:
        """Let products run on the thread that calls them, until as many ends have come."""
        with self._counting:
            self._alone += 1
            if self._alone == 1:
                self._before = self.threads(1)

    def end_alone(self) -> None:
        """The end of one `begin_alone`; the last one puts the setting back."""
        with self._counting:
            self._alone -= 1
            if not self._alone:
                self.threads(self._before)


def _product(library: Any, name: str, size: Any, width: int) -> Any:
    function = getattr(library, name)
    number = ctypes.c_float if width == 4 else ctypes.c_double
    pointer = ctypes.c_void_p
    function.argtypes = [
        *[ctypes.c_int] * 3,
        *[size] * 3,
        number,
        *[pointer, size] * 2,
        number,
        pointer,
        size,
    ]
    function.restype = None
    return function


def _scaled_sum(library: Any, name: str, size: Any, width: int) -> Any:
    # Not of the standard; OpenBLAS and MKL have it.
    function = getattr(library, name, None)
    if function is None:
        return None
    number = ctypes.c_float if width == 4 else ctypes.c_double
    pointer = ctypes.c_void_p
    function.argtypes = [size, number, pointer, size, number, pointer, size]
    function.restype = None
    return function, size, number


@cache
def blas() -> Blas | None:
    """NumPy's BLAS, or None where its entries cannot be found."""
    core = getattr(np, "_core", None) or np.core
    # Symbols of the libraries that this one is linked with are found through its handle.
    library = ctypes.CDLL(core._multiarray_umath.__file__)
    for prefix, suffix, size in _FORMS:
        if hasattr(library, f"{prefix}cblas_sgemm{suffix}"):
            return Blas(library, prefix, suffix, size)
    return None


def _forget_after_fork() -> None:
    found = blas()
    if found is not None and found._alone:
        found.threads(found._before)
    if found is not None:
        found.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)


@contextmanager
def one_thread() -> Iterator[None]:
    """Products run on the thread that calls them, while the engine's own threads share the work.

    The setting is the whole process's; it is put back at once.
    """
    found = blas()
    if found is None:
        yield
        return
    found.begin_alone()
    try:
        yield
    finally:
        found.end_alone()


def on_one_thread(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with products on the thread that calls them while it runs."""
    found = blas()
    if found is None:
        return function

    def run(*args: Any) -> Any:
        found.begin_alone()
        try:
            return function(*args)
        finally:
            found.end_alone()

    return run


def gemm(
    product: Any,
    sizes: tuple[int, int, int],
    a: tuple[int, int, bool],
    b: tuple[int, int, bool],
    c: tuple[int, int],
    add: bool,
) -> None:
    """c = a @ b, or c += a @ b with `add`; sizes (rows, columns, inner) after flipping.

    An operand is (address, elements from row to row, whether it lies transposed in memory).
    """
    rows, columns, inner = sizes
    product(
        _ROW_MAJOR,
        _FLIPPED if a[2] else _PLAIN,
        _FLIPPED if b[2] else _PLAIN,
        rows,
        columns,
        inner,
        1.0,
        a[0],
        a[1],
        b[0],
        b[1],
        1.0 if add else 0.0,
        c[0],
        c[1],
    )


def address_of(array: Array) -> int:
    """The address of an array's first element."""
    address: int = array.__array_interface__["data"][0]
    return address
