"""When each call of a program began and ended: marked by its timed variant, read for a trace."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import DeadlineExceededError, compose
from engine.graph import Operation
from engine.op import Spec
from engine.ops.state import VariableV2
from engine.plan.lowering import Call, Ref
from engine.plan.nodes import Program
from engine.shapes import count

_NEVER = float("inf")


@dataclass(frozen=True)
class Output:
    """One output of an operation in a run."""

    slot: int
    dtype: str
    dims: tuple[int, ...]
    nbytes: int


@dataclass(frozen=True)
class OpTime:
    """What one operation took in one run; `op` is None for the handing out of the results."""

    op: Operation | None
    intervals: tuple[tuple[int, int], ...]
    """Begin and end of its calls in nanoseconds after the step's beginning, in order."""
    outputs: tuple[Output, ...] = ()
    scratch: int = 0
    """Bytes it wrote to besides its outputs."""
    together: int = 1
    """How many updates of variables ran as one, the time of which is shared out by size."""


class Deadline:
    """The clock of timed programs, and when they have to be done."""

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self.clock = clock
        """Nanoseconds of a clock that only goes forward."""
        self.limit: list[float] = [_NEVER]
        """The one moment after which a run is too late; a list, which programs share."""

    def allow(self, milliseconds: int) -> None:
        """Time for the next run, from now on; 0 for no limit."""
        self.limit[0] = self.clock() + milliseconds * 1_000_000 if milliseconds else _NEVER


class Timing:
    """The marks of one timed program; one run at a time."""

    def __init__(self, program: Program, deadline: Deadline) -> None:
        self.program = program
        self.clock = deadline.clock
        self.owners: list[Operation | None] = []
        self.marks: list[int] = []
        self.results: list[Any] = []
        """What calls gave whose sizes only the run tells, by the call's number."""
        self.limit = deadline.limit
        self._scratch: dict[Operation, int] = {}
        self._local: dict[int, int] = {}

    def prepare(self, owners: Sequence[Operation | None]) -> None:
        """Room for the marks of calls that belong to these operations."""
        self.owners = list(owners)
        self.marks = [0] * (len(owners) + 2)
        self.results = [None] * (len(owners) + 1)

    def follow(self, calls: Sequence[Call], outputs: dict[int, Any]) -> None:
        """Prepare for these calls; `outputs` are the values' references, by the values' id."""
        self.prepare([call.op for call in calls])
        number = {id(call.result): n for n, call in enumerate(calls) if call.result is not None}
        shown = set()
        for node in self.program.nodes:
            for value in (part for member in (node, *node.members) for part in member.outputs):
                ref = outputs.get(id(value))
                if isinstance(ref, Ref):
                    shown.add(id(ref.root))
                    if id(ref) in number:
                        self._local[id(value)] = number[id(ref)]
        # By address: one after the other, in-between results of an operation share memory.
        blocks: dict[Operation, dict[int, int]] = {}
        for call in calls:
            root = call.writes.root if call.writes is not None else None
            if call.op is not None and isinstance(root, Ref) and id(root) not in shown:
                sizes = blocks.setdefault(call.op, {})
                address = root.memory().__array_interface__["data"][0]
                sizes[address] = max(root.nbytes, sizes.get(address, 0))
        self._scratch = {op: sum(sizes.values()) for op, sizes in blocks.items()}

    def follow_nodes(self) -> None:
        """Prepare for a run node by node."""
        self.prepare([node.op for node in self.program.nodes])
        for number, node in enumerate(self.program.nodes):
            for value in node.outputs:
                self._local[id(value)] = number

    def mark(self, number: int, results: Sequence[Any] = ()) -> None:
        """Mark the time after the node of this number, which gave these results."""
        self.marks[number + 1] = now = self.clock()
        if results:
            self.results[number] = tuple(results)
        if 0 <= number < len(self.owners) and now > self.limit[0]:
            self.late(number)

    def late(self, number: int) -> None:
        """Tell that the time is up after the call of this number."""
        op = self.owners[number]
        facts = [] if op is None else [f"after '{op.name}' (op: '{op.type}'), made at {op.origin}"]
        raise DeadlineExceededError(
            None if op is None else str(op),
            op,
            compose(
                "Timed out waiting for notification", facts, "a larger RunOptions.timeout_in_ms"
            ),
        )

    def read(self) -> list[OpTime]:
        """What each operation that ran took, in the order of the first calls."""
        begin = self.marks[0]
        scratch = dict(self._scratch)
        intervals: dict[Operation | None, list[tuple[int, int]]] = {}
        for number, op in enumerate([*self.owners, None]):
            start, end = self.marks[number] - begin, self.marks[number + 1] - begin
            own = intervals.setdefault(op, [])
            if own and own[-1][1] == start:
                own[-1] = (own[-1][0], end)
            else:
                own.append((start, end))
        together = self._share_out(intervals, scratch)
        outputs = self._outputs()
        self.results = [None] * len(self.results)
        return [
            OpTime(
                op,
                tuple(spans),
                tuple(outputs.get(op, ())) if op is not None else (),
                scratch.get(op, 0) if op is not None else 0,
                together.get(op, 1) if op is not None else 1,
            )
            for op, spans in intervals.items()
        ]

    def _share_out(
        self,
        intervals: dict[Operation | None, list[tuple[int, int]]],
        scratch: dict[Operation, int],
    ) -> dict[Operation, int]:
        """Give each member of a group of updates its share of time and memory, by size."""
        together: dict[Operation, int] = {}
        for node in self.program.nodes:
            ops = [member.op for member in node.members]
            spans = sorted(span for op in ops for span in intervals.get(op, ()))
            if not spans:
                continue
            sizes = [max(1, _elements(member.inputs[-1].spec)) for member in node.members]
            left = list(spans)
            total = sum(end - start for start, end in spans)
            memory = sum(scratch.get(op, 0) for op in ops)
            for index, (op, size) in enumerate(zip(ops, sizes, strict=True)):
                share = total * size // sum(sizes) if index < len(ops) - 1 else total
                intervals[op] = _taken(left, share)
                scratch[op] = memory * size // sum(sizes)
                together[op] = len(ops)
        return together

    def _outputs(self) -> dict[Operation, list[Output]]:
        found: dict[Operation, list[Output]] = {}
        for node in self.program.nodes:
            for member in node.members or (node,):
                for slot, value in enumerate(member.outputs):
                    number = self._local.get(id(value))
                    result = None if number is None else self.results[number]
                    if isinstance(result, tuple):
                        result = result[slot]
                    dims = value.spec.dims if result is None else np.shape(result)
                    elements = count(dims)
                    if dims is None or elements is None:
                        continue
                    dtype = value.spec.dtype
                    sizes = tuple(size or 0 for size in dims)
                    found.setdefault(member.op, []).append(
                        Output(slot, dtype.name, sizes, elements * dtype.size)
                    )
        return found

    def without_calls(self) -> list[tuple[Operation, str]]:
        """Operations that the run stands for without a call of their own, and why."""
        called = {*self.owners, *(m.op for node in self.program.nodes for m in node.members)}
        kept = {member.op for node in self.program.nodes for member in node.members or (node,)}
        return [
            (op, self._reason(op, op in kept)) for op in self.program.operations if op not in called
        ]

    def _reason(self, op: Operation, kept: bool) -> str:
        if isinstance(op.definition, VariableV2):
            return "storage of a variable"
        if not op.outputs:
            return "orders others"
        if kept:
            return "a view of its input, or written in place by what computes its input"
        value = self.program.values.get(op.outputs[0])
        if value is not None and value.constant is not None:
            return "folded into a constant"
        if value is not None and value.node is not None and value.node.op is not op:
            return f"merged into '{value.node.op.name}'"
        return "fused into what uses it"


def _elements(spec: Spec) -> int:
    return count(spec.dims) or 0


def _taken(left: list[tuple[int, int]], share: int) -> list[tuple[int, int]]:
    """The first `share` nanoseconds of the intervals `left`, which lose them."""
    taken: list[tuple[int, int]] = []
    while left and share > 0:
        start, end = left.pop(0)
        part = min(share, end - start)
        taken.append((start, start + part))
        share -= part
        if start + part < end:
            left.insert(0, (start + part, end))
    return taken or [(left[0][0], left[0][0]) if left else (0, 0)]
