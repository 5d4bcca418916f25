"""One pass over a vector by BLAS where NumPy needs two or three: out = a * x + b * out."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from engine.kernels.blas import address_of, blas
from engine.op import Array

LEAST = 4096
"""Elements from which on it pays: the call itself costs 1 us, three of NumPy's 1.2 us and their
passes. At 32,768 elements it takes 5 us instead of 17."""


class ScaledSum:
    """``function(out, x, a, out)`` leaves a * x + b * out in `out`; `a` is a 0-d array.

    >>> out, x = np.ones(2, np.float32), np.full(2, 4, np.float32)
    >>> ScaledSum(0.5)(out, x, np.array(2, np.float32), out)
    >>> out.tolist()
    [8.5, 8.5]
    """

    __name__ = "scaled_sum"

    def __init__(self, b: float):
        self._b = b

    def __call__(self, before: Array, x: Array, a: Array, out: Array) -> None:
        np.multiply(out, self._b, out)
        np.add(out, a * x, out)

    def bound(self, before: Array, x: Array, a: Array, out: Array) -> Callable[[], None] | None:
        """The same for this memory, without arguments; None where BLAS cannot do it."""
        library = blas()
        entry = library.scaled_sum(out.dtype) if library is not None else None
        if entry is None or not (x.flags.c_contiguous and out.flags.c_contiguous):
            return None
        function, size, number = entry
        one = size(1)
        # Looks at the array's memory, and so at the value it has in each run.
        factor = number.from_buffer(a) if a.flags.writeable else number(float(a))
        x_at, out_at = ctypes.c_void_p(address_of(x)), ctypes.c_void_p(address_of(out))
        call = partial(function, size(out.size), factor, x_at, one, number(self._b), out_at, one)
        call.memory = (x, a, out)  # type: ignore[attr-defined]
        return call


def can_sum(dtype: Any) -> bool:
    """Whether BLAS has it for this dtype."""
    library = blas()
    return library is not None and library.scaled_sum(dtype) is not None
