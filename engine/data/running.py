"""A dataset on its way: what its iteration knows, and functions of its elements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from engine.data.structure import flatten, pack
from engine.errors import compose
from engine.graph import Graph, Tensor, get_default_graph
from engine.op import Array, Spec
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


class Function:
    """A function of elements, traced once into a graph of its own.

    What it uses of the graph around it is given to it when an iteration begins.
    """

    def __init__(self, function: Callable[..., Any], structure: Any, name: str):
        outer = get_default_graph()
        self.graph = Graph()
        self.graph.seed = outer.seed
        with self.graph.as_default():
            self._inputs = [
                placeholder(spec.dtype, spec.dims, name="arg") for spec in flatten(structure)
            ]
            given = pack(structure, self._inputs)
            plain = isinstance(structure, tuple) and not hasattr(structure, "_fields")
            try:
                self.result = function(*given) if plain else function(given)
            except ValueError as error:
                if "must be from the same graph" not in str(error):
                    raise
                raise ValueError(
                    compose(
                        f"the function of `{name}` uses a tensor that is not an argument of it: "
                        f"{error}",
                        (),
                        "make the tensor part of the dataset: "
                        "tf.data.Dataset.zip((dataset, Dataset.from_tensors(t).repeat()))",
                    )
                ) from error

    def tensors(self) -> Any:
        """The result with each leaf a tensor of the function's graph."""
        with self.graph.as_default():
            if isinstance(self.result, list):
                self.result = convert_to_tensor(self.result)
            leaves = [convert_to_tensor(leaf) for leaf in flatten(self.result)]
        for leaf in leaves:
            if leaf.graph is not self.graph:
                raise ValueError(
                    compose(
                        f"a function of elements gives {leaf}, which is not computed from them",
                        [f"made at {leaf.op.origin}"],
                        "make it inside the function",
                    )
                )
        return pack(self.result, leaves)

    def bound(self, outputs: list[Tensor]) -> Callable[..., list[Any]]:
        """What computes these tensors of its graph from the leaves of an element."""
        return BaseSession(graph=self.graph).make_callable(outputs, self._inputs)


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
