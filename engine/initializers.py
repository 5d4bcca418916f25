"""``tf.initializers``: functions of a shape that give a variable its first value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from engine.dtypes import DType, as_dtype, float32
from engine.errors import compose
from engine.graph import Operation, Tensor
from engine.ops.constants import constant as constant_tensor
from engine.ops.control import no_op
from engine.ops.filling import eye
from engine.ops.filling import ones as ones_tensor
from engine.ops.filling import zeros as zeros_tensor
from engine.ops.orthogonal import random_orthogonal
from engine.ops.random import random_normal as normal_numbers
from engine.ops.random import random_uniform as uniform_numbers
from engine.ops.random import truncated_normal as truncated_numbers
from engine.shapes import as_dims
from engine.variables import global_variables_initializer as global_variables
from engine.variables import local_variables_initializer as local_variables
from engine.variables import variables_initializer as variables

TRUNCATED_DEVIATION = 0.87962566103423978
"""The deviation of a standard normal cut off at two deviations."""


class Initializer:
    """A function of a shape and a dtype; ``initializer([2, 3])`` gives a tensor of that shape.

    A subclass is a dataclass of its settings and gives the tensor in ``fill``.
    """

    dtype: Any = float32

    def __post_init__(self) -> None:
        self.dtype = as_dtype(self.dtype)

    def __call__(
        self, shape: Any = None, dtype: Any = None, partition_info: Any = None, **_: Any
    ) -> Tensor:
        dims = [int(size) for size in as_dims(shape) or () if size is not None]
        target = as_dtype(self.dtype if dtype is None else dtype)
        return self.fill(dims, target.base_dtype)

    def fill(self, shape: list[int], dtype: DType) -> Tensor:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The settings as plain data."""
        settings: Any = self
        config = {field.name: getattr(self, field.name) for field in fields(settings)}
        return {k: v.name if isinstance(v, DType) else v for k, v in config.items()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """An initializer with the settings that `get_config` gave."""
        return cls(**config)


@dataclass
class Zeros(Initializer):
    """Zeros."""

    dtype: Any = float32

    def fill(self, shape: list[int], dtype: DType) -> Tensor:
        return zeros_tensor(shape, dtype)


@dataclass
class Ones(Initializer):
    """Ones."""

    dtype: Any = float32

    def fill(self, shape: list[int], dtype: DType) -> Tensor:
        return ones_tensor(shape, dtype)


@dataclass
class Constant(Initializer):
    """A fixed value; its last element fills what is missing of the shape.

    Raises:
        ValueError: more elements than the shape holds, or, with `verify_shape`, another shape.
    """

    value: Any = 0
    dtype: Any = float32
    verify_shape: bool = False

    def __call__(
        self,
        shape: Any = None,
        dtype: Any = None,
        partition_info: Any = None,
        verify_shape: bool | None = None,
        **_: Any,
    ) -> Tensor:
        verify = self.verify_shape if verify_shape is None else verify_shape
        return constant_tensor(
            self.value, self.dtype if dtype is None else dtype, shape, verify_shape=verify
        )

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value, "dtype": self.dtype.name}


@dataclass
class RandomUniform(Initializer):
    """Uniform numbers from `minval` up to `maxval` (1 for floats)."""

    minval: Any = 0
    maxval: Any = None
    seed: int | None = None
    dtype: Any = float32

    def fill(self, shape: list[int], dtype: DType) -> Tensor:
        return uniform_numbers(shape, self.minval, self.maxval, dtype, self.seed)


@dataclass
class RandomNormal(Initializer):
    """Normal numbers."""

    mean: Any = 0.0
    stddev: Any = 1.0
    seed: int | None = None
    dtype: Any = float32

    def fill(self, shape: list[int], dtype: DType) -> Tensor:
        return normal_numbers(shape, self.mean, self.stddev, dtype, self.seed)


@dataclass
class TruncatedNormal(RandomNormal):
    """Normal numbers within two deviations."""

    def fill(self, shape: list[int], dtype: DType) -> Tensor:
        return truncated_numbers(shape, self.mean, self.stddev, dtype, self.seed)


@dataclass
class UniformUnitScaling(Initializer):
    """Uniform numbers within sqrt(3 / inputs) * factor, which keep the scale of the inputs.

    Source: Sussillo & Abbott, *Random walk initialization for training very deep feedforward
    networks*, 2014; ``tf.uniform_unit_scaling_initializer``.
    """

    factor: float = 1.0
    seed: int | None = None
    dtype: Any = float32

    def fill(self, shape: list[int], dtype: DType) -> Tensor:
        # As in TensorFlow: everything but the last axis are inputs.
        limit = math.sqrt(3 / max(1.0, math.prod(shape[:-1]))) * self.factor
        return uniform_numbers(shape, -limit, limit, dtype, self.seed)


@dataclass
class VarianceScaling(Initializer):
    """Random numbers of variance ``scale / n``, n being inputs, outputs or the mean of both.

    mode: ``"fan_in"``, ``"fan_out"``, ``"fan_avg"``; distribution: ``"truncated_normal"`` (or
    ``"normal"``), ``"untruncated_normal"``, ``"uniform"``.

    Raises:
        ValueError: a scale that is not positive, an unknown mode or distribution.

    Source: He et al., *Delving Deep into Rectifiers*, 2015, section 2.2.
    """

    scale: float = 1.0
    mode: str = "fan_in"
    distribution: str = "truncated_normal"
    seed: int | None = None
    dtype: Any = float32

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scale <= 0:
            raise ValueError(f"`scale` must be positive float, not {self.scale}.")
        _one_of("mode", self.mode, ("fan_in", "fan_out", "fan_avg"))
        self.distribution = self.distribution.lower()
        _one_of(
            "distribution",
            self.distribution,
            ("truncated_normal", "normal", "untruncated_normal", "uniform"),
        )

    def fill(self, shape: list[int], dtype: DType) -> Tensor:
        inputs, outputs = fans(shape)
        count = {"fan_in": inputs, "fan_out": outputs}.get(self.mode, (inputs + outputs) / 2)
        variance = self.scale / max(1.0, count)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return uniform_numbers(shape, -limit, limit, dtype, self.seed)
        if self.distribution == "untruncated_normal":
            return normal_numbers(shape, 0.0, math.sqrt(variance), dtype, self.seed)
        deviation = math.sqrt(variance) / TRUNCATED_DEVIATION
        return truncated_numbers(shape, 0.0, deviation, dtype, self.seed)


class _Glorot(VarianceScaling):
    def __init__(self, distribution: str, seed: int | None, dtype: Any):
        super().__init__(1.0, "fan_avg", distribution, seed, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, "dtype": self.dtype.name}


class GlorotUniform(_Glorot):
    """Uniform numbers within sqrt(6 / (inputs + outputs)).

    Source: Glorot & Bengio, *Understanding the difficulty of training deep feedforward neural
    networks*, 2010, equation 16.
    """

    def __init__(self, seed: int | None = None, dtype: Any = float32):
        super().__init__("uniform", seed, dtype)


class GlorotNormal(_Glorot):
    """Truncated normal numbers of deviation sqrt(2 / (inputs + outputs)).

    Source: Glorot & Bengio, 2010, equation 12.
    """

    def __init__(self, seed: int | None = None, dtype: Any = float32):
        super().__init__("truncated_normal", seed, dtype)


@dataclass
class Orthogonal(Initializer):
    """Orthonormal rows or columns times `gain`; leading axes count as rows.

    Raises:
        ValueError: fewer than two axes.

    Source: Saxe et al., *Exact solutions to the nonlinear dynamics of learning in deep linear
    neural networks*, 2013.
    """

    gain: float = 1.0
    seed: int | None = None
    dtype: Any = float32

    def fill(self, shape: list[int], dtype: DType) -> Tensor:
        if len(shape) < 2:
            raise ValueError(
                compose(
                    "The tensor to initialize must be at least two-dimensional",
                    [f"orthogonal initializer, asked for the shape {shape}"],
                )
            )
        return random_orthogonal(shape, self.gain, dtype, self.seed)


@dataclass
class Identity(Initializer):
    """The identity matrix times `gain`.

    Raises:
        ValueError: not two axes.
    """

    gain: float = 1.0
    dtype: Any = float32

    def fill(self, shape: list[int], dtype: DType) -> Tensor:
        if len(shape) != 2:
            raise ValueError(
                compose(
                    "Identity matrix initializer can only be used for 2D matrices.",
                    [f"asked for the shape {shape}"],
                )
            )
        matrix = eye(shape[0], shape[1], dtype=dtype)
        return matrix if self.gain == 1.0 else matrix * self.gain


def he_normal(seed: int | None = None) -> VarianceScaling:
    """An initializer: truncated normal numbers of variance 2 / inputs, for layers before a relu.

    Source: He et al., *Delving Deep into Rectifiers*, 2015, equation 10.
    """
    return VarianceScaling(2.0, "fan_in", "truncated_normal", seed)


def he_uniform(seed: int | None = None) -> VarianceScaling:
    """An initializer: uniform numbers within sqrt(6 / inputs)."""
    return VarianceScaling(2.0, "fan_in", "uniform", seed)


def lecun_normal(seed: int | None = None) -> VarianceScaling:
    """An initializer: truncated normal numbers of variance 1 / inputs.

    Source: Klambauer et al., *Self-Normalizing Neural Networks*, 2017.
    """
    return VarianceScaling(1.0, "fan_in", "truncated_normal", seed)


def lecun_uniform(seed: int | None = None) -> VarianceScaling:
    """An initializer: uniform numbers within sqrt(3 / inputs).

    Source: LeCun et al., *Efficient BackProp*, 1998, section 4.6.
    """
    return VarianceScaling(1.0, "fan_in", "uniform", seed)


def tables_initializer(name: str = "init_all_tables") -> Operation:
    """An operation that does nothing: there are no tables that want a start."""
    return no_op(name)


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """Inputs and outputs of a layer with weights of this shape (kernels: [..., in, out]).

    >>> fans([5, 5, 3, 64]), fans([784, 10]), fans([7]), fans([])
    ((75, 1600), (784, 10), (7, 7), (1, 1))
    """
    if len(shape) < 2:
        size = int(shape[0]) if len(shape) else 1
        return size, size
    field = math.prod(int(size) for size in shape[:-2])
    return field * int(shape[-2]), field * int(shape[-1])


def _one_of(what: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise ValueError(
            compose(f"Invalid `{what}` argument: {given!r}", (), f"one of {', '.join(known)}")
        )


zeros = zeros_initializer = Zeros
ones = ones_initializer = Ones
constant = constant_initializer = Constant
random_uniform = random_uniform_initializer = RandomUniform
random_normal = random_normal_initializer = RandomNormal
truncated_normal = truncated_normal_initializer = TruncatedNormal
uniform_unit_scaling = uniform_unit_scaling_initializer = UniformUnitScaling
variance_scaling = variance_scaling_initializer = VarianceScaling
orthogonal = orthogonal_initializer = Orthogonal
identity = Identity
glorot_uniform = glorot_uniform_initializer = GlorotUniform
glorot_normal = glorot_normal_initializer = GlorotNormal

__all__ = [
    "Initializer",
    "constant",
    "fans",
    "global_variables",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "local_variables",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "tables_initializer",
    "truncated_normal",
    "uniform_unit_scaling",
    "variables",
    "variance_scaling",
    "zeros",
]
