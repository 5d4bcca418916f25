"""What goes on beside a run's training: who begins it, and who ends it before the run is closed."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from typing import Protocol

from summaries.pipeline import Pipeline, logger

CAPTURE_VARIABLE = "TRAINBOARD_CAPTURE"
"""Set to 0: nothing is gathered beside what the script logs, whatever it asks for."""
SYSTEM_METRICS_VARIABLE = "TRAINBOARD_SYSTEM_METRICS"
"""Set to 0: no system metrics."""


class Companion(Protocol):
    """Something that runs in a thread of its own until it is stopped."""

    def stop(self, wait: bool = True) -> None:
        """Write the last of it; the run is still open.

        Args:
            wait: whether to return only when that is done. The garbage collector does not, see
                `Pipeline.close`.
        """


class Companions:
    """Those of one run."""

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        surroundings: bool = False,
        system_metrics: bool = False,
        capture_console: bool = False,
    ) -> None:
        """Begin what is asked for and not turned off by the environment.

        A companion that cannot begin is told of in the log, and missing; the run goes on.
        """
        self._running: list[Companion] = []
        if not _is_on(CAPTURE_VARIABLE):
            return
        # First, so that it ends last of all and hears what the others have to say.
        if capture_console:
            self._begin(pipeline, "the console", _console)
        if surroundings:
            self._begin(pipeline, "what surrounds it", _surroundings)
        if system_metrics and _is_on(SYSTEM_METRICS_VARIABLE):
            self._begin(pipeline, "system metrics", _system_metrics)
        if self._running:
            # Behind the pipelines' own: at the exit it comes before them.
            atexit.register(self.stop)
            _end_with_worker(self.stop)

    def _begin(self, pipeline: Pipeline, what: str, begin: Callable[[Pipeline], Companion]) -> None:
        try:
            self._running.append(begin(pipeline))
        except Exception as error:  # whatever the machine does: training comes first
            logger.warning(
                "run '%s': %s cannot be recorded\n  %s: %s",
                pipeline.name,
                what,
                type(error).__name__,
                error,
            )

    def stop(self, wait: bool = True) -> None:
        """End them, the last one first; a second call does nothing."""
        atexit.unregister(self.stop)
        while self._running:
            self._running.pop().stop(wait)


def _is_on(variable: str) -> bool:
    return os.environ.get(variable, "").strip().lower() not in ("0", "off", "false", "no")


# Imported where they begin: a run that has none of them does not pay for their modules.


def _console(pipeline: Pipeline) -> Companion:
    from summaries.console import ConsoleCapture

    return ConsoleCapture(pipeline)


def _surroundings(pipeline: Pipeline) -> Companion:
    from summaries.surroundings import Surroundings

    return Surroundings(pipeline)


def _system_metrics(pipeline: Pipeline) -> Companion:
    from summaries.system_metrics import SystemMetrics

    return SystemMetrics(pipeline)


def _end_with_worker(act: Callable[[], None]) -> None:
    """Have it done when a worker of multiprocessing ends, which runs no exit handlers."""
    process = sys.modules.get("multiprocessing.process")
    util = sys.modules.get("multiprocessing.util")
    if process is not None and util is not None and process.parent_process() is not None:
        util.Finalize(None, act, exitpriority=200)  # before the pipelines', which have 100
