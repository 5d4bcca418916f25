"""Rows of what weighs losses and metrics."""

from __future__ import annotations

import numpy as np

import engine as tf
from engine.ops.weights import checked_weights
from op_rows.row import A, B, smooth

ROWS = [
    smooth("checked_weights", lambda w, x: checked_weights(w, x) * x, A[:, :1], A,
           kinds="CheckedWeights", expected=np.multiply),
    smooth("mean_squared_error",
           lambda p, w: tf.losses.compute_weighted_loss(tf.squared_difference(p, B), w),
           A, np.array([[1.0], [0.5]]), kinds="Mul", step=1e-2, tolerance=1e-3),
]  # fmt: skip
