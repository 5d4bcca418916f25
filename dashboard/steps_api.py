"""Where the values of a series stand, and what is known of each before its content is fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from dashboard.http import json_response
from dashboard.pages.page import Route
from summaries.kinds import KINDS

if TYPE_CHECKING:
    from summaries.reader import Reader

FACT_KINDS = ("image", "audio", "video", "html")
"""Kinds whose records are small: their content is a blob that the record names."""
FACTS_AT_ONCE = 256
"""A series of no more values comes with the facts of all; of a longer one with the newest."""
NEWEST_FACTS = 64
MOST_SERIES = 400
"""One request asks for no more."""


def facts_of(record: Any) -> dict[str, Any]:
    """What a record of `FACT_KINDS` says of its content: size, media type, digest."""
    facts = asdict(record)
    for place in ("step", "wall_time", "rank"):
        del facts[place]
    return facts


def steps_of(reader: Reader, kind: str, run: str, tag: str, start: int = 0) -> dict[str, Any]:
    """The steps of a series from sequence number ``start`` on, as the browser takes them.

    ``{"run", "tag", "start", "steps", "wall_times", "ranks", "facts_start", "facts"}``: ``ranks``
    is null where all are rank 0's, ``facts`` of the values from ``facts_start`` on, null for kinds
    whose records have none.

    Raises:
        NotFoundError: there is no such run or tag.
    """
    found = reader.steps(run, tag, kind, start)
    facts, facts_start = None, start
    if kind in FACT_KINDS:
        if len(found) > FACTS_AT_ONCE:
            facts_start = start + len(found) - NEWEST_FACTS
        records = reader.records(run, tag, kind, facts_start, start + len(found))
        facts = [facts_of(record) for record in records]
    return {
        "run": run,
        "tag": tag,
        "start": start,
        "steps": found.step.tolist(),
        "wall_times": found.wall_time.tolist(),
        "ranks": found.rank.tolist() if found.rank.any() else None,
        "facts_start": facts_start,
        "facts": facts,
    }


class StepsApi:
    """The routes of every page whose values are looked at one step at a time."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("/api/steps", self.steps, ("GET", "POST")),
            Route("/api/facts", self.facts),
        )

    async def steps(self, request: Request) -> Response:
        """``/api/steps?kind=image&run=A&tag=T&start=0``: see `steps_of`; POST takes many at once.

        The body of a POST is ``{"kind": "image", "items": [[run, tag, start], ...]}``, the answer
        ``{"series": [...]}`` in that order, with ``{"error": "..."}`` for one that is gone.
        """
        if request.method == "POST":
            kind, items = _wanted(await request.json())
            return json_response(
                {"series": await asyncio.to_thread(self._many, kind, items)},
            )
        query = request.query_params
        kind = known_kind(query.get("kind", ""))
        run, tag = query.get("run", ""), query.get("tag", "")
        start = whole_number("start", query.get("start", "0"))
        return json_response(
            await asyncio.to_thread(steps_of, self.reader, kind, run, tag, start),
        )

    def _many(self, kind: str, items: list[tuple[str, str, int]]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for run, tag, start in items:
            try:
                found.append(steps_of(self.reader, kind, run, tag, start))
            except KeyError as error:
                # Deleted since the page's listing: the others are still shown.
                found.append({"run": run, "tag": tag, "error": str(error.args[0])})
        return found

    async def facts(self, request: Request) -> Response:
        """``/api/facts?kind=image&run=A&tag=T&start=0&stop=64``: ``{"start", "facts"}``."""
        query = request.query_params
        kind = known_kind(query.get("kind", ""))
        if kind not in FACT_KINDS:
            raise ValueError(f"kind '{kind}': has no facts apart from its content")
        run, tag = query.get("run", ""), query.get("tag", "")
        start = whole_number("start", query.get("start", "0"))
        stop = min(whole_number("stop", query.get("stop", "0")), start + FACTS_AT_ONCE)
        records = await asyncio.to_thread(self.reader.records, run, tag, kind, start, stop)
        return json_response({"start": start, "facts": [facts_of(record) for record in records]})


def known_kind(kind: str) -> str:
    """The kind, if it is one besides scalars.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"kind '{kind}': there is none of that name\n  try: {', '.join(KINDS)}")
    return kind


def whole_number(name: str, text: str) -> int:
    """The number in the query, not negative.

    Raises:
        ValueError: it is no such number.
    """
    if not text.isdecimal():
        raise ValueError(f"{name}='{text}': expects a whole number, 0 or more")
    return int(text)


def _wanted(body: Any) -> tuple[str, list[tuple[str, str, int]]]:
    """What the body of a POST asks for.

    Raises:
        ValueError: it has another form.
    """
    items = body.get("items") if isinstance(body, Mapping) else None
    if not isinstance(items, list) or len(items) > MOST_SERIES:
        raise ValueError(f"items: expects a list of at most {MOST_SERIES} [run, tag, start]")
    wanted = []
    for item in items:
        match item:
            case [str(run), str(tag), int(start)] if start >= 0:
                wanted.append((run, tag, start))
            case _:
                raise ValueError(f"items: expects [run, tag, start]\n  got {item!r:.80}")
    return known_kind(str(body.get("kind", ""))), wanted
