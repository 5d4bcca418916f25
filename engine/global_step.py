"""The global step: the one variable of a graph that counts the updates."""

from __future__ import annotations

from typing import Any

from engine.dtypes import int64
from engine.graph import Graph, Tensor, get_default_graph
from engine.variables import GraphKeys, Variable


def get_global_step(graph: Graph | None = None) -> Any:
    """The graph's global step, a variable or a tensor; None if it has none.

    It is the only member of its collection, or what is called ``global_step``.

    Raises:
        TypeError: it is not an integer of rank 0.
    """
    graph = graph or get_default_graph()
    found = graph.get_collection(GraphKeys.GLOBAL_STEP)
    if not found:
        found = [
            variable
            for variable in graph.get_collection(GraphKeys.GLOBAL_VARIABLES)
            if variable.op.name == "global_step"
        ]
    if not found:
        try:
            found = [graph.get_tensor_by_name("global_step:0")]
        except KeyError:
            return None
    if len(found) > 1:
        return None
    assert_global_step(found[0])
    return found[0]


def create_global_step(graph: Graph | None = None) -> Variable:
    """A new global step variable, int64 [], starting at 0.

    Raises:
        ValueError: the graph has one already.
    """
    graph = graph or get_default_graph()
    if get_global_step(graph) is not None:
        raise ValueError('"global_step" already exists.')
    with graph.as_default(), graph.name_scope(None):
        keys = [GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP]
        return Variable(0, trainable=False, collections=keys, name="global_step", dtype=int64)


def get_or_create_global_step(graph: Graph | None = None) -> Any:
    """The graph's global step, made if it has none."""
    found = get_global_step(graph)
    return create_global_step(graph) if found is None else found


def assert_global_step(global_step_tensor: Any) -> None:
    """Check that this can be a global step: an integer variable or tensor of rank 0.

    Raises:
        TypeError: it is not.
    """
    if not isinstance(global_step_tensor, Variable | Tensor):
        raise TypeError(
            f'Existing "global_step" must be a Variable or Tensor: {global_step_tensor}.'
        )
    if not global_step_tensor.dtype.base_dtype.is_integer:
        raise TypeError(
            f'Existing "global_step" does not have integer type: {global_step_tensor.dtype}'
        )
    shape = global_step_tensor.get_shape()
    if shape.ndims not in (None, 0):
        raise TypeError(f'Existing "global_step" is not scalar: {shape}')


def global_step(sess: Any, global_step_tensor: Any) -> int:
    """The number in a global step in a session."""
    return int(sess.run(global_step_tensor))
