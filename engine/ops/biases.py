"""Biases along the channel axis, and the layers that are a product and a bias."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from engine.errors import compose
from engine.graph import Tensor
from engine.op import Array, Spec
from engine.ops.activations import relu
from engine.ops.broadcasting import Binary
from engine.ops.constants import convert_to_tensor, make
from engine.ops.linear import matmul
from engine.ops.reductions import reduce_sum
from engine.shapes import ShapeError, with_rank_at_least


class BiasAdd(Binary):
    """A vector added along the last axis; inputs: value, bias."""

    ufunc: ClassVar[Any] = np.add
    axis: ClassVar[int] = -1

    def infer(self, value: Spec, bias: Spec) -> Spec:
        if bias.dims is not None and len(bias.dims) != 1:
            raise ShapeError(f"Shape must be rank 1 but is rank {len(bias.dims)}")
        with_rank_at_least(value.dims, 2)
        if value.dims is not None and bias.dims is not None:
            channels, size = value.dims[self.axis], bias.dims[0]
            if None not in (channels, size) and channels != size:
                raise ShapeError(f"Dimensions must be equal, but are {channels} and {size}")
        super().infer(Spec(value.dtype, None), bias)
        return Spec(value.dtype, value.dims)

    def grad(self, y: Tensor, dy: Tensor, value: Tensor, bias: Tensor) -> tuple[Any, ...]:
        def for_bias() -> Tensor:
            dims = value.spec.dims
            if dims is None:
                raise ValueError("bias_add needs a value of known rank to be differentiated")
            channels = self.axis % len(dims)
            return reduce_sum(dy, [axis for axis in range(len(dims)) if axis != channels])

        return dy, for_bias


class BiasAddNCHW(BiasAdd):
    """A vector added along the second axis; inputs: value, bias."""

    ufunc = None
    axis = 1

    @property
    def type(self) -> str:
        return "BiasAdd"

    def numpy(self, value: Array, bias: Array) -> Array:
        return value + bias.reshape((-1,) + (1,) * (value.ndim - 2))

    def lower(self, b: Any, out: Any, value: Any, bias: Any) -> None:
        sizes = (-1,) + (1,) * (len(value.dims) - 2)
        b.ufunc(np.add, value, b.view(bias, lambda array: array.reshape(sizes)), out)

    def xla(self, jnp: Any, value: Any, bias: Any) -> Any:
        return value + bias.reshape((-1,) + (1,) * (value.ndim - 2))


def bias_add(
    value: Any, bias: Any, data_format: str | None = None, name: str | None = None
) -> Tensor:
    """`value` with the vector `bias` added along its last axis, or the second for ``"NCHW"``.

    Raises:
        ValueError: sizes differ, or the format is not known.
    """
    if data_format not in (None, "NHWC", "NCHW", "N...C", "NC..."):
        raise ValueError(
            compose(f"bias_add: data_format {data_format!r} is not known", (), '"NHWC" or "NCHW"')
        )
    kind = BiasAddNCHW() if data_format in ("NCHW", "NC...") else BiasAdd()
    x = convert_to_tensor(value)
    return make(kind, (x, convert_to_tensor(bias, x.dtype.base_dtype)), name or "BiasAdd")


def xw_plus_b(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """x @ weights + biases, for x [n, inputs], weights [inputs, outputs], biases [outputs]."""
    tensor = convert_to_tensor(x)
    with tensor.graph.name_scope(name or "xw_plus_b") as scope:
        return bias_add(matmul(tensor, weights), biases, name=scope)


def relu_layer(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """relu(x @ weights + biases), for x [n, inputs]."""
    tensor = convert_to_tensor(x)
    with tensor.graph.name_scope(name or "relu_layer") as scope:
        return relu(bias_add(matmul(tensor, weights), biases), name=scope)


OPS = (BiasAdd, BiasAddNCHW)
