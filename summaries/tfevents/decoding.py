"""One record of an event file, read field by field: everything that is no plain scalar."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from summaries.checks import as_tag, as_wall_time
from summaries.event import Event
from summaries.kinds import histogram as histogram_kind
from summaries.kinds import image as image_kind
from summaries.kinds import text as text_kind
from summaries.wire import SummaryValue, decode_summary, fields, signed

_DOUBLE = struct.Struct("<d")
_START = 1

Point = tuple[str, int, float, float]
"""(tag, step, wall_time, value)"""


@dataclass
class Record:
    """What one record holds."""

    points: list[Point] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    restart: int | None = None
    """The step at which a session started, if that is what the record tells."""


def decode_record(data: bytes) -> Record:
    """What the record holds; what is of no kind that we keep is left out.

    Raises:
        ValueError: the record is damaged.
    """
    made = Record()
    wall_time, step, summary = 0.0, 0, None
    is_start = False
    try:
        for key, value in fields(data):
            if key == 1:
                wall_time = _DOUBLE.unpack(value)[0]
            elif key == 2:
                step = signed(value)
            elif key == 5:
                summary = value
            elif key == 7:
                is_start = (1, _START) in list(fields(value))
        as_wall_time("event", "record", wall_time)
        if is_start:
            made.restart = step
        if summary is not None:
            for one in decode_summary(bytes(summary)):
                _add(made, one, step, wall_time)
    except (TypeError, AttributeError, struct.error) as error:
        # A field of another wire type than the message's definition gives it.
        raise ValueError(f"record of {len(data)} bytes is damaged: {error}") from error
    return made


def _add(made: Record, value: SummaryValue, step: int, wall_time: float) -> None:
    tag = as_tag("event", value.tag)
    if value.simple_value is not None:
        made.points.append((tag, step, wall_time, value.simple_value))
    else:
        made.events.extend(_events(tag, value, step, wall_time))


def _events(tag: str, value: SummaryValue, step: int, wall_time: float) -> Iterator[Event]:
    from dataclasses import replace

    if value.histogram is not None:
        record = replace(value.histogram, step=step, wall_time=wall_time)
        yield histogram_kind.event_of_record(tag, record)
    elif value.text is not None:
        yield text_kind.event(tag, value.text, step, wall_time)
    elif value.image is not None:
        yield image_kind.event_of_file(tag, value.image, step, wall_time)
