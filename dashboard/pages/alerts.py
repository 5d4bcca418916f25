"""The alerts page: what the runs' health, their scripts and dead processes tell, newest first."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.components.alerts_view import Alerts
from dashboard.pages.page import Page


class AlertsPage(Page):
    """All runs' alerts; they come from `dashboard.home_api`."""

    path = "/alerts"
    title = "Alerts"
    keys = "g x"
    kinds = ("alert",)
    icon = '<path d="M10 3 2.5 16.5h15z"/><path d="M10 8v4M10 14.2v.1"/>'
    scripts = Alerts.scripts
    run_list = False

    def layout(self) -> Component:
        return html.Div(Alerts(id="alerts-view"), className="page-alerts")
