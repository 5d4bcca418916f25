"""The largest element and the sum of each row, as the softmaxes need them."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.op import Array

BY_ROWS = "by_rows"
"""The attribute of a function whose arrays all have the same rows, which may be done apart."""
_FEW_ROWS, _MANY_COLUMNS = 32, 64
_BLAS_SUM = 8192
"""Columns up to which a row's sum is a product with ones; NumPy's pairwise sum is more exact."""


def lower_row_maximum(b: Any, x: Any, row: Any) -> None:
    """Calls that leave the largest of each of `x`'s rows [..., n] in `row` [..., 1].

    NumPy goes through short rows one by one, 0.1 us each; columns of all rows are faster, even
    where they have to be gathered first: 3 us instead of 9 at 100 x 10.
    """
    if not x.size:
        b.copy(row, b.constant(np.zeros((), x.dtype), "nothing"))
        return
    if len(x.dims) != 2 or x.dims[0] < _FEW_ROWS or x.dims[1] > _MANY_COLUMNS:
        b.call(np.maximum.reduce, x, -1, None, row, True, writes=row)
        return
    b.call(row_maximum, x, b.scratch(x.dims, x.dtype, "columns"), row, writes=row)


def row_maximum(x: Array, work: Array, out: Array) -> None:
    """The largest of each row of `x` [n, m] into `out` [n, 1]; `work` [n, m] is overwritten."""
    columns = work.reshape(work.shape[::-1])
    np.copyto(columns, x.T)
    np.maximum.reduce(columns, 0, None, out.reshape(-1))


setattr(row_maximum, BY_ROWS, True)


def lower_row_sum(b: Any, x: Any, row: Any) -> None:
    """Calls that leave the sum of each of `x`'s rows [..., n] in `row` [..., 1]."""
    width = x.dims[-1]
    if len(x.dims) != 2 or not x.size or width > _BLAS_SUM or x.dtype.kind != "f":
        b.call(np.add.reduce, x, -1, None, row, True, writes=row)
        return
    flat = b.view(row, lambda array: array.reshape(-1))
    b.call(np.dot, x, b.constant(np.ones(width, x.dtype), "ones"), flat, writes=flat)
