"""Diagonals, bands and triangles of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.graph import Tensor
from engine.op import Array, Op, Spec
from engine.ops.constants import convert_to_tensor, integers, is_graph_value, make
from engine.ops.dtype_rules import INDICES, allow, need_same
from engine.ops.elementwise import zeros_like
from engine.ops.reductions import reduce_sum
from engine.shapes import ShapeError, merge, with_rank_at_least


def _least(a: int | None, b: int | None) -> int | None:
    if a == 0 or b == 0:
        return 0
    return None if a is None or b is None else min(a, b)


class MatrixDiag(Op):
    """Matrices with the last axis of x on their diagonals and zeros beside."""

    def infer(self, x: Spec) -> Spec:
        dims = with_rank_at_least(x.dims, 1)
        return Spec(x.dtype, None if dims is None else (*dims, dims[-1]))

    def numpy(self, x: Array) -> Array:
        n = x.shape[-1]
        result = np.zeros((*x.shape, n), x.dtype)
        result[..., np.arange(n), np.arange(n)] = x
        return result

    def xla(self, jnp: Any, x: Any) -> Any:
        return jnp.where(jnp.eye(x.shape[-1], dtype=bool), x[..., None], 0)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (lambda: matrix_diag_part(dy),)


class MatrixDiagPart(Op):
    """The diagonals of matrices."""

    def infer(self, x: Spec) -> Spec:
        dims = with_rank_at_least(x.dims, 2)
        return Spec(x.dtype, None if dims is None else (*dims[:-2], _least(*dims[-2:])))

    def numpy(self, x: Array) -> Array:
        return np.diagonal(x, axis1=-2, axis2=-1)

    def view(self, x: Array) -> Array:
        return self.numpy(x)

    def xla(self, jnp: Any, x: Any) -> Any:
        return jnp.diagonal(x, axis1=-2, axis2=-1)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (lambda: matrix_set_diag(zeros_like(x), dy),)


class MatrixSetDiag(Op):
    """Matrices with other diagonals; inputs: matrices, diagonals."""

    def infer(self, x: Spec, diagonal: Spec) -> Spec:
        need_same(self, diagonal, "diagonal", x, "input")
        dims, given = with_rank_at_least(x.dims, 2), with_rank_at_least(diagonal.dims, 1)
        if dims is None or given is None:
            return Spec(x.dtype, dims)
        lead = merge((*dims[:-2], _least(*dims[-2:])), given)
        assert lead is not None
        return Spec(x.dtype, (*lead[:-1], *dims[-2:]))

    def numpy(self, x: Array, diagonal: Array) -> Array:
        n = min(x.shape[-2:])
        result = np.array(x)
        result[..., np.arange(n), np.arange(n)] = diagonal
        return result

    def xla(self, jnp: Any, x: Any, diagonal: Any) -> Any:
        places = np.arange(min(x.shape[-2:]))
        return x.at[..., places, places].set(diagonal)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor, diagonal: Tensor) -> tuple[Any, ...]:
        return (
            lambda: matrix_set_diag(dy, zeros_like(diagonal)),
            lambda: matrix_diag_part(dy),
        )


class MatrixBandPart(Op):
    """Matrices with zeros outside a band; inputs: matrices, diagonals kept below and above."""

    def infer(self, x: Spec, lower: Spec, upper: Spec) -> Spec:
        allow(lower, "num_lower", INDICES)
        allow(upper, "num_upper", INDICES)
        return Spec(x.dtype, with_rank_at_least(x.dims, 2))

    def numpy(self, x: Array, lower: Array, upper: Array) -> Array:
        return np.where(self._band(np, x, int(lower), int(upper)), x, np.zeros((), x.dtype))

    def xla(self, jnp: Any, x: Any, lower: Any, upper: Any) -> Any:
        return jnp.where(self._band(jnp, x, int(lower), int(upper)), x, 0)

    def _band(self, xp: Any, x: Any, lower: int, upper: int) -> Any:
        rows, columns = x.shape[-2:]
        if lower > rows or upper > columns:
            raise ValueError(
                f"num_lower must be negative or less or equal to number of rows ({rows}) got: "
                f"{lower}, num_upper to number of columns ({columns}) got: {upper}"
            )
        i, j = xp.arange(rows)[:, None], xp.arange(columns)
        kept = xp.ones((rows, columns), bool)
        if lower >= 0:
            kept = kept & (i - j <= lower)
        if upper >= 0:
            kept = kept & (j - i <= upper)
        return kept

    def grad(
        self, y: Tensor, dy: Tensor, x: Tensor, lower: Tensor, upper: Tensor
    ) -> tuple[Any, ...]:
        return lambda: make(MatrixBandPart(), (dy, lower, upper), None), None, None


class Diag(Op):
    """A tensor of twice the rank with x where both halves of the coordinates agree."""

    def infer(self, x: Spec) -> Spec:
        dims = with_rank_at_least(x.dims, 1)
        return Spec(x.dtype, None if dims is None else dims + dims)

    def numpy(self, x: Array) -> Array:
        result = np.zeros((x.size, x.size), x.dtype)
        np.fill_diagonal(result, x.reshape(-1))
        return result.reshape(x.shape + x.shape)

    def xla(self, jnp: Any, x: Any) -> Any:
        return jnp.diag(x.reshape(-1)).reshape(x.shape + x.shape)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (lambda: diag_part(dy),)


class DiagPart(Op):
    """The elements where both halves of the coordinates agree; the inverse of Diag."""

    def infer(self, x: Spec) -> Spec:
        if x.dims is None:
            return Spec(x.dtype, None)
        half, odd = divmod(len(x.dims), 2)
        if odd or not half:
            raise ShapeError(f"Input must have even and non-zero rank but is rank {len(x.dims)}")
        return Spec(x.dtype, merge(x.dims[:half], x.dims[half:]))

    def numpy(self, x: Array) -> Array:
        half = x.ndim // 2
        if x.ndim % 2 or not half or x.shape[:half] != x.shape[half:]:
            raise ValueError(f"Invalid shape of the input of DiagPart: {x.shape}")
        n = int(np.prod(x.shape[:half]))
        return np.diagonal(x.reshape(n, n)).reshape(x.shape[:half])

    def xla(self, jnp: Any, x: Any) -> Any:
        dims = x.shape[: x.ndim // 2]
        n = int(np.prod(dims))
        return jnp.diagonal(x.reshape(n, n)).reshape(dims)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (lambda: diag(dy),)


def matrix_diag(diagonal: Any, name: str | None = None) -> Tensor:
    """Square matrices with the last axis of `diagonal` [..., n] on theirs, [..., n, n]."""
    return make(MatrixDiag(), (convert_to_tensor(diagonal),), name)


def matrix_diag_part(input: Any, name: str | None = None) -> Tensor:
    """The diagonals of matrices [..., m, n], [..., min(m, n)]."""
    return make(MatrixDiagPart(), (convert_to_tensor(input),), name)


def matrix_set_diag(input: Any, diagonal: Any, name: str | None = None) -> Tensor:
    """Matrices [..., m, n] with `diagonal` [..., min(m, n)] in place of theirs."""
    x = convert_to_tensor(input)
    dtype = None if is_graph_value(diagonal) else x.dtype.base_dtype
    return make(MatrixSetDiag(), (x, convert_to_tensor(diagonal, dtype)), name)


def matrix_band_part(input: Any, num_lower: Any, num_upper: Any, name: str | None = None) -> Tensor:
    """Matrices with zeros beyond `num_lower` diagonals below and `num_upper` above the main one.

    A negative number keeps all: ``matrix_band_part(x, -1, 0)`` is the lower triangle.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.matrix_band_part([[1, 2], [3, 4]], -1, 0)).tolist()
    [[1, 0], [3, 4]]
    """
    x = convert_to_tensor(input)
    with x.graph.name_scope(name or "MatrixBandPart") as scope:
        lower = integers(num_lower, "num_lower")
        return make(MatrixBandPart(), (x, lower, integers(num_upper, "num_upper")), scope)


def diag(diagonal: Any, name: str | None = None) -> Tensor:
    """A tensor of twice the rank, zero but for ``diagonal[i, ...]`` at ``[i, ..., i, ...]``."""
    return make(Diag(), (convert_to_tensor(diagonal),), name)


def diag_part(input: Any, name: str | None = None) -> Tensor:
    """The elements at ``[i, ..., i, ...]``, the inverse of `diag`."""
    return make(DiagPart(), (convert_to_tensor(input),), name)


def trace(x: Any, name: str | None = None) -> Tensor:
    """The sums of the diagonals of matrices [..., m, n], [...]."""
    tensor = convert_to_tensor(x, name="x")
    with tensor.graph.name_scope(name or "Trace") as scope:
        return reduce_sum(matrix_diag_part(tensor), [-1], name=scope)


OPS = (MatrixDiag, MatrixDiagPart, MatrixSetDiag, MatrixBandPart, Diag, DiagPart)
