"""Plotly figures that a script logged, made fit to be drawn inside our page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

MOST_BYTES = 32 << 20
"""A figure of more would keep the page busy for seconds."""

_NEEDS_NETWORK = ("choropleth", "densitymap", "scattermap", "scattergeo")
"""Traces drawn on a map that plotly fetches from elsewhere: the beginnings of their names."""
_MAPS = ("geo", "map", "mapbox")


def cleaned_figure(content: bytes) -> dict[str, Any]:
    """``{"data", "layout", "notes"}`` of a figure, without what would ask for things elsewhere.

    Plotly makes no markup of texts but a few tags of its own; what is left are addresses: images
    that are not in the figure itself, and maps. The figure's own config (buttons that send it
    away, where to fetch maps) is dropped. ``notes`` says what is missing.

    Raises:
        ValueError: it is no figure, or too large to draw.
    """
    if len(content) > MOST_BYTES:
        raise ValueError(f"a figure of {len(content) >> 20} MB is too large to draw: save it")
    try:
        figure = json.loads(content)
    except ValueError as error:
        raise ValueError(f"the figure is no JSON: {error}") from error
    if not isinstance(figure, Mapping):
        raise ValueError("the figure is not an object with data and layout")
    notes: list[str] = []
    traces = figure.get("data")
    data = [
        _without_addresses(trace, notes)
        for trace in (traces if isinstance(traces, list) else [])
        if isinstance(trace, Mapping) and not _is_map(trace, notes)
    ]
    held = figure.get("layout")
    layout = dict(held) if isinstance(held, Mapping) else {}
    for name in list(layout):
        if name.rstrip("0123456789") in _MAPS:
            del layout[name]
    return {
        "data": data,
        "layout": _without_addresses(layout, notes),
        "notes": list(dict.fromkeys(notes)),
    }


def _is_map(trace: Mapping[str, Any], notes: list[str]) -> bool:
    kind = str(trace.get("type", "scatter"))
    if kind.startswith(_NEEDS_NETWORK):
        notes.append(f"'{kind}' is left out: its map would be fetched from elsewhere")
        return True
    return False


def _without_addresses(value: Any, notes: list[str]) -> Any:
    """The value without addresses of images, but those that carry their content in themselves."""
    if isinstance(value, Mapping):
        kept = {}
        for key, item in value.items():
            if key == "source" and isinstance(item, str) and not item.startswith("data:image/"):
                notes.append("an image is left out: it would be fetched from elsewhere")
                continue
            kept[key] = _without_addresses(item, notes)
        return kept
    if isinstance(value, list):
        # Of numbers mostly, and long: those are not walked through one by one.
        return (
            value
            if not value or _is_plain(value)
            else [_without_addresses(v, notes) for v in value]
        )
    return value


def _is_plain(values: list[Any]) -> bool:
    return not any(isinstance(value, Mapping | list) for value in values)
