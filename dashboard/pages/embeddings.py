"""The embeddings page: vectors of many dimensions, shown in two or three."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from dash import html
from dash.development.base_component import Component
from starlette.requests import Request
from starlette.responses import Response

from dashboard.access import why_foreign
from dashboard.components.projector_view import ProjectorView
from dashboard.embedding_shelf import EmbeddingShelf
from dashboard.http import binary_response, error_response, json_response
from dashboard.pages.page import Page, Route
from dashboard.projection import nearest
from dashboard.projection_jobs import Job, ProjectionJobs
from dashboard.projection_spec import EXTRA, MOST_POINTS, available, spec_of
from summaries.records import EmbeddingRecord

if TYPE_CHECKING:
    from summaries.reader import Reader

PATIENCE_S = 0.7
"""How long a request waits for its projection: a PCA is mostly done by then."""
MOST_NEIGHBOURS = 500


class EmbeddingsPage(Page):
    """The projector; drawn in the browser by `ProjectorView`."""

    path = "/embeddings"
    title = "Embeddings"
    keys = "g e"
    kinds = ("embedding",)
    icon = (
        '<path d="M10 10.5V3M10 10.5l-6.5 4M10 10.5l6.5 4"/>'
        '<circle cx="5.5" cy="7" r="1"/><circle cx="14.5" cy="8" r="1"/>'
        '<circle cx="11" cy="16" r="1"/>'
    )
    scripts = ProjectorView.scripts

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader)
        self._shelf = EmbeddingShelf(reader)
        self._jobs = ProjectionJobs()

    def layout(self) -> Component:
        return html.Div(ProjectorView(id="projector-view"), className="page-projector")

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("/api/projector", self.about),
            Route("/api/projector/labels", self.labels),
            Route("/api/projector/neighbours", self.neighbours),
            Route("/api/projection", self.start, ("POST",)),
            Route("/api/projection/{id}", self.state),
            Route("/api/projection/{id}/points", self.points),
            Route("/api/projection/{id}/cancel", self.cancel, ("POST",)),
        )

    async def about(self, request: Request) -> Response:
        """``/api/projector?run=A&tag=T&number=0``: what is known of an embedding, without it."""
        record = await asyncio.to_thread(self._record, request)
        rows, dims = record.mat.shape
        known = {
            "rows": rows,
            "dims": dims,
            "dtype": str(record.mat.dtype),
            "step": record.step,
            "wall_time": record.wall_time,
            "columns": column_names(record),
            "sprite": record.sprite,
            "sprite_size": record.sprite_size,
            "available": available(),
            "most_points": MOST_POINTS,
            "extra": EXTRA,
        }
        return json_response(known)

    async def start(self, request: Request) -> Response:
        """``POST /api/projection`` with ``run, tag, number`` and a `Spec`'s settings: its state.

        Answers as `state`; where it is quick, it is done already.
        """
        foreign = why_foreign(request)
        if foreign is not None:
            return error_response(403, f"no projection was begun: {foreign}")
        body = await request.json()
        if not isinstance(body, Mapping):
            raise ValueError("expects an object with run, tag, number and settings")
        run, tag, number = str(body.get("run", "")), str(body.get("tag", "")), body.get("number")
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise ValueError(f"number={number!r}: expects a whole number, 0 or more")
        spec = spec_of(body)
        name = await asyncio.to_thread(self._shelf.name, run, tag, number)
        job = self._jobs.start(name, spec, lambda: self._shelf.get(run, tag, number).mat)
        await asyncio.to_thread(job.finished.wait, PATIENCE_S)
        return json_response(told(job))

    async def state(self, request: Request) -> Response:
        """``/api/projection/ID``: ``id, state, stage, progress, error``."""
        return json_response(told(self._jobs.get(request.path_params["id"])))

    async def cancel(self, request: Request) -> Response:
        """``POST /api/projection/ID/cancel``: ends it for everybody who waits for it."""
        foreign = why_foreign(request)
        if foreign is not None:
            return error_response(403, f"nothing was cancelled: {foreign}")
        return json_response(told(self._jobs.cancel(request.path_params["id"])))

    async def points(self, request: Request) -> Response:
        """``/api/projection/ID/points``: the coordinates of one that is done.

        The header has ``n, components, total, left_out, explained, notes``; the arrays are the
        rows' numbers u4 [n] and the coordinates f4 [n * components].
        """
        job = self._jobs.get(request.path_params["id"])
        found = job.result
        if found is None:
            raise ValueError(f"projection '{job.id}': is {job.state}, not done")
        header = {
            "n": len(found.rows),
            "components": found.coordinates.shape[1],
            "total": found.total,
            "left_out": found.left_out,
            "explained": None if found.explained is None else found.explained.tolist(),
            "notes": found.notes,
        }
        arrays = [found.rows.astype(np.uint32), found.coordinates.reshape(-1)]
        return binary_response(header, arrays)

    async def labels(self, request: Request) -> Response:
        """``/api/projector/labels?run=A&tag=T&number=0&projection=ID``: the shown rows' metadata.

        ``{"columns": [name, ...], "values": [[text, ...], ...]}``, a list a column.
        """
        job = self._jobs.get(request.query_params.get("projection", ""))
        if job.result is None:
            raise ValueError(f"projection '{job.id}': is {job.state}, not done")
        record = await asyncio.to_thread(self._record, request)
        rows = job.result.rows.tolist()
        return json_response(await asyncio.to_thread(label_columns, record, rows))

    async def neighbours(self, request: Request) -> Response:
        """``/api/projector/neighbours?run=A&tag=T&number=0&row=7&count=20&metric=cosine``.

        ``{"rows", "distances", "labels"}`` of all rows of the embedding, nearest first; a label is
        the row's first column.
        """
        query = request.query_params
        row = _whole("row", query.get("row", ""))
        count = min(_whole("count", query.get("count", "20")), MOST_NEIGHBOURS)
        record = await asyncio.to_thread(self._record, request)
        metric = query.get("metric", "cosine")
        rows, distances = await asyncio.to_thread(nearest, record.mat, row, count, metric)
        columns = label_columns(record, rows.tolist())["values"]
        labels = columns[0] if columns else None
        found = {"rows": rows.tolist(), "distances": distances.tolist(), "labels": labels}
        return json_response(found)

    def _record(self, request: Request) -> EmbeddingRecord:
        query = request.query_params
        number = _whole("number", query.get("number", ""))
        return self._shelf.get(query.get("run", ""), query.get("tag", ""), number)


def told(job: Job) -> dict[str, Any]:
    """What a page is told of a projection."""
    return {
        "id": job.id,
        "state": job.state,
        "stage": job.stage,
        "progress": job.progress,
        "error": job.error,
    }


def column_names(record: EmbeddingRecord) -> list[str]:
    """The names of the metadata's columns; of the one without a header: ``label``."""
    if record.header:
        return list(record.header)
    return [] if record.metadata is None else ["label"]


def label_columns(record: EmbeddingRecord, rows: list[int]) -> dict[str, list[Any]]:
    """The metadata of these rows, column by column."""
    names = column_names(record)
    metadata = record.metadata
    if metadata is None:
        return {"columns": [], "values": []}
    values = [[metadata[row][at] for row in rows] for at in range(len(names))]
    return {"columns": names, "values": values}


def _whole(name: str, text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"{name}='{text}': expects a whole number, 0 or more")
    return int(text)
