"""The slow executor: every operation in fresh arrays, nothing merged or reused. The oracle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.bodies import Body
from engine.control.branches import If
from engine.control.loops import While
from engine.graph import Operation, Tensor
from engine.op import Array, Spec
from engine.ops.indexed_slices import check_rows, distinct_rows
from engine.ops.lists import ArrayList
from engine.ops.state import ReadVariable, storage
from engine.ops.update import ApplyUpdate, SparseApplyUpdate
from engine.ops.update import Body as UpdateBody
from engine.plan.bodies import handed, outputs_of
from engine.plan.failures import in_the_name_of, uninitialized
from engine.plan.nodes import Node, Program
from engine.plan.program import build
from engine.plan.source import hand_out
from engine.plan.timing import Timing
from engine.state import State


def run_program(
    program: Program, state: State, feeds: Sequence[Array], timing: Timing | None = None
) -> list[Any]:
    """The fetched values, computed one operation after the other by ``Op.numpy``.

    `program` is one built with ``optimize=False``; with `timing` the time is marked there after
    each of its nodes.
    """
    handed = [hand_out(value) for value in _run(program, state, feeds, timing)]
    if timing is not None:
        timing.mark(len(program.nodes))
    return handed


def _run(
    program: Program, state: State, feeds: Sequence[Array], timing: Timing | None = None
) -> list[Any]:
    values: dict[int, Array] = {}
    for value, array in zip(program.feeds, feeds, strict=True):
        values[id(value)] = array
    if timing is not None:
        timing.mark(-1)
    with np.errstate(all="ignore"):
        for number, node in enumerate(program.nodes):
            try:
                results = _evaluate(node, state, [values[id(value)] for value in node.inputs])
            except Exception as error:
                raise in_the_name_of(node.op, error) from error
            for value, result in zip(node.outputs, results, strict=True):
                values[id(value)] = result
            if timing is not None:
                timing.mark(number, results)
            if node.definition.ref_output and node.inputs:
                # An assignment of another size leaves the variable in another array.
                before = values[id(node.inputs[0])]
                values.update({key: results[0] for key, a in values.items() if a is before})
    return [values[id(value)] for value in program.fetches]


def _evaluate(node: Node, state: State, inputs: list[Array]) -> list[Array]:
    definition = node.definition
    if isinstance(definition, If):
        return _branch(node, definition, state, inputs)
    if isinstance(definition, While):
        return _loop(node, definition, state, inputs)
    if isinstance(definition, ApplyUpdate):
        return [_update(definition.body, state, inputs)]
    if isinstance(definition, SparseApplyUpdate):
        return [_sparse_update(definition.body, state, inputs)]
    results = (
        definition.run(state, node.op, *inputs)
        if definition.stateful and definition.run
        else definition.numpy(*inputs)
    )
    results = results if isinstance(results, tuple) else (results,)
    if definition.ref_output:
        _note_assignment(node.op, definition.writes, state)
        return list(results)
    return [_own(result) for result in results]


def _own(value: Any) -> Any:
    return value if isinstance(value, ArrayList) else np.array(value, copy=True)


def _note_assignment(op: Operation, writes: tuple[int, ...], state: State) -> None:
    for index in writes:
        tensor: Tensor = op.inputs[index]
        while tensor.op.definition.writes:
            tensor = tensor.op.inputs[0]
        state.variable(tensor.op).initialized = True


def _run_body(body: Body, given: dict[Tensor, Any], state: State) -> list[Any]:
    """What a body gives, results and kept values, all in memory of its own."""
    wanted = handed(body)
    feeds = {x: _spec(x, given[x]) for x in wanted}
    program = build(outputs_of(body), feeds, optimize=False)
    for node in program.nodes:
        if isinstance(node.definition, ReadVariable):
            variable = storage(node.op.inputs[0]).op
            if not state.variable(variable).initialized:
                raise uninitialized(variable)
    return [_own(value) for value in _run(program, state, [given[x] for x in wanted])]


def _spec(tensor: Tensor, value: Any) -> Spec:
    if isinstance(value, ArrayList):
        dims = tensor.spec.dims
        return Spec(tensor.spec.dtype, None if dims is None else (len(value), *dims[1:]))
    return Spec(tensor.spec.dtype, np.shape(value))


def _branch(node: Node, definition: If, state: State, inputs: list[Array]) -> list[Any]:
    given = dict(zip(node.op.inputs, inputs, strict=True))
    body = definition.then if inputs[0] else definition.otherwise
    count = len(body.results)
    found = _run_body(body, given, state)
    kept = dict(zip(body.saved, found[count:], strict=True))
    lists = [ArrayList([kept[x]] if x in kept else []) for x in definition.kept]
    return [*found[:count], *lists]


def _loop(node: Node, definition: While, state: State, inputs: list[Array]) -> list[Any]:
    given = dict(zip(node.op.inputs, inputs, strict=True))
    count, step, test = definition.count, definition.step, definition.test
    variables = list(inputs[:count])
    stacks = {x: ArrayList() for x in definition.kept}
    rounds = 0
    while _run_body(test, given | dict(zip(test.inputs, variables, strict=True)), state)[0]:
        found = _run_body(step, given | dict(zip(step.inputs, variables, strict=True)), state)
        variables = found[:count]
        for tensor, value in zip(step.saved, found[count:], strict=True):
            stacks[tensor].append(value)
        rounds += 1
    return [*map(_own, variables), np.array(rounds, np.int32), *stacks.values()]


def _update(body: UpdateBody, state: State, inputs: list[Array]) -> Array:
    for target, result in zip(inputs, _formula(body, state, inputs), strict=False):
        np.copyto(target, result)
    return inputs[0]


def _sparse_update(body: UpdateBody, state: State, inputs: list[Array]) -> Array:
    stored, (values, indices) = inputs[: body.vectors], inputs[-2:]
    check_rows(stored[0], indices)
    where, sums = distinct_rows(indices, values.reshape(np.size(indices), *stored[0].shape[1:]))
    rows = [array[where] for array in stored]
    results = _formula(body, state, [*rows, *inputs[body.vectors : -2], sums])
    for target, result in zip(stored, results, strict=True):
        target[where] = result
    return stored[0]


def _formula(body: UpdateBody, state: State, inputs: list[Array]) -> list[Array]:
    feeds = {
        tensor: Spec(tensor.spec.dtype, np.shape(array))
        for tensor, array in zip(body.inputs, inputs, strict=True)
    }
    return run_program(build(list(body.results), feeds, optimize=False), state, inputs)
