"""`GraphDef` to our graphs as data and back.

An attribute is what JSON has of it: a string, number, boolean or list of them; a type is its name,
"DT_FLOAT"; a shape ``{"shape": [null, 10]}``, a function ``{"func": name, "attrs": {...}}``, bytes
that are no UTF-8 ``{"bytes": base64}``, a tensor ``{"tensor": {"dtype", "shape", "values"}}``.

Source: tensorflow/core/framework/graph.proto, node_def.proto, attr_value.proto.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from summaries.records import GraphRecord
from summaries.wire.plugins import DAMAGE
from summaries.wire.proto import (
    FLOAT,
    field_bytes,
    field_float,
    field_text,
    field_varint,
    fields,
    only,
    signed,
    text_of,
    varints,
)
from summaries.wire.tensors import (
    decode_shape,
    decode_tensor,
    encode_numbers,
    encode_shape,
    encode_strings,
    number_of_name,
    numpy_name,
    type_name,
    type_number,
)

_MOST_VALUES = 64
"""Of a constant that are kept: more is a weight, which is no part of the drawing."""
_TYPE_KEYS = ("T", "dtype", "DstT", "output_type", "out_type", "Tout")
_SHAPES = "_output_shapes"

# -- reading ------------------------------------------------------------------------------------


def decode_graph(data: bytes) -> dict[str, Any]:
    """The graph of a serialized `GraphDef`, as docs/architecture.md has it.

    Raises:
        ValueError: the message is damaged.
    """
    try:
        return {"nodes": [_decode_node(value) for key, value in fields(data) if key == 1]}
    except DAMAGE as error:
        raise ValueError(f"graph of {len(data)} bytes is damaged: {error}") from error


def _decode_node(data: bytes) -> dict[str, Any]:
    node: dict[str, Any] = {"name": "", "op": "", "inputs": [], "device": "", "attrs": {}}
    raw: dict[str, bytes] = {}
    for key, value in fields(data):
        if key == 1:
            node["name"] = text_of(value)
        elif key == 2:
            node["op"] = text_of(value)
        elif key == 3:
            node["inputs"].append(text_of(value))
        elif key == 4:
            node["device"] = text_of(value)
        elif key == 5:
            raw[text_of(only(value, 1))] = only(value, 2) or b""
    node["outputs"] = _outputs(raw)
    node["attrs"] = {name: _decode_attr(value) for name, value in raw.items() if name != _SHAPES}
    return node


def _outputs(raw: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Type and shape of each output, as far as the attributes tell."""
    dtype = ""
    for key in _TYPE_KEYS:
        number = only(raw.get(key, b""), 6)
        if number:
            dtype = numpy_name(number)
            break
    listed = only(raw.get(_SHAPES, b""), 1)
    if listed is not None:
        return [
            {"dtype": dtype, "shape": decode_shape(shape)}
            for key, shape in fields(listed)
            if key == 7
        ]
    shape = only(raw.get("shape", b""), 7)
    if shape is not None:
        return [{"dtype": dtype, "shape": decode_shape(shape)}]
    return [{"dtype": dtype, "shape": None}] if dtype else []


def _decode_attr(data: bytes) -> Any:
    for key, value in fields(data):
        if key == 1:
            return [one for name, part in fields(value) for one in _listed(name, part)]
        return _decode_one(key, value)
    return None


def _listed(key: int, value: Any) -> list[Any]:
    """The elements of one field of a list; numbers may come packed."""
    if key in (3, 5, 6):
        return [_decode_one(key, number) for number in varints(value)]
    if key == 4:
        return list(np.frombuffer(value, "<f4").astype(float).tolist())
    return [_decode_one(10 if key == 9 else key, value)]


def _decode_one(key: int, value: Any) -> Any:
    match key:
        case 2:
            try:
                return value.decode("utf-8")
            except UnicodeDecodeError:
                return {"bytes": base64.b64encode(value).decode("ascii")}
        case 3:
            return signed(value)
        case 4:
            return float(FLOAT.unpack(value)[0])
        case 5:
            return bool(value)
        case 6:
            return type_name(value)
        case 7:
            return {"shape": decode_shape(value)}
        case 8:
            return {"tensor": _decode_constant(value)}
        case 9:
            return {"placeholder": text_of(value)}
        case 10:
            attrs = {
                text_of(only(entry, 1)): _decode_attr(only(entry, 2) or b"")
                for name, entry in fields(value)
                if name == 2
            }
            return {"func": text_of(only(value, 1)), "attrs": attrs}
    return {"field": key}


def _decode_constant(data: bytes) -> dict[str, Any]:
    kind = only(data, 1) or 0
    found: dict[str, Any] = {"dtype": type_name(kind), "shape": decode_shape(only(data, 2) or b"")}
    array = decode_tensor(data)
    if isinstance(array, list):
        found["values"] = [text_of(string) for string in array] if len(array) < 64 else None
    elif array is not None and array.dtype.kind != "c" and array.size <= _MOST_VALUES:
        found["values"] = array.reshape(-1).tolist()
    else:
        found["values"] = None
    return found


# -- writing ------------------------------------------------------------------------------------


def encode_graph(graph: Mapping[str, Any] | GraphRecord) -> bytes:
    """The serialized `GraphDef` of a graph: plain data, or the record of a stored one."""
    nodes = (
        [_plain(asdict(node)) for node in graph.nodes]
        if isinstance(graph, GraphRecord)
        else graph["nodes"]
    )
    body = b"".join(field_bytes(1, _encode_node(node)) for node in nodes)
    return body + field_bytes(4, field_varint(1, 22))


def _plain(node: dict[str, Any]) -> dict[str, Any]:
    outputs = [{"dtype": dtype, "shape": shape} for dtype, shape in node["outputs"]]
    return {**node, "outputs": outputs}


def _encode_node(node: Mapping[str, Any]) -> bytes:
    parts = [field_text(1, node["name"]), field_text(2, node["op"])]
    parts += [field_text(3, name) for name in node.get("inputs", ())]
    if node.get("device"):
        parts.append(field_text(4, node["device"]))
    attrs = dict(node.get("attrs") or {})
    encoded = {str(name): _encode_attr(str(name), value) for name, value in attrs.items()}
    outputs = node.get("outputs") or ()
    if outputs:
        shapes = b"".join(field_bytes(7, encode_shape(out.get("shape"))) for out in outputs)
        encoded[_SHAPES] = field_bytes(1, shapes)
        number = number_of_name(str(outputs[0].get("dtype") or ""))
        if number and not any(key in encoded for key in _TYPE_KEYS):
            encoded["dtype"] = field_varint(6, number)
    for name, value in encoded.items():
        parts.append(field_bytes(5, field_text(1, name) + field_bytes(2, value)))
    return b"".join(parts)


def _encode_attr(name: str, value: Any) -> bytes:
    if name in _TYPE_KEYS and isinstance(value, str) and (number := number_of_name(value)):
        return field_varint(6, number)  # the engine names its types as NumPy does
    if isinstance(value, (list, tuple)):
        # In a list functions have field 9, alone they have field 10.
        return field_bytes(1, b"".join(_encode_one(part, func=9) for part in value))
    return _encode_one(value)


def _encode_one(value: Any, func: int = 10) -> bytes:
    match value:
        case bool():
            return field_varint(5, int(value))
        case int() if -(2**63) <= value < 2**63:
            return field_varint(3, value)
        case float():
            with np.errstate(over="ignore"):
                return field_float(4, float(np.float32(value)))
        case str():
            number = type_number(value)
            return field_text(2, value) if number is None else field_varint(6, number)
        case {"shape": shape}:
            return field_bytes(7, encode_shape(shape))
        case {"bytes": str(text)}:
            return field_bytes(2, base64.b64decode(text))
        case {"placeholder": str(text)}:
            return field_text(9, text)
        case {"func": str(name), **rest}:
            attrs: Any = rest.get("attrs") or {}
            inner = b"".join(
                field_bytes(2, field_text(1, str(key)) + field_bytes(2, _encode_attr(key, part)))
                for key, part in attrs.items()
            )
            return field_bytes(func, field_text(1, name) + inner)
        case {"tensor": Mapping() as constant}:
            return field_bytes(8, _encode_constant(constant))
    return field_text(2, str(value))


def _encode_constant(constant: Mapping[str, Any]) -> bytes:
    number = type_number(str(constant.get("dtype"))) or 0
    shape, values = constant.get("shape") or [], constant.get("values")
    if values is None:
        return field_varint(1, number) + field_bytes(2, encode_shape(shape))
    if number == 7:
        return encode_strings([str(text).encode() for text in values], shape)
    array = np.array(values, dtype=numpy_name(number) if number != 14 else np.float32)
    return encode_numbers(array.reshape(shape))
