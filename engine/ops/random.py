"""Random tensors, drawn from a counter generator keyed by the graph's and the op's seed."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from engine import drawing
from engine.drawing import Stream
from engine.dtypes import DType, as_dtype, float32
from engine.graph import Tensor, get_default_graph
from engine.op import Array, Op, Spec, declared
from engine.ops.arithmetic import add, maximum, multiply, subtract
from engine.ops.constants import (
    const_node,
    convert_to_tensor,
    graph_of,
    integers,
    is_graph_value,
    make,
)
from engine.ops.elementwise import zeros_like
from engine.ops.indexing import slice_
from engine.ops.sizes import shape as shape_of
from engine.shapes import in_brackets, with_rank
from engine.state import seeds


@declared
class RandomOp(Op):
    """A fresh draw in every run; input: sizes."""

    dtype: DType
    seed: tuple[int, int] | None = None

    stateful = True

    def infer(self, *args: Any, **kwargs: Any) -> Spec:
        return Spec(self.dtype, args[0].sizes)

    def draw(self, stream: Stream, count: int) -> Array:
        raise NotImplementedError

    def run(self, state: Any, op: Any, *args: Any) -> Array:
        sizes = _checked(args[0])
        return self.draw(state.stream(op), math.prod(sizes)).reshape(sizes)

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        return (None,) * len(inputs)


def _checked(sizes: Array) -> tuple[int, ...]:
    dims = tuple(int(n) for n in np.ravel(sizes))
    if any(n < 0 for n in dims):
        raise ValueError(f"Shape {in_brackets(dims)} must not have negative dimensions")
    return dims


class RandomStandardNormal(RandomOp):
    """Normal numbers of mean 0 and deviation 1."""

    def draw(self, stream: Stream, count: int) -> Array:
        return drawing.normal(stream, count, self.dtype.np)


class RandomUniform(RandomOp):
    """Uniform numbers in [0, 1)."""

    def draw(self, stream: Stream, count: int) -> Array:
        return drawing.uniform(stream, count, self.dtype.np)


class TruncatedNormal(RandomOp):
    """Normal numbers none of which is beyond two deviations."""

    def draw(self, stream: Stream, count: int) -> Array:
        return drawing.truncated_normal(stream, count, self.dtype.np)


@declared
class RandomUniformInt(RandomOp):
    """Uniform whole numbers; inputs: sizes, lowest, highest + 1."""

    def run(self, state: Any, op: Any, *args: Any) -> Array:
        sizes, low, high = _checked(args[0]), int(args[1]), int(args[2])
        count = math.prod(sizes)
        return drawing.whole(state.stream(op), count, low, high, self.dtype.np).reshape(sizes)


class RandomShuffle(RandomOp):
    """The rows of x in random order."""

    def infer(self, *args: Any, **kwargs: Any) -> Spec:
        return Spec(args[0].dtype, args[0].dims)

    def run(self, state: Any, op: Any, *args: Any) -> Array:
        (x,) = args
        if not x.ndim:
            return x.copy()
        return x[drawing.order(state.stream(op), len(x))]

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        return (None,)


class Multinomial(RandomOp):
    """Class numbers drawn by unnormalized log-probabilities; inputs: logits [n, classes], count."""

    def infer(self, *args: Any, **kwargs: Any) -> Spec:
        logits, count = args
        rows, _ = with_rank(logits.dims, 2)
        return Spec(self.dtype, (rows, None if count.value is None else int(count.value)))

    def run(self, state: Any, op: Any, *args: Any) -> Array:
        logits, count = args
        if count < 0:
            raise ValueError(f"num_samples should be nonnegative, got {int(count)}")
        found = drawing.classes(state.stream(op), logits, int(count))
        return found.astype(self.dtype.np, copy=False)


class ByParameter(RandomOp):
    """Numbers of a distribution with a parameter; inputs: sizes in front of its own, parameter."""

    distribution: ClassVar[Any] = None

    def infer(self, *args: Any, **kwargs: Any) -> Spec:
        sizes, parameter = args
        lead = sizes.sizes
        if lead is None or parameter.dims is None:
            return Spec(self.dtype, None)
        return Spec(self.dtype, lead + parameter.dims)

    def run(self, state: Any, op: Any, *args: Any) -> Array:
        sizes, parameter = args
        whole = np.broadcast_to(parameter, _checked(sizes) + parameter.shape)
        drawn = type(self).distribution(state.stream(op), whole)
        return np.asarray(drawn).astype(self.dtype.np)


class RandomGamma(ByParameter):
    """Gamma numbers of scale 1; inputs: sizes, the shape parameter."""

    distribution: ClassVar[Any] = staticmethod(drawing.gamma)


class RandomPoissonV2(ByParameter):
    """Poisson numbers; inputs: sizes, the rate."""

    distribution: ClassVar[Any] = staticmethod(drawing.poisson)


def _seeds(seed: int | None) -> tuple[int, int] | None:
    graph = get_default_graph()
    return seeds(graph.seed, seed, graph.version)


def get_seed(op_seed: int | None) -> tuple[int | None, int | None]:
    """The seeds of the graph and of an operation made now with `op_seed`; Nones if there are none.

    Source: ``tf.get_seed`` (TensorFlow 1.15).
    """
    return _seeds(op_seed) or (None, None)


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


def random_crop(
    value: Any, size: Any, seed: int | None = None, name: str = "random_crop"
) -> Tensor:
    """A part of `value` of the given sizes, from a random place in every run.

    Raises (at run): InvalidArgumentError if `size` is larger than the value.
    """
    x = convert_to_tensor(value, name="value")
    with x.graph.name_scope(name or "random_crop") as scope:
        sizes = integers(size, "size")
        whole = shape_of(x, out_type=sizes.spec.dtype)
        limit = whole - sizes + 1
        drawn = random_uniform(
            shape_of(whole), maxval=sizes.spec.dtype.max, dtype=sizes.spec.dtype, seed=seed
        )
        # Where the size is too large, the slice from 0 refuses it and tells both numbers.
        offset = drawn % maximum(limit, 1)
        return slice_(x, offset, sizes, name=scope)


def multinomial(
    logits: Any,
    num_samples: Any,
    seed: int | None = None,
    name: str | None = None,
    output_dtype: Any = None,
) -> Tensor:
    """Class numbers drawn by the softmax of each row, int64 [rows, num_samples].

    logits: float [rows, classes].

    Raises:
        ValueError: logits are not a matrix.
    """
    x = convert_to_tensor(logits, name="logits")
    with x.graph.name_scope(name or "multinomial"):
        kind = Multinomial(as_dtype(output_dtype or "int64"), _seeds(seed))
        return make(kind, (x, integers(num_samples, "num_samples")), None)


def categorical(
    logits: Any,
    num_samples: Any,
    dtype: Any = None,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Class numbers drawn by the softmax of each row, int64 [rows, num_samples]."""
    return multinomial(logits, num_samples, seed, name or "categorical", dtype)


def random_gamma(
    shape: Any,
    alpha: Any,
    beta: Any = None,
    dtype: Any = float32,
    seed: int | None = None,
    name: str = "random_gamma",
) -> Tensor:
    """Gamma numbers of shape parameter `alpha` and rate `beta` (1), ``shape + alpha.shape``.

    alpha and beta are broadcast against each other. No gradient flows to alpha.

    Raises:
        TypeError: the dtype is not floating point.
    """
    target = as_dtype(dtype)
    if not target.is_floating:
        raise TypeError(f"random_gamma gives floating-point numbers, not {target.name}")
    with graph_of(shape, alpha, beta).as_default() as graph, graph.name_scope(name):
        sizes = integers(shape, "shape")
        form = convert_to_tensor(alpha, None if is_graph_value(alpha) else target, "alpha")
        given = 1 if beta is None else beta
        rate = convert_to_tensor(given, None if is_graph_value(given) else target, "beta")
        drawn = make(RandomGamma(target, _seeds(seed)), (sizes, form + zeros_like(rate)), None)
        least = np.finfo(target.np).tiny
        return maximum(const_node(np.asarray(least, target.np)), drawn / rate)


def random_poisson(
    lam: Any,
    shape: Any,
    dtype: Any = float32,
    seed: int | None = None,
    name: str = "random_poisson",
) -> Tensor:
    """Poisson numbers of the rates `lam`, ``shape + lam.shape``, in `dtype`."""
    with graph_of(lam, shape).as_default() as graph, graph.name_scope(name):
        sizes = integers(shape, "shape")
        rate = convert_to_tensor(lam, name="lam")
        return make(RandomPoissonV2(as_dtype(dtype), _seeds(seed)), (sizes, rate), None)


OPS = (
    RandomStandardNormal,
    RandomUniform,
    TruncatedNormal,
    RandomUniformInt,
    RandomShuffle,
    Multinomial,
    RandomGamma,
    RandomPoissonV2,
)
