"""`init` and `Run`: a run by name in a shared logdir, logged with dictionaries."""

from __future__ import annotations

import numbers
import random
import time
import weakref
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any

import numpy as np

from summaries.checks import as_float, as_json, as_step, as_tag
from summaries.destination import of_named_run
from summaries.errors import LogdirError
from summaries.kinds import graph as graph_kind
from summaries.kinds import histogram as histogram_kind
from summaries.kinds import image as image_kind
from summaries.kinds import text as text_kind
from summaries.pipeline import Pipeline, logger

_FIRST = ("amber", "brisk", "calm", "dusty", "eager", "gentle", "hazy", "jolly", "keen", "lucid")
_SECOND = ("otter", "falcon", "maple", "comet", "lynx", "meadow", "orchid", "quartz", "raven")


class Image:
    """An array to log as an image: ``run.log({"sample": Image(array)})``.

    Args:
        data: floats in 0 to 1 or integers in 0 to 255.
        dataformats: what each axis is: "HWC" (default), "CHW" or "HW".
    """

    def __init__(self, data: Any, dataformats: str | None = None) -> None:
        self.data = histogram_kind.as_array(data) if hasattr(data, "detach") else data
        self.dataformats = dataformats or ("HW" if np.ndim(self.data) == 2 else "HWC")


class Histogram:
    """Values to log as a histogram, for what would otherwise be taken for something else."""

    def __init__(self, values: Any) -> None:
        self.values = values


def init(
    logdir: str | Path = "logs",
    name: str | None = None,
    config: Mapping[str, Any] | None = None,
    *,
    resume: bool = False,
) -> Run:
    """A new run in the logdir's shared database, ``logdir/events.db``.

    Args:
        logdir: made if it is not there; many processes may log to one at once. Or the URL of a
            PostgreSQL database.
        name: path-like, ``lr=0.1/seed=3``; a made-up one if None. If it is taken, ``-2`` and so on
            is put behind it, and the log says so.
        config: settings of the run, JSON-able, nested as you like.
        resume: go on with the run of that name instead, if there is one.

    Raises:
        TypeError: config is no mapping, or cannot be stored as JSON.
        LogdirError: logdir is a file, or name is not a relative path of plain parts.
        StoreWriteError: the logdir cannot be written.
        DamagedStoreError: its ``events.db`` is damaged or something else.
        SchemaVersionError: a newer trainboard wrote it.

    Example:
        >>> import tempfile
        >>> with init(tempfile.mkdtemp(), name="lr=0.1", config={"lr": 0.1}) as run:
        ...     run.log({"train/loss": 0.5}, step=0)
        >>> run.name
        'lr=0.1'
    """
    place = of_named_run(logdir, made_up_name() if name is None else as_run_name(name))
    if place.is_network_disk:
        logger.warning(
            "logdir '%s' is on a network disk: each run writes its own database there", logdir
        )
    return Run(place.where, place.name, config, resume=resume, shown_name=place.shown)


def as_run_name(name: str) -> str:
    """The name in its plain form, refused where it is not a relative path.

    Raises:
        TypeError: not a str.
        LogdirError: empty, absolute, or with a part ``..``.
    """
    if not isinstance(name, str):
        raise TypeError(f"init: name must be a str\n  got {type(name).__name__}: {name!r:.200}")
    # A lone surrogate cannot be written as UTF-8.
    storable = name.encode("utf-8", "replace").decode("utf-8")
    tidy = PurePosixPath(storable.replace("\\", "/").replace("\0", ""))
    if not tidy.parts or tidy.is_absolute() or ".." in tidy.parts or len(name) > 500:
        raise LogdirError(
            f"run name '{name[:80]}': must be a relative path of at most 500 characters\n"
            "  try: name='lr=0.1/seed=3'"
        )
    return str(tidy)


def made_up_name() -> str:
    """A name that is easy to say and to tell apart: ``keen-otter-4821``."""
    chooser = random.SystemRandom()  # not the script's seeded generator
    return f"{chooser.choice(_FIRST)}-{chooser.choice(_SECOND)}-{chooser.randrange(10_000):04d}"


class Run:
    """One run that is being logged; made by `init`. A context manager: an error marks it failed."""

    def __init__(
        self,
        where: Path | str,
        name: str,
        config: Mapping[str, Any] | None,
        *,
        resume: bool,
        shown_name: str | None = None,
    ) -> None:
        self.config = as_json("init", "config", {} if config is None else config)
        self._pipeline = Pipeline(where, name, self.config, exist="join" if resume else "new")
        # A run that nobody holds any more is finished, its values written.
        weakref.finalize(self, self._pipeline.close, wait=False).atexit = False
        self.name = self._pipeline.name if name != "." else (shown_name or name)
        """The run's name below the logdir."""
        if name not in (".", self._pipeline.name):
            logger.warning(
                "run name '%s' is taken; this run is '%s' (resume=True goes on with the old one)",
                name,
                self._pipeline.name,
            )
        self._tags: dict[str, str] = {}
        self._step = 0

    def log(self, values: Mapping[str, Any], step: Any = None) -> None:
        """Log several values at one step.

        Args:
            values: tags to what is logged: a number is a scalar, an array of more than one element
                (or a list of numbers) a histogram, a str a text, an `Image` an image; a mapping
                inside is a group, its keys put behind ``tag/``.
            step: a whole number; None goes on from the last step, the first being 0.

        Raises:
            TypeError: a value that can be none of these; those before it were logged.
            ValueError: the run is finished; a tag that is too long.
        """
        if self._pipeline.closed:
            raise ValueError(f"run '{self.name}': is finished, nothing more can be logged")
        if not isinstance(values, Mapping):
            raise TypeError(
                f"log: expects a mapping of tags to values\n  got {type(values).__name__}\n"
                "  try: run.log({'loss': loss}, step=step)"
            )
        at = as_step("log", "step", self._step if step is None else step)
        self._step = at + 1
        self._log_all(values, "", at, time.time())

    def _log_all(self, values: Mapping[str, Any], prefix: str, step: int, now: float) -> None:
        pipeline = self._pipeline
        for key, value in values.items():
            tag = f"{prefix}{key}" if prefix else key
            try:
                name = self._tags[tag]
            except (KeyError, TypeError):
                name = self._tags[tag] = as_tag("log", tag)
            if type(value) is not float:
                if isinstance(value, Mapping):
                    self._log_all(value, f"{name}/", step, now)
                    continue
                event = _event("log", name, value, step, now)
                if event is not None:
                    pipeline.log_event(event)
                    continue
                value = as_float("log", name, value)
            if len(pipeline.points) >= pipeline.limit:
                pipeline.relieve()
            pipeline.points.append((name, value, step, now))

    def log_graph(self, graph: Any) -> None:
        """Log a graph: an engine ``Graph``, or plain data as in docs/architecture.md.

        Raises:
            TypeError: neither of them.
        """
        self._pipeline.log_event(graph_kind.event(graph, 0, time.time()))

    def update_config(self, values: Mapping[str, Any]) -> None:
        """Add settings to the run's config; a name that is there is replaced.

        Raises:
            TypeError: as `init`.
            ValueError: the run is finished.
        """
        plain = as_json("update_config", "values", values)
        self._pipeline.merge_json("config", plain)
        self.config.update(plain)

    def flush(self) -> None:
        """Return when all that was logged is in the database."""
        self._pipeline.flush()

    def finish(self, status: str = "finished") -> None:
        """Flush, mark the run ("finished" or "failed") and give the database back."""
        if status not in ("finished", "failed"):
            raise ValueError(f"finish: status must be 'finished' or 'failed', got {status!r}")
        self._pipeline.close(status)

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finish("finished" if kind is None else "failed")


def _event(method: str, tag: str, value: Any, step: int, now: float) -> Any:
    """The event of a value that is not a scalar; None for one that may be a scalar."""
    if isinstance(value, str):
        return text_kind.event(tag, value, step, now)
    if isinstance(value, Image):
        return image_kind.event(tag, value.data, step, now, value.dataformats)
    if isinstance(value, Histogram):
        return histogram_kind.event(tag, value.values, step, now)
    if isinstance(value, numbers.Number):
        return None
    if isinstance(value, (list, tuple)) or np.prod(np.shape(value), dtype=int) > 1:
        try:
            return histogram_kind.event(tag, value, step, now)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"{method} '{tag}': expects a number, an array of numbers, a str or an Image\n"
                f"  got {type(value).__name__}: {value!r:.200}"
            ) from error
    return None
