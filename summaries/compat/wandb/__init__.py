"""wandb's API on a logdir of ours: ``from summaries.compat import wandb`` in its place.

Runs are called ``<project>/<name>`` in the logdir that ``dir`` or ``WANDB_DIR`` names, by default
``logs``. Nothing is sent anywhere. What W&B's server does (sweeps, artifacts' content, reports) is
not here: each says so when it is used.

Source: the public API of wandb 0.31.

Example:
    >>> import tempfile
    >>> from summaries.compat import wandb
    >>> run = wandb.init(project="digits", name="first", dir=tempfile.mkdtemp(), config={"lr": 0.1})
    >>> wandb.log({"loss": 0.5})
    >>> wandb.summary["loss"], wandb.config.lr
    (0.5, 0.1)
    >>> wandb.finish()
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn
from uuid import uuid4

from summaries import run as _native
from summaries.compat.notices import notice as _notice
from summaries.compat.wandb import errors as errors
from summaries.compat.wandb import plot as plot
from summaries.compat.wandb import settings as _settings
from summaries.compat.wandb.artifacts import Artifact
from summaries.compat.wandb.data import (
    Audio,
    Histogram,
    Html,
    Image,
    Object3D,
    Plotly,
    Table,
    Video,
)
from summaries.compat.wandb.errors import CommError, Error, UsageError
from summaries.compat.wandb.session import WATCH_NOTICE, Run
from summaries.compat.wandb.settings import Settings
from summaries.errors import LogdirError
from summaries.names import made_up_name
from summaries.pipeline import logger as _logger

__version__ = "0.31.0"
"""Of the API that is followed: scripts compare it."""


class AlertLevel(enum.Enum):
    """How urgent an alert is."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"


class _BeforeInit:
    """Stands for config and summary until there is a run."""

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def _refuse(self, *_: Any) -> NoReturn:
        raise Error(f"You must call wandb.init() before wandb.{self._name}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._refuse()

    __setattr__ = __getitem__ = __setitem__ = _refuse


run: Run | None = None
"""The run that is being logged, None before `init` and after `finish`."""
config: Any = _BeforeInit("config")
"""Its config."""
summary: Any = _BeforeInit("summary")
"""Its summary."""


def init(
    entity: str | None = None,
    project: str | None = None,
    dir: str | Path | None = None,
    id: str | None = None,
    name: str | None = None,
    notes: str | None = None,
    tags: Sequence[str] | None = None,
    config: Any = None,
    config_exclude_keys: Sequence[str] | None = None,
    config_include_keys: Sequence[str] | None = None,
    allow_val_change: bool | None = None,
    group: str | None = None,
    job_type: str | None = None,
    mode: str | None = None,
    force: bool | None = None,
    reinit: bool | str | None = None,
    resume: bool | str | None = None,
    resume_from: str | None = None,
    fork_from: str | None = None,
    save_code: bool | None = None,
    tensorboard: bool | None = None,
    sync_tensorboard: bool | None = None,
    monitor_gym: bool | None = None,
    settings: Any = None,
    anonymous: str | None = None,
) -> Run:
    """The run that is now being logged, with W&B's parameters.

    Args:
        entity: kept in `Run.path`.
        project: what the runs' names begin with.
        dir: the logdir, ``logs`` if neither it nor ``WANDB_DIR`` is given.
        id: names the run for good.
        name: what it is called.
        notes: as in `summaries.init`, as are tags, group and job_type.
        tags: labels.
        config: a mapping, a namespace, a dataclass, or the path of a JSON or YAML file.
        config_exclude_keys: names of the config to leave out.
        config_include_keys: names of the config to take, no others.
        allow_val_change: taken for compatibility; config values may change.
        group: of runs that belong together.
        job_type: what it does in its group.
        mode: "disabled" writes nothing; all others write to the logdir.
        force: taken for compatibility.
        reinit: true or "finish_previous" to end the run there is, which is returned else.
        resume: "allow", "must", "never", "auto" or True.
        resume_from: ``<id>?_step=<n>``: go on with that run, what it has from step n on replaced.
        fork_from: ``<id>?_step=<n>``: begin with what that run has before step n.
        save_code: taken for compatibility; the git commit and the diff are recorded.
        tensorboard: not possible here, which is told.
        sync_tensorboard: likewise.
        monitor_gym: likewise.
        settings: a `Settings` or a mapping.
        anonymous: taken for compatibility.

    Raises:
        UsageError: parameters that exclude each other.
        SummariesError: as `summaries.init`.
    """
    global run
    if run is not None:
        if reinit in (None, False, "default", "return_previous"):
            _notice("wandb.init: the run there is goes on; finish() it first, or reinit=True")
            return run
        finish()
    if sync_tensorboard or tensorboard:
        _notice(
            "wandb.init: TensorBoard's writers are not listened to\n"
            "  try: from summaries import SummaryWriter, which logs to the same kind of logdir"
        )
    if monitor_gym:
        _notice("wandb.init: monitor_gym does nothing; log videos with wandb.Video")
    given = _settings.as_settings_object(settings)
    first, env = _settings.first_given, _settings.from_environment
    project = first(project, given.get("project"), env("PROJECT"), "uncategorized")
    entity = first(entity, given.get("entity"), env("ENTITY"), "local")
    logdir = str(first(dir, env("DIR"), "logs"))
    plain = _settings.as_config(config, config_include_keys, config_exclude_keys)
    made = None
    if not _settings.is_disabled(first(mode, given.get("mode"), env("MODE"))):
        wanted = first(name, given.get("run_name"), env("NAME"))
        from_id = resume_from or fork_from
        made = _start(
            _settings.as_plan(
                first(id, given.get("run_id"), env("RUN_ID")),
                first(resume, given.get("resume"), None if from_id else env("RESUME")),
                resume_from,
                fork_from,
            ),
            logdir=logdir,
            name=_settings.as_path_of_run(project, wanted or made_up_name()),
            config=plain,
            group=first(group, given.get("run_group"), env("RUN_GROUP")),
            job_type=first(job_type, given.get("run_job_type"), env("JOB_TYPE")),
            notes=first(notes, given.get("run_notes"), env("NOTES")),
            tags=first(tags, given.get("run_tags"), _settings.tags_from_environment()),
            system_metrics=not (given.get("x_disable_stats") or given.get("_disable_stats")),
        )
    started = Run(made, project, entity, logdir, _let_go)
    if made is None:
        started.config.update(plain)
    _hold(started)
    return started


def _start(plan: _settings.Plan, **parameters: Any) -> _native.Run:
    wanted: dict[str, Any] = {
        "id": plan.id,
        "resume": plan.resume,
        "rewind_step": plan.rewind_step,
        "fork_from": plan.fork_from,
        "fork_step": plan.fork_step,
    }
    try:
        return _native.init(**wanted, **parameters)
    except LogdirError:
        if plan.id is None or plan.resume:
            raise
        # W&B would overwrite that run; here nothing logged is lost.
        _logger.warning(
            "wandb.init: there is a run of the id '%s' already; this one gets another\n"
            "  try: resume='allow' to go on with it",
            plan.id,
        )
        return _native.init(**{**wanted, "id": None}, **parameters)


def _hold(started: Run | None) -> None:
    global run, config, summary
    run = started
    config = _BeforeInit("config") if started is None else started.config
    summary = _BeforeInit("summary") if started is None else started.summary


def _let_go(ended: Run) -> None:
    if run is ended:
        _hold(None)


def _current(what: str) -> Run:
    if run is None:
        raise Error(f"You must call wandb.init() before wandb.{what}()")
    return run


def log(
    data: Any, step: int | None = None, commit: bool | None = None, sync: bool | None = None
) -> None:
    """`Run.log` of the current run."""
    _current("log").log(data, step, commit, sync)


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """`Run.finish` of the current run, if there is one."""
    if run is not None:
        run.finish(exit_code)


def define_metric(
    name: str,
    step_metric: Any = None,
    step_sync: bool | None = None,
    hidden: bool | None = None,
    summary: str | None = None,
    goal: str | None = None,
    overwrite: bool | None = None,
) -> Any:
    """`Run.define_metric` of the current run."""
    return _current("define_metric").define_metric(
        name, step_metric, step_sync, hidden, summary, goal, overwrite
    )


def alert(title: str, text: str = "", level: Any = None, wait_duration: Any = None) -> None:
    """`Run.alert` of the current run."""
    _current("alert").alert(title, text, level, wait_duration)


def watch(
    models: Any,
    criterion: Any = None,
    log: str | None = "gradients",
    log_freq: int = 1000,
    idx: int | None = None,
    log_graph: bool = False,
) -> None:
    """Nothing, which is told."""
    _notice(WATCH_NOTICE)


def unwatch(models: Any = None) -> None:
    """Nothing."""


def save(
    glob_str: str | Path | None = None,
    base_path: str | Path | None = None,
    policy: str = "live",
    glob: bool = True,
) -> list[str]:
    """`Run.save` of the current run."""
    return _current("save").save(glob_str, base_path, policy, glob)


def log_artifact(
    artifact_or_path: Any,
    name: str | None = None,
    type: str | None = None,
    aliases: Sequence[str] | None = None,
) -> Artifact:
    """`Run.log_artifact` of the current run."""
    return _current("log_artifact").log_artifact(artifact_or_path, name, type, aliases)


def use_artifact(artifact_or_name: Any, **named: Any) -> Any:
    """`Run.use_artifact` of the current run."""
    return _current("use_artifact").use_artifact(artifact_or_name, **named)


def login(*_: Any, **__: Any) -> bool:
    """True: there is nothing to log in to."""
    return True


def setup(*_: Any, **__: Any) -> None:
    """Nothing: there is no service to start."""


def teardown(exit_code: int | None = None) -> None:
    """End the current run."""
    finish(exit_code)


def require(*_: Any, **__: Any) -> None:
    """Nothing: there are no experiments to turn on."""


def termlog(string: str = "", *_: Any, **__: Any) -> None:
    """Put a line into the log of ``summaries``."""
    _logger.info("wandb: %s", string)


def termwarn(string: str = "", *_: Any, **__: Any) -> None:
    """Put a warning into the log of ``summaries``."""
    _logger.warning("wandb: %s", string)


def termerror(string: str = "", *_: Any, **__: Any) -> None:
    """Put an error into the log of ``summaries``."""
    _logger.error("wandb: %s", string)


class Api:
    """W&B's server is not asked."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Raises Error: there is no server."""
        raise Error(
            "wandb.Api: asks W&B's server, which this module does not know\n"
            "  try: summaries.open_logdir('logs') and its runs(), scalars(), to_pandas()"
        )


def sweep(*_: Any, **__: Any) -> NoReturn:
    """Raises Error: sweeps are W&B's server's.

    Raises:
        Error: always.
    """
    raise Error(
        "wandb.sweep: sweeps are planned by W&B's server\n"
        "  try: a loop over the settings with wandb.init(config=...), or Optuna"
    )


agent = sweep
controller = sweep

util = SimpleNamespace(generate_id=lambda length=8: uuid4().hex[:length])
sdk = SimpleNamespace(lib=SimpleNamespace(config_util=errors), wandb_run=SimpleNamespace(Run=Run))
"""Where other libraries look for the exceptions and the class of runs."""


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(
        f"summaries.compat.wandb has no '{name}'\n"
        "  try: what summaries itself has, or wandb's own package for this part of the script"
    )


__all__ = [
    "AlertLevel", "Api", "Artifact", "Audio", "CommError", "Error", "Histogram", "Html", "Image",
    "Object3D", "Plotly", "Run", "Settings", "Table", "UsageError", "Video", "alert", "config",
    "define_metric", "finish", "init", "log", "log_artifact", "login", "plot", "run", "save",
    "summary", "unwatch", "use_artifact", "watch",
]  # fmt: skip
