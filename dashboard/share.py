"""The page of a shared file: our own scripts and styles in one HTML document, the data left open.

The browser that shows a view puts its curves in (`components/share.js`): it has them, knows their
colours, and nothing has to be computed twice. The file draws with the same code as the page does,
without plotly: some 60 KB beside the data.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from dashboard.pages.page import Route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

DATA_MARK = "/*TRAINBOARD DATA*/"
"""Where the data goes, once in the document."""
SCRIPTS = (
    "base.js",
    "format.js",
    "share_start.js",
    "series_math.js",
    "line_parts.js",
    "line_canvas.js",
    "share_chart.js",
    "share_page.js",
)
STYLES = ("1-theme.css", "3-scalars.css", "hparams.css", "2-shell.css", "share.css")


def share_routes() -> tuple[Route, ...]:
    """``GET /api/share``: the document, for the page to put a view's data into."""
    return (Route("/api/share", serve_document),)


@cache
def document() -> str:
    """The whole page but for the data, which `DATA_MARK` stands for."""
    page = _part("assets", "share_page.html")
    style = "".join(_part("assets", name) for name in STYLES)
    script = "\n;\n".join(_part("components", name) for name in SCRIPTS)
    if "</script" in script.lower() or "</style" in style.lower():
        raise ValueError("a script or style of ours would end the element that it is put into")
    return page.replace("{{style}}", style).replace("{{script}}", script)


async def serve_document(request: Request) -> Response:
    """See `share_routes`."""
    from starlette.responses import PlainTextResponse

    # As text: it is no page of ours to be opened here, with our cookie.
    return PlainTextResponse(document(), headers={"Cache-Control": "no-store"})


def _part(folder: str, name: str) -> str:
    return (resources.files("dashboard") / folder / name).read_text(encoding="utf-8")
