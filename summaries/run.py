"""`init` and `Run`: a run by name in a shared logdir, logged with dictionaries."""

from __future__ import annotations

import datetime
import time
import weakref
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from summaries.checks import as_float, as_json, as_step, as_tag
from summaries.companions import Companions
from summaries.config import Changed, StoredDict, as_settings
from summaries.destination import Destination, Store, in_free_directory, of_named_run
from summaries.kinds import alert as alert_kind
from summaries.kinds import graph as graph_kind
from summaries.metrics import MetricRule, Metrics, Summary, as_rules
from summaries.names import as_run_name, made_up_name
from summaries.opening import open_pipeline
from summaries.pipeline import Pipeline, logger
from summaries.resuming import Resume, as_exist, check_plan, left_unfinished, parent_called
from summaries.values import events_of


def init(
    logdir: str | Path = "logs",
    name: str | None = None,
    config: Any = None,
    *,
    id: str | None = None,
    resume: Resume = False,
    group: str | None = None,
    job_type: str | None = None,
    tags: Sequence[str] | None = None,
    notes: str | None = None,
    fork_from: str | None = None,
    fork_step: int | None = None,
    rewind_step: int | None = None,
    rank: int | None = None,
    surroundings: bool = True,
    system_metrics: bool = True,
    capture_console: bool = False,
    health: bool = True,
    store: Store | None = None,
    token: str | None = None,
) -> Run:
    """A new run in the logdir's shared database, ``logdir/events.db``.

    Args:
        logdir: made if it is not there; many processes may log to one at once. Or the URL of a
            PostgreSQL database.
        name: path-like, ``lr=0.1/seed=3``; a made-up one if None. If it is taken, ``-2`` and so on
            is put behind it, and the log says so.
        config: settings of the run, JSON-able, nested as you like; a mapping, an
            argparse.Namespace or a dataclass.
        id: names the run for good, whatever it is called; a made-up one if None.
        resume: False for a new run; True or "allow" goes on with the run of that id (or name), if
            there is one; "must" demands that there is, "never" that there is none; "auto" goes on
            with the newest run of this machine, if that crashed or failed.
        group: runs that belong together, as the seeds of one setting.
        job_type: what the run does in its group, as "train" or "eval".
        tags: labels to find it by.
        notes: what you want to remember of it.
        fork_from: id or name of a run in this logdir: the new run begins with what that logged
            before ``fork_step``, and with its config.
        fork_step: first step that is the new run's own.
        rewind_step: with a run that is resumed: what it logged at this step and later is replaced
            by what comes now. It is kept, and `Reader.replaced` gives it.
        rank: this process's number, where several log into one run: give all of them the same id.
        surroundings: whether to record git's state, packages, processors and GPUs.
        system_metrics: whether to log the machine's load every ten seconds, under ``system/``.
        capture_console: whether to keep what the process and its children print.
        health: whether to raise an alert where a series is NaN, has a spike or stands still.
        store: "shared" for the logdir's one database, "per-run" for one in the run's own directory
            below it; None: what ``TRAINBOARD_STORE`` says, else per run on a network disk, and
            shared anywhere else.
        token: what a ``dashboard serve --ingest`` asks for; ``TRAINBOARD_TOKEN`` does it too.

    The environment variables ``TRAINBOARD_CAPTURE=0`` and ``TRAINBOARD_SYSTEM_METRICS=0`` turn off
    all that is recorded beside what the script logs, or the machine's load.

    Raises:
        TypeError: config is no mapping, or cannot be stored as JSON.
        ValueError: an unknown ``resume``; a rewind without resuming; half of a fork.
        LogdirError: logdir is a file, or name is not a relative path of plain parts; there is a
            run of that id, and ``resume`` does not allow it.
        NotFoundError: there is no run to resume, though it must be, or to fork from.
        StoreWriteError: the logdir cannot be written.
        DamagedStoreError: its ``events.db`` is damaged or something else.
        SchemaVersionError: a newer trainboard wrote it.

    Example:
        >>> import tempfile
        >>> with init(tempfile.mkdtemp(), name="lr=0.1", config={"lr": 0.1}) as run:
        ...     run.log({"train/loss": 0.5}, step=0)
        ...     run.config.lr
        0.1
        >>> run.name, run.summary["train/loss"]
        ('lr=0.1', 0.5)
    """
    settings = as_settings("init", "config", {} if config is None else config)
    wanted = None if name is None else as_run_name(name)
    check_plan(resume, rewind_step, fork_from, fork_step)
    if resume == "auto" and id is None:
        found = left_unfinished(logdir, wanted)
        if found is not None:
            id, wanted = found.key, found.name
    place = of_named_run(logdir, wanted or made_up_name(), token, store)
    exist = as_exist(resume, id, rank)
    if place.name == "." and exist == "new":
        place = in_free_directory(place)
    fork = None
    if fork_from is not None and fork_step is not None:
        parent, inherited = parent_called(logdir, place, fork_from)
        fork, settings = (
            (parent, as_step("init", "fork_step", fork_step)),
            {**inherited, **settings},
        )
    if place.is_network_disk:
        logger.warning(
            "logdir '%s' is on a network disk: each run writes its own database there", logdir
        )
    given: dict[str, Any] = {
        "run_group": group,
        "job_type": job_type,
        "labels": None if tags is None else as_labels(tags),
        "notes": notes,
    }
    pipeline = open_pipeline(
        place,
        settings,
        exist=exist,
        key=id,
        rank=rank or 0,
        fields={column: value for column, value in given.items() if value is not None},
        fork=fork,
        rewind_step=None if rewind_step is None else as_step("init", "rewind_step", rewind_step),
        health=health,
    )
    run = Run(
        pipeline, place, given, surroundings=surroundings, system_metrics=system_metrics,
        capture_console=capture_console,
    )  # fmt: skip
    run.step = next((at for at in (fork_step, rewind_step) if at is not None), run.step)
    return run


def as_labels(tags: str | Sequence[str]) -> list[str]:
    """The labels as a list; a single str is one."""
    return [tags] if isinstance(tags, str) else [str(tag) for tag in tags]


class Run:
    """One run that is being logged; made by `init`. A context manager: an error marks it failed."""

    def __init__(
        self,
        pipeline: Pipeline,
        place: Destination,
        given: Mapping[str, Any],
        *,
        surroundings: bool,
        system_metrics: bool,
        capture_console: bool,
    ) -> None:
        self._pipeline = pipeline
        self._companions = Companions(
            pipeline,
            surroundings=surroundings,
            system_metrics=system_metrics,
            capture_console=capture_console,
        )
        # A run that nobody holds any more is finished, its values written.
        weakref.finalize(self, _forgotten, pipeline, self._companions).atexit = False
        started = pipeline.started
        self.id: str = started.key
        """Names the run for good."""
        self.name: str = place.shown if place.name == "." else pipeline.name
        """The run's name below the logdir."""
        if place.name not in (".", pipeline.name) and started.is_new:
            logger.warning(
                "run name '%s' is taken; this run is '%s' (resume=True goes on with the old one)",
                place.name,
                pipeline.name,
            )
        self.resumed: bool = not started.is_new
        self.group: str | None = given["run_group"]
        self.job_type: str | None = given["job_type"]
        self._notes: str | None = given["notes"]
        self._labels: tuple[str, ...] = tuple(given["labels"] or ())
        self._alerted: dict[str, float] = {}
        self._tags: dict[str, str] = {}
        self._metrics = Metrics()
        self._last = self._metrics.last
        self.step: int = 0 if started.last_step is None else started.last_step + 1
        """The step that the next `log` without one is at."""
        # They hold the pipeline, not the run: it could not be forgotten else.
        self.config = StoredDict(started.config or {}, _storing(pipeline, "config"))
        """The run's settings; names are attributes as well, and every change is stored."""
        results = StoredDict({}, _storing(pipeline, "summary"), "summary")
        self.summary = Summary(results, self._metrics)
        """The run's results: last values, what `define_metric` asked for, what is put here."""

    # -- logging ----------------------------------------------------------------------------------

    def log(self, values: Mapping[str, Any], step: Any = None, commit: bool | None = None) -> None:
        """Log several values at one step.

        Args:
            values: tags to what is logged: a number is a scalar, an array of more than one element
                (or a list of numbers) a histogram, a str a text; images, sounds, tables and so on
                are the classes of `summaries.values`, or lists of them; figures of matplotlib and
                plotly are taken as they are; a mapping inside is a group, its keys put behind
                ``tag/``.
            step: a whole number; None goes on from the last step, the first being 0. A lower step
                than before is logged like any other.
            commit: False if more comes at this step: the next call without one is at it too.

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
        at = as_step("log", "step", self.step if step is None else step)
        self.step = at if commit is False else at + 1
        now = time.time()
        self._log_all(values, "", at, now)
        if self._metrics:
            for tag, value in self._metrics.missing_axes(values).items():
                self._log_all({tag: value}, "", at, now)

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
                events = events_of("log", name, value, step, now)
                if events is not None:
                    for event in events:
                        pipeline.log_event(event)
                    continue
                value = as_float("log", name, value)
            if len(pipeline.points) >= pipeline.limit:
                pipeline.relieve()
            pipeline.points.append((name, value, step, now))
            self._last[name] = value
            if self._metrics:
                self._metrics.add(name, value)

    def define_metric(
        self,
        name: str,
        step_metric: str | None = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: str | None = None,
        goal: str | None = None,
        overwrite: bool | None = None,
    ) -> None:
        """Say how a metric is to be shown and summed up; kept in the run's record.

        Args:
            name: a tag, or a glob such as ``val/*``.
            step_metric: the tag that is its x axis, instead of the step.
            step_sync: whether that tag's last value is logged along where it is not logged itself;
                None for yes.
            hidden: whether charts of it are left out.
            summary: what `Run.summary` holds of it: "min", "max", "mean", "last", "first", several
                with commas between, or "none"; "best" goes by ``goal``.
            goal: "minimize" or "maximize".
            overwrite: taken for compatibility; a definition replaces the one before.

        Raises:
            TypeError: a name that is no str.
            ValueError: an unknown summary.
        """
        tag = as_tag("define_metric", name)
        axis = None if step_metric is None else as_tag("define_metric", step_metric)
        rule = MetricRule(tag, axis, step_sync is not False, bool(hidden), as_rules(summary), goal)
        self._metrics.define(rule)
        self._pipeline.merge_json("axes", {tag: rule.as_record()})

    def alert(
        self,
        title: str,
        text: str = "",
        level: Any = None,
        wait_duration: float | datetime.timedelta | None = None,
    ) -> None:
        """Raise an alert, kept with the run's own (`Reader.alerts`).

        Args:
            title: one line.
            text: as long as you like.
            level: "info" (None), "warn" or "error".
            wait_duration: seconds in which no second alert of that title is kept; 60 if None.

        Raises:
            TypeError, ValueError: no such alert.
        """
        now = time.time()
        wait = 60.0 if wait_duration is None else wait_duration
        if isinstance(wait, datetime.timedelta):
            wait = wait.total_seconds()
        event = alert_kind.event(
            title, text, "info" if level is None else level, step=self.step, wall_time=now
        )
        if now - self._alerted.get(title, -wait) >= wait:
            self._alerted[title] = now
            self._pipeline.log_event(event)

    def log_graph(self, graph: Any) -> None:
        """Log a graph: an engine ``Graph``, or plain data as in docs/architecture.md.

        Raises:
            TypeError: neither of them.
        """
        self._pipeline.log_event(graph_kind.event(graph, 0, time.time()))

    # -- the run's record -------------------------------------------------------------------------

    def update_config(self, values: Mapping[str, Any]) -> None:
        """Add settings to the run's config; a name that is there is replaced.

        Raises:
            TypeError: as `init`.
            ValueError: the run is finished.
        """
        self.config.update(as_json("update_config", "values", values))

    @property
    def tags(self) -> tuple[str, ...]:
        """Labels to find the run by; may be set."""
        return self._labels

    @tags.setter
    def tags(self, labels: Sequence[str]) -> None:
        self._labels = tuple(as_labels(labels))
        self._pipeline.update_run(labels=list(self._labels))

    @property
    def notes(self) -> str | None:
        """What you want to remember of it; may be set."""
        return self._notes

    @notes.setter
    def notes(self, text: str | None) -> None:
        self._notes = text
        self._pipeline.update_run(notes=str(text or ""))

    # -- life -------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Return when all that was logged is in the database."""
        self._pipeline.flush()

    def finish(self, exit_code: int | str | None = None) -> None:
        """Flush, mark the run and give the database back.

        Args:
            exit_code: "finished" or "failed"; or a process's exit code, 0 and None for finished.
        """
        if isinstance(exit_code, str) and exit_code not in ("finished", "failed"):
            raise ValueError(f"finish: expects 'finished' or 'failed', got {exit_code!r}")
        status = exit_code if isinstance(exit_code, str) else "failed" if exit_code else "finished"
        if not self._pipeline.closed:
            self._companions.stop()
            results = self._metrics.summary()
            if results:
                self._pipeline.merge_json("summary", as_json("finish", "summary", results))
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


def _storing(pipeline: Pipeline, column: str) -> Changed:
    """What stores the changes of a dict in that column of the run's record."""

    def changed(values: StoredDict, names: Collection[str] | None) -> None:
        plain = values.as_dict()
        if names is None:
            pipeline.update_run(**{column: plain})
        else:
            pipeline.merge_json(column, {name: plain[name] for name in names})

    return changed


def _forgotten(pipeline: Pipeline, companions: Companions) -> None:
    companions.stop(wait=False)
    pipeline.close(wait=False)
