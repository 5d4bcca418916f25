"""What the page changes: names, notes, labels, colours, archive, trash; and the saved views."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from dashboard.access import why_foreign
from dashboard.feed import Feed
from dashboard.http import error_response, json_response
from dashboard.pages.page import Route
from summaries.editing import (
    Change,
    change_runs,
    delete_view,
    empty_trash,
    not_editable,
    save_view,
    why_no_views,
)

if TYPE_CHECKING:
    from summaries.reader import Reader

READ_ONLY = "this dashboard was started with --read-only"
_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "display_name": str,
    "notes": str,
    "colour": str,
    "archived": bool,
    "deleted": bool,
    "labels": list,
    "add_labels": list,
    "drop_labels": list,
}
"""Of the fields of `Change`, what JSON has for each."""

Act = Callable[[Any], Awaitable[Response]]


def editing_routes(reader: Reader, feed: Feed, *, read_only: bool = False) -> tuple[Route, ...]:
    """The routes that change something, and those that tell what can be changed."""
    api = EditApi(reader, feed, read_only=read_only)
    return (
        Route("/api/editable", api.editable),
        Route("/api/edit", api.guarded(api.edit), ("POST",)),
        Route("/api/trash", api.trash),
        Route("/api/trash/empty", api.guarded(api.empty), ("POST",)),
        Route("/api/views", api.views),
        Route("/api/views/save", api.guarded(api.save), ("POST",)),
        Route("/api/views/delete", api.guarded(api.delete), ("POST",)),
    )


class EditApi:
    """The endpoints; described in docs/http-api.md."""

    def __init__(self, reader: Reader, feed: Feed, *, read_only: bool) -> None:
        self.reader = reader
        self.feed = feed
        self.read_only = read_only

    def guarded(self, act: Act) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint that gives ``act`` the request's JSON, if it may change anything here."""

        async def endpoint(request: Request) -> Response:
            if self.read_only:
                return error_response(403, READ_ONLY)
            why = why_foreign(request)
            if why is not None:
                return error_response(403, f"{request.url.path}: refused, {why}")
            try:
                body = await request.json()
            except ValueError as error:
                raise ValueError(f"the body is not JSON: {error}") from error
            if not isinstance(body, dict):
                raise ValueError("the body is no JSON object")
            answer = await act(body)
            # Every open page is told now, and not with the next poll.
            await self.feed.refresh(max_age=0.0)
            return answer

        return endpoint

    # -- runs -------------------------------------------------------------------------------------

    async def editable(self, request: Request) -> Response:
        """What cannot be changed: ``{"runs": {why: [names]}, "views": why or null}``."""
        if self.read_only:
            names = [run.name for run in await asyncio.to_thread(self.reader.runs)]
            return json_response({"runs": {READ_ONLY: names} if names else {}, "views": READ_ONLY})
        reasons = await asyncio.to_thread(not_editable, self.reader)
        by_reason: dict[str, list[str]] = {}
        for name, why in reasons.items():
            by_reason.setdefault(why, []).append(name)
        views = await asyncio.to_thread(why_no_views, self.reader)
        return json_response({"runs": by_reason, "views": views})

    async def edit(self, body: Mapping[str, Any]) -> Response:
        """``{"runs": [names], "change": {field: value}}``: who was changed, and who was not."""
        names, change = _names(body), _change(body.get("change"))
        refused = await asyncio.to_thread(change_runs, self.reader, names, change)
        changed = [name for name in names if name not in refused]
        return json_response({"changed": changed, "refused": refused})

    async def trash(self, request: Request) -> Response:
        """The runs in the trash, the newest there first."""
        runs = await asyncio.to_thread(partial(self.reader.runs, deleted=True))
        listed = [
            {
                "name": run.name,
                "title": run.display_name or run.name,
                "status": run.status,
                "created": run.created,
                "deleted": run.deleted,
            }
            for run in sorted(runs, key=lambda run: -(run.deleted or 0.0))
        ]
        return json_response({"runs": listed})

    async def empty(self, body: Mapping[str, Any]) -> Response:
        """``{"runs": [names] or null for all}``: deleted for good."""
        names = None if body.get("runs") is None else _names(body)
        deleted = await asyncio.to_thread(empty_trash, self.reader, names)
        return json_response({"deleted": deleted})

    # -- views ------------------------------------------------------------------------------------

    async def views(self, request: Request) -> Response:
        """``{"views": [{name, state, created, updated}]}``."""
        views = await asyncio.to_thread(self.reader.views)
        return json_response({"views": [vars(view) for view in views]})

    async def save(self, body: Mapping[str, Any]) -> Response:
        """``{"name": text, "state": object}``, in place of what had that name."""
        name, state = body.get("name"), body.get("state")
        if not isinstance(name, str) or not isinstance(state, dict):
            raise ValueError("give 'name', a text, and 'state', an object")
        await asyncio.to_thread(save_view, self.reader, name, state)
        return json_response({"saved": name.strip()})

    async def delete(self, body: Mapping[str, Any]) -> Response:
        """``{"name": text}``."""
        name = body.get("name")
        if not isinstance(name, str):
            raise ValueError("give 'name', a text")
        await asyncio.to_thread(delete_view, self.reader, name)
        return json_response({"deleted": name})


def _names(body: Mapping[str, Any]) -> list[str]:
    names = body.get("runs")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("give 'runs', a list of names")
    return names


def _change(given: Any) -> Change:
    known = {field.name for field in fields(Change)}
    if not isinstance(given, dict) or not given or not known.issuperset(given):
        raise ValueError(f"give 'change', an object with some of {', '.join(sorted(known))}")
    for name, value in given.items():
        wanted = _KINDS[name]
        texts = value if isinstance(value, list) else ()
        if not isinstance(value, wanted) or not all(isinstance(text, str) for text in texts):
            raise ValueError(f"'{name}' is {value!r:.60}, of a wrong type")
    return Change(**given)
