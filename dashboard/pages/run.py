"""The page of one run: what it is, what surrounds it, what became of it."""

from __future__ import annotations

import asyncio
from typing import Any

from dash import html
from dash.development.base_component import Component
from starlette.requests import Request
from starlette.responses import Response

from dashboard.components.run_page import RunPageView
from dashboard.http import json_response
from dashboard.pages.page import Page, Route
from dashboard.run_detail import console_of, detail_of, diff_of, sparks_of


class RunPage(Page):
    """One run's record, notes, environment, health and metrics; drawn by `RunPageView`."""

    path = "/run"
    title = "Run"
    icon = '<circle cx="10" cy="10" r="7"/><path d="M10 9v5M10 6.2v.1"/>'
    in_navigation = False
    scripts = RunPageView.scripts

    def layout(self) -> Component:
        return html.Div(RunPageView(id="run-view"), className="page-run")

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("/api/run", self.detail),
            Route("/api/run/diff", self.diff),
            Route("/api/run/console", self.console),
            Route("/api/run/sparks", self.sparks, ("POST",)),
        )

    async def detail(self, request: Request) -> Response:
        """Everything about the run but its values; see `dashboard.run_detail.detail_of`."""
        return json_response(await asyncio.to_thread(detail_of, self.reader, _run(request)))

    async def diff(self, request: Request) -> Response:
        """``{"diff": text}``: the uncommitted changes it was started with."""
        text = await asyncio.to_thread(diff_of, self.reader, _run(request))
        return json_response({"diff": text})

    async def console(self, request: Request) -> Response:
        """``{"lines": [...]}``: the last ``lines`` of its output."""
        wanted = request.query_params.get("lines", "100")
        if not wanted.isdigit():
            raise ValueError(f"the parameter 'lines' is '{wanted}', not a number")
        lines = await asyncio.to_thread(console_of, self.reader, _run(request), int(wanted))
        return json_response({"lines": lines})

    async def sparks(self, request: Request) -> Response:
        """``{"run": name, "tags": [...]}`` to ``{"sparks": {tag: [means]}}``."""
        body: Any = await request.json()
        run, tags = (body.get("run"), body.get("tags")) if isinstance(body, dict) else (None, None)
        if not isinstance(run, str) or not isinstance(tags, list):
            raise ValueError("give 'run', a name, and 'tags', a list")
        found = await asyncio.to_thread(sparks_of, self.reader, run, tags)
        return json_response({"sparks": found})


def _run(request: Request) -> str:
    name = request.query_params.get("run")
    if name is None:
        raise ValueError("the parameter 'run' is missing")
    return name
