"""Rows of blocks, patches, grids, masks, broadcasts and texts."""

from __future__ import annotations

import numpy as np

import engine as tf
from op_rows.row import ROW, A, Row, T, flat, smooth

PIXELS = np.arange(48.0).reshape(1, 4, 6, 2) / 11 - 2.0
ORDER = np.array([2, 0, 1], np.int32)
COUNTS = np.array([1, 0, 3], np.int32)


def _blocks(x: np.ndarray) -> np.ndarray:
    parts = [x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]
    return np.concatenate(parts, axis=3)


def _patches(x: np.ndarray) -> list[list[np.ndarray]]:
    """2 x 3 patches, two rows and one column apart, of the first image."""
    return [[x[0, i : i + 2, j : j + 3].ravel() for j in range(4)] for i in (0, 2)]


ROWS = [
    smooth("space_to_depth", lambda x: tf.space_to_depth(x, 2), PIXELS, kinds="SpaceToDepth",
           expected=_blocks),
    smooth("depth_to_space", lambda x: tf.depth_to_space(tf.space_to_depth(x, 2), 2) * 2.0, PIXELS,
           kinds="DepthToSpace", expected=lambda x: 2 * x),
    smooth("extract_image_patches", lambda x: tf.extract_image_patches(
           x, [1, 2, 3, 1], [1, 2, 1, 1], [1, 1, 1, 1], "VALID")[0], PIXELS,
           kinds="ExtractImagePatches PatchesGrad", expected=_patches),
    smooth("extract_image_patches_same", lambda x: tf.extract_image_patches(
           x, [1, 2, 2, 1], [1, 3, 2, 1], [1, 2, 1, 1], "SAME"), PIXELS,
           kinds="ExtractImagePatches"),
    Row("patches_twice", lambda x: tf.gradients(tf.square(tf.gradients(tf.square(
        tf.extract_image_patches(x, [1, 2, 2, 1], [1, 1, 1, 1], [1, 1, 1, 1], "SAME")), x)[0]),
        x)[0], (PIXELS,), "PatchesGrad", differentiable=False),
    smooth("broadcast_to", lambda x: tf.broadcast_to(x, [4, 2, 3]), A, kinds="BroadcastTo",
           expected=lambda x: np.broadcast_to(x, [4, 2, 3])),
    flat("broadcast_dynamic_shape", lambda x, y: tf.broadcast_dynamic_shape(
         tf.shape(x[:, :1]), tf.shape(y)), A, ROW, kinds="BroadcastArgs",
         expected=lambda x, y: [2, 3]),
    flat("invert_permutation", tf.invert_permutation, ORDER, kinds="InvertPermutation",
         expected=np.argsort),
    smooth("meshgrid", lambda x: tf.meshgrid(x, x * 2.0, [1.0, 2.0])[1], ROW, kinds="Mul",
           expected=lambda x: np.meshgrid(x, 2 * x, [1, 2])[1]),
    flat("meshgrid_ij", lambda x: tf.meshgrid(x, [7, 8], indexing="ij")[0], COUNTS, kinds="Mul",
         expected=lambda x: np.meshgrid(x, [7, 8], indexing="ij")[0]),
    flat("sequence_mask", lambda x: tf.sequence_mask(x, 4), COUNTS, kinds="Less",
         expected=lambda x: np.arange(4) < x[:, None]),
    flat("sequence_mask_open", lambda x: tf.sequence_mask(x, dtype=tf.float32), COUNTS,
         kinds="Less", open_shape=True, expected=lambda x: np.arange(3) < x[:, None]),
    smooth("parallel_stack", lambda x: tf.parallel_stack([x, x * 2.0]), A, kinds="Pack",
           expected=lambda x: np.stack([x, 2 * x])),
    flat("shape_n", lambda x, y: tf.shape_n([x, y])[1], A, T, kinds="Shape",
         expected=lambda x, y: [2, 3, 2]),
    smooth("identity_n", lambda x, y: tf.identity_n([x, y])[1] * tf.reduce_sum(x), A, T,
           kinds="Identity",
           expected=lambda x, y: x.sum() * y),
    flat("one_hot_values", lambda x: tf.one_hot(x, 4, 5.0, -1.0, axis=0), COUNTS, kinds="OneHot",
         expected=lambda x: np.where(np.arange(4)[:, None] == x, 5.0, -1.0)),
    flat("one_hot_as_deep_as_a_tensor", lambda x: tf.one_hot(x, tf.reduce_max(x) + 1), COUNTS,
         kinds="OneHot", expected=lambda x: np.arange(4) == x[:, None], open_shape=True),
    flat("eye_as_large_as_a_tensor", lambda x: tf.eye(tf.reduce_max(x), 2, dtype=tf.int32), COUNTS,
         kinds="Eye", expected=lambda x: np.eye(3, 2), open_shape=True),
    flat("eyes_as_large_as_a_tensor", lambda x: tf.eye(tf.reduce_max(x), batch_shape=[2]), COUNTS,
         kinds="Eye", expected=lambda x: [np.eye(3)] * 2, open_shape=True),
    flat("one_hot_integers", lambda x: tf.one_hot(x, 4, dtype=tf.int32), COUNTS, kinds="OneHot",
         expected=lambda x: np.eye(4)[x]),
]  # fmt: skip

ELSEWHERE = {"AsString", "StringJoin"}
"""Text is compared exactly, not to a tolerance."""
