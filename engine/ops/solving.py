"""Inverses, determinants, Cholesky factors and linear systems, over batches of matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import convert_to_tensor, is_graph_value, make
from engine.ops.diagonals import matrix_band_part, matrix_diag_part, matrix_set_diag
from engine.ops.dtype_rules import FLOATS, allow, need_same
from engine.ops.elementwise import log
from engine.ops.linear import BatchMatMul, MatMul
from engine.ops.reductions import reduce_sum
from engine.ops.shaping import expand_dims
from engine.shapes import Dims, ShapeError, merge, merge_size, with_rank_at_least


def square(dims: Dims | None) -> Dims | None:
    """The sizes of a batch of square matrices; ShapeError for others."""
    known = with_rank_at_least(dims, 2)
    if known is None:
        return None
    n = merge_size(known[-2], known[-1])
    return (*known[:-2], n, n)


def exact(function: Callable[..., Any], *arrays: Array, refusal: str = "") -> Any:
    """LAPACK's answer in the dtype of the first array; it knows no half precision."""
    dtype = arrays[0].dtype
    wide = [x.astype(np.float32) if x.dtype == np.float16 else x for x in arrays]
    for x in wide[:1]:
        if x.ndim < 2:
            raise ValueError(f"Input must have rank >= 2, got {x.ndim}")
    try:
        found = function(*wide)
    except np.linalg.LinAlgError as error:
        raise ValueError(refusal or str(error)) from None
    if isinstance(found, tuple):
        return tuple(np.asarray(part).astype(dtype, copy=False) for part in found)
    return np.asarray(found).astype(dtype, copy=False)


def product(a: Tensor, b: Tensor, adjoint_a: bool = False, adjoint_b: bool = False) -> Tensor:
    """Matrix products over the last two axes."""
    single = a.spec.dims is not None and len(a.spec.dims) == 2
    kind: Op = MatMul(adjoint_a, adjoint_b) if single else BatchMatMul(adjoint_a, adjoint_b)
    return make(kind, (a, b), None)


def flipped(x: Tensor) -> Tensor:
    """Matrices with rows and columns exchanged; the rank may be unknown."""
    return make(MatrixTranspose(), (x,), None)


class MatrixTranspose(Op):
    """The last two axes exchanged."""

    def infer(self, x: Spec) -> Spec:
        dims = with_rank_at_least(x.dims, 2)
        return Spec(x.dtype, None if dims is None else (*dims[:-2], dims[-1], dims[-2]))

    def numpy(self, x: Array) -> Array:
        return x.swapaxes(-1, -2)

    def view(self, x: Array) -> Array:
        return x.swapaxes(-1, -2)

    def xla(self, jnp: Any, x: Any) -> Any:
        return x.swapaxes(-1, -2)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (lambda: flipped(dy),)


@declared
class OfMatrix(Op):
    """A function of square matrices, or with `adjoint` of their transposes."""

    adjoint: bool = False


class MatrixInverse(OfMatrix):
    """The inverses of square matrices."""

    def infer(self, x: Spec) -> Spec:
        allow(x, "input", FLOATS)
        return Spec(x.dtype, square(x.dims))

    def numpy(self, x: Array) -> Array:
        found = exact(np.linalg.inv, x, refusal="Input is not invertible.")
        return found.swapaxes(-1, -2) if self.adjoint else found

    def xla(self, jnp: Any, x: Any) -> Any:
        found = jnp.linalg.inv(x)
        return found.swapaxes(-1, -2) if self.adjoint else found

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        def back() -> Tensor:
            if self.adjoint:
                return -product(y, product(dy, y, adjoint_a=True))
            return -product(y, product(dy, y, adjoint_b=True), adjoint_a=True)

        return (back,)


class MatrixDeterminant(Op):
    """The determinants of square matrices."""

    def infer(self, x: Spec) -> Spec:
        allow(x, "input", FLOATS)
        dims = square(x.dims)
        return Spec(x.dtype, None if dims is None else dims[:-2])

    def numpy(self, x: Array) -> Array:
        return exact(np.linalg.det, x)

    def xla(self, jnp: Any, x: Any) -> Any:
        return jnp.linalg.det(x)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        return (lambda: _as_matrices(dy * y) * matrix_inverse(x, adjoint=True),)


def _as_matrices(x: Tensor) -> Tensor:
    return expand_dims(expand_dims(x, -1), -1)


class LogMatrixDeterminant(Op):
    """The signs of the determinants of square matrices, and the logarithms of their sizes."""

    def infer(self, x: Spec) -> tuple[Spec, Spec]:
        allow(x, "input", FLOATS)
        dims = square(x.dims)
        lead = None if dims is None else dims[:-2]
        return Spec(x.dtype, lead), Spec(x.dtype, lead)

    def numpy(self, x: Array) -> tuple[Array, Array]:
        return exact(lambda a: tuple(np.linalg.slogdet(a)), x)  # type: ignore[no-any-return]

    def xla(self, jnp: Any, x: Any) -> Any:
        return tuple(jnp.linalg.slogdet(x))

    def grad(
        self, ys: tuple[Tensor, ...], dys: tuple[Tensor | None, ...], x: Tensor
    ) -> tuple[Any, ...]:
        flowing = dys[1]
        if flowing is None:
            return (None,)
        return (lambda: _as_matrices(flowing) * matrix_inverse(x, adjoint=True),)


class Cholesky(Op):
    """The lower triangular L with L times its transpose the given matrix (its lower triangle)."""

    def infer(self, x: Spec) -> Spec:
        allow(x, "input", FLOATS)
        return Spec(x.dtype, square(x.dims))

    def numpy(self, x: Array) -> Array:
        refusal = "Cholesky decomposition was not successful. The input might not be valid."
        return exact(np.linalg.cholesky, x, refusal=refusal)

    def xla(self, jnp: Any, x: Any) -> Any:
        return jnp.linalg.cholesky(x, symmetrize_input=False)

    def grad(self, y: Tensor, dy: Tensor, x: Tensor) -> tuple[Any, ...]:
        # Source: Murray, Differentiation of the Cholesky decomposition (2016), eq. 10.
        def back() -> Tensor:
            middle = product(y, dy, adjoint_a=True)
            middle = matrix_set_diag(middle, 0.5 * matrix_diag_part(middle))
            middle = matrix_band_part(middle, -1, 0)
            left = matrix_triangular_solve(y, middle, adjoint=True)
            whole = flipped(matrix_triangular_solve(y, flipped(left), adjoint=True))
            return 0.5 * (whole + flipped(whole))

        return (back,)


class MatrixSolve(OfMatrix):
    """The x with matrix times x = rhs, or with `adjoint` its transpose times x."""

    def infer(self, matrix: Spec, rhs: Spec) -> Spec:
        allow(matrix, "matrix", FLOATS)
        need_same(self, rhs, "rhs", matrix, "matrix")
        a, b = square(matrix.dims), with_rank_at_least(rhs.dims, 2)
        if a is None or b is None:
            return Spec(matrix.dtype, None)
        if len(a) != len(b):
            raise ShapeError(f"Shapes must be equal rank, but are {len(a)} and {len(b)}")
        lead = merge(a[:-1], b[:-1])
        assert lead is not None
        return Spec(matrix.dtype, (*lead, b[-1]))

    def numpy(self, matrix: Array, rhs: Array) -> Array:
        a = matrix.swapaxes(-1, -2) if self.adjoint else matrix
        return exact(np.linalg.solve, a, rhs, refusal="Input matrix is not invertible.")

    def xla(self, jnp: Any, matrix: Any, rhs: Any) -> Any:
        return jnp.linalg.solve(matrix.swapaxes(-1, -2) if self.adjoint else matrix, rhs)

    def grad(self, y: Tensor, dy: Tensor, matrix: Tensor, rhs: Tensor) -> tuple[Any, ...]:
        made: list[Tensor] = []

        def of_rhs() -> Tensor:
            if not made:
                made.append(make(self.turned(), (matrix, dy), None))
            return made[0]

        def of_matrix() -> Tensor:
            pair = (y, of_rhs()) if self.adjoint else (of_rhs(), y)
            return self.kept(-product(*pair, adjoint_b=True))

        return of_matrix, of_rhs

    def turned(self) -> Op:
        """The same system with the matrix transposed."""
        return MatrixSolve(not self.adjoint)

    def kept(self, gradient: Tensor) -> Tensor:
        """The part of the matrix's gradient that the system depends on."""
        return gradient


@declared
class MatrixTriangularSolve(MatrixSolve):
    """The solution of a triangular system; the other triangle is not looked at."""

    lower_: bool = True

    def _triangle(self, xp: Any, matrix: Any) -> Any:
        return xp.tril(matrix) if self.lower_ else xp.triu(matrix)

    def numpy(self, matrix: Array, rhs: Array) -> Array:
        return super().numpy(self._triangle(np, matrix), rhs)

    def xla(self, jnp: Any, matrix: Any, rhs: Any) -> Any:
        return super().xla(jnp, self._triangle(jnp, matrix), rhs)

    def turned(self) -> Op:
        return MatrixTriangularSolve(not self.adjoint, self.lower_)

    def kept(self, gradient: Tensor) -> Tensor:
        bounds = (-1, 0) if self.lower_ else (0, -1)
        return matrix_band_part(gradient, *bounds)


def matrix_inverse(input: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """The inverses of square matrices [..., n, n]; with `adjoint`, of their transposes.

    Raises (at run): InvalidArgumentError, ``Input is not invertible.``

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.matrix_inverse([[2.0, 0.0], [0.0, 4.0]])).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    return make(MatrixInverse(adjoint), (convert_to_tensor(input),), name)


def matrix_determinant(input: Any, name: str | None = None) -> Tensor:
    """The determinants of square matrices [..., n, n], [...]."""
    return make(MatrixDeterminant(), (convert_to_tensor(input),), name)


def slogdet(input: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """The signs of the determinants of matrices [..., n, n], and the logarithms of their sizes."""
    x = convert_to_tensor(input)
    sign, size = x.graph.create_op(LogMatrixDeterminant(), (x,), name).outputs
    return sign, size


def logdet(matrix: Any, name: str | None = None) -> Tensor:
    """The logarithms of the determinants of symmetric positive definite matrices, [...]."""
    x = convert_to_tensor(matrix)
    with x.graph.name_scope(name or "logdet"):
        return 2.0 * reduce_sum(log(matrix_diag_part(cholesky(x))), [-1])


def cholesky(input: Any, name: str | None = None) -> Tensor:
    """The lower triangular factors L of symmetric positive definite matrices, ``L L^T`` = input.

    Raises (at run): InvalidArgumentError if a matrix is not positive definite.
    """
    return make(Cholesky(), (convert_to_tensor(input),), name)


def _system(kind: Op, matrix: Any, rhs: Any, name: str | None) -> Tensor:
    a = convert_to_tensor(matrix)
    b = convert_to_tensor(rhs, None if is_graph_value(rhs) else a.dtype.base_dtype)
    return make(kind, (a, b), name)


def matrix_solve(matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """The solutions x [..., n, k] of ``matrix x = rhs``; with `adjoint`, of its transpose.

    Raises:
        ValueError: shapes do not fit.
        InvalidArgumentError (at run): ``Input matrix is not invertible.``
    """
    return _system(MatrixSolve(adjoint), matrix, rhs, name)


def matrix_triangular_solve(
    matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Tensor:
    """The solutions of triangular systems; the other triangle of `matrix` is not looked at."""
    return _system(MatrixTriangularSolve(adjoint, lower), matrix, rhs, name)


def cholesky_solve(chol: Any, rhs: Any, name: str | None = None) -> Tensor:
    """The solutions x of ``A x = rhs``, where `chol` is the Cholesky factor of A."""
    factor = convert_to_tensor(chol)
    with factor.graph.name_scope(name or "cholesky_solve"):
        between = matrix_triangular_solve(factor, rhs)
        return matrix_triangular_solve(factor, between, adjoint=True)


def matrix_solve_ls(
    matrix: Any,
    rhs: Any,
    l2_regularizer: float = 0.0,
    fast: bool = True,
    name: str | None = None,
) -> Tensor:
    """The x [..., n, k] of least ``|matrix x - rhs|^2 + l2_regularizer |x|^2``.

    matrix: [..., m, n]; rhs: [..., m, k]. For m < n without a regularizer, the smallest such x.
    By the normal equations whether or not `fast`.

    Raises:
        ValueError: m or n is not known while the graph is built.
    """
    del fast
    a = convert_to_tensor(matrix)
    b = convert_to_tensor(rhs, None if is_graph_value(rhs) else a.dtype.base_dtype)
    dims = a.spec.dims
    if dims is None or None in dims[-2:]:
        raise ValueError(f"matrix_solve_ls needs matrices of known size, got {a.get_shape()}")
    with a.graph.name_scope(name or "matrix_solve_ls"):
        tall = dims[-2] >= dims[-1]  # type: ignore[operator]
        gram = product(a, a, adjoint_a=tall, adjoint_b=not tall)
        ridge = matrix_diag_part(gram) + l2_regularizer
        factor = cholesky(matrix_set_diag(gram, ridge))
        if tall:
            return cholesky_solve(factor, product(a, b, adjoint_a=True))
        return product(a, cholesky_solve(factor, b), adjoint_a=True)


OPS = (
    MatrixTranspose,
    MatrixInverse,
    MatrixDeterminant,
    LogMatrixDeterminant,
    Cholesky,
    MatrixSolve,
    MatrixTriangularSolve,
)
