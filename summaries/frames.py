"""Scalar series as a pandas frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from summaries.records import Scalars

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("run", "tag", "step", "wall_time", "value")


def frame_of(series: Iterable[tuple[str, str, Scalars]]) -> pd.DataFrame:
    """The points of (run, tag, points) one below the other; ``rank`` where there are several.

    Raises:
        ImportError: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            "to_pandas needs pandas\n  try: pip install trainboard[pandas]"
        ) from error
    found = list(series)
    has_ranks = any(points.rank is not None for _, _, points in found)
    frames = []
    for run, tag, points in found:
        wall_us = np.rint(points.wall_time * 1e6).astype(np.int64)
        columns = {
            "run": run,
            "tag": tag,
            "step": points.step,
            "wall_time": pd.to_datetime(wall_us, unit="us", utc=True),
            "value": points.value,
        }
        if has_ranks:
            columns["rank"] = 0 if points.rank is None else points.rank
        frames.append(pd.DataFrame(columns))
    if not frames:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(frames, ignore_index=True)
