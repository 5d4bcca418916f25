"""The Compare page: two or more runs side by side, down to the code they ran."""

from __future__ import annotations

import asyncio
from typing import Any

from dash import html
from dash.development.base_component import Component
from starlette.requests import Request
from starlette.responses import Response

from dashboard.comparison import compare_diffs, difference, surroundings, value_at
from dashboard.components.compare_view import CompareView
from dashboard.http import binary_response, json_response
from dashboard.pages.page import Page, Route
from summaries.surroundings import DIFF_TAG

MOST_RUNS = 50
MOST_READ = 4000
"""Series that one question for values at a step may read."""


class ComparePage(Page):
    """Settings, metrics, code and curves of chosen runs; drawn in the browser by `CompareView`."""

    path = "/compare"
    title = "Compare"
    keys = "g c"
    icon = '<path d="M7 4v13M13 4v13"/><path d="M2.5 7h4.5M2.5 11h4.5M13 7h4.5M13 14h4.5"/>'
    scripts = CompareView.scripts

    def layout(self) -> Component:
        return html.Div(CompareView(id="compare-view"), className="page-compare")

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("/api/compare/surroundings", self.serve_surroundings),
            Route("/api/compare/diff", self.serve_diff),
            Route("/api/compare/at", self.serve_at, methods=("POST",)),
            Route("/api/compare/difference", self.serve_difference),
        )

    async def serve_surroundings(self, request: Request) -> Response:
        """``?run=A&run=B``: the rows of `dashboard.comparison.surroundings`."""
        names = request.query_params.getlist("run")[:MOST_RUNS]
        return json_response({"rows": await asyncio.to_thread(self.surroundings, names)})

    def surroundings(self, names: list[str]) -> list[dict[str, Any]]:
        infos = {info.name: info for info in self.reader.runs()}
        missing = [name for name in names if name not in infos]
        if missing:
            raise KeyError(f"run '{missing[0]}' does not exist (any more)")
        return surroundings([infos[name].environment for name in names])

    async def serve_diff(self, request: Request) -> Response:
        """``?run=A&run=B``: ``{"files": [{"path", "standing", "lines": [[kind, text]]}]}``."""
        names = request.query_params.getlist("run")
        if len(names) != 2:
            raise ValueError(f"give 'run' twice, not {len(names)} times")
        files = await asyncio.to_thread(lambda: compare_diffs(*map(self.diff_of, names)))
        return json_response({"files": [vars(file) for file in files]})

    def diff_of(self, run: str) -> str:
        """The run's uncommitted changes, "" if it had none."""
        if not any(info.tag == DIFF_TAG for info in self.reader.series(run, "text")):
            return ""
        texts = self.reader.texts(run, DIFF_TAG)
        return texts[-1].text if texts else ""

    async def serve_at(self, request: Request) -> Response:
        """``{"runs": [...], "tags": [...], "step": n}``: tag -> run -> [step, value]."""
        try:
            body = await request.json()
            runs, tags = list(map(str, body["runs"])), list(map(str, body["tags"]))
            step = int(float(body["step"]))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"expects runs, tags and a step: {error!r}") from error
        if len(runs) * len(tags) > MOST_READ:
            raise ValueError(
                f"{len(runs)} runs of {len(tags)} metrics at one step: too many to read\n"
                "  try: fewer runs, or a filter of the metrics"
            )
        return json_response({"values": await asyncio.to_thread(self.values_at, runs, tags, step)})

    def values_at(self, runs: list[str], tags: list[str], step: int) -> dict[str, Any]:
        values: dict[str, dict[str, tuple[int, float]]] = {}
        for run in runs:
            logged = {info.tag for info in self.reader.series(run, "scalar")}
            for tag in tags:
                found = value_at(self.reader.scalars(run, tag), step) if tag in logged else None
                if found is not None:
                    values.setdefault(tag, {})[run] = found
        return values

    async def serve_difference(self, request: Request) -> Response:
        """``?run=A&baseline=B&tag=T``: A's curve less B's; step f8, low, high, mean f8."""
        query = request.query_params
        run, baseline, tag = (query.get(name, "") for name in ("run", "baseline", "tag"))
        found = await asyncio.to_thread(
            lambda: difference(self.reader.scalars(run, tag), self.reader.scalars(baseline, tag))
        )
        return binary_response(
            {"interpolated": found.interpolated},
            [found.step.astype("f8"), found.low, found.high, found.mean],
        )
