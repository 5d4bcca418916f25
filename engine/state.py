"""What a session keeps between runs: variables, random streams, arenas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.drawing import Stream
from engine.op import Array

if TYPE_CHECKING:
    from engine.graph import Operation

DEFAULT_GRAPH_SEED = 87654321
"""What stands in for the graph's seed where only the operation has one, as in TensorFlow."""


class VariableState:
    """The storage of one variable in one session."""

    __slots__ = ("arena", "array", "initialized", "resizable", "span")

    def __init__(self, array: Array):
        self.array = array
        self.initialized = False
        self.arena: Arena | None = None
        self.span: tuple[int, int] | None = None
        """First and last + 1 element within its arena."""
        self.resizable = False
        """Whether assignments replace the array, so that programs must look it up in every run."""


@dataclass(eq=False)
class Arena:
    """One flat array that holds several variables one after the other."""

    flat: Array
    members: tuple[Operation, ...]


class State:
    """Variables and random streams of one session. One owner: the session, under its lock."""

    def __init__(self) -> None:
        self._variables: dict[Operation, VariableState] = {}
        self._streams: dict[Operation, Stream] = {}
        self._arenas: dict[tuple[Operation, ...], Arena] = {}
        self.iterators: dict[bytes, Any] = {}
        """The iterators of ``tf.data`` by their handles."""
        self._counts: dict[Operation, int] = {}
        self.generation = 0
        """Grows when storage moves; programs compiled before point at the old one."""

    def variable(self, op: Operation) -> VariableState:
        """The storage of the variable made by `op`, made here on first use."""
        found = self._variables.get(op)
        if found is None:
            spec = op.outputs[0].spec
            # Sizes that are not known come with the first assignment.
            array = np.zeros([size or 0 for size in spec.dims or ()], spec.dtype.np)
            found = self._variables[op] = VariableState(array)
        return found

    def resizable(self, op: Operation) -> VariableState:
        """The storage of a variable whose array assignments replace."""
        found = self.variable(op)
        if not found.resizable:
            found.resizable = True
            self.generation += 1
        return found

    def replace(self, op: Operation, value: Array) -> Array:
        """A copy of `value` as the new storage of a variable."""
        found = self.resizable(op)
        found.array, found.arena, found.span = np.array(value), None, None
        return found.array

    def stream(self, op: Operation) -> Stream:
        """The random words of one operation, keyed by graph seed and op seed.

        It starts anew in every session and advances with every run. Without any seed it is
        unpredictable, as in TensorFlow.
        """
        found = self._streams.get(op)
        if found is None:
            found = self._streams[op] = Stream(getattr(op.definition, "seed", None))
        return found

    def count(self, op: Operation) -> int:
        """How often this was asked for the operation in this session, this time included."""
        found = self._counts[op] = self._counts.get(op, 0) + 1
        return found

    def arena(self, members: tuple[Operation, ...]) -> Arena | None:
        """One flat array holding these variables in order; their values move into it.

        None if some of them already live in another arena, or their dtypes differ.
        """
        states = [self.variable(op) for op in members]
        if any(state.resizable for state in states):
            return None
        found = self._arenas.get(members)
        if found is not None:
            return found
        if (
            any(state.arena is not None for state in states)
            or len({s.array.dtype for s in states}) != 1
        ):
            return None
        flat = np.concatenate([state.array.ravel() for state in states])
        arena = Arena(flat, members)
        # Interrupted anywhere below, every variable still has one storage that holds its value,
        # and programs compiled before are known to be out of date.
        self.generation += 1
        start = 0
        for state in states:
            stop = start + state.array.size
            moved = flat[start:stop].reshape(state.array.shape)
            state.array, state.arena, state.span = moved, arena, (start, stop)
            start = stop
        self._arenas[members] = arena
        return arena


def seeds(graph_seed: int | None, op_seed: int | None, op_number: int) -> tuple[int, int] | None:
    """The pair that keys an operation's random stream, None if nothing is seeded.

    `op_number`, that of the graph's last operation, stands in for the op's seed where only the
    graph has one.

    Source: ``tf.get_seed`` (TensorFlow 1.15).
    """
    if graph_seed is None and op_seed is None:
        return None
    pair = (
        DEFAULT_GRAPH_SEED if graph_seed is None else int(graph_seed),
        op_number if op_seed is None else int(op_seed),
    )
    # TensorFlow keeps (0, 0) for streams without a seed.
    return (0, 2**31 - 1) if pair == (0, 0) else pair
