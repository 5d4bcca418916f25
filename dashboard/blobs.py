"""Stored files over HTTP: images, sounds, videos, pages; able to do nothing where they are opened.

What a script logged is a stranger's: it is served under a policy that lets it run no script and
load nothing, and a page that needs its scripts runs them in a frame of no origin and no network.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from dashboard.figure_json import cleaned_figure
from dashboard.http import json_response
from dashboard.pages.page import Route
from dashboard.scaling import CACHE_BYTES, SCALABLE, Shelf, scaled, width_for
from dashboard.steps_api import whole_number
from summaries.kinds.html import HTML, PLOTLY

if TYPE_CHECKING:
    from summaries.reader import Reader

SERVED = {
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/svg+xml",
    "audio/wav",
    "audio/mpeg",
    "audio/ogg",
    "audio/flac",
    "video/mp4",
    "video/webm",
    HTML,
}
"""Media types served as what they are; all others are offered for saving only."""
HELD_BYTES = 128 << 20
"""Files held in memory: a player asks for a video in many ranges."""

INERT = (
    "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'"
)
"""No script, no request, no form, and no origin whose cookies or pages it could reach."""
FRAMED = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' data: "
    "blob:; style-src 'unsafe-inline' data:; img-src data: blob:; font-src data:; media-src data: "
    "blob:; worker-src data: blob:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
"""Its own scripts may run, in an origin of its own, without any request."""

_FOREVER = "private, max-age=31536000, immutable"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class BlobApi:
    """The routes of stored files, named by their digests: what is there never changes."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._files = Shelf(HELD_BYTES)
        self._scaled = Shelf(CACHE_BYTES)

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("/api/blob/{sha256}", self.blob),
            Route("/api/frame/{sha256}", self.frame),
            Route("/api/figure/{sha256}", self.figure),
        )

    async def blob(self, request: Request) -> Response:
        """``/api/blob/SHA256``: the file; ``?width=640``: the image no wider than about that.

        Answers ``If-None-Match`` and ``Range``.
        """
        digest = _digest(request)
        width = request.query_params.get("width")
        tag = f'"{digest}"' if width is None else f'"{digest}-{width}"'
        headers = {**_guarded(INERT), "ETag": tag, "Accept-Ranges": "bytes"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        found = await asyncio.to_thread(self.content, digest, width)
        return ranged(*found, headers, request.headers.get("range"))

    async def frame(self, request: Request) -> Response:
        """``/api/frame/SHA256``: a logged page, whose scripts run cut off from everything."""
        digest = _digest(request)
        content, media_type = await asyncio.to_thread(self.content, digest, None)
        if media_type != HTML:
            raise ValueError(f"blob '{digest}': is {media_type}, not a page")
        headers = {**_guarded(FRAMED), "X-DNS-Prefetch-Control": "off"}
        return Response(content, headers=headers, media_type="text/html; charset=utf-8")

    async def figure(self, request: Request) -> Response:
        """``/api/figure/SHA256``: a logged plotly figure, without what would reach the network."""
        digest = _digest(request)
        content, media_type = await asyncio.to_thread(self.content, digest, None)
        if media_type != PLOTLY:
            raise ValueError(f"blob '{digest}': is {media_type}, not a plotly figure")
        figure = await asyncio.to_thread(cleaned_figure, content)
        return json_response(figure, headers={"Cache-Control": _FOREVER})

    def content(self, digest: str, width: str | None) -> tuple[bytes, str]:
        """The file and its media type, scaled down to about ``width`` if that is given.

        Raises:
            NotFoundError: there is none.
            ValueError: it cannot be scaled.
        """
        if width is not None:
            return self._narrow(digest, width_for(whole_number("width", width)))
        found = self._files.get(digest)
        if found is None:
            found = self.reader.blob(digest)
            self._files.put(digest, found)
        return found

    def _narrow(self, digest: str, width: int) -> tuple[bytes, str]:
        made = self._scaled.get((digest, width))
        if made is None:
            content, media_type = self.content(digest, None)
            made = scaled(content, width) if media_type in SCALABLE else None
            if made is None:
                return content, media_type
            self._scaled.put((digest, width), made)
        return made


def blob_type(media_type: str) -> dict[str, str]:
    """The headers that say what a file is: nothing that a browser would make more of."""
    if media_type in SERVED:
        text = f"{media_type}; charset=utf-8" if media_type == HTML else media_type
        return {"Content-Type": text}
    return {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"}


def ranged(content: bytes, media_type: str, headers: dict[str, str], asked: str | None) -> Response:
    """The file, or the one range of it that was asked for."""
    headers = {**headers, **blob_type(media_type)}
    found = _RANGE.fullmatch(asked.strip()) if asked else None
    size = len(content)
    if found is None or found.groups() == ("", ""):
        return Response(content, headers=headers)
    first, last = found.groups()
    # "-500" are the last 500 bytes.
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    if start >= size or start >= stop:
        headers["Content-Range"] = f"bytes */{size}"
        return Response(status_code=416, headers=headers)
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return Response(content[start:stop], status_code=206, headers=headers)


def _guarded(policy: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": _FOREVER,
    }


def _digest(request: Request) -> str:
    digest: str = request.path_params["sha256"]
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"blob '{digest:.80}': expects a SHA-256 digest of 64 hex digits")
    return digest
