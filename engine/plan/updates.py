"""Lowering of optimizer updates: one formula over an arena, a single variable, or some rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from engine.kernels.lanes import split
from engine.kernels.vectors import LEAST, ScaledSum, can_sum
from engine.op import Array, Spec
from engine.ops.indexed_slices import check_rows, distinct_rows
from engine.ops.state import storage
from engine.ops.update import ApplyUpdate, Body, SparseApplyUpdate
from engine.plan.lowering import Builder, Ref, Shared
from engine.plan.nodes import Node, Program, Value
from engine.plan.program import build
from engine.plan.steps import Step, steps_of
from engine.state import Arena, State

_STRIP = 8192
"""Elements of an arena updated at a time, so that the temporaries stay in the cache."""
_MOST_STRIPS = 64
_SHARED = 1 << 16
"""Elements from which on an arena is updated by several threads."""
_LANE_STRIP = 1 << 15
"""Elements of a strip then: threads with shorter calls wait for Python's lock, not for memory."""


_MOST_UNEVEN = 8
"""One thread may have this part more to update than another, so that it has whole rows."""


class UpdateLowering:
    """The part of `engine.plan.lower.Lowering` that lowers optimizer updates."""

    program: Program
    state: State
    builder: Builder
    refs: dict[int, Any]
    is_body: bool

    def __init__(self, program: Program, state: State, threads: int = 1):
        raise NotImplementedError

    def ref(self, value: Value) -> Ref:
        """Where a value is."""
        raise NotImplementedError

    def _node(self, node: Node, position: int) -> None:
        raise NotImplementedError

    def _note_access(self, node: Node) -> None:
        raise NotImplementedError

    def _check_target(self, node: Node, target: Ref) -> None:
        raise NotImplementedError

    def _single_update(self, node: Node) -> None:
        definition = node.definition
        assert isinstance(definition, ApplyUpdate)
        self._note_access(node)
        inputs = [self.ref(value) for value in node.inputs]
        self._check_target(node, inputs[0])
        self._inline(definition.body, inputs)
        self.refs[id(node.outputs[0])] = inputs[0]

    def _sparse_update(self, node: Node) -> None:
        """Take the rows out of the variable and its slots, run the formula on them, put them back.

        Rows given twice leave fewer than the sizes say. The memory keeps its size, and what is
        behind the last row is computed and thrown away: cheaper than memory of changing size.
        """
        definition = node.definition
        assert isinstance(definition, SparseApplyUpdate)
        self._note_access(node)
        inputs = [self.ref(value) for value in node.inputs]
        count, b = definition.body.vectors, self.builder
        stored, scalars, (values, indices) = inputs[:count], inputs[count:-2], inputs[-2:]
        self._check_target(node, stored[0])
        found: Ref | None = None
        if any(ref.dims is None for ref in (indices, values, *stored)):
            both = b.local(distinct_rows, indices, values, dims=None, dtype=object, label="rows")
            where = b.local(_first, both, dims=None, dtype=indices.dtype, label="where")
            sums = b.local(_second, both, dims=None, dtype=values.dtype, label="sums")
            parts = [
                b.local(_rows_at, ref, where, dims=None, dtype=ref.dtype, label="rows")
                for ref in stored
            ]
        else:
            n = indices.size
            where = b.scratch((n,), indices.dtype, "where")
            sums = b.scratch((n, *(stored[0].dims or ())[1:]), values.dtype, "sums")
            found = b.local(
                distinct_rows_into,
                *(stored[0], indices, values, where, sums),
                dims=(),
                dtype=np.int64,
                label="distinct",
            )
            parts = []
            for ref in stored:
                parts.append(b.scratch((n, *(ref.dims or ())[1:]), ref.dtype, f"{ref.label}_rows"))
                b.call(np.take, ref, where, 0, parts[-1], "clip", writes=parts[-1])
        results = self._formula(definition.body, [*parts, *scalars, sums])
        for target, result in zip(stored, results, strict=True):
            b.call(put_rows, where, found, result, target, writes=target)
        self.refs[id(node.outputs[0])] = stored[0]

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
        dims = [self.ref(member.inputs[-1]).dims or () for member in node.members]
        for lane, (begin, end) in _strips(total, self.builder.threads, dims):
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
            # A body may be one of several over the same variables: it moves none of them.
            held = tuple(storage(m.inputs[index].tensor).op for m in members)
            arena = None if self.is_body else self.state.arena(held)
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

    def _formula(
        self, body: Body, inputs: list[Ref], shared: dict[int, Ref] | None = None
    ) -> list[Ref]:
        """Write the calls of an update's formula over these references; where its results are."""
        feeds = {
            tensor: Spec(tensor.spec.dtype, ref.dims, self.builder.value(ref))
            for tensor, ref in zip(body.inputs, inputs, strict=True)
        }
        inner = type(self)(build(list(body.results), feeds), self.state)
        inner.builder = self.builder
        for value, ref in zip(inner.program.feeds, inputs, strict=True):
            inner.refs[id(value)] = ref
        targets = inner.program.feeds[: body.vectors]
        steps = steps_of(inner.program, targets) if _one_pass(inputs) else {}
        left_out = {id(node) for step in steps.values() for node in step.inner}
        last_of_gradient = _last_reader(inner.program, inner.program.feeds[-1], left_out)
        for position, node in enumerate(inner.program.nodes):
            if id(node) in left_out:
                continue
            if id(node) in steps:
                inner._step(steps[id(node)], shared)
                inner.refs[id(node.outputs[0])] = inner.ref(steps[id(node)].target)
                continue
            key = node.op.number
            is_scalar = node.outputs[0].spec.dims == ()
            if shared is not None and is_scalar and key in shared:
                inner.refs[id(node.outputs[0])] = shared[key]
                continue
            lane = self.builder.lane
            if is_scalar:
                # One thread computes what all of them use.
                self.builder.lane = None
            if node is last_of_gradient and isinstance(inputs[-1].root, Shared):
                inner._over_gradient(node, inputs[-1])
            else:
                inner._node(node, position)
            self.builder.lane = lane
            if shared is not None and is_scalar:
                shared[key] = inner.refs[id(node.outputs[0])]
        return [inner.ref(value) for value in inner.program.fetches]

    def _over_gradient(self, node: Node, gradient: Ref) -> None:
        """The last to read a part of the plan's own arena of gradients writes into it."""
        inputs = [self.ref(value) for value in node.inputs]
        self.builder.ufunc(node.definition.ufunc, *inputs, gradient)
        self.refs[id(node.outputs[0])] = gradient

    def _step(self, step: Step, shared: dict[int, Ref] | None) -> None:
        """One pass over the target; a scalar that a run computes is turned round once for all."""
        b, target = self.builder, self.ref(step.target)
        factor = b.constant(np.ones((), target.dtype), "one")
        if step.factor is not None:
            factor = self.ref(step.factor)
        if step.negative:
            known = b.value(factor)
            key = -1 - id(factor)
            if known is not None:
                factor = b.constant(-known, f"minus_{factor.label}")
            elif shared is not None and key in shared:
                factor = shared[key]
            else:
                lane, b.lane = b.lane, None
                turned = b.scratch((), factor.dtype, f"minus_{factor.label}")
                b.ufunc(np.negative, factor, turned)
                b.lane, factor = lane, turned
                if shared is not None:
                    shared[key] = turned
        b.ufunc(ScaledSum(step.kept), target, self.ref(step.other), factor, target)

    def _inline(self, body: Body, inputs: list[Ref], shared: dict[int, Ref] | None = None) -> None:
        """Write the calls that change the variable and slots among `inputs` by the formula."""
        targets = inputs[: body.vectors]
        results = self._formula(body, inputs, shared)
        for index, (target, result) in enumerate(zip(targets, results, strict=True)):
            if result is not target and any(result.overlaps(other) for other in targets):
                # A slot that takes over another one's old value, which is overwritten below.
                results[index] = self.builder.scratch(result.dims or (), result.dtype, "before")
                self.builder.copy(results[index], result)
        for target, result in zip(targets, results, strict=True):
            if result is not target:
                self.builder.copy(target, result)


def _one_pass(inputs: list[Ref]) -> bool:
    """Whether the target is worth BLAS's sums of vectors, and they are there for its dtype."""
    target = inputs[0]
    known = target.kind == "array" and target.dims is not None and target.size >= LEAST
    return known and can_sum(target.dtype)


def _last_reader(program: Program, gradient: Value, left_out: set[int]) -> Node | None:
    """The last node to read the gradient, where its result may take the gradient's place."""
    readers = [
        node
        for node in program.nodes
        if id(node) not in left_out and any(value is gradient for value in node.inputs)
    ]
    if not readers or any(value is gradient for value in program.fetches):
        return None
    last = readers[-1]
    result = last.outputs[0].spec
    same = result.dims == gradient.spec.dims and result.dtype is gradient.spec.dtype
    return last if same and last.definition.ufunc is not None else None


def _strips(
    total: int, threads: int, dims: Sequence[tuple[int, ...]] = ()
) -> list[tuple[int | None, tuple[int, int]]]:
    """The strips of an arena, each with the thread that updates it (None: no matter)."""
    if threads < 2 or total < _SHARED:
        return [(None, strip) for strip in split(total, _count(total, _STRIP))]
    return [
        (lane, (first + begin, first + end))
        for lane, (first, last) in enumerate(_at_rows(split(total, threads), dims))
        for begin, end in split(last - first, _count(last - first, _LANE_STRIP))
    ]


def _at_rows(
    parts: list[tuple[int, int]], dims: Sequence[tuple[int, ...]]
) -> list[tuple[int, int]]:
    """The parts with their borders moved to the nearest row of the matrix they fall into."""
    edges = [parts[0][0], *[last for _, last in parts]]
    allowed = (parts[0][1] - parts[0][0]) // _MOST_UNEVEN
    start = 0
    for sizes in dims:
        size = int(np.prod(sizes))
        width = sizes[-1] if len(sizes) > 1 else size
        for place, edge in enumerate(edges[1:-1], 1):
            if start < edge < start + size:
                moved = start + round((edge - start) / width) * width
                if abs(moved - edge) <= allowed:
                    edges[place] = moved
        start += size
    return list(pairwise(edges))


def _count(elements: int, strip: int) -> int:
    return min(-(-elements // strip), _MOST_STRIPS)


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


def distinct_rows_into(
    variable: Array, indices: Array, rows: Array, where: Array, sums: Array
) -> int:
    """The different indices and their summed rows, to the front of `where` and `sums`; how many."""
    check_rows(variable, indices)
    found, summed = distinct_rows(indices, rows.reshape(sums.shape))
    n = found.size
    where[:n], sums[:n] = found, summed
    where[n:], sums[n:] = 0, 0
    return int(n)


def put_rows(where: Array, count: int | None, rows: Array, out: Array) -> None:
    """The first `count` rows into `out`, each at its index."""
    out[where[:count]] = rows if rows.ndim == 0 else rows[:count]


def _rows_at(array: Array, where: Array) -> Array:
    check_rows(array, where)
    return np.take(array, where, axis=0)


def _first(pair: tuple[Array, Array]) -> Array:
    return pair[0]


def _second(pair: tuple[Array, Array]) -> Array:
    return pair[1]
