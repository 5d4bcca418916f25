"""Rows of what is chosen by place or by order: gathers, slices, padding, ranks, segments."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine as tf
from op_rows.row import A, B, M, T, flat, smooth

IDS = np.array([0, 0, 2], np.int32)
MIXED = np.array([2, -1, 0], np.int32)
ROWS_OF = np.array([[1.0, -2.0], [0.5, 0.25], [-1.5, 3.0]])
LENGTHS = np.array([2, 3], np.int32)
TIES = np.array([[1.0, 2.0], [1.0, -2.0], [4.0, 0.0]])


def twice(function: Any) -> Any:
    """The gradient of the squares of the gradient: what reaches the gradient's own kinds."""

    def build(x: Any, *more: Any) -> Any:
        first = tf.gradients(tf.square(function(x, *more)), x)[0]
        return tf.gradients(tf.square(first), x)[0]

    return build


ROWS = [
    smooth("top_k", lambda x: tf.nn.top_k(x, 2).values, A, kinds="TopKV2 PutAlongLast",
           expected=lambda x: -np.sort(-x, axis=1)[:, :2]),
    flat("top_k_places", lambda x: tf.nn.top_k(x, 2).indices, TIES, kinds="TopKV2",
         expected=lambda x: [[1, 0], [0, 1], [0, 1]]),
    flat("top_1", lambda x: tf.nn.top_k(x).indices, A, kinds="TopKV2",
         expected=lambda x: x.argmax(1)[:, None]),
    flat("top_k_twice", twice(lambda x: tf.nn.top_k(x, 2).values), A, kinds="TakeAlongLast"),
    flat("in_top_k", lambda x, t: tf.nn.in_top_k(x, t, 2), A, np.array([1, 5], np.int32),
         kinds="InTopKV2", expected=lambda x, t: [False, False]),
    smooth("sort", lambda x: tf.sort(x, axis=0), A, kinds="TopKV2",
           expected=lambda x: np.sort(x, axis=0)),
    flat("argsort", lambda x: tf.argsort(x, direction="DESCENDING"), A, kinds="TopKV2",
         expected=lambda x: np.argsort(-x, axis=1)),
    flat("searchsorted", lambda x, y: tf.searchsorted(x, y), np.sort(A), np.sort(A),
         kinds="LowerBound", expected=lambda x, y: [[0, 1, 2], [0, 1, 2]]),
    flat("searchsorted_right", lambda x, y: tf.searchsorted(x, y, "right"), np.sort(A),
         np.sort(A), kinds="UpperBound", expected=lambda x, y: [[1, 2, 3], [1, 2, 3]]),
    smooth("gather_nd", lambda x: tf.gather_nd(x, [[0, 1], [1, 2], [0, 1]]), A,
           kinds="GatherNd ScatterNd", expected=lambda x: x[[0, 1, 0], [1, 2, 1]]),
    smooth("gather_nd_rows", lambda x: tf.gather_nd(x, [[[1]], [[0]]]), A, kinds="GatherNd",
           expected=lambda x: x[[[1], [0]]]),
    smooth("scatter_nd", lambda x: tf.scatter_nd([[3], [0], [3]], x, [4, 2]), M,
           kinds="ScatterNd", expected=lambda x: [x[1], [0, 0], [0, 0], x[0] + x[2]]),
    smooth("gather_axis", lambda x: tf.gather(x, [[2, 0], [1, 2]], axis=1), A,
           kinds="GatherV2 GatherV2Grad", expected=lambda x: x[:, [[2, 0], [1, 2]]]),
    smooth("gather_batch", lambda x: tf.gather(x, [[2, 0], [1, 1]], axis=1, batch_dims=1), T,
           kinds="GatherV2", expected=lambda x: [x[0][[2, 0]], x[1][[1, 1]]]),
    smooth("gather_batch_far", lambda x: tf.gather(x, [[1, 0], [1, 1]], axis=2, batch_dims=1), T,
           kinds="GatherV2", expected=lambda x: [x[0][:, [1, 0]], x[1][:, [1, 1]]]),
    smooth("boolean_mask", lambda x: tf.boolean_mask(x, [True, False, True], axis=1), A,
           kinds="GatherV2", expected=lambda x: x[:, [0, 2]], open_shape=True),
    smooth("boolean_mask_2", lambda x: tf.boolean_mask(x, [[True, False, True], [False, False,
           True]]), A, kinds="GatherV2", expected=lambda x: [x[0, 0], x[0, 2], x[1, 2]],
           open_shape=True),
    smooth("sparse_to_dense", lambda v: tf.sparse_to_dense([[0, 1], [1, 0], [2, 3]], [3, 4], v),
           A[0], kinds="SparseToDense"),
    smooth("sparse_to_dense_default", lambda d: tf.sparse_to_dense([1, 3], [5], 2.0 * d, d),
           np.array(0.5), kinds="SparseToDense"),
    smooth("pad", lambda x: tf.pad(x, [[1, 0], [2, 1]]) * 2.0, A, kinds="Pad",
           expected=lambda x: np.pad(x, [[1, 0], [2, 1]]) * 2),
    smooth("pad_value", lambda x, v: tf.pad(x, [[1, 0], [2, 1]], constant_values=v), A,
           np.array(1.5), kinds="PadV2",
           expected=lambda x, v: np.pad(x, [[1, 0], [2, 1]], constant_values=v)),
    smooth("pad_reflect", lambda x: tf.pad(x, [[1, 0], [2, 1]], "REFLECT"), A,
           kinds="MirrorPad MirrorPadGrad",
           expected=lambda x: np.pad(x, [[1, 0], [2, 1]], mode="reflect")),
    smooth("pad_symmetric", lambda x: tf.pad(x, [[1, 2], [3, 1]], "symmetric"), A,
           kinds="MirrorPad", expected=lambda x: np.pad(x, [[1, 2], [3, 1]], mode="symmetric")),
    flat("pad_twice", twice(lambda x: tf.pad(x, [[1, 0], [2, 1]], "REFLECT")), A,
         kinds="MirrorPadGrad"),
    smooth("reverse", lambda x: tf.reverse(x, [-1, 0]) * 2.0, A, kinds="ReverseV2",
           expected=lambda x: x[::-1, ::-1] * 2),
    smooth("reverse_0x", lambda x: tf.reverse(x, [False, True]) * 2.0, A, kinds="Reverse",
           expected=lambda x: x[:, ::-1] * 2),
    smooth("roll", lambda x: tf.roll(x, [1, -1], [0, 1]) * x, T, kinds="Roll",
           expected=lambda x: np.roll(x, [1, -1], [0, 1]) * x),
    smooth("roll_one_axis", lambda x: tf.manip.roll(x, shift=2, axis=-1), A, kinds="Roll",
           expected=lambda x: np.roll(x, 2, -1)),
    smooth("dynamic_partition", lambda x: (lambda a, b: tf.concat([a * 2.0, b], 0))(
           *tf.dynamic_partition(x, [1, 0], 2)), A, kinds="DynamicPartition DynamicStitch",
           expected=lambda x: np.stack([x[1] * 2, x[0]]), open_shape=True),
    smooth("dynamic_partition_unused", lambda x: tf.dynamic_partition(
           x, [[0, 2, 0], [2, 2, 2]], 3)[2] ** 2.0, A, kinds="DynamicPartition",
           expected=lambda x: x[[0, 1, 1, 1], [1, 0, 1, 2]] ** 2, open_shape=True),
    smooth("dynamic_stitch", lambda x, y: tf.dynamic_stitch([[3, 0], [[1], [4]]],
           [x, tf.expand_dims(y, 1)]) * 2.0, A, B, kinds="DynamicStitch",
           expected=lambda x, y: 2 * np.stack([x[1], y[0], 0 * x[0], x[0], y[1]])),
    flat("dynamic_stitch_over", lambda x, y: tf.dynamic_stitch([[1, 0], [1, 1]],
         [x, tf.stop_gradient(y)]), A, B, kinds="DynamicStitch",
         expected=lambda x, y: np.stack([x[1], y[1]])),
    smooth("reverse_sequence", lambda x, n: tf.reverse_sequence(x, n, 1, 0), T, LENGTHS,
           kinds="ReverseSequence", expected=lambda x, n: [x[0][[1, 0, 2]], x[1][[2, 1, 0]]]),
    smooth("reverse_sequence_time_first", lambda x: tf.reverse_sequence(
           x, [2, 1, 2], seq_dim=0, batch_dim=1), T, kinds="ReverseSequence"),
    smooth("slice_tensors", lambda x, b, n: tf.slice(x, b, n) * 2.0, A,
           np.array([0, 1], np.int32), np.array([2, -1], np.int32), kinds="Slice SliceGrad",
           expected=lambda x, b, n: x[:, 1:] * 2, open_shape=True),
    flat("slice_twice", twice(lambda x: tf.slice(x, [0, 1], [1, 2])), A, kinds="SliceGrad"),
    smooth("strided_slice_function", lambda x: tf.strided_slice(
           x, [1, 0], [2, 3], [1, 2], begin_mask=2) * 2.0, A, kinds="StridedSlice",
           expected=lambda x: x[1:2, :3:2] * 2),
    smooth("strided_slice_masks", lambda x: tf.strided_slice(
           x, [0, 0, 1], [0, 0, 0], ellipsis_mask=1, new_axis_mask=2, shrink_axis_mask=4), A,
           kinds="StridedSlice", expected=lambda x: x[..., None, 1]),
    smooth("segment_sum", lambda x: tf.segment_sum(x, IDS), ROWS_OF, kinds="SegmentSum",
           expected=lambda x: [x[0] + x[1], 0 * x[0], x[2]]),
    smooth("segment_sum_fed", tf.segment_sum, ROWS_OF, IDS, kinds="SegmentSum",
           expected=lambda x, ids: [x[0] + x[1], 0 * x[0], x[2]], open_shape=True),
    smooth("segment_mean", lambda x: tf.segment_mean(x, IDS), ROWS_OF, kinds="SegmentMean",
           expected=lambda x: [(x[0] + x[1]) / 2, 0 * x[0], x[2]]),
    smooth("segment_prod", lambda x: tf.segment_prod(x, IDS), ROWS_OF, kinds="SegmentProd",
           expected=lambda x: [x[0] * x[1], 0 * x[0] + 1, x[2]]),
    smooth("segment_prod_zeros", lambda x: tf.segment_prod(x, [0, 0, 0, 1, 1]),
           np.array([0.0, 2.0, 3.0, 0.0, 0.0]), kinds="SegmentProd"),
    smooth("segment_max", lambda x: tf.segment_max(x, IDS), ROWS_OF, kinds="SegmentMax",
           expected=lambda x: [np.maximum(x[0], x[1]), 0 * x[0], x[2]]),
    smooth("segment_min", lambda x: tf.segment_min(x, IDS), ROWS_OF, kinds="SegmentMin",
           expected=lambda x: [np.minimum(x[0], x[1]), 0 * x[0], x[2]]),
    smooth("unsorted_segment_sum", lambda x: tf.unsorted_segment_sum(x, MIXED, 4), ROWS_OF,
           kinds="UnsortedSegmentSum", expected=lambda x: [x[2], 0 * x[0], x[0], 0 * x[0]]),
    smooth("unsorted_segment_sum_2", lambda x: tf.unsorted_segment_sum(
           x, [[1, 0, 1], [-1, 1, 0]], 2), T, kinds="UnsortedSegmentSum",
           expected=lambda x: [x[0, 1] + x[1, 2], x[0, 0] + x[0, 2] + x[1, 1]]),
    smooth("unsorted_segment_mean", lambda x: tf.unsorted_segment_mean(x, [1, 0, 1], 3), ROWS_OF,
           kinds="UnsortedSegmentSum", expected=lambda x: [x[1], (x[0] + x[2]) / 2, 0 * x[0]]),
    smooth("unsorted_segment_sqrt_n", lambda x: tf.unsorted_segment_sqrt_n(x, [1, 0, 1], 3),
           ROWS_OF, kinds="UnsortedSegmentSum",
           expected=lambda x: [x[1], (x[0] + x[2]) / np.sqrt(2), 0 * x[0]]),
    smooth("unsorted_segment_prod", lambda x: tf.unsorted_segment_prod(x, [1, 0, 1], 2), ROWS_OF,
           kinds="UnsortedSegmentProd", expected=lambda x: [x[1], x[0] * x[2]]),
    smooth("unsorted_segment_max", lambda x: tf.unsorted_segment_max(x, [0, -1, 0], 1), ROWS_OF,
           kinds="UnsortedSegmentMax", expected=lambda x: [np.maximum(x[0], x[2])]),
    flat("unsorted_segment_max_of_none", lambda x: tf.unsorted_segment_max(x, [1, -1, 1], 2),
         ROWS_OF, kinds="UnsortedSegmentMax",
         expected=lambda x: [np.full(2, np.finfo(float).min), np.maximum(x[0], x[2])]),
    smooth("unsorted_segment_min", lambda x: tf.unsorted_segment_min(x, [1, 0, 1], 2), ROWS_OF,
           kinds="UnsortedSegmentMin", expected=lambda x: [x[1], np.minimum(x[0], x[2])]),
    smooth("sparse_segment_sum", lambda x: tf.sparse_segment_sum(x, [2, 0, 2], [0, 0, 1]),
           ROWS_OF, kinds="SparseSegmentSum", expected=lambda x: [x[2] + x[0], x[2]]),
    smooth("sparse_segment_mean", lambda x: tf.sparse_segment_mean(x, [2, 0, 2], [0, 0, 1]),
           ROWS_OF, kinds="SparseSegmentMean", expected=lambda x: [(x[2] + x[0]) / 2, x[2]]),
    smooth("sparse_segment_sqrt_n", lambda x: tf.sparse_segment_sqrt_n(x, [2, 0], [0, 0]),
           ROWS_OF, kinds="SparseSegmentSqrtN", expected=lambda x: [(x[2] + x[0]) / np.sqrt(2)]),
]  # fmt: skip
