"""Rows of beam searches: whole sequences out of steps and parents."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine as tf
from op_rows.row import flat

STEPS = np.array([[[1, 2, 3]], [[4, 5, 0]], [[6, 7, 8]]], np.int32)
PARENTS = np.array([[[0, 0, 0]], [[0, 1, 1]], [[2, 1, 2]]], np.int32)
BROAD = np.arange(24, dtype=np.int32).reshape(3, 2, 4)
BACK = np.array([3, 1, 0, 2] * 6, np.int32).reshape(3, 2, 4)


def _longest(lengths: list[int], end: int) -> Any:
    # tf.contrib is found late, so that the rows can be loaded where it is not there.
    return lambda steps, parents: tf.contrib.seq2seq.gather_tree(steps, parents, lengths, end)


ROWS = [
    flat("gather_tree", _longest([3], 9), STEPS, PARENTS, kinds="GatherTree",
         expected=lambda s, p: [[[2, 2, 2]], [[0, 5, 0]], [[6, 7, 8]]]),
    flat("gather_tree_ended", _longest([3], 0), STEPS, PARENTS, kinds="GatherTree",
         expected=lambda s, p: [[[2, 2, 2]], [[0, 5, 0]], [[0, 7, 0]]]),
    flat("gather_tree_short", _longest([2, 0], 99), BROAD, BACK, kinds="GatherTree",
         expected=lambda s, p: [[[3, 1, 0, 2], [99] * 4], [[8, 9, 10, 11], [99] * 4],
                                [[99] * 4, [99] * 4]]),
]  # fmt: skip
