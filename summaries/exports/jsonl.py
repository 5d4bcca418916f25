"""JSON lines: each run's record, then every value it logged, of whatever kind."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from summaries.event import Event
from summaries.exports.selection import Selection, record_of
from summaries.records import RunInfo, Scalars
from summaries.store.writing import sha256

NAME = "jsonl"

_RECORD = ("status", "created", "updated", "config", "hparams", "summary", "notes", "labels")


def write(selection: Selection, out: Path) -> list[Path]:
    """One file. A line is an object with ``kind`` and ``run``; a value also has ``tag``, ``step``
    and ``wall_time``. Files (images) are in base64, once each, in lines of the kind ``blob``.

    Numbers are written so that reading them gives the same float64; not-a-number and infinities are
    ``NaN``, ``Infinity`` and ``-Infinity``, as Python's json writes and reads them.
    """
    blobs: set[str] = set()
    with out.open("w", encoding="utf-8") as file:
        for info in selection.runs():
            _line(file, _record_of(info))
            for series in selection.series(info.name):
                if series.kind == "scalar":
                    for points in selection.points(series):
                        file.writelines(_points(info.name, series.tag, points))
                    continue
                for event in selection.events(series):
                    values = {"kind": series.kind, "run": info.name, "tag": series.tag}
                    _line(file, {**values, **plain(record_of(event))})
                    _blob(file, event, blobs)
    return [out]


def _line(file: TextIO, values: dict[str, Any]) -> None:
    file.write(json.dumps(values, ensure_ascii=False) + "\n")


def _record_of(info: RunInfo) -> dict[str, Any]:
    return {"kind": "run", "run": info.name, **{name: getattr(info, name) for name in _RECORD}}


def _points(run: str, tag: str, points: Scalars) -> Iterator[str]:
    start = json.dumps({"kind": "scalar", "run": run, "tag": tag}, ensure_ascii=False)[:-1]
    ranks = [None] * len(points) if points.rank is None else points.rank.tolist()
    for step, wall_time, value, rank in zip(
        points.step.tolist(),
        points.wall_time.tolist(),
        points.value.tolist(),
        ranks,
        strict=True,
    ):
        end = "" if rank is None else f', "rank": {rank}'
        number = json.dumps(value)
        yield f'{start}, "step": {step}, "wall_time": {wall_time!r}, "value": {number}{end}}}\n'


def _blob(file: TextIO, event: Event, told: set[str]) -> None:
    if event.blob is None:
        return
    media_type, content = event.blob
    digest = sha256(content)
    if digest not in told:
        told.add(digest)
        data = base64.b64encode(content).decode("ascii")
        _line(file, {"kind": "blob", "sha256": digest, "media_type": media_type, "base64": data})


def plain(value: Any) -> Any:
    """A record as what JSON knows; arrays as lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value
