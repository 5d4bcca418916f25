"""The operations behind ``tf.data``'s iterators."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import DType, string
from engine.errors import FailedPreconditionError, OutOfRangeError
from engine.op import Array, Op, Spec, declared
from engine.plan.failures import in_the_name_of
from engine.shapes import Dims

_NOT_READY = (
    "GetNext() failed because the iterator has not been initialized. Ensure that you have run the "
    "initializer operation for this iterator before getting the next element."
)


class IteratorV2(Op):
    """A place for an iterator; its output is the name by which a session knows it."""

    stateful = True

    def infer(self) -> Spec:
        return Spec(string, ())

    def run(self, state: Any, op: Any) -> Array:
        handle = np.empty((), object)
        handle[()] = op.name.encode()
        return handle


@declared(eq=False)
class OneShotIterator(IteratorV2):
    """An iterator that begins at its first use in a session, and once."""

    dataset: Any

    def run(self, state: Any, op: Any) -> Array:
        handle = super().run(state, op)
        if handle[()] not in state.iterators:
            state.iterators[handle[()]] = self.dataset.begin_from_constants()
        return handle

    def attributes(self) -> dict[str, Any]:
        return {}


@declared(eq=False)
class MakeIterator(Op):
    """Begins a dataset's iteration; inputs: the iterator, what the dataset was made of."""

    dataset: Any

    stateful = True

    def infer(self, handle: Spec, *sources: Spec) -> tuple[Spec, ...]:
        return ()

    def run(self, state: Any, op: Any, handle: Array, *values: Array) -> tuple[Any, ...]:
        # Constants never change; anything else is the plan's memory or the user's.
        kept = [
            value if source.op.type == "Const" else np.array(value)
            for source, value in zip(op.inputs[1:], values, strict=True)
        ]
        state.iterators[handle[()]] = self.dataset.begin(kept)
        return ()

    def attributes(self) -> dict[str, Any]:
        return {}


@declared
class IteratorGetNext(Op):
    """The leaves of the next element; input: the iterator."""

    output_types: tuple[DType, ...]
    output_shapes: tuple[Dims | None, ...]

    stateful = True
    pulled = True

    def infer(self, handle: Spec) -> tuple[Spec, ...]:
        return tuple(map(Spec, self.output_types, self.output_shapes))

    def run(self, state: Any, op: Any, handle: Array) -> Any:
        element = self.pull(state, op, handle)
        return element[0] if len(element) == 1 else element

    def pull(self, state: Any, op: Any, handle: Array, keep: bool = False) -> tuple[Array, ...]:
        """The next element of a session's iterator; with `keep` it stays the next one."""
        running = state.iterators.get(np.asarray(handle)[()])
        if running is None:
            raise FailedPreconditionError(str(op), op, f"{_NOT_READY} (op '{op.name}')")
        try:
            element: tuple[Array, ...] = running.peek() if keep else running.next()
        except StopIteration:
            message = f"End of sequence (op '{op.name}', made at {op.origin})"
            raise OutOfRangeError(str(op), op, message) from None
        except Exception as error:
            raise in_the_name_of(op, error) from error
        return element


OPS = (IteratorV2, OneShotIterator, MakeIterator, IteratorGetNext)
