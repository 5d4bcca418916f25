"""The instructions between operations and source: references to memory, and calls on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.op import Array

if TYPE_CHECKING:
    from engine.graph import Operation
    from engine.state import State


class Ref:
    """A value in a program: memory that is known, memory to be given, or a run-time result.

    - `array` set: memory that outlives runs (a constant, a variable, an arena);
    - ``kind == "buffer"``: memory the plan will give it, for as long as it is needed;
    - ``kind == "local"``: a Python name in the generated function (a feed, or a fresh result);
    - `parent` set: a view of another reference, made by ``make_view(parent)``.

    `span` is the part of a shared array, in elements, that it occupies.
    """

    __slots__ = (
        "array",
        "dims",
        "dtype",
        "fixed",
        "kind",
        "label",
        "make_view",
        "own",
        "parent",
        "root",
        "span",
    )

    def __init__(
        self,
        kind: str,
        dims: tuple[int, ...] | None,
        dtype: np.dtype[Any],
        label: str,
        *,
        array: Array = None,
        parent: Ref | None = None,
        make_view: Any = None,
        root: object = None,
        span: tuple[int, int] | None = None,
        fixed: bool = False,
    ):
        self.kind = kind
        self.dims = dims
        """Sizes, or None where only the run tells."""
        self.dtype = dtype
        self.label = label
        """What the generated source calls it, before numbers make it unique."""
        self.array = array
        self.fixed = fixed
        """Whether the contents never change."""
        self.own = False
        """Of a run-time result: whether its memory is nobody else's."""
        self.parent = parent
        self.make_view = make_view
        self.root: Any = parent.root if parent is not None else (root or self)
        """What is allocated and freed as one; views share it, slices of an arena too."""
        self.span: tuple[int, int] | None = span or (parent.span if parent is not None else None)

    def memory(self) -> Array:
        """The array it stands for; roots must have been given their memory."""
        if self.array is None:
            assert self.parent is not None, f"{self!r} has no memory"
            self.array = self.make_view(self.parent.memory())
        return self.array

    def model(self) -> Array:
        """An array laid out as this one, whose contents are not to be looked at."""
        if self.array is not None:
            return self.array
        if self.parent is not None:
            return self.make_view(self.parent.model())
        assert self.dims is not None
        # Never touched, so it costs address space only.
        return np.empty(self.dims, self.dtype)

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    @property
    def size(self) -> int:
        total = 1
        for size in self.dims or ():
            total *= size
        return total

    def overlaps(self, other: Ref) -> bool:
        """Whether both may occupy the same memory."""
        if self.root is not other.root:
            return False
        if self.span is None or other.span is None:
            return True
        return self.span[0] < other.span[1] and other.span[0] < self.span[1]

    def __repr__(self) -> str:
        return f"<{self.kind} {self.label} {self.dtype}{self.dims}>"


class Shared:
    """A flat array that several references share."""

    __slots__ = ("flat",)

    def __init__(self, flat: Array):
        self.flat = flat


class Call:
    """One line of the program: ``function(*args)``; `result` is the name it binds, if any."""

    __slots__ = ("args", "elementwise", "function", "lane", "lanes", "op", "result", "writes")

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        writes: Ref | None,
        op: Operation | None,
        elementwise: bool = False,
        result: Any = None,
    ):
        self.function = function
        self.args = args
        self.writes = writes
        """The reference it writes into, which is also among `args`; None for a run-time result."""
        self.op = op
        self.elementwise = elementwise
        """Element i of the output depends on element i of the inputs alone: works in place."""
        self.result = result
        """A local Ref, or a tuple of them, that receives what the function returns."""
        self.lane: int | None = None
        """The thread that may do it while others do theirs, of calls that are written for it."""
        self.lanes: list[list[Call]] | None = None
        """What each thread does, of a call that stands for all of it."""

    def reads(self) -> list[Ref]:
        """The references it reads; its output only if it also stands as an input."""
        found = []
        seen_output = False
        # The output is the last of its occurrences: add(x, y, x) reads x and writes x.
        for arg in reversed(self.args):
            if isinstance(arg, Ref):
                if arg is self.writes and not seen_output:
                    seen_output = True
                else:
                    found.append(arg)
        return found


class Builder:
    """What an operation's ``lower`` writes its calls with.

    ``lower(builder, out, *inputs)`` gets references whose sizes are known; it must leave the
    result in `out` (a tuple for several outputs, None in it for one that nobody needs).
    """

    def __init__(self, state: State, threads: int = 1) -> None:
        self.state = state
        """Variables and random streams of the session."""
        self.threads = threads
        """How many threads the calls may be shared out over."""
        self.lane: int | None = None
        """The thread that the calls are written for, None where they are not for one of several."""
        self.calls: list[Call] = []
        self.op: Operation | None = None
        """The operation being lowered; errors in its calls are told in its name."""

    def ufunc(self, function: Callable[..., Any], *args: Any) -> None:
        """An elementwise call whose last argument is its output."""
        self._append(Call(function, args, args[-1], self.op, elementwise=True))

    def _append(self, call: Call) -> None:
        call.lane = self.lane
        self.calls.append(call)

    def copy(self, target: Ref, source: Ref) -> None:
        """The elements of `source`, broadcast, into `target`."""
        self._append(Call(np.copyto, (target, source), target, self.op, elementwise=True))

    def call(self, function: Callable[..., Any], *args: Any, writes: Ref) -> None:
        """A call that writes into `writes`, which must not share memory with what it reads."""
        self._append(Call(function, args, writes, self.op))

    def effect(self, function: Callable[..., Any], *args: Any) -> None:
        """A call for its effect alone, as a check that may raise."""
        self._append(Call(function, args, None, self.op))

    def scratch(self, dims: tuple[int, ...], dtype: Any, label: str = "scratch") -> Ref:
        """Memory for in-between results of this operation."""
        return Ref("buffer", dims, np.dtype(dtype), label)

    def constant(self, array: Array, label: str = "constant") -> Ref:
        """Memory with fixed contents."""
        array = np.asarray(array)
        return Ref("array", array.shape, array.dtype, label, array=array, fixed=True)

    def view(self, source: Ref, make_view: Callable[[Array], Array]) -> Ref:
        """Other sizes over the same memory, copied first where the memory does not allow them."""
        if source.kind == "local":
            return self.local(
                make_view,
                source,
                dtype=source.dtype,
                label=source.label,
                dims=None if source.dims is None else make_view(source.model()).shape,
            )
        model = source.model()
        seen = make_view(model)
        if seen.size and not np.may_share_memory(model, seen):
            # As a reshape of a transposed view: its elements do not lie in the asked order.
            whole = self.scratch(source.dims or (), source.dtype, source.label)
            self.copy(whole, source)
            source, seen = whole, make_view(whole.model())
        return Ref(
            source.kind,
            seen.shape,
            seen.dtype,
            source.label,
            parent=source,
            make_view=make_view,
            fixed=source.fixed,
        )

    def local(
        self,
        function: Callable[..., Any],
        *args: Any,
        dims: tuple[int, ...] | None,
        dtype: Any,
        label: str,
    ) -> Ref:
        """The fresh result of a call at run time."""
        ref = Ref("local", dims, np.dtype(dtype), label)
        self._append(Call(function, args, None, self.op, result=ref))
        return ref

    def value(self, ref: Ref) -> Array | None:
        """The contents of a reference where they are fixed and known, else None."""
        return ref.memory() if ref.fixed else None
