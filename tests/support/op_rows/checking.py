"""Rows of what checks values in a run."""

from __future__ import annotations

import numpy as np

import engine as tf
from op_rows.row import NUMBERS, A, flat, smooth

ROWS = [
    smooth("check_numerics", lambda x: tf.check_numerics(x, "x") * 2.0, A, kinds="CheckNumerics"),
    smooth("all_finite", lambda x: tf.verify_tensor_all_finite(x, "x") * 2.0, A,
           kinds="CheckNumerics"),
    flat("is_non_decreasing", tf.is_non_decreasing, np.sort(NUMBERS), kinds="LessEqual All",
         expected=lambda x: True),
    flat("is_strictly_increasing", tf.is_strictly_increasing, NUMBERS, kinds="Less All",
         expected=lambda x: False),
]  # fmt: skip
