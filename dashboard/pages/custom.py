"""The custom charts page: scalars in the charts that scripts laid out, as custom scalars."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component
from starlette.requests import Request
from starlette.responses import Response

from dashboard.components.custom_view import CustomView
from dashboard.http import json_response
from dashboard.layout_charts import merged_layouts
from dashboard.pages.page import Page, Route


class CustomPage(Page):
    """The charts of all shown runs' layouts; drawn in the browser by `CustomView`."""

    path = "/custom"
    title = "Custom charts"
    keys = "g u"
    kinds = ("layout",)
    icon = '<path d="M3 3.5h6v6H3zM3 12.5h6v4H3zM12 3.5h5v4h-5zM12 10.5h5v6h-5z"/>'
    scripts = CustomView.scripts

    def layout(self) -> Component:
        return html.Div(CustomView(id="custom-view"), className="page-scalars page-custom")

    def routes(self) -> tuple[Route, ...]:
        return (Route("/api/layouts", self.serve_layouts, ("POST",)),)

    async def serve_layouts(self, request: Request) -> Response:
        """``/api/layouts`` with ``{"runs": [name, ...]}``: their layouts as one.

        ``{"categories": [...]}`` as `merged_layouts` has them; runs that are gone have none.
        """
        body = await request.json()
        names = body.get("runs") if isinstance(body, Mapping) else None
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("runs: expects a list of names")
        return json_response({"categories": await asyncio.to_thread(self.categories, names)})

    def categories(self, runs: list[str]) -> list[dict[str, Any]]:
        """The layouts of these runs as one."""
        having = {series.run for series in self.reader.series(kind="layout")}
        found = (self.reader.layout(run) for run in runs if run in having)
        return merged_layouts(layout.categories for layout in found if layout is not None)
