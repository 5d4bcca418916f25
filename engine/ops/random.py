"""Random tensors, drawn from a counter generator keyed by the graph's and the op's seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.dtypes import DType, as_dtype, float32
from engine.graph import Tensor, get_default_graph
from engine.op import Array, Op, Spec
from engine.ops.arithmetic import add, multiply, subtract
from engine.ops.constants import convert_to_tensor, graph_of, integers, make
from engine.state import seeds


@dataclass(frozen=True)
class RandomOp(Op):
    """A fresh draw in every run; input: sizes."""

    dtype: DType
    seed: tuple[int, int] | None = None

    stateful = True

    def infer(self, *args: Any, **kwargs: Any) -> Spec:
        return Spec(self.dtype, args[0].sizes)

    def draw(self, generator: np.random.Generator, sizes: tuple[int, ...], dtype: Any) -> Array:
        raise NotImplementedError

    def run(self, state: Any, op: Any, *args: Any) -> Array:
        (sizes,) = args
        # Half precision is drawn in single: the generator knows float32 and float64 only.
        drawn = np.float64 if self.dtype.np == np.float64 else np.float32
        return self.draw(state.generator(op), tuple(sizes), drawn).astype(self.dtype.np, copy=False)

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        return (None,) * len(inputs)


class RandomStandardNormal(RandomOp):
    """Normal numbers of mean 0 and deviation 1."""

    def draw(self, generator: np.random.Generator, sizes: tuple[int, ...], dtype: Any) -> Array:
        return np.asarray(generator.standard_normal(sizes, dtype))


class RandomUniform(RandomOp):
    """Uniform numbers in [0, 1)."""

    def draw(self, generator: np.random.Generator, sizes: tuple[int, ...], dtype: Any) -> Array:
        return np.asarray(generator.random(sizes, dtype))


class TruncatedNormal(RandomOp):
    """Normal numbers, those beyond two deviations drawn again."""

    def draw(self, generator: np.random.Generator, sizes: tuple[int, ...], dtype: Any) -> Array:
        result = np.asarray(generator.standard_normal(sizes, dtype))
        flat = result.reshape(-1)
        outside = np.flatnonzero(np.abs(flat) > 2)
        while outside.size:
            flat[outside] = generator.standard_normal(outside.size, dtype)
            outside = outside[np.abs(flat[outside]) > 2]
        return flat.reshape(sizes)


@dataclass(frozen=True)
class RandomUniformInt(RandomOp):
    """Uniform whole numbers; inputs: sizes, lowest, highest + 1."""

    def run(self, state: Any, op: Any, *args: Any) -> Array:
        sizes, low, high = args
        return np.asarray(state.generator(op).integers(low, high, tuple(sizes), self.dtype.np))


class RandomShuffle(RandomOp):
    """The rows of x in random order."""

    def infer(self, *args: Any, **kwargs: Any) -> Spec:
        return Spec(args[0].dtype, args[0].dims)

    def run(self, state: Any, op: Any, *args: Any) -> Array:
        (x,) = args
        return np.asarray(state.generator(op).permutation(x, axis=0))


class Multinomial(RandomOp):
    """Class numbers drawn by unnormalized log-probabilities; inputs: logits [n, classes], count."""

    def infer(self, *args: Any, **kwargs: Any) -> Spec:
        logits, count = args
        rows = logits.dims[0] if logits.dims else None
        return Spec(self.dtype, (rows, None if count.value is None else int(count.value)))

    def run(self, state: Any, op: Any, *args: Any) -> Array:
        logits, count = args
        # The Gumbel trick: the largest of logits plus noise is a draw from their softmax.
        noise = state.generator(op).gumbel(size=(logits.shape[0], int(count), logits.shape[1]))
        return np.asarray((logits[:, None, :] + noise).argmax(axis=-1).astype(self.dtype.np))


def _seeds(seed: int | None) -> tuple[int, int] | None:
    graph = get_default_graph()
    return seeds(graph.seed, seed, graph.version)


def set_random_seed(seed: int) -> None:
    """Fix the random numbers of operations made from now on in the default graph."""
    get_default_graph().seed = seed


def _scaled(
    kind: Any, shape: Any, mean: Any, stddev: Any, dtype: Any, seed: int | None, name: str
) -> Tensor:
    target = as_dtype(dtype)
    with graph_of(shape, mean, stddev).as_default() as graph, graph.name_scope(name) as scope:
        sizes = integers(shape, "shape")
        center = convert_to_tensor(mean, target, "mean")
        width = convert_to_tensor(stddev, target, "stddev")
        drawn = make(kind(target, _seeds(seed)), (sizes,), None)
        return add(multiply(drawn, width, name="mul"), center, name=scope)


def random_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str = "random_normal",
) -> Tensor:
    """Normal numbers of the given mean and deviation, drawn anew in every run.

    With `seed`, or after `set_random_seed`, every new session draws the same sequence.
    """
    return _scaled(RandomStandardNormal, shape, mean, stddev, dtype, seed, name)


def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str = "truncated_normal",
) -> Tensor:
    """Normal numbers none of which is more than two deviations from the mean."""
    return _scaled(TruncatedNormal, shape, mean, stddev, dtype, seed, name)


def random_uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = float32,
    seed: int | None = None,
    name: str = "random_uniform",
) -> Tensor:
    """Uniform numbers from `minval` up to but without `maxval` (1 for floats).

    Raises:
        ValueError: integers are asked for without `maxval`.
    """
    target = as_dtype(dtype)
    if maxval is None:
        if target.is_integer:
            raise ValueError(f"Must specify maxval for integer dtype {target!r}")
        maxval = 1
    with graph_of(shape, minval, maxval).as_default() as graph, graph.name_scope(name) as scope:
        sizes = integers(shape, "shape")
        low = convert_to_tensor(minval, target, "min")
        high = convert_to_tensor(maxval, target, "max")
        if target.is_integer:
            return make(RandomUniformInt(target, _seeds(seed)), (sizes, low, high), scope)
        drawn = make(RandomUniform(target, _seeds(seed)), (sizes,), None)
        return add(multiply(drawn, subtract(high, low, name="sub"), name="mul"), low, name=scope)


def random_shuffle(value: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """The rows of `value` in random order, another in every run."""
    x = convert_to_tensor(value)
    return make(RandomShuffle(x.dtype.base_dtype, _seeds(seed)), (x,), name)


def multinomial(
    logits: Any, num_samples: Any, seed: int | None = None, name: str | None = None
) -> Tensor:
    """Class numbers drawn by the softmax of each row, int64 [rows, num_samples]."""
    x = convert_to_tensor(logits)
    kind = Multinomial(as_dtype("int64"), _seeds(seed))
    return make(kind, (x, integers(num_samples)), name)


OPS = (
    RandomStandardNormal,
    RandomUniform,
    TruncatedNormal,
    RandomUniformInt,
    RandomShuffle,
    Multinomial,
)
