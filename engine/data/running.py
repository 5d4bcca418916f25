"""A dataset on its way: what its iteration knows, and functions of its elements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from engine.data.structure import flatten, pack
from engine.graph import Graph, Operation, Tensor, get_default_graph
from engine.op import Array, Op, Spec
from engine.ops.constants import convert_to_tensor
from engine.ops.control import placeholder
from engine.session import BaseSession

Element = tuple[Array, ...]
"""The leaves of one element."""


class Run:
    """One initialization of an iterator: the values of the tensors its dataset was made of."""

    def __init__(self, values: Mapping[Tensor, Array]):
        self.values = values
        self.passes: dict[Any, int] = {}
        """How often each shuffle has begun."""
        self.kept: dict[Any, Any] = {}
        """What a dataset keeps from pass to pass: a cache, a random seed."""

    def number(self, value: Any) -> int:
        """The number given as itself or as a tensor."""
        return int(self.values[value]) if isinstance(value, Tensor) else int(value)


class FunctionGraph(Graph):
    """A graph that takes tensors of the graphs around it, by their values when it is run."""

    def __init__(self, outer: Graph):
        super().__init__()
        self.outer = outer
        self.seed = outer.seed
        self.captured: dict[Tensor, Tensor] = {}
        """Tensors of the graph around it, each with what stands for it in here."""

    def create_op(
        self, definition: Op, inputs: Sequence[Tensor] = (), name: str | None = None
    ) -> Operation:
        """A new operation; inputs from around are replaced by what stands for them."""
        return super().create_op(definition, [self.taken(tensor) for tensor in inputs], name)

    def taken(self, tensor: Tensor) -> Tensor:
        """What stands for a tensor in here; ValueError if it is of a graph that is not around."""
        if tensor.op.graph is self:
            return tensor
        outer = self.outer
        if isinstance(outer, FunctionGraph):
            tensor = outer.taken(tensor)
        if tensor.op.graph is not outer:
            return tensor  # Refused by `create_op`, in the words for every graph.
        if tensor not in self.captured:
            with self.as_default(), self.control_dependencies(None), self.name_scope(None):
                found = placeholder(tensor.spec.dtype, tensor.spec.dims, name="captured")
            self.captured[tensor] = found
        return self.captured[tensor]


class Function:
    """A function of elements, traced once into a graph of its own.

    What it uses of the graph around it, variables too, has the value of the moment in which the
    iterator was initialized.
    """

    def __init__(self, function: Callable[..., Any], structure: Any):
        self.graph = FunctionGraph(get_default_graph())
        with self.graph.as_default():
            self._inputs = [
                placeholder(spec.dtype, spec.dims, name="arg") for spec in flatten(structure)
            ]
            given = pack(structure, self._inputs)
            plain = isinstance(structure, tuple) and not hasattr(structure, "_fields")
            self.result = function(*given) if plain else function(given)

    def tensors(self) -> Any:
        """The result with each leaf a tensor of the function's graph."""
        with self.graph.as_default():
            if isinstance(self.result, list):
                self.result = convert_to_tensor(self.result)
            leaves = [self.graph.taken(convert_to_tensor(leaf)) for leaf in flatten(self.result)]
        return pack(self.result, leaves)

    @property
    def captured(self) -> list[Tensor]:
        """The tensors around it that it uses."""
        return list(self.graph.captured)

    def bound(self, outputs: list[Tensor], run: Run) -> Callable[..., list[Any]]:
        """What computes these tensors of its graph from the leaves of an element."""
        outer, inner = self.captured, list(self.graph.captured.values())
        call = BaseSession(graph=self.graph).make_callable(outputs, [*self._inputs, *inner])
        values = [run.values[tensor] for tensor in outer]
        return (lambda *element: call(*element, *values)) if values else call


class Running:
    """The elements of one iterator in one session."""

    def __init__(self, elements: Iterator[Element]):
        self._elements = elements
        self._ahead: list[Element] = []

    def next(self) -> Element:
        """The next element; StopIteration after the last."""
        return self._ahead.pop() if self._ahead else next(self._elements)

    def peek(self) -> Element:
        """The next element, which stays the next one."""
        if not self._ahead:
            self._ahead.append(next(self._elements))
        return self._ahead[0]


def as_elements(results: list[Any], specs: list[Spec]) -> Element:
    """What a run gave, as arrays."""
    return tuple(
        [
            value if type(value) is np.ndarray else _array(value, spec)
            for value, spec in zip(results, specs, strict=True)
        ]
    )


def _array(value: Any, spec: Spec) -> Array:
    if spec.dtype.np.kind == "O":
        array = np.empty((), object)
        array[()] = value
        return array
    return np.asarray(value)
