"""A logdir's runs as TensorBoard's event files."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from summaries.tfevents.framing import frame_records
from summaries.wire import SummaryValue, encode_summary, field_bytes, field_double, field_varint

if TYPE_CHECKING:
    from summaries.reader import Reader

_BATCH = 20_000


def _event(wall_time: float, step: int, content: bytes) -> bytes:
    return field_double(1, wall_time) + (field_varint(2, step) if step else b"") + content


def export_tfevents(logdir: str | Path, out: str | Path) -> list[Path]:
    """The scalars, histograms, texts and images of every run below the logdir as event files.

    Returns:
        the files written, one a run, in directories below ``out`` that TensorBoard shows as runs.
    """
    from summaries.reader import Reader  # SQLAlchemy, as in open_logdir

    written: list[Path] = []
    with Reader(logdir) as reader:
        for info in reader.runs():
            directory = Path(out) / _below(info.name)
            directory.mkdir(parents=True, exist_ok=True)
            name = f"events.out.tfevents.{int(info.created):010d}.{socket.gethostname()}"
            path = directory / f"{name}.{os.getpid()}.{len(written)}"
            with path.open("wb") as file:
                start = _event(info.created or time.time(), 0, field_bytes(3, b"brain.Event:2"))
                file.write(frame_records([start]))
                batch: list[bytes] = []
                for wall_time, step, value in _values(reader, info.name):
                    summary = field_bytes(5, encode_summary([value]))
                    batch.append(_event(wall_time, step, summary))
                    if len(batch) >= _BATCH:
                        file.write(frame_records(batch))
                        batch.clear()
                file.write(frame_records(batch))
            written.append(path)
    return written


def _below(name: str) -> PurePosixPath:
    """The run's name as a path that stays below the directory it is put in."""
    # `init` makes no other names, but anybody can make a database.
    parts = PurePosixPath(name.replace("\0", "")).parts
    return PurePosixPath(*(part for part in parts if part.strip("/") not in ("", "..")))


def _values(reader: Reader, run: str) -> Iterable[tuple[float, int, SummaryValue]]:
    for series in reader.series(run):
        tag = series.tag
        if series.kind == "scalar":
            points = reader.scalars(run, tag)
            for step, wall_time, value in zip(
                points.step.tolist(), points.wall_time.tolist(), points.value.tolist(), strict=True
            ):
                yield wall_time, step, SummaryValue(tag, simple_value=value)
        elif series.kind == "histogram":
            for histogram in reader.histograms(run, tag):
                yield histogram.wall_time, histogram.step, SummaryValue(tag, histogram=histogram)
        elif series.kind == "text":
            for text in reader.texts(run, tag):
                yield text.wall_time, text.step, SummaryValue(tag, text=text.text)
        elif series.kind == "image":
            for image in reader.images(run, tag):
                content = reader.blob(image.sha256)[0]
                yield image.wall_time, image.step, SummaryValue(tag, image=content)
