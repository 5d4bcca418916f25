"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import convert_to_tensor, is_graph_value, make
from engine.shapes import ShapeError, in_brackets, merge, merge_size, with_rank, with_rank_at_least


@declared
class MatMul(Op):
    """The product of two matrices, either of them transposed first."""

    transpose_a: bool = False
    transpose_b: bool = False

    def infer(self, a: Spec, b: Spec) -> Spec:
        if a.dtype is not b.dtype:
            raise TypeError(
                f"Input 'b' of 'MatMul' Op has type {b.dtype.name} that does not match type "
                f"{a.dtype.name} of argument 'a'"
            )
        rows, inner = _ordered(with_rank(a.dims, 2), self.transpose_a)
        inner_b, columns = _ordered(with_rank(b.dims, 2), self.transpose_b)
        if None not in (inner, inner_b) and inner != inner_b:
            raise ShapeError(
                f"Dimensions must be equal, but are {inner} and {inner_b}",
                "Matrix size-incompatible: "
                f"In[0]: {in_brackets(a.dims)}, In[1]: {in_brackets(b.dims)}",
            )
        return Spec(a.dtype, (rows, columns))

    def numpy(self, a: Array, b: Array) -> Array:
        return np.dot(a.T if self.transpose_a else a, b.T if self.transpose_b else b)

    def lower(self, b: Any, out: Any, left: Any, right: Any) -> None:
        left = b.view(left, np.transpose) if self.transpose_a else left
        right = b.view(right, np.transpose) if self.transpose_b else right
        b.call(np.dot, left, right, out, writes=out)

    def xla(self, jnp: Any, a: Any, b: Any) -> Any:
        return jnp.dot(a.T if self.transpose_a else a, b.T if self.transpose_b else b)

    def grad(self, y: Tensor, dy: Tensor, a: Tensor, b: Tensor) -> tuple[Any, ...]:
        match self.transpose_a, self.transpose_b:
            case False, False:
                return lambda: _mm(dy, b, False, True), lambda: _mm(a, dy, True, False)
            case False, True:
                return lambda: _mm(dy, b, False, False), lambda: _mm(dy, a, True, False)
            case True, False:
                return lambda: _mm(b, dy, False, True), lambda: _mm(a, dy, False, False)
            case _:
                return lambda: _mm(b, dy, True, True), lambda: _mm(dy, a, True, True)


@declared
class BatchMatMul(Op):
    """Products of matrices in the last two axes, the leading axes alike."""

    adj_x: bool = False
    adj_y: bool = False

    def infer(self, x: Spec, y: Spec) -> Spec:
        if x.dtype is not y.dtype:
            raise TypeError(
                f"Input 'y' of 'BatchMatMul' Op has type {y.dtype.name} that does not match "
                f"type {x.dtype.name} of argument 'x'"
            )
        a, b = with_rank_at_least(x.dims, 2), with_rank_at_least(y.dims, 2)
        if a is None or b is None:
            return Spec(x.dtype, None)
        lead = merge(a[:-2], b[:-2])
        rows, inner = _ordered(a[-2:], self.adj_x)
        inner_b, columns = _ordered(b[-2:], self.adj_y)
        merge_size(inner, inner_b)
        return Spec(x.dtype, (*(lead or ()), rows, columns))

    def numpy(self, x: Array, y: Array) -> Array:
        return np.matmul(_swap(x) if self.adj_x else x, _swap(y) if self.adj_y else y)

    def lower(self, b: Any, out: Any, x: Any, y: Any) -> None:
        x = b.view(x, _swap) if self.adj_x else x
        y = b.view(y, _swap) if self.adj_y else y
        b.call(np.matmul, x, y, out, writes=out)

    def xla(self, jnp: Any, x: Any, y: Any) -> Any:
        return jnp.matmul(_swap(x) if self.adj_x else x, _swap(y) if self.adj_y else y)

    def grad(self, z: Tensor, dz: Tensor, x: Tensor, y: Tensor) -> tuple[Any, ...]:
        def product(a: Tensor, b: Tensor, adj_a: bool, adj_b: bool) -> Tensor:
            return make(BatchMatMul(adj_a, adj_b), (a, b), None)

        dx = (
            (lambda: product(y, dz, self.adj_y, True))
            if self.adj_x
            else (lambda: product(dz, y, False, not self.adj_y))
        )
        dy = (
            (lambda: product(dz, x, True, self.adj_x))
            if self.adj_y
            else (lambda: product(x, dz, not self.adj_x, False))
        )
        return dx, dy


def _ordered(dims: tuple[int | None, ...], transposed: bool) -> tuple[int | None, int | None]:
    return (dims[1], dims[0]) if transposed else (dims[0], dims[1])


def _swap(x: Array) -> Array:
    return x.swapaxes(-1, -2)


def _mm(a: Tensor, b: Tensor, transpose_a: bool, transpose_b: bool) -> Tensor:
    return make(MatMul(transpose_a, transpose_b), (a, b), None)


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """The matrix product of `a` [n, k] and `b` [k, m], [n, m]; more leading axes are a batch.

    The sparse flags are hints of TensorFlow's that change no result.

    Raises:
        ValueError: inner dimensions differ, or an operand has no two axes.
        TypeError: dtypes differ.
    """
    del a_is_sparse, b_is_sparse
    if is_graph_value(b) and not is_graph_value(a):
        right = convert_to_tensor(b)
        left = convert_to_tensor(a, right.dtype.base_dtype, "a")
    else:
        left = convert_to_tensor(a, name="a")
        right = convert_to_tensor(b, None if is_graph_value(b) else left.dtype.base_dtype, "b")
    flip_a, flip_b = transpose_a or adjoint_a, transpose_b or adjoint_b
    # As in TensorFlow: what may be a batch is taken for one.
    if all(x.spec.dims is None or len(x.spec.dims) > 2 for x in (left, right)):
        return make(BatchMatMul(flip_a, flip_b), (left, right), name or "MatMul")
    return make(MatMul(flip_a, flip_b), (left, right), name)


def batch_matmul(
    x: Any, y: Any, adj_x: bool = False, adj_y: bool = False, name: str | None = None
) -> Tensor:
    """Matrix products over the last two axes of two batches alike (0.x)."""
    return make(BatchMatMul(adj_x, adj_y), (convert_to_tensor(x), convert_to_tensor(y)), name)


OPS = (MatMul, BatchMatMul)
