"""The console page: what a run's processes printed, however long it is."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
from dash import html
from dash.development.base_component import Component
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from dashboard.components.console_view import Console
from dashboard.console_lines import STREAMS, Chosen, ConsoleLines, plain
from dashboard.http import binary_response, json_response
from dashboard.pages.page import Page, Route

if TYPE_CHECKING:
    from summaries.reader import Reader

MOST_LINES = 2000
LONGEST_LINE = 8000
"""Characters of a line on the page; the download has all."""
_LINES_A_PIECE = 5000


class ConsolePage(Page):
    """Output of one run, or of two side by side; drawn in the browser by `Console`."""

    path = "/console"
    title = "Console"
    keys = "g l"
    kinds = ("console",)
    icon = (
        '<rect x="2.5" y="3.5" width="15" height="13" rx="2"/>'
        '<path d="m5.5 8 2.5 2.2-2.5 2.3M10 13h4"/>'
    )
    scripts = Console.scripts

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader)
        self._lines = ConsoleLines(reader)

    def layout(self) -> Component:
        return html.Div(Console(id="console-view"), className="page-console")

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("/api/console", self.serve_window),
            Route("/api/console/find", self.serve_found),
            Route("/api/console/text", self.serve_text),
        )

    async def serve_window(self, request: Request) -> Response:
        """``/api/console?run=A&from=0&n=400&stream=stderr&rank=0&line=12``: some lines.

        ``from`` is a place among the chosen lines, from the end if it is negative; with ``line``,
        the number of a line among all, ``place`` tells where that is among the chosen ones.
        A line is ``[number, time, stream, rank, text, characters]``.
        """
        run, chosen = asked(request)
        first, n = whole(request, "from", 0), whole(request, "n", 400)
        window = await asyncio.to_thread(
            self._lines.window, run, chosen, first, min(max(n, 0), MOST_LINES)
        )
        answer = {
            "total": window.total,
            "n_lines": window.n_lines,
            "from": window.first,
            "ranks": window.ranks,
            "lines": [
                [
                    numbered.number,
                    numbered.line.wall_time,
                    numbered.line.stream,
                    numbered.line.rank,
                    numbered.line.text[:LONGEST_LINE],
                    len(numbered.line.text),
                ]
                for numbered in window.lines
            ],
        }
        if "line" in request.query_params:
            number = whole(request, "line", 0)
            answer["place"] = await asyncio.to_thread(self._lines.place_of, run, chosen, number)
        return json_response(answer)

    async def serve_found(self, request: Request) -> Response:
        """``/api/console/find?run=A&text=error``: places among the chosen lines, u4 [n]."""
        run, chosen = asked(request)
        text = request.query_params.get("text", "")
        if not text:
            raise ValueError("the parameter 'text' is missing")
        found = await asyncio.to_thread(self._lines.find, run, chosen, text)
        return binary_response({"total": found.total}, [found.positions.astype(np.uint32)])

    async def serve_text(self, request: Request) -> Response:
        """``/api/console/text?run=A&times=1``: all chosen lines as a text file."""
        run, chosen = asked(request)
        times = request.query_params.get("times") == "1"
        lines = self._lines.lines(run, chosen)
        first = await asyncio.to_thread(next, lines, None)  # a run that is not there: 404

        def pieces() -> Iterator[str]:
            piece: list[str] = []
            line = first
            while line is not None:
                stamp = f"{clock(line.wall_time)} " if times else ""
                piece.append(f"{stamp}{plain(line.text)}\n")
                if len(piece) == _LINES_A_PIECE:
                    yield "".join(piece)
                    piece.clear()
                line = next(lines, None)
            yield "".join(piece)

        name = re.sub(r"[^\w.=-]+", "-", run).strip("-") or "run"
        return StreamingResponse(
            pieces(),
            media_type="text/plain; charset=utf-8",
            headers={
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}.log",
                "X-Content-Type-Options": "nosniff",
            },
        )


def asked(request: Request) -> tuple[str, Chosen]:
    """The run and the lines that a request is about.

    Raises:
        ValueError: it names no run, or an unknown stream.
    """
    run = request.query_params.get("run")
    if run is None:
        raise ValueError("the parameter 'run' is missing")
    stream = request.query_params.get("stream", "")
    if stream and stream not in STREAMS:
        raise ValueError(f"stream='{stream}': must be one of {STREAMS}, or left out for both")
    has_rank = request.query_params.get("rank", "") != ""
    return run, Chosen(stream, whole(request, "rank", 0) if has_rank else None)


def whole(request: Request, name: str, otherwise: int) -> int:
    """The whole number of that name.

    Raises:
        ValueError: it is none.
    """
    text = request.query_params.get(name, str(otherwise))
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{name}='{text}': expects a whole number") from None


def clock(wall_time: float) -> str:
    """Date and time, to the second, as UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(wall_time))
