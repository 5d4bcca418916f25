"""The global step: the variable that counts the steps of training."""

from __future__ import annotations

from typing import Any

from engine.graph import Graph, get_default_graph
from engine.variables import GraphKeys, Variable


def get_global_step(graph: Graph | None = None) -> Variable | None:
    """The graph's global step variable, None if it has none."""
    found = (graph or get_default_graph()).get_collection(GraphKeys.GLOBAL_STEP)
    if found:
        step: Variable = found[0]
        return step
    return None


def create_global_step(graph: Graph | None = None) -> Variable:
    """A new global step variable, int64 [], starting at 0.

    Raises:
        ValueError: the graph has one already.
    """
    if get_global_step(graph) is not None:
        raise ValueError('"global_step" already exists.')
    with (graph or get_default_graph()).as_default() as target:
        step = Variable(0, trainable=False, name="global_step", dtype="int64")
        target.add_to_collection(GraphKeys.GLOBAL_STEP, step)
    return step


def get_or_create_global_step(graph: Graph | None = None) -> Variable:
    """The graph's global step variable, made if it has none."""
    found = get_global_step(graph)
    return create_global_step(graph) if found is None else found


def assert_global_step(global_step_tensor: Any) -> None:
    """TypeError unless it is a whole number of rank 0, as a global step is."""
    if not global_step_tensor.dtype.base_dtype.is_integer:
        raise TypeError(f"Existing 'global_step' does not have integer type: {global_step_tensor}")
    if global_step_tensor.get_shape().ndims not in (0, None):
        raise TypeError(f"Existing 'global_step' is not scalar: {global_step_tensor.get_shape()}")


def global_step(sess: Any, global_step_tensor: Any) -> int:
    """The number in a global step variable in a session."""
    return int(sess.run(global_step_tensor))
