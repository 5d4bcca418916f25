"""Where an extreme is: argmax and argmin."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import DType, as_dtype, int64
from engine.errors import misuse
from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import convert_to_tensor, integers, make
from engine.shapes import in_brackets, normalize_axis


@declared
class ArgMax(Op):
    """The position of the largest element along an axis, the first at a tie."""

    output_type: DType = int64

    def infer(self, x: Spec, axis: Spec) -> Spec:
        if x.dims is None or axis.value is None:
            return Spec(self.output_type, None if x.dims is None else (None,) * (len(x.dims) - 1))
        gone = normalize_axis(
            int(axis.value),
            len(x.dims),
            "Dimension ({axis}) must be in the range [-{rank}, {rank}), where {rank} is the "
            "number of dimensions in the input",
        )
        return Spec(self.output_type, x.dims[:gone] + x.dims[gone + 1 :])

    def numpy(self, x: Array, axis: Array) -> Array:
        self.check_length(x, int(axis))
        return np.argmax(x, int(axis)).astype(self.output_type.np)

    def check_length(self, x: Array, axis: int) -> None:
        if not x.shape[axis]:
            raise ValueError(f"Reduction axis {axis} is empty in shape {in_brackets(x.shape)}")

    def xla(self, jnp: Any, x: Any, axis: Any) -> Any:
        return jnp.argmax(x, int(axis)).astype(self.output_type.np)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, axis: Tensor) -> tuple[Any, ...]:
        return None, None


class ArgMin(ArgMax):
    """The position of the smallest element along an axis, the first at a tie."""

    def numpy(self, x: Array, axis: Array) -> Array:
        self.check_length(x, int(axis))
        return np.argmin(x, int(axis)).astype(self.output_type.np)

    def xla(self, jnp: Any, x: Any, axis: Any) -> Any:
        return jnp.argmin(x, int(axis)).astype(self.output_type.np)


def argmax(
    input: Any,
    axis: Any = None,
    name: str | None = None,
    dimension: Any = None,
    output_type: Any = int64,
) -> Tensor:
    """The position of the largest element along `axis`, int64 (0.x: `dimension`); default 0."""
    return _arg(ArgMax(as_dtype(output_type)), input, axis, dimension, name)


def argmin(
    input: Any,
    axis: Any = None,
    name: str | None = None,
    dimension: Any = None,
    output_type: Any = int64,
) -> Tensor:
    """The position of the smallest element along `axis`, int64 (0.x: `dimension`); default 0."""
    return _arg(ArgMin(as_dtype(output_type)), input, axis, dimension, name)


def _arg(definition: Op, x: Any, axis: Any, dimension: Any, name: str | None) -> Tensor:
    if axis is not None and dimension is not None:
        raise ValueError(
            misuse(
                "Cannot specify both 'dimension' and 'axis'.",
                (),
                "axis alone; dimension is its name in 0.x",
            )
        )
    position = dimension if axis is None else axis
    tensor = convert_to_tensor(x)
    with tensor.graph.name_scope(name or definition.type) as scope:
        chosen = integers(0 if position is None else position, "dimension")
        return make(definition, (tensor, chosen), scope)


OPS = (ArgMax, ArgMin)
