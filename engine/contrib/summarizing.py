"""``tf.contrib.layers``'s summaries of tensors, activations and variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from engine import summary
from engine.graph import Tensor, get_default_graph
from engine.ops.comparisons import less
from engine.ops.constants import const_node, convert_to_tensor
from engine.ops.statistics import zero_fraction
from engine.variables import GraphKeys

__all__ = [
    "summarize_activation",
    "summarize_activations",
    "summarize_collection",
    "summarize_tensor",
    "summarize_tensors",
    "summarize_variables",
]


def summarize_tensor(tensor: Any, tag: str | None = None) -> Tensor:
    """A scalar summary of a number, a histogram of anything else, named by the tensor."""
    value = convert_to_tensor(tensor)
    kind = summary.scalar if value.get_shape().ndims == 0 else summary.histogram
    return kind(tag or tensor.op.name, value)


def summarize_activation(op: Tensor) -> Tensor:
    """A histogram of the tensor; for a relu also the share of zeros, of a bounded one too.

    Source: ``tf.contrib.layers.summarize_activation``.
    """
    name = op.op.name
    if op.op.type in ("Relu", "Softplus", "Relu6"):
        summary.scalar(f"{name}/zeros", zero_fraction(op))
    if op.op.type == "Relu6":
        summary.scalar(f"{name}/sixes", zero_fraction(less(op, 6.0)))
    if op.op.type in ("Sigmoid", "Tanh"):
        summary.histogram(f"{name}/gradient", op * (const_node(1.0) - op))
    return summary.histogram(f"{name}/activation", op)


def summarize_tensors(
    tensors: Iterable[Any], summarizer: Callable[[Any], Any] = summarize_tensor
) -> list[Any]:
    """A summary of each of `tensors`."""
    return [summarizer(tensor) for tensor in tensors]


def summarize_collection(
    collection: str,
    name_filter: str | None = None,
    summarizer: Callable[[Any], Any] = summarize_tensor,
) -> list[Any]:
    """A summary of each tensor of a collection; the filter is matched to the start of its name."""
    tensors = get_default_graph().get_collection(collection, name_filter)
    return summarize_tensors(tensors, summarizer)


def summarize_activations(
    name_filter: str | None = None, summarizer: Callable[[Any], Any] = summarize_activation
) -> list[Any]:
    """A summary of each tensor in ``GraphKeys.ACTIVATIONS``."""
    return summarize_collection(GraphKeys.ACTIVATIONS, name_filter, summarizer)


def summarize_variables(
    name_filter: str | None = None, summarizer: Callable[[Any], Any] = summarize_tensor
) -> list[Any]:
    """A summary of each global variable."""
    return summarize_collection(GraphKeys.GLOBAL_VARIABLES, name_filter, summarizer)
