"""GraphDef: a graph as data, to look at, to change, to write down and to import again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.bodies import Body
from engine.encoding import Encoder, NotPlainError, as_text
from engine.errors import compose
from engine.op import Op

FORMAT = "trainboard graph 1"


class NodeDef(dict[str, Any]):
    """One operation as data: ``name``, ``op``, ``input``, ``device`` and ``attr``.

    As a mapping it is the lean description that graph pages read (``inputs``, ``attrs``,
    ``outputs``), in which large constants are left out. What an import needs beyond it comes from
    the operation's kind, or from what was read.
    """

    def __init__(
        self,
        lean: Mapping[str, Any] = (),  # type: ignore[assignment]
        definition: Op | None = None,
        encoded: dict[str, Any] | None = None,
        body: Body | None = None,
    ):
        super().__init__(lean)
        self.definition = definition
        self.body = body
        self.encoded = encoded
        """``kind`` and ``state``, or ``refused`` with the reason; ``body`` of an inner one."""

    def __deepcopy__(self, memo: Any) -> NodeDef:
        copied = NodeDef({}, self.definition, self.encoded, self.body)
        copied.update(json.loads(json.dumps(self)))
        return copied

    def CopyFrom(self, other: NodeDef) -> None:  # noqa: N802 - protocol buffers' name
        """Become a copy of another node."""
        self.clear()
        self.update(json.loads(json.dumps(other)))
        self.definition, self.encoded, self.body = other.definition, other.encoded, other.body

    MergeFrom = CopyFrom

    def __str__(self) -> str:
        lines = [f'name: "{self.name}"', f'op: "{self.op}"']
        lines += [f'input: "{item.removesuffix(":0")}"' for item in self.input]
        if self.device:
            lines.append(f'device: "{self.device}"')
        for key, value in self.attr.items():
            lines += ["attr {", f'  key: "{key}"', f"  value: {value}", "}"]
        return "\n".join(lines) + "\n"

    @property
    def name(self) -> str:
        return str(self.get("name", ""))

    @name.setter
    def name(self, value: str) -> None:
        self["name"] = value

    @property
    def op(self) -> str:
        return str(self.get("op", ""))

    @op.setter
    def op(self, value: str) -> None:
        self["op"] = value

    @property
    def device(self) -> str:
        return str(self.get("device", ""))

    @device.setter
    def device(self, value: str) -> None:
        self["device"] = value

    @property
    def input(self) -> list[str]:
        """Names of the inputs, ``x:0``; control inputs last, ``^init``."""
        found: list[str] = self.setdefault("inputs", [])
        return found

    @property
    def needs(self) -> list[str]:
        """The operations that have to be there for it: its inputs, and what its bodies give."""
        return [operation_of(name) for name in (*self.input, *self.get("inner", ()))]

    @property
    def attr(self) -> dict[str, Any]:
        """The lean attributes."""
        found: dict[str, Any] = self.setdefault("attrs", {})
        return found


class NodeList(list[NodeDef]):
    """The nodes of a graph."""

    def add(self) -> NodeDef:
        """A new empty node at the end."""
        self.append(NodeDef())
        return self[-1]


class GraphDef(dict[str, Any]):
    """A graph as data: ``node`` lists its operations.

    As a mapping it is plain JSON-able data, ``{"nodes": [...]}``. `SerializeToString` gives all of
    it, constants included, as bytes of JSON; `ParseFromString` reads them.

    >>> import engine as tf
    >>> with tf.Graph().as_default() as graph:
    ...     three = tf.constant(3.0, name="three")
    >>> data = graph.as_graph_def().SerializeToString()
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     graph_def = tf.GraphDef.FromString(data)
    ...     (y,) = tf.import_graph_def(graph_def, return_elements=["three:0"])
    ...     print([node.name for node in graph_def.node], y.name, sess.run(y))
    ['three'] import/three:0 3.0
    """

    def __init__(self, nodes: Iterable[NodeDef] = (), graph: Any = None):
        super().__init__(nodes=NodeList(nodes))
        self._graph = graph
        self.shared: list[Any] = []
        """What several nodes share, as optimizers' formulas; encoded nodes tell the place."""

    @property
    def node(self) -> NodeList:
        found: NodeList = self["nodes"]
        return found

    @property
    def versions(self) -> Any:
        return _Versions()

    def encoded(self, encoder: Encoder | None = None) -> dict[str, Any]:
        """All of it as data that `engine.importing` builds a graph from; arrays are not copied."""
        encoder = encoder or Encoder(self._graph, self.shared)
        nodes = []
        for node in self.node:
            if node.encoded is None:
                node.encoded = _encoded(node, encoder)
            nodes.append({**node, **node.encoded})
        return {"format": FORMAT, "nodes": nodes, "shared": encoder.shared}

    def plain(self) -> Any:
        """All of it as JSON-able data."""
        return as_text(self.encoded())

    def SerializeToString(self) -> bytes:  # noqa: N802 - protocol buffers' name
        """The graph as bytes of JSON."""
        return json.dumps(self.plain()).encode()

    def ParseFromString(self, serialized: bytes) -> int:  # noqa: N802 - protocol buffers' name
        """Become the graph of these bytes; their number comes back.

        Raises:
            ValueError: they are not what `SerializeToString` gives.
        """
        try:
            data = json.loads(serialized)
        except ValueError:
            data = None
        self._take(data)
        return len(serialized)

    MergeFromString = ParseFromString

    @classmethod
    def FromString(cls, serialized: bytes) -> GraphDef:  # noqa: N802 - protocol buffers' name
        """The graph of these bytes."""
        made = cls()
        made.ParseFromString(serialized)
        return made

    @classmethod
    def from_data(cls, data: Any) -> GraphDef:
        """The graph of what `encoded` gives, arrays as text or not."""
        made = cls()
        made._take(data)
        return made

    def CopyFrom(self, other: GraphDef) -> None:  # noqa: N802 - protocol buffers' name
        """Become a copy of another graph."""
        data = other.encoded()
        self._take({**data, "nodes": [dict(node) for node in data["nodes"]]})

    def ByteSize(self) -> int:  # noqa: N802 - protocol buffers' name
        """The number of bytes that `SerializeToString` gives."""
        return len(self.SerializeToString())

    def _take(self, data: Any) -> None:
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise ValueError(
                compose(
                    "Error parsing message: not a graph that this engine wrote",
                    [f'expected: JSON with "format": "{FORMAT}"'],
                    "tf.train.write_graph(graph, directory, name, as_text=False)",
                )
            )
        self._graph, self.shared = None, data["shared"]
        self["nodes"] = NodeList(_node_of(item) for item in data["nodes"])

    def __str__(self) -> str:
        return "".join(
            "node {\n" + "".join(f"  {line}\n" for line in str(node).splitlines()) + "}\n"
            for node in self.node
        )

    def __deepcopy__(self, memo: Any) -> GraphDef:
        copied = GraphDef()
        copied.CopyFrom(self)
        return copied


class _Versions:
    """Version numbers, for scripts that print them."""

    producer = 134
    min_consumer = 0


_BEYOND_LEAN = ("kind", "state", "refused", "body")


def _node_of(item: Mapping[str, Any]) -> NodeDef:
    lean = {key: value for key, value in item.items() if key not in _BEYOND_LEAN}
    return NodeDef(lean, None, {key: item[key] for key in _BEYOND_LEAN if key in item})


def _encoded(node: NodeDef, encoder: Encoder) -> dict[str, Any]:
    place = {} if node.body is None else {"body": encoder.body(node.body)}
    return {**_kind_and_state(node, encoder), **place}


def _kind_and_state(node: NodeDef, encoder: Encoder) -> dict[str, Any]:
    if node.definition is None:
        return {"refused": f"node {node.name!r} was made by hand and has no kind"}
    try:
        return {"kind": type(node.definition).__name__, "state": encoder.state(node.definition)}
    except NotPlainError as error:
        return {"refused": f"{error}, which cannot be written down"}


def named_nodes(graph_def: GraphDef) -> dict[str, NodeDef]:
    """The nodes by name."""
    return {node.name: node for node in graph_def.node}


def operation_of(name: str) -> str:
    """The operation's name in the name of an input: ``x`` for ``x:0`` and for ``^x``."""
    return name.removeprefix("^").rpartition(":")[0] or name.removeprefix("^")


def in_order(nodes: list[NodeDef]) -> Iterator[NodeDef]:
    """The nodes, each after its inputs; those whose inputs are elsewhere as well.

    Raises:
        ValueError: some wait for each other.
    """
    by_name = {node.name: node for node in nodes}
    done: set[str] = set()
    for start in nodes:
        stack: list[tuple[NodeDef, bool]] = [(start, False)]
        waiting: set[str] = set()
        while stack:
            node, ready = stack.pop()
            if node.name in done:
                continue
            if ready:
                done.add(node.name)
                yield node
                continue
            if node.name in waiting:
                raise ValueError(f"graph_def has a cycle through node {node.name!r}")
            waiting.add(node.name)
            stack.append((node, True))
            before = [by_name[x] for x in node.needs if x in by_name]
            stack.extend((x, False) for x in before if x.name not in done)
