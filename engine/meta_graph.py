"""Meta graphs: a graph together with its collections, as data and as a file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine import logging
from engine.durable import write_whole
from engine.errors import compose
from engine.graph import Graph, Operation, Tensor, get_default_graph
from engine.graph_def import GraphDef, operation_of
from engine.variables import Variable

FORMAT = "trainboard meta graph 1"


@dataclass
class MetaGraphDef:
    """A graph, its collections as plain data, and the settings of its saver."""

    graph_def: GraphDef = field(default_factory=GraphDef)
    collection_def: dict[str, list[Any]] = field(default_factory=dict)
    saver: dict[str, Any] | None = None
    signature_def: dict[str, Any] = field(default_factory=dict)
    """What a saved model's signatures are called: ``signature_def["serving_default"]``."""

    def SerializeToString(self) -> bytes:  # noqa: N802 - protocol buffers' name
        """All of it as bytes of JSON."""
        return json.dumps(self.plain()).encode()

    def plain(self) -> dict[str, Any]:
        """Graph, collections and saver as JSON-able data."""
        return {
            "format": FORMAT,
            "graph": self.graph_def.plain(),
            "collections": self.collection_def,
            "saver": self.saver,
        }

    def ParseFromString(self, serialized: bytes) -> int:  # noqa: N802 - protocol buffers' name
        """Become the meta graph of these bytes; their number comes back.

        Raises:
            ValueError: they are not what `SerializeToString` gives.
        """
        try:
            data = json.loads(serialized)
        except ValueError:
            data = None
        self.take(data)
        return len(serialized)

    def take(self, data: Any) -> None:
        """Become the meta graph of what `plain` gives; ValueError if it is none."""
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise ValueError(
                compose(
                    "Error parsing message: not a meta graph that this engine wrote",
                    [f'expected: JSON with "format": "{FORMAT}"'],
                    "the .meta file beside a checkpoint that tf.train.Saver wrote",
                )
            )
        self.graph_def = GraphDef.from_data(data["graph"])
        self.collection_def, self.saver = data["collections"], data["saver"]


def meta_graph_of(
    graph: Graph, saver: Mapping[str, Any] | None = None, keys: Sequence[str] | None = None
) -> MetaGraphDef:
    """A graph with its collections (those named by `keys`, all by default) as data."""
    kept = {}
    for key in graph.get_all_collection_keys() if keys is None else keys:
        items = [_item(item) for item in graph.get_collection(key)]
        if None in items:
            logging.warning(
                "Collection %r is not written: it holds what is no variable, tensor, operation "
                "or plain value.",
                key,
            )
        elif items:
            kept[key] = items
    return MetaGraphDef(graph.as_graph_def(), kept, dict(saver) if saver else None)


def export_meta_graph(
    filename: Any = None,
    meta_info_def: Any = None,
    graph_def: Any = None,
    saver_def: Any = None,
    collection_list: Any = None,
    as_text: bool = False,
    graph: Graph | None = None,
    export_scope: str | None = None,
    clear_devices: bool = False,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
    save_debug_info: bool = False,
) -> MetaGraphDef:
    """A graph with its collections as data, written to `filename` if there is one.

    Raises:
        ValueError: only part of a graph is asked for (`export_scope`).
    """
    del meta_info_def, graph_def, as_text, clear_extraneous_savers
    del strip_default_attrs, save_debug_info
    if export_scope:
        raise ValueError(
            compose(
                f"export_meta_graph writes whole graphs, not the scope {export_scope!r} alone",
                (),
                "tf.graph_util.extract_sub_graph(graph.as_graph_def(), names)",
            )
        )
    made = meta_graph_of(graph or get_default_graph(), _settings(saver_def), collection_list)
    if clear_devices:
        for node in made.graph_def.node:
            node.device = ""
    if filename:
        write_whole(os.fspath(filename), made.SerializeToString(), "meta graph")
    return made


def _settings(saver: Any) -> Mapping[str, Any] | None:
    return saver if saver is None or isinstance(saver, Mapping) else vars(saver)


def read_meta_graph(path: Path) -> MetaGraphDef:
    """The meta graph of a file; ValueError if it is none."""
    made = MetaGraphDef()
    try:
        made.ParseFromString(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"Cannot parse file {path}: {error}") from None
    return made


def _item(item: Any) -> Any:
    if isinstance(item, Variable):
        return {"variable": item.to_proto()}
    if isinstance(item, Tensor | Operation):
        return {"node": item.name}
    if isinstance(item, bool | int | float | str):
        return {"value": item}
    return None


def collections_of(
    meta: MetaGraphDef,
    made: Mapping[str, Operation],
    variables: MutableMapping[str, Variable],
) -> dict[str, list[Any]]:
    """The collections, of the operations `made` for the nodes; `variables` receives those in them.

    One variable in several collections is one object.
    """

    def found(item: Mapping[str, Any]) -> Any:
        if "value" in item:
            return item["value"]
        if "node" in item:
            return _element(item["node"], made)
        names = item["variable"]
        key = names["variable_name"]
        if key not in variables:
            variables[key] = Variable.from_elements(
                {
                    name: _element(value, made) if name.endswith("_name") else value
                    for name, value in names.items()
                }
            )
        return variables[key]

    return {key: [found(item) for item in items] for key, items in meta.collection_def.items()}


def _element(name: str, made: Mapping[str, Operation]) -> Tensor | Operation:
    op = made[operation_of(name)]
    return op.outputs[int(name.rpartition(":")[2])] if ":" in name else op
