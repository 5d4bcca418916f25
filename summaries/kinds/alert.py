"""Alerts: what a run's health, or the script itself, has to say about the run."""

from __future__ import annotations

import json

from summaries.checks import shown
from summaries.event import Event
from summaries.records import AlertRecord, RunInfo

NAME = "alert"
LEVELS = ("info", "warn", "error")

_RUN = "run"
"""The series of alerts that are about no tag."""
_LONGEST = 10_000


def event(
    title: str,
    text: str = "",
    level: str = "info",
    *,
    source: str = "user",
    about: str | None = None,
    step: int = 0,
    wall_time: float,
) -> Event:
    """The event of one alert.

    Args:
        title: one line.
        text: as long as you like; past 10,000 characters it is cut.
        level: "info", "warn" or "error"; W&B's "WARN" is the same.
        source: "user" or "health".
        about: the tag it is about; None for the run as a whole.
        step: where in the training it was raised.
        wall_time: seconds since the epoch.

    Raises:
        TypeError: title or text is no str.
        ValueError: an unknown level.
    """
    for name, value in (("title", title), ("text", text)):
        if not isinstance(value, str):
            raise TypeError(f"alert: {name} must be a str\n  got {shown(value)}")
    known = str(getattr(level, "value", level)).lower()
    if known not in LEVELS:
        raise ValueError(
            f"alert '{title:.80}': level must be one of {LEVELS}\n  got {shown(level)}"
        )
    content = {
        "level": known,
        "title": title[:_LONGEST],
        "text": text[:_LONGEST],
        "source": source,
        "about": about,
    }
    return Event(NAME, about or _RUN, step, wall_time, json.dumps(content).encode())


def decode(step: int, wall_time: float, data: bytes) -> AlertRecord:
    """The record of a stored alert."""
    content = json.loads(data)
    return AlertRecord(
        step,
        wall_time,
        content["level"],
        content["title"],
        content["text"],
        content["source"],
        content["about"],
    )


def gone(info: RunInfo) -> AlertRecord:
    """The alert of a run whose process ended without a word, which nobody could store."""
    text = f"process {info.pid} on {info.host} gave its last sign of life then"
    return AlertRecord(
        0, info.heartbeat, "error", "the run's process is gone", text, "health", None
    )
