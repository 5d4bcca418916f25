"""Lists of tensors: what is behind a TensorArray, and what a loop keeps for its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import DType, ListDType, int32, list_of
from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import const_node, make
from engine.ops.elementwise import zeros_like
from engine.ops.sizes import shape
from engine.shapes import Dims, ShapeError, in_brackets, merge


class ArrayList(list[Any]):
    """The value of a list: arrays of its own, None where nothing is written. Never changed."""

    def copy(self) -> ArrayList:
        return ArrayList(self)


def element_dims(spec: Spec) -> Dims | None:
    """The sizes of a list's elements, as far as they are alike and known."""
    return None if spec.dims is None else spec.dims[1:]


def element_type(spec: Spec) -> DType:
    assert isinstance(spec.dtype, ListDType)
    return spec.dtype.element


def length_of(spec: Spec) -> int | None:
    """The length of a list, where it is known."""
    if spec.dims is not None and spec.dims[0] is not None:
        return spec.dims[0]
    return None if spec.value is None else int(spec.value)


def list_spec(element: DType, length: int | None, dims: Dims | None) -> Spec:
    """What is known of a list: its elements' type and sizes, its length.

    Lists are no constants; in place of a constant value they have their length, which is often
    known before their elements are.
    """
    stacked = None if dims is None else (length, *dims)
    return Spec(list_of(element), stacked, None if length is None else np.array(length))


def _with_length(length: int | None, element: Dims | None) -> Dims | None:
    return None if element is None else (length, *element)


class ListMaker(Op):
    """A kind that gives a list; never folded, for a list is no constant of the graph."""

    stateful = True

    def run(self, state: Any, op: Any, *arrays: Any) -> ArrayList:
        return self.numpy(*arrays)  # type: ignore[no-any-return]


@declared
class ListReserve(ListMaker):
    """A list with nothing in it; input: its length."""

    element: DType
    dims: Dims | None

    def infer(self, length: Spec) -> Spec:
        known = None if length.value is None else int(length.value)
        return list_spec(self.element, known, self.dims)

    def numpy(self, length: Array) -> ArrayList:
        return ArrayList([None] * int(length))

    def grad(self, y: Tensor, dy: Tensor, length: Tensor) -> tuple[Any, ...]:
        return (None,)


class ListZeros(ListMaker):
    """A list as long as another with nothing in it, which is zero where gradients are summed."""

    def infer(self, items: Spec) -> Spec:
        return list_spec(element_type(items), length_of(items), element_dims(items))

    def numpy(self, items: ArrayList) -> ArrayList:
        return ArrayList([None] * len(items))

    def grad(self, y: Tensor, dy: Tensor, items: Tensor) -> tuple[Any, ...]:
        return (None,)


@declared
class ListWrite(ListMaker):
    """The list with a value put at an index, which must be free; inputs: list, index, value."""

    grows: bool = False
    alike: bool = True
    """All elements have the same sizes."""

    def infer(self, items: Spec, index: Spec, value: Spec) -> Spec:
        if element_type(items) is not value.dtype:
            raise TypeError(
                f"TensorArray dtype is {element_type(items).name} but Op is trying to write dtype "
                f"{value.dtype.name}."
            )
        try:
            element = merge(element_dims(items), value.dims) if self.alike else None
        except ShapeError:
            raise ShapeError(
                f"Inconsistent shapes: saw {in_brackets(value.dims)} but expected "
                f"{in_brackets(element_dims(items))}"
            ) from None
        return list_spec(value.dtype, None if self.grows else length_of(items), element)

    def numpy(self, items: ArrayList, index: Array, value: Any) -> ArrayList:
        place = int(index)
        if place < 0 or (place >= len(items) and not self.grows):
            raise ValueError(
                f"TensorArray: Tried to write to index {place} but array is not resizeable and "
                f"size is: {len(items)}"
            )
        changed = ArrayList(items)
        if place >= len(items):
            changed.extend([None] * (place + 1 - len(items)))
        if changed[place] is not None:
            raise ValueError(
                f"TensorArray: Could not write to TensorArray index {place} because it has already "
                "been written to."
            )
        changed[place] = value if isinstance(value, ArrayList) else np.array(value)
        return changed

    def grad(self, y: Tensor, dy: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
        _, index, value = inputs
        # Nobody reads from the list before what is written here later, so all of dy may go there.
        return dy, None, lambda: read_or_zeros(dy, index, value)


class ListRead(Op):
    """One element; inputs: list, index."""

    def infer(self, items: Spec, index: Spec) -> Spec:
        return Spec(element_type(items), element_dims(items))

    def numpy(self, items: ArrayList, index: Array) -> Any:
        place = int(index)
        if not 0 <= place < len(items):
            raise ValueError(
                f"TensorArray: Tried to read from index {place} but array size is: {len(items)}"
            )
        if items[place] is None:
            raise ValueError(
                f"TensorArray: Could not read from TensorArray index {place}, which has not been "
                "written to."
            )
        return items[place]

    def grad(self, y: Tensor, dy: Tensor, items: Tensor, index: Tensor) -> tuple[Any, ...]:
        return lambda: only_at(items, index, dy), None


@declared
class ListReadOrZeros(Op):
    """One element, zeros where nothing is written; inputs: list, index, sizes of an element."""

    element: DType

    def infer(self, items: Spec, index: Spec, sizes: Spec) -> Spec:
        if isinstance(self.element, ListDType):
            return Spec(self.element, element_dims(items))
        return Spec(self.element, merge(element_dims(items), sizes.sizes))

    def numpy(self, items: ArrayList, index: Array, sizes: Array) -> Any:
        return element_or_zeros(items, int(index), sizes, self.element)

    def grad(
        self, y: Tensor, dy: Tensor, items: Tensor, index: Tensor, sizes: Tensor
    ) -> tuple[Any, ...]:
        return lambda: only_at(items, index, dy), None, None


@declared
class ListStack(Op):
    """The elements along a new first axis; inputs: list, sizes of an element (-1: not known)."""

    element: DType

    def infer(self, items: Spec, sizes: Spec | None = None) -> Spec:
        dims = merge(element_dims(items), None if sizes is None else sizes.sizes)
        return Spec(self.element, _with_length(length_of(items), dims))

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
        return Spec(self.element, _with_length(count, dims))

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


class ListSize(Op):
    """The length of a list."""

    def infer(self, items: Spec) -> Spec:
        return Spec(int32, ())

    def infer_value(self, items: Spec) -> Array | None:
        length = length_of(items)
        return None if length is None else np.array(length, np.int32)

    def numpy(self, items: ArrayList) -> Array:
        return np.array(len(items), np.int32)

    def grad(self, y: Tensor, dy: Tensor, items: Tensor) -> tuple[Any, ...]:
        return (None,)


class ListAdd(ListMaker):
    """Lists added up element by element; what is not written counts as zero."""

    def infer(self, *lists: Spec) -> Spec:
        dims = lists[0].dims
        for items in lists[1:]:
            if dims is None or items.dims is None or len(dims) != len(items.dims):
                return Spec(lists[0].dtype, None)
            pairs = zip(dims, items.dims, strict=True)
            dims = tuple(a if a == b else None for a, b in pairs)
        return Spec(lists[0].dtype, dims)

    def numpy(self, *lists: ArrayList) -> ArrayList:
        total = ArrayList(lists[0])
        for items in lists[1:]:
            total += [None] * (len(items) - len(total))
            for index, item in enumerate(items):
                if item is None:
                    continue
                before = total[index]
                if before is None:
                    total[index] = item
                elif isinstance(item, ArrayList):
                    total[index] = self.numpy(before, item)
                else:
                    total[index] = before + item
        return total

    def grad(self, y: Tensor, dy: Tensor, *lists: Tensor) -> tuple[Any, ...]:
        return (dy,) * len(lists)


def element_or_zeros(items: ArrayList, index: int, sizes: Any, element: DType) -> Any:
    """The element at an index, zeros of these sizes where nothing is written."""
    found = items[index] if index < len(items) else None
    if found is not None:
        return found
    if isinstance(element, ListDType):
        return ArrayList()
    return np.zeros(tuple(int(size) for size in sizes), element.np)


def zero_list(items: Tensor) -> Tensor:
    """A list of the same type in which nothing is written."""
    return make(ListZeros(), (items,), None)


def zeros_of(tensor: Tensor) -> Tensor:
    """Zeros like a tensor, which may be a list."""
    return zero_list(tensor) if isinstance(tensor.spec.dtype, ListDType) else zeros_like(tensor)


def only_at(items: Tensor, index: Tensor, value: Tensor) -> Tensor:
    """A list like `items` in which nothing is written but `value` at `index`."""
    return make(ListWrite(), (zero_list(items), index, value), None)


def read_or_zeros(items: Tensor, index: Any, like: Tensor) -> Tensor:
    """The element at `index`, zeros like `like` where nothing is written."""
    element = like.spec.dtype
    # A list that is zero is an empty one, whatever it is zero like.
    is_list = isinstance(element, ListDType)
    sizes = const_node(np.zeros(0, np.int32)) if is_list else shape(like)
    return make(ListReadOrZeros(element), (items, index, sizes), None)


OPS = (
    ListReserve,
    ListZeros,
    ListWrite,
    ListRead,
    ListReadOrZeros,
    ListStack,
    ListUnstack,
    ListGather,
    ListScatter,
    ListConcat,
    ListLengths,
    ListSplit,
    ListSize,
    ListAdd,
)
