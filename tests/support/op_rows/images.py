"""Rows of convolution and pooling: strides, paddings, dilations and both data formats."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine as tf
from op_rows.row import smooth

RNG = np.random.default_rng(7)
X = RNG.normal(size=(2, 5, 6, 3))
F = RNG.normal(size=(3, 2, 3, 4))
WIDE = RNG.normal(size=(2, 4, 5, 12))
WIDE_F = RNG.normal(size=(3, 3, 12, 5))
D = RNG.normal(size=(2, 3, 3, 2))
FIRST = X.transpose(0, 3, 1, 2).copy()
# Pooling compares: no two elements may lie within a step of the numeric gradient.
APART = RNG.permutation(2 * 5 * 6 * 3).reshape(2, 5, 6, 3) / 10.0


def convolved(x: Any, filters: Any) -> Any:
    """The definition, for stride 1 and VALID: a sum for every position of the window."""
    rows, columns = x.shape[1] - filters.shape[0] + 1, x.shape[2] - filters.shape[1] + 1
    result = np.zeros((x.shape[0], rows, columns, filters.shape[3]))
    for n, i, j, f in np.ndindex(*result.shape):
        window = x[n, i : i + filters.shape[0], j : j + filters.shape[1]]
        result[n, i, j, f] = (window * filters[..., f]).sum()
    return result


def conv(**more: Any) -> Any:
    given: dict[str, Any] = {"strides": [1, 1, 1, 1], "padding": "SAME", **more}
    return lambda x, filters: tf.nn.conv2d(x, filters, **given)


def both_gradients(x: Any, filters: Any) -> Any:
    """The gradients themselves, so that their own gradients are compared too."""
    y = tf.nn.conv2d(x, filters, [1, 2, 1, 1], "SAME")
    dx, df = tf.gradients(y * y, [x, filters])
    return tf.concat([tf.reshape(dx, [-1]), tf.reshape(df, [-1])], 0)


def pooled(function: Any, window: int, stride: int, padding: str, **more: Any) -> Any:
    sizes = [1, 1, window, window] if more else [1, window, window, 1]
    steps = [1, 1, stride, stride] if more else [1, stride, stride, 1]
    return lambda x: function(x, sizes, steps, padding, **more)


ROWS = [
    smooth("conv2d_valid", conv(padding="VALID"), X, F, kinds="Conv2D", expected=convolved),
    smooth("conv2d_same", conv(), X, F, kinds="Conv2D Conv2DBackpropInput Conv2DBackpropFilter"),
    smooth("conv2d_strides", conv(strides=[1, 2, 3, 1]), X, F, kinds="Conv2D"),
    smooth("conv2d_dilated", conv(dilations=[1, 1, 2, 1]), X, F, kinds="Conv2D"),
    smooth("conv2d_channels_first", conv(data_format="NCHW"), FIRST, F, kinds="Conv2D"),
    smooth("conv2d_wide", conv(), WIDE, WIDE_F, kinds="Conv2D"),
    smooth("conv2d_wide_strides", conv(strides=[1, 2, 2, 1]), WIDE, WIDE_F, kinds="Conv2D"),
    smooth("conv2d_wide_valid_dilated", conv(padding="VALID", dilations=[1, 1, 2, 1]), WIDE, WIDE_F,
           kinds="Conv2D"),
    smooth("conv2d_one_by_one", conv(), WIDE, WIDE_F[:1, :1], kinds="Conv2D"),
    smooth("conv2d_gradients", both_gradients, X, F,
           kinds="Conv2DBackpropInput Conv2DBackpropFilter", tolerance=1e-5),
    smooth("conv2d_transpose",
           lambda x, f: tf.nn.conv2d_transpose(x, f, [2, 10, 12, 2], [1, 2, 2, 1]),
           X, F.transpose(0, 1, 3, 2)[:, :, :2, :].copy(), kinds="Conv2DBackpropInput"),
    smooth("depthwise_conv2d",
           lambda x, f: tf.nn.depthwise_conv2d(x, f, [1, 2, 2, 1], "SAME"), X, D,
           kinds="DepthwiseConv2dNative DepthwiseBackpropInput DepthwiseBackpropFilter"),
    smooth("depthwise_gradients",
           lambda x, f: tf.gradients(tf.nn.depthwise_conv2d(x, f, [1] * 4, "VALID") ** 2, x)[0],
           X, D, kinds="DepthwiseBackpropInput", tolerance=1e-5),
    smooth("max_pool", pooled(tf.nn.max_pool, 2, 2, "SAME"), APART, kinds="MaxPool MaxPoolGrad"),
    smooth("max_pool_tiles", pooled(tf.nn.max_pool, 2, 2, "VALID"), APART[:, :4],
           kinds="MaxPool MaxPoolGrad"),
    smooth("max_pool_overlapping", pooled(tf.nn.max_pool, 3, 2, "SAME"), APART, kinds="MaxPool"),
    smooth("max_pool_channels_first", pooled(tf.nn.max_pool, 2, 1, "VALID", data_format="NCHW"),
           APART.transpose(0, 3, 1, 2).copy(), kinds="MaxPool"),
    smooth("max_pool_gradient",
           lambda x: tf.gradients(tf.nn.max_pool(x, [1, 3, 3, 1], [1, 2, 2, 1], "SAME") ** 2, x)[0],
           APART, kinds="MaxPoolGradGrad", tolerance=1e-5),
    smooth("avg_pool", pooled(tf.nn.avg_pool, 2, 2, "SAME"), X, kinds="AvgPool AvgPoolGrad"),
    smooth("avg_pool_tiles", pooled(tf.nn.avg_pool, 2, 2, "VALID"), X[:, :4], kinds="AvgPool"),
    smooth("avg_pool_overlapping", pooled(tf.nn.avg_pool, 3, 1, "VALID"), X, kinds="AvgPool"),
    smooth("avg_pool_channels_first", pooled(tf.nn.avg_pool, 3, 2, "SAME", data_format="NCHW"),
           FIRST, kinds="AvgPool"),
]  # fmt: skip
