"""Attributes of operations as plain data, so that a graph can be written down and built again.

What JSON has not is a mapping with the key ``"$"`` that tells what it is; a JSON list is a tuple.
Arrays stay arrays until `as_text`, so that a graph is taken over in memory without a copy.
"""

from __future__ import annotations

import base64
import dataclasses
import math
from typing import Any

import numpy as np

from engine.bodies import Body
from engine.dtypes import DType, ListDType, as_dtype
from engine.node import Operation, Tensor
from engine.op import Op
from engine.shapes import Dimension, TensorShape

MARK = "$"


class NotPlainError(ValueError):
    """An attribute that no file can hold, as a Python function."""


class Encoder:
    """Encodes the attributes of one graph's operations; what they share is in `shared` once."""

    def __init__(self, graph: Any, shared: list[Any] | None = None):
        self._graph = graph
        self.shared: list[Any] = [] if shared is None else shared
        self._places: dict[int, int] = {}
        self._held: list[Any] = []

    def state(self, definition: Op) -> dict[str, Any]:
        """The attributes of a kind.

        Raises:
            NotPlainError: one of them is no data.
        """
        found = {}
        for name, value in fields_of(definition).items():
            try:
                found[name] = self.value(value)
            except NotPlainError as error:
                raise NotPlainError(f"its attribute {name!r} is {error}") from None
        return found

    def value(self, value: Any) -> Any:
        """One attribute as data."""
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, int | float) and not isinstance(value, np.generic):
            return value if math.isfinite(value) else _marked("float", str(value))
        if isinstance(value, tuple) and not hasattr(value, "_fields"):
            return [self.value(item) for item in value]
        for kind, encode in _PLAIN:
            if isinstance(value, kind):
                return encode(self, value)
        if value is Ellipsis:
            return _marked("ellipsis")
        if isinstance(value, Op):
            return _marked("op", self.state(value), kind=type(value).__name__)
        if hasattr(value, "as_graph_def"):
            return self._graph_place(value)
        if dataclasses.is_dataclass(value) and type(value).__module__.startswith("engine."):
            return self._object(value)
        raise NotPlainError(f"a Python {type(value).__name__}")

    def _object(self, value: Any) -> Any:
        equality: Any = type(value).__eq__
        if equality is not object.__eq__:
            return self._described(value)
        # Without an equality of its own it is itself only: all that use it go on sharing it.
        place = self._places.get(id(value))
        if place is None:
            place = self._reserve(value)
            self.shared[place] = self._described(value)
        return _marked("shared", place)

    def _described(self, value: Any) -> Any:
        kind = type(value)
        return _marked(
            "object",
            {name: self.value(item) for name, item in fields_of(value).items()},
            kind=f"{kind.__module__}:{kind.__qualname__}",
        )

    def body(self, value: Body) -> Any:
        """A branch or loop; tensors in it go by the names they have in its graph."""
        place = self._places.get(id(value))
        if place is None:
            place = self._reserve(value)
            self.shared[place] = _marked(
                "body",
                {
                    "kind": value.kind,
                    "scope": value.scope,
                    "inputs": [x.name for x in value.inputs],
                    "results": [x.name for x in value.results],
                },
                outer=None if value.outer is None else self.body(value.outer),
            )
        return _marked("shared", place)

    def _reserve(self, value: Any) -> int:
        place = self._places[id(value)] = len(self.shared)
        self._held.append(value)  # Ids are only unique among living objects.
        self.shared.append(None)
        return place

    def _graph_place(self, graph: Any) -> Any:
        if graph is self._graph:
            return _marked("graph")
        place = self._places.get(id(graph))
        if place is None:
            place = self._reserve(graph)
            inner = graph.as_graph_def().encoded(self)
            self.shared[place] = _marked("nodes", inner["nodes"], seed=graph.seed)
        return _marked("shared", place)

    def _element(self, value: Tensor | Operation) -> Any:
        return _marked(
            "element",
            value.name,
            graph=None
            if value.graph is self._graph
            else self._graph_place(value.graph)[MARK + "v"],
        )

    def _list(self, value: list[Any]) -> Any:
        return _marked("list", [self.value(item) for item in value])

    def _dict(self, value: dict[Any, Any]) -> Any:
        return _marked("dict", [[self.value(k), self.value(v)] for k, v in value.items()])

    def _slice(self, value: slice) -> Any:
        return _marked("slice", [self.value(x) for x in (value.start, value.stop, value.step)])

    def _array(self, value: Any) -> Any:
        return _marked("array", np.asarray(value), scalar=isinstance(value, np.generic))


_PLAIN: tuple[tuple[Any, Any], ...] = (
    (ListDType, lambda encoder, value: _marked("list_type", encoder.value(value.element))),
    (DType, lambda encoder, value: _marked("dtype", value.name)),
    (Body, Encoder.body),
    (np.dtype, lambda encoder, value: _marked("array_type", value.str)),
    (np.ndarray | np.generic, Encoder._array),
    (Tensor | Operation, Encoder._element),
    (list, Encoder._list),
    (dict, Encoder._dict),
    (slice, Encoder._slice),
    (bytes, lambda encoder, value: _marked("bytes", base64.b64encode(value).decode())),
    (complex, lambda encoder, value: _marked("complex", [value.real, value.imag])),
    (np.ufunc, lambda encoder, value: _marked("ufunc", value.__name__)),
    (TensorShape, lambda encoder, value: _marked("shape", value.dims and value.as_list())),
    (Dimension, lambda encoder, value: _marked("dimension", value.value)),
)


def _marked(mark: str, content: Any = None, **more: Any) -> dict[str, Any]:
    return {MARK: mark, MARK + "v": content, **more}


def fields_of(value: Any) -> dict[str, Any]:
    """The attributes that make an object: a dataclass's fields, else all it was given."""
    if isinstance(value, Op):
        return value.exported()
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return dict(vars(value))


def as_text(data: Any) -> Any:
    """Encoded data with its arrays as base64: what JSON can hold."""
    if isinstance(data, list):
        return [as_text(item) for item in data]
    if not isinstance(data, dict):
        return data
    if data.get(MARK) == "array":
        array = data[MARK + "v"]
        if not isinstance(array, np.ndarray):
            return data
        content: Any
        # One value everywhere, as tf.zeros keeps it: a file holds that value once, too.
        uniform = array.size > 1 and not any(array.strides)
        kept: dict[str, Any] = {"dtype": as_dtype(array.dtype).name, "shape": list(array.shape)}
        if uniform:
            array = array.reshape(-1)[:1]
            kept["uniform"] = True
        if array.dtype.kind == "O":
            content = [base64.b64encode(bytes(item)).decode() for item in array.ravel()]
        else:
            content = base64.b64encode(
                np.ascontiguousarray(array, array.dtype.newbyteorder("<")).data
                if array.size
                else b""
            ).decode()
        return {**data, MARK + "v": {**kept, "data": content}}
    return {key: as_text(value) for key, value in data.items()}


def array_of(content: Any) -> Any:
    """The array of an encoded one, read from text or as it is."""
    if isinstance(content, np.ndarray):
        return content
    dtype, shape = as_dtype(content["dtype"]).np, tuple(content["shape"])
    if dtype.kind == "O":
        array = np.empty(len(content["data"]), object)
        array[:] = [base64.b64decode(item) for item in content["data"]]
    else:
        data = np.frombuffer(base64.b64decode(content["data"]), dtype.newbyteorder("<"))
        array = data.astype(dtype, copy=False)
    if content.get("uniform"):
        return np.broadcast_to(array[0], shape)
    return array.reshape(shape)
