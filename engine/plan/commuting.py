"""Bias and activation after pooling instead of before: the same numbers over fewer elements.

relu and the addition of one number to a whole channel keep the order of its elements, so the
largest of a window is the same one before and after; after a 2 x 2 pooling there is a quarter left
to work on. The gradient goes the other way: through the activation first, then to the largest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.op import Op
from engine.ops.activations import Relu, ReluGrad
from engine.ops.arithmetic import Add
from engine.ops.biases import BiasAdd
from engine.ops.broadcasting import SumTo
from engine.ops.pooling import MaxPool, MaxPoolGrad
from engine.ops.reductions import Sum
from engine.plan.nodes import Value
from engine.shapes import normalize_axes

Emit = Callable[..., Value]
"""Makes the value of one more operation: ``emit(definition, *inputs)``."""
Found = tuple[Op, tuple[Value, ...]]


def commute(definition: Op, inputs: tuple[Value, ...], emit: Emit) -> Found | None:
    """The same result with the pooling first, or None."""
    if type(definition) is MaxPool:
        return _pool_first(definition, inputs[0], emit)
    if type(definition) is ReluGrad:
        return _gradient_through_relu(definition, inputs, emit)
    if type(definition) is MaxPoolGrad:
        return _gradient_past_bias(definition, inputs)
    if type(definition) in (Sum, SumTo):
        return _sum_of_channels(definition, inputs)
    return None


def _pool_first(definition: MaxPool, x: Value, emit: Emit) -> Found | None:
    made = x.node.definition if x.node is not None else None
    if type(made) is Relu:
        assert x.node is not None
        return made, (emit(definition, x.node.inputs[0]),)
    parts = _biased(x, definition)
    if parts is None:
        return None
    assert made is not None
    value, bias = parts
    return made, (emit(definition, value), bias)


def _biased(x: Value, pooling: Any) -> tuple[Value, Value] | None:
    """The images and the bias by channel whose sum `x` is."""
    node = x.node
    if node is None or type(node.definition) not in (BiasAdd, Add) or pooling.channels_first:
        return None
    if getattr(node.definition, "data_format", "NHWC") != "NHWC":
        return None
    value, bias = node.inputs
    if value.spec.dims != x.spec.dims or bias.spec.dims is None or len(bias.spec.dims) != 1:
        return None
    return value, bias


def _gradient_through_relu(
    definition: ReluGrad, inputs: tuple[Value, ...], emit: Emit
) -> Found | None:
    """Of relu(z), pooled: dy through the relu of what is pooled, then to the largest of z."""
    flowing, result = inputs
    node = flowing.node
    if node is None or type(node.definition) is not MaxPoolGrad or node.inputs[0] is not result:
        return None
    _, pooled, _ = node.inputs
    outer, inner = pooled.node, result.node
    if outer is None or inner is None:
        return None
    if type(outer.definition) is not Relu or type(inner.definition) is not Relu:
        return None
    through = emit(definition, node.inputs[2], pooled)
    return node.definition, (inner.inputs[0], outer.inputs[0], through)


def _gradient_past_bias(definition: MaxPoolGrad, inputs: tuple[Value, ...]) -> Found | None:
    x, pooled, dy = inputs
    parts = _biased(x, definition)
    outer = pooled.node
    if parts is None or outer is None or x.node is None:
        return None
    if type(outer.definition) is not type(x.node.definition) or outer.inputs[1] is not parts[1]:
        return None
    best = outer.inputs[0].node
    if best is None or type(best.definition) is not MaxPool or best.inputs[0] is not parts[0]:
        return None
    return definition, (parts[0], outer.inputs[0], dy)


def _sum_of_channels(definition: Any, inputs: tuple[Value, ...]) -> Found | None:
    """Pooling's gradient hands out all of dy, so both have the same sum over a channel."""
    value, where = inputs
    node = value.node
    if node is None or type(node.definition) is not MaxPoolGrad or node.definition.channels_first:
        return None
    if where.constant is None:
        return None
    if isinstance(definition, SumTo):
        channels = value.spec.dims[-1] if value.spec.dims else None
        over_all = [int(size) for size in where.constant.ravel()] == [channels]
    else:
        over_all = normalize_axes(where.constant.ravel(), 4) == (0, 1, 2)
    return (definition, (node.inputs[2], where)) if over_all else None
