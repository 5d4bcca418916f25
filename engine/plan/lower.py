"""From a program's nodes to calls on references."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.control.branches import If
from engine.control.inner import WithBodies
from engine.errors import InvalidArgumentError
from engine.graph import Operation
from engine.op import Array, Spec
from engine.ops.control import NoOp
from engine.ops.state import Assign, ReadVariable, VariableV2, storage
from engine.ops.update import ApplyUpdate, SparseApplyUpdate
from engine.plan.inner import CompileBody, branch, loop
from engine.plan.lowering import Builder, Ref
from engine.plan.nodes import Node, Program, Value
from engine.plan.updates import UpdateLowering
from engine.state import State, VariableState


class Lowering(UpdateLowering):
    """One program on its way to calls; `refs` tells where each value is."""

    def __init__(
        self,
        program: Program,
        state: State,
        threads: int = 1,
        compile_body: CompileBody | None = None,
        is_body: bool = False,
    ):
        self.program = program
        self.state = state
        self._compile_body = compile_body
        self.is_body = is_body
        self.builder = Builder(state, threads)
        self.refs: dict[int, Any] = {}
        self.reads_first: list[Operation] = []
        """Variables that must have a value before the run."""
        self.assigned: list[Operation] = []
        """Variables that have a value after it."""
        self._writes_after = _write_positions(program.nodes)
        self._last_use = _alias_last_use(program)

    def lower(self) -> Builder:
        for value in self.program.feeds:
            self.refs[id(value)] = Ref(
                "local", _sizes(value.spec), value.spec.dtype.np, value.tensor.op.name
            )
        for position, node in enumerate(self.program.nodes):
            self.builder.op = node.op
            if node.members:
                self._group(node)
            elif isinstance(node.definition, ApplyUpdate):
                self._single_update(node)
            elif isinstance(node.definition, SparseApplyUpdate):
                self._sparse_update(node)
            elif isinstance(node.definition, WithBodies):
                self._with_bodies(node)
            else:
                self._node(node, position)
        self.builder.op = None
        for value in self.program.fetches:
            # A fetched variable shows its value after the run, so something must give it one.
            if value.node is not None and value.tensor.op.definition.ref_output:
                variable = storage(value.tensor).op
                if variable not in self.assigned and variable not in self.reads_first:
                    self.reads_first.append(variable)
        return self.builder

    def ref(self, value: Value) -> Ref:
        found = self.refs.get(id(value))
        if found is None:
            assert value.constant is not None, f"{value!r} is used before it is computed"
            found = self.refs[id(value)] = self.builder.constant(
                value.constant, value.tensor.op.name
            )
        return found

    def _node(self, node: Node, position: int) -> None:
        definition, outputs = node.definition, node.outputs
        if isinstance(definition, VariableV2):
            self.refs[id(outputs[0])] = self._variable(node.op)
            return
        inputs = [self.ref(value) for value in node.inputs]
        self._note_access(node)
        if isinstance(definition, ReadVariable) and inputs[0].kind == "array":
            self.refs[id(outputs[0])] = self._read(node, inputs[0], position)
            return
        if definition.writes and definition.ref_output:
            self._check_target(node, inputs[0])
            if isinstance(definition, Assign) and inputs[0].kind == "local":
                self._replace(node, *inputs)
                return
            assert definition.lower is not None, f"{definition.type} cannot be lowered"
            definition.lower(self.builder, None, *inputs)
            self.refs[id(outputs[0])] = inputs[0]
            return
        for value, ref in zip(outputs, self._results(node, inputs), strict=True):
            self.refs[id(value)] = ref

    def _with_bodies(self, node: Node) -> None:
        inputs = [self.ref(value) for value in node.inputs]
        function = _named(node.definition)
        if self._compile_body is not None:
            bodies = [self._compile_body(program) for program in node.bodies]
            make = branch if isinstance(node.definition, If) else loop
            function = make(node.op, bodies, self.state, self.assigned)
            function.__name__ = node.definition.type.lower()
        refs = self._local(function, inputs, node.outputs, node.op.name)
        self.refs.update({id(value): ref for value, ref in zip(node.outputs, refs, strict=True)})

    def _results(self, node: Node, inputs: list[Ref]) -> Sequence[Ref | None]:
        definition, outputs, b = node.definition, node.outputs, self.builder
        label = node.op.name
        if definition.stateful:
            kernel = _stateful(definition, self.state, node.op)
            if not outputs and not isinstance(definition, NoOp):
                b.effect(kernel, *inputs)
            return self._local(kernel, inputs, outputs, label)
        # Strings are Python objects: they have no place in memory that is given and taken.
        static = None not in [x.dims for x in inputs] and False not in [
            v.spec.is_static and v.spec.dtype.np.kind != "O" for v in outputs
        ]
        if (
            definition.view is not None
            and inputs[0].dims is not None
            and all(b.value(x) is not None for x in inputs[1:])
        ):
            rest = [b.value(x) for x in inputs[1:]]
            if len(outputs) == 1:
                return [b.view(inputs[0], _viewing(definition, rest))]
            return [
                b.view(inputs[0], _viewing(definition, rest, index))
                for index in range(len(outputs))
            ]
        if (
            static
            and definition.lower is not None
            and all(b.value(inputs[index]) is not None for index in definition.fixed_inputs)
        ):
            targets = [
                Ref("buffer", _sizes(v.spec), v.spec.dtype.np, label)
                if id(v) in self._last_use
                else None
                for v in outputs
            ]
            definition.lower(b, targets[0] if len(targets) == 1 else tuple(targets), *inputs)
            return targets
        if static and definition.ufunc is not None:
            target = Ref("buffer", _sizes(outputs[0].spec), outputs[0].spec.dtype.np, label)
            b.ufunc(definition.ufunc, *inputs, target)
            return [target]
        return self._local(_named(definition), inputs, outputs, label)

    def _local(
        self,
        function: Callable[..., Any],
        inputs: list[Ref],
        outputs: tuple[Value, ...],
        label: str,
    ) -> Sequence[Ref]:
        b = self.builder
        if not outputs:
            return []
        function = _detached(function)
        if len(outputs) == 1:
            spec = outputs[0].spec
            refs = [b.local(function, *inputs, dims=_sizes(spec), dtype=spec.dtype.np, label=label)]
        else:
            whole = b.local(function, *inputs, dims=None, dtype=object, label=label)
            specs = [value.spec for value in outputs]
            refs = [
                b.local(_item(i), whole, dims=_sizes(s), dtype=s.dtype.np, label=label)
                for i, s in enumerate(specs)
            ]
        for ref in refs:
            ref.own = True
        return refs

    # Variables

    def _variable(self, op: Operation) -> Ref:
        definition = op.definition
        if isinstance(definition, VariableV2) and definition.resizable:
            state = self.state.resizable(op)
            return self.builder.local(
                _current(state), dims=None, dtype=state.array.dtype, label=op.name
            )
        state = self.state.variable(op)
        if state.arena is not None:
            return Ref(
                "array",
                state.array.shape,
                state.array.dtype,
                op.name,
                array=state.array,
                root=state.arena,
                span=state.span,
            )
        return Ref(
            "array", state.array.shape, state.array.dtype, op.name, array=state.array, root=state
        )

    def _replace(self, node: Node, variable: Ref, value: Ref) -> None:
        """Assign to a variable of any size: from now on it is another array."""
        op = storage(node.op.inputs[0]).op
        kept = self.builder.local(
            _replacing(self.state, op), value, dims=None, dtype=variable.dtype, label=op.name
        )
        self.refs.update({key: kept for key, ref in self.refs.items() if ref is variable})
        self.refs[id(node.outputs[0])] = kept

    def _read(self, node: Node, variable: Ref, position: int) -> Ref:
        last = self._last_use.get(id(node.outputs[0]), position)
        written = self._writes_after.get(storage(node.op.inputs[0]).op, ())
        if any(position < at < last for at in written):
            # Somebody still needs the old value after the variable has changed.
            copy = Ref("buffer", variable.dims, variable.dtype, node.op.name)
            self.builder.copy(copy, variable)
            return copy
        return variable

    def _note_access(self, node: Node) -> None:
        for index, value in enumerate(node.inputs):
            tensor = value.tensor
            if not tensor.op.definition.ref_output or value.node is None:
                continue
            variable = storage(tensor).op
            overwritten = node.op.type == "Assign" and index == 0
            if node.definition.peeks:
                continue
            if (
                not overwritten
                and variable not in self.assigned
                and variable not in self.reads_first
            ):
                self.reads_first.append(variable)
            if index in node.definition.writes and variable not in self.assigned:
                self.assigned.append(variable)

    def _check_target(self, node: Node, target: Ref) -> None:
        fed = [value.tensor for value in self.program.feeds]
        if target.kind != "array" and storage(node.op.inputs[0]) in fed:
            raise InvalidArgumentError(
                str(node.op),
                node.op,
                f"'{node.op.name}' assigns to a variable that is fed in the same run; "
                "feed it or assign to it, not both",
            )


def _stateful(definition: Any, state: State, op: Operation) -> Callable[..., Any]:
    def kernel(*arrays: Any) -> Any:
        return definition.run(state, op, *arrays)

    kernel.__name__ = definition.type
    return kernel


def _named(definition: Any) -> Callable[..., Any]:
    def kernel(*arrays: Any) -> Any:
        return definition.numpy(*arrays)

    kernel.__name__ = definition.type
    return kernel


def _current(state: VariableState) -> Callable[[], Array]:
    def variable() -> Array:
        return state.array

    return variable


def _replacing(state: State, op: Operation) -> Callable[[Array], Array]:
    def assign(value: Array) -> Array:
        return state.replace(op, value)

    return assign


def _sizes(spec: Spec) -> tuple[int, ...] | None:
    return spec.dims if spec.is_static else None  # type: ignore[return-value]


def _item(index: int) -> Callable[[Any], Any]:
    return lambda whole: whole[index]


def _viewing(definition: Any, rest: list[Any], index: int | None = None) -> Callable[[Any], Any]:
    def view(array: Any) -> Any:
        seen = definition.view(array, *rest)
        return seen if index is None else seen[index]

    view.__name__ = definition.type.lower()
    return view


def _detached(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with results of its own: views would outlive the memory of its inputs."""

    def own(array: Any) -> Any:
        return array.copy() if isinstance(array, np.ndarray) and array.base is not None else array

    def detached(*arrays: Any) -> Any:
        results = function(*arrays)
        if isinstance(results, tuple):
            return tuple(own(result) for result in results)
        return results.copy() if any(results is array for array in arrays) else own(results)

    detached.__name__ = getattr(function, "__name__", "") or type(function).__name__
    return detached


def _write_positions(nodes: list[Node]) -> dict[Operation, list[int]]:
    found: dict[Operation, list[int]] = {}
    for position, node in enumerate(nodes):
        for part in node.members or (node,):
            for index in part.definition.writes:
                found.setdefault(storage(part.op.inputs[index]).op, []).append(position)
    return found


def _alias_last_use(program: Program) -> dict[int, int]:
    """Where each value is needed last, as itself or through a view of it; absent if never."""
    last: dict[int, int] = {}
    end = len(program.nodes)
    for value in program.fetches:
        last[id(value)] = end
    for position in range(end - 1, -1, -1):
        node = program.nodes[position]
        for part in node.members or (node,):
            lasting = position
            if part.definition.view is not None or isinstance(part.definition, ReadVariable):
                lasting = max([position, *[last.get(id(output), 0) for output in part.outputs]])
            elif isinstance(part.definition, WithBodies):
                # While it runs, its bodies may change the variable behind what they were handed.
                lasting = position + 1
            for value in part.inputs:
                last[id(value)] = max(last.get(id(value), 0), lasting)
    return last
