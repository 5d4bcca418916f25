"""Lists of tensors made of one tensor and back: its rows, some of them, or parts of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import DType, int32, list_of
from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import make
from engine.ops.lists import (
    ArrayList,
    ListMaker,
    ListRead,
    ListWrite,
    element_dims,
    element_or_zeros,
    element_type,
    length_of,
    list_spec,
    with_length,
    zero_list,
)
from engine.ops.sizes import shape
from engine.shapes import ShapeError, in_brackets, merge


@declared
class ListStack(Op):
    """The elements along a new first axis; inputs: list, sizes of an element (-1: not known)."""

    element: DType

    def infer(self, items: Spec, sizes: Spec | None = None) -> Spec:
        dims = merge(element_dims(items), None if sizes is None else sizes.sizes)
        return Spec(self.element, with_length(length_of(items), dims))

    def numpy(self, items: ArrayList, sizes: Array | None = None) -> Array:
        first = next((item for item in items if item is not None), None)
        if first is not None:
            sizes = np.array(first.shape)
        elif sizes is None or (np.asarray(sizes) < 0).any():
            raise ValueError(
                "TensorArray has size zero, but element shape is not fully defined. Currently "
                "only static shapes are supported when packing zero-size TensorArrays."
                if not items
                else "TensorArray: Could not read from TensorArray index 0, which has not been "
                "written to."
            )
        result = np.zeros((len(items), *(int(size) for size in sizes)), self.element.np)
        _fill(items, result)
        return result

    def lower(self, b: Any, out: Any, items: Any, *sizes: Any) -> None:
        b.call(_fill, items, out, writes=out)

    def grad(self, y: Tensor, dy: Tensor, items: Tensor, *sizes: Tensor) -> tuple[Any, ...]:
        return lambda: make(ListUnstack(), (dy,), None), None


def _fill(items: ArrayList, stacked: Array) -> None:
    for index, item in enumerate(items):
        if item is None:
            stacked[index] = 0
        elif item.shape == stacked.shape[1:]:
            stacked[index] = item
        else:
            raise ValueError(
                f"TensorArray has inconsistent shapes. Index 0 has shape: "
                f"{in_brackets(stacked.shape[1:])} but index {index} has shape: "
                f"{in_brackets(item.shape)}"
            )


class ListUnstack(ListMaker):
    """A list of the rows of x."""

    def infer(self, x: Spec) -> Spec:
        if x.dims == ():
            raise ShapeError("Shape must be at least rank 1 but is rank 0")
        return Spec(list_of(x.dtype), x.dims)

    def numpy(self, x: Array) -> ArrayList:
        return ArrayList([np.array(row) for row in x])

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        def stacked() -> Tensor:
            return make(ListStack(x.spec.dtype), (dy, shape(x)[1:]), None)

        return (stacked,)


@declared
class ListGather(Op):
    """The elements at some indices, stacked; inputs: list, indices, sizes of an element."""

    element: DType
    or_zeros: bool = False

    def infer(self, items: Spec, indices: Spec, sizes: Spec | None = None) -> Spec:
        count = None if indices.dims is None else indices.dims[0]
        dims = merge(element_dims(items), None if sizes is None else sizes.sizes)
        return Spec(self.element, with_length(count, dims))

    def numpy(self, items: ArrayList, indices: Array, sizes: Any = ()) -> Array:
        if self.or_zeros:
            found = [element_or_zeros(items, int(i), sizes, self.element) for i in indices]
        else:
            found = [ListRead().numpy(items, i) for i in indices]
        if not found:
            return np.zeros((0, *(max(0, int(size)) for size in sizes)), self.element.np)
        return np.stack(found)

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        items, indices, *_ = inputs

        def spread() -> Tensor:
            return make(ListScatter(sums=True), (zero_list(items), indices, dy), None)

        return spread, None, None


@declared
class ListScatter(ListMaker):
    """The list with the rows of a value at some indices; inputs: list, indices, value."""

    grows: bool = False
    sums: bool = False
    """Rows for one index are added up, as a gradient wants."""

    def infer(self, items: Spec, indices: Spec, value: Spec) -> Spec:
        if element_type(items) is not value.dtype:
            raise TypeError(
                f"TensorArray dtype is {element_type(items).name} but Op is trying to write dtype "
                f"{value.dtype.name}."
            )
        element = merge(element_dims(items), None if value.dims is None else value.dims[1:])
        return list_spec(value.dtype, None if self.grows else length_of(items), element)

    def numpy(self, items: ArrayList, indices: Array, value: Array) -> ArrayList:
        write = ListWrite(self.grows)
        for index, row in zip(indices, value, strict=True):
            if self.sums and items[int(index)] is not None:
                items = ArrayList(items)
                items[int(index)] = items[int(index)] + row
            else:
                items = write.numpy(items, index, row)
        return items

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        _, indices, value = inputs

        def rows() -> Tensor:
            kind = ListGather(value.spec.dtype, or_zeros=True)
            return make(kind, (dy, indices, shape(value)[1:]), None)

        return dy, None, rows


@declared
class ListConcat(Op):
    """The elements one after the other; inputs: list, lengths, sizes of the other axes.

    Lengths and sizes are only looked at for an element that is not written, which is zeros then;
    forward they are empty.
    """

    element: DType

    def infer(self, items: Spec, lengths: Spec, sizes: Spec) -> Spec:
        element = element_dims(items)
        if element is None:
            return Spec(self.element, None)
        if not element:
            raise ShapeError("Concat saw a scalar shape but requires at least vectors.")
        length = length_of(items)
        rows = None if length is None or element[0] is None else length * element[0]
        return Spec(self.element, (rows, *element[1:]))

    def numpy(self, items: ArrayList, lengths: Array, sizes: Array) -> Array:
        if lengths.size:
            whole = ArrayList(items)
            whole += [None] * (lengths.size - len(whole))
            return np.concatenate(
                [
                    element_or_zeros(whole, i, (length, *sizes), self.element)
                    for i, length in enumerate(lengths)
                ]
            )
        return np.concatenate([ListRead().numpy(items, i) for i in np.arange(len(items))])

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        items = inputs[0]

        def parts() -> Tensor:
            return make(ListSplit(), (dy, make(ListLengths(), (items,), None)), None)

        return parts, None, None


class ListLengths(Op):
    """int32 [length]: the first size of every element."""

    def infer(self, items: Spec) -> Spec:
        return Spec(int32, (length_of(items),))

    def numpy(self, items: ArrayList) -> Array:
        return np.array([len(item) for item in items], np.int32)

    def grad(self, y: Tensor, dy: Tensor, items: Tensor) -> tuple[Any, ...]:
        return (None,)


class ListSplit(ListMaker):
    """A list of parts of x along its first axis; inputs: x, lengths."""

    def infer(self, x: Spec, lengths: Spec) -> Spec:
        count = None if lengths.dims is None else lengths.dims[0]
        return Spec(list_of(x.dtype), None if x.dims is None else (count, None, *x.dims[1:]))

    def numpy(self, x: Array, lengths: Array) -> ArrayList:
        if int(lengths.sum()) != len(x):
            raise ValueError(
                f"Expected sum of lengths to be equal to values.shape[0], but sum of lengths is "
                f"{int(lengths.sum())} and value's shape is: {in_brackets(x.shape)}"
            )
        stops = np.cumsum(lengths).tolist()
        pairs = zip(lengths.tolist(), stops, strict=True)
        return ArrayList([np.array(x[stop - length : stop]) for length, stop in pairs])

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, lengths: Tensor) -> tuple[Any, ...]:
        def joined() -> Tensor:
            return make(ListConcat(x.spec.dtype), (dy, lengths, shape(x)[1:]), None)

        return joined, None


OPS = (
    ListStack,
    ListUnstack,
    ListGather,
    ListScatter,
    ListConcat,
    ListLengths,
    ListSplit,
)
