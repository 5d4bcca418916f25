"""From a program's nodes to calls on references."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.errors import InvalidArgumentError
from engine.graph import Operation
from engine.kernels.lanes import split
from engine.op import Spec
from engine.ops.state import ReadVariable, VariableV2
from engine.ops.update import ApplyUpdate, Body
from engine.plan.lowering import Builder, Ref, Shared
from engine.plan.nodes import Node, Value
from engine.plan.program import Program, build, storage
from engine.state import Arena, State

_STRIP = 8192
"""Elements of an arena updated at a time, so that the temporaries stay in the cache."""
_MOST_STRIPS = 64
_SHARED = 1 << 16
"""Elements from which on an arena is updated by several threads."""
_LANE_STRIP = 1 << 16
"""Elements of a strip then: threads with shorter calls wait for Python's lock, not for memory."""


class Lowering:
    """One program on its way to calls; `refs` tells where each value is."""

    def __init__(self, program: Program, state: State, threads: int = 1):
        self.program = program
        self.state = state
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
        if definition.writes:
            self._check_target(node, inputs[0])
            assert definition.lower is not None, f"{definition.type} cannot be lowered"
            definition.lower(self.builder, None, *inputs)
            self.refs[id(outputs[0])] = inputs[0]
            return
        for value, ref in zip(outputs, self._results(node, inputs), strict=True):
            self.refs[id(value)] = ref

    def _results(self, node: Node, inputs: list[Ref]) -> Sequence[Ref | None]:
        definition, outputs, b = node.definition, node.outputs, self.builder
        label = node.op.name
        if definition.stateful:
            return self._local(_stateful(definition, self.state, node.op), inputs, outputs, label)
        static = None not in [x.dims for x in inputs] and False not in [
            v.spec.is_static for v in outputs
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
            return [b.local(function, *inputs, dims=_sizes(spec), dtype=spec.dtype.np, label=label)]
        whole = b.local(function, *inputs, dims=None, dtype=object, label=label)
        return [
            b.local(_item(index), whole, dims=_sizes(v.spec), dtype=v.spec.dtype.np, label=label)
            for index, v in enumerate(outputs)
        ]

    # Variables

    def _variable(self, op: Operation) -> Ref:
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
            if node.op.type == "IsVariableInitialized":
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
        if target.kind != "array":
            raise InvalidArgumentError(
                str(node.op),
                node.op,
                f"'{node.op.name}' assigns to a variable that is fed in the same run; "
                "feed it or assign to it, not both",
            )

    # Optimizer updates

    def _single_update(self, node: Node) -> None:
        definition = node.definition
        assert isinstance(definition, ApplyUpdate)
        self._note_access(node)
        inputs = [self.ref(value) for value in node.inputs]
        self._check_target(node, inputs[0])
        self._inline(definition.body, inputs)
        self.refs[id(node.outputs[0])] = inputs[0]

    def _group(self, node: Node) -> None:
        definition = node.definition
        assert isinstance(definition, ApplyUpdate)
        for member in node.members:
            self._note_access(member)
            self._check_target(member, self.ref(member.inputs[0]))
        flat = self._arena_inputs(definition.body, node.members)
        if flat is None:
            for member in node.members:
                self.builder.op = member.op
                self._single_update(member)
            return
        vectors, total = flat
        gradient = Shared(np.empty(total, vectors[0].dtype))
        start = 0
        for member in node.members:
            source = self.ref(member.inputs[-1])
            stop = start + source.size
            part = gradient.flat[start:stop].reshape(source.dims)
            target = Ref(
                "array",
                source.dims,
                source.dtype,
                f"gradient_{member.op.name}",
                array=part,
                root=gradient,
                span=(start, stop),
            )
            self.builder.op = member.op
            self.builder.copy(target, source)
            self.refs[id(member.outputs[0])] = self.ref(member.inputs[0])
            start = stop
        count = definition.body.vectors
        scalars = [self.ref(value) for value in node.members[0].inputs[count:-1]]
        shared: dict[int, Ref] = {}
        for lane, (begin, end) in _strips(total, self.builder.threads):
            self.builder.lane = lane
            parts = [_flat_part(ref, begin, end) for ref in vectors]
            slice_ = Ref(
                "array",
                (end - begin,),
                gradient.flat.dtype,
                "gradients",
                array=gradient.flat[begin:end],
                root=gradient,
                span=(begin, end),
            )
            self._inline(definition.body, [*parts, *scalars, slice_], shared)
        self.builder.lane = None

    def _arena_inputs(self, body: Body, members: tuple[Node, ...]) -> tuple[list[Ref], int] | None:
        shared = {tuple(id(value) for value in m.inputs[body.vectors : -1]) for m in members}
        if len(shared) != 1 or any(self.ref(m.inputs[-1]).dims is None for m in members):
            return None
        arenas: list[Arena] = []
        for index in range(body.vectors):
            arena = self.state.arena(tuple(storage(m.inputs[index].tensor).op for m in members))
            if arena is None:
                return None
            arenas.append(arena)
        names = ("variables", *[f"slots_{index}" for index in range(1, body.vectors)])
        return [
            Ref(
                "array",
                arena.flat.shape,
                arena.flat.dtype,
                name,
                array=arena.flat,
                root=arena,
                span=(0, arena.flat.size),
            )
            for arena, name in zip(arenas, names, strict=True)
        ], (arenas[0].flat.size)

    def _inline(self, body: Body, inputs: list[Ref], shared: dict[int, Ref] | None = None) -> None:
        """Write the calls of an update's formula over these references."""
        feeds = {
            tensor: Spec(tensor.spec.dtype, ref.dims, self.builder.value(ref))
            for tensor, ref in zip(body.inputs, inputs, strict=True)
        }
        inner = Lowering(build(list(body.results), feeds), self.state)
        inner.builder = self.builder
        for value, ref in zip(inner.program.feeds, inputs, strict=True):
            inner.refs[id(value)] = ref
        for position, node in enumerate(inner.program.nodes):
            key = node.op.number
            is_scalar = node.outputs[0].spec.dims == ()
            if shared is not None and is_scalar and key in shared:
                inner.refs[id(node.outputs[0])] = shared[key]
                continue
            lane = self.builder.lane
            if is_scalar:
                # One thread computes what all of them use.
                self.builder.lane = None
            inner._node(node, position)
            self.builder.lane = lane
            if shared is not None and is_scalar:
                shared[key] = inner.refs[id(node.outputs[0])]
        targets = inputs[: body.vectors]
        results = [inner.ref(value) for value in inner.program.fetches]
        for index, (target, result) in enumerate(zip(targets, results, strict=True)):
            if result is not target and any(result.overlaps(other) for other in targets):
                # A slot that takes over another one's old value, which is overwritten below.
                results[index] = self.builder.scratch(result.dims or (), result.dtype, "before")
                self.builder.copy(results[index], result)
        for target, result in zip(targets, results, strict=True):
            if result is not target:
                self.builder.copy(target, result)


def _strips(total: int, threads: int) -> list[tuple[int | None, tuple[int, int]]]:
    """The strips of an arena, each with the thread that updates it (None: no matter)."""
    if threads < 2 or total < _SHARED:
        strip = max(_STRIP, -(-total // _MOST_STRIPS))
        return [(None, (at, min(at + strip, total))) for at in range(0, total, strip)]
    found: list[tuple[int | None, tuple[int, int]]] = []
    for lane, (first, last) in enumerate(split(total, threads)):
        strip = max(_LANE_STRIP, -(-(last - first) // _MOST_STRIPS))
        found += [(lane, (at, min(at + strip, last))) for at in range(first, last, strip)]
    return found


def _flat_part(ref: Ref, begin: int, end: int) -> Ref:
    return Ref(
        "array",
        (end - begin,),
        ref.dtype,
        ref.label,
        array=ref.array[begin:end],
        root=ref.root,
        span=(begin, end),
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
            for value in part.inputs:
                last[id(value)] = max(last.get(id(value), 0), lasting)
    return last
