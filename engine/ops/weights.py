"""Weights of losses and metrics: how they fit the values they weigh."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.errors import compose
from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.arithmetic import multiply
from engine.ops.constants import make
from engine.ops.elementwise import ones_like
from engine.ops.shaping import squeeze
from engine.ops.sizes import shape
from engine.shapes import Dims, fully_defined, in_parentheses


class CheckedWeights(Op):
    """The weights, once they are known to fit; inputs: weights, sizes of the values."""

    def infer(self, weights: Spec, sizes: Spec) -> Spec:
        return Spec(weights.dtype, weights.dims)

    def numpy(self, weights: Array, sizes: Array) -> Array:
        problem = _misfit(np.shape(weights), tuple(int(size) for size in sizes))
        if problem:
            raise ValueError(problem)
        return weights

    def simpler(self, weights: Spec, sizes: Spec) -> int | None:
        known = sizes.sizes
        static = fully_defined(weights.dims) and fully_defined(known)
        return 0 if static and _misfit(weights.dims, known) is None else None

    def xla(self, jnp: Any, weights: Any, sizes: Any) -> Any:
        return weights

    def grad(self, y: Tensor, dy: Tensor, weights: Tensor, sizes: Tensor) -> tuple[Any, ...]:
        return dy, None


def _misfit(weights: Dims | None, values: Dims | None) -> str | None:
    """What keeps weights from being repeated over values, None if nothing is known to."""
    if weights is None or values is None or weights == ():
        return None
    fits = len(weights) == len(values) and all(
        w in (1, None) or v is None or w == v for w, v in zip(weights, values, strict=True)
    )
    if fits:
        return None
    return (
        "weights can not be broadcast to values. "
        f"values.rank={len(values)}. weights.rank={len(weights)}. "
        f"values.shape={in_parentheses(values)}. weights.shape={in_parentheses(weights)}."
    )


def checked_weights(weights: Tensor, values: Tensor) -> Tensor:
    """The weights; a scalar, or of the values' rank with each size 1 or the values'.

    NumPy would also repeat the values over the weights, which is never what is meant.

    Raises:
        ValueError: they do not fit. At run InvalidArgumentError where only the run tells.
    """
    problem = _misfit(weights.spec.dims, values.spec.dims)
    if problem:
        raise ValueError(
            compose(
                problem,
                [
                    f"weights {weights.name!r} made at {weights.op.origin}",
                    f"values {values.name!r} made at {values.op.origin}",
                ],
                "one weight, one a row as [n, 1], or as many as values",
            )
        )
    if weights.spec.dims == () or (
        weights.spec.dims == values.spec.dims and fully_defined(values.spec.dims)
    ):
        return weights
    return make(CheckedWeights(), (weights, shape(values)), None)


def broadcast_weights(weights: Tensor, values: Tensor) -> Tensor:
    """The weights repeated up to the shape of the values."""
    checked = checked_weights(weights, values)
    if fully_defined(values.spec.dims) and weights.spec.dims == values.spec.dims:
        return checked
    return multiply(checked, ones_like(values), name="broadcast_weights")


def squeeze_to(x: Tensor, rank: int | None) -> Tensor:
    """x without its last axis, if that is of size 1 and the rank is one too many."""
    dims = x.spec.dims
    if dims is None or rank is None or len(dims) != rank + 1 or dims[-1] not in (1, None):
        return x
    return squeeze(x, [-1])


OPS = (CheckedWeights,)
