"""The table component that dash-ag-grid brings, its community part, for the pages that ask for it.

The package is looked up and never imported: Dash loads the scripts of every component package that
was imported on every page, and these are 2 MB. Nothing of its enterprise part is ever served.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.http import CACHED_FOR_GOOD
from dashboard.static import STATIC_PATH

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

# The second is loaded by the first, from beside it.
FILES = ("dash_ag_grid.min.js", "async-community.js")
GRID_ROUTE = f"/{STATIC_PATH}/grid/{{version}}/{{name}}"


@cache
def _directory() -> Path | None:
    spec = importlib.util.find_spec("dash_ag_grid")
    return (
        Path(spec.submodule_search_locations[0])
        if spec and spec.submodule_search_locations
        else None
    )


def grid_address(prefix: str) -> str | None:
    """Where the page finds the table component, its version in the path; None: not installed."""
    if _directory() is None:
        return None
    version = importlib.metadata.version("dash-ag-grid")
    return f"{prefix}{STATIC_PATH}/grid/{version}/{FILES[0]}"


async def serve_grid(request: Request) -> Response:
    """One of the component's two scripts."""
    from starlette.responses import Response

    directory, name = _directory(), request.path_params["name"]
    if directory is None or name not in FILES:
        return Response("There is no such script.", status_code=404)
    content = await asyncio.to_thread((directory / name).read_bytes)
    return Response(
        content, media_type="text/javascript", headers={"Cache-Control": CACHED_FOR_GOOD}
    )
