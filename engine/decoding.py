"""From encoded attributes back to kinds of operations and to the graphs inside them."""

from __future__ import annotations

import base64
import dataclasses
import importlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from engine.bodies import Body
from engine.control.inner import WithBodies
from engine.dtypes import as_dtype, list_of
from engine.encoding import MARK, array_of
from engine.errors import UnimplementedError, compose
from engine.graph import Graph, Operation, Tensor
from engine.graph_def import NodeDef, in_order, operation_of
from engine.op import Op, Spec
from engine.shapes import Dimension, ShapeError, TensorShape, as_dims

_VALUE = MARK + "v"


def kinds(kind: type[Op] = Op) -> dict[str, type[Op]]:
    """All kinds there are by class name, be they the engine's or defined by a script."""
    found: dict[str, type[Op]] = {}
    for below in kind.__subclasses__():
        for name, value in {below.__name__: below, **kinds(below)}.items():
            # A script's own class does not take the place of the engine's.
            if name not in found or value.__module__.startswith("engine."):
                found[name] = value
    return found


@dataclasses.dataclass(frozen=True, eq=False)
class Refused(Op):
    """An operation that could not be written down; its outputs can be fed, not computed."""

    kind: str
    outputs: tuple[tuple[Any, Any], ...]
    reason: str

    stateful = True

    @property
    def type(self) -> str:
        return self.kind

    def infer(self, *inputs: Spec) -> tuple[Spec, ...]:
        return tuple(Spec(as_dtype(name).base_dtype, as_dims(dims)) for name, dims in self.outputs)

    def run(self, state: Any, op: Any, *inputs: Any) -> Any:
        raise UnimplementedError(
            str(op),
            op,
            compose(
                f"'{op.name}' (op: '{self.kind}') cannot be run after an import: {self.reason}",
                [f"imported at {op.origin}"],
                f"feed what it gives, as feed_dict={{'{op.name}:0': value}}; or build it anew",
            ),
        )


class Decoder:
    """Decodes the attributes of the operations of one graph that is being built."""

    def __init__(self, graph: Graph, shared: list[Any], made: Mapping[str, Operation]):
        self._graph = graph
        self._shared = shared
        self._made = made
        """The operations made so far, by their names in the data."""
        self._kinds = kinds()
        self._found: dict[int, Any] = {}
        self._open: list[tuple[list[Any], list[Any]]] = []

    def definition(self, node: NodeDef) -> Op:
        """The kind of a node, with its attributes.

        Raises:
            ValueError: no such kind is known, or its attributes are damaged.
        """
        encoded = node.encoded or {"refused": "it was made by hand"}
        if "refused" in encoded:
            outputs = tuple((item["dtype"], item["shape"]) for item in node.get("outputs", ()))
            return Refused(node.op, outputs, encoded["refused"])
        try:
            return self._kind(encoded["kind"], encoded["state"])
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise ValueError(
                compose(
                    f"graph_def is invalid at node {node.name!r}: its attributes cannot be read",
                    [f"op: {node.op}", f"{type(error).__name__}: {error}"],
                )
            ) from error

    def finish(self) -> None:
        """Fill the lists that name operations made later than their owners."""
        for target, names in self._open:
            target.extend(self._made[name] for name in names if name in self._made)
        self._open.clear()

    def _kind(self, name: str, state: Mapping[str, Any]) -> Op:
        if name not in self._kinds:
            # Kinds of datasets are there once tf.data is.
            importlib.import_module("engine.data")
            self._kinds = kinds()
        kind = self._kinds.get(name)
        if kind is None:
            raise ValueError(
                compose(
                    f"Op type not registered '{name}' in this process.",
                    (),
                    "import the module that defines it first",
                )
            )
        definition = kind.__new__(kind)
        for key, value in state.items():
            object.__setattr__(definition, key, self.value(value))
        return definition

    def value(self, data: Any) -> Any:
        """One attribute."""
        if isinstance(data, list):
            return tuple([self.value(item) for item in data])
        if not isinstance(data, dict):
            return data
        decode = _DECODERS.get(data[MARK])
        if decode is None:
            raise ValueError(f"an attribute of kind {data[MARK]!r} is not known")
        return decode(self, data[_VALUE], data)

    def _array(self, content: Any, data: Any) -> Any:
        array = array_of(content)
        if data["scalar"]:
            return array[()]
        array.setflags(write=False)
        return array

    def _list(self, content: Any, data: Any) -> Any:
        later = [item for item in content if isinstance(item, dict) and item[MARK] == "element"]
        if later and len(later) == len(content) and all(x["graph"] is None for x in later):
            target: list[Any] = []
            self._open.append((target, [item[_VALUE] for item in later]))
            return target
        return [self.value(item) for item in content]

    def _object(self, content: Any, data: Any) -> Any:
        kind = _class(data["kind"])
        made = kind.__new__(kind)
        for name, item in content.items():
            object.__setattr__(made, name, self.value(item))
        return made

    def _from_shared(self, place: int) -> Any:
        if place not in self._found:
            self._found[place] = self.value(self._shared[place])
        return self._found[place]

    def _element(self, name: str, data: Any) -> Any:
        place = data["graph"]
        if place is not None:
            return self._from_shared(place).as_graph_element(name)
        op = self._made[operation_of(name)]
        return op.outputs[int(name.rpartition(":")[2])] if ":" in name else op

    def _body(self, content: Any, data: Any) -> Body:
        prefix = self._graph.get_name_scope()
        scope = f"{prefix}/{content['scope']}" if prefix else content["scope"]
        outer = None if data["outer"] is None else self.value(data["outer"])
        with nullcontext() if outer is None else self._graph.put_into(outer):
            body = Body(self._graph, content["kind"], scope)
        body.input_names, body.result_names = content["inputs"], content["results"]
        return body

    def _nodes(self, nodes: Any, data: Any) -> Graph:
        graph = Graph()
        graph.seed = data["seed"]
        defs = [NodeDef({**item}, None, item) for item in nodes]
        Builder(graph, self._shared, self._found).build(defs)
        return graph


def _class(path: str) -> Any:
    module, _, name = path.partition(":")
    if not module.startswith("engine."):
        raise ValueError(f"{path!r} is no class of the engine")
    found = getattr(importlib.import_module(module), name)
    if not dataclasses.is_dataclass(found):
        raise ValueError(f"{path!r} is no record")
    return found


_DECODERS: dict[str, Callable[[Decoder, Any, Any], Any]] = {
    "float": lambda decoder, content, data: float(content),
    "complex": lambda decoder, content, data: complex(*content),
    "bytes": lambda decoder, content, data: base64.b64decode(content),
    "dtype": lambda decoder, content, data: as_dtype(content),
    "array_type": lambda decoder, content, data: np.dtype(content),
    "ufunc": lambda decoder, content, data: _ufunc(content),
    "ellipsis": lambda decoder, content, data: Ellipsis,
    "slice": lambda decoder, content, data: slice(*map(decoder.value, content)),
    "list_type": lambda decoder, content, data: list_of(decoder.value(content)),
    "shape": lambda decoder, content, data: TensorShape(content),
    "dimension": lambda decoder, content, data: Dimension(content),
    "dict": lambda decoder, content, data: {
        decoder.value(key): decoder.value(value) for key, value in content
    },
    "op": lambda decoder, content, data: decoder._kind(data["kind"], content),
    "shared": lambda decoder, content, data: decoder._from_shared(content),
    "graph": lambda decoder, content, data: decoder._graph,
    "array": Decoder._array,
    "list": Decoder._list,
    "object": Decoder._object,
    "element": Decoder._element,
    "nodes": Decoder._nodes,
    "body": Decoder._body,
}


def _ufunc(name: str) -> Any:
    found = getattr(np, name)
    if not isinstance(found, np.ufunc):
        raise ValueError(f"np.{name} is no elementwise function")
    return found


class Builder:
    """Makes the operations of nodes in a graph, under the name scope that is open."""

    def __init__(self, graph: Graph, shared: list[Any], found: dict[int, Any] | None = None):
        self.graph = graph
        self.made: dict[str, Operation] = {}
        """New operations by the names of their nodes."""
        self.used: set[str] = set()
        """The keys of `replaced` that something took."""
        self._decoder = Decoder(graph, shared, self.made)
        if found is not None:
            self._decoder._found = found

    def build(self, nodes: list[NodeDef], replaced: Mapping[str, Any] | None = None) -> None:
        """Make an operation for each node; inputs named in `replaced` are taken from there.

        Raises:
            ValueError: a node is invalid, or lacks an input.
        """
        given = replaced or {}
        graph = self.graph
        prefix, outer = graph.get_name_scope(), graph.body
        with graph.as_default(), graph.put_into(outer):
            for node in in_order(nodes):
                inputs = [self._input(node, name, given) for name in node.input if name[:1] != "^"]
                definition = self._decoder.definition(node)
                body = (node.encoded or {}).get("body")
                if body is not None:
                    body = self._decoder.value(body)
                with graph.put_into(outer if body is None else body):
                    op = self._made_of(node, definition, inputs, given)
                op.control_inputs = tuple(
                    self._control(node, name, given) for name in node.input if name[:1] == "^"
                )
                _restore(op, node, prefix)
                self.made[node.name] = op
        self._decoder.finish()

    def _made_of(
        self, node: NodeDef, definition: Op, inputs: Sequence[Tensor], given: Mapping[str, Any]
    ) -> Operation:
        kept: tuple[str, ...] = ()
        if isinstance(definition, WithBodies):
            kept, inputs = definition.restored(inputs, lambda x: self._input(node, x, given))
        with self.graph.device(node.device or None):
            try:
                op = self.graph.create_op(definition, inputs, node.name)
            except ShapeError as error:
                raise ValueError(f"graph_def is invalid at node {node.name!r}: {error}") from error
        if isinstance(definition, WithBodies):
            for name in kept:
                tensor = self._input(node, name, given)
                if tensor.op.body is not None:
                    definition.keep(op, tensor.op.body, tensor)
        return op

    def _input(self, node: NodeDef, name: str, given: Mapping[str, Any]) -> Tensor:
        operation = operation_of(name)
        index = int(name.rpartition(":")[2]) if ":" in name else 0
        for key in (f"{operation}:{index}", *([operation] if index == 0 else [])):
            if key in given:
                self.used.add(key)
                tensor: Tensor = given[key]
                return tensor
        try:
            return self.made[operation].outputs[index]
        except (KeyError, IndexError):
            raise ValueError(
                f"graph_def is invalid at node {node.name!r}: Input tensor '{name}' not found in "
                "graph_def."
            ) from None

    def _control(self, node: NodeDef, name: str, given: Mapping[str, Any]) -> Operation:
        if name in given:
            self.used.add(name)
            found = given[name]
            return found if isinstance(found, Operation) else found.op
        try:
            return self.made[operation_of(name)]
        except KeyError:
            raise ValueError(
                f"graph_def is invalid at node {node.name!r}: Control input '{name}' not found in "
                "graph_def."
            ) from None


def _restore(op: Operation, node: NodeDef, prefix: str) -> None:
    beside = node.attr.get("_class")
    if beside:
        name = beside[0].removeprefix("loc:@")
        op.colocated_with = f"{prefix}/{name}" if prefix else name
    for tensor, kept in zip(op.outputs, node.get("outputs", ()), strict=False):
        # What `set_shape` told of a shape is in no attribute.
        tensor.set_shape(kept["shape"])
