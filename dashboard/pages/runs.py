"""The runs page: a table of every run, with any setting and any metric as a column."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.components.run_table import RunTable
from dashboard.pages.page import Page


class RunsPage(Page):
    """The runs as a table; drawn in the browser by `RunTable`."""

    path = "/runs"
    title = "Runs"
    keys = "g r"
    icon = '<path d="M3 4.5h14v11H3z"/><path d="M3 8h14M3 11.8h14M8 4.5v11"/>'
    scripts = RunTable.scripts
    run_list = False

    def layout(self) -> Component:
        return html.Div(RunTable(id="runs-table"), className="page-runs")
