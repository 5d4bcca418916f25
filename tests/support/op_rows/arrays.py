"""Rows of what makes, shapes, joins and takes apart arrays."""

from __future__ import annotations

import numpy as np

import engine as tf
from op_rows.row import A, B, M, T, flat, smooth

ROWS = [
    flat("shape", tf.shape, A, kinds="Shape", expected=lambda x: [2, 3]),
    flat("size", tf.size, A, kinds="Size", expected=lambda x: 6),
    flat("rank", tf.rank, A, kinds="Rank", expected=lambda x: 2),
    smooth("reshape", lambda x: tf.reshape(x, [3, -1]) * M, A, kinds="Reshape"),
    smooth("transpose", tf.transpose, A, expected=np.transpose,
           kinds="Transpose InvertPermutation"),
    smooth("transpose_3", lambda x: tf.transpose(x, [1, 2, 0]), T, kinds="Transpose"),
    smooth("reshape_of_transpose", lambda x: tf.reshape(tf.transpose(x), [-1]), A, kinds="Reshape"),
    smooth("expand_dims", lambda x: tf.expand_dims(x, 1), A, kinds="ExpandDims"),
    smooth("squeeze", lambda x: tf.squeeze(tf.expand_dims(x, 0), [0]), A, kinds="Squeeze"),
    smooth("concat", lambda x, y: tf.concat([x, y], 1) * 2.0, A, B,
           kinds="ConcatV2 ConcatSlice ConcatSliceGrad"),
    smooth("concat_0x", lambda x, y: tf.concat(0, [x, y]), A, B, kinds="ConcatV2"),
    smooth("stack", lambda x, y: tf.stack([x, y], axis=1), A, B, kinds="Pack"),
    smooth("unstack", lambda x: tf.unstack(x, 2)[1] * tf.unstack(x, 3, axis=1)[0][0], A,
           kinds="Unpack"),
    smooth("split", lambda x: tf.split(x, 3, 1)[1] * 2.0, A, kinds="Split"),
    smooth("split_of_one", lambda x: tf.split(x, 1, 1)[0] * tf.split(x, [2], 0)[0], A,
           kinds="Split"),
    smooth("unstack_of_one", lambda x: tf.unstack(tf.reshape(x, [1, -1]))[0] * 2.0, A,
           kinds="Unpack"),
    smooth("split_sizes", lambda x: tf.split(x, [1, 2], 1)[1], A, kinds="Split"),
    smooth("tile", lambda x: tf.tile(x, [2, 3]), A, kinds="Tile Untile"),
    smooth("strided_slice", lambda x: x[1:, ::2] * 2.0, A, kinds="StridedSlice StridedSliceGrad"),
    smooth("element", lambda x: x[0, -1], A, kinds="StridedSlice"),
    smooth("slice", lambda x: tf.slice(x, [0, 1], [-1, 2]), A, kinds="Slice SliceGrad"),
    smooth("gather", lambda x: tf.gather(x, [1, 0, 1]), A, kinds="Gather ScatterRows"),
    flat("fill", lambda x: tf.fill(tf.shape(x), 2.5), A, kinds="Fill"),
    flat("range", lambda x: tf.range(0, tf.size(x), 2), A, kinds="Range"),
    flat("linspace", lambda x: tf.linspace(0.0, 1.0, 5), A, kinds="LinSpace"),
    flat("one_hot", lambda x: tf.one_hot(x, 3), np.array([0, 2, 1], np.int32), kinds="OneHot"),
    flat("constant", lambda x: tf.constant([1.0, 2.0]), A, kinds="Const"),
    smooth("placeholder_with_default", lambda x: tf.placeholder_with_default(x, [2, 3]) * 2.0, A,
           kinds="PlaceholderWithDefault"),
]  # fmt: skip
