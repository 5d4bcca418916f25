"""Shape, size and rank as tensors; constants wherever the sizes are known."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import DType, as_dtype, int32
from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import convert_to_tensor, make
from engine.shapes import Dims, count, fully_defined


class Shape(Op):
    """The sizes of x; `engine.ops.sizes.ShapeAs` in another dtype."""

    out_type: DType = int32
    sizes_only = True

    def infer(self, x: Spec) -> Spec:
        return Spec(self.out_type, (None if x.dims is None else len(x.dims),))

    def infer_value(self, x: Spec) -> Array | None:
        return np.array(x.dims, self.out_type.np) if fully_defined(x.dims) else None

    def infer_sizes(self, x: Spec) -> Dims | None:
        return x.dims

    def numpy(self, x: Array) -> Array:
        return np.array(np.shape(x), self.out_type.np)

    def xla(self, jnp: Any, x: Any) -> Any:
        return np.array(x.shape, self.out_type.np)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (None,)


class Size(Shape):
    """The number of elements of x."""

    def infer_sizes(self, x: Spec) -> Dims | None:
        return None

    def infer(self, x: Spec) -> Spec:
        return Spec(self.out_type, ())

    def infer_value(self, x: Spec) -> Array | None:
        total = count(x.dims)
        return None if total is None else np.array(total, self.out_type.np)

    def numpy(self, x: Array) -> Array:
        return np.array(np.size(x), self.out_type.np)

    def xla(self, jnp: Any, x: Any) -> Any:
        return np.array(x.size, self.out_type.np)


class Rank(Size):
    """The number of axes of x."""

    def infer_value(self, x: Spec) -> Array | None:
        return None if x.dims is None else np.array(len(x.dims), np.int32)

    def numpy(self, x: Array) -> Array:
        return np.array(np.ndim(x), np.int32)

    def xla(self, jnp: Any, x: Any) -> Any:
        return np.array(x.ndim, np.int32)


@declared
class ShapeAs(Shape):
    """The sizes of x in a chosen dtype."""

    out_type: DType = int32

    @property
    def type(self) -> str:
        return "Shape"


def shape(input: Any, name: str | None = None, out_type: Any = int32) -> Tensor:
    """The sizes of a tensor, int32 [rank] (or int64)."""
    dtype = as_dtype(out_type)
    definition = Shape() if dtype is int32 else ShapeAs(dtype)
    return make(definition, (convert_to_tensor(input),), name)


def size(input: Any, name: str | None = None) -> Tensor:
    """The number of elements of a tensor, int32 []."""
    return make(Size(), (convert_to_tensor(input),), name)


def rank(input: Any, name: str | None = None) -> Tensor:
    """The number of axes of a tensor, int32 []."""
    return make(Rank(), (convert_to_tensor(input),), name)


OPS = (Shape, Size, Rank)
