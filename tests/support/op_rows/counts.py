"""Rows of contractions, sets, counts and complex numbers."""

from __future__ import annotations

import numpy as np

import engine as tf
from op_rows.row import A, B, M, T, flat, smooth

VALUES = np.array([5, 3, 5, 7, 3], np.int32)
NUMBERS = np.array([1, 0, 3, 1], np.int32)
WAVES = np.array([1.0 + 2.0j, -0.5j, -3.0 + 0.25j])

ROWS = [
    smooth("einsum", lambda x, y: tf.einsum("ij,jk->ik", x, y), A, M, kinds="Einsum",
           expected=np.dot),
    smooth("einsum_batch", lambda x, y: tf.einsum("bij,bkj->bik", x, y), T, T + 1.0,
           kinds="Einsum", expected=lambda x, y: x @ np.swapaxes(y, 1, 2)),
    smooth("einsum_summed", lambda x: tf.einsum("ij->j", x), A, kinds="Einsum",
           expected=lambda x: x.sum(0)),
    smooth("einsum_implicit", lambda x: tf.einsum("ba", x), A, kinds="Einsum",
           expected=np.transpose),
    smooth("einsum_three", lambda x, y, z: tf.einsum("ij,kj,jl->ikl", x, y, z), A, B, M,
           kinds="Einsum", expected=lambda x, y, z: np.einsum("ij,kj,jl->ikl", x, y, z)),
    smooth("einsum_lonely_letter", lambda x, y: tf.einsum("ij,kl->il", x, y), A, M,
           kinds="Einsum", expected=lambda x, y: np.einsum("ij,kl->il", x, y)),
    smooth("einsum_ellipsis", lambda x, y: tf.einsum("...ij,jk->...ik", x, y), T, A,
           kinds="Einsum", expected=np.matmul),
    smooth("tensordot", lambda x, y: tf.tensordot(x, y, [[2], [0]]), T, A, kinds="MatMul",
           expected=lambda x, y: np.tensordot(x, y, 1)),
    smooth("tensordot_two", lambda x, y: tf.tensordot(x, y, [[0, 2], [2, 0]]), T,
           np.transpose(T, [2, 1, 0]), kinds="MatMul",
           expected=lambda x, y: np.tensordot(x, y, [[0, 2], [2, 0]])),
    smooth("tensordot_all", lambda x, y: tf.tensordot(x, y, 2), A, B.T.reshape(2, 3),
           kinds="MatMul", expected=lambda x, y: (x * y).sum()),
    smooth("cross", tf.cross, A, B, kinds="Cross", expected=np.cross),
    flat("unique", lambda x: tf.unique(x).y, VALUES, kinds="DistinctValues", open_shape=True,
         expected=lambda x: [5, 3, 7]),
    flat("unique_which", lambda x: tf.unique(x, tf.int64).idx, VALUES, kinds="DistinctValues",
         expected=lambda x: [0, 1, 0, 2, 1]),
    flat("unique_counts", lambda x: tf.unique_with_counts(x).count, VALUES, open_shape=True,
         kinds="DistinctValues", expected=lambda x: [2, 2, 1]),
    flat("setdiff1d", lambda x: tf.setdiff1d(x, [3, 9]).out, VALUES, kinds="SetDifference",
         open_shape=True, expected=lambda x: [5, 5, 7]),
    flat("setdiff1d_places", lambda x: tf.setdiff1d(x, [3, 9]).idx, VALUES, open_shape=True,
         kinds="SetDifference", expected=lambda x: [0, 2, 3]),
    flat("histogram_fixed_width", lambda x: tf.histogram_fixed_width(x, [-1.0, 1.0], 4), A,
         kinds="UnsortedSegmentSum", expected=lambda x: np.histogram(
             x.clip(-1, 0.999), 4, (-1, 1))[0]),
    flat("bincount", tf.bincount, NUMBERS, kinds="Bincount", open_shape=True,
         expected=lambda x: [1, 2, 0, 1]),
    flat("bincount_weights", lambda x, w: tf.bincount(x, w, minlength=5, maxlength=5), NUMBERS,
         np.array([0.5, 1.0, 2.0, 0.25]), kinds="Bincount", open_shape=True,
         expected=lambda x, w: [1.0, 0.75, 0.0, 2.0, 0.0]),
    flat("confusion_matrix", lambda x, y: tf.confusion_matrix(x, y, 4), NUMBERS, NUMBERS[::-1],
         kinds="ScatterNd",
         expected=lambda x, y: [[0, 0, 0, 1], [0, 2, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]),
    flat("complex", tf.complex, A, B, kinds="Complex", expected=lambda x, y: x + 1j * y),
    flat("real", tf.real, WAVES, kinds="Real", expected=np.real),
    flat("imag", tf.imag, WAVES, kinds="Imag", expected=np.imag),
    flat("angle", tf.angle, WAVES, kinds="Angle", expected=np.angle),
    flat("conj", tf.conj, WAVES, kinds="Conj", expected=np.conj),
    flat("complex_abs", tf.complex_abs, WAVES, kinds="ComplexAbs", expected=np.abs),
]  # fmt: skip
