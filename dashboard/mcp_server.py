"""The logdir for an agent: a Model Context Protocol server with tools that only read."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dashboard import __version__
from dashboard.comparing import compare_runs as compared
from dashboard.comparing import metric_of, metrics_of
from dashboard.http import jsonable
from summaries.errors import SummariesError

if TYPE_CHECKING:
    from mcp.server import MCPServer

    from summaries.reader import Reader

INSTRUCTIONS = """Training runs recorded by trainboard: their settings, metrics, alerts and output.
Begin with list_runs. Every point of a metric is stored exactly; read_series gives as many bins as
asked for, whose min and max are those of all points in them, so that no spike is hidden."""
MOST_BINS = 500
MOST_RUNS = 200


def make_server(reader: Reader) -> MCPServer[Any]:
    """The server over the logdir; run it with ``.run("stdio")``.

    Raises:
        ImportError: the package ``mcp`` is not installed.
    """
    try:
        from mcp.server import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
    except ImportError as error:
        raise ImportError(
            "dashboard mcp: needs the package 'mcp'\n  try: pip install 'trainboard[mcp]'"
        ) from error
    server: MCPServer[Any] = MCPServer(
        "trainboard", version=__version__, instructions=INSTRUCTIONS, log_level="WARNING"
    )

    def told(tool: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(tool)
        def answer(*args: Any, **kwargs: Any) -> Any:
            try:
                return tool(*args, **kwargs)
            except (SummariesError, ValueError) as error:
                # The message says which runs or metrics there are: the agent asks again.
                raise ToolError(str(error)) from error

        return answer

    for tool in Tools(reader).all():
        server.tool()(told(tool))
    return server


class Tools:
    """What an agent can ask; each method is one tool, its docstring what the agent is told."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def all(self) -> tuple[Any, ...]:
        """Every tool."""
        return (
            self.list_runs,
            self.run_config,
            self.list_metrics,
            self.read_series,
            self.compare_runs,
            self.run_health,
        )

    def list_runs(
        self, match: str = "*", status: str | None = None, limit: int = 50, offset: int = 0
    ) -> dict[str, Any]:
        """List runs, newest first: name, status, times (seconds since 1970), settings, labels.

        match: glob on the run's name, as "lr=0.1/*". status: running, finished, failed or crashed.
        limit: at most so many (200 at most); total tells how many fit; offset skips the first ones.
        """
        found = [run for run in self._reader.runs(match) if status is None or run.status == status]
        page = found[::-1][max(0, offset) :][: max(1, min(limit, MOST_RUNS))]
        return {
            "total": len(found),
            "runs": [
                {
                    "name": run.name,
                    "status": run.status,
                    "created": run.created,
                    "updated": run.updated,
                    "settings": jsonable({**run.config, **run.hparams}),
                    "labels": list(run.labels),
                    "n_metrics": len(run.tags.get("scalar", ())),
                }
                for run in page
            ],
        }

    def run_config(self, run: str) -> dict[str, Any]:
        """Tell all about one run but its points: settings, summary, notes, git, machine."""
        info = self._reader.run(run)
        facts = {
            "config": info.config,
            "hparams": info.hparams,
            "summary": info.summary,
            "environment": {k: v for k, v in info.environment.items() if k != "packages"},
        }
        return {
            "run": run,
            "status": info.status,
            "notes": info.notes,
            "labels": list(info.labels),
            "parent": info.parent,
            "fork_step": info.fork_step,
            **_cut(jsonable(facts)),
        }

    def list_metrics(self, run: str, match: str = "*") -> dict[str, Any]:
        """List a run's scalar metrics with count, last value and extremes; match is a glob."""
        rows = metrics_of(self._reader, [run], match)
        return {"run": run, "metrics": {tag: jsonable(row[0]) for tag, row in rows.items()}}

    def read_series(
        self,
        run: str,
        tag: str,
        bins: int = 50,
        first_step: int | None = None,
        last_step: int | None = None,
        smoothing: float = 0.0,
    ) -> dict[str, Any]:
        """Read one metric as at most so many bins over a range of steps.

        Each bin has step_min, step_max, mean, min, max (of ALL points in it) and count; where few
        points lie in the range each is its own bin (exact is true). smoothing: weight in [0, 1) of
        a debiased exponential moving average over every point, given at each bin's end.
        """
        steps = None
        if first_step is not None or last_step is not None:
            low = first_step if first_step is not None else -(2**62)
            steps = (low, last_step if last_step is not None else 2**62)
        bins = max(1, min(bins, MOST_BINS))
        found = self._reader.envelope(run, tag, bins, steps, smoothing or None)
        columns: dict[str, Any] = {
            name: getattr(found, name)
            for name in ("step_min", "step_max", "mean", "min", "max", "count", "nonfinite")
        }
        if found.smoothed is not None:
            columns["smoothed"] = found.smoothed
        return {
            "run": run,
            "tag": tag,
            "n_points": found.n,
            "exact": found.is_raw,
            "bins": jsonable(columns),
        }

    def compare_runs(self, runs: list[str], tags: str = "*") -> dict[str, Any]:
        """Compare runs: the settings that differ, and each metric's last value and extremes.

        Rows are lists in the order of runs; null where a run has none. tags is a glob on metrics.
        """
        found: dict[str, Any] = jsonable(compared(self._reader, runs, tags=tags))
        return found

    def run_health(self, run: str, lines: int = 20) -> dict[str, Any]:
        """Tell how a run is doing: status, heartbeat, alerts (NaN, spikes), last output lines."""
        info = self._reader.run(run)
        console = self._reader.console(run)
        return {
            "run": run,
            "status": info.status,
            "updated": info.updated,
            "heartbeat": info.heartbeat,
            "alerts": [jsonable(asdict(alert)) for alert in self._reader.alerts(run)[-50:]],
            "last_lines": [
                {"stream": line.stream, "text": line.text[:2000]}
                for line in console[-max(0, min(lines, 200)) :]
            ],
            "not_finite": {
                one.tag: jsonable(metric_of(one))
                for one in self._reader.series(run, "scalar")
                if one.last_value is not None and one.last_value - one.last_value != 0.0
            },
        }


def _cut(value: Any, most: int = 4000) -> Any:
    """The value with texts no longer than an agent should be made to read: a git diff, say."""
    if isinstance(value, dict):
        return {key: _cut(item, most) for key, item in value.items()}
    if isinstance(value, list):
        return [_cut(item, most) for item in value[:200]]
    if isinstance(value, str) and len(value) > most:
        return f"{value[:most]}… ({len(value)} characters)"
    return value
