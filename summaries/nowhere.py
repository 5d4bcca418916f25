"""A pipeline that keeps nothing: what `SummaryWriter(write_to_disk=False)` logs into."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from summaries.batch import Point
from summaries.event import Event
from summaries.pipeline import Pipeline

_LIMIT = 10_000


class Nowhere(Pipeline):
    """Takes what a `Pipeline` takes, checked as there, and drops it."""

    def __init__(self, where: Path | str) -> None:
        self.where = where
        self.label = str(where)
        self.name = "."
        self.points: list[Point] = []
        self.events: list[Event] = []
        self.dropped = 0
        self.last_error = None
        self.limit = _LIMIT
        self.closed = False

    def log_event(self, event: Event) -> None:
        """Drop the event."""

    def relieve(self) -> None:
        """Drop the points.

        Raises:
            ValueError: the pipeline is closed.
        """
        self._refuse_if_closed()
        self.points.clear()

    def flush(self) -> None:
        """Drop the points."""
        self.points.clear()

    def merge_json(self, column: str, values: Mapping[str, Any]) -> None:
        """Drop the entries."""
        self._refuse_if_closed()

    def close(self, status: str = "finished", *, wait: bool = True) -> None:
        """Take nothing from here on."""
        self.closed = True
        self.limit = 0
        self.points.clear()
