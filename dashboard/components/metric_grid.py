"""MetricGrid: cards with one tag each, plotly's frame and axes, the lines on a canvas over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.components.component import ClientComponent


class MetricGrid(ClientComponent):
    """The grid of scalar cards; reads ``trainboard.runs`` and ``trainboard.view`` by itself."""

    scripts = (
        "components/series_math.js",
        "components/smoothing_kinds.js",
        "components/expressions.js",
        "components/line_parts.js",
        "components/computed_series.js",
        "components/charts.js",
        "components/chart_lines.js",
        "components/grid_sections.js",
        "components/chart_editor.js",
        "components/chart_tools.js",
        "components/pins.js",
        "components/chart_export.js",
        "components/series_store.js",
        "components/line_canvas.js",
        "components/plot_frame.js",
        "components/card_scales.js",
        "components/card_zoom.js",
        "components/card_ranges.js",
        "components/card_badges.js",
        "components/hover_table.js",
        "components/step_range.js",
        "components/card_table.js",
        "components/scalar_settings.js",
        "components/scalar_commands.js",
        "components/scalar_controls.js",
        "components/card_export.js",
        "components/card_full.js",
        "components/card_menu.js",
        "components/metric_card.js",
        "components/metric_grid.js",
        "components/share.js",
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)


class ChartGrid(ClientComponent):
    """A grid of the charts it is given, live and zoomable as those of the scalars page.

    A page that uses it names ``ChartGrid.scripts``. In the browser it is a React component too:
    ``React.createElement(trainboard.ChartGrid, {charts})``; see ``components/charts.js``.
    """

    scripts = MetricGrid.scripts

    def __init__(
        self, id: str, charts: Sequence[Mapping[str, Any]] = (), controls: bool = True
    ) -> None:
        """Args:
        id: of the node.
        charts: each ``{"id", "title", "lines"}`` and perhaps ``"section"``; a line is an expression
            (``"`train/loss` - `val/loss`"``), ``{"tag": name}``, or ``{"y", "title", "low",
            "high"}`` of expressions, the last two being the rims of a band.
        controls: whether the bar with smoothing, axis and filter stands over it.
        """
        super().__init__(id=id, charts=[dict(chart) for chart in charts], controls=controls)
