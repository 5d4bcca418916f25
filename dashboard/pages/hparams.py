"""The HParams page: which settings the runs differ in, and what that does to their metrics."""

from __future__ import annotations

import asyncio

from dash import html
from dash.development.base_component import Component
from starlette.requests import Request
from starlette.responses import Response

from dashboard.components.hparam_view import HparamView
from dashboard.http import json_response
from dashboard.importance import as_json, importance_from_json
from dashboard.imports import settle_pandas
from dashboard.pages.page import Page, Route


class HparamsPage(Page):
    """Settings and metrics of all runs; drawn in the browser by `HparamView`."""

    path = "/hparams"
    title = "HParams"
    keys = "g h"
    icon = '<path d="M4 3v14M10 3v14M16 3v14"/><path d="M4 6.5 10 13l6-8M4 14l6-7.5 6 6"/>'
    scripts = HparamView.scripts

    def layout(self) -> Component:
        return html.Div(HparamView(id="hparams-view"), className="page-hparams")

    def routes(self) -> tuple[Route, ...]:
        return (Route("/api/importance", self.serve_importance, methods=("POST",)),)

    async def serve_importance(self, request: Request) -> Response:
        """``POST /api/importance``: see `dashboard.importance.importance_from_json`."""
        try:
            body = await request.json()
        except ValueError as error:
            raise ValueError(f"the body is not JSON: {error}") from error
        settle_pandas()
        # Seconds with a forest over thousands of runs: not on the loop that serves everybody.
        found = await asyncio.to_thread(importance_from_json, body)
        return json_response(as_json(found))
