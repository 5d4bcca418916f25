"""Our scripts and style sheets: one file each, its digest in the name, cached for good."""

from __future__ import annotations

import hashlib
import importlib.resources
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.http import CACHED_FOR_GOOD

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

STATIC_PATH = "_trainboard"
"""Where they are served, below the prefix."""


@dataclass(frozen=True)
class Bundle:
    """Several files as one."""

    name: str
    """``page-0123456789ab.js``: another content, another name."""
    content: bytes
    media_type: str


def script_bundle(paths: Iterable[str]) -> Bundle:
    """The scripts, in this order; ``paths`` are relative to the package.

    Sixty small requests would take a browser ten rounds over its six connections.
    """
    # A script that fails takes its own page with it, and no other.
    parts = [
        b"try {\n" + _read(path) + b"\n} catch (error) { setTimeout(() => { throw error; }); }\n"
        for path in paths
    ]
    return _bundle("page", "js", b"".join(parts), "text/javascript")


def style_bundle() -> Bundle:
    """The style sheets of ``assets/``, by name: those with a number come first."""
    assets = Path(str(importlib.resources.files("dashboard"))) / "assets"
    parts = [path.read_bytes() + b"\n" for path in sorted(assets.glob("*.css"))]
    return _bundle("style", "css", b"".join(parts), "text/css")


def _read(path: str) -> bytes:
    return importlib.resources.files("dashboard").joinpath(path).read_bytes()


def _bundle(stem: str, ending: str, content: bytes, media_type: str) -> Bundle:
    digest = hashlib.blake2b(content, digest_size=6).hexdigest()
    return Bundle(f"{stem}-{digest}.{ending}", content, media_type)


class StaticFiles:
    """Serves the bundles and the icon."""

    def __init__(self, bundles: Iterable[Bundle]) -> None:
        self._bundles = {bundle.name: bundle for bundle in bundles}
        self._bundles["icon.svg"] = Bundle("icon.svg", _read("assets/icon.svg"), "image/svg+xml")

    async def serve(self, request: Request) -> Response:
        from starlette.responses import Response

        bundle = self._bundles.get(request.path_params["name"])
        if bundle is None:
            # A page that was open while the program was updated asks for what it was made of.
            return Response("This file is of another version; reload the page.", status_code=404)
        return Response(
            bundle.content,
            media_type=bundle.media_type,
            headers={"Cache-Control": CACHED_FOR_GOOD},
        )
