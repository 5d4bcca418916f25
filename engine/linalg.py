"""``tf.linalg``: matrices, their factors and systems of equations."""

from engine.ops.contracting import einsum, tensordot
from engine.ops.crossing import cross
from engine.ops.decompositions import qr, svd
from engine.ops.decompositions import self_adjoint_eig as eigh
from engine.ops.decompositions import self_adjoint_eigvals as eigvalsh
from engine.ops.diagonals import matrix_band_part as band_part
from engine.ops.diagonals import matrix_diag as diag
from engine.ops.diagonals import matrix_diag_part as diag_part
from engine.ops.diagonals import matrix_set_diag as set_diag
from engine.ops.diagonals import trace
from engine.ops.filling import eye
from engine.ops.linear import matmul
from engine.ops.shaping import matrix_transpose
from engine.ops.shaping import matrix_transpose as transpose
from engine.ops.solving import cholesky, cholesky_solve, logdet, slogdet
from engine.ops.solving import matrix_determinant as det
from engine.ops.solving import matrix_inverse as inv
from engine.ops.solving import matrix_solve as solve
from engine.ops.solving import matrix_solve_ls as lstsq
from engine.ops.solving import matrix_triangular_solve as triangular_solve
from engine.ops.statistics import l2_normalize, norm

__all__ = [
    "band_part",
    "cholesky",
    "cholesky_solve",
    "cross",
    "det",
    "diag",
    "diag_part",
    "eigh",
    "eigvalsh",
    "einsum",
    "eye",
    "inv",
    "l2_normalize",
    "logdet",
    "lstsq",
    "matmul",
    "matrix_transpose",
    "norm",
    "qr",
    "set_diag",
    "slogdet",
    "solve",
    "svd",
    "tensordot",
    "trace",
    "transpose",
    "triangular_solve",
]
