"""Console output: lines with their time, some hundred of them an event."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence

from summaries.event import Event
from summaries.records import ConsoleLine, ConsoleRecord

NAME = "console"
MAX_EVENT_BYTES = 256 << 10
"""Of text in one event, before it is compressed."""


def event(stream: str, lines: Sequence[tuple[float, str]], first_line: int) -> Event:
    """The event of lines that follow each other.

    Args:
        stream: "stdout" or "stderr".
        lines: (seconds since the epoch, text without its line end), at least one.
        first_line: number of the first of them, from 0; the event's step.
    """
    times = [round(when, 3) for when, _ in lines]
    # A broken string from outside is kept, not raised on: JSON escapes lone surrogates.
    content = json.dumps({"stream": stream, "times": times, "lines": [text for _, text in lines]})
    return Event(
        NAME, f"system/{stream}", first_line, lines[0][0], zlib.compress(content.encode("utf-8"), 1)
    )


def decode(step: int, wall_time: float, data: bytes) -> ConsoleRecord:
    """The record of stored lines."""
    content = json.loads(zlib.decompress(data))
    return ConsoleRecord(
        step, wall_time, content["stream"], tuple(content["times"]), tuple(content["lines"])
    )


def lines_of(record: ConsoleRecord) -> list[ConsoleLine]:
    """The record's lines, one by one."""
    return [
        ConsoleLine(record.step + at, when, record.stream, text, record.rank)
        for at, (when, text) in enumerate(zip(record.times, record.lines, strict=True))
    ]
