"""Rows of clipping by norm, which is graph code over other families."""

from __future__ import annotations

import numpy as np

import engine as tf
from op_rows.row import A, B, smooth


def by_norm(x: np.ndarray) -> np.ndarray:
    return x / max(1.0, np.linalg.norm(x))


def by_row(x: np.ndarray) -> np.ndarray:
    return 1.5 * x / np.maximum(1.5, np.linalg.norm(x, axis=1, keepdims=True))


ROWS = [
    smooth("clip_by_norm", lambda x: tf.clip_by_norm(x, 1.0), A, kinds="Maximum", expected=by_norm),
    smooth("clip_by_norm_rows", lambda x: tf.clip_by_norm(x, 1.5, axes=[1]), A, kinds="Maximum",
           expected=by_row),
    smooth("clip_by_norm_small", lambda x: tf.clip_by_norm(x, 100.0), A, kinds="Maximum",
           expected=lambda x: x),
    smooth("clip_by_norm_zeros", lambda x: tf.clip_by_norm(x, 1.0), A * 0, kinds="Select",
           expected=lambda x: x),
    smooth("clip_by_average_norm", lambda x: tf.clip_by_average_norm(x, 0.1), A, kinds="Rsqrt",
           expected=lambda x: x * 0.1 * x.size / np.linalg.norm(x)),
    smooth("global_norm", lambda x, y: tf.global_norm([x, None, y]), A, B, kinds="L2Loss",
           expected=lambda x, y: np.sqrt((x * x).sum() + (y * y).sum())),
    smooth("clip_by_global_norm", lambda x, y: tf.clip_by_global_norm([x, y], 1.0)[0][1], A, B,
           kinds="Minimum"),
    smooth("clip_by_global_norm_given", lambda x: tf.clip_by_global_norm([x], 1.0, use_norm=4.0)[0][
        0], A, kinds="Minimum", expected=lambda x: x / 4),
]  # fmt: skip
