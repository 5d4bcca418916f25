"""The graphs page: what a run computes, as scopes that open and close."""

from __future__ import annotations

import asyncio

from dash import html
from dash.development.base_component import Component
from starlette.requests import Request
from starlette.responses import Response

from dashboard.components.scope_graph import ScopeGraph
from dashboard.graph_columns import graph_columns
from dashboard.http import json_response
from dashboard.pages.page import Page, Route


class GraphsPage(Page):
    """The graph that a run logged; laid out and drawn in the browser by `ScopeGraph`."""

    path = "/graphs"
    title = "Graphs"
    keys = "g g"
    kinds = ("graph",)
    icon = (
        '<rect x="7" y="2.5" width="6" height="4" rx="1"/>'
        '<rect x="2" y="13.5" width="6" height="4" rx="1"/>'
        '<rect x="12" y="13.5" width="6" height="4" rx="1"/>'
        '<path d="M10 6.5v3M5 13.5v-2.5h10v2.5M10 9.5v1.5"/>'
    )
    scripts = ScopeGraph.scripts

    def layout(self) -> Component:
        return html.Div(ScopeGraph(id="graphs-view"), className="page-graphs")

    def routes(self) -> tuple[Route, ...]:
        return (Route("/api/graph", self.serve_graph),)

    async def serve_graph(self, request: Request) -> Response:
        """``/api/graph?run=NAME``: the columns of `graph_columns`."""
        run = request.query_params.get("run", "")
        record = await asyncio.to_thread(self.reader.graph, run)
        if record is None:
            raise KeyError(f"run '{run}' logged no graph")
        return json_response(graph_columns(record))
