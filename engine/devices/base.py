"""The contract of a back end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from engine.graph import Operation
from engine.op import Array
from engine.plan.nodes import Program
from engine.plan.timing import Timing
from engine.state import State


@dataclass(frozen=True)
class Segment:
    """A program made ready for one device."""

    run: Callable[[Sequence[Any]], list[Any]]
    """Values of the device in, values for the user out, in the program's order of fetches."""
    reads_first: tuple[Operation, ...]
    """Variables that must have a value before the run."""
    assigns: tuple[Operation, ...]
    """Variables that have a value after it."""
    text: str
    """What will run, for people to read."""
    lines: dict[int, Operation]
    """Line of `text` to the operation it belongs to."""
    nbytes: int
    """Memory held for in-between results."""
    operations: tuple[Operation, ...]
    """Every operation that it stands for, those folded or merged away included."""


class Device(Protocol):
    """A back end: it takes arrays in, gives them out, and compiles what runs between."""

    @property
    def name(self) -> str:
        """The full name: ``/job:localhost/replica:0/task:0/device:CPU:0``."""
        ...

    def put(self, array: Array) -> Any:
        """The device's own value for a NumPy array."""
        ...

    def fetch(self, value: Any) -> Array:
        """A NumPy array of a device's value, the caller's own."""
        ...

    def compile(self, program: Program, state: State, timing: Timing | None = None) -> Segment:
        """The program ready to run; called once a signature, and once more where it is traced.

        With `timing` each run leaves there when its calls began and ended.
        """
        ...
