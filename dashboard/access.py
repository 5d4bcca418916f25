"""Who may look: on the loopback address who asks for it by name, elsewhere who has the token."""

from __future__ import annotations

import hmac
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.hosts import host_of, is_loopback
from dashboard.http import error_response

PARAMETER = "token"
COOKIE_DAYS = 30

REFUSAL = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Token needed · trainboard</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:34em;margin:15vh auto}</style>
<h1>This dashboard needs its token</h1>
<p>Open the link that <code>dashboard serve</code> printed: it ends in <code>?token=…</code>.
The browser remembers it afterwards.</p></html>
"""


def why_foreign(request: Request) -> str | None:
    """Why a request that changes something is not taken; None: it comes from a page of ours.

    Another site may have a browser send here what needs no asking first (a form, plain text), with
    our cookie: so the body has to be declared as JSON, and who sends it must be us. Scripts, which
    say neither who they are nor whose page they show, pass.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return "the body must be declared as application/json"
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return None if site in ("same-origin", "none") else f"it was sent by a {site} page"
    origin = request.headers.get("origin")
    if origin is None:
        return None
    # Behind a proxy the browser knows us by another name.
    names = (request.headers.get("host"), request.headers.get("x-forwarded-host"))
    return None if urlsplit(origin).netloc in names else f"it was sent by a page of '{origin}'"


class HostGate:
    """Lets a request pass that was sent to ``host`` or to a name of the loopback address.

    A page from elsewhere can have its own name resolve to 127.0.0.1 (DNS rebinding); the browser
    then lets it read what this server answers. The Host header still has that page's name.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self.app = app
        self.host = host.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: ASGIApp = self.app
        if scope["type"] == "http":
            asked = host_of(Request(scope).headers.get("host", ""))
            if asked != self.host and not is_loopback(asked):
                message = (
                    f"host '{asked}': this dashboard answers as '{self.host}' or localhost only"
                )
                answer = error_response(403, f"{message}\n  try: --token TOKEN, for any name")
        await answer(scope, receive, send)


class TokenGate:
    """Lets a request pass with the token in its cookie, its address or an Authorization header.

    A page opened by the link with the token gets the cookie and is sent to the same address
    without it, so that the token does not stay in the history or in shared links.
    """

    def __init__(self, app: ASGIApp, token: str, path_prefix: str = "") -> None:
        self.app = app
        self.token = token
        self.path_prefix = path_prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            answer = self._refusal(Request(scope))
            await (answer or self.app)(scope, receive, send)
        else:
            # No page of ours opens a WebSocket; an unguarded door is not left open for later.
            await send({"type": "websocket.close", "code": 4401})

    def _refusal(self, request: Request) -> Response | None:
        """The answer instead of the page, None to let the request pass."""
        cookie = f"trainboard-token-{request.url.port or 0}"
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._right(request.cookies.get(cookie)) or self._right(bearer):
            return None
        is_api = request.url.path.startswith("/api/")
        if not self._right(request.query_params.get(PARAMETER)):
            if is_api:
                return error_response(401, "this dashboard needs its token: add ?token=…")
            return HTMLResponse(REFUSAL, status_code=401)
        if is_api:
            return None
        rest = [(k, v) for k, v in request.query_params.multi_items() if k != PARAMETER]
        address = self.path_prefix + request.url.path + (f"?{urlencode(rest)}" if rest else "")
        answer = RedirectResponse(address, status_code=303)
        answer.set_cookie(
            cookie,
            self.token,
            max_age=COOKIE_DAYS * 86400,
            path=f"{self.path_prefix}/",  # what else the proxy serves is not to see it
            httponly=True,
            samesite="lax",
        )
        return answer

    def _right(self, given: str | None) -> bool:
        return given is not None and hmac.compare_digest(given.encode(), self.token.encode())
