"""``tf.TensorArray``: an array of tensors, written and read by index."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import DType, as_dtype
from engine.graph import Graph, Tensor
from engine.ops.casting import identity
from engine.ops.constants import const_node, convert_to_tensor, integers, make
from engine.ops.control import no_op
from engine.ops.list_rows import (
    ListConcat,
    ListGather,
    ListScatter,
    ListSplit,
    ListStack,
    ListUnstack,
)
from engine.ops.lists import ListRead, ListReserve, ListSize, ListWrite
from engine.shapes import Dims, TensorShape, as_dims, merge


class TensorArray:
    """An array of `size` tensors of one type; every change gives a new `TensorArray`.

    An index is written once. With `dynamic_size` it grows as it is written beyond its end.

    Raises:
        ValueError: no size is given.

    Source: ``tf.TensorArray``.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     squares = tf.TensorArray(tf.float32, size=3)
    ...     for i in range(3):
    ...         squares = squares.write(i, float(i * i))
    ...     print(sess.run(squares.stack()))
    [0. 1. 4.]
    """

    def __init__(
        self,
        dtype: Any,
        size: Any = None,
        dynamic_size: bool | None = None,
        clear_after_read: bool | None = None,
        tensor_array_name: str | None = None,
        handle: Any = None,
        flow: Tensor | None = None,
        infer_shape: bool = True,
        element_shape: Any = None,
        colocate_with_first_write_call: bool = True,
        name: str | None = None,
    ):
        del clear_after_read, tensor_array_name, colocate_with_first_write_call
        flow = handle if flow is None else flow
        if flow is None and size is None:
            raise ValueError("Size must be provided if handle is not provided")
        if flow is not None and size is not None:
            raise ValueError("Cannot provide both a handle and size at the same time")
        self._dtype = as_dtype(dtype).base_dtype
        self._grows = bool(dynamic_size)
        self._infer_shape = infer_shape
        element = as_dims(element_shape)
        if flow is None:
            length = integers(size, "size")
            flow = make(ListReserve(self._dtype, element), (length,), name or "TensorArray")
        self._flow = flow

    @property
    def dtype(self) -> DType:
        return self._dtype

    @property
    def flow(self) -> Tensor:
        """The tensor that stands for all that was written so far."""
        return self._flow

    @property
    def handle(self) -> Tensor:
        return self._flow

    @property
    def graph(self) -> Graph:
        return self._flow.graph

    @property
    def dynamic_size(self) -> bool:
        return self._grows

    @property
    def element_shape(self) -> TensorShape:
        return TensorShape(self._element)

    @property
    def _element(self) -> Dims | None:
        dims = self._flow.spec.dims
        return None if dims is None else dims[1:]

    def _with(self, flow: Tensor) -> TensorArray:
        return TensorArray(
            self._dtype, dynamic_size=self._grows, flow=flow, infer_shape=self._infer_shape
        )

    def _sizes(self) -> tuple[Tensor, ...]:
        """What is known of an element's sizes, -1 for what is not; nothing without a rank."""
        if self._element is None:
            return ()
        known = [-1 if size is None else size for size in self._element]
        return (const_node(np.array(known, np.int32)),)

    def identity(self) -> TensorArray:
        """The same array, after the current control dependencies."""
        return self._with(identity(self._flow))

    def write(self, index: Any, value: Any, name: str | None = None) -> TensorArray:
        """The array with `value` at `index`."""
        tensor = convert_to_tensor(value, self._dtype if not _is_tensor(value) else None)
        place = integers(index, "index")
        made = make(
            ListWrite(self._grows, self._infer_shape),
            (self._flow, place, tensor),
            name or "TensorArrayWrite",
        )
        return self._with(made)

    def read(self, index: Any, name: str | None = None) -> Tensor:
        """The tensor at `index`."""
        return make(ListRead(), (self._flow, integers(index, "index")), name or "TensorArrayRead")

    def stack(self, name: str | None = None) -> Tensor:
        """All tensors along a new first axis."""
        inputs = (self._flow, *self._sizes())
        return make(ListStack(self._dtype), inputs, name or "TensorArrayStack")

    def pack(self, name: str | None = None) -> Tensor:
        """0.x: `stack`."""
        return self.stack(name)

    def unstack(self, value: Any, name: str | None = None) -> TensorArray:
        """An array of the rows of `value`."""
        tensor = convert_to_tensor(value, self._dtype if not _is_tensor(value) else None)
        dims = tensor.spec.dims
        if dims is not None:
            merge(self._element, dims[1:])
        return self._with(make(ListUnstack(), (tensor,), name or "TensorArrayUnstack"))

    def unpack(self, value: Any, name: str | None = None) -> TensorArray:
        """0.x: `unstack`."""
        return self.unstack(value, name)

    def gather(self, indices: Any, name: str | None = None) -> Tensor:
        """The tensors at `indices` along a new first axis."""
        inputs = (self._flow, integers(indices), *self._sizes())
        return make(ListGather(self._dtype), inputs, name or "TensorArrayGather")

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> TensorArray:
        """The array with the rows of `value` at `indices`."""
        tensor = convert_to_tensor(value, self._dtype if not _is_tensor(value) else None)
        kind = ListScatter(self._grows)
        inputs = (self._flow, integers(indices), tensor)
        return self._with(make(kind, inputs, name or "TensorArrayScatter"))

    def concat(self, name: str | None = None) -> Tensor:
        """All tensors one after the other along their first axis."""
        nothing = const_node(np.zeros(0, np.int32))
        kind = ListConcat(self._dtype)
        return make(kind, (self._flow, nothing, nothing), name or "TensorArrayConcat")

    def split(self, value: Any, lengths: Any, name: str | None = None) -> TensorArray:
        """An array of parts of `value` of these lengths along its first axis."""
        tensor = convert_to_tensor(value, self._dtype if not _is_tensor(value) else None)
        inputs = (tensor, integers(lengths))
        return self._with(make(ListSplit(), inputs, name or "TensorArraySplit"))

    def size(self, name: str | None = None) -> Tensor:
        """How many tensors there is room for, int32 []."""
        return make(ListSize(), (self._flow,), name or "TensorArraySize")

    def close(self, name: str | None = None) -> Any:
        """An operation that does nothing: the array goes when nobody needs it."""
        del name
        return no_op("TensorArrayClose")

    def grad(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError("tf.gradients goes through a TensorArray by itself")


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor) or hasattr(value, "as_tensor")


def as_leaf(value: Any) -> Tensor:
    """The tensor that a loop or branch carries for a tensor or a TensorArray."""
    return value.flow if isinstance(value, TensorArray) else value


def from_leaf(tensor: Tensor, like: Any) -> Any:
    """A TensorArray over a carried tensor where there was one before."""
    return like._with(tensor) if isinstance(like, TensorArray) else tensor
