"""Lists of tensors, element by element: behind a TensorArray, and what a loop keeps."""

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


def with_length(length: int | None, element: Dims | None) -> Dims | None:
    """The sizes of elements stacked."""
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
    ListSize,
    ListAdd,
)
