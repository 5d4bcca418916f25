"""Rows of names and plain values, as CSV, JSON and other trackers have them, into a run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from summaries.checks import MAX_TAG_LENGTH
from summaries.event import Event
from summaries.imports.sink import RunSink
from summaries.kinds import histogram as histogram_kind
from summaries.kinds import text as text_kind
from summaries.records import Scalars

STEP_NAMES = ("step", "global_step", "_step", "trainer/global_step", "iteration", "iter", "epoch")
TIME_NAMES = ("wall_time", "wall time", "timestamp", "_timestamp", "time")

_BATCH = 50_000
_MILLISECONDS = 1e11
"""Times past it, in the year 5138 if they were seconds, are milliseconds."""


def run_name(*parts: str) -> str:
    """The parts as a run's name: a relative path without ``..``."""
    joined = "/".join(parts).replace("\\", "/").replace("\0", "")
    kept = [part.strip() for part in joined.split("/") if part.strip() not in ("", ".", "..")]
    return "/".join(kept)[:500] or "run"


def plain(text: str) -> Any:
    """What a cell of text stands for: a number, a truth value, or the text itself.

    Example:
        >>> plain("3"), plain("1e-3"), plain("True"), plain("adam")
        (3, 0.001, True, 'adam')
    """
    if text in ("True", "true"):
        return True
    if text in ("False", "false"):
        return False
    for kind in (int, float):
        try:
            # "1_000" is a name, whatever Python makes of it.
            return text if "_" in text else kind(text)
        except ValueError:
            continue
    return text


def seconds(value: Any) -> float | None:
    """Seconds since the epoch of a number (s or ms) or an ISO time; None if it is none."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            try:
                parsed = datetime.fromisoformat(value.strip())
            except ValueError:
                return None
            return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value) / 1e3 if abs(value) > _MILLISECONDS else float(value)


def whole(value: Any) -> int | None:
    """The value as a step, None if it is no whole number of 64 bits."""
    try:
        number = float(value)
        if number != math.floor(number) or abs(number) >= 2**63:
            return None
        return int(value) if not isinstance(value, str) or value.isdecimal() else int(number)
    except (TypeError, ValueError, OverflowError):
        return None


def flattened(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(tag, value) of each entry; those of mappings inside behind ``tag/``."""
    for name, value in values.items():
        tag = f"{prefix}{name}"
        if isinstance(value, Mapping) and "_type" not in value:
            yield from flattened(value, f"{tag}/")
        else:
            yield tag, value


class Rows:
    """Rows on their way into a run, gathered to columns."""

    def __init__(self, run: RunSink) -> None:
        self._run = run
        self._points: dict[str, list[tuple[int, float, float]]] = {}
        self._n = 0

    def add(self, step: int, wall_time: float, values: Mapping[str, Any]) -> None:
        """One row: numbers are scalars, texts texts, lists of numbers histograms."""
        for tag, value in flattened(values):
            self.add_value(tag, value, step, wall_time)

    def add_value(self, tag: str, value: Any, step: int, wall_time: float) -> None:
        """One value under its tag; None, and a name that cannot be a tag, is left out."""
        if value is None:
            return
        if not tag or len(tag) > MAX_TAG_LENGTH:
            self._run.report.note(f"values under the name '{tag[:40]}' are left out: no tag")
            return
        if isinstance(value, (bool, int, float)):
            self.add_point(tag, float(value), step, wall_time)
        elif isinstance(value, str):
            self.add_event(text_kind.event(tag, value, step, wall_time))
        elif isinstance(value, (list, tuple)):
            try:
                self.add_event(histogram_kind.event(tag, value, step, wall_time))
            except (TypeError, ValueError):
                self.add_event(text_kind.event(tag, repr(value), step, wall_time))
        else:
            self._run.report.note(f"'{tag}' is left out: of no kind that we keep")

    def add_point(self, tag: str, value: float, step: int, wall_time: float) -> None:
        """One number."""
        self._points.setdefault(tag, []).append((step, wall_time, value))
        self._n += 1

    def add_event(self, event: Event) -> None:
        """One value that is no number."""
        self._run.add({}, [event])

    @property
    def is_full(self) -> bool:
        """Whether enough waits to be handed on."""
        return self._n >= _BATCH

    def hand_on(self) -> None:
        """Give the run what was gathered."""
        columns = {}
        for tag, rows in self._points.items():
            steps, walls, values = zip(*rows, strict=True)
            columns[tag] = Scalars(
                np.array(steps, dtype=np.int64), np.array(walls), np.array(values)
            )
        self._points, self._n = {}, 0
        self._run.add(columns)
