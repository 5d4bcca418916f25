"""The HTTP routes: listing and push for the pages, binary series, JSON for scripts."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from dashboard.computed import computed_query, read_computed
from dashboard.feed import Feed
from dashboard.full_series import FullSeries
from dashboard.group_answers import RecentGroups
from dashboard.http import (
    BINARY_MEDIA_TYPE,
    binary_body,
    binary_response,
    json_response,
    json_text,
)
from dashboard.pages.page import Route
from dashboard.parameters import address_range, asked_smoothing, number, required
from dashboard.script_api import ScriptApi
from dashboard.series import (
    Item,
    Query,
    SeriesAnswer,
    checked_pixels,
    query_from_json,
    read_series,
)

if TYPE_CHECKING:
    from summaries.reader import Reader

# A comment line this often keeps proxies from closing a quiet stream.
KEEP_ALIVE_SECONDS = 15.0


def api_routes(reader: Reader, feed: Feed) -> tuple[Route, ...]:
    """Every route that belongs to no single page; described in docs/http-api.md."""
    pages = PageApi(reader, feed)
    return (
        Route("/api/index", pages.index),
        Route("/api/records", pages.records),
        Route("/api/pulse", pages.pulse),
        Route("/api/find", pages.find),
        Route("/api/tail", pages.tail),
        Route("/api/series", pages.series, ("GET", "POST")),
        Route("/api/computed", pages.computed, ("POST",)),
        *ScriptApi(reader, feed).routes(),
    )


class PageApi:
    """What the pages' own scripts ask for."""

    def __init__(self, reader: Reader, feed: Feed) -> None:
        self.reader = reader
        self.feed = feed
        self.full = FullSeries(reader, self._key_of)
        self.recent = RecentGroups()

    async def index(self, request: Request) -> Response:
        """The listing, or what changed in it since ``since`` of ``epoch``."""
        await self.feed.refresh()
        since, epoch = _position(request)
        return json_response(self.feed.delta(since, epoch))

    async def records(self, request: Request) -> Response:
        """What the runs are about, or what changed of that; see `Feed.records`."""
        await self.feed.refresh()
        since, epoch = _position(request)
        return json_response(self.feed.records(since, epoch))

    async def find(self, request: Request) -> Response:
        """Lists metrics whose name fits ``match``, of those the listing had no room for."""
        try:
            pattern = re.compile(required(request, "match"), re.IGNORECASE)
        except re.error as error:
            raise ValueError(f"the parameter 'match' is no regular expression: {error}") from error
        return json_response({"tags": await self.feed.find(pattern)})

    async def pulse(self, request: Request) -> Response:
        """When each running run was last heard of: the listing has nothing that ticks."""
        await self.feed.refresh()
        beats = {
            name: run.heartbeat for name, run in self.feed.infos.items() if run.status == "running"
        }
        return json_response({"time": time.time(), "runs": beats})

    async def tail(self, request: Request) -> Response:
        """Server-sent events: one ``change`` for each poll that found something."""
        since, epoch = _position(request)
        return StreamingResponse(
            self.changes(request, since, epoch),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def changes(self, request: Request, since: int, epoch: str | None) -> AsyncIterator[str]:
        async with self.feed:
            # A first line at once: the browser then knows that the stream stands.
            yield "retry: 1000\n: open\n\n"
            if epoch != self.feed.epoch:
                since = 0
            while not self.feed.closed:
                if await self.feed.news(since, KEEP_ALIVE_SECONDS):
                    delta = self.feed.delta(since, epoch)
                    since, epoch = delta["version"], self.feed.epoch
                    yield f"event: change\nid: {epoch}:{since}\ndata: {json_text(delta)}\n\n"
                else:
                    yield ": still here\n\n"

    async def series(self, request: Request) -> Response:
        """Scalar series as binary; see `dashboard.series`."""
        if request.method == "POST":
            query = query_from_json(await _json_body(request))
        else:
            query = _query_from_address(request)
        await self.feed.refresh(max_age=1.0)
        lengths = {
            item.tag: {
                run: info.n for run, info in self.feed.series.get(("scalar", item.tag), {}).items()
            }
            for item in query.items
        }
        body = await asyncio.to_thread(_series_body, self.reader, query, lengths)
        return Response(body, media_type=BINARY_MEDIA_TYPE, headers={"Cache-Control": "no-store"})

    def _key_of(self, run: str) -> str:
        info = self.feed.infos.get(run)
        return info.key if info is not None else ""

    async def computed(self, request: Request) -> Response:
        """Expressions, other x axes and means of groups as binary; see `dashboard.computed`."""
        query = computed_query(await _json_body(request))
        await self.feed.refresh(max_age=1.0)
        tags = {tag for item in query.items for tag in item.tags()}
        # A copy: the feed goes on while another thread reads.
        listing = {tag: dict(self.feed.series.get(("scalar", tag), {})) for tag in tags}
        answer = await asyncio.to_thread(read_computed, self.full, self.recent, query, listing)
        return binary_response(answer.header(), answer.arrays)


def _series_body(reader: Reader, query: Query, lengths: dict[str, dict[str, int]]) -> bytes:
    answer: SeriesAnswer = read_series(reader, query, lengths)
    return binary_body(answer.header(), answer.arrays)


def _position(request: Request) -> tuple[int, str | None]:
    """The version a browser has seen: from its reconnecting EventSource, or from the address."""
    last = request.headers.get("last-event-id", "")
    epoch, colon, version = last.partition(":")
    if colon and version.isdigit():
        return int(version), epoch
    return int(number(request, "since", 0)), request.query_params.get("epoch")


async def _json_body(request: Request) -> Any:
    try:
        return await request.json()
    except ValueError as error:
        raise ValueError(f"the body is not JSON: {error}") from error


def _query_from_address(request: Request) -> Query:
    runs, tags = request.query_params.getlist("run"), request.query_params.getlist("tag")
    if not runs or not tags:
        raise ValueError("give at least one 'run' and one 'tag'")
    since = request.query_params.getlist("since")
    starts = tuple(int(float(s)) for s in since) if since else None
    if starts is not None and len(starts) == 1:
        starts *= len(runs)
    if starts is not None and len(starts) != len(runs):
        raise ValueError("give 'since' once, or once for each 'run'")
    amount, kind = asked_smoothing(request)
    return Query(
        tuple(Item(tag, tuple(runs), address_range(request), starts) for tag in tags),
        checked_pixels(int(number(request, "pixels", 600))),
        amount,
        smoothing_kind=kind,
    )
