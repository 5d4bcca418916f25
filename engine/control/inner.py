"""What branches and loops have in common: inputs, captured tensors, what gradients keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from engine.bodies import Body
from engine.dtypes import DType, ListDType, list_of
from engine.graph import Graph, Operation, Tensor
from engine.op import Op, Spec, declared
from engine.ops.constants import Const, convert_to_tensor, make
from engine.ops.lists import ListAdd, ListRead
from engine.ops.state import VariableV2
from engine.shapes import Dims, fully_defined


@declared(eq=False)
class BodyInput(Op):
    """What a loop hands its body in an iteration."""

    dtype: DType
    shape: Dims | None
    length: int | None = None
    """Of a list, where it is known."""

    stateful = True

    def infer(self) -> Spec:
        length = None if self.length is None else np.array(self.length)
        return Spec(self.dtype, self.shape, length)

    def grad(self, *_: Any) -> tuple[Any, ...]:
        return ()


class WithBodies(Op):
    """A kind that runs bodies; `extra` outputs after the results are kept for gradients."""

    stateful = True
    whole_gradient = True

    def __init__(self) -> None:
        self.kept: dict[Tensor, Tensor] = {}
        """Inner tensors that are handed out, and the lists that hold them."""
        self._writes: tuple[int, ...] = ()

    @property
    def bodies(self) -> tuple[Body, ...]:
        raise NotImplementedError

    def exported(self) -> dict[str, Any]:
        # What is kept goes by names: it is in the bodies, where an import finds it again.
        bodies = {name: value for name, value in vars(self).items() if isinstance(value, Body)}
        return {**bodies, "kept": tuple(tensor.name for tensor in self.kept)}

    def restored(
        self, inputs: Sequence[Tensor], found: Callable[[str], Tensor]
    ) -> tuple[tuple[str, ...], tuple[Tensor, ...]]:
        """Take up an import: the names of what is to be kept, and the inputs.

        The inputs after the first few are what the bodies capture. An import may have put other
        tensors in their place, so that they are found anew; `found` gives a tensor by its name.
        """
        names: Any = self.kept
        self.kept = {}
        captured: dict[Tensor, None] = {}
        for body in self.bodies:
            body.inputs = [found(name) for name in body.input_names]
            body.results = [found(name) for name in body.result_names]
            body.close()
            captured.update(dict.fromkeys(body.captured))
        inputs = (*inputs[: self.given], *in_order_of_making(captured))
        self.note_writes(inputs)
        return names, inputs

    @property
    def given(self) -> int:
        """How many inputs are there before those that the bodies capture."""
        return 1

    @property
    def writes(self) -> tuple[int, ...]:  # type: ignore[override]
        return self._writes

    def note_writes(self, inputs: Sequence[Tensor]) -> None:
        """Find the inputs that are variables and are changed by an operation of a body."""
        written = {variable for body in self.bodies for variable in body.written()}
        self._writes = tuple(index for index, x in enumerate(inputs) if x in written)

    def keep(self, op: Operation, body: Body, tensor: Tensor) -> Tensor:
        """The list of what an inner tensor was: one value for each time its body ran."""
        found = self.kept.get(tensor)
        if found is None:
            body.saved.append(tensor)
            dims = tensor.spec.dims
            spec = Spec(list_of(tensor.spec.dtype), None if dims is None else (None, *dims))
            found = self.kept[tensor] = Tensor(op, len(op.outputs), spec)
            op.outputs = (*op.outputs, found)
        return found


class GradientBody(Body):
    """The way back through another body, whose tensors it may use: they are kept for it."""

    def __init__(
        self,
        graph: Graph,
        kind: str,
        scope: str,
        forward: Body,
        keep: Callable[[Tensor], Tensor],
    ):
        super().__init__(graph, kind, scope)
        self.forward = forward
        self.index: Tensor | None = None
        """Which run of the forward body it undoes."""
        self._keep = keep
        self._standing: dict[tuple[Tensor, bool], Tensor] = {}

    def stand_in(self, tensor: Tensor, sizes_only: bool) -> Tensor | None:
        if tensor.op.body is not self.forward:
            return None
        by_sizes = sizes_only and fully_defined(tensor.spec.dims)
        found = self._standing.get((tensor, by_sizes))
        if found is None:
            with self.graph.inside(self):
                found = self._made(tensor, by_sizes)
            self._standing[tensor, by_sizes] = found
        return found

    def _made(self, tensor: Tensor, by_sizes: bool) -> Tensor:
        definition = tensor.op.definition
        if isinstance(definition, Const):
            return make(definition, (), tensor.op.name.rpartition("/")[2])
        if by_sizes and not isinstance(tensor.spec.dtype, ListDType):
            dims: Any = tensor.spec.dims
            # One element in memory, whatever the sizes.
            array = np.broadcast_to(np.zeros((), tensor.spec.dtype.np), dims)
            return make(Const(tensor.spec.dtype, dims, array), (), "sizes")
        kept = self._keep(tensor)
        assert self.index is not None
        read = make(ListRead(), (kept, self.index), "kept")
        read.set_shape(tensor.spec.dims)
        return read


def in_order_of_making(tensors: Iterable[Tensor]) -> tuple[Tensor, ...]:
    """Tensors in the order in which they came into the graph."""
    return tuple(sorted(tensors, key=lambda x: (x.op.number, x.value_index)))


def is_variable(tensor: Tensor) -> bool:
    """Whether it is a variable itself, which a body reaches without being handed it."""
    return isinstance(tensor.op.definition, VariableV2)


def dense(gradient: Any) -> Tensor | None:
    """A gradient as a tensor."""
    return None if gradient is None else convert_to_tensor(gradient)


def added(total: Tensor, gradient: Tensor) -> Tensor:
    """Two gradients added, which may be lists."""
    if isinstance(total.spec.dtype, ListDType):
        return make(ListAdd(), (total, gradient), None)
    return total + gradient
