"""The logdir for an agent: a Model Context Protocol server over `dashboard.mcp_tools`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from dashboard import __version__
from dashboard.http import json_text, jsonable
from dashboard.mcp_tools import Tools
from summaries.errors import SummariesError

if TYPE_CHECKING:
    from mcp.server import MCPServer

    from summaries.reader import Reader

INSTRUCTIONS = """Training runs recorded by trainboard: their settings, metrics, alerts and output.
Begin with list_runs. Every point of a metric is stored exactly; read_series gives as many bins as
asked for, whose min and max are those of all points in them, so that no spike is hidden."""


def make_server(reader: Reader) -> MCPServer[Any]:
    """The server over the logdir; run it with ``.run("stdio")``.

    Raises:
        ImportError: the package ``mcp`` is not installed.
    """
    try:
        from mcp.server import MCPServer
        from mcp.types import ToolAnnotations
    except ImportError as error:
        raise ImportError(
            "dashboard mcp: needs the package 'mcp'\n  try: pip install 'trainboard[mcp]'"
        ) from error
    server: MCPServer[Any] = MCPServer(
        "trainboard", version=__version__, instructions=INSTRUCTIONS, log_level="WARNING"
    )
    reads = ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )
    for tool in Tools(reader).all():
        server.tool(annotations=reads)(_answering(tool))
    return server


def _answering(tool: Callable[..., Any]) -> Callable[..., Any]:
    """The tool as the protocol has it: its answer as JSON, an error in words."""
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp.types import CallToolResult, TextContent

    @functools.wraps(tool)
    def answer(*args: Any, **kwargs: Any) -> Any:
        try:
            found = jsonable(asdict(tool(*args, **kwargs)))
        except (SummariesError, ValueError) as error:
            # The message says which runs or metrics there are: the agent asks again.
            raise ToolError(str(error)) from error
        # Left to itself the library writes each number on a line of its own.
        text = TextContent(type="text", text=json_text(found))
        return CallToolResult(content=[text], structured_content=found)

    asked = inspect.signature(tool, eval_str=True)
    told = asked.replace(return_annotation=Annotated[CallToolResult, asked.return_annotation])
    answer.__signature__ = told  # type: ignore[attr-defined]
    return answer
