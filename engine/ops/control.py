"""Placeholders, groups and no-ops: what feeds a graph and what orders it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.dtypes import DType, as_dtype
from engine.graph import Graph, Operation, Tensor, get_default_graph
from engine.op import Array, Op, Spec, declared
from engine.ops.casting import identity
from engine.ops.constants import convert_to_tensor, make
from engine.shapes import Dims, as_dims, merge


@declared
class Placeholder(Op):
    """A value that every run must feed."""

    dtype: DType
    shape: Dims | None

    stateful = True

    def infer(self) -> Spec:
        return Spec(self.dtype, self.shape)

    def grad(self, *_: Any) -> tuple[Any, ...]:
        return ()


@declared
class PlaceholderWithDefault(Op):
    """A value that a run may feed."""

    shape: Dims | None

    stateful = True
    """So that nothing behind it is taken for a constant while the graph is built."""

    def infer(self, default: Spec) -> Spec:
        merge(self.shape, default.dims)
        return Spec(default.dtype, self.shape)

    def run(self, state: Any, op: Any, default: Array) -> Array:
        return default

    def grad(self, y: Tensor, dy: Tensor, default: Tensor) -> tuple[Any, ...]:
        return (dy,)


class NoOp(Op):
    """Nothing; it runs after its control inputs."""

    stateful = True

    def infer(self) -> tuple[Spec, ...]:
        return ()

    def run(self, state: Any, op: Any) -> tuple[Any, ...]:
        return ()


def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> Tensor:
    """A tensor that must be fed in every run that needs it.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.placeholder(tf.float32, [None, 2])
    ...     print(sess.run(x * 2, {x: [[1, 2]]}))
    [[2. 4.]]
    """
    return make(Placeholder(as_dtype(dtype), as_dims(shape)), (), name)


def placeholder_with_default(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """A tensor that may be fed and otherwise is `input`."""
    return make(PlaceholderWithDefault(as_dims(shape)), (convert_to_tensor(input),), name)


def no_op(name: str | None = None) -> Operation:
    """An operation that computes nothing, for its control dependencies."""
    return get_default_graph().create_op(NoOp(), (), name)


def group(*inputs: Any, name: str | None = None) -> Operation:
    """An operation that is done when all inputs (operations, tensors, variables) are."""
    graph = _graph_of(inputs)
    with graph.control_dependencies(list(inputs)):
        return graph.create_op(NoOp(), (), name or "group_deps")


def tuple_(tensors: Any, name: str = "tuple", control_inputs: Any = None) -> list[Any]:
    """The tensors, each of them given only when all of them are computed."""
    items = list(tensors)
    graph = _graph_of(items)
    waits = [item for item in items if item is not None] + list(control_inputs or ())
    with graph.name_scope(name), graph.control_dependencies(waits):
        return [_gated(item) for item in items]


def _gated(item: Any) -> Any:
    if item is None:
        return None
    # Rows with indices stay such.
    return (
        item.with_values(identity(item.values)) if hasattr(item, "with_values") else identity(item)
    )


def _graph_of(items: Sequence[Any]) -> Graph:
    for item in items:
        graph = getattr(item, "graph", None)
        if isinstance(graph, Graph):
            return graph
    return get_default_graph()


OPS = (Placeholder, PlaceholderWithDefault, NoOp)
