"""``wandb.plot``: the numbers of a chart as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from summaries.compat.wandb.data import Table


def line(table: Table, x: str, y: str, *_: Any, **__: Any) -> Table:
    """The table's columns x and y."""
    return _columns(table, x, y)


def scatter(table: Table, x: str, y: str, *_: Any, **__: Any) -> Table:
    """The table's columns x and y."""
    return _columns(table, x, y)


def bar(table: Table, label: str, value: str, *_: Any, **__: Any) -> Table:
    """The table's columns of labels and values."""
    return _columns(table, label, value)


def histogram(table: Table, value: str, *_: Any, **__: Any) -> Table:
    """The table's column of values."""
    return _columns(table, value)


def _columns(table: Table, *names: str) -> Table:
    cells = zip(*(table.get_column(name) for name in names), strict=True)
    return Table(columns=list(names), data=[list(row) for row in cells])


def line_series(
    xs: Sequence[Any], ys: Sequence[Sequence[Any]], keys: Sequence[str] | None = None, *_: Any,
    **__: Any,
) -> Table:  # fmt: skip
    """The points of several curves, one behind the other, with their names."""
    several = bool(len(xs)) and hasattr(xs[0], "__iter__")
    names = list(keys or [f"line {at}" for at in range(len(ys))])
    rows = [
        [name, x, y]
        for at, (name, curve) in enumerate(zip(names, ys, strict=True))
        for x, y in zip(xs[at] if several else xs, curve, strict=False)
    ]
    return Table(columns=["line", "x", "y"], data=rows)


def confusion_matrix(
    probs: Any = None,
    y_true: Sequence[Any] | None = None,
    preds: Sequence[Any] | None = None,
    class_names: Sequence[str] | None = None,
    title: str | None = None,
    **_: Any,
) -> Table:
    """How often each class was taken for each, as rows of actual, predicted and count."""
    truth = np.asarray(y_true)
    taken = np.asarray(probs).argmax(axis=1) if preds is None else np.asarray(preds)
    names = list(class_names or map(str, range(int(max(truth.max(), taken.max())) + 1)))
    counts = np.zeros((len(names), len(names)), dtype=int)
    np.add.at(counts, (truth.astype(int), taken.astype(int)), 1)
    rows = [
        [actual, predicted, int(counts[i, j])]
        for i, actual in enumerate(names)
        for j, predicted in enumerate(names)
    ]
    return Table(columns=["Actual", "Predicted", "nPredictions"], data=rows)
