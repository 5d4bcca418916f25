"""Iterators: what hands the elements of datasets to a graph."""

from __future__ import annotations

from typing import Any

from engine.data.steps import Step
from engine.data.structure import flatten, mapped, matched, pack, same_structure
from engine.dtypes import as_dtype, string
from engine.errors import compose
from engine.graph import Operation, Tensor, get_default_graph
from engine.op import Spec
from engine.ops.constants import convert_to_tensor
from engine.ops.iterating import IteratorGetNext, IteratorV2, MakeIterator, OneShotIterator
from engine.shapes import TensorShape, as_dims, compatible


class Iterator:
    """A place in a dataset, one in each session; ``get_next()`` gives tensors of the next element.

    A run past the last element raises `OutOfRangeError`, before it changes anything.

    Source: ``tf.data.Iterator`` of TensorFlow 1.x.
    """

    def __init__(self, handle: Tensor, structure: Any, initializer: Operation | None = None):
        self._handle = handle
        self._structure = structure
        self._initializer = initializer
        self._gets = 0

    @staticmethod
    def from_structure(
        output_types: Any,
        output_shapes: Any = None,
        shared_name: str | None = None,
        output_classes: Any = None,
    ) -> Iterator:
        """An iterator of no dataset yet: `make_initializer` gives it one, and then another."""
        del shared_name, output_classes
        handle = get_default_graph().create_op(IteratorV2()).outputs[0]
        return Iterator(handle, _structure(output_types, output_shapes))

    @staticmethod
    def from_string_handle(
        string_handle: Any, output_types: Any, output_shapes: Any = None, output_classes: Any = None
    ) -> Iterator:
        """The iterator that a string tensor names in the run; see `string_handle`."""
        del output_classes
        handle = convert_to_tensor(string_handle, string)
        return Iterator(handle, _structure(output_types, output_shapes))

    def get_next(self, name: str | None = None) -> Any:
        """Tensors of the next element, in the structure of the dataset's elements."""
        specs: list[Spec] = flatten(self._structure)
        definition = IteratorGetNext(
            tuple(spec.dtype for spec in specs), tuple(spec.dims for spec in specs)
        )
        op = self._handle.graph.create_op(definition, (self._handle,), name)
        return pack(self._structure, op.outputs)

    @property
    def initializer(self) -> Operation:
        """The operation that begins with the first element.

        Raises:
            ValueError: it needs none, or has no dataset yet.
        """
        if self._initializer is None:
            raise ValueError(
                compose(
                    "Iterator does not have an initializer.",
                    (),
                    "dataset.make_initializable_iterator(), or iterator.make_initializer(dataset)",
                )
            )
        return self._initializer

    def make_initializer(self, dataset: Any, name: str | None = None) -> Operation:
        """An operation that begins with the first element of this dataset.

        Raises:
            TypeError: its elements have other dtypes or another structure.
            ValueError: they have other shapes.
        """
        step: Step = dataset.step
        mine, other = flatten(self._structure), step.specs
        if not same_structure(self._structure, step.structure) or any(
            a.dtype is not b.dtype for a, b in zip(mine, other, strict=True)
        ):
            raise TypeError(
                f"Expected output types {self.output_types!r} but got dataset with output types "
                f"{dataset.output_types!r}."
            )
        if not all(compatible(a.dims, b.dims) for a, b in zip(mine, other, strict=True)):
            raise TypeError(
                f"Expected output shapes compatible with {self.output_shapes!r} but got dataset "
                f"with output shapes {dataset.output_shapes!r}."
            )
        return make(self._handle, step, name)

    def string_handle(self, name: str | None = None) -> Tensor:
        """string []: the name by which `from_string_handle` finds it in a session."""
        del name
        return self._handle

    @property
    def output_types(self) -> Any:
        """The dtype of each leaf."""
        return mapped(lambda spec: spec.dtype, self._structure)

    @property
    def output_shapes(self) -> Any:
        """What is known of the shape of each leaf."""
        return mapped(lambda spec: TensorShape(spec.dims), self._structure)

    @property
    def output_classes(self) -> Any:
        """The class of each leaf: `Tensor`."""
        return mapped(lambda spec: Tensor, self._structure)


def _structure(types: Any, shapes: Any) -> Any:
    dtypes = mapped(as_dtype, types)
    if shapes is None:
        return mapped(lambda dtype: Spec(dtype, None), dtypes)
    # A plain list or tuple of sizes is a shape as well; `TensorShape`s stand alone.
    given = [shapes] if not isinstance(types, tuple | dict) else matched(types, shapes, "shapes")
    leaves = [
        Spec(dtype, as_dims(shape)) for dtype, shape in zip(flatten(dtypes), given, strict=True)
    ]
    return pack(dtypes, leaves)


def make(handle: Tensor, step: Step, name: str | None = None) -> Operation:
    """The operation that begins a dataset's iteration in an iterator's place."""
    return handle.graph.create_op(MakeIterator(step), (handle, *step.sources), name)


def initializable(step: Step) -> Iterator:
    """An iterator with its initializer."""
    graph = step.graph
    handle = graph.create_op(IteratorV2()).outputs[0]
    return Iterator(handle, step.structure, make(handle, step))


def one_shot(step: Step) -> Iterator:
    """An iterator over a dataset that depends on constants alone."""
    seen: set[Operation] = set()
    stack = [tensor.op for tensor in step.sources]
    while stack:
        op = stack.pop()
        if op in seen:
            continue
        seen.add(op)
        what = {"Placeholder": "placeholder", "VariableV2": "stateful node"}.get(op.type)
        if what is not None:
            raise ValueError(
                compose(
                    f"Cannot capture a {what} (name:{op.name}, type:{op.type}) by value.",
                    [f"made at {op.origin}"],
                    "dataset.make_initializable_iterator(), and run its initializer",
                )
            )
        stack.extend(tensor.op for tensor in op.inputs)
    handle = step.graph.create_op(OneShotIterator(step)).outputs[0]
    return Iterator(handle, step.structure)
