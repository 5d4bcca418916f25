"""Names of TensorFlow 0.x that 1.x dropped, each for what replaced it."""

from engine.initializers import tables_initializer as initialize_all_tables
from engine.ops.arithmetic import multiply as mul
from engine.ops.arithmetic import subtract as sub
from engine.ops.choosing import where as select
from engine.ops.complexes import complex_abs
from engine.ops.decompositions import self_adjoint_eig as batch_self_adjoint_eig
from engine.ops.decompositions import self_adjoint_eigvals as batch_self_adjoint_eigvals
from engine.ops.decompositions import svd as batch_svd
from engine.ops.diagonals import matrix_band_part as batch_matrix_band_part
from engine.ops.diagonals import matrix_diag as batch_matrix_diag
from engine.ops.diagonals import matrix_diag_part as batch_matrix_diag_part
from engine.ops.diagonals import matrix_set_diag as batch_matrix_set_diag
from engine.ops.elementwise import negative as neg
from engine.ops.elementwise import reciprocal as inv
from engine.ops.filling import linspace as lin_space
from engine.ops.joining import stack as pack
from engine.ops.joining import unstack as unpack
from engine.ops.linear import batch_matmul
from engine.ops.positions import argmax as arg_max
from engine.ops.positions import argmin as arg_min
from engine.ops.sets import setdiff1d as listdiff
from engine.ops.solving import cholesky as batch_cholesky
from engine.ops.solving import cholesky_solve as batch_cholesky_solve
from engine.ops.solving import matrix_determinant as batch_matrix_determinant
from engine.ops.solving import matrix_inverse as batch_matrix_inverse
from engine.ops.solving import matrix_solve as batch_matrix_solve
from engine.ops.solving import matrix_solve_ls as batch_matrix_solve_ls
from engine.ops.solving import matrix_triangular_solve as batch_matrix_triangular_solve
from engine.summary import histogram_summary, image_summary, scalar_summary
from engine.summary import merge as merge_summary
from engine.summary import merge_all as merge_all_summaries
from engine.variables import global_variables as all_variables
from engine.variables import global_variables_initializer as initialize_all_variables
from engine.variables import local_variables_initializer as initialize_local_variables
from engine.variables import variables_initializer as initialize_variables

__all__ = [
    "all_variables",
    "arg_max",
    "arg_min",
    "batch_cholesky",
    "batch_cholesky_solve",
    "batch_matmul",
    "batch_matrix_band_part",
    "batch_matrix_determinant",
    "batch_matrix_diag",
    "batch_matrix_diag_part",
    "batch_matrix_inverse",
    "batch_matrix_set_diag",
    "batch_matrix_solve",
    "batch_matrix_solve_ls",
    "batch_matrix_triangular_solve",
    "batch_self_adjoint_eig",
    "batch_self_adjoint_eigvals",
    "batch_svd",
    "complex_abs",
    "histogram_summary",
    "image_summary",
    "initialize_all_tables",
    "initialize_all_variables",
    "initialize_local_variables",
    "initialize_variables",
    "inv",
    "lin_space",
    "listdiff",
    "merge_all_summaries",
    "merge_summary",
    "mul",
    "neg",
    "pack",
    "scalar_summary",
    "select",
    "sub",
    "unpack",
]
