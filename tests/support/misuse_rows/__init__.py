"""The rows of the misuse suite by their subject: what a beginner types, and what that is told."""

from __future__ import annotations

from misuse_rows import building, models, runs
from misuse_rows.row import Row

SUBJECTS: dict[str, list[Row]] = {
    "feed": runs.FEEDS, "fetch": runs.FETCHES, "session": runs.SESSIONS,
    "graph": building.GRAPHS, "value": building.TENSORS_AS_VALUES, "shape": building.SHAPES,
    "loss": models.LOSSES, "dtype": models.DTYPES, "variable": models.VARIABLES,
    "training": models.TRAINING, "keyword": models.KEYWORDS,
}  # fmt: skip

__all__ = ["SUBJECTS", "Row"]
