"""What a session keeps between runs: variables, random generators, arenas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

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
    """Variables and generators of one session. One owner: the session, under its lock."""

    def __init__(self) -> None:
        self._variables: dict[Operation, VariableState] = {}
        self._generators: dict[Operation, np.random.Generator] = {}
        self._arenas: dict[tuple[Operation, ...], Arena] = {}
        self.iterators: dict[bytes, Any] = {}
        """The iterators of ``tf.data`` by their handles."""
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

    def generator(self, op: Operation) -> np.random.Generator:
        """The random stream of one operation: Philox keyed by graph seed and op seed.

        It starts anew in every session and advances with every run. Without any seed it is
        unpredictable, as in TensorFlow.
        """
        found = self._generators.get(op)
        if found is None:
            seed = getattr(op.definition, "seed", None)
            key = None if seed is None else [seed[0] % 2**64, seed[1] % 2**64]
            bits = (
                np.random.Philox()
                if key is None
                else np.random.Philox(key=np.array(key, np.uint64))
            )
            found = self._generators[op] = np.random.Generator(bits)
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

    `op_number` stands in for the op's seed where only the graph has one.
    """
    if graph_seed is None and op_seed is None:
        return None
    return (
        DEFAULT_GRAPH_SEED if graph_seed is None else graph_seed,
        op_number if op_seed is None else op_seed,
    )
