"""A series' record: what lists need of it, kept up to date with every flush."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from summaries.store.points import Points, as_ranges, of_ranges

MUTABLE = (
    "first_step",
    "n",
    "sealed",
    "chunks",
    "last_step",
    "last_wall_us",
    "last_value",
    "min_value",
    "min_step",
    "max_value",
    "max_step",
    "ranks",
    "rewinds",
    "revision",
)
COLUMNS = ("id", "run_id", "tag", "kind", *MUTABLE)
"""In the order of the fields of `SeriesRecord`."""


@dataclass
class SeriesRecord:
    """A series' record, as this writer last wrote or read it."""

    id: int
    run_id: int
    tag: str
    kind: str
    first_step: int
    n: int = 0
    sealed: int = 0
    chunks: int = 0
    last_step: int = 0
    last_wall_us: int = 0
    last_value: float | None = None
    min_value: float | None = None
    min_step: int | None = None
    max_value: float | None = None
    max_step: int | None = None
    ranks: str = ""
    rewinds: int = 0
    revision: int = 0


def _ranks_with(series: SeriesRecord, new: Points) -> str:
    """The ranks that logged the series, those of the new points among them."""
    if new.rank is None and not series.ranks:
        return ""
    known = of_ranges(series.ranks) if series.n else ()
    return as_ranges({*known, *new.ranks().tolist()})


def _storable(value: float) -> float | None:
    """NaN as NULL, which is what SQLite makes of it anyway."""
    return None if value != value else value


def grown(series: SeriesRecord, new: Points, revision: int) -> SeriesRecord:
    """The record after the points were added; where they are stored is not part of it."""
    changed: dict[str, Any] = {}
    if not series.n:  # new, or rewound to nothing
        changed["first_step"] = int(new.step[0])
    finite = np.isfinite(new.value)
    if finite.any():
        values, steps = new.value[finite], new.step[finite]
        low, high = int(values.argmin()), int(values.argmax())
        if series.min_value is None or values[low] < series.min_value:
            changed |= {"min_value": float(values[low]), "min_step": int(steps[low])}
        if series.max_value is None or values[high] > series.max_value:
            changed |= {"max_value": float(values[high]), "max_step": int(steps[high])}
    return replace(
        series,
        n=series.n + len(new),
        last_step=int(new.step[-1]),
        last_wall_us=int(new.wall_us[-1]),
        last_value=_storable(float(new.value[-1])),
        ranks=_ranks_with(series, new),
        revision=revision,
        **changed,
    )
