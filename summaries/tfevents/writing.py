"""A logdir's runs as TensorBoard's event files."""

from __future__ import annotations

import os
import socket
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from summaries.pipeline import logger
from summaries.tfevents.framing import frame_records
from summaries.wire import (
    Sound,
    SummaryValue,
    encode_graph,
    encode_summary,
    field_bytes,
    field_double,
    field_varint,
)

if TYPE_CHECKING:
    from summaries.event import Event
    from summaries.exports.selection import Selection
    from summaries.records import RunInfo

_BATCH_BYTES = 1 << 20
_VERSION = field_bytes(3, b"brain.Event:2")


def export_tfevents(logdir: str | Path, out: str | Path) -> list[Path]:
    """The files written: every run below the logdir as an event file that TensorBoard shows.

    Each lies in a directory of its run's name below ``out``; see `summaries.export_runs` for a part
    of the runs and for other formats.

    Raises:
        LogdirError: there is no such logdir.
        OSError: ``out`` cannot be written.
    """
    from summaries.exports.selection import Selection
    from summaries.reader import Reader  # SQLAlchemy, as in open_logdir

    with Reader(logdir) as reader:
        return write_runs(Selection(reader), Path(out))


def write_runs(selection: Selection, out: Path) -> list[Path]:
    """An event file for each of the chosen runs, below ``out``."""
    from summaries.exports.selection import below

    written: list[Path] = []
    _tell_left_out(selection)
    for info in selection.runs():
        directory = out / below(info.name)
        directory.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{int(info.created):010d}.{socket.gethostname()}"
        path = directory / f"{name}.{os.getpid()}.{len(written)}"
        with path.open("wb") as file:
            batch = [_event(info.created or time.time(), 0, _VERSION)]
            size = 0
            for record in _records(selection, info):
                batch.append(record)
                size += len(record)
                if size >= _BATCH_BYTES:
                    file.write(frame_records(batch))
                    batch, size = [], 0
            file.write(frame_records(batch))
        written.append(path)
    return written


def _tell_left_out(selection: Selection) -> None:
    """Say what event files have no form for: it stays in the logdir alone."""
    left: Counter[str] = Counter()
    for info in selection.runs():
        series = selection.series(info.name)
        left.update(s.kind for s in series if s.kind not in _KINDS)
        if len(info.ranks) > 1:
            left["rank of a value"] += 1
    if left:
        told = ", ".join(f"{n} {kind}" for kind, n in sorted(left.items()))
        logger.warning("export to event files: they have no form for %s; left out", told)


_KINDS = frozenset(
    "scalar histogram pr_curve mesh text image video audio tensor layout graph".split()  # noqa: SIM905
)


def _event(wall_time: float, step: int, content: bytes) -> bytes:
    return field_double(1, wall_time) + (field_varint(2, step) if step else b"") + content


def _records(selection: Selection, info: RunInfo) -> Iterator[bytes]:
    """Every value of the run as an `Event` message."""
    if info.hparams:
        metrics = tuple(s.tag for s in selection.series(info.name, "scalar"))
        value = SummaryValue("", hparams=dict(info.hparams), metrics=metrics)
        yield _event(info.created or time.time(), 0, field_bytes(5, encode_summary([value])))
    for series in selection.series(info.name):
        if series.kind == "scalar":
            for points in selection.points(series):
                for step, wall_time, value in zip(
                    points.step.tolist(),
                    points.wall_time.tolist(),
                    points.value.tolist(),
                    strict=True,
                ):
                    summary = encode_summary([SummaryValue(series.tag, simple_value=value)])
                    yield _event(wall_time, step, field_bytes(5, summary))
            continue
        for event in selection.events(series):
            for content in _contents(event):
                yield _event(event.wall_time, event.step, content)


def _contents(event: Event) -> Iterator[bytes]:
    """The value as the rest of an `Event` message; nothing for kinds that TensorBoard has not."""
    from summaries.exports.selection import record_of

    record = record_of(event)
    if event.kind == "graph":
        yield field_bytes(4, encode_graph(record))
        return
    value = _value(event, record)
    if value is not None:
        yield field_bytes(5, encode_summary([value]))


def _value(event: Event, record: Any) -> SummaryValue | None:
    tag, content = event.tag, event.blob[1] if event.blob else b""
    match event.kind:
        case "histogram":
            return SummaryValue(tag, histogram=record)
        case "pr_curve":
            return SummaryValue(tag, pr_curve=record)
        case "mesh":
            return SummaryValue(tag, mesh=record)
        case "text":
            return SummaryValue(tag, text=record.text)
        case "image":
            return SummaryValue(tag, image=content)
        case "video":
            return SummaryValue(tag, video=content)
        case "audio":
            sizes = record.sample_rate, record.n_frames, record.channels
            return SummaryValue(tag, audio=Sound(content, record.media_type, *sizes))
        case "tensor":
            return SummaryValue(tag, tensor=record.values)
        case "layout":
            return SummaryValue(tag, layout=record.categories)
    return None
