"""What all metrics share: their variables, labels and weights that fit, collections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.dtypes import float32
from engine.graph import Tensor, get_default_graph
from engine.ops.arithmetic import maximum
from engine.ops.casting import cast
from engine.ops.constants import convert_to_tensor
from engine.ops.division import div_no_nan
from engine.ops.elementwise import zeros_like
from engine.ops.filling import zeros
from engine.ops.weights import broadcast_weights, squeeze_to
from engine.variables import GraphKeys, Variable

Metric = tuple[Tensor, Tensor]
"""The value so far; what gathers one more batch and gives the value then."""


def metric_variable(shape: Sequence[int], dtype: Any, name: str) -> Variable:
    """A local variable of zeros that a metric gathers in."""
    return Variable(
        lambda: zeros(shape, dtype),
        trainable=False,
        collections=[GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES],
        name=name,
    )


def matched(predictions: Any, labels: Any) -> tuple[Tensor, Tensor]:
    """Both as tensors of one rank; one that has an axis of size 1 too many loses it."""
    p, z = convert_to_tensor(predictions), convert_to_tensor(labels)
    ranks = [None if x.spec.dims is None else len(x.spec.dims) for x in (p, z)]
    p, z = squeeze_to(p, ranks[1]), squeeze_to(z, ranks[0])
    p.get_shape().assert_is_compatible_with(z.get_shape())
    return p, z


def weights_for(values: Tensor, weights: Any) -> Tensor:
    """The weights, float32, in the shape of the values."""
    factors = cast(convert_to_tensor(weights), float32)
    rank = None if values.spec.dims is None else len(values.spec.dims)
    return broadcast_weights(squeeze_to(factors, rank), values)


def quotient(total: Tensor, count: Tensor, name: str) -> Tensor:
    """total / count, 0 before anything was counted."""
    return div_no_nan(total, maximum(count, zeros_like(count)), name)


def kept(value: Tensor, update: Tensor, values_in: Any, updates_in: Any) -> Metric:
    """Both tensors, added to the collections asked for."""
    graph = get_default_graph()
    graph.add_to_collections(values_in, value)
    graph.add_to_collections(updates_in, update)
    return value, update
