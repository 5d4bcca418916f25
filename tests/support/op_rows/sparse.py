"""Rows of lookups by index and their gradients; what changes rows of variables is elsewhere."""

from __future__ import annotations

import numpy as np

import engine as tf
from op_rows.row import A, B, T, smooth

IDS = np.array([[2, 0], [2, 1]], np.int32)
PLACES = [[0, 0], [0, 1], [2, 0], [2, 1], [1, 1], [0, 1]]

ROWS = [
    smooth("gather_of_scatter",
           lambda x: tf.gradients(tf.gather(x, [1, 1, 0]) ** 3, x)[0].values * 2.0, A,
           kinds="Gather ScatterRows"),
    smooth("written_out_rows", lambda x: tf.convert_to_tensor(
        tf.IndexedSlices(x, tf.constant([3, 1]), tf.constant([5, 3]))), A, kinds="ScatterRows"),
    smooth("lookup_of_three_axes", lambda x: tf.nn.embedding_lookup(
        tf.transpose(x, [1, 0, 2]), IDS) * 2.0, T, kinds="Gather ScatterRows"),
    smooth("sparse_matmul", lambda x, y: tf.sparse_tensor_dense_matmul(
        tf.SparseTensor(PLACES, tf.reshape(x, [6]), [3, 2]), y), A, B,
           kinds="SparseTensorDenseMatMul"),
    smooth("sparse_matmul_transposed", lambda x, y: tf.sparse_tensor_dense_matmul(
        tf.SparseTensor(PLACES, tf.reshape(x, [6]), [3, 2]), y, adjoint_a=True, adjoint_b=True),
           A, B, kinds="SparseTensorDenseMatMul"),
]  # fmt: skip

ELSEWHERE = {
    "SparseApplyUpdate", "ScatterUpdate", "ScatterAdd", "ScatterSub", "ScatterMul", "ScatterDiv",
    "ScatterMin", "ScatterMax", "ScatterNdUpdate", "ScatterNdAdd", "ScatterNdSub", "CountUpTo",
    "InitializedValue", "LogUniformCandidateSampler", "UniformCandidateSampler",
    "FixedUnigramCandidateSampler",
}  # fmt: skip
