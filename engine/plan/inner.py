"""How compiled bodies run: a branch is chosen, a loop goes round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.control.branches import If
from engine.control.loops import While
from engine.errors import OpError
from engine.graph import Operation, Tensor
from engine.ops.lists import ArrayList
from engine.plan.bodies import handed
from engine.plan.failures import in_the_name_of, uninitialized
from engine.plan.nodes import Program
from engine.plan.source import operation_of
from engine.state import State

BODY_FILE = "<body>"
"""What tracebacks call the generated source of a body."""


@dataclass
class CompiledBody:
    """A body as a function of what it is handed, and the variables it needs and sets."""

    function: Callable[[Sequence[Any]], list[Any]]
    text: str
    lines: dict[int, Operation]
    reads_first: list[Operation] = field(default_factory=list)
    assigned: list[Operation] = field(default_factory=list)

    def told(self, error: Exception) -> Exception:
        """The error of a kernel in the name of the operation it belongs to."""
        op = operation_of(error, BODY_FILE, self.lines, self.function.__globals__)
        return error if op is None else in_the_name_of(op, error)


CompileBody = Callable[[Program], CompiledBody]


class _Ready:
    """Checks before the first run of a body that its variables have values."""

    def __init__(self, body: CompiledBody, state: State, known: list[Operation]):
        self._body = body
        self._state = state
        self._known = list(known)
        self.checked = False

    def check(self) -> None:
        for op in self._body.reads_first:
            if op not in self._known and not self._state.variable(op).initialized:
                raise uninitialized(op)

    def done(self) -> None:
        for op in self._body.assigned:
            self._state.variable(op).initialized = True
        self.checked = True


def _picker(body: Any, inputs: Sequence[Tensor], skip: int = 0) -> Callable[[Any], tuple[Any, ...]]:
    """Of an operation's inputs, those that a body captures."""
    places = [inputs.index(x) for x in handed(body)[skip:]]
    if places == list(range(len(inputs) - len(places), len(inputs))):
        first = len(inputs) - len(places)
        return lambda arrays: arrays[first:]
    return lambda arrays: tuple([arrays[place] for place in places])


def branch(
    op: Operation, bodies: Sequence[CompiledBody], state: State, known: list[Operation]
) -> Callable[..., Any]:
    """The function of an `If`'s inputs that gives its outputs."""
    definition = op.definition
    assert isinstance(definition, If)
    count = len(definition.then.results)
    sides = []
    for inner, body in zip(definition.bodies, bodies, strict=True):
        layout = [
            inner.saved.index(tensor) + count if tensor in inner.saved else None
            for tensor in definition.kept
        ]
        ready = _Ready(body, state, known)
        sides.append((body, _picker(inner, op.inputs), layout, ready))
    then, otherwise = sides
    single = len(op.outputs) == 1

    def chosen(predicate: Any, *captured: Any) -> Any:
        body, pick, layout, ready = then if predicate else otherwise
        if not ready.checked:
            ready.check()
        try:
            found = body.function(pick((predicate, *captured)))
        except OpError:
            raise
        except Exception as error:
            raise body.told(error) from error
        if not ready.checked:
            ready.done()
        foreign = {id(array) for array in captured}
        found = [_own(value) if id(value) in foreign else value for value in found]
        if single:
            return found[0]
        # What the gradient of this branch keeps; the other branch keeps nothing.
        lists = [ArrayList() if at is None else ArrayList([found[at]]) for at in layout]
        return (*found[:count], *lists)

    return chosen


def loop(
    op: Operation, bodies: Sequence[CompiledBody], state: State, known: list[Operation]
) -> Callable[..., Any]:
    """The function of a `While`'s inputs that gives its outputs."""
    definition = op.definition
    assert isinstance(definition, While)
    count = definition.count
    test, step = bodies
    pick_test = _picker(definition.test, op.inputs, count)
    pick_step = _picker(definition.step, op.inputs, count)
    ready = [_Ready(body, state, known) for body in bodies]
    order = [definition.step.saved.index(tensor) for tensor in definition.kept]

    def looped(*arrays: Any) -> Any:
        # The memory of others, which may change once the loop is done.
        foreign = {id(array) for array in arrays}
        variables = list(arrays[:count])
        for_test, for_step = pick_test(arrays), pick_step(arrays)
        goes_on, changed = test.function, step.function
        stacks = [ArrayList() for _ in order]
        rounds = 0
        running = test
        if not ready[0].checked:
            ready[0].check()
        try:
            while goes_on((*variables, *for_test))[0]:
                if not rounds and not ready[1].checked:
                    ready[1].check()
                running = step
                found = changed((*variables, *for_step))
                variables = found[:count]
                for stack, value in zip(stacks, found[count:], strict=True):
                    stack.append(_own(value) if id(value) in foreign else value)
                rounds += 1
                running = test
        except OpError:
            raise
        except Exception as error:
            raise running.told(error) from error
        for checks, ran in zip(ready, (True, rounds), strict=True):
            if ran and not checks.checked:
                checks.done()
        own = [_own(value) if id(value) in foreign else value for value in variables]
        return (*own, np.array(rounds, np.int32), *[stacks[at] for at in order])

    return looped


def _own(value: Any) -> Any:
    return np.array(value) if isinstance(value, np.ndarray | np.generic) else value
