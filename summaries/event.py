"""What the kinds hand to the store: one logged value, encoded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """One logged value that is not a scalar."""

    kind: str
    tag: str
    step: int
    wall_time: float
    """Seconds since the epoch."""
    data: bytes
    blob: tuple[str, bytes] | None = None
    """Media type and content of what is stored once however often it is logged."""
    rank: int | None = None
    """Which process of the run logged it, where that is not the writer's own."""
