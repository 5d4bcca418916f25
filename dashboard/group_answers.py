"""Curves of groups made ready for charts: binned within a window, and kept while nothing is new."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.group_series import GroupCurve
from summaries.records import Float64
from summaries.smoothing import SmoothingKind, smoothed_at

# 48 bytes each; zooming and smoothing ask for the same curves again and again.
MAX_POINTS = 500_000

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Group:
    """A group's curve, the steps at its x (float64, NaN where unknown), and facts for the page."""

    curve: GroupCurve
    step: Float64
    facts: dict[str, Any]


class RecentGroups:
    """Groups as they were last computed, by what they were computed of; the oldest go."""

    def __init__(self, max_points: int = MAX_POINTS) -> None:
        self._max_points = max_points
        self._held: OrderedDict[Hashable, Group] = OrderedDict()
        self._total = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Group | None]) -> Group | None:
        """The group under the key, or else the one that ``make`` makes."""
        with self._lock:
            held = self._held.get(key)
            if held is not None:
                self._held.move_to_end(key)
                return held
        group = make()
        if group is None:
            return None
        with self._lock:
            if key not in self._held:
                self._held[key] = group
                self._total += len(group.curve.x)
            while self._total > self._max_points and len(self._held) > 1:
                _, oldest = self._held.popitem(last=False)
                self._total -= len(oldest.curve.x)
        return group

    def forget(self, key: Hashable) -> None:
        """Has the group computed anew when it is asked for again."""
        with self._lock:
            held = self._held.pop(key, None)
            self._total -= len(held.curve.x) if held is not None else 0


def whole(group: Group) -> Columns:
    """Every point of the group."""
    curve = group.curve
    columns: Columns = {
        "step": group.step,
        "x": curve.x,
        "value": curve.mean,
        "low": curve.low,
        "high": curve.high,
    }
    columns = {key: column.astype("<f8") for key, column in columns.items()}
    return columns | {"members": curve.members.astype("<u4")}


def binned(
    group: Group,
    pixels: int,
    window: tuple[float, float] | None,
    smoothing: float,
    kind: SmoothingKind,
    extremes: bool,
) -> Columns:
    """The group in about ``pixels`` bins of equal width in x; each stands at its last x.

    Args:
        group: of whose x only those in the window, and one on either side, are taken.
        pixels: bins asked for.
        window: (low, high) in x; None: all.
        smoothing: 0 for none, else the amount of that kind, over all points.
        kind: of the smoothing.
        extremes: whether the band is one of extremes, which a bin then keeps; one of a spread is as
            wide as it mostly is in the bin.
    """
    curve = group.curve
    inside = np.arange(len(curve.x))
    if window is not None:
        inside = np.flatnonzero(touching(curve.x, window))
    starts = _starts(curve.x[inside], pixels)
    count = np.diff(starts, append=len(inside))
    last = inside[starts + count - 1]

    def reduced(values: Float64, how: np.ufunc) -> NDArray[Any]:
        chosen = values[inside]
        return how.reduceat(chosen, starts) if len(starts) else chosen

    def averaged(values: Float64) -> NDArray[Any]:
        known = np.isfinite(values)
        number = reduced(known.astype(np.float64), np.add)
        total = reduced(np.where(known, values, 0.0), np.add)
        return np.where(number > 0, total / np.maximum(number, 1.0), np.nan)

    columns: Columns = {
        "step": group.step[last],
        "x": curve.x[last],
        "min": reduced(curve.mean, np.fmin),
        "max": reduced(curve.mean, np.fmax),
        "mean": averaged(curve.mean),
        "low": reduced(curve.low, np.fmin) if extremes else averaged(curve.low),
        "high": reduced(curve.high, np.fmax) if extremes else averaged(curve.high),
    }
    if smoothing:
        for name, values in (("smoothed", curve.mean), ("low", curve.low), ("high", curve.high)):
            columns[name] = smoothed_at(values, last, kind, smoothing)
    columns = {key: column.astype("<f8") for key, column in columns.items()}
    columns["count"] = count.astype("<u4")
    columns["members"] = curve.members[last].astype("<u4")
    return columns


def _starts(x: Float64, pixels: int) -> NDArray[np.int64]:
    """The index at which each bin begins; int64 [k]."""
    if len(x) <= pixels:
        return np.arange(len(x))
    column = ((x - x[0]) * (pixels / (x[-1] - x[0]))).astype(np.int64)
    return np.flatnonzero(np.diff(np.minimum(column, pixels - 1), prepend=-1))


def touching(x: Float64, window: tuple[float, float]) -> NDArray[np.bool_]:
    """Which points lie in the window, or beside it: the line goes on to its rims."""
    inside = (x >= window[0]) & (x <= window[1])
    if not inside.any() and len(x):
        # A window between two points: the line through it is to be seen.
        at = int(np.searchsorted(x, window[0]))
        inside[max(0, at - 1) : at + 1] = True
    wider = inside.copy()
    wider[1:] |= inside[:-1]
    wider[:-1] |= inside[1:]
    return wider
