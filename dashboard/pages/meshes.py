"""The meshes page: point clouds and triangle meshes, turned together across runs."""

from __future__ import annotations

import asyncio

import numpy as np
from dash import html
from dash.development.base_component import Component
from starlette.requests import Request
from starlette.responses import Response

from dashboard.components.mesh_view import MeshView
from dashboard.http import binary_response
from dashboard.mesh_numbers import MeshPart, mesh_part
from dashboard.pages.page import Page, Route
from summaries.records import MeshRecord


class MeshesPage(Page):
    """All meshes of the shown runs; drawn in the browser by `MeshView`."""

    path = "/meshes"
    title = "Meshes"
    keys = "g m"
    kinds = ("mesh",)
    icon = (
        '<path d="M10 2.5l6.5 4v7l-6.5 4-6.5-4v-7z"/>'
        '<path d="M10 10l6.5-3.5M10 10v7.5M10 10L3.5 6.5"/>'
    )
    scripts = MeshView.scripts

    def layout(self) -> Component:
        return html.Div(MeshView(id="mesh-view"), className="page-meshes")

    def routes(self) -> tuple[Route, ...]:
        return (Route("/api/mesh", self.serve_mesh),)

    async def serve_mesh(self, request: Request) -> Response:
        """``/api/mesh?run=A&tag=T&number=0&batch=0``: one mesh.

        The header has ``step, wall_time, batch`` (how many there are), ``logged`` (its points),
        ``nonfinite, low, high, config``; the arrays are vertices f4 [n * 3], colours u1 [n * 3] or
        [0], faces i4 [m * 3] or [0].
        """
        query = request.query_params
        record, part = await asyncio.to_thread(
            self.part,
            query.get("run", ""),
            query.get("tag", ""),
            _whole("number", query.get("number", "")),
            _whole("batch", query.get("batch", "0")),
        )
        header = {
            "step": record.step,
            "wall_time": record.wall_time,
            "batch": len(record.vertices),
            "logged": part.logged,
            "nonfinite": part.nonfinite,
            "low": part.low,
            "high": part.high,
            "config": record.config,
        }
        colours = np.empty(0, np.uint8) if part.colours is None else part.colours.reshape(-1)
        faces = np.empty(0, np.int32) if part.faces is None else part.faces.reshape(-1)
        vertices = np.asarray(part.vertices, np.float32).reshape(-1)
        return binary_response(header, [vertices, colours, faces.astype(np.int32)])

    def part(self, run: str, tag: str, number: int, batch: int) -> tuple[MeshRecord, MeshPart]:
        """The mesh's record and the one of its batch.

        Raises:
            NotFoundError: there is no such run or tag.
            ValueError: the series has no such number, the batch no such mesh.
        """
        found = self.reader.records(run, tag, "mesh", number, number + 1)
        if not found:
            raise ValueError(f"mesh '{tag}': run '{run}' has no number {number} now")
        return found[0], mesh_part(found[0], batch)


def _whole(name: str, text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"{name}='{text}': expects a whole number, 0 or more")
    return int(text)
