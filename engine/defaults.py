"""The default graph and the default session of each thread."""

from __future__ import annotations

import threading
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Runs(Protocol):
    """What a tensor needs of a session in order to be evaluated."""

    @property
    def graph(self) -> Any: ...

    def run(self, fetches: Any, feed_dict: Any = None) -> Any: ...


class _Stacks(threading.local):
    def __init__(self) -> None:
        self.graphs: list[Any] = []
        self.sessions: list[Runs] = []
        self.arguments: list[dict[str, dict[str, Any]]] = []


STACKS = _Stacks()
"""The only module-level state: what ``with graph.as_default()``, ``with session`` and ``with
arg_scope`` put on."""


def default_session() -> Runs | None:
    """The innermost session made default in this thread, or None."""
    return STACKS.sessions[-1] if STACKS.sessions else None


def remove_last(stack: list[T], item: T) -> None:
    """Take the innermost occurrence of `item` off, wherever it lies."""
    for position in range(len(stack) - 1, -1, -1):
        if stack[position] is item:
            del stack[position]
            return
