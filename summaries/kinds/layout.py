"""Layouts: which scalars share a chart (TensorBoard's custom scalars)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from summaries.checks import shown
from summaries.event import Event
from summaries.records import LayoutRecord

NAME = "layout"
TAG = "layout"

_TYPES = ("Multiline", "Margin")


def as_layout(layout: Any) -> dict[str, dict[str, list[Any]]]:
    """The layout as plain data: category to chart to [type, tags].

    Raises:
        TypeError: it has another form.
        ValueError: a margin chart without exactly three tags.
    """
    if not isinstance(layout, Mapping):
        raise _no_layout(layout)
    result: dict[str, dict[str, list[Any]]] = {}
    for category, charts in layout.items():
        if not isinstance(charts, Mapping):
            raise _no_layout(charts)
        plain = result.setdefault(str(category), {})
        for title, chart in charts.items():
            if not isinstance(chart, (list, tuple)) or len(chart) != 2 or chart[0] not in _TYPES:
                raise _no_layout(chart)
            tags = [chart[1]] if isinstance(chart[1], str) else list(chart[1])
            if not all(isinstance(tag, str) for tag in tags):
                raise _no_layout(chart)
            if chart[0] == "Margin" and len(tags) != 3:
                raise ValueError(
                    f"add_custom_scalars '{title}': a margin chart has three tags: value, lower, "
                    f"upper\n  got {len(tags)}: {tags}"
                )
            plain[str(title)] = [chart[0], tags]
    return result


def _no_layout(value: Any) -> TypeError:
    return TypeError(
        "add_custom_scalars: expects {category: {title: [type, tags]}}\n"
        f"  got {shown(value)}\n"
        "  try: {'losses': {'loss': ['Multiline', ['loss/train', 'loss/test']]}}"
    )


def event(layout: Any, step: int, wall_time: float) -> Event:
    """The event of a layout; see `as_layout`.

    Raises:
        TypeError, ValueError: as `as_layout`.
    """
    return Event(NAME, TAG, step, wall_time, json.dumps(as_layout(layout)).encode())


def decode(step: int, wall_time: float, data: bytes) -> LayoutRecord:
    """The record of a stored layout."""
    return LayoutRecord(step, wall_time, json.loads(data))


def merged(records: Iterable[LayoutRecord]) -> LayoutRecord | None:
    """All layouts of a run as one, a chart logged again replaced; None if there is none."""
    result: LayoutRecord | None = None
    categories: dict[str, dict[str, list[Any]]] = {}
    for record in records:
        for category, charts in record.categories.items():
            categories.setdefault(category, {}).update(charts)
        result = LayoutRecord(record.step, record.wall_time, categories)
    return result
