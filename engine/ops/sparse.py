"""Sparse tensors: the elements that are not zero, with their places."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from engine.dtypes import DType, as_dtype
from engine.errors import compose
from engine.graph import Graph, Operation, Tensor
from engine.op import Array, Op, Spec
from engine.ops.constants import convert_to_tensor, make
from engine.ops.control import placeholder
from engine.ops.gathering import sparse_to_dense
from engine.ops.indexing import gather
from engine.ops.reductions import reduce_sum
from engine.ops.shaping import transpose
from engine.shapes import ShapeError, TensorShape, as_dims, in_brackets


class SparseTensorValue(NamedTuple):
    """What a run gives for a `SparseTensor`, and what may be fed for one: arrays."""

    indices: Any
    values: Any
    dense_shape: Any


class SparseTensor:
    """Elements `values` [n] at the places `indices` int64 [n, rank] of a tensor of `dense_shape`.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.SparseTensor([[0, 1], [1, 2]], [5.0, 7.0], [2, 3])
    ...     print(sess.run(tf.sparse_tensor_to_dense(x)))
    [[0. 5. 0.]
     [0. 0. 7.]]

    Source: ``tf.SparseTensor``.
    """

    __slots__ = ("_dense_shape", "_indices", "_values")

    def __init__(
        self, indices: Any, values: Any, dense_shape: Any = None, shape: Any = None
    ):  # `shape` is the name of 0.x
        dense_shape = shape if dense_shape is None else dense_shape
        if dense_shape is None:
            raise ValueError("tf.SparseTensor: dense_shape is missing")
        self._indices = convert_to_tensor(indices, "int64", "indices")
        self._values = convert_to_tensor(values, name="values")
        self._dense_shape = convert_to_tensor(dense_shape, "int64", "dense_shape")
        TensorShape([None, None]).assert_is_compatible_with(self._indices.shape)
        TensorShape([None]).assert_is_compatible_with(self._values.shape)

    @classmethod
    def from_value(cls, sparse_tensor_value: Any) -> SparseTensor:
        """The sparse tensor of a value with indices, values and dense_shape."""
        if isinstance(sparse_tensor_value, SparseTensor):
            return sparse_tensor_value
        if not isinstance(sparse_tensor_value, SparseTensorValue):
            raise TypeError(
                "Neither a SparseTensor nor SparseTensorValue: "
                f"{sparse_tensor_value} is {type(sparse_tensor_value).__name__}"
            )
        return cls(*sparse_tensor_value)

    @property
    def indices(self) -> Tensor:
        return self._indices

    @property
    def values(self) -> Tensor:
        return self._values

    @property
    def dense_shape(self) -> Tensor:
        return self._dense_shape

    @property
    def shape(self) -> TensorShape:
        return TensorShape(self._dense_shape.spec.sizes)

    def get_shape(self) -> TensorShape:
        """What is known of the shape of the whole."""
        return self.shape

    @property
    def dtype(self) -> DType:
        return self._values.dtype

    @property
    def op(self) -> Operation:
        return self._values.op

    @property
    def graph(self) -> Graph:
        return self._values.graph

    def eval(self, feed_dict: Any = None, session: Any = None) -> SparseTensorValue:
        """Its value in `session` or the default session."""
        parts = (tensor.eval(feed_dict, session) for tensor in self.components())
        return SparseTensorValue(*parts)

    def as_graph_element(self) -> Tensor:
        """What waiting for it means: its values."""
        return self._values

    def components(self) -> tuple[Tensor, ...]:
        """The tensors that a run fetches or is fed for it."""
        return (self._indices, self._values, self._dense_shape)

    def from_components(self, arrays: list[Any]) -> SparseTensorValue:
        """What a run gives for it, from what it gives for the components."""
        return SparseTensorValue(*arrays)

    def __str__(self) -> str:
        return (
            f"SparseTensor(indices={self._indices}, values={self._values}, "
            f"dense_shape={self._dense_shape})"
        )


class SparseTensorDenseMatMul(Op):
    """A sparse matrix times a matrix; inputs: indices, values, shape, the matrix."""

    def infer(self, indices: Spec, values: Spec, sizes: Spec, dense: Spec) -> Spec:
        if values.dtype is not dense.dtype:
            raise TypeError(
                f"Input 'b' of 'SparseTensorDenseMatMul' Op has type {dense.dtype.name} that does "
                f"not match type {values.dtype.name} of argument 'a_values'"
            )
        if dense.dims is not None and len(dense.dims) != 2:
            raise ShapeError(f"Tensor 'b' is not a matrix: {in_brackets(dense.dims)}")
        known = sizes.sizes
        if known is not None and len(known) == 2 and dense.dims is not None:
            inner, given = known[1], dense.dims[0]
            if inner is not None and given is not None and inner != given:
                raise ShapeError(f"Dimensions must be equal, but are {inner} and {given}")
        rows = known[0] if known else None
        return Spec(values.dtype, (rows, dense.dims[1] if dense.dims else None))

    def numpy(self, indices: Array, values: Array, sizes: Array, dense: Array) -> Array:
        _check_places(indices, tuple(sizes))
        result = np.zeros((int(sizes[0]), dense.shape[1]), dense.dtype)
        np.add.at(result, indices[:, 0], values[:, None] * dense[indices[:, 1]])
        return result

    def grad(
        self, y: Tensor, dy: Tensor, indices: Tensor, values: Tensor, sizes: Tensor, dense: Tensor
    ) -> tuple[Any, ...]:
        rows, columns = indices[:, 0], indices[:, 1]

        def of_dense() -> Tensor:
            turned = indices[:, ::-1], values, sizes[::-1], dy
            return make(SparseTensorDenseMatMul(), turned, None)

        return (
            None,
            lambda: reduce_sum(gather(dy, rows) * gather(dense, columns), 1),
            None,
            of_dense,
        )


def _check_places(places: Array, sizes: tuple[int, ...]) -> None:
    outside = np.flatnonzero(((places < 0) | (places >= np.array(sizes))).any(axis=-1))
    if outside.size:
        number = int(outside[0])
        raise ValueError(
            f"indices[{number}] = {places[number].tolist()} is out of bounds: need 0 <= index < "
            f"{list(sizes)}"
        )


def sparse_placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> SparseTensor:
    """A sparse tensor that must be fed: a `SparseTensorValue` or (indices, values, shape).

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.sparse_placeholder(tf.float32)
    ...     total = tf.sparse_reduce_sum(x)
    ...     print(sess.run(total, {x: ([[0, 1], [2, 0]], [5.0, 7.0], [3, 2])}))
    12.0
    """
    dims = as_dims(shape)
    rank = None if dims is None else len(dims)
    prefix = f"{name}/" if name else ""
    known = None if dims is None or None in dims else convert_to_tensor(list(dims), "int64")
    return SparseTensor(
        placeholder("int64", [None, rank], f"{prefix}indices"),
        placeholder(as_dtype(dtype), [None], f"{prefix}values"),
        placeholder("int64", [rank], f"{prefix}shape") if known is None else known,
    )


def sparse_tensor_to_dense(
    sp_input: Any, default_value: Any = None, validate_indices: bool = True, name: str | None = None
) -> Tensor:
    """The whole tensor, with `default_value` (zero) where `sp_input` has no element."""
    x = _sparse(sp_input)
    if default_value is None:
        default_value = "" if x.dtype.base_dtype.name == "string" else 0
    return sparse_to_dense(
        x.indices, x.dense_shape, x.values, default_value, validate_indices, name
    )


def sparse_tensor_dense_matmul(
    sp_a: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: str | None = None
) -> Tensor:
    """The sparse matrix `sp_a` times the matrix `b`; either may be taken transposed."""
    x = _sparse(sp_a)
    dense = convert_to_tensor(b, x.dtype.base_dtype)
    places, sizes = x.indices, x.dense_shape
    if adjoint_a:
        places, sizes = places[:, ::-1], sizes[::-1]
    if adjoint_b:
        dense = transpose(dense)
    return make(SparseTensorDenseMatMul(), (places, x.values, sizes, dense), name)


def sparse_reduce_sum(
    sp_input: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    reduction_axes: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The sum of a sparse tensor over `axis` (all axes by default), as a dense tensor."""
    axes = reduction_axes if axis is None else axis
    return reduce_sum(sparse_tensor_to_dense(sp_input), axes, keep_dims=bool(keepdims or keep_dims))


def _sparse(value: Any) -> SparseTensor:
    if isinstance(value, SparseTensor | SparseTensorValue):
        return SparseTensor.from_value(value)
    raise TypeError(
        compose(f"Input must be a SparseTensor, not {value!r}", (), "tf.SparseTensor(indices, ...)")
    )


OPS = (SparseTensorDenseMatMul,)
