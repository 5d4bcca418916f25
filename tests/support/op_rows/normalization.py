"""Rows of normalization, dropout and what else layers are built of."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine as tf
from op_rows.row import ROW, A, Row, T, smooth

IMAGES = np.cos(np.arange(48.0)).reshape(2, 2, 4, 3) * 2
SCALE, OFFSET = np.array([1.5, -0.5, 2.0]), np.array([0.25, 1.0, -1.0])
MEAN, VARIANCE = np.array([0.5, -0.25, 0.0]), np.array([1.0, 2.0, 0.5])
SEQUENCE = np.sin(np.arange(18.0)).reshape(3, 3, 2)
FIRST = np.ascontiguousarray(IMAGES.transpose(0, 3, 1, 2))


def fused(**options: Any) -> Any:
    def function(x: Any, scale: Any, offset: Any, *statistics: Any) -> Any:
        return tf.nn.fused_batch_norm(x, scale, offset, *statistics, **options)[0]

    return function


def kept(x: Any, scale: Any, offset: Any) -> Any:
    _, mean, variance = tf.nn.fused_batch_norm(x, scale, offset)
    return mean * 2.0 + variance


def slopes(**options: Any) -> Any:
    """The gradients of the fused operation as one tensor, so that they are differentiated too."""

    def function(x: Any, scale: Any, *statistics: Any) -> Any:
        y = tf.nn.fused_batch_norm(x, scale, list(OFFSET), *statistics, **options)[0]
        dx, dscale = tf.gradients(y * y * y, [x, scale])
        return dx + tf.reduce_sum(dscale)

    return function


def normal(x: Any) -> Any:
    """Batch normalization in NumPy's words."""
    return (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 0.001) * SCALE + OFFSET


ROWS = [
    smooth("fused_batch_norm", fused(), IMAGES, SCALE, OFFSET,
           kinds="FusedBatchNorm FusedBatchNormGrad", expected=lambda x, *_: normal(x)),
    smooth("fused_batch_norm_nchw", fused(data_format="NCHW"), FIRST, SCALE, OFFSET,
           kinds="FusedBatchNorm FusedBatchNormGrad",
           expected=lambda x, *_: normal(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)),
    Row("fused_batch_norm_inference", fused(is_training=False),
        (IMAGES, SCALE, OFFSET, MEAN, VARIANCE), "FusedBatchNorm", differentiable=False,
        expected=lambda x, s, o, m, v: (x - m) / np.sqrt(v + 0.001) * s + o),
    smooth("fused_batch_norm_inference_slope",
           lambda x, s, o: fused(is_training=False)(x, s, o, list(MEAN), list(VARIANCE)),
           IMAGES, SCALE, OFFSET, kinds="FusedBatchNormGrad", double_only=True),
    Row("fused_batch_norm_statistics", kept, (IMAGES, SCALE, OFFSET), "FusedBatchNorm",
        differentiable=False,
        expected=lambda x, *_: x.mean((0, 1, 2)) * 2 + x.var((0, 1, 2), ddof=1)),
    smooth("fused_batch_norm_twice", slopes(), IMAGES, SCALE, kinds="FusedBatchNormGrad",
           double_only=True, tolerance=1e-4),
    smooth("fused_batch_norm_nchw_twice", slopes(data_format="NCHW"), FIRST, SCALE,
           kinds="FusedBatchNormGrad", double_only=True, tolerance=1e-4),
    smooth("lrn", lambda x: tf.nn.lrn(x, 1, 2.0, 0.5, 0.75), IMAGES, kinds="LRN LRNGrad"),
    smooth("lrn_twice",
           lambda x: tf.gradients(tf.square(tf.nn.lrn(x, 1, 2.0, 0.5, 0.75)), x)[0], IMAGES,
           kinds="LRNGrad ChannelWindow", tolerance=1e-5),
    smooth("moments", lambda x: tf.stack(tf.nn.moments(x, [0, 1])), T, kinds="Mean",
           expected=lambda x: [x.mean((0, 1)), x.var((0, 1))]),
    smooth("weighted_moments",
           lambda x, w: tf.stack(tf.nn.weighted_moments(x, [0], w)), A, np.array([[3.0], [1.0]]),
           kinds="Sum",
           expected=lambda x, w: [np.average(x, 0, w[:, 0]),
                                  np.average((x - np.average(x, 0, w[:, 0])) ** 2, 0, w[:, 0])]),
    smooth("batch_normalization",
           lambda x, m, v, o, s: tf.nn.batch_normalization(x, m, v, o, s, 0.001),
           A, MEAN, VARIANCE, OFFSET, SCALE, kinds="Rsqrt",
           expected=lambda x, m, v, o, s: (x - m) / np.sqrt(v + 0.001) * s + o),
    smooth("selu", tf.nn.selu, A, kinds="Selu"),
    smooth("crelu", tf.nn.crelu, A, kinds="Relu",
           expected=lambda x: np.maximum(np.concatenate([x, -x], 1), 0)),
    smooth("swish", tf.nn.swish, A, kinds="Sigmoid", expected=lambda x: x / (1 + np.exp(-x))),
    smooth("relu_layer", tf.nn.relu_layer, A, T[0], T[0, 0] + 1, kinds="BiasAdd"),
    smooth("bias_add_nchw", lambda x, b: tf.nn.bias_add(x, b, "NCHW"), FIRST, ROW,
           kinds="BiasAddNCHW", expected=lambda x, b: x + b[:, None, None]),
    smooth("weighted_cross_entropy",
           lambda x, z: tf.nn.weighted_cross_entropy_with_logits(z, x, 3.0), A,
           np.array([[1.0, 0.0, 0.5], [0.25, 1.0, 0.0]]), kinds="Log1p"),
    smooth("log_poisson_loss", lambda c: tf.nn.log_poisson_loss([[0.0, 1, 3], [2, 5, 1]], c, True),
           A, kinds="Exp"),
    smooth("conv1d", lambda x, f: tf.nn.conv1d(x, f, 1, "SAME"), IMAGES[0], SEQUENCE,
           kinds="Conv2D"),
    smooth("conv1d_channels_first", lambda x, f: tf.nn.conv1d(x, f, 2, "VALID", data_format="NCW"),
           FIRST[0], np.ones([2, 2, 2]), kinds="Conv2D"),
    smooth("separable_conv2d",
           lambda x, d, p: tf.nn.separable_conv2d(x, d, p, [1, 1, 1, 1], "SAME"),
           IMAGES[:1], np.sin(np.arange(12.0)).reshape(2, 1, 3, 2), np.ones([1, 1, 6, 2]),
           kinds="DepthwiseConv2dNative"),
    smooth("atrous_conv2d", lambda x, f: tf.nn.atrous_conv2d(x, f, 2, "SAME"),
           IMAGES[:1], np.sin(np.arange(12.0)).reshape(2, 2, 3, 1), kinds="Conv2D"),
    smooth("pool_1d", lambda x: tf.nn.pool(x, [2], "MAX", "VALID"), IMAGES[0], kinds="MaxPool"),
    smooth("pool_2d", lambda x: tf.nn.pool(x, [2, 2], "AVG", "SAME", strides=[2, 2]), IMAGES,
           kinds="AvgPool"),
]  # fmt: skip

ELSEWHERE = {"DropoutMask"}  # test_normalization.py
