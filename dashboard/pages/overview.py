"""The home page of a logdir: what runs now, what failed, what improved."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.components.overview_view import Overview
from dashboard.pages.page import Page


class OverviewPage(Page):
    """All runs at a glance; its numbers come from `dashboard.home_api`."""

    path = "/overview"
    title = "Overview"
    keys = "g o"
    icon = '<path d="M2.5 9.5 10 3l7.5 6.5"/><path d="M5 8v9h10V8M8.5 17v-5h3v5"/>'
    scripts = Overview.scripts
    run_list = False

    def layout(self) -> Component:
        return html.Div(Overview(id="overview-view"), className="page-overview")
