"""Rows of volumes: convolution and pooling over depth, rows and columns; places of the largest."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine as tf
from op_rows.row import flat, smooth

RNG = np.random.default_rng(3)
X = RNG.normal(size=(2, 4, 5, 3, 2))
F = RNG.normal(size=(3, 2, 2, 2, 3)) / 2
FIRST = X.transpose(0, 4, 1, 2, 3).copy()
# Pooling compares: no two elements may lie within a step of the numeric gradient.
APART = RNG.permutation(X.size).reshape(X.shape) / 10.0
IMAGES = RNG.permutation(2 * 5 * 4 * 3).reshape(2, 5, 4, 3) / 10.0
ONES, TWOS = [1, 1, 1, 1, 1], [1, 2, 2, 2, 1]


def convolved(x: Any, filters: Any) -> Any:
    """The definition, for stride 1 and VALID: a sum for every position of the window."""
    window = filters.shape[:3]
    places = [size - reach + 1 for size, reach in zip(x.shape[1:4], window, strict=True)]
    result = np.zeros((len(x), *places, filters.shape[4]))
    for n, d, i, j, f in np.ndindex(*result.shape):
        part = x[n, d : d + window[0], i : i + window[1], j : j + window[2]]
        result[n, d, i, j, f] = (part * filters[..., f]).sum()
    return result


def pooled(x: Any, function: Any) -> Any:
    """The definition, for windows of two in each direction, cut off at the far edges."""
    counts = [-(-size // 2) for size in x.shape[1:4]]
    result = np.zeros((len(x), *counts, x.shape[4]))
    for d, i, j in np.ndindex(*counts):
        part = x[:, 2 * d : 2 * d + 2, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        result[:, d, i, j] = function(part, (1, 2, 3))
    return result


def _rows_then_columns(x: Any) -> Any:
    rows = np.stack([x[:, :2].max(1), x[:, 1:4].max(1), x[:, 3:].max(1)], 1)
    return np.maximum(rows[:, :, ::2], rows[:, :, 1::2])


def _places(x: Any) -> Any:
    """Where the largest of each window lies in its image: all elements differ."""
    best = _rows_then_columns(x)
    found = [
        [np.flatnonzero(image == value)[0] for value in wanted.ravel()]
        for image, wanted in zip(x, best, strict=True)
    ]
    return np.reshape(found, best.shape)


def sized(filters: Any, dims: Any = F.shape) -> Any:
    """The sizes of a filter have to be known, as those of a variable are."""
    return tf.reshape(filters, dims)


def conv(**more: Any) -> Any:
    given: dict[str, Any] = {"strides": ONES, "padding": "SAME", **more}
    return lambda x, filters: tf.nn.conv3d(x, sized(filters), **given)


ROWS = [
    smooth("conv3d_valid", conv(padding="VALID"), X, F, kinds="Conv2D", expected=convolved),
    smooth("conv3d_same", conv(), X, F, kinds="Conv2D"),
    smooth("conv3d_strides", conv(strides=[1, 2, 1, 2, 1]), X, F, kinds="Conv2D"),
    smooth("conv3d_strides_valid", conv(strides=[1, 2, 1, 2, 1], padding="VALID"), X, F,
           kinds="Conv2D"),
    smooth("conv3d_point", lambda x, f: tf.nn.conv3d(
           x, sized(f, [1, 1, 1, 2, 3]), [1, 2, 2, 1, 1], "SAME"), X, F[:1, :1, :1], kinds="Conv2D",
           expected=lambda x, f: x[:, ::2, ::2] @ f[0, 0, 0]),
    smooth("conv3d_transpose", lambda y, f: tf.nn.conv3d_transpose(
           y, sized(f), [2, 4, 5, 3, 2], TWOS),
           RNG.normal(size=(2, 2, 3, 2, 3)), F, kinds="Conv2DBackpropInput"),
    smooth("max_pool3d", lambda x: tf.nn.max_pool3d(x, TWOS, TWOS, "SAME"), APART, kinds="MaxPool",
           expected=lambda x: pooled(x, np.max)),
    smooth("max_pool3d_valid", lambda x: tf.nn.max_pool3d(x, [1, 3, 2, 2, 1], ONES, "VALID"), APART,
           kinds="MaxPool"),
    smooth("avg_pool3d", lambda x: tf.nn.avg_pool3d(x, TWOS, TWOS, "SAME"), X, kinds="AvgPool",
           expected=lambda x: pooled(x, np.mean)),
    smooth("avg_pool3d_valid", lambda x: tf.nn.avg_pool3d(x, [1, 3, 2, 2, 1], ONES, "VALID"), X,
           kinds="AvgPool"),
    smooth("max_pool_with_argmax", lambda x: tf.nn.max_pool_with_argmax(
           x, [1, 3, 2, 1], [1, 2, 2, 1], "SAME")[0], IMAGES, kinds="MaxPoolWithArgmax",
           expected=_rows_then_columns),
    flat("max_pool_places", lambda x: tf.nn.max_pool_with_argmax(
         x, [1, 3, 2, 1], [1, 2, 2, 1], "SAME")[1], IMAGES, kinds="MaxPoolWithArgmax",
         expected=_places),
    flat("max_pool_places_valid", lambda x: tf.nn.max_pool_with_argmax(
         x, [1, 2, 2, 1], [1, 1, 1, 1], "VALID", Targmax=tf.int32)[1], IMAGES,
         kinds="MaxPoolWithArgmax"),
]  # fmt: skip
