"""What `wandb.init` is told, by parameters, a Settings object and the environment, in our words."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from summaries.compat.wandb.errors import UsageError
from summaries.config import as_settings
from summaries.errors import LogdirError
from summaries.names import as_run_name


class Settings:
    """Takes every setting of W&B's; mode, project, entity, run_* and x_disable_stats count."""

    def __init__(self, **settings: Any) -> None:
        self.__dict__.update(settings)

    def get(self, name: str) -> Any:
        """The setting, None if it was not given."""
        return self.__dict__.get(name)


def as_settings_object(settings: Any) -> Settings:
    """What was given as ``settings``, a mapping or an object, as ours."""
    if settings is None:
        return Settings()
    if isinstance(settings, Mapping):
        return Settings(**settings)
    return settings if isinstance(settings, Settings) else Settings(**vars(settings))


def first_given(*values: Any) -> Any:
    """The first that is neither None nor empty text."""
    return next((value for value in values if value not in (None, "")), None)


def from_environment(name: str) -> str | None:
    """The variable ``WANDB_<name>``."""
    return os.environ.get(f"WANDB_{name}")


def tags_from_environment() -> list[str]:
    """What ``WANDB_TAGS`` names, with commas between."""
    return [tag.strip() for tag in (from_environment("TAGS") or "").split(",") if tag.strip()]


def is_disabled(mode: str | None) -> bool:
    """Whether nothing is to be written."""
    if mode is not None:
        return mode == "disabled"
    return (from_environment("DISABLED") or "").strip().lower() in ("1", "true", "yes", "on")


def as_config(config: Any, include: Any, exclude: Any) -> dict[str, Any]:
    """The config as plain data: of a mapping, a namespace, or the path of a JSON or YAML file.

    Raises:
        UsageError: both ``include`` and ``exclude`` are given.
    """
    if include and exclude:
        raise UsageError("init: give only one of config_include_keys and config_exclude_keys")
    if isinstance(config, (str, Path)):
        config = _read(Path(config))
    plain = as_settings("init", "config", {} if config is None else config)
    if include:
        return {name: value for name, value in plain.items() if name in set(include)}
    return {name: value for name, value in plain.items() if name not in set(exclude or ())}


def _read(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return json.loads(text)
    try:
        import yaml  # type: ignore[import-untyped,unused-ignore] # only where a path is given
    except ImportError as error:
        raise UsageError(
            f"init: config '{path}': reading YAML needs PyYAML\n  try: pip install pyyaml"
        ) from error
    return {
        name: value["value"] if isinstance(value, dict) and "value" in value else value
        for name, value in (yaml.safe_load(text) or {}).items()
    }


def as_moment(parameter: str, moment: str) -> tuple[str, int]:
    """Id and step of a text such as ``abc123?_step=200``.

    Raises:
        UsageError: it has another form.
    """
    id, _, query = moment.partition("?")
    steps = parse_qs(query).get("_step", [])
    if not id or len(steps) != 1 or not steps[0].isdecimal():
        raise UsageError(
            f"init: {parameter} must be a run's id and a step\n"
            f"  got '{moment}'\n  try: {parameter}='{id or 'abc123'}?_step=200'"
        )
    return id, int(steps[0])


def as_path_of_run(project: str, name: str | None) -> str | None:
    """The run's name below the logdir: the project, and the name with what no path may hold out."""
    if name is None:
        return None
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    wanted = "/".join([*([project] if project else []), *parts])[:500]
    try:
        return as_run_name(wanted)
    except LogdirError:
        return None


@dataclass(frozen=True)
class Plan:
    """Which run to start or to go on with, in our words."""

    id: str | None = None
    resume: Any = False
    rewind_step: int | None = None
    fork_from: str | None = None
    fork_step: int | None = None


def as_plan(id: str | None, resume: Any, resume_from: str | None, fork_from: str | None) -> Plan:
    """W&B's ways to go on with a run.

    Raises:
        UsageError: several of them at once, or one that is unknown.
    """
    if sum(bool(one) for one in (resume, resume_from, fork_from)) > 1:
        raise UsageError("init: expected at most only one of resume, resume_from and fork_from")
    if resume_from:
        parent, step = as_moment("resume_from", resume_from)
        return Plan(parent, "must", rewind_step=step)
    if fork_from:
        parent, step = as_moment("fork_from", fork_from)
        return Plan(id, "never", fork_from=parent, fork_step=step)
    if isinstance(resume, str):
        resume = resume.lower()
    if resume == "must" and id is None:
        raise UsageError("init: resume='must' needs the run's id\n  try: id=...")
    known = {
        None: False, False: False, "never": "never" if id else False,
        True: "allow" if id else "auto", "true": "allow" if id else "auto",
        # Without an id there is nothing that it could allow to go on with.
        "allow": "allow" if id else False, "must": "must", "auto": "allow" if id else "auto",
    }  # fmt: skip
    if resume not in known:
        raise UsageError(f"init: resume must be one of allow, must, never, auto\n  got {resume!r}")
    return Plan(id, known[resume])
