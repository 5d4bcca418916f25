"""One self-contained HTML page: run table, a chart a tag, texts and images; nothing is loaded.

Charts are envelopes: the least and the greatest value of what each pixel covers are in the page, so
no spike is lost. The page's own parts are `report.css` and `report.js` beside this module.
"""

from __future__ import annotations

import base64
import html
import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from summaries.event import Event
from summaries.exports.selection import Selection, record_of
from summaries.imports.values import flattened
from summaries.records import Envelope, RunInfo, SeriesInfo

NAME = "html"

_PIXELS = 400
"""Bins a line, where there are few lines."""
_FEWEST_PIXELS = 60
_NUMBERS = 3_000_000
"""Of all lines together: some 20 MB of page."""
_MOST_LINES = 12_000
_MEDIA_BYTES = 16 << 20
_TEXT_CHARACTERS = 20_000
_TEXTS = 300
_DIGITS = 7
"""Significant ones of a number in a chart; the other formats have all."""
_MEDIA = ("image", "audio", "video")


def write(selection: Selection, out: Path) -> list[Path]:
    """One file that any browser shows, without a network."""
    title = selection.title
    left_out: list[str] = []
    infos = selection.runs()
    series = {info.name: selection.series(info.name) for info in infos}
    data = {
        "title": title,
        "made": time.time(),
        "runs": [_run(info, series[info.name]) for info in infos],
        "charts": list(_charts(selection, infos, series, left_out)),
        "texts": list(_texts(selection, infos, series, left_out)),
        "media": list(_media(selection, infos, series, left_out)),
    }
    _tell_other_kinds(series, left_out)
    data["left_out"] = left_out
    # "<" in a script's data may end it, whatever quotes it stands in.
    text = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    page = _part("report.html")
    for name, content in (
        ("{{title}}", html.escape(title)),
        ("{{style}}", _part("report.css")),
        ("{{script}}", _part("report.js")),
        ("{{data}}", text),  # last: it may hold anything
    ):
        page = page.replace(name, content)
    out.write_text(page, encoding="utf-8")
    return [out]


def _part(name: str) -> str:
    return (resources.files("summaries.exports") / name).read_text(encoding="utf-8")


def _run(info: RunInfo, series: Sequence[SeriesInfo]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for values in (info.config, info.hparams):
        settings |= {key: _cell(value) for key, value in flattened(values)}
    return {
        "name": info.name,
        "status": info.status,
        "created": _finite(info.created),
        "seconds": _finite(max(0.0, info.updated - info.created)),
        "notes": info.notes,
        "labels": list(info.labels),
        "group": info.group,
        "settings": settings,
        "last": {s.tag: _finite(s.last_value) for s in series if s.kind == "scalar" and s.n},
        "points": sum(s.n for s in series if s.kind == "scalar"),
    }


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return _finite(value) if math.isfinite(value) else str(value)
    if value is None or isinstance(value, (str, bool, int)):
        return value
    return json.dumps(value, default=str)


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


# -- charts -------------------------------------------------------------------------------------


def _charts(
    selection: Selection,
    infos: Sequence[RunInfo],
    series: Mapping[str, Sequence[SeriesInfo]],
    left_out: list[str],
) -> Iterator[dict[str, Any]]:
    place = {info.name: at for at, info in enumerate(infos)}
    runs_of: dict[str, list[str]] = {}
    for name, own in series.items():
        for one in own:
            if one.kind == "scalar" and one.n:
                runs_of.setdefault(one.tag, []).append(name)
    n_lines = sum(map(len, runs_of.values()))
    pixels = max(_FEWEST_PIXELS, min(_PIXELS, _NUMBERS // max(1, n_lines * 4)))
    told = 0
    for tag, runs in sorted(runs_of.items()):
        told += len(runs)
        if told > _MOST_LINES:
            left_out.append(f"charts from '{tag}' on: the page holds {_MOST_LINES} lines")
            return
        found = selection.reader.envelopes(runs, tag, pixels=pixels)
        lines = [{"run": place[run], **_line(e)} for run, e in found.items() if len(e)]
        yield {"tag": tag, "lines": lines}


def _line(envelope: Envelope) -> dict[str, Any]:
    """A line's numbers; ``min`` and ``max`` only where bins hold more than a point."""
    line: dict[str, Any] = {
        "n": envelope.n,
        "step": envelope.step_max.tolist(),
        "mean": _numbers(envelope.mean),
    }
    if not envelope.is_raw:
        line |= {"min": _numbers(envelope.min), "max": _numbers(envelope.max)}
    nonfinite = int(envelope.nonfinite.sum())
    return {**line, "nonfinite": nonfinite} if nonfinite else line


def _numbers(values: Any) -> list[float | None]:
    return [
        float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None for value in values.tolist()
    ]


# -- texts, images, sounds ----------------------------------------------------------------------


def _newest(
    selection: Selection, series: SeriesInfo, left_out: list[str]
) -> Iterator[tuple[Event, Any]]:
    """The series' newest value; that there are earlier ones is told."""
    if series.n > 1:
        left_out.append(
            f"{series.kind} '{series.tag}' of run '{series.run}': the newest of {series.n} is shown"
        )
    store, name = selection.reader.store_of(series.run)
    for event in store.events_to_copy(name, series.tag, series.kind, series.n - 1, series.n):
        yield event, record_of(event)


def _texts(
    selection: Selection,
    infos: Sequence[RunInfo],
    series: Mapping[str, Sequence[SeriesInfo]],
    left_out: list[str],
) -> Iterator[dict[str, Any]]:
    wanted = [(at, s) for at, i in enumerate(infos) for s in series[i.name] if s.kind == "text"]
    if len(wanted) > _TEXTS:
        left_out.append(f"{len(wanted) - _TEXTS} of {len(wanted)} series of texts")
    for at, one in wanted[:_TEXTS]:
        for _, record in _newest(selection, one, left_out):
            text = record.text
            if len(text) > _TEXT_CHARACTERS:
                left_out.append(f"the end of text '{one.tag}' of run '{one.run}'")
            yield {
                "run": at,
                "tag": one.tag,
                "step": record.step,
                "text": text[:_TEXT_CHARACTERS],
            }


def _media(
    selection: Selection,
    infos: Sequence[RunInfo],
    series: Mapping[str, Sequence[SeriesInfo]],
    left_out: list[str],
) -> Iterator[dict[str, Any]]:
    room = _MEDIA_BYTES
    for at, info in enumerate(infos):
        for one in series[info.name]:
            if one.kind not in _MEDIA or not one.n:
                continue
            for event, record in _newest(selection, one, left_out):
                if event.blob is None:
                    continue
                media_type, content = event.blob
                if len(content) > room:
                    left_out.append(f"{one.kind} '{one.tag}' of run '{one.run}': no room for it")
                    continue
                room -= len(content)
                data = base64.b64encode(content).decode("ascii")
                yield {
                    "run": at,
                    "tag": one.tag,
                    "kind": one.kind,
                    "step": record.step,
                    "source": f"data:{media_type};base64,{data}",
                }


def _tell_other_kinds(series: Mapping[str, Sequence[SeriesInfo]], left_out: list[str]) -> None:
    counts: dict[str, int] = {}
    for own in series.values():
        for one in own:
            if one.kind not in ("scalar", "text", *_MEDIA):
                counts[one.kind] = counts.get(one.kind, 0) + 1
    for kind, n in sorted(counts.items()):
        left_out.append(f"{n} series of the kind {kind}")
