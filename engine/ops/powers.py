"""Powers, whose gradient needs logarithms and choices."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.broadcasting import Binary, binary, sum_like
from engine.ops.choosing import where
from engine.ops.elementwise import Square, log, ones_like, zeros_like


class Pow(Binary):
    """x to the power y."""

    ufunc = np.power

    def numpy(self, x: Array, y: Array) -> Array:
        refuse_negative_exponent(x, y)
        return np.power(x, y)

    def lower(self, b: Any, out: Any, x: Any, y: Any) -> None:
        if x.dtype.kind in "iu":
            b.effect(refuse_negative_exponent, x, y)
        b.ufunc(np.power, x, y, out)

    def simpler(self, x: Spec, y: Spec) -> int | tuple[Op, tuple[int, ...]] | None:
        # Square is plain arithmetic; power is a library call per element, 50 times dearer.
        exponent = y.value if y.dims == () else None
        if exponent is None:
            return None
        return 0 if exponent == 1 else (Square(), (0,)) if exponent == 2 else None

    def grad(self, z: Tensor, dz: Tensor, x: Tensor, y: Tensor) -> tuple[Any, ...]:
        return lambda: sum_like(dz * y * (x ** (y - 1)), x), lambda: sum_like(
            z * dz * _safe_log(x), y
        )


def _safe_log(x: Tensor) -> Tensor:
    # d pow(0, y)/dy is 0, not 0 * -inf: the logarithm counts as 0 where x is not positive.
    positive = x > 0
    return where(positive, log(where(positive, x, ones_like(x))), zeros_like(x))


def refuse_negative_exponent(x: Array, y: Array) -> None:
    if x.dtype.kind in "iu" and np.any(y < 0):
        raise ValueError("Integers to negative integer powers are not allowed")


def pow(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x to the power y, broadcast; the dtype of both."""
    return binary(Pow(), x, y, name)


OPS = (Pow,)
