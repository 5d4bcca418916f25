"""What answers go through: compression where the way is long, 304 for what did not change."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections import OrderedDict

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.hosts import is_loopback

# Below this a packet is a packet.
SMALLEST_BYTES = 1400
# Numbers hardly shrink more at higher levels, and take five times as long.
QUICK_LEVEL = 1
STATIC_LEVEL = 6
STATIC_PREFIXES = ("/_dash-component-suites/", "/_trainboard/")
HELD_BYTES = 32_000_000
COMPRESSIBLE = (
    "text/",
    "application/json",
    "application/javascript",
    "application/vnd.trainboard",
    "image/svg+xml",
)


class Transfer:
    """Middleware that gives whole answers to GET an ETag, and compresses for those who are far.

    On the machine itself compressing costs more than it saves: there every answer goes as it is.
    Scripts and style sheets are compressed once. Streams pass untouched.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._packed: OrderedDict[str, tuple[bytes, bytes]] = OrderedDict()
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, _Answer(self, scope, send).take)

    async def packed(self, path: str, body: bytes) -> bytes:
        """The body compressed; of scripts and style sheets it is kept."""
        if not path.startswith(STATIC_PREFIXES):
            return await asyncio.to_thread(gzip.compress, body, QUICK_LEVEL, mtime=0)
        known = self._packed.get(path)
        if known is not None and known[0] == _digest(body):
            self._packed.move_to_end(path)
            return known[1]
        done = await asyncio.to_thread(gzip.compress, body, STATIC_LEVEL, mtime=0)
        self._packed[path] = (_digest(body), done)
        self._held += len(done)
        while self._held > HELD_BYTES and len(self._packed) > 1:
            _, (_, old) = self._packed.popitem(last=False)
            self._held -= len(old)
        return done


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=12).digest()


class _Answer:
    """One answer on its way out, held until it is whole."""

    def __init__(self, transfer: Transfer, scope: Scope, send: Send) -> None:
        self.transfer = transfer
        self.scope = scope
        self.send = send
        self.start: Message | None = None

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
            return
        if self.start is None or message["type"] != "http.response.body":
            await self.send(message)
            return
        start, self.start = self.start, None
        if message.get("more_body"):
            await self.send(start)
            await self.send(message)
            return
        await self._finish(start, message)

    async def _finish(self, start: Message, message: Message) -> None:
        body = message.get("body", b"")
        headers = MutableHeaders(raw=start.setdefault("headers", []))
        request = Headers(scope=self.scope)
        if start["status"] == 200 and self.scope["method"] in ("GET", "HEAD") and body:
            tag = headers.get("etag") or f'W/"{_digest(body).hex()}"'
            headers["etag"] = tag
            if headers.get("cache-control") == "no-store":
                # Kept, and asked about each time: nothing stale is ever shown.
                headers["cache-control"] = "private, no-cache"
            if _fits(request.get("if-none-match", ""), tag):
                await self._unchanged(start, headers)
                return
        if self._is_worth_packing(request, headers, body):
            body = await self.transfer.packed(self.scope["path"], body)
            headers["content-encoding"] = "gzip"
            headers["content-length"] = str(len(body))
            headers.add_vary_header("Accept-Encoding")
        await self.send(start)
        await self.send({**message, "body": body})

    async def _unchanged(self, start: Message, headers: MutableHeaders) -> None:
        for name in ("content-length", "content-type", "content-encoding"):
            if name in headers:
                del headers[name]
        await self.send({**start, "status": 304})
        await self.send({"type": "http.response.body", "body": b""})

    def _is_worth_packing(self, request: Headers, headers: MutableHeaders, body: bytes) -> bool:
        client = self.scope.get("client")
        return (
            len(body) >= SMALLEST_BYTES
            # Behind a proxy on this machine the reader may well be far.
            and not (client and is_loopback(client[0]) and "x-forwarded-for" not in request)
            and "gzip" in request.get("accept-encoding", "")
            and "content-encoding" not in headers
            and "content-range" not in headers
            and headers.get("content-type", "").startswith(COMPRESSIBLE)
        )


def _fits(asked: str, tag: str) -> bool:
    """Whether one of the tags in If-None-Match is this one; weak and strong ones alike."""
    bare = tag.removeprefix("W/")
    return any(one.strip().removeprefix("W/") in (bare, "*") for one in asked.split(","))


class PathPrefix:
    """Lets the app be served below a path: ``/tb/scalars`` is its ``/scalars``.

    What comes without the prefix is answered as well: some proxies take it off themselves.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.app = app
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and f"{scope['path']}/".startswith(f"{self.prefix}/"):
            path = scope["path"][len(self.prefix) :] or "/"
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self.app(scope, receive, send)
