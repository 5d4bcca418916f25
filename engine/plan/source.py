"""The only place where source is generated: calls on memory become one flat Python function."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.graph import Operation
from engine.ops.lists import ArrayList
from engine.plan.lowering import Call, Ref
from engine.plan.timing import Timing


@dataclass(frozen=True)
class Compiled:
    """A generated function, its text, and which operation each of its lines belongs to."""

    function: Callable[..., list[Any]]
    """Takes the fed arrays, gives the fetched values; they share nothing with the plan's memory."""
    text: str
    lines: dict[int, Operation]


FILE_NAME = "<plan>"

_LONG = 2000
"""Calls from which on a plan is a loop over most of them: to compile a line for each takes longer
than to run it (20 us a line, 0.2 s of the first run of 10,000 operations), and both are as fast."""

_OUT_BY_NAME = (np.maximum, np.minimum)
"""NumPy warns where these two get their output by position; all others take it faster that way."""


class _Names:
    """Readable, unique names for the objects that the generated source speaks of."""

    def __init__(self) -> None:
        self.space: dict[str, Any] = {}
        self._by_id: dict[Any, str] = {}
        self._held: list[Any] = []
        self._count: dict[str, int] = {}
        self._used: set[str] = set()

    def of(self, thing: Any, label: str) -> str:
        key: Any = id(thing)
        name = self._by_id.get(key)
        if name is not None:
            return name
        # Ids are only unique among living objects.
        self._held.append(thing)
        if isinstance(thing, np.ndarray):
            # Two views of the same elements are one thing to the reader.
            key = (
                thing.__array_interface__["data"][0],
                thing.shape,
                thing.strides,
                thing.dtype.str,
            )
        name = self._by_id.get(key)
        if name is None:
            name = self._by_id[key] = self.fresh(label)
            self.space[name] = thing
        self._by_id[id(thing)] = name
        return name

    def fresh(self, label: str) -> str:
        stem = label
        if not (label.isascii() and label.isidentifier()):
            stem = re.sub(r"\W", "_", label, flags=re.ASCII) or "x"
            stem = f"_{stem}" if stem[0].isdigit() else stem
        name, number = stem, self._count.get(stem, 0)
        while name in self._used or name in _RESERVED:
            number += 1
            name = f"{stem}_{number}"
        self._count[stem] = number
        self._used.add(name)
        return name


_RESERVED = {
    "feeds",
    "step",
    "list",
    "None",
    "True",
    "False",
    "lambda",
    "and",
    "or",
    "not",
    "is",
    "in",
    "if",
    "for",
    "def",
    "del",
    "as",
    "while",
    "with",
    "return",
    "pass",
    "print",
}


def generate(
    calls: Sequence[Call],
    feeds: Sequence[Ref],
    fetches: Sequence[Ref],
    timing: Timing | None = None,
    body_file: str | None = None,
) -> Compiled:
    """One function that makes these calls in order, from fed arrays to copies of the fetched.

    With `timing` it marks the time after each of them there. With `body_file` it is that of a body,
    called from a plan and not by a user: its results stay arrays, and tracebacks find it under this
    name.
    """
    names = _Names()
    local: dict[int, str] = {id(ref): names.fresh(ref.label) for ref in feeds}
    lines = ["def step(feeds):"]
    owners: dict[int, Operation] = {}
    if feeds:
        lines.append(f"    {', '.join(local[id(ref)] for ref in feeds)}, = feeds")

    def text_of(arg: Any) -> str:
        if isinstance(arg, Ref):
            if id(arg) in local:
                return local[id(arg)]
            return names.of(arg.memory(), arg.label)
        if (
            arg is None
            or type(arg) in (int, bool)
            or (type(arg) is tuple and all(type(item) is int for item in arg))
        ):
            return repr(arg)
        if type(arg) is str:
            return repr(arg)
        return names.of(arg, getattr(arg, "__name__", type(arg).__name__))

    def scalar_of(ref: Ref) -> str:
        if ref.fixed:
            return names.of(_kept_scalar(ref, scalars), f"{ref.label}_")
        return f"{text_of(ref)}[()]"

    scalars: dict[int, Any] = {}
    marks = _Marks(timing, names) if timing is not None else None
    if marks is not None:
        lines += marks.after(-1)
    labels: dict[int, str] = {}

    def write(call: Call, indent: str) -> None:
        if call.lanes is not None:
            write_lanes(call, call.lanes, indent)
            return
        bound = _bound(call, local)
        if bound is not None:
            of_what = ", ".join(arg.label for arg in call.args if isinstance(arg, Ref))
            label = _function_label(call.function)
            lines.append(f"{indent}{names.of(bound, label)}()  # {of_what}")
            if call.op is not None:
                owners[len(lines)] = call.op
            return
        sign = _sign(call)
        if sign is not None:
            *operands, out = (scalar_of(arg) for arg in call.args)
            expression = f" {sign} ".join(operands) if len(operands) > 1 else f"{sign}{operands[0]}"
            lines.append(f"{indent}{out} = {expression}")
            if call.op is not None:
                owners[len(lines)] = call.op
            return
        function = labels.get(id(call.function))
        if function is None:
            function = names.of(call.function, _function_label(call.function))
            labels[id(call.function)] = function
        arguments = [text_of(arg) for arg in call.args]
        if call.function in _OUT_BY_NAME:
            arguments[-1] = f"out={arguments[-1]}"
        line = f"{function}({', '.join(arguments)})"
        if call.result is not None:
            local[id(call.result)] = names.fresh(call.result.label)
            line = f"{local[id(call.result)]} = {line}"
        lines.append(f"{indent}{line}")
        if call.op is not None:
            owners[len(lines)] = call.op

    def write_lanes(call: Call, lanes: Sequence[Sequence[Call]], indent: str) -> None:
        made = []
        for own in lanes:
            made.append(names.fresh("lane"))
            lines.append(f"{indent}def {made[-1]}():")
            for part in own:
                write(part, f"{indent}    ")
        lines.append(f"{indent}{names.of(call.function, 'at_once')}(({', '.join(made)},))")

    def write_all() -> None:
        for number, call in enumerate(calls):
            write(call, "    ")
            if marks is not None:
                lines.extend(marks.after(number, local.get(id(call.result))))

    def write_in_turn() -> None:
        waiting: list[tuple[Callable[..., Any], tuple[Any, ...], Operation | None]] = []

        def write_waiting() -> None:
            if waiting:
                lines.append(f"    {names.of(in_turn, 'in_turn')}({names.of(waiting[:], 'calls')})")
                lines[-1] += f"  # {len(waiting):,} calls"
                waiting.clear()

        for call in calls:
            bound = _bound(call, local)
            if bound is not None:
                waiting.append((bound, (), call.op))
            elif _stands_alone(call, local):
                arguments = tuple(
                    [arg.memory() if isinstance(arg, Ref) else arg for arg in call.args]
                )
                waiting.append((_positional(call.function), arguments, call.op))
            else:
                write_waiting()
                write(call, "    ")
        write_waiting()

    if marks is None and len(calls) >= _LONG:
        write_in_turn()
    else:
        write_all()
    if body_file is None:
        handed = [_handed_out(text_of(ref), ref, names) for ref in fetches]
    else:
        handed = [_handed_on(text_of(ref), ref, feeds) for ref in fetches]
    if marks is None:
        lines.append(f"    return [{', '.join(handed)}]")
    else:
        lines.append(f"    {marks.out} = [{', '.join(handed)}]")
        lines += [*marks.after(len(calls), checked=False), f"    return {marks.out}"]
    text = "\n".join(lines) + "\n"
    space = dict(names.space)
    exec(compile(text, body_file or FILE_NAME, "exec"), space)
    return Compiled(space["step"], text, owners)


def in_turn(calls: Sequence[tuple[Callable[..., Any], tuple[Any, ...], Any]]) -> None:
    """Make these calls; errors find the operation in this frame."""
    for function, arguments, op in calls:  # noqa: B007 - `op` is for `operation_of`
        function(*arguments)


def operation_of(
    error: BaseException, file: str, lines: Mapping[int, Operation], space: Any = None
) -> Operation | None:
    """The operation whose call in the generated source of this name raised the error.

    With `space` only the source with these globals counts.
    """
    op = None
    frame = error.__traceback__
    while frame is not None:
        code = frame.tb_frame.f_code
        if code is in_turn.__code__:
            op = frame.tb_frame.f_locals["op"]
        elif code.co_filename == file and (space is None or frame.tb_frame.f_globals is space):
            op = lines.get(frame.tb_lineno)
        frame = frame.tb_next
    return op


def _stands_alone(call: Call, local: Mapping[int, str]) -> bool:
    """Whether it needs nothing that only a run makes, and leaves its result in memory."""
    if call.lanes is not None or call.result is not None:
        return False
    return not any(isinstance(arg, Ref) and id(arg) in local for arg in call.args)


_SIGNS: dict[Any, str] = {
    np.add: "+",
    np.subtract: "-",
    np.multiply: "*",
    np.true_divide: "/",
    np.negative: "-",
}


def _sign(call: Call) -> str | None:
    """The operator that does the same to NumPy's scalars, where all arguments are single numbers.

    The numbers are the same, in 0.1 us instead of 0.5, or 1.4 where the result is an argument too.
    """
    sign = _SIGNS.get(call.function) if isinstance(call.function, np.ufunc) else None
    if sign is None:
        return None
    for arg in call.args:
        if not isinstance(arg, Ref) or arg.dims != () or arg.kind == "local":
            return None
        if arg.dtype != call.args[0].dtype or arg.dtype not in (np.float32, np.float64):
            return None
    return sign


def _kept_scalar(ref: Ref, kept: dict[int, Any]) -> Any:
    """The value of a constant, one object for each."""
    array = ref.memory()
    key = array.__array_interface__["data"][0]
    if key not in kept:
        kept[key] = array[()]
    return kept[key]


def _bound(call: Call, local: Mapping[int, str]) -> Callable[[], Any] | None:
    """The call with the addresses of its memory looked up, where its function can do that."""
    bind = getattr(call.function, "bound", None)
    if bind is None or not _stands_alone(call, local):
        return None
    found: Callable[[], Any] | None = bind(*[arg.memory() for arg in call.args])
    return found


def _positional(function: Callable[..., Any]) -> Callable[..., Any]:
    if not any(function is other for other in _OUT_BY_NAME):
        return function

    def with_output(*args: Any) -> Any:
        return function(*args[:-1], out=args[-1])

    return with_output


class _Marks:
    """The lines that mark the time."""

    def __init__(self, timing: Timing, names: _Names):
        self._clock = names.of(timing.clock, "clock")
        self._marks = names.of(timing.marks, "marks")
        self._results = names.of(timing.results, "results")
        self._limit = names.of(timing.limit, "limit")
        self._late = names.of(timing.late, "late")
        self.out = names.fresh("out")

    def after(self, number: int, result: str | None = None, checked: bool = True) -> list[str]:
        """The lines after the call of this number, whose result has this name if it has one."""
        mark = f"{self._marks}[{number + 1}]"
        lines = [f"    {mark} = {self._clock}()"]
        if result is not None:
            lines.append(f"    {self._results}[{number}] = {result}")
        if checked and number >= 0:
            lines.append(f"    if {mark} > {self._limit}[0]: {self._late}({number})")
        return lines


def _function_label(function: Any) -> str:
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__name__", type(function).__name__)
    # np.add.reduce is called "reduce" by itself.
    return f"{owner.__name__}_{name}" if isinstance(owner, np.ufunc) else name


def _handed_out(name: str, ref: Ref, names: _Names) -> str:
    if ref.dtype.kind == "O" or ref.kind == "local":
        return f"{names.of(hand_out, 'hand_out')}({name})"
    return f"{name}[()]" if ref.dims == () else f"{name}.copy()"


def _handed_on(name: str, ref: Ref, feeds: Sequence[Ref]) -> str:
    # Fixed contents and results in memory of their own stay as they are, and so does what was
    # handed in: whoever runs the body knows it. Other memory is used again.
    kept = ref.fixed or ref.own or any(ref is feed for feed in feeds)
    return name if kept else f"{name}.copy()"


def hand_out(value: Any) -> Any:
    """A copy for the user: a NumPy scalar for rank 0, bytes for a string."""
    if isinstance(value, ArrayList):
        return value
    array = np.asarray(value)
    return array[()] if array.ndim == 0 else array.copy()
