"""Graphs from data: ``tf.import_graph_def``, meta graphs, graphs written to files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from engine.decoding import Builder
from engine.durable import write_whole
from engine.graph import Graph, Operation, Tensor, get_default_graph
from engine.graph_def import GraphDef, named_nodes, operation_of
from engine.meta_graph import MetaGraphDef, collections_of, read_meta_graph
from engine.ops.constants import convert_to_tensor
from engine.saver import Saver, SaverDef
from engine.variables import GraphKeys, Variable


def import_graph_def(
    graph_def: Any,
    input_map: Mapping[str, Any] | None = None,
    return_elements: Sequence[str] | None = None,
    name: str | None = None,
    op_dict: Any = None,
    producer_op_list: Any = None,
) -> list[Tensor | Operation] | None:
    """Add the operations of `graph_def` to the default graph, below the scope `name`.

    `input_map` puts tensors in the place of some in the data, by their names there; what
    `return_elements` names comes back. `name` is ``"import"`` by default, ``""`` for no scope.

    Raises:
        TypeError: `graph_def` is no `GraphDef`.
        ValueError: it is invalid, or a name is not in it.

    >>> import engine as tf
    >>> with tf.Graph().as_default() as graph:
    ...     y = tf.multiply(tf.placeholder(tf.float32, name="x"), 2.0, name="y")
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     (y,) = tf.import_graph_def(
    ...         graph.as_graph_def(), {"x:0": tf.constant(4.0)}, ["y:0"], name="model")
    ...     print(y.name, sess.run(y))
    model/y:0 8.0
    """
    del op_dict, producer_op_list  # Kinds are known by their classes; defaults are written out.
    if not isinstance(graph_def, GraphDef):
        raise TypeError("Argument `graph_def` must be a GraphDef proto.")
    replaced = dict(input_map or {})
    if name == "" and any(not isinstance(v, Tensor | Operation) for v in replaced.values()):
        raise ValueError(
            "tf.import_graph_def() requires a non-empty `name` if `input_map` contains "
            "non-Tensor values. Try calling tf.convert_to_tensor() on `input_map` values before "
            "calling tf.import_graph_def()."
        )
    graph = get_default_graph()
    scope = nullcontext() if name == "" else graph.name_scope(name or "import")
    with scope:
        given = {
            key: value if isinstance(value, Operation) else convert_to_tensor(value, name=key[:-2])
            for key, value in replaced.items()
        }
        builder = _build(graph, graph_def, given)
    unused = [key for key in given if key not in builder.used]
    known = named_nodes(graph_def)
    lost = [key for key in unused if operation_of(key) not in known]
    if lost:
        raise ValueError(
            f"Attempted to map inputs that were not found in graph_def: [{', '.join(sorted(lost))}]"
        )
    if return_elements is None:
        return None
    return [_returned(builder.made, element, given) for element in return_elements]


def _build(graph: Graph, graph_def: GraphDef, given: Mapping[str, Any]) -> Builder:
    data = graph_def.encoded()
    builder = Builder(graph, data["shared"])
    builder.build(graph_def.node, given)
    return builder


def _returned(
    made: Mapping[str, Operation], element: Any, given: Mapping[str, Any]
) -> Tensor | Operation:
    name = element if isinstance(element, str) else element.decode()
    if name in given:
        found: Tensor | Operation = given[name]
        return found
    op = made.get(operation_of(name))
    index = name.rpartition(":")[2]
    if op is None or (":" in name and not (index.isdigit() and int(index) < len(op.outputs))):
        raise ValueError(f"Requested return_element {name!r} not found in graph_def.")
    return op.outputs[int(index)] if ":" in name else op


def import_meta_graph(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    import_scope: str | None = None,
    input_map: Mapping[str, Any] | None = None,
    **unused: Any,
) -> Saver | None:
    """Add a saved graph to the default one, collections and all; gives a saver for its variables.

    None if it has no variables. Training goes on once the saver has restored a checkpoint.

    Raises:
        OSError: the file is not there.
        ValueError: it is not a meta graph.
    """
    del unused
    if isinstance(meta_graph_or_file, MetaGraphDef):
        meta = meta_graph_or_file
    else:
        path = Path(os.fspath(meta_graph_or_file))
        if not path.is_file():
            raise OSError(f"File {path} does not exist.")
        meta = read_meta_graph(path)
    if clear_devices:
        for node in meta.graph_def.node:
            node.device = ""
    graph = get_default_graph()
    with graph.name_scope(import_scope) if import_scope else nullcontext():
        given = {key: convert_to_tensor(value) for key, value in (input_map or {}).items()}
        builder = _build(graph, meta.graph_def, given)
    variables: dict[str, Variable] = {}
    for key, items in collections_of(meta, builder.made, variables).items():
        for item in items:
            graph.add_to_collection(key, item)
    if not variables:
        return None
    settings = dict(meta.saver or {})
    # A checkpoint's names are those of the graph that was saved, whatever scope it is in now.
    names = settings.pop("names", None) or {
        item["variable"]["variable_name"].removesuffix(":0"): item["variable"]["variable_name"]
        for item in meta.collection_def.get(GraphKeys.GLOBAL_VARIABLES, ())
    }
    saved = {key: variables[name] for key, name in names.items() if name in variables}
    return Saver(saved, saver_def=SaverDef(**settings)) if saved else None


def write_graph(graph_or_graph_def: Any, logdir: Any, name: str, as_text: bool = True) -> str:
    """Write a graph to a file of a directory, which is made if need be; gives its path.

    Text and binary are the same bytes here: JSON.
    """
    del as_text
    found = graph_or_graph_def
    if isinstance(found, Graph):
        found = found.as_graph_def()
    if not isinstance(found, GraphDef):
        raise TypeError(f"write_graph needs a tf.Graph or a tf.GraphDef, got {type(found)}")
    directory = Path(os.fspath(logdir))
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    write_whole(path, found.SerializeToString(), "graph")
    return str(path)
