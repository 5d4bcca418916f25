"""Graph: what a script builds before a session runs it, and the scopes it builds under."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from difflib import get_close_matches
from typing import Any

from engine.advice import way_out
from engine.bodies import Body, admitted, out_of_reach
from engine.defaults import STACKS, remove_last
from engine.errors import compose, misuse
from engine.graph_def import GraphDef, NodeDef
from engine.node import Operation, Tensor
from engine.op import Op, Spec
from engine.placement import DeviceSpec
from engine.shapes import ShapeError, in_brackets

_VALID_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\-/]*\Z")
_VALID_SCOPE = re.compile(r"[A-Za-z0-9_.\-/]*\Z")
Device = str | DeviceSpec | Callable[[Operation], Any] | None


class _AsDefault:
    """What `Graph.as_default` gives. A generator would cost a microsecond each time."""

    __slots__ = ("_graph",)

    def __init__(self, graph: Graph):
        self._graph = graph

    def __enter__(self) -> Graph:
        STACKS.graphs.append(self._graph)
        return self._graph

    def __exit__(self, *_: object) -> None:
        remove_last(STACKS.graphs, self._graph)


class _NameScope:
    """What `Graph.name_scope` gives."""

    __slots__ = ("_before", "_graph", "_name")

    def __init__(self, graph: Graph, name: str | None):
        self._graph = graph
        self._name = name
        self._before: list[str] = []

    def __enter__(self) -> str:
        graph, name = self._graph, self._name
        before = graph._name_stack
        if not name:
            scope = ""
        else:
            if not (_VALID_SCOPE if before else _VALID_NAME).match(name):
                raise ValueError(misuse(f"'{name}' is not a valid scope name"))
            scope = name[:-1] if name[-1] == "/" else graph.unique_name(name)
        graph._name_stack = scope
        self._before.append(before)
        return f"{scope}/" if scope else ""

    def __exit__(self, *_: object) -> None:
        self._graph._name_stack = self._before.pop()


class Graph:
    """A set of operations, and the scopes under which the next one is made.

    >>> graph = Graph()
    >>> with graph.as_default(), graph.name_scope("layer"):
    ...     graph.unique_name("w", mark_as_used=False)
    'layer/w'
    """

    def __init__(self) -> None:
        self._operations: list[Operation] = []
        self._by_name: dict[str, Operation] = {}
        self._names_in_use: dict[str, int] = {}
        self._name_stack = ""
        self._device_stack: list[Device] = []
        self._control_stack: list[tuple[Operation, ...]] = []
        self._colocation_stack: list[Operation] = []
        self._collections: dict[str, list[Any]] = {}
        self._gradient_overrides: dict[str, str] = {}
        self._finalized = False
        self.outer: Graph | None = None
        """The graph whose tensors this one may take, as that of a function of a dataset may."""
        self.body: Body | None = None
        """The branch or loop that new operations go into."""
        self.seed: int | None = None
        """The graph-level seed of random operations."""
        self.variable_scope: Any = None
        """What `engine.variables` keeps of the current variable scope."""
        self.pulls = False
        """Whether some operation gives its outputs before a run."""

    # Making operations

    def create_op(
        self, definition: Op, inputs: Sequence[Tensor] = (), name: str | None = None
    ) -> Operation:
        """A new operation of this kind.

        Raises:
            ValueError: shapes do not fit, or an input is from another graph.
            TypeError: dtypes do not fit.
            RuntimeError: the graph is finalized.
        """
        if self._finalized:
            raise RuntimeError(
                misuse(
                    "Graph is finalized and cannot be modified.",
                    [f"for a new operation '{name or definition.type}'"],
                    "make all operations before the training loop; feed values that change",
                )
            )
        inputs = tuple(inputs)
        all_near = True
        for tensor in inputs:
            if tensor.op.graph is not self:
                inner = _inner_graph(self, inputs)
                if inner is not None:
                    return inner.create_op(definition, inputs, name)
                raise ValueError(_other_graph(tensor, inputs, self))
            if tensor.op.body is not self.body:
                all_near = False
        if not name:
            name = definition.type
        elif not isinstance(name, str):
            raise TypeError(
                misuse(
                    f"The name of an operation must be a string, not {name!r} of type "
                    f"{type(name).__name__}",
                    [f"for a new operation of kind '{definition.type}'"],
                    "name='...' by keyword: other arguments may come before it",
                )
            )
        if not all_near:
            inputs = admitted(self.body, definition, name, inputs)
        full_name = name[:-1] if name[-1] == "/" else self.unique_name(name)
        try:
            specs = definition.infer(*[tensor.spec for tensor in inputs])
        except (ShapeError, TypeError) as error:
            kind = ValueError if isinstance(error, ShapeError) else TypeError
            raise kind(_misfit(str(error), full_name, definition, inputs)) from None
        if type(specs) is Spec:
            specs = (specs,)
        controls: tuple[Operation, ...] = ()
        if self._control_stack:
            controls = tuple(dict.fromkeys(op for scope in self._control_stack for op in scope))
            for control in controls:
                far = control.body
                if far is not None and not (self.body is not None and self.body.sees(far)):
                    use = f"control input to '{full_name}'"
                    raise ValueError(out_of_reach(control, use, far))
        op = Operation(self, full_name, definition, inputs, specs, controls, len(self._operations))
        self._operations.append(op)
        self._by_name[full_name] = op
        if definition.pulled:
            self.pulls = True
        if self._gradient_overrides:
            op.gradient_name = self._gradient_overrides.get(op.type)
        if self._colocation_stack:
            op.colocated_with = self._colocation_stack[-1].name
            op._device = self._colocation_stack[-1].device
        elif self._device_stack:
            op._device = self._device_for(op)
        return op

    def _device_for(self, op: Operation) -> str:
        spec = DeviceSpec()
        for scope in reversed(self._device_stack):
            if scope is None:
                break
            if callable(scope):
                scope = scope(op)
            if isinstance(scope, str):
                scope = DeviceSpec.from_string(scope)
            if scope is not None:
                spec = spec.merged_into(scope)
        return spec.to_string()

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """The name under the current scope, with ``_1``, ``_2`` … if it is taken.

        Names that differ only in case count as the same, as in TensorFlow 1.x.
        """
        if self._name_stack:
            name = f"{self._name_stack}/{name}"
        elif not _VALID_NAME.match(name):
            raise ValueError(misuse(f"'{name}' is not a valid node name"))
        key = name.lower()
        seen = self._names_in_use.get(key, 0)
        if mark_as_used:
            self._names_in_use[key] = seen + 1
        if not seen:
            return name
        while True:
            candidate = f"{key}_{seen}"
            if candidate not in self._names_in_use:
                break
            seen += 1
        if mark_as_used:
            self._names_in_use[key] = seen + 1
            self._names_in_use[candidate] = 1
        return f"{name}_{seen}"

    # Scopes

    def as_default(self) -> AbstractContextManager[Graph]:
        """Make this the graph that new operations go into."""
        return _AsDefault(self)

    def name_scope(self, name: str | None) -> AbstractContextManager[str]:
        """Put a prefix before the names made inside; gives the prefix with its final slash.

        A name ending in ``/`` is entered again as it stands; None or ``""`` goes to the root.
        """
        return _NameScope(self, name)

    def get_name_scope(self) -> str:
        return self._name_stack

    @contextmanager
    def device(self, device: Device) -> Iterator[None]:
        """Ask for a device; inner scopes override outer ones part by part, None clears them.

        Raises:
            ValueError: the string is not a device.
        """
        if isinstance(device, str):
            device = DeviceSpec.from_string(device)
        self._device_stack.append(device)
        try:
            yield
        finally:
            self._device_stack.pop()

    @contextmanager
    def gradient_override_map(self, op_type_map: Mapping[str, str]) -> Iterator[None]:
        """Give operations made inside another gradient: from their type to a registered name.

        Raises:
            TypeError: it is no dictionary of strings.
        """
        if not isinstance(op_type_map, Mapping):
            raise TypeError("op_type_map must be a dictionary mapping strings to strings")
        for op_type, name in op_type_map.items():
            if not isinstance(op_type, str) or not isinstance(name, str):
                raise TypeError("op_type_map must be a dictionary mapping strings to strings")
        before = self._gradient_overrides
        self._gradient_overrides = {**before, **op_type_map}
        try:
            yield
        finally:
            self._gradient_overrides = before

    @contextmanager
    def colocate_with(self, op: Any) -> Iterator[None]:
        """Put what is made inside on the device of `op` (an operation, tensor or variable)."""
        self._colocation_stack.append(op if isinstance(op, Operation) else op.op)
        try:
            yield
        finally:
            self._colocation_stack.pop()

    @contextmanager
    def control_dependencies(self, control_inputs: Sequence[Any] | None) -> Iterator[None]:
        """Run `control_inputs` before whatever is made inside.

        None clears outer ones and leaves the branches and loops that are being made.
        """
        outer, body = self._control_stack, self.body
        if control_inputs is None:
            self._control_stack = []
            self.body = None
        else:
            ops = tuple(
                self.as_graph_element(item).op if not isinstance(item, Operation) else item
                for item in control_inputs
            )
            self._control_stack = [*outer, ops]
        try:
            yield
        finally:
            self._control_stack, self.body = outer, body

    @contextmanager
    def inside(self, body: Body) -> Iterator[None]:
        """Make what follows operations of a branch or loop; nothing outer orders them there."""
        with self.put_into(body), self.name_scope(body.scope):
            yield

    @contextmanager
    def put_into(self, body: Body | None) -> Iterator[None]:
        """Make what follows operations of a branch or loop, under the name scope there is."""
        before = self.body, self._control_stack
        self.body, self._control_stack = body, []
        try:
            yield
        finally:
            self.body, self._control_stack = before

    @property
    def has_control_dependencies(self) -> bool:
        return bool(self._control_stack)

    # Looking things up

    def get_operations(self) -> list[Operation]:
        return list(self._operations)

    @property
    def version(self) -> int:
        return len(self._operations)

    def get_operation_by_name(self, name: str) -> Operation:
        """The operation of that name; KeyError if there is none."""
        found = self.as_graph_element(name, allow_tensor=False)
        assert isinstance(found, Operation)
        return found

    def get_tensor_by_name(self, name: str) -> Tensor:
        """The tensor of a name such as ``"x:0"``; KeyError if there is none."""
        found = self.as_graph_element(name, allow_operation=False)
        assert isinstance(found, Tensor)
        return found

    def as_graph_element(
        self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True
    ) -> Any:
        """The tensor or operation meant by an object or a name.

        Raises:
            ValueError: it is of another graph, or a tensor's name has no ``:index``.
            KeyError: nothing has that name.
            TypeError: it names neither a tensor nor an operation.
        """
        if hasattr(obj, "as_graph_element"):
            obj = obj.as_graph_element()
        if (allow_tensor and isinstance(obj, Tensor)) or (
            allow_operation and isinstance(obj, Operation)
        ):
            if obj.graph is not self:
                raise ValueError(
                    compose(
                        f"{type(obj).__name__} {obj} is not an element of this graph.",
                        [f"made at {(obj if isinstance(obj, Operation) else obj.op).origin}"],
                        "tf.Session(graph=...) with the graph it was made in",
                    )
                )
            return obj
        if not isinstance(obj, str):
            wanted = " or ".join(
                kind
                for kind, yes in (("Tensor", allow_tensor), ("Operation", allow_operation))
                if yes
            )
            raise TypeError(
                misuse(
                    f"Can not convert a {type(obj).__name__} into a {wanted}.",
                    [f"given: {obj!r}"],
                    "a tensor, operation or variable of this graph, or its name, as 'x:0'",
                )
            )
        if ":" in obj and allow_tensor:
            return self._tensor_named(obj)
        op = self._by_name.get(obj)
        if not allow_operation:
            what = "refers to an Operation" if op else "looks like an (invalid) Operation name"
            raise ValueError(
                misuse(
                    f"The name {obj!r} {what}, not a Tensor. "
                    'Tensor names must be of the form "<op_name>:<output_index>".',
                    (),
                    f"'{obj}:0', the first output of the operation '{obj}'",
                )
            )
        if op is None:
            raise NoSuchNameError(
                misuse(
                    f"The name {obj!r} refers to an Operation not in the graph.",
                    (),
                    self._names_like(obj),
                )
            )
        return op

    def _tensor_named(self, name: str) -> Tensor:
        op_name, _, index = name.rpartition(":")
        op = self._by_name.get(op_name)
        problem = f"The name {name!r} refers to a Tensor which does not exist. The operation, "
        if op is None or not index.isdigit():
            problem += f"{op_name!r}, does not exist in the graph."
            raise NoSuchNameError(misuse(problem, (), self._names_like(op_name, ":0")))
        if int(index) >= len(op.outputs):
            problem += f"{op_name!r}, exists but only has {len(op.outputs)} outputs."
            known = ", ".join(repr(tensor.name) for tensor in op.outputs)
            raise NoSuchNameError(
                misuse(problem, [f"{op_name!r} was made at {op.origin}"], known or "its operation")
            )
        return op.outputs[int(index)]

    def _names_like(self, name: str, suffix: str = "") -> str:
        found = get_close_matches(name, self._by_name) or list(self._by_name)[:3]
        names = ", ".join(repr(item + suffix) for item in found)
        return f"{names}; `print([op.name for op in graph.get_operations()])` shows every name"

    # Collections

    def add_to_collection(self, name: str, value: Any) -> None:
        self._collections.setdefault(name, []).append(value)

    def add_to_collections(self, names: Any, value: Any) -> None:
        for name in [names] if isinstance(names, str) else dict.fromkeys(names or ()):
            self.add_to_collection(name, value)

    def get_collection(self, name: str, scope: str | None = None) -> list[Any]:
        """A copy of a collection, its items' names beginning with a match of `scope`."""
        items = self._collections.get(name, [])
        if not scope:
            return list(items)
        pattern = re.compile(scope)
        return [item for item in items if pattern.match(getattr(item, "name", "") or "")]

    def get_collection_ref(self, name: str) -> list[Any]:
        return self._collections.setdefault(name, [])

    def get_all_collection_keys(self) -> list[str]:
        return [name for name in self._collections if isinstance(name, str)]

    def clear_collection(self, name: str) -> None:
        self._collections.pop(name, None)

    # The whole

    def finalize(self) -> None:
        """Refuse further operations."""
        self._finalized = True

    @property
    def finalized(self) -> bool:
        return self._finalized

    def as_graph_def(self, from_version: int | None = None, add_shapes: bool = False) -> GraphDef:
        """The graph as plain JSON-able data, as ``docs/architecture.md`` describes it.

        With `from_version` only the operations made since the graph had that version.
        """
        del add_shapes  # They are always there.
        return GraphDef([_node(op) for op in self._operations[from_version or 0 :]], self)

    def node_def(self, op: Operation) -> NodeDef:
        """One operation as `as_graph_def` describes it."""
        return _node(op)


def _node(op: Operation) -> NodeDef:
    attributes = op.definition.attributes()
    if op.colocated_with:
        attributes["_class"] = [f"loc:@{op.colocated_with}"]
    inputs = [tensor.name for tensor in op.inputs] + [
        f"^{control.name}" for control in op.control_inputs
    ]
    outputs = [
        {
            "dtype": tensor.dtype.name,
            "shape": None if tensor.spec.dims is None else list(tensor.spec.dims),
        }
        for tensor in op.outputs
    ]
    if op.body is not None:
        attributes["_body"] = op.body.scope
    lean = {
        "name": op.name,
        "op": op.type,
        "inputs": inputs,
        "device": op.device,
        "attrs": attributes,
        "outputs": outputs,
    }
    inner = [
        tensor.name
        for body in getattr(op.definition, "bodies", ())
        for tensor in (*body.inputs, *body.results, *body.saved)
    ]
    if inner:
        lean["inner"] = inner
    return NodeDef(lean, op.definition, body=op.body)


def _inner_graph(graph: Graph, inputs: tuple[Tensor, ...]) -> Graph | None:
    """The graph of an input that may take tensors of `graph`."""
    for tensor in inputs:
        outer = tensor.op.graph.outer
        while outer is not None:
            if outer is graph:
                return tensor.op.graph
            outer = outer.outer
    return None


def _other_graph(tensor: Tensor, inputs: tuple[Tensor, ...], graph: Graph) -> str:
    other = next((x for x in inputs if x.graph is graph), None)
    first = (
        f"{tensor} must be from the same graph as {other}"
        if other is not None
        else (f"{tensor} must be from the same graph as the operation that uses it")
    )
    return misuse(
        f"{first}.",
        [f"{x.name!r} was made at {x.op.origin}" for x in (tensor, other) if x is not None],
        "build the whole model inside one `with graph.as_default():`",
    )


def _misfit(problem: str, name: str, definition: Op, inputs: tuple[Tensor, ...]) -> str:
    shapes = ", ".join(in_brackets(tensor.spec.dims) for tensor in inputs)
    return misuse(
        f"{problem.rstrip('.')} for '{name}' (op: '{definition.type}') with input shapes: "
        f"{shapes}.",
        [
            f"input {index} {tensor.name!r}: {tensor.spec!r}, made at {tensor.op.origin}"
            for index, tensor in enumerate(inputs)
        ],
        way_out(problem, definition.type) or "print the inputs: a tensor shows its shape and dtype",
    )


class NoSuchNameError(KeyError):
    """Nothing in the graph has the name asked for."""

    def __str__(self) -> str:
        # KeyError shows the repr of its argument, which puts a text of several lines into one.
        return str(self.args[0])


class _Root:
    """The graph that is default when no other was made so."""

    def __init__(self) -> None:
        self.graph = Graph()


_ROOT = _Root()


def get_default_graph() -> Graph:
    """The graph that new operations go into now."""
    graph: Graph = STACKS.graphs[-1] if STACKS.graphs else _ROOT.graph
    return graph


def reset_default_graph() -> None:
    """Start again with an empty default graph.

    Raises:
        AssertionError: inside ``with graph.as_default()``.
    """
    if STACKS.graphs:
        raise AssertionError(
            misuse(
                "Do not use tf.reset_default_graph() to clear nested graphs. If you "
                "need a cleared graph, exit the nesting and create a new graph.",
                (),
                "`with tf.Graph().as_default():` for a graph of its own; close an "
                "InteractiveSession that was given a graph",
            )
        )
    _ROOT.graph = Graph()


__all__ = ["Device", "Graph", "Operation", "Tensor", "get_default_graph", "reset_default_graph"]
