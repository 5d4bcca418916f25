"""The HTTP routes of the scalar cards: their files, and the table of a range of steps."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from dashboard.export import (
    MEDIA_TYPES,
    ChosenSeries,
    ExportQuery,
    csv_parts,
    export_query,
    form_query,
    formats,
    json_parts,
    parquet_file,
)
from dashboard.http import json_response
from dashboard.pages.page import Route
from dashboard.step_range import range_query, read_rows

if TYPE_CHECKING:
    from summaries.reader import Reader


def card_routes(reader: Reader) -> tuple[Route, ...]:
    """``/api/export``, ``/api/export/formats`` and ``/api/range``."""
    routes = CardRoutes(reader)
    return (
        Route("/api/export", routes.export, ("GET", "POST")),
        Route("/api/export/formats", routes.formats),
        Route("/api/range", routes.range, ("POST",)),
    )


class CardRoutes:
    """What scalar cards ask for besides their curves."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    async def export(self, request: Request) -> Response:
        """The file that a posted form, or the address (``format``, ``run``, ``tag``), asks for."""
        if request.method == "POST":
            query = export_query(form_query(await request.body()))
        else:
            asked = request.query_params
            body = {"format": asked.get("format", "csv")}
            query = export_query(
                body | {"runs": asked.getlist("run"), "tags": asked.getlist("tag")}
            )
        if not query.runs or not query.tags:
            raise ValueError("give at least one 'run' and one 'tag'")
        chosen = await asyncio.to_thread(ChosenSeries, self.reader, query.runs, query.tags)
        return await self._file(chosen, query)

    async def _file(self, chosen: ChosenSeries, query: ExportQuery) -> Response:
        media_type = MEDIA_TYPES[query.format]
        if query.format == "parquet":
            path = await asyncio.to_thread(parquet_file, chosen)
            away = BackgroundTask(path.unlink, missing_ok=True)
            return FileResponse(path, headers=query.headers, media_type=media_type, background=away)
        parts = csv_parts(chosen) if query.format == "csv" else json_parts(chosen)
        return StreamingResponse(parts, headers=query.headers, media_type=media_type)

    async def formats(self, request: Request) -> Response:
        """Every format, with why it cannot be had here."""
        return json_response({"formats": formats()})

    async def range(self, request: Request) -> Response:
        """The rows of `dashboard.step_range.read_rows`."""
        try:
            body = await request.json()
        except ValueError as error:
            raise ValueError(f"the body is not JSON: {error}") from error
        rows = await asyncio.to_thread(read_rows, self.reader, range_query(body))
        return json_response({"rows": rows})
