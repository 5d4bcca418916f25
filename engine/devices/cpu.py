"""The NumPy back end: the plan's flat call sequence, or operation by operation for the oracle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine.devices.base import Segment
from engine.kernels.blas import on_one_thread
from engine.kernels.denormals import flushing
from engine.op import Array
from engine.plan.debug import run_program
from engine.plan.inner import BODY_FILE, CompileBody, CompiledBody
from engine.plan.lanes import owns_the_cores, share
from engine.plan.lower import Lowering
from engine.plan.lowering import Builder, Call, Ref
from engine.plan.memory import assign, elide_copies
from engine.plan.nodes import Program
from engine.plan.source import Compiled, generate
from engine.plan.timing import Timing
from engine.state import State


class CpuDevice:
    """A CPU of this process; `index` counts those that ``device_count`` asks for."""

    def __init__(self, index: int = 0, poison: bool = False, threads: int = 1):
        self.name = f"/job:localhost/replica:0/task:0/device:CPU:{index}"
        self._poison = poison
        self._threads = threads

    def put(self, array: Array) -> Any:
        return np.asarray(array)

    def fetch(self, value: Any) -> Array:
        return np.array(value)

    def compile(self, program: Program, state: State, timing: Timing | None = None) -> Segment:
        """The program as one generated function over memory that is its own.

        A timed one is one sequence: what threads do at the same time has no one begin and end.
        """
        generation = -1
        while generation != state.generation:
            # Lowering may move variables into an arena, after which earlier references are stale.
            generation = state.generation
            inner: list[str] = []
            compile_body = self._body_compiler(state, inner)
            lowering = Lowering(program, state, self._threads, compile_body)
            builder = lowering.lower()
        compiled, nbytes = self._generated(lowering, builder, timing)
        return Segment(
            np.errstate(all="ignore")(compiled.function),
            tuple(lowering.reads_first),
            tuple(lowering.assigned),
            compiled.text + "".join(inner),
            compiled.lines,
            nbytes,
            program.operations,
        )

    def _generated(
        self,
        lowering: Lowering,
        builder: Builder,
        timing: Timing | None = None,
        body_file: str | None = None,
    ) -> tuple[Compiled, int]:
        feeds = [lowering.ref(value) for value in lowering.program.feeds]
        fetches: list[Ref] = [lowering.ref(value) for value in lowering.program.fetches]
        calls = elide_copies(builder.calls, {id(ref.root) for ref in fetches})
        if timing is None:
            calls = share(calls, feeds, fetches, self._threads)
        calls, nbytes = assign(calls, fetches, self._poison)
        if timing is not None:
            timing.follow(calls, lowering.refs)
        compiled = generate(calls, feeds, fetches, timing, body_file)
        if body_file is None:
            function = compiled.function
            if owns_the_cores(calls):
                function = on_one_thread(function)
            if _takes_long(calls, lowering.program):
                function = flushing(function)
            compiled = replace(compiled, function=function)
        return compiled, nbytes

    def _body_compiler(self, state: State, texts: list[str]) -> CompileBody:
        def compile_body(program: Program) -> CompiledBody:
            lowering = Lowering(program, state, self._threads, compile_body, is_body=True)
            compiled, _ = self._generated(lowering, lowering.lower(), body_file=BODY_FILE)
            texts.append(f"\n{compiled.text}")
            return CompiledBody(
                compiled.function,
                compiled.text,
                compiled.lines,
                lowering.reads_first,
                lowering.assigned,
            )

        return compile_body


def _takes_long(calls: Sequence[Call], program: Program) -> bool:
    """Whether a microsecond more makes no difference."""
    if any(call.lanes is not None for call in calls) or any(node.bodies for node in program.nodes):
        return True
    return sum(call.writes.size for call in calls if call.writes is not None) >= _MANY_ELEMENTS


_MANY_ELEMENTS = 50_000
"""Elements written in a step from which on it takes 30 us at least."""


class DebugDevice(CpuDevice):
    """The oracle: fresh arrays for every operation."""

    def compile(self, program: Program, state: State, timing: Timing | None = None) -> Segment:
        def run(feeds: Any) -> list[Any]:
            return run_program(program, state, feeds, timing)

        if timing is not None:
            timing.follow_nodes()
        lowering = Lowering(program, State())
        lowering.lower()
        text = "\n".join(f"{node.op.name}: {node.op.type}" for node in program.nodes)
        return Segment(
            run,
            tuple(lowering.reads_first),
            tuple(lowering.assigned),
            text,
            {},
            0,
            program.operations,
        )
