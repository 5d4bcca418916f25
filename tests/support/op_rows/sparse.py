"""Rows of lookups by index and their gradients; what changes rows of variables is elsewhere."""

from __future__ import annotations

import numpy as np

import engine as tf
from op_rows.row import A, T, smooth

IDS = np.array([[2, 0], [2, 1]], np.int32)

ROWS = [
    smooth("gather_of_scatter",
           lambda x: tf.gradients(tf.gather(x, [1, 1, 0]) ** 3, x)[0].values * 2.0, A,
           kinds="Gather ScatterRows"),
    smooth("written_out_rows", lambda x: tf.convert_to_tensor(
        tf.IndexedSlices(x, tf.constant([3, 1]), tf.constant([5, 3]))), A, kinds="ScatterRows"),
    smooth("lookup_of_three_axes", lambda x: tf.nn.embedding_lookup(
        tf.transpose(x, [1, 0, 2]), IDS) * 2.0, T, kinds="Gather ScatterRows"),
]  # fmt: skip

ELSEWHERE = {
    "SparseApplyUpdate", "ScatterUpdate", "ScatterAdd", "ScatterSub", "ScatterMul", "ScatterDiv",
    "ScatterMin", "ScatterMax", "ScatterNdUpdate", "ScatterNdAdd", "ScatterNdSub", "CountUpTo",
    "InitializedValue",
}  # fmt: skip
