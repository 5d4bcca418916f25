"""Layouts of several runs as one: which charts stand in which category."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Categories = Mapping[str, Mapping[str, Any]]
"""Category to chart to ``[type, tags]``, as in `summaries.records.LayoutRecord`."""


def merged_layouts(layouts: Iterable[Categories]) -> list[dict[str, Any]]:
    """``[{"title", "charts": [{"title", "type", "tags"}]}]``, categories and charts as they come.

    Categories of one name are one; of equal charts in it one is kept. Two that share a name and
    differ both stay, as in TensorBoard (custom_scalar/custom_scalars_plugin.py, ``layout_impl``).
    """
    categories: dict[str, list[dict[str, Any]]] = {}
    for layout in layouts:
        for name, charts in layout.items():
            known = categories.setdefault(name, [])
            for title, (kind, tags) in charts.items():
                chart = {"title": title, "type": kind, "tags": list(tags)}
                if chart not in known:
                    known.append(chart)
    return [{"title": name, "charts": charts} for name, charts in categories.items()]
