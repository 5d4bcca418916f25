"""Graphs: nodes with their inputs, as plain data (docs/architecture.md, "A graph as data")."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

from summaries.checks import as_json, shown
from summaries.event import Event
from summaries.records import GraphNode, GraphRecord, NodeStats

NAME = "graph"
TAG = "graph"


def as_mapping(graph: Any) -> Mapping[str, Any]:
    """The graph as the plain mapping that is stored.

    Args:
        graph: such a mapping, or anything whose ``as_graph_def()`` returns one.

    Raises:
        TypeError: the graph is neither.
    """
    if hasattr(graph, "as_graph_def"):
        graph = graph.as_graph_def()
    if not isinstance(graph, Mapping) or "nodes" not in graph:
        raise TypeError(
            "add_graph: expects a graph of the engine or a mapping with 'nodes'\n"
            f"  got {type(graph).__name__}\n"
            "  try: add_graph(tf.get_default_graph()), or a dict as in docs/architecture.md"
        )
    nodes = graph["nodes"]
    if not isinstance(nodes, (list, tuple)):
        raise TypeError(f"add_graph: 'nodes' must be a list\n  got {type(nodes).__name__}")
    for node in nodes:
        problem = _problem(node)
        if problem:
            raise TypeError(
                f"add_graph: a node {problem}\n  got {shown(node)}\n"
                "  try: a dict as in docs/architecture.md"
            )
    return as_json("add_graph", "graph", graph)


def _problem(node: Any) -> str | None:
    """What is wrong with a node, None if nothing is."""
    if not isinstance(node, Mapping):
        return "must be a mapping"
    if not isinstance(node.get("name"), str) or not isinstance(node.get("op"), str):
        return "needs a 'name' and an 'op', both str"
    inputs, outputs = node.get("inputs", ()), node.get("outputs", ())
    if not isinstance(inputs, (list, tuple)) or not all(isinstance(name, str) for name in inputs):
        return "must name its inputs"
    if not isinstance(node.get("attrs", {}), Mapping):
        return "must have a mapping as its attrs"
    if not isinstance(outputs, (list, tuple)):
        return "must have a list of outputs"
    for output in outputs:
        shape = output.get("shape") if isinstance(output, Mapping) else 0
        if shape is not None and not isinstance(shape, (list, tuple)):
            return "must give each output a mapping with its dtype and shape"
    stats = node.get("stats")
    if stats is not None and not (
        isinstance(stats, Mapping)
        and all(isinstance(stats.get(key), (int, float)) for key in ("time_us", "bytes"))
    ):
        return "must give its stats as a mapping with time_us and bytes, both numbers"
    return None


def event(graph: Any, step: int, wall_time: float) -> Event:
    """The event of one graph.

    Raises:
        TypeError: the graph is none (see `as_mapping`).
    """
    text = json.dumps(as_mapping(graph), separators=(",", ":"))
    return Event(NAME, TAG, step, wall_time, zlib.compress(text.encode("utf-8"), 6))


def decode(step: int, wall_time: float, data: bytes) -> GraphRecord:
    """The record of a stored graph."""
    graph = json.loads(zlib.decompress(data))
    nodes = tuple(_node(node) for node in graph["nodes"])
    return GraphRecord(step, wall_time, nodes, traced=str(graph.get("traced") or ""))


def _node(node: Mapping[str, Any]) -> GraphNode:
    outputs = tuple(
        (str(o.get("dtype", "")), None if o.get("shape") is None else tuple(o["shape"]))
        for o in node.get("outputs", ())
    )
    return GraphNode(
        name=node["name"],
        op=node["op"],
        inputs=tuple(node.get("inputs", ())),
        device=str(node.get("device") or ""),
        outputs=outputs,
        attrs=node.get("attrs", {}),
        stats=None if node.get("stats") is None else _stats(node["stats"]),
    )


def _stats(stats: Mapping[str, Any]) -> NodeStats:
    return NodeStats(
        time_us=float(stats["time_us"]),
        bytes=int(stats["bytes"]),
        device=str(stats.get("device") or ""),
        note=str(stats.get("note") or ""),
    )
