"""The system page: processor, memory, GPUs, disk and network of the machines that train."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.components.system_view import System
from dashboard.pages.page import Page


class SystemPage(Page):
    """The scalars below ``system/`` of the shown runs."""

    path = "/system"
    title = "System"
    keys = "g y"
    kinds = ("scalar:system/",)
    icon = (
        '<rect x="5.5" y="5.5" width="9" height="9" rx="1.5"/>'
        '<path d="M8 2.5v3M12 2.5v3M8 14.5v3M12 14.5v3M2.5 8h3M2.5 12h3M14.5 8h3M14.5 12h3"/>'
    )
    scripts = System.scripts

    def layout(self) -> Component:
        return html.Div(System(id="system-view"), className="page-system")
