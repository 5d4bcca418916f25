"""``tf.graph_util``: parts of graphs, and graphs whose variables became constants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from engine import logging
from engine.dtypes import as_dtype
from engine.graph_def import GraphDef, NodeDef, named_nodes, operation_of
from engine.op import Array
from engine.ops.constants import Const

_VARIABLES = ("VariableV2", "Variable", "VarHandleOp")


def extract_sub_graph(graph_def: GraphDef, dest_nodes: Sequence[str]) -> GraphDef:
    """The nodes that `dest_nodes` (names of operations) need, in the order they have.

    Raises:
        AssertionError: one of them is not in the graph.
    """
    if not isinstance(graph_def, GraphDef):
        raise TypeError("graph_def must be a graph_pb2.GraphDef proto.")
    if isinstance(dest_nodes, str):
        raise TypeError("dest_nodes must be a list.")
    by_name = named_nodes(graph_def)
    for name in dest_nodes:
        if name not in by_name:
            raise AssertionError(f"{name} is not in graph")
    needed: set[str] = set()
    stack = list(dest_nodes)
    while stack:
        name = stack.pop()
        if name not in needed and name in by_name:
            needed.add(name)
            stack.extend(by_name[name].needs)
    return _with_nodes(graph_def, (node for node in graph_def.node if node.name in needed))


def convert_variables_to_constants(
    sess: Any,
    input_graph_def: GraphDef,
    output_node_names: Sequence[str],
    variable_names_whitelist: Iterable[str] | None = None,
    variable_names_blacklist: Iterable[str] | None = None,
) -> GraphDef:
    """What `output_node_names` need, each variable a constant of its value in `sess`.

    Raises:
        AssertionError: an output is not in the graph.
        FailedPreconditionError: a variable has no value.

    >>> import engine as tf
    >>> with tf.Graph().as_default() as graph, tf.Session() as sess:
    ...     w = tf.Variable(3.0, name="w")
    ...     y = tf.multiply(w, 2.0, name="y")
    ...     sess.run(tf.global_variables_initializer())
    ...     frozen = tf.graph_util.convert_variables_to_constants(
    ...         sess, graph.as_graph_def(), ["y"])
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.import_graph_def(frozen, return_elements=["y:0"])))
    [np.float32(6.0)]
    """
    part = extract_sub_graph(input_graph_def, output_node_names)
    only = None if variable_names_whitelist is None else set(variable_names_whitelist)
    never = set(variable_names_blacklist or ())
    names = [
        node.name
        for node in part.node
        if node.op in _VARIABLES and (only is None or node.name in only) and node.name not in never
    ]
    values = dict(zip(names, sess.run([f"{name}:0" for name in names]), strict=True))
    nodes = []
    for node in part.node:
        if node.name in values:
            nodes.append(_constant(node, np.asarray(values[node.name])))
        elif node.op == "Identity" and node.input and operation_of(node.input[0]) in values:
            # Reading a constant needs no order, so that it can be folded with what follows.
            read = NodeDef(node, None, {**(node.encoded or {}), "kind": "Identity", "state": {}})
            nodes.append(read)
        else:
            nodes.append(node)
    logging.info("Froze %d variables.", len(values))
    # What assigned the variables is of no more use, if an output needed it at all.
    return extract_sub_graph(_with_nodes(part, nodes), output_node_names)


def remove_training_nodes(
    input_graph: GraphDef, protected_nodes: Sequence[str] | None = None
) -> GraphDef:
    """The graph without nodes that only pass on their input; those in `protected_nodes` stay."""
    protected = set(protected_nodes or ())
    passed: dict[str, str] = {}
    for node in input_graph.node:
        controlled = any(name[:1] == "^" for name in node.input)
        # A branch or loop names what its operations give it.
        inner = "_body" in node.attr
        if node.op == "Identity" and not (controlled or inner or node.name in protected):
            passed[f"{node.name}:0"] = node.input[0]
    # Order matters to a read of a variable; it goes only where something else computes from it.
    variables = {f"{node.name}:0" for node in input_graph.node if node.op in _VARIABLES}
    passed = {name: source for name, source in passed.items() if source not in variables}
    nodes = []
    for node in input_graph.node:
        if f"{node.name}:0" in passed:
            continue
        kept = NodeDef(node, node.definition, node.encoded, node.body)
        kept["inputs"] = [_source(name, passed) for name in node.input]
        nodes.append(kept)
    return _with_nodes(input_graph, nodes)


def _source(name: str, passed: dict[str, str]) -> str:
    control = name[:1] == "^"
    key = f"{name[1:]}:0" if control else name
    while key in passed:
        key = passed[key]
    if not control:
        return key
    return f"^{operation_of(key)}"


def _constant(node: NodeDef, value: Array) -> NodeDef:
    definition = Const(as_dtype(value.dtype), value.shape, value)
    lean = {**node, "op": "Const", "inputs": [], "attrs": definition.attributes()}
    return NodeDef(lean, definition)


def _with_nodes(graph_def: GraphDef, nodes: Iterable[NodeDef]) -> GraphDef:
    graph_def.encoded()  # So that nodes in both graphs point at the same shared parts.
    made = GraphDef(nodes)
    made.shared = graph_def.shared
    return made


__all__ = ["convert_variables_to_constants", "extract_sub_graph", "remove_training_nodes"]
