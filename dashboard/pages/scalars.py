"""The scalars page: cards of curves, grouped by tag prefix."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.card_routes import card_routes
from dashboard.components.metric_grid import MetricGrid
from dashboard.pages.page import Page, Route


class ScalarsPage(Page):
    """All scalar series of the shown runs; drawn in the browser by `MetricGrid`."""

    path = "/scalars"
    title = "Scalars"
    keys = "g s"
    is_start = True
    icon = '<path d="M3 3v14h14"/><path d="M5.5 12.5 9 8.5l3 2.5 4.5-6"/>'
    scripts = MetricGrid.scripts

    def layout(self) -> Component:
        return html.Div(MetricGrid(id="scalars-grid"), className="page-scalars")

    def routes(self) -> tuple[Route, ...]:
        return card_routes(self.reader)
