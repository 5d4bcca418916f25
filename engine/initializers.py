"""Initializers: functions of a shape that give a variable its first value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.dtypes import DType, float32
from engine.graph import Tensor
from engine.ops.constants import constant
from engine.ops.filling import ones, zeros
from engine.ops.random import random_normal, random_uniform, truncated_normal


class Initializer:
    """A function of a shape and a dtype; ``initializer([2, 3])`` gives a tensor."""

    def __call__(
        self, shape: Sequence[int], dtype: Any = None, partition_info: Any = None
    ) -> Tensor:
        raise NotImplementedError


@dataclass(frozen=True)
class zeros_initializer(Initializer):  # noqa: N801 - TensorFlow's name
    """Zeros."""

    dtype: DType = float32

    def __call__(
        self, shape: Sequence[int], dtype: Any = None, partition_info: Any = None
    ) -> Tensor:
        return zeros(shape, dtype or self.dtype)


@dataclass(frozen=True)
class ones_initializer(Initializer):  # noqa: N801 - TensorFlow's name
    """Ones."""

    dtype: DType = float32

    def __call__(
        self, shape: Sequence[int], dtype: Any = None, partition_info: Any = None
    ) -> Tensor:
        return ones(shape, dtype or self.dtype)


@dataclass(frozen=True)
class constant_initializer(Initializer):  # noqa: N801 - TensorFlow's name
    """A fixed value, repeated to fill the shape."""

    value: Any = 0
    dtype: DType = float32

    def __call__(
        self, shape: Sequence[int], dtype: Any = None, partition_info: Any = None
    ) -> Tensor:
        return constant(self.value, dtype or self.dtype, shape)


@dataclass(frozen=True)
class random_normal_initializer(Initializer):  # noqa: N801 - TensorFlow's name
    """Normal numbers."""

    mean: float = 0.0
    stddev: float = 1.0
    seed: int | None = None
    dtype: DType = float32

    def __call__(
        self, shape: Sequence[int], dtype: Any = None, partition_info: Any = None
    ) -> Tensor:
        return random_normal(shape, self.mean, self.stddev, dtype or self.dtype, self.seed)


@dataclass(frozen=True)
class truncated_normal_initializer(Initializer):  # noqa: N801 - TensorFlow's name
    """Normal numbers within two deviations."""

    mean: float = 0.0
    stddev: float = 1.0
    seed: int | None = None
    dtype: DType = float32

    def __call__(
        self, shape: Sequence[int], dtype: Any = None, partition_info: Any = None
    ) -> Tensor:
        return truncated_normal(shape, self.mean, self.stddev, dtype or self.dtype, self.seed)


@dataclass(frozen=True)
class random_uniform_initializer(Initializer):  # noqa: N801 - TensorFlow's name
    """Uniform numbers."""

    minval: float = 0.0
    maxval: float | None = None
    seed: int | None = None
    dtype: DType = float32

    def __call__(
        self, shape: Sequence[int], dtype: Any = None, partition_info: Any = None
    ) -> Tensor:
        return random_uniform(shape, self.minval, self.maxval, dtype or self.dtype, self.seed)


@dataclass(frozen=True)
class glorot_uniform_initializer(Initializer):  # noqa: N801 - TensorFlow's name
    """Uniform numbers within sqrt(6 / (inputs + outputs)).

    Source: Glorot & Bengio, *Understanding the difficulty of training deep feedforward neural
    networks*, 2010, equation 16.
    """

    seed: int | None = None
    dtype: DType = float32

    def __call__(
        self, shape: Sequence[int], dtype: Any = None, partition_info: Any = None
    ) -> Tensor:
        limit = math.sqrt(6 / max(1, sum(_fans(shape))))
        return random_uniform(shape, -limit, limit, dtype or self.dtype, self.seed)


def _fans(shape: Sequence[int]) -> tuple[int, int]:
    """Inputs and outputs of a layer with weights of this shape (kernels: [..., in, out])."""
    if len(shape) < 2:
        size = int(shape[0]) if len(shape) else 1
        return size, size
    field = math.prod(int(size) for size in shape[:-2])
    return field * int(shape[-2]), field * int(shape[-1])
