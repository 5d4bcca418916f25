"""Eigenvalues, singular values and QR factors, over batches of matrices."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from engine.graph import Tensor
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import convert_to_tensor, make
from engine.ops.diagonals import (
    matrix_band_part,
    matrix_diag,
    matrix_diag_part,
    matrix_set_diag,
)
from engine.ops.dtype_rules import FLOATS, allow
from engine.ops.elementwise import reciprocal, zeros_like
from engine.ops.shaping import expand_dims
from engine.ops.solving import exact, flipped, matrix_triangular_solve, product, square
from engine.shapes import with_rank_at_least


@declared
class SelfAdjointEigV2(Op):
    """Eigenvalues in rising order and eigenvectors of symmetric matrices, by the lower triangle."""

    compute_v: bool = True

    def infer(self, x: Spec) -> tuple[Spec, Spec]:
        allow(x, "input", FLOATS)
        dims = square(x.dims)
        values = None if dims is None else dims[:-1]
        return Spec(x.dtype, values), Spec(x.dtype, dims if self.compute_v else (0,))

    def numpy(self, x: Array) -> tuple[Array, Array]:
        refusal = (
            "Self-adjoint eigen decomposition was not successful. The input might not be valid."
        )
        if self.compute_v:
            return exact(lambda a: tuple(np.linalg.eigh(a)), x, refusal=refusal)  # type: ignore[no-any-return]
        return exact(np.linalg.eigvalsh, x, refusal=refusal), np.zeros((0,), x.dtype)

    def xla(self, jnp: Any, x: Any) -> Any:
        if self.compute_v:
            return tuple(jnp.linalg.eigh(x, symmetrize_input=False))
        return jnp.linalg.eigvalsh(x, symmetrize_input=False), jnp.zeros((0,), x.dtype)

    def grad(
        self, ys: tuple[Tensor, ...], dys: tuple[Tensor | None, ...], x: Tensor
    ) -> tuple[Any, ...]:
        # Source: Giles, Collected matrix derivative results (2008), 3.1.
        def back() -> Tensor:
            values, vectors = ys if self.compute_v else self_adjoint_eig(x)
            of_values, of_vectors = dys
            middle = None if of_values is None else matrix_diag(of_values)
            if self.compute_v and of_vectors is not None:
                gaps = expand_dims(values, -2) - expand_dims(values, -1)
                turns = _reciprocal_off_diagonal(gaps)
                turned = turns * product(vectors, of_vectors, adjoint_a=True)
                middle = turned if middle is None else middle + turned
            whole = product(vectors, product(middle, vectors, adjoint_b=True))  # type: ignore[arg-type]
            # Only the lower triangle was looked at.
            folded = matrix_band_part(whole + flipped(whole), -1, 0)
            return matrix_set_diag(folded, 0.5 * matrix_diag_part(folded))

        return (back,)


def _reciprocal_off_diagonal(x: Tensor) -> Tensor:
    """1 / x with zeros on the diagonals, where x is zero."""
    diagonal = matrix_diag_part(x)
    ones = zeros_like(diagonal) + 1.0
    return matrix_set_diag(reciprocal(matrix_set_diag(x, ones)), zeros_like(diagonal))


@declared
class Svd(Op):
    """Singular values in falling order, left and right singular vectors (as columns)."""

    compute_uv: bool = True
    full_matrices: bool = False

    def infer(self, x: Spec) -> tuple[Spec, Spec, Spec]:
        allow(x, "input", FLOATS)
        dims = with_rank_at_least(x.dims, 2)
        if dims is None:
            unknown = Spec(x.dtype, None)
            none = Spec(x.dtype, None if self.compute_uv else (0,))
            return unknown, none, none
        *lead, m, n = dims
        least = None if m is None or n is None else min(m, n)
        if not self.compute_uv:
            return Spec(x.dtype, (*lead, least)), Spec(x.dtype, (0,)), Spec(x.dtype, (0,))
        columns = (m, n) if self.full_matrices else (least, least)
        return (
            Spec(x.dtype, (*lead, least)),
            Spec(x.dtype, (*lead, m, columns[0])),
            Spec(x.dtype, (*lead, n, columns[1])),
        )

    def numpy(self, x: Array) -> tuple[Array, Array, Array]:
        if not self.compute_uv:
            none = np.zeros((0,), x.dtype)
            return exact(lambda a: np.linalg.svd(a, compute_uv=False), x), none, none
        u, s, vt = exact(lambda a: tuple(np.linalg.svd(a, self.full_matrices)), x)
        return s, u, vt.swapaxes(-1, -2)

    def xla(self, jnp: Any, x: Any) -> Any:
        if not self.compute_uv:
            none = jnp.zeros((0,), x.dtype)
            return jnp.linalg.svd(x, compute_uv=False), none, none
        u, s, vt = jnp.linalg.svd(x, self.full_matrices)
        return s, u, vt.swapaxes(-1, -2)

    def grad(
        self, ys: tuple[Tensor, ...], dys: tuple[Tensor | None, ...], x: Tensor
    ) -> tuple[Any, ...]:
        return (lambda: self._back(ys, dys, x),)

    def _back(self, ys: tuple[Tensor, ...], dys: tuple[Tensor | None, ...], x: Tensor) -> Tensor:
        # Source: Townsend, Differentiating the singular value decomposition (2016), eq. 22-25.
        ds, du, dv = dys
        if not self.compute_uv:
            du = dv = None
        if self.full_matrices and (du is not None or dv is not None):
            raise ValueError(
                "The gradient of svd with full_matrices is known for the singular values alone"
            )
        s, u, v = ys if self.compute_uv and not self.full_matrices else svd(x)
        middle = zeros_like(matrix_diag(s)) if ds is None else matrix_diag(ds)
        row, column = expand_dims(s, -2), expand_dims(s, -1)
        if du is None and dv is None:
            return product(u, product(middle, v, adjoint_b=True))
        squares = _reciprocal_off_diagonal(row * row - column * column)
        total: list[Tensor] = []
        if du is not None:
            turned = product(u, du, adjoint_a=True)
            middle = middle + squares * (turned - flipped(turned)) * row
            outside = (du - product(u, turned)) / row
            total.append(product(outside, v, adjoint_b=True))
        if dv is not None:
            turned = product(v, dv, adjoint_a=True)
            middle = middle + column * (squares * (turned - flipped(turned)))
            outside = (dv - product(v, turned)) / row
            total.append(product(u, outside, adjoint_b=True))
        result = product(u, product(middle, v, adjoint_b=True))
        for part in total:
            result = result + part
        return result


@declared
class QrFactors(Op):
    """Orthonormal columns q and an upper triangular r with q r the given matrix."""

    full_matrices: bool = False

    @property
    def type(self) -> str:
        return "Qr"

    def infer(self, x: Spec) -> tuple[Spec, Spec]:
        allow(x, "input", FLOATS)
        dims = with_rank_at_least(x.dims, 2)
        if dims is None:
            return Spec(x.dtype, None), Spec(x.dtype, None)
        *lead, m, n = dims
        least = None if m is None or n is None else min(m, n)
        inner = m if self.full_matrices else least
        return Spec(x.dtype, (*lead, m, inner)), Spec(x.dtype, (*lead, inner, n))

    def numpy(self, x: Array) -> tuple[Array, Array]:
        mode: Any = "complete" if self.full_matrices else "reduced"
        return exact(lambda a: tuple(np.linalg.qr(a, mode)), x)  # type: ignore[no-any-return]

    def xla(self, jnp: Any, x: Any) -> Any:
        return tuple(jnp.linalg.qr(x, "complete" if self.full_matrices else "reduced"))

    every_gradient = True

    def grad(self, ys: tuple[Tensor, ...], dys: tuple[Tensor, ...], x: Tensor) -> tuple[Any, ...]:
        # Source: Liao et al., Differentiable programming tensor networks (2019), eq. 5.
        def back() -> Tensor:
            (q, r), (dq, dr) = ys, dys
            dims = x.spec.dims
            wide = dims is not None and None not in dims[-2:] and dims[-2] < dims[-1]  # type: ignore[operator]
            if wide or (self.full_matrices and (dims is None or dims[-2] != dims[-1])):
                raise ValueError(
                    "The gradient of qr is known for matrices with no more columns than rows, "
                    f"without full_matrices; got {x.get_shape()}"
                )
            turned = product(q, dq, adjoint_a=True)
            scaled = product(r, dr, adjoint_b=True)
            skew = turned - flipped(turned) + scaled - flipped(scaled)
            below = matrix_band_part(
                matrix_set_diag(skew, zeros_like(matrix_diag_part(skew))), -1, 0
            )
            inside = product(q, dr + _over(below, r))
            return inside + _over(dq - product(q, turned), r)

        return (back,)


def _over(x: Tensor, r: Tensor) -> Tensor:
    """x times the inverse of the transpose of the upper triangular r."""
    return flipped(matrix_triangular_solve(r, flipped(x), lower=False))


class Qr(NamedTuple):
    """What `qr` gives: orthonormal columns and an upper triangular factor."""

    q: Tensor
    r: Tensor


def self_adjoint_eig(tensor: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Eigenvalues [..., n] in rising order and eigenvectors [..., n, n], one a column.

    Of symmetric matrices [..., n, n], of which only the lower triangle is looked at.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     sess.run(tf.self_adjoint_eig([[2.0, 0.0], [0.0, 1.0]])[0]).tolist()
    [1.0, 2.0]
    """
    x = convert_to_tensor(tensor)
    values, vectors = x.graph.create_op(SelfAdjointEigV2(True), (x,), name).outputs
    return values, vectors


def self_adjoint_eigvals(tensor: Any, name: str | None = None) -> Tensor:
    """Eigenvalues [..., n] in rising order of symmetric matrices, by their lower triangle."""
    return make(SelfAdjointEigV2(False), (convert_to_tensor(tensor),), name)


def svd(
    tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None
) -> Any:
    """Singular values s in falling order, and u, v with ``u diag(s) v^T`` the given matrices.

    tensor: [..., m, n]; s: [..., min(m, n)]; u: [..., m, p]; v: [..., n, p], not transposed. Only s
    without `compute_uv`.
    """
    x = convert_to_tensor(tensor)
    outputs = x.graph.create_op(Svd(compute_uv, full_matrices), (x,), name).outputs
    return outputs if compute_uv else outputs[0]


def qr(input: Any, full_matrices: bool = False, name: str | None = None) -> Qr:
    """Orthonormal columns q [..., m, p] and an upper triangular r [..., p, n]: ``q r`` = input."""
    x = convert_to_tensor(input)
    return Qr(*x.graph.create_op(QrFactors(full_matrices), (x,), name or "Qr").outputs)


OPS = (SelfAdjointEigV2, Svd, QrFactors)
