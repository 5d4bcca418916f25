"""The slow executor: every operation in fresh arrays, nothing merged or reused. The oracle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.graph import Operation, Tensor
from engine.op import Array, Spec
from engine.ops.indexed_slices import check_rows, distinct_rows
from engine.ops.update import ApplyUpdate, Body, SparseApplyUpdate
from engine.plan.failures import in_the_name_of
from engine.plan.nodes import Node
from engine.plan.program import Program, build
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
    handed = [hand_out(values[id(value)]) for value in program.fetches]
    if timing is not None:
        timing.mark(len(program.nodes))
    return handed


def _evaluate(node: Node, state: State, inputs: list[Array]) -> list[Array]:
    definition = node.definition
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
    return [np.array(result, copy=True) for result in results]


def _note_assignment(op: Operation, writes: tuple[int, ...], state: State) -> None:
    for index in writes:
        tensor: Tensor = op.inputs[index]
        while tensor.op.definition.writes:
            tensor = tensor.op.inputs[0]
        state.variable(tensor.op).initialized = True


def _update(body: Body, state: State, inputs: list[Array]) -> Array:
    for target, result in zip(inputs, _formula(body, state, inputs), strict=False):
        np.copyto(target, result)
    return inputs[0]


def _sparse_update(body: Body, state: State, inputs: list[Array]) -> Array:
    stored, (values, indices) = inputs[: body.vectors], inputs[-2:]
    check_rows(stored[0], indices)
    where, sums = distinct_rows(indices, values.reshape(np.size(indices), *stored[0].shape[1:]))
    rows = [array[where] for array in stored]
    results = _formula(body, state, [*rows, *inputs[body.vectors : -2], sums])
    for target, result in zip(stored, results, strict=True):
        target[where] = result
    return stored[0]


def _formula(body: Body, state: State, inputs: list[Array]) -> list[Array]:
    feeds = {
        tensor: Spec(tensor.spec.dtype, np.shape(array))
        for tensor, array in zip(body.inputs, inputs, strict=True)
    }
    return run_program(build(list(body.results), feeds, optimize=False), state, inputs)
