"""The cross product of vectors in space."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.broadcasting import check_same_dtype
from engine.ops.constants import convert_to_tensor, is_graph_value, make
from engine.ops.dtype_rules import need_numbers
from engine.shapes import ShapeError, merge, with_rank_at_least


class Cross(Op):
    """The cross products of the vectors of three in the last axes of a and b."""

    def infer(self, a: Spec, b: Spec) -> Spec:
        need_numbers(a, "a")
        check_same_dtype(self, a, b)
        dims = with_rank_at_least(merge(a.dims, b.dims), 1)
        if dims is not None and dims[-1] not in (None, 3):
            raise ShapeError(f"Cross-products are only defined for 3-element vectors: {dims[-1]}")
        return Spec(a.dtype, dims)

    def numpy(self, a: Array, b: Array) -> Array:
        if a.shape != b.shape or not a.ndim or a.shape[-1] != 3:
            raise ValueError("Cross-products are only defined for 3-element vectors of one shape")
        return np.cross(a, b)

    def xla(self, jnp: Any, a: Any, b: Any) -> Any:
        return jnp.cross(a, b)

    def grad(self, y: Tensor, dy: Tensor, a: Tensor, b: Tensor) -> tuple[Any, ...]:
        return lambda: cross(b, dy), lambda: cross(dy, a)


def cross(a: Any, b: Any, name: str | None = None) -> Tensor:
    """The cross products of the vectors in the last axes, of size 3, of two tensors alike."""
    x = convert_to_tensor(a)
    y = convert_to_tensor(b, None if is_graph_value(b) else x.dtype.base_dtype)
    return make(Cross(), (x, y), name)


OPS = (Cross,)
