"""`create_app`: the Dash application over a reader, with its pages and HTTP routes."""

from __future__ import annotations

import importlib.metadata
import logging
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from dash import Dash
from dash.fingerprint import build_fingerprint

from dashboard import __version__
from dashboard.access import HostGate, TokenGate
from dashboard.api import api_routes
from dashboard.blobs import BlobApi
from dashboard.components.shell_parts import SHARED_SCRIPTS
from dashboard.editing import editing_routes
from dashboard.feed import Feed
from dashboard.grid import GRID_ROUTE, grid_address, serve_grid
from dashboard.home_api import HomeApi
from dashboard.http import error_response, reports_errors
from dashboard.ingest import ingest_routes
from dashboard.markdown import markdown_routes
from dashboard.pages import PAGES
from dashboard.pages.page import Page
from dashboard.share import share_routes
from dashboard.shell import Shell, index_string
from dashboard.static import STATIC_PATH, StaticFiles, script_bundle, style_bundle
from dashboard.steps_api import StepsApi
from dashboard.transfer import PathPrefix, Transfer

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from summaries.ingest import Ingest
    from summaries.reader import Reader


def create_app(
    reader: Reader,
    *,
    logdir: str = "",
    token: str | None = None,
    host: str | None = None,
    ingest: Ingest | None = None,
    path_prefix: str = "",
    read_only: bool = False,
    pages: tuple[type[Page], ...] = PAGES,
) -> Dash:
    """The dashboard over ``reader``; serve ``create_app(...).server`` with any ASGI server.

    ``logdir`` is only shown; with a ``token`` every request must carry it; without one, but with a
    ``host``, requests must name that or the loopback address; with ``ingest`` it also takes values
    that writers elsewhere send; with ``path_prefix`` ("/tb") it lives below that path; with
    ``read_only`` nobody can rename, delete or note anything. Example::

        app = create_app(open_logdir("logs"), logdir="logs")
        uvicorn.run(app.server, port=6006)
    """
    members = tuple(page(reader) for page in pages)
    prefix = f"{path_prefix}/"
    shell = Shell(members, logdir, path_prefix)
    scripts = [*SHARED_SCRIPTS, *(s for page in members for s in page.scripts)]
    bundles = script_bundle(dict.fromkeys(scripts)), style_bundle()
    feed = Feed(reader)
    app = Dash(
        "dashboard",
        backend="fastapi",
        requests_pathname_prefix=prefix,
        routes_pathname_prefix="/",
        assets_folder=str(Path(__file__).parent / "assets"),
        assets_ignore=".*",  # they come as one file, see `dashboard.static`
        title=escape(f"{Path(logdir).name} · trainboard" if logdir else "trainboard"),
        update_title="",
        suppress_callback_exceptions=True,  # pages come and go below the shell
        add_log_handler=False,
    )
    app.logger.setLevel(logging.WARNING)
    app.server.state.feed = feed
    # Dash's own WebSocket would be opened by every page; ours are pushed by /api/tail.
    app.backend.websocket_capability = False
    app.index_string = index_string(
        prefix,
        f"{prefix}{STATIC_PATH}/{bundles[1].name}",
        {
            "version": __version__,
            "logdir": logdir,
            "prefix": prefix,
            "plotly": _plotly_address(prefix),
            "grid": grid_address(prefix),
        },
    )
    app.layout = shell.layout
    address = f"{prefix}{STATIC_PATH}/{bundles[0].name}"
    app.scripts.append_script(
        {"external_url": address, "external_only": True, "namespace": "dashboard"}
    )
    for callback in (*shell.callbacks(), *(c for page in members for c in page.callbacks())):
        app.callback(
            callback.output,
            *callback.inputs,
            prevent_initial_call=callback.prevent_initial_call,
        )(callback.function)
    shared = (*api_routes(reader, feed), *StepsApi(reader).routes(), *BlobApi(reader).routes())
    shared += (*editing_routes(reader, feed, read_only=read_only), *markdown_routes())
    shared += HomeApi(reader, feed).routes()
    routes = (*shared, *ingest_routes(ingest))
    routes += share_routes()
    for route in (*routes, *(r for page in members for r in page.routes())):
        if not route.path.startswith("/api/"):
            raise ValueError(f"route '{route.path}' of a page: its path must start with /api/")
        app.server.add_route(
            route.path, reports_errors(route.endpoint), methods=list(route.methods)
        )
    app.server.add_route(GRID_ROUTE, serve_grid)
    app.server.add_route(f"/{STATIC_PATH}/{{name}}", StaticFiles(bundles).serve)
    app.server.add_route("/api/{rest:path}", _no_such_route, methods=["GET", "POST"])
    # Left to itself Dash finds its style sheets on the first request to "/" only, so that a link to
    # any other page, opened first, would come without them.
    app._setup_server()
    app.server.add_middleware(Transfer)
    if token is not None:
        app.server.add_middleware(TokenGate, token=token, path_prefix=path_prefix)
    elif host is not None:
        app.server.add_middleware(HostGate, host=host)
    if path_prefix:
        app.server.add_middleware(PathPrefix, prefix=path_prefix)
    return app


def _plotly_address(prefix: str) -> str:
    """Where the plotly.js that Dash brings is served, with its fingerprint: cached for a year."""
    path = "package_data/plotly.min.js"
    version = importlib.metadata.version("plotly")
    return f"{prefix}_dash-component-suites/plotly/{build_fingerprint(path, version, 0)}"


async def _no_such_route(request: Request) -> Response:
    return error_response(404, f"there is no {request.url.path}; see docs/http-api.md")
