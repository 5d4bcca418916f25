"""From fetches and feeds to an ordered, folded, merged list of nodes with final sizes."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.advice import way_out
from engine.control.inner import WithBodies
from engine.dtypes import ListDType
from engine.errors import InvalidArgumentError, compose
from engine.graph import Operation, Tensor
from engine.op import Array, Op, Spec
from engine.ops.constants import Const
from engine.ops.control import Placeholder
from engine.ops.state import storage
from engine.ops.update import ApplyUpdate
from engine.plan.bodies import body_programs
from engine.plan.commuting import commute
from engine.plan.fusion import fuse
from engine.plan.nodes import Node, Program, Value
from engine.shapes import Dims, count, in_brackets

_LARGEST_FOLD = 1 << 24
"""Bytes up to which a constant result is kept; beyond it, it is cheaper to compute than to hold."""

_LARGE = 1 << 16
"""Elements from which on a variable that is updated alone is worth an arena, for its strips."""


def build(
    fetches: Sequence[Tensor | Operation], feeds: Mapping[Tensor, Spec], *, optimize: bool = True
) -> Program:
    """The program that computes `fetches` from `feeds`, whose Specs have their final sizes.

    With `optimize` off nothing is folded, merged or simplified: the oracle's program.

    Raises:
        InvalidArgumentError: a placeholder is not fed, or fed sizes do not fit the graph.
    """
    needed = _needed(fetches, feeds)
    order = _order(needed, feeds, grouped=optimize)
    known: dict[Tensor, Value] = {}
    for tensor, spec in feeds.items():
        constant = None if isinstance(spec.dtype, ListDType) else spec.value
        known[tensor] = Value(tensor, spec, constant)
    # Once for all that is folded: each time by itself would cost as much as a small kernel.
    with np.errstate(all="ignore"):
        nodes = _simplify(order, known, feeds, optimize)
    tensors = [fetch for fetch in fetches if isinstance(fetch, Tensor)]
    results = tuple(known[tensor] for tensor in tensors)
    nodes = _live(nodes, results)
    inner = [op for node in nodes for program in node.bodies for op in program.operations]
    operations = tuple(sorted([*needed, *inner], key=_number))
    return Program(nodes, tuple(known[tensor] for tensor in feeds), results, operations, known)


def _needed(fetches: Iterable[Tensor | Operation], feeds: Mapping[Tensor, Spec]) -> set[Operation]:
    needed: set[Operation] = set()
    stack = [
        fetch if isinstance(fetch, Operation) else fetch.op
        for fetch in fetches
        if isinstance(fetch, Operation) or fetch not in feeds
    ]
    while stack:
        op = stack.pop()
        if op in needed:
            continue
        needed.add(op)
        for x in op.inputs:
            if x.op not in needed and x not in feeds:
                stack.append(x.op)
        stack.extend(op.control_inputs)
    return needed


def pulled_operations(
    fetches: Iterable[Tensor | Operation], feeds: Mapping[Tensor, Any]
) -> list[Operation]:
    """What a run needs and can be asked before it: nothing has to happen first."""
    needed = _needed(fetches, feeds)
    found = [
        op
        for op in needed
        if op.definition.pulled
        and not op.control_inputs
        and (op.inputs[0] in feeds or not (op.inputs[0].op.inputs or _waits(op.inputs[0].op)))
    ]
    return sorted(found, key=_number)


def _waits(op: Operation) -> bool:
    return bool(op.control_inputs) or isinstance(op.definition, Placeholder)


def _order(
    needed: set[Operation], feeds: Mapping[Tensor, Spec], grouped: bool
) -> list[Operation | tuple[Operation, ...]]:
    """Operations in an order that meets every dependency; reads before writes where it is open."""
    kinds = {type(op.definition) for op in needed}
    # Of a class, as an instance may have its own: a property counts too.
    if not any(kind.writes or kind.waits_for for kind in kinds):
        # Whatever an operation needs was made before it.
        return [*sorted(needed, key=_number)]
    owner: dict[Operation, Any] = {}
    if grouped:
        for group in {
            op.definition.group for op in needed if isinstance(op.definition, ApplyUpdate)
        }:
            members = tuple(op for op in group.members if op in needed)
            worth = len(members) > 1 or (count(members[0].outputs[0].spec.dims) or 0) > _LARGE
            if len(members) == len(group.members) and worth:
                owner.update((op, members) for op in members)
    waiting: dict[Any, int] = {}
    followers: dict[Any, list[Any]] = {}
    for op in needed:
        unit = owner.get(op, op)
        waiting.setdefault(unit, 0)
        before = {owner.get(x.op, x.op) for x in op.inputs if x not in feeds}
        if op.control_inputs:
            before.update([owner.get(control, control) for control in op.control_inputs])
        first = op.definition.waits_for
        if first is not None and first in needed:
            before.add(owner.get(first, first))
        for dependency in before:
            if dependency is not unit:
                followers.setdefault(dependency, []).append(unit)
                waiting[unit] += 1
    ready: list[tuple[int, Any]] = [_ranked(unit) for unit, count in waiting.items() if not count]
    heapq.heapify(ready)
    writers: list[Any] = []
    order: list[Any] = []
    done: set[Any] = set()
    while ready or writers:
        unit = None
        while ready and unit is None:
            candidate = heapq.heappop(ready)[1]
            if isinstance(candidate, tuple) or candidate.definition.writes:
                writers.append(candidate)
            else:
                unit = candidate
        if unit is None:
            unit = _next_writer(writers, needed, done, owner, followers)
        order.append(unit)
        if isinstance(unit, tuple):
            done.update(unit)
        else:
            done.add(unit)
        for follower in followers.get(unit, ()):
            waiting[follower] -= 1
            if not waiting[follower]:
                heapq.heappush(ready, _ranked(follower))
    if len(done) != len(needed):
        # A member of a group waits for another member: run them one by one.
        assert grouped, "the graph has a cycle"
        return _order(needed, feeds, grouped=False)
    return order


def _number(op: Operation) -> int:
    return op.number


def _ranked(unit: Any) -> tuple[int, Any]:
    return (unit[0].number if isinstance(unit, tuple) else unit.number, unit)


def _written(unit: Any) -> set[Tensor]:
    ops = unit if isinstance(unit, tuple) else (unit,)
    return {storage(op.inputs[index]) for op in ops for index in op.definition.writes}


def _next_writer(
    writers: list[Any],
    needed: set[Operation],
    done: set[Any],
    owner: dict[Operation, Any],
    followers: dict[Any, list[Any]],
) -> Any:
    writers.sort(key=_ranked)
    if len(writers) > 1:
        # All that waits for no writer is done; a read left over waits for one of these. Write
        # first what leaves no read behind that could still have come before it.
        readers = [
            op
            for op in needed
            if op not in done
            and not op.definition.writes
            and any(x.op.definition.ref_output for x in op.inputs)
        ]
        for position, unit in enumerate(writers):
            variables = _written(unit)
            pending = [
                op
                for op in readers
                if any(x.op.definition.ref_output and storage(x) in variables for x in op.inputs)
            ]
            if not pending or not _any_free(pending, unit, owner, followers):
                return writers.pop(position)
    return writers.pop(0)


def _any_free(
    pending: list[Operation],
    unit: Any,
    owner: dict[Operation, Any],
    followers: dict[Any, list[Any]],
) -> bool:
    after: set[Any] = set()
    stack = [unit]
    while stack:
        for follower in followers.get(stack.pop(), ()):
            if follower not in after:
                after.add(follower)
                stack.append(follower)
    return any(owner.get(op, op) not in after for op in pending)


def _simplify(
    order: list[Any], known: dict[Tensor, Value], feeds: Mapping[Tensor, Spec], optimize: bool
) -> list[Node]:
    nodes: list[Node] = []
    merged: dict[Any, Node] = {}
    for unit in order:
        if type(unit) is tuple:
            members = tuple(_plain_node(op, known, feeds) for op in unit)
            nodes.append(Node(unit[0], unit[0].definition, (), (), members))
            continue
        op: Operation = unit
        if optimize and type(op.definition) is Const:
            tensor, array = op.outputs[0], op.definition.array
            if tensor not in feeds:
                known[tensor] = Value(tensor, Spec(tensor.spec.dtype, array.shape, array), array)
            continue
        if isinstance(op.definition, Placeholder):
            if op.outputs[0] not in feeds:
                raise not_fed(op)
            continue
        if isinstance(op.definition, WithBodies):
            nodes.append(_node_with_bodies(op, known, feeds, optimize))
            continue
        if not optimize or op.definition.stateful:
            nodes.append(_plain_node(op, known, feeds))
            continue
        node = _reduced(op, known, feeds, merged, nodes)
        if node is not None:
            nodes.append(node)
    return nodes


def _plain_node(op: Operation, known: dict[Tensor, Value], feeds: Mapping[Tensor, Spec]) -> Node:
    node = Node(op, op.definition, tuple(known[x] for x in op.inputs))
    node.outputs = _outputs(node)
    for tensor, value in zip(op.outputs, node.outputs, strict=True):
        if tensor not in feeds:
            known[tensor] = value
    return node


def _node_with_bodies(
    op: Operation, known: dict[Tensor, Value], feeds: Mapping[Tensor, Spec], optimize: bool
) -> Node:
    node = Node(op, op.definition, tuple(known[x] for x in op.inputs))
    if optimize:
        node.bodies, specs = body_programs(node, build)
    else:
        # The oracle builds the bodies anew in every run, by what sizes there are then.
        specs = tuple(x.spec for x in op.outputs)
    node.outputs = tuple(
        Value(tensor, spec, None, node, index)
        for index, (tensor, spec) in enumerate(zip(op.outputs, specs, strict=True))
    )
    for tensor, value in zip(op.outputs, node.outputs, strict=True):
        if tensor not in feeds:
            known[tensor] = value
    return node


def _outputs(node: Node) -> tuple[Value, ...]:
    return _values(node, final_specs(node.op, node.definition, [x.spec for x in node.inputs]))


def _values(node: Node, specs: tuple[Spec, ...]) -> tuple[Value, ...]:
    tensors = node.op.outputs
    if len(tensors) == 1 == len(specs):
        return (Value(tensors[0], specs[0], None, node),)
    # A kind put in place of another may have fewer outputs, never more.
    return tuple(
        Value(tensor, spec, None, node, index)
        for index, (tensor, spec) in enumerate(zip(tensors, specs, strict=True))
    )


def _as_made(op: Operation, inputs: tuple[Value, ...]) -> tuple[Spec, ...] | None:
    """The outputs' dtypes and sizes where the graph knew all of it already, else None.

    The graph's rule was asked with the same sizes then; only what is known of an input's contents
    might make it say more, or refuse, and that is left to the rule.
    """
    for value, tensor in zip(inputs, op.inputs, strict=False):
        dims = value.spec.dims
        if dims != tensor.spec.dims or dims is None or None in dims:
            return None
        if value.constant is not None and type(tensor.op.definition) is not Const:
            return None
    specs = []
    for tensor in op.outputs:
        spec = tensor.spec
        if spec.dims is None or None in spec.dims or type(spec) is not Spec:
            return None
        specs.append(Spec(spec.dtype, spec.dims))
    return tuple(specs)


def final_specs(op: Operation, definition: Op, specs: list[Spec]) -> tuple[Spec, ...]:
    """The outputs' dtypes and sizes; InvalidArgumentError where the inputs do not fit."""
    try:
        found = definition.infer(*specs)
    except (ValueError, TypeError) as error:
        problem = (getattr(error, "in_a_run", "") or str(error)).rstrip(".")
        raise InvalidArgumentError(
            str(op),
            op,
            compose(
                f"{problem} for '{op.name}' (op: '{op.type}') with input shapes: "
                f"{', '.join(in_brackets(spec.dims) for spec in specs)}.",
                [*op.facts(), f"made at {op.origin}"],
                way_out(problem, op.type) or "feeds of the sizes the graph was made for",
            ),
        ) from error
    return found if isinstance(found, tuple) else (found,)


def _reduced(
    op: Operation,
    known: dict[Tensor, Value],
    feeds: Mapping[Tensor, Spec],
    merged: dict[Any, Node],
    nodes: list[Node],
) -> Node | None:
    definition = op.definition

    def emit(kind: Op, *values: Value) -> Value:
        """One more node before the operation's own."""
        while found := commute(kind, values, emit):
            kind, values = found
        key = _merge_key(kind, values)
        made = merged.get(key) if key is not None else None
        if made is None:
            made = Node(op, kind, values)
            spec = final_specs(op, kind, [value.spec for value in values])[0]
            made.outputs = (Value(op.outputs[0], spec, None, made),)
            nodes.append(made)
            if key is not None:
                merged[key] = made
        return made.outputs[0]

    inputs = tuple([known[x] for x in op.inputs])
    specs = [value.spec for value in inputs]
    # First of all: the rules below may take it that the inputs fit.
    results = _as_made(op, inputs) or final_specs(op, definition, specs)
    if inputs and True not in [value.constant is None for value in inputs]:
        constant = definition.infer_value(*specs)
        if _fold(op, definition, inputs, results, constant, known, feeds):
            return None
    while True:
        simpler = definition.simpler(*specs)
        if simpler is None:
            fused = fuse(definition, inputs) or commute(definition, inputs, emit)
            if fused is None:
                break
            definition, inputs = fused
            specs = [value.spec for value in inputs]
            continue
        if isinstance(simpler, int):
            if op.outputs[0] not in feeds:
                known[op.outputs[0]] = inputs[simpler]
            return None
        definition, kept = simpler
        inputs = tuple(inputs[index] for index in kept)
        specs = [value.spec for value in inputs]
    if definition is not op.definition:
        results = final_specs(op, definition, specs)
    constant = definition.infer_value(*specs)
    foldable = constant is not None or True not in [value.constant is None for value in inputs]
    if foldable and _fold(op, definition, inputs, results, constant, known, feeds):
        return None
    key = _merge_key(definition, inputs)
    same = merged.get(key) if key is not None else None
    if same is None:
        same = Node(op, definition, inputs)
        same.outputs = _values(same, results)
        if key is not None:
            merged[key] = same
        fresh = same
    else:
        fresh = None
    for tensor, value in zip(op.outputs, same.outputs, strict=True):
        if tensor not in feeds:
            known[tensor] = value
    return fresh


def _merge_key(definition: Op, inputs: tuple[Value, ...]) -> Any:
    # Attribute-free kinds have no equality of their own; their class says it all.
    own = type(definition).__eq__ is not object.__eq__
    identity = definition if own else type(definition)
    if not own and definition.attributes():
        return None
    return (type(definition), identity, *[_content(value) for value in inputs])


def _content(value: Value) -> Any:
    array = value.constant
    if array is not None and array.size <= 64 and array.dtype.kind != "O":
        return (array.shape, array.dtype.num, array.tobytes())
    return id(value)


def _fold(
    op: Operation,
    definition: Op,
    inputs: tuple[Value, ...],
    specs: tuple[Spec, ...],
    constant: Array | None,
    known: dict[Tensor, Value],
    feeds: Mapping[Tensor, Spec],
) -> bool:
    if constant is None:
        sizes = [(count(spec.dims) or 0) * spec.dtype.size for spec in specs if spec.is_static]
        if inputs and sum(sizes) > _LARGEST_FOLD:
            return False
        try:
            results = definition.numpy(*[value.constant for value in inputs])
        except (ValueError, ZeroDivisionError, IndexError):
            # It will fail in the run as well, where the error is told in the operation's name.
            return False
        arrays = results if isinstance(results, tuple) else (results,)
    else:
        arrays = (constant,)
    for tensor, array in zip(op.outputs, arrays, strict=True):
        array = np.asarray(array)
        dims: Dims = array.shape
        if tensor not in feeds:
            known[tensor] = Value(tensor, Spec(tensor.spec.dtype, dims, array), array)
    return True


def _live(nodes: list[Node], results: Sequence[Value]) -> list[Node]:
    """Without the nodes whose results nobody needs; stateful ones stay."""
    wanted = {id(value.node) for value in results if value.node is not None}
    kept: list[Node] = []
    for node in reversed(nodes):
        if id(node) in wanted or node.definition.stateful or node.members:
            kept.append(node)
            for part in node.members or (node,):
                wanted.update(id(value.node) for value in part.inputs if value.node is not None)
    kept.reverse()
    return kept


def not_fed(op: Operation) -> InvalidArgumentError:
    """The error for a placeholder that a run needs and did not get."""
    definition = op.definition
    assert isinstance(definition, Placeholder)
    shape = "" if definition.shape is None else f" and shape {in_brackets(definition.shape)}"
    return InvalidArgumentError(
        str(op),
        op,
        compose(
            f"You must feed a value for placeholder tensor '{op.name}' with dtype "
            f"{definition.dtype.proto_name}{shape}",
            [f"made at {op.origin}"],
            f"sess.run(..., feed_dict={{'{op.name}:0': value}}), or the tensor as the key",
        ),
    )
