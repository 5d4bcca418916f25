"""What every logging method needs: the tag, step and time that are stored, and where they go."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from summaries.checks import as_step, as_tag, as_wall_time
from summaries.event import Event
from summaries.pipeline import Pipeline


class Methods:
    """The part of a writer that its methods share."""

    log_dir: str
    _pipeline: Pipeline
    _next_step: dict[str, int]
    _tags: dict[str, str]
    """Tags as they are stored, by how they were given."""
    _now: Callable[[], float] = staticmethod(time.time)
    _default_step: int | None = None

    @contextmanager
    def use_metadata(
        self, *, global_step: int | None = None, walltime: float | None = None
    ) -> Iterator[Any]:
        """Step and time of what is logged inside the block without one of its own.

        Example:
            >>> import tempfile
            >>> from summaries import SummaryWriter, open_logdir
            >>> directory = tempfile.mkdtemp()
            >>> with SummaryWriter(directory) as writer, writer.use_metadata(global_step=7):
            ...     writer.add_scalar("loss", 0.5)
            >>> open_logdir(directory).scalars(".", "loss").step.tolist()
            [7]

        Raises:
            ValueError: neither is given.
        """
        if global_step is None and walltime is None:
            raise ValueError("use_metadata: needs global_step or walltime")
        before = self._default_step, self._now
        if global_step is not None:
            self._default_step = as_step("use_metadata", "", global_step)
        if walltime is not None:
            seconds = as_wall_time("use_metadata", "", walltime)
            self._now = lambda: seconds
        try:
            yield self
        finally:
            self._default_step, self._now = before

    def _place(self, method: str, tag: Any, step: Any, walltime: Any) -> tuple[str, int, float]:
        """The tag, step and time as they are stored."""
        try:
            name = self._tags[tag]
        except (KeyError, TypeError):
            self._tags[tag] = name = as_tag(method, tag)
        place = self._step(method, tag, step)
        if walltime is None:
            return name, place, self._now()
        return name, place, as_wall_time(method, tag, walltime)

    def _step(self, method: str, tag: str, step: Any) -> int:
        if type(step) is int and -(2**63) <= step < 2**63:
            return step
        if step is not None:
            return as_step(method, tag, step)
        if self._default_step is not None:
            return self._default_step
        counted = self._next_step.get(tag, 0)
        self._next_step[tag] = counted + 1
        return counted

    def _refuse_if_closed(self) -> None:
        if self._pipeline.closed:
            raise ValueError(f"SummaryWriter '{self.log_dir}': the writer is closed")

    def _log_event(self, event: Event) -> None:
        self._refuse_if_closed()
        self._pipeline.log_event(event)
