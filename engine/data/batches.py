"""The steps that put elements together, and take them apart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from engine.data.running import Element, Run
from engine.data.steps import Step
from engine.data.structure import mapped, matched, pack
from engine.data.transformations import number_of
from engine.op import Array, Spec
from engine.ops.constants import as_array
from engine.shapes import as_dims


class Batch(Step):
    """`size` elements stacked into one."""

    def __init__(self, parent: Step, batch_size: Any, drop_remainder: Any):
        self._size = number_of(batch_size, "batch_size")
        if isinstance(self._size, int) and self._size < 1:
            raise ValueError(f"batch_size must be greater than zero, got {batch_size}")
        self._drop = bool(drop_remainder)
        count = self._size if self._drop and isinstance(self._size, int) else None
        structure = mapped(
            lambda spec: Spec(spec.dtype, None if spec.dims is None else (count, *spec.dims)),
            parent.structure,
        )
        super().__init__(structure, [parent], [self._size])

    def start(self, run: Run) -> Iterator[Element]:
        size = run.number(self._size)
        rows = self.parents[0].rows(run)
        if rows is not None:
            return rows.batches(size, self._drop)
        return self._stacked(self.parents[0].start(run), size)

    def _stacked(self, elements: Iterator[Element], size: int) -> Iterator[Element]:
        while held := list(islice(elements, size)):
            if len(held) < size and self._drop:
                return
            columns = zip(*held, strict=True)
            yield tuple([stacked(column, index) for index, column in enumerate(columns)])


def stacked(column: tuple[Array, ...], index: int) -> Array:
    """One leaf of several elements as one array; ValueError where their shapes differ."""
    for number, array in enumerate(column):
        if array.shape != column[0].shape:
            raise ValueError(
                f"Cannot batch tensors with different shapes in component {index}. First element "
                f"had shape {list(column[0].shape)} and element {number} had shape "
                f"{list(array.shape)}."
            )
    return np.stack(column)


class PaddedBatch(Step):
    """Elements stacked into one after each was filled up to the largest, or to a given shape."""

    def __init__(
        self, parent: Step, batch_size: Any, padded_shapes: Any, padding_values: Any, drop: Any
    ):
        self._size = number_of(batch_size, "batch_size")
        self._drop = bool(drop)
        specs = parent.specs
        shapes = _flat_shapes(parent.structure, padded_shapes)
        self._shapes = [
            _padded_dims(shape, spec) for shape, spec in zip(shapes, specs, strict=True)
        ]
        fills = (
            [None] * len(specs)
            if padding_values is None
            else matched(parent.structure, padding_values, "padding_values")
        )
        self._fills = [
            _fill(spec) if value is None else as_array(value, spec.dtype)
            for value, spec in zip(fills, specs, strict=True)
        ]
        count = self._size if self._drop and isinstance(self._size, int) else None
        leaves = [
            Spec(spec.dtype, (count, *dims)) for spec, dims in zip(specs, self._shapes, strict=True)
        ]
        super().__init__(pack(parent.structure, leaves), [parent], [self._size])

    def start(self, run: Run) -> Iterator[Element]:
        size = run.number(self._size)
        elements = self.parents[0].start(run)
        while held := list(islice(elements, size)):
            if len(held) < size and self._drop:
                return
            yield tuple(
                [
                    _padded(column, dims, fill)
                    for column, dims, fill in zip(
                        zip(*held, strict=True), self._shapes, self._fills, strict=True
                    )
                ]
            )


def _flat_shapes(structure: Any, shapes: Any) -> list[Any]:
    if not isinstance(structure, tuple | dict):
        return [shapes]
    keys: Any = sorted(structure) if isinstance(structure, dict) else range(len(structure))
    return [leaf for key in keys for leaf in _flat_shapes(structure[key], shapes[key])]


def _padded_dims(shape: Any, spec: Spec) -> tuple[int | None, ...]:
    sizes = shape if isinstance(shape, list | tuple) else as_dims(shape)
    if sizes is None:
        raise ValueError("padded_shapes must have a known rank, as [None] for rows of any length")
    dims = as_dims([None if size in (-1, None) else size for size in sizes])
    assert dims is not None
    if spec.dims is not None and len(spec.dims) != len(dims):
        raise ValueError(f"The padded shape {list(dims)} is not compatible with {spec!r}")
    return dims


def _fill(spec: Spec) -> Array:
    return as_array(b"", spec.dtype) if spec.dtype.np.kind == "O" else np.zeros((), spec.dtype.np)


def _padded(column: tuple[Array, ...], dims: tuple[int | None, ...], fill: Array) -> Array:
    largest = [
        max(array.shape[axis] for array in column) if size is None else size
        for axis, size in enumerate(dims)
    ]
    result = np.empty((len(column), *largest), column[0].dtype)
    result[...] = fill[()]
    for number, array in enumerate(column):
        if any(have > room for have, room in zip(array.shape, largest, strict=True)):
            raise ValueError(
                "Attempted to pad to a smaller size than the input element: "
                f"{list(array.shape)} into {largest}"
            )
        place: tuple[Any, ...] = (number, *[slice(0, have) for have in array.shape])
        result[place] = array
    return result


class Unbatch(Step):
    """The rows of each element, one after the other."""

    def __init__(self, parent: Step):
        super().__init__(
            mapped(
                lambda s: Spec(s.dtype, None if s.dims is None else s.dims[1:]), parent.structure
            ),
            [parent],
        )

    def start(self, run: Run) -> Iterator[Element]:
        for element in self.parents[0].start(run):
            for number in range(len(element[0])):
                yield tuple([leaf[number, ...] for leaf in element])
