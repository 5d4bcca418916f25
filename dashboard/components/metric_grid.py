"""MetricGrid: cards with one tag each, plotly's frame and axes, the lines on a canvas over it."""

from __future__ import annotations

from dashboard.components.component import ClientComponent


class MetricGrid(ClientComponent):
    """The grid of scalar cards; reads ``trainboard.runs`` and ``trainboard.view`` by itself."""

    scripts = (
        "components/series_math.js",
        "components/series_store.js",
        "components/line_canvas.js",
        "components/plot_frame.js",
        "components/hover_table.js",
        "components/scalar_controls.js",
        "components/metric_card.js",
        "components/metric_grid.js",
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
