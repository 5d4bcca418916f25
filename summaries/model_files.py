"""Models in the files of others, as graphs: ONNX and OpenVINO, read without their packages.

Source: onnx/onnx.proto (field numbers); OpenVINO's IR, an XML of layers and edges.
"""

from __future__ import annotations

import math
import struct
from typing import Any
from xml.etree import ElementTree

import numpy as np

from summaries.wire.proto import FLOAT, fields, only, signed, text_of, varints

_ONNX_TYPES = [
    "undefined", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool",
    "float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16",
]  # fmt: skip

Node = dict[str, Any]


def onnx_graph(content: bytes) -> dict[str, Any]:
    """The graph of a serialized ONNX ``ModelProto``, as docs/architecture.md has it.

    Inputs, outputs and initializers (the weights, without their values) are nodes as well.

    Raises:
        ValueError: the bytes are no such model.
    """
    try:
        graph = only(content, 7)
        if graph is None:
            raise ValueError("it has no graph")
        return {"nodes": _onnx_nodes(graph)}
    except (ValueError, TypeError, AttributeError, struct.error) as error:
        raise ValueError(
            f"add_onnx_graph: {len(content)} bytes are no ONNX model\n  {error}"
        ) from error


def _onnx_nodes(graph: bytes) -> list[Node]:
    parts: dict[int, list[bytes]] = {key: [] for key in (1, 5, 11, 12, 13)}
    for key, value in fields(graph):
        if key in parts:
            parts[key].append(value)
    known = dict(_onnx_value(value) for key in (11, 12, 13) for value in parts[key])
    nodes: list[Node] = []
    makers: dict[str, str] = {}
    for value in parts[5]:
        name, output = _onnx_initializer(value)
        nodes.append(_node(name, "Initializer", [], [output]))
        makers[name] = name
    for value in parts[11]:
        name, output = _onnx_value(value)
        if name not in makers:
            nodes.append(_node(name, "Input", [], [output]))
            makers[name] = name
    taken = set(makers)
    for at, value in enumerate(parts[1]):
        nodes.append(_onnx_node(value, at, known, makers, taken))
    # Inputs by the name of the node that makes them, not by the tensor's.
    for node in nodes:
        node["inputs"] = [makers.get(name, name) for name in node["inputs"] if name]
    for value in parts[12]:
        name, output = _onnx_value(value)
        nodes.append(
            _node(_free(f"output/{name}", taken), "Output", [makers.get(name, name)], [output])
        )
    return nodes


def _node(name: str, op: str, inputs: list[str], outputs: list[Any]) -> Node:
    return {"name": name, "op": op, "inputs": inputs, "outputs": outputs, "attrs": {}}


def _free(name: str, taken: set[str]) -> str:
    free, n = name.strip("/") or "node", 1
    while free in taken:
        n += 1
        free = f"{name}_{n}"
    taken.add(free)
    return free


def _onnx_node(
    data: bytes, at: int, known: dict[str, Any], makers: dict[str, str], taken: set[str]
) -> Node:
    inputs: list[str] = []
    outputs: list[str] = []
    attrs: dict[str, Any] = {}
    name = op = ""
    for key, value in fields(data):
        if key == 1:
            inputs.append(text_of(value))
        elif key == 2:
            outputs.append(text_of(value))
        elif key == 3:
            name = text_of(value)
        elif key == 4:
            op = text_of(value)
        elif key == 5:
            attrs[text_of(only(value, 1))] = _onnx_attribute(value)
        elif key == 7 and value:
            attrs["domain"] = text_of(value)
    own = _free(name or (outputs[0] if outputs else f"{op}_{at}"), taken)
    for place, output in enumerate(outputs):
        makers[output] = own if place == 0 else f"{own}:{place}"
    unknown = {"dtype": "", "shape": None}
    node = _node(own, op, inputs, [known.get(output, unknown) for output in outputs])
    return {**node, "attrs": attrs}


def _onnx_attribute(data: bytes) -> Any:
    """The attribute's value as JSON has it; of a tensor or graph only what it is."""
    floats: list[float] = []
    ints: list[int] = []
    strings: list[str] = []
    for key, value in fields(data):
        match key:
            case 2:
                return float(FLOAT.unpack(value)[0])
            case 3:
                return signed(value)
            case 4:
                return text_of(value)
            case 5:
                return _onnx_initializer(value)[1]
            case 6 | 11:
                return "graph"
            case 7:
                floats += np.frombuffer(value, "<f4").astype(float).tolist()
            case 8:
                ints += [signed(number) for number in varints(value)]
            case 9:
                strings.append(text_of(value))
    return floats or ints or strings or None


def _onnx_type(number: int) -> str:
    return _ONNX_TYPES[number] if number < len(_ONNX_TYPES) else f"type{number}"


def _onnx_initializer(data: bytes) -> tuple[str, Node]:
    shape: list[int] = []
    for key, value in fields(data):
        if key == 1:
            shape += varints(value)
    return text_of(only(data, 8)), {"dtype": _onnx_type(only(data, 2) or 0), "shape": shape}


def _onnx_value(data: bytes) -> tuple[str, Node]:
    """Name, and type and shape, of a ``ValueInfoProto``."""
    tensor = only(only(data, 2) or b"", 1)
    if tensor is None:
        return text_of(only(data, 1)), {"dtype": "", "shape": None}
    encoded = only(tensor, 2)
    shape: list[int | None] | None = None
    if encoded is not None:
        shape = [only(dim, 1) for key, dim in fields(encoded) if key == 1]
    return text_of(only(data, 1)), {"dtype": _onnx_type(only(tensor, 1) or 0), "shape": shape}


def openvino_graph(content: bytes) -> dict[str, Any]:
    """The graph of an OpenVINO model's XML, as docs/architecture.md has it.

    Raises:
        ValueError: the bytes are no such XML.
    """
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise ValueError(f"add_openvino_graph: no XML\n  {error}") from error
    layers, edges = root.find("layers"), root.find("edges")
    if layers is None or edges is None:
        raise ValueError(f"add_openvino_graph: <{root.tag}> has no layers and edges")
    inputs: dict[str, list[str]] = {}
    for edge in edges:
        inputs.setdefault(edge.get("to-layer", ""), []).append(edge.get("from-layer", ""))
    taken: set[str] = set()
    names = {
        layer.get("id", ""): _free(layer.get("name", "") or layer.get("id", ""), taken)
        for layer in layers
    }
    nodes = []
    for layer in layers:
        own = layer.get("id", "")
        sources = [names[source] for source in inputs.get(own, ()) if source in names]
        node = _node(names[own], layer.get("type", ""), sources, _openvino_outputs(layer))
        data = layer.find("data")
        node["attrs"] = {} if data is None else dict(data.attrib)
        nodes.append(node)
    return {"nodes": nodes}


def _openvino_outputs(layer: ElementTree.Element) -> list[Node]:
    found = []
    for port in layer.findall("output/port"):
        sizes = [_size(dim.text) for dim in port.findall("dim")]
        found.append({"dtype": port.get("precision", "").lower(), "shape": sizes})
    return found


def _size(text: str | None) -> int | None:
    """A dimension; OpenVINO writes -1 where it is unknown."""
    try:
        number = float(text or "nan")
    except ValueError:
        return None
    return int(number) if math.isfinite(number) and number >= 0 else None
