"""The HTTP routes by which writers elsewhere send values: ``dashboard serve --ingest``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from dashboard.http import error_response, json_response
from dashboard.pages.page import Route
from summaries.errors import GapError
from summaries.messages import MAX_BYTES, MEDIA_TYPE

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from summaries.ingest import Ingest

PREFIX = "/api/v1/ingest/"


def ingest_routes(ingest: Ingest | None) -> tuple[Route, ...]:
    """The route that takes values, or says that it does not; described in docs/http-api.md."""

    async def take(request: Request) -> Response:
        if ingest is None:
            return error_response(
                403, "this dashboard takes no values\n  try: dashboard serve --ingest LOGDIR"
            )
        # A page of another site may send forms and plain text without asking, but not this.
        if request.headers.get("content-type") != MEDIA_TYPE:
            return error_response(415, f"the body must be of type {MEDIA_TYPE}")
        body = await _body(request)
        if body is None:
            return error_response(413, f"the body is larger than {MAX_BYTES} bytes")
        act = request.url.path.removeprefix(PREFIX)
        try:
            return json_response(await asyncio.to_thread(ingest.answer, act, body))
        except GapError as error:
            return error_response(409, str(error))

    return (Route(f"{PREFIX}{{act:path}}", take, ("POST",)),)


async def _body(request: Request) -> bytes | None:
    """The body, None if it is larger than may be."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)
