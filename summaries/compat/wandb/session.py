"""W&B's Run around one of ours, or around nothing where logging is disabled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from summaries import run as native
from summaries.compat.notices import notice
from summaries.compat.wandb import artifacts
from summaries.compat.wandb.artifacts import Artifact
from summaries.compat.wandb.errors import Error, UsageError
from summaries.config import StoredDict
from summaries.metrics import Metrics, Summary
from summaries.names import made_up_name

WATCH_NOTICE = (
    "wandb.watch does nothing here: gradients and parameters are not logged by hooks\n"
    "  try: run.log({name: wandb.Histogram(tensor) for name, tensor in model.named_parameters()})"
)


class Run:
    """A run as W&B's scripts know it; made by `init`."""

    def __init__(
        self,
        run: native.Run | None,
        project: str,
        entity: str,
        directory: str,
        ended: Callable[[Run], None],
    ) -> None:
        """Of a run of ours; of None where nothing is written."""
        self._run = run
        self._ended = ended
        self._label_name = made_up_name() if run is None else run.name.removeprefix(f"{project}/")
        self._step = 0
        self.project, self.entity, self.dir = project, entity, directory
        if run is None:
            self.config = StoredDict({}, lambda *_: None)
            self.summary = Summary(StoredDict({}, lambda *_: None, "summary"), Metrics())
        else:
            self.config, self.summary = run.config, run.summary

    # -- logging ----------------------------------------------------------------------------------

    def log(
        self,
        data: Mapping[str, Any],
        step: int | None = None,
        commit: bool | None = None,
        sync: bool | None = None,
    ) -> None:
        """Log a step's values, or with ``commit=False`` a part of them.

        As W&B, a call with a step of its own leaves that step open; unlike it, a step lower than
        before is logged as well.

        Raises:
            UsageError: the run is finished.
        """
        if not isinstance(data, Mapping):
            raise ValueError(f"wandb.log must be passed a dictionary\n  got {type(data).__name__}")
        if self._run is None:
            self._step += step is None and commit is not False
            return
        if self._run._pipeline.closed:
            raise UsageError(f"run '{self.name}': is finished\n  try: wandb.init() before log")
        known = {str(key): value for key, value in data.items() if value is not None}
        if len(known) < len(data):
            notice("wandb.log: values that are None are left out")
        before = self._run.step
        self._run.log(_plain(known), step, commit=step is None if commit is None else commit)
        self._run.step = max(before, self._run.step)

    def define_metric(
        self,
        name: str,
        step_metric: Any = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: str | None = None,
        goal: str | None = None,
        overwrite: bool | None = None,
    ) -> Metric:
        """Say how a metric is shown and summed up."""
        axis = getattr(step_metric, "name", step_metric)
        if self._run is not None:
            self._run.define_metric(name, axis, step_sync, hidden, summary, goal, overwrite)
        return Metric(name)

    def alert(
        self, title: str, text: str = "", level: Any = None, wait_duration: Any = None
    ) -> None:
        """Raise an alert; it is kept with the run, and nobody is sent a message."""
        if self._run is not None:
            notice("wandb.alert: alerts are kept with the run and shown there; nothing is sent")
            self._run.alert(title, text, level, wait_duration)

    def watch(
        self,
        models: Any,
        criterion: Any = None,
        log: str | None = "gradients",
        log_freq: int = 1000,
        idx: int | None = None,
        log_graph: bool = False,
    ) -> None:
        """Nothing, which is told."""
        notice(WATCH_NOTICE)

    def unwatch(self, models: Any = None) -> None:
        """Nothing."""

    # -- files ------------------------------------------------------------------------------------

    def log_artifact(
        self,
        artifact_or_path: Any,
        name: str | None = None,
        type: str | None = None,
        aliases: Sequence[str] | None = None,
        tags: Sequence[str] | None = None,
    ) -> Artifact:
        """Record the names and digests of files, as the table ``artifact/<name>``."""
        artifact = artifact_or_path
        if not isinstance(artifact, Artifact):
            artifact = artifacts.of_path(artifact_or_path, name, type)
        artifact.aliases = list(aliases or ["latest"])
        if self._run is not None:
            self._run.log({f"artifact/{artifact.name}": artifact.table()}, commit=False)
        return artifact

    def log_model(
        self, path: Any, name: str | None = None, aliases: Sequence[str] | None = None
    ) -> Artifact:
        """As `log_artifact`."""
        return self.log_artifact(path, name, "model", aliases)

    def save(
        self,
        glob_str: str | Path | None = None,
        base_path: str | Path | None = None,
        policy: str = "live",
        glob: bool = True,
    ) -> list[str]:
        """Record the names and digests of the files that the glob finds; their paths."""
        if glob_str is None:
            return []
        artifact, found = artifacts.of_saved(glob_str, base_path)
        if self._run is not None and found:
            self._run.log({"files": artifact.table()}, commit=False)
        return found

    def log_code(self, root: str | None = ".", name: str | None = None, **_: Any) -> None:
        """Nothing, which is told: the commit and the changes since are recorded anyway."""
        notice("wandb.log_code: no copies are made; the git commit and the diff are recorded")

    def use_artifact(self, artifact_or_name: Any, **_: Any) -> Any:
        """An artifact that was made in this script.

        Raises:
            Error: it is to come from W&B's server.
        """
        if isinstance(artifact_or_name, Artifact):
            return artifact_or_name
        raise Error(
            f"use_artifact '{artifact_or_name}': files are not kept, so none can be fetched\n"
            "  try: the path at which the file was written"
        )

    # -- what it is -------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """Names the run for good."""
        return self._label_name if self._run is None else self._run.id

    @property
    def name(self) -> str:
        """What the run is called; may be set."""
        return self._label_name

    @name.setter
    def name(self, name: str) -> None:
        self._label_name = name
        if self._run is not None:
            self._run._pipeline.update_run(display_name=name)

    @property
    def notes(self) -> str | None:
        """What its author wants to remember; may be set."""
        return None if self._run is None else self._run.notes

    @notes.setter
    def notes(self, text: str) -> None:
        if self._run is not None:
            self._run.notes = text

    @property
    def tags(self) -> tuple[str, ...]:
        """Labels; may be set."""
        return () if self._run is None else self._run.tags

    @tags.setter
    def tags(self, tags: Sequence[str]) -> None:
        if self._run is not None:
            self._run.tags = tuple(tags)

    @property
    def group(self) -> str:
        """The group, "" if it is in none."""
        return "" if self._run is None else self._run.group or ""

    @property
    def job_type(self) -> str:
        """What it does in its group."""
        return "" if self._run is None else self._run.job_type or ""

    @property
    def step(self) -> int:
        """The step of the next `log`."""
        return self._step if self._run is None else self._run.step

    @property
    def url(self) -> None:
        """None: the run is on no server of W&B's."""
        return None

    @property
    def project_name(self) -> str:
        """As ``project``."""
        return self.project

    @property
    def path(self) -> str:
        """Entity, project and id."""
        return f"{self.entity}/{self.project}/{self.id}"

    @property
    def resumed(self) -> bool:
        """Whether it goes on with an earlier one."""
        return self._run is not None and self._run.resumed

    @property
    def offline(self) -> bool:
        """True: nothing is sent."""
        return True

    @property
    def disabled(self) -> bool:
        """Whether nothing is written either."""
        return self._run is None

    def get_url(self) -> None:
        """As ``url``."""

    def mark_preempting(self) -> None:
        """Nothing: a run that is cut off shows as crashed anyway."""

    def _label(self, *_: Any, **__: Any) -> None:
        """Nothing: W&B's count of who calls it."""

    # -- life -------------------------------------------------------------------------------------

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """Write all that was logged and end the run."""
        if self._run is not None:
            self._run.finish(exit_code)
        self._ended(self)

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finish(0 if kind is None else 1)


class Metric:
    """What `define_metric` returns: the name, to be given as another's ``step_metric``."""

    def __init__(self, name: str) -> None:
        self.name = name


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with what our log does not take as its text, as W&B keeps it."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found[name] = _plain({str(key): one for key, one in value.items() if one is not None})
        elif _is_of_texts(value):
            notice("wandb.log: lists of texts are kept as one text")
            found[name] = "\n".join(map(str, value))
        elif isinstance(value, (bytes, set, frozenset)):
            found[name] = str(value)
        else:
            found[name] = value
    return found


def _is_of_texts(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and isinstance(value[0], str)
