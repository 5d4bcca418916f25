"""The text page: what runs wrote at a step, side by side, and what changed of it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict
from typing import Any

from dash import html
from dash.development.base_component import Component
from starlette.requests import Request
from starlette.responses import Response

from dashboard.components.text_view import TextView
from dashboard.http import json_response
from dashboard.pages.page import Page, Route
from dashboard.steps_api import whole_number
from dashboard.text_diff import diff_rows
from summaries.records import TextRecord

FIRST_CHARACTERS = 20_000
"""What comes of a long text at first."""
MOST_FOUND = 200
MOST_SERIES = 2000
SEARCH_SECONDS = 3.0
_AROUND = 60
_AT_ONCE = 64


class TextPage(Page):
    """All texts of the shown runs; drawn in the browser by `TextView`."""

    path = "/text"
    title = "Text"
    keys = "g t"
    kinds = ("text",)
    icon = '<path d="M4 4.5h12M4 8.5h12M4 12.5h12M4 16.5h7"/>'
    scripts = TextView.scripts

    def layout(self) -> Component:
        return html.Div(TextView(id="text-view"), className="page-texts")

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("/api/text", self.serve_text),
            Route("/api/text-diff", self.serve_diff),
            Route("/api/text-search", self.serve_search, ("POST",)),
        )

    async def serve_text(self, request: Request) -> Response:
        """``/api/text?run=A&tag=T&at=3``: ``{"text", "characters"}``, cut unless ``all=1``.

        ``at`` is the sequence number of the value in its series.
        """
        query = request.query_params
        at = whole_number("at", query.get("at", ""))
        text = await asyncio.to_thread(self.text, query.get("run", ""), query.get("tag", ""), at)
        shown = text if query.get("all") == "1" else text[:FIRST_CHARACTERS]
        return json_response({"text": shown, "characters": len(text)})

    async def serve_diff(self, request: Request) -> Response:
        """``/api/text-diff?run=A&tag=T&at=3&run=B&tag=T&at=5``: ``{"rows": [...]}``, A to B."""
        query = request.query_params
        runs, tags, ats = (query.getlist(name) for name in ("run", "tag", "at"))
        if not len(runs) == len(tags) == len(ats) == 2:
            raise ValueError("text-diff: give run, tag and at twice each")
        places = [
            (run, tag, whole_number("at", at)) for run, tag, at in zip(runs, tags, ats, strict=True)
        ]
        rows = await asyncio.to_thread(
            lambda: diff_rows(*(self.text(run, tag, at) for run, tag, at in places))
        )
        return json_response({"rows": [asdict(row) for row in rows]})

    async def serve_search(self, request: Request) -> Response:
        """``{"query", "items": [[run, tag], ...]}`` to what was found; see `found`."""
        body = await request.json()
        query = body.get("query") if isinstance(body, dict) else None
        items = body.get("items") if isinstance(body, dict) else None
        if not isinstance(query, str) or not query or not isinstance(items, list):
            raise ValueError("text-search: give 'query', a text, and 'items', [[run, tag], ...]")
        if len(items) > MOST_SERIES:
            raise ValueError(f"text-search: {len(items)} series, at most {MOST_SERIES}")
        return json_response(await asyncio.to_thread(self.found, query, items))

    def text(self, run: str, tag: str, at: int) -> str:
        """The text with that sequence number.

        Raises:
            KeyError: there is none.
        """
        records: list[TextRecord] = self.reader.records(run, tag, "text", at, at + 1)
        if not records:
            raise KeyError(f"text '{tag}': run '{run}' has no value number {at}")
        return records[0].text

    def found(self, query: str, items: list[Any]) -> dict[str, Any]:
        """``{"found": [{run, tag, at, step, before, hit, after}], "complete"}``.

        Case is ignored. Not complete where there is more than a page shows, or than can be read in
        `SEARCH_SECONDS`.
        """
        wanted = query.casefold()
        hits: list[dict[str, Any]] = []
        until = time.monotonic() + SEARCH_SECONDS
        for run, tag in items:
            start = 0
            while True:
                try:
                    records = self.reader.records(
                        str(run), str(tag), "text", start, start + _AT_ONCE
                    )
                except KeyError:
                    break  # deleted since the page's listing
                for number, record in enumerate(records, start):
                    hit = _hit(record.text, wanted)
                    if hit:
                        place = {"run": run, "tag": tag, "at": number, "step": record.step}
                        hits.append(place | hit)
                if len(hits) >= MOST_FOUND or time.monotonic() > until:
                    return {"found": hits[:MOST_FOUND], "complete": False}
                if len(records) < _AT_ONCE:
                    break
                start += _AT_ONCE
        return {"found": hits, "complete": True}


def _hit(text: str, wanted: str) -> dict[str, str] | None:
    """What stands around the first hit, None if there is none."""
    folded = text.casefold()
    at = folded.find(wanted)
    if at < 0:
        return None
    if len(folded) != len(text):
        # Folding made letters into two: the place is only about right, so all of it is the hit.
        return {"before": "", "hit": text[max(0, at - _AROUND) : at + _AROUND], "after": ""}
    end = at + len(wanted)
    return {
        "before": text[max(0, at - _AROUND) : at],
        "hit": text[at:end],
        "after": text[end : end + _AROUND],
    }
