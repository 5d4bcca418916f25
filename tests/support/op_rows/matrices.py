"""Rows of linear algebra: diagonals, inverses, systems, decompositions."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine as tf
from engine.ops.solving import flipped, logdet, slogdet
from op_rows.row import A, B, M, Row, T, flat, smooth

S = np.array([[2.0, 0.5, -0.25], [0.3, -1.5, 1.0], [1.0, 0.2, 3.0]])
BATCH = np.stack([S, S.T + 0.5 * np.eye(3)])
DEFINITE = S @ S.T + np.eye(3)
SIDES = np.array([[1.0, 2.0], [-0.5, 0.25], [3.0, -1.0]])


def definite(x: Any) -> Any:
    """Symmetric positive definite matrices made of any."""
    return tf.matmul(x, x, transpose_b=True) + np.eye(3)


def symmetric(x: Any) -> Any:
    return x + flipped(x)


ROWS = [
    smooth("matrix_diag", tf.matrix_diag, A, kinds="MatrixDiag",
           expected=lambda x: np.stack([np.diag(row) for row in x])),
    smooth("matrix_diag_part", lambda x: tf.matrix_diag_part(x) * 2.0, A, kinds="MatrixDiagPart",
           expected=lambda x: 2 * np.diag(x)),
    smooth("matrix_set_diag", tf.matrix_set_diag, A, A[:, 0], kinds="MatrixSetDiag"),
    smooth("matrix_band_part", lambda x: tf.matrix_band_part(x, 1, 0), BATCH,
           kinds="MatrixBandPart", expected=lambda x: np.tril(x) - np.tril(x, -2)),
    smooth("matrix_band_part_all", lambda x: tf.matrix_band_part(x, 0, -1), A,
           kinds="MatrixBandPart", expected=np.triu),
    smooth("diag", tf.diag, A, kinds="Diag",
           expected=lambda x: np.diag(x.ravel()).reshape(2, 3, 2, 3)),
    smooth("diag_part", lambda x: tf.diag_part(x) * 2.0, S, kinds="DiagPart",
           expected=lambda x: 2 * np.diag(x)),
    smooth("trace", tf.trace, BATCH, kinds="MatrixDiagPart",
           expected=lambda x: np.trace(x, axis1=1, axis2=2)),
    flat("eye_batch", lambda x: tf.eye(2, 3, [4]) * tf.cast(tf.size(x), tf.float32), A,
         kinds="BroadcastTo", expected=lambda x: np.tile(6 * np.eye(2, 3), [4, 1, 1])),
    smooth("flipped", lambda x: flipped(x) * 2.0, T, kinds="MatrixTranspose",
           expected=lambda x: 2 * np.swapaxes(x, 1, 2)),
    smooth("matrix_inverse", tf.matrix_inverse, S, kinds="MatrixInverse", expected=np.linalg.inv),
    smooth("matrix_inverse_batch", lambda x: tf.matrix_inverse(x, adjoint=True), BATCH,
           kinds="MatrixInverse", expected=lambda x: np.swapaxes(np.linalg.inv(x), 1, 2)),
    smooth("matrix_determinant", tf.matrix_determinant, BATCH, kinds="MatrixDeterminant",
           expected=np.linalg.det),
    smooth("slogdet", lambda x: slogdet(x)[1], BATCH, kinds="LogMatrixDeterminant",
           expected=lambda x: np.linalg.slogdet(x)[1]),
    smooth("logdet", lambda x: logdet(definite(x)), S, kinds="Cholesky",
           expected=lambda x: np.log(np.linalg.det(DEFINITE))),
    smooth("cholesky", lambda x: tf.cholesky(definite(x)), S, kinds="Cholesky",
           expected=lambda x: np.linalg.cholesky(DEFINITE)),
    smooth("matrix_solve", tf.matrix_solve, S, SIDES, kinds="MatrixSolve",
           expected=np.linalg.solve),
    smooth("matrix_solve_adjoint", lambda a, b: tf.matrix_solve(a, b, adjoint=True), S, SIDES,
           kinds="MatrixSolve", expected=lambda a, b: np.linalg.solve(a.T, b)),
    smooth("matrix_triangular_solve", tf.matrix_triangular_solve, S, SIDES,
           kinds="MatrixTriangularSolve", expected=lambda a, b: np.linalg.solve(np.tril(a), b)),
    smooth("matrix_triangular_solve_upper_adjoint",
           lambda a, b: tf.matrix_triangular_solve(a, b, lower=False, adjoint=True), S, SIDES,
           kinds="MatrixTriangularSolve", expected=lambda a, b: np.linalg.solve(np.triu(a).T, b)),
    smooth("cholesky_solve", lambda a, b: tf.cholesky_solve(tf.cholesky(definite(a)), b), S, SIDES,
           kinds="MatrixTriangularSolve", expected=lambda a, b: np.linalg.solve(DEFINITE, b)),
    smooth("matrix_solve_ls", lambda b: tf.matrix_solve_ls(tf.cast(M, b.dtype), b),
        SIDES, kinds="Cholesky", double_only=True,
           expected=lambda b: np.linalg.lstsq(M, b)[0]),
    smooth("matrix_solve_ls_wide", lambda b: tf.matrix_solve_ls(tf.cast(A, b.dtype), b),
        B[:, :1], kinds="Cholesky", double_only=True,
           expected=lambda b: np.linalg.lstsq(A, b)[0]),
    smooth("eigenvalues", lambda x: tf.self_adjoint_eigvals(symmetric(x)), S,
           kinds="SelfAdjointEigV2", expected=lambda x: np.linalg.eigvalsh(x + x.T)),
    smooth("eigenvalues_of_the_lower_triangle", tf.self_adjoint_eigvals, S,
           kinds="SelfAdjointEigV2", expected=np.linalg.eigvalsh),
    smooth("eigenvectors", lambda x: tf.square(tf.self_adjoint_eig(x)[1]), S,
           kinds="SelfAdjointEigV2", expected=lambda x: np.linalg.eigh(x)[1] ** 2,
           double_only=True),
    smooth("singular_values", lambda x: tf.svd(x, compute_uv=False), A, kinds="Svd",
           expected=lambda x: np.linalg.svd(x, compute_uv=False)),
    smooth("singular_values_with_vectors", lambda x: tf.svd(x, full_matrices=True)[0], A,
           kinds="Svd"),
    smooth("left_vectors", lambda x: tf.square(tf.svd(x)[1]), M, kinds="Svd", double_only=True),
    smooth("right_vectors", lambda x: tf.square(tf.svd(x)[2]), A, kinds="Svd", double_only=True),
    smooth("svd_whole", lambda x: tf.matmul(tf.svd(x)[1], tf.matrix_diag(tf.svd(x)[0])), M,
           kinds="Svd", double_only=True),
    smooth("qr", lambda x: tf.matmul(tf.qr(x).q * np.array([[2.0], [3.0], [4.0]]), tf.qr(x).r), M,
           kinds="QrFactors", tolerance=1e-5, double_only=True),
    flat("qr_full", lambda x: tf.qr(x, full_matrices=True).r, M, kinds="QrFactors",
         expected=lambda x: np.linalg.qr(x, "complete")[1]),
    Row("cholesky_twice", lambda x: tf.gradients(tf.square(tf.gradients(tf.square(
        tf.cholesky(definite(x))), x)[0]), x)[0], (S,), "Cholesky", differentiable=False),
]  # fmt: skip
