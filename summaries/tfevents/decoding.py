"""One record of an event file, read field by field: everything that is no plain scalar."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from summaries.checks import as_tag, as_wall_time
from summaries.event import Event
from summaries.kinds import audio, graph, histogram, image, layout, mesh, pr_curve, tensor, text
from summaries.kinds import video as video_kind
from summaries.wire import SummaryValue, decode_graph, decode_summary, fields, signed

Point = tuple[str, int, float, float]
"""(tag, step, wall_time, value)"""

Plugins = dict[str, tuple[str, bytes]]
"""Tag to TensorBoard's plugin: writers name it only with the first value of a tag."""

_DOUBLE = struct.Struct("<d")
_START = 1


@dataclass
class Record:
    """What one record holds."""

    points: list[Point] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    hparams: dict[str, Any] = field(default_factory=dict)
    restart: int | None = None
    """The step at which a session started, if that is what the record tells."""


def decode_record(data: bytes, plugins: Plugins | None = None) -> Record:
    """What the record holds; what is of no kind that we keep is left out.

    Args:
        data: the serialized `Event`.
        plugins: what is known of each tag from the records before; added to.

    Raises:
        ValueError: the record is damaged.
    """
    made = Record()
    wall_time, step = 0.0, 0
    summary = drawn = meta = None
    is_start = False
    try:
        for key, value in fields(data):
            if key == 1:
                wall_time = _DOUBLE.unpack(value)[0]
            elif key == 2:
                step = signed(value)
            elif key == 4:
                drawn = value
            elif key == 5:
                summary = value
            elif key == 7:
                is_start = (1, _START) in list(fields(value))
            elif key == 9:
                meta = value
        as_wall_time("event", "record", wall_time)
        if is_start:
            made.restart = step
        if drawn is None and meta is not None:
            drawn = next((value for key, value in fields(meta) if key == 2), None)
        if drawn is not None:
            made.events.append(graph.event(decode_graph(drawn), step, wall_time))
        for one in () if summary is None else decode_summary(bytes(summary), plugins):
            _add(made, one, step, wall_time)
    except (TypeError, AttributeError, struct.error) as error:
        # A field of another wire type than the message's definition gives it.
        raise ValueError(f"record of {len(data)} bytes is damaged: {error}") from error
    return made


def _add(made: Record, value: SummaryValue, step: int, wall_time: float) -> None:
    if value.hparams is not None:
        made.hparams |= value.hparams
        return
    tag = as_tag("event", value.tag)
    if value.simple_value is not None:
        made.points.append((tag, step, wall_time, value.simple_value))
    else:
        made.events.extend(_events(tag, value, step, wall_time))


def _events(tag: str, value: SummaryValue, step: int, wall_time: float) -> Iterator[Event]:
    at = step, wall_time
    if value.histogram is not None:
        yield histogram.event_of_record(
            tag, replace(value.histogram, step=step, wall_time=wall_time)
        )
    elif value.text is not None:
        yield text.event(tag, value.text, *at)
    elif value.image is not None:
        yield image.event_of_file(tag, value.image, *at)
    elif value.video is not None:
        yield video_kind.event_of_file(tag, value.video, *at)
    elif value.audio is not None:
        sound = value.audio
        sizes = {"n_frames": sound.n_frames, "channels": sound.channels}
        yield audio.event_of_file(tag, sound.content, *at, sample_rate=sound.sample_rate, **sizes)
    elif value.pr_curve is not None:
        c = value.pr_curve
        positive = c.true_positive_counts, c.false_positive_counts
        negative = c.true_negative_counts, c.false_negative_counts
        columns = [*positive, *negative, c.precision, c.recall]
        yield pr_curve.event_of_counts(tag, columns, *at)
    elif value.mesh is not None:
        m = value.mesh
        yield mesh.event(tag, m.vertices, *at, m.colors, m.faces, m.config)
    elif value.tensor is not None:
        yield tensor.event(tag, value.tensor, *at)
    elif value.layout is not None:
        yield layout.event(value.layout, *at)
