"""A run's health, watched on every point that is logged: NaN, spikes, and losses that stand still.

Each is told once when it begins and once when it is over. What is told is meant to be right: a
noisy curve that learns raises nothing (tests/summaries/test_health.py holds it to that).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from summaries.event import Event
from summaries.kinds import alert
from summaries.records import Float64, Scalars

MAX_ALERTS_A_TAG = 6

_LOSS = re.compile(r"loss|cost|nll|perplexity|\bppl\b|objective|cross_?entropy", re.IGNORECASE)
_WINDOW = 128
"""Finite values that a new one is held against."""
_FEWEST = 32
"""Of them there must be before anything is called a spike."""
_FRESH = 64
"""Values after which the quick bound is worked out anew."""
_SPREADS = 10.0
"""A spike is that many robust standard deviations above the median, and of the logarithms
likewise, so that noise in proportion to the value is none."""
_REACH = 3.0
"""And that many times farther from the median than the farthest value of the window."""
_CALM = 8
"""Values in a row that end a spike, or a run of NaN."""
_BLOCKS = 64
_LONG = 2048
"""Points before a loss can stand still."""
_STILL = 0.01
"""Part of the loss: less than that won in half of the training is standing still."""


def is_loss(tag: str) -> bool:
    """Whether the tag names something that should fall.

    Example:
        >>> [is_loss(tag) for tag in ("train/loss", "val_nll", "accuracy", "lr")]
        [True, True, False, False]
    """
    return _LOSS.search(tag) is not None


class HealthWatch:
    """Looks at each batch of a run's scalars; used by the draining thread only."""

    def __init__(self) -> None:
        self._tags: dict[str, _Tag | None] = {}

    def look(self, columns: Mapping[str, Scalars]) -> list[Event]:
        """The alerts that the newest points of each tag give reason for, mostly none.

        Args:
            columns: tags to their new points, in logging order.

        Example:
            >>> from summaries.kinds.alert import decode
            >>> values = np.array([1.0, np.nan, 1.0])
            >>> columns = {"loss": Scalars(np.arange(3), np.zeros(3), values)}
            >>> (event,) = HealthWatch().look(columns)
            >>> event.step, decode(event.step, event.wall_time, event.data).title
            (1, "'loss' is NaN")
        """
        found: list[Event] = []
        # Sums of values near float64's end may overflow: what is infinite then tells nothing.
        with np.errstate(all="ignore"):
            for tag, points in columns.items():
                try:
                    watched = self._tags[tag]
                except KeyError:
                    # What the machine does is no matter of the training's health.
                    watched = None if tag.startswith("system/") else _Tag(tag)
                    self._tags[tag] = watched
                if watched is not None:
                    found += watched.look(points)
        return found


class _Tag:
    """What is remembered of one series."""

    __slots__ = ("_calm", "_left", "_losing", "_nonfinite", "_spikes", "_still", "tag")

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self._left = MAX_ALERTS_A_TAG
        self._nonfinite = False
        self._calm = 0
        self._losing = is_loss(tag)
        self._spikes = _Spikes() if self._losing else None
        self._still = _Standstill() if self._losing else None

    def look(self, points: Scalars) -> list[Event]:
        """The alerts these points give reason for."""
        if self._left == 0:
            return []
        values = points.value
        finite = np.isfinite(values)
        found: list[Event] = []
        whole = bool(finite.all())
        if not whole or self._nonfinite:
            self._look_at_nonfinite(points, finite, found)
        if self._spikes is None or self._still is None:
            return found
        steps = points.step
        if not whole:
            values, steps = values[finite], steps[finite]
        if len(values):
            walls = points.wall_time if whole else points.wall_time[finite]
            for at, level, title, text in self._spikes.look(values):
                self._tell(found, level, title, text, int(steps[at]), float(walls[at]))
            for level, title, text in self._still.look(values, steps):
                self._tell(found, level, title, text, int(steps[-1]), float(walls[-1]))
        return found

    def _look_at_nonfinite(self, points: Scalars, finite: Any, found: list[Event]) -> None:
        begin = 0
        while True:
            if not self._nonfinite:
                bad = np.flatnonzero(~finite[begin:])
                if not len(bad):
                    return
                at = begin + int(bad[0])
                value = float(points.value[at])
                word = "NaN" if np.isnan(value) else ("+Inf" if value > 0 else "-Inf")
                self._nonfinite, self._calm, begin = True, 0, at + 1
                self._tell(
                    found,
                    "error" if self._losing else "warn",
                    f"{{tag}} is {word}",
                    f"first at step {int(points.step[at])}",
                    int(points.step[at]),
                    float(points.wall_time[at]),
                )
            for at in range(begin, len(finite)):
                self._calm = self._calm + 1 if finite[at] else 0
                if self._calm == _CALM:
                    begin = at + 1
                    self._nonfinite = False
                    self._tell(
                        found,
                        "info",
                        "{tag} is finite again",
                        f"{_CALM} values in a row",
                        int(points.step[at]),
                        float(points.wall_time[at]),
                    )
                    break
            else:
                return

    def _tell(
        self, found: list[Event], level: str, title: str, text: str, step: int, wall: float
    ) -> None:
        if self._left == 0:
            return
        self._left -= 1
        if self._left == 0:
            text += f"\nThis was alert {MAX_ALERTS_A_TAG} about this tag; no more are told."
        named = title.replace("{tag}", f"'{self.tag}'")
        found.append(
            alert.event(
                named, text, level, source="health", about=self.tag, step=step, wall_time=wall
            )
        )


class _Spikes:
    """Values far above the last ones, by median and spread, which outliers do not move."""

    __slots__ = ("_bound", "_calm", "_parts", "_since", "_usual", "_window")

    def __init__(self) -> None:
        self._window: Float64 = np.empty(0)
        self._parts: list[Float64] = []
        """What came since: joined to the window when that is looked at."""
        self._bound = np.inf
        self._since = _FRESH
        self._usual: float | None = None
        self._calm = 0

    def look(self, values: Float64) -> list[tuple[int, str, str, str]]:
        """(index, level, title, text) of each beginning and end of a spike."""
        found: list[tuple[int, str, str, str]] = []
        begin = 0
        # Of a loop that logs flat out thousands come at once: the bound then keeps step with those,
        # or looking would cost as much as writing.
        fresh = max(_FRESH, len(values) >> 4)
        while begin < len(values):
            if self._usual is not None:
                begin = self._until_calm(values, begin, found)
                continue
            end = min(begin + fresh, len(values))
            part = values[begin:end]
            if self._since >= _FRESH:
                self._refresh()
            if part.max() <= self._bound:
                self._take(part)
                begin = end
                continue
            at = int(np.argmax(part > self._bound))
            self._take(part[:at])
            # The quick bound may be up to 128 values old; this one is not.
            self._refresh()
            value = float(part[at])
            if value > self._bound:
                self._usual = median = _median(self._window)
                self._calm = 0
                text = (
                    f"{value:.6g}, where the last {len(self._window)} had a median of {median:.6g}"
                )
                found.append((begin + at, "warn", "{tag} has a spike", text))
            else:
                self._take(part[at : at + 1])
            begin += at + 1
        return found

    def _until_calm(
        self, values: Float64, begin: int, found: list[tuple[int, str, str, str]]
    ) -> int:
        """The index behind the spike; the window stays as it was before it meanwhile."""
        for at in range(begin, len(values)):
            self._calm = self._calm + 1 if values[at] <= self._bound else 0
            if self._calm == _CALM:
                text = f"{values[at]:.6g}, the median before was {self._usual:.6g}"
                found.append((at, "info", "{tag} is back to normal", text))
                self._usual = None
                return at + 1
        return len(values)

    def _take(self, values: Float64) -> None:
        self._parts.append(values)
        self._since += len(values)

    def _refresh(self) -> None:
        self._since = 0
        self._window = np.concatenate([self._window, *self._parts])[-_WINDOW:]
        self._parts.clear()
        if len(self._window) >= _FEWEST:
            self._bound = _bound_of(self._window)


def _bound_of(window: Float64) -> float:
    """Above it a value is a spike; infinity where the window tells nothing."""
    median = _median(window)
    spread = _spread(window, median)
    if median == 0.0 and spread == 0.0:
        return np.inf  # a penalty that is mostly off
    reach = _REACH * (float(window.max()) - median)
    bound = median + max(_SPREADS * spread, reach, abs(median))
    if window.min() > 0.0:
        logs = np.log(window)
        middle = _median(logs)
        bound = max(bound, float(np.exp(min(middle + _SPREADS * _spread(logs, middle), 700.0))))
    return bound


def _median(values: Float64) -> float:
    """The median, of two in the middle the greater: a third of np.median's time."""
    middle = len(values) // 2
    return float(np.partition(values, middle)[middle])


def _spread(values: Float64, median: float) -> float:
    """The median absolute deviation, as the standard deviation of a normal distribution."""
    return 1.4826 * _median(np.abs(values - median))


class _Standstill:
    """Whether half of the training won less than a hundredth, on means of equal blocks.

    At most `_BLOCKS` means are kept: when they are all there, neighbours are joined.
    """

    __slots__ = ("_first_steps", "_means", "_n", "_size", "_still_at", "_sum")

    def __init__(self) -> None:
        self._means: list[float] = []
        self._first_steps: list[int] = []
        self._size = _LONG // _BLOCKS
        self._n = 0
        self._sum = 0.0
        self._still_at: float | None = None

    def look(self, values: Float64, steps: Any) -> list[tuple[str, str, str]]:
        """(level, title, text) when the loss begins to stand still, and when it falls again."""
        found: list[tuple[str, str, str]] = []
        begin = 0
        while begin < len(values):
            if self._n == 0:
                self._first_steps.append(int(steps[begin]))
            end = min(begin + self._size - self._n, len(values))
            self._sum += float(values[begin:end].sum())
            self._n += end - begin
            begin = end
            if self._n == self._size:
                self._means.append(self._sum / self._size)
                self._n, self._sum = 0, 0.0
                self._judge(found)
                if len(self._means) == _BLOCKS:
                    pairs = np.array(self._means).reshape(-1, 2)
                    self._means = pairs.mean(axis=1).tolist()
                    self._first_steps = self._first_steps[::2]
                    self._size *= 2
        return found

    def _judge(self, found: list[tuple[str, str, str]]) -> None:
        k = len(self._means)
        if self._size * k < _LONG or k % 4:
            return
        means = np.array(self._means)
        if not np.isfinite(means).all():
            return
        before, now = means[k // 4 : k // 2], means[-(k // 4) :]
        level = float(before.mean())
        won = level - float(now.mean())
        steps = np.abs(np.diff(means))
        # Of the difference of the two quarters: what neighbouring blocks differ by is noise.
        error = 1.4826 * float(np.median(steps)) / np.sqrt(2) * np.sqrt(2.0 / (k // 4))
        if self._still_at is None:
            if won + 3.0 * error < _STILL * abs(level):
                self._still_at = float(now.mean())
                text = (
                    f"{now.mean():.6g} on average now, {level:.6g} around step "
                    f"{self._first_steps[k // 4]}: under 1 % less in half of the training"
                )
                found.append(("info", "{tag} no longer falls", text))
        elif self._still_at - float(means[-1]) > 0.05 * abs(self._still_at) + 3.0 * error:
            self._still_at = None
            found.append(("info", "{tag} falls again", f"{means[-1]:.6g} on average now"))
