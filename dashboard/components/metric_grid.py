"""MetricGrid: cards with one tag each, plotly's frame and axes, the lines on a canvas over it."""

from __future__ import annotations

from dashboard.components.component import ClientComponent


class MetricGrid(ClientComponent):
    """The grid of scalar cards; reads ``trainboard.runs`` and ``trainboard.view`` by itself."""

    scripts = ("components/metric_grid.js",)

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
