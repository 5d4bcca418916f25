"""Rows of reductions, positions and products of matrices."""

from __future__ import annotations

import numpy as np

import engine as tf
from op_rows.row import FLAGS, A, B, M, Row, T, flat, smooth

ROWS = [
    smooth("matmul", tf.matmul, A, M, kinds="MatMul", expected=np.dot),
    smooth("matmul_ta", lambda x, y: tf.matmul(x, y, transpose_a=True), A, B, kinds="MatMul"),
    smooth("matmul_tb", lambda x, y: tf.matmul(x, y, transpose_b=True), A, B, kinds="MatMul"),
    smooth("matmul_tt", lambda x, y: tf.matmul(x, y, transpose_a=True, transpose_b=True), M, A,
           kinds="MatMul"),
    smooth("batch_matmul", lambda x, y: tf.matmul(x, y, transpose_b=True), T, T + 1.0,
           kinds="BatchMatMul"),
    smooth("reduce_sum", tf.reduce_sum, A, kinds="Sum", expected=np.sum),
    smooth("reduce_sum_rows", lambda x: tf.reduce_sum(x, 0), A, kinds="Sum KeptShape"),
    smooth("reduce_sum_keep", lambda x: tf.reduce_sum(x, [1], keep_dims=True), A, kinds="Sum"),
    smooth("reduce_sum_middle", lambda x: tf.reduce_sum(x, 1), T, kinds="Sum"),
    smooth("reduce_mean", tf.reduce_mean, A, kinds="Mean", expected=np.mean),
    smooth("reduce_mean_rows", lambda x: tf.reduce_mean(x, reduction_indices=0), A, kinds="Mean"),
    smooth("reduce_prod", lambda x: tf.reduce_prod(x, 1), A, kinds="Prod ProdOfOthers"),
    Row("reduce_prod_twice", lambda x: tf.gradients(tf.gradients(tf.reduce_prod(x, 1), x)[0], x)[0],
        (A,), "ProdOfOthersGrad", differentiable=False),
    smooth("reduce_max", lambda x: tf.reduce_max(x, 1), A, kinds="Max"),
    smooth("reduce_min", lambda x: tf.reduce_min(x, 0), A, kinds="Min"),
    flat("reduce_all", lambda x: tf.reduce_all(x, 0), FLAGS, kinds="All"),
    flat("reduce_any", lambda x: tf.reduce_any(x, 1), FLAGS, kinds="Any"),
    smooth("reduce_logsumexp", lambda x: tf.reduce_logsumexp(x, 1), A, kinds="Sum Max"),
    smooth("reduce_logsumexp_kept",
           lambda x: tf.reduce_logsumexp(x, reduction_indices=[1], keepdims=True), A,
           kinds="Sum Max"),
    flat("argmax", lambda x: tf.argmax(x, 1), A, kinds="ArgMax"),
    flat("argmin", lambda x: tf.argmin(x, 0), A, kinds="ArgMin"),
]  # fmt: skip
