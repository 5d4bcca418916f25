"""Hooks: what is done around every run of a monitored session."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine import logging
from engine.errors import compose
from engine.global_step import get_global_step
from engine.saver import Saver
from engine.summary import FileWriter, Summary


class SessionRunArgs(NamedTuple):
    """What a hook adds to a run."""

    fetches: Any
    feed_dict: Mapping[Any, Any] | None = None
    options: Any = None


@dataclass
class SessionRunValues:
    """What a hook gets of a run: the values of what it fetched."""

    results: Any
    options: Any = None
    run_metadata: Any = None


class SessionRunContext:
    """One run as its hooks see it."""

    def __init__(self, original_args: SessionRunArgs, session: Any):
        self.original_args = original_args
        self.session = session
        self.stop_requested = False

    def request_stop(self) -> None:
        """Make this run the last one."""
        self.stop_requested = True


class SessionRunHook:
    """Base class: a subclass does something at the moments it overrides.

    Source: ``tf.train.SessionRunHook``.
    """

    def begin(self) -> None:
        """Before the session is made; the graph may still be added to."""

    def after_create_session(self, session: Any, coord: Any) -> None:
        """When the session is ready and the variables have values."""

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Before each run; what it gives is fetched and fed along."""
        return None

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """After each run, with the values of what `before_run` asked for."""

    def end(self, session: Any) -> None:
        """When training ends without an error."""


class SecondOrStepTimer:
    """Tells when so many seconds or so many steps have gone by."""

    def __init__(self, every_secs: float | None = None, every_steps: int | None = None):
        if (every_secs is None) == (every_steps is None):
            raise ValueError("Exactly one of every_secs and every_steps should be provided.")
        self._secs, self._steps = every_secs, every_steps
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self._last_step: int | None = None
        self._last_time = 0.0

    def should_trigger_for_step(self, step: int) -> bool:
        """Whether it is time; at the first step it is."""
        if self._last_step is None:
            return True
        if step == self._last_step:
            return False
        if self._secs is not None:
            return time.monotonic() >= self._last_time + self._secs
        assert self._steps is not None
        return step >= self._last_step + self._steps

    def update_last_triggered_step(self, step: int) -> tuple[float | None, int | None]:
        """Count from here; seconds and steps since the last time, None at first."""
        now = time.monotonic()
        passed: tuple[float | None, int | None] = (None, None)
        if self._last_step is not None:
            passed = (now - self._last_time, step - self._last_step)
        self._last_time, self._last_step = now, step
        return passed

    def last_triggered_step(self) -> int | None:
        """The step counted from."""
        return self._last_step


def _global_step(what: str) -> Any:
    step = get_global_step()
    if step is None:
        raise RuntimeError(
            compose(
                f"Global step should be created to use {what}.",
                (),
                "tf.train.get_or_create_global_step(), and give it to minimize(...)",
            )
        )
    return step


class StopAtStepHook(SessionRunHook):
    """Stops after `num_steps` more steps, or at step `last_step`.

    Raises:
        ValueError: neither or both are given.
    """

    def __init__(self, num_steps: int | None = None, last_step: int | None = None):
        if (num_steps is None) == (last_step is None):
            raise ValueError("Exactly one of num_steps or last_step must be specified.")
        self._num_steps, self._last_step = num_steps, last_step

    def begin(self) -> None:
        self._step = _global_step("StopAtStepHook")

    def after_create_session(self, session: Any, coord: Any) -> None:
        if self._last_step is None:
            assert self._num_steps is not None
            self._last_step = int(session.run(self._step)) + self._num_steps

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        # A variable that is fetched shows its value after the run.
        return SessionRunArgs(self._step)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        assert self._last_step is not None
        if run_values.results >= self._last_step:
            run_context.request_stop()


class LoggingTensorHook(SessionRunHook):
    """Logs tensors every so many runs or seconds, at level INFO.

    `tensors` maps tags to tensors or names, or lists them; `formatter` makes the text of a mapping
    of tag to value.
    """

    def __init__(
        self,
        tensors: Any,
        every_n_iter: int | None = None,
        every_n_secs: float | None = None,
        at_end: bool = False,
        formatter: Callable[[Any], str] | None = None,
    ):
        only_end = at_end and every_n_iter is None and every_n_secs is None
        if not only_end and (every_n_iter is None) == (every_n_secs is None):
            raise ValueError(
                "either at_end and/or exactly one of every_n_iter and every_n_secs must be "
                "provided."
            )
        if every_n_iter is not None and every_n_iter <= 0:
            raise ValueError(f"invalid every_n_iter={every_n_iter}.")
        given = tensors if isinstance(tensors, Mapping) else {_tag(item): item for item in tensors}
        self._tensors: dict[str, Any] = OrderedDict(given)
        self._timer = None if only_end else SecondOrStepTimer(every_n_secs, every_n_iter)
        self._at_end, self._formatter = at_end, formatter
        self._runs = 0
        self._due = False

    def begin(self) -> None:
        self._runs = 0
        if self._timer is not None:
            self._timer.reset()

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        self._due = self._timer is not None and self._timer.should_trigger_for_step(self._runs)
        return SessionRunArgs(self._tensors) if self._due else None

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        if self._due:
            self._log(run_values.results)
        self._runs += 1

    def end(self, session: Any) -> None:
        if self._at_end:
            self._log(session.run(self._tensors))

    def _log(self, values: Mapping[str, Any]) -> None:
        elapsed = None
        if self._timer is not None:
            elapsed, _ = self._timer.update_last_triggered_step(self._runs)
        if self._formatter is not None:
            logging.info("%s", self._formatter(values))
            return
        with np.printoptions(suppress=True):
            text = ", ".join(f"{tag} = {value}" for tag, value in values.items())
        logging.info("%s%s", text, "" if elapsed is None else f" ({elapsed:.3f} sec)")


def _tag(item: Any) -> str:
    return item if isinstance(item, str) else str(item.name)


class NanLossDuringTrainingError(RuntimeError):
    """The loss is no number any more."""

    def __str__(self) -> str:
        return "NaN loss during training."


class NanTensorHook(SessionRunHook):
    """Stops, or fails, when the loss is NaN."""

    def __init__(self, loss_tensor: Any, fail_on_nan_loss: bool = True):
        self._loss, self._fail = loss_tensor, fail_on_nan_loss

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        return SessionRunArgs(self._loss)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        if np.isnan(run_values.results):
            if self._fail:
                logging.error("Model diverged with loss = NaN.")
                raise NanLossDuringTrainingError
            logging.warning("Model diverged with loss = NaN.")
            run_context.request_stop()


class CheckpointSaverHook(SessionRunHook):
    """Saves a checkpoint at the beginning, every so many steps or seconds, and at the end."""

    def __init__(
        self,
        checkpoint_dir: Any,
        save_secs: float | None = None,
        save_steps: int | None = None,
        saver: Saver | None = None,
        checkpoint_basename: str = "model.ckpt",
        scaffold: Any = None,
        listeners: Sequence[Any] | None = None,
    ):
        if saver is not None and scaffold is not None:
            raise ValueError("You cannot provide both saver and scaffold.")
        self._directory = os.fspath(checkpoint_dir)
        self._path = str(Path(self._directory) / checkpoint_basename)
        self._given, self._scaffold = saver, scaffold
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)
        self._listeners = list(listeners or ())

    def begin(self) -> None:
        self._step = _global_step("CheckpointSaverHook")
        Path(self._directory).mkdir(parents=True, exist_ok=True)
        for listener in self._listeners:
            listener.begin()

    def after_create_session(self, session: Any, coord: Any) -> None:
        step = int(session.run(self._step))
        self._save(session, step)
        self._timer.update_last_triggered_step(step)

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        return SessionRunArgs(self._step)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        step = int(run_values.results)
        if self._timer.should_trigger_for_step(step):
            self._timer.update_last_triggered_step(step)
            self._save(run_context.session, step)

    def end(self, session: Any) -> None:
        step = int(session.run(self._step))
        if step != self._timer.last_triggered_step():
            self._save(session, step)
        for listener in self._listeners:
            listener.end(session, step)

    def _save(self, session: Any, step: int) -> None:
        logging.info("Saving checkpoints for %d into %s.", step, self._path)
        for listener in self._listeners:
            listener.before_save(session, step)
        self._saver().save(session, self._path, step)
        for listener in self._listeners:
            listener.after_save(session, step)

    def _saver(self) -> Saver:
        if self._given is None:
            self._given = self._scaffold.saver if self._scaffold is not None else Saver()
        return self._given


class SummarySaverHook(SessionRunHook):
    """Writes summaries every so many steps or seconds."""

    def __init__(
        self,
        save_steps: int | None = None,
        save_secs: float | None = None,
        output_dir: Any = None,
        summary_writer: FileWriter | None = None,
        scaffold: Any = None,
        summary_op: Any = None,
    ):
        if (scaffold is None) == (summary_op is None):
            raise ValueError("Exactly one of scaffold or summary_op must be provided.")
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)
        self._directory, self._writer = output_dir, summary_writer
        self._scaffold, self._op = scaffold, summary_op
        self._due = False
        self._seen = 0

    def begin(self) -> None:
        self._step = _global_step("SummarySaverHook")
        if self._writer is None and self._directory:
            self._writer = FileWriter(self._directory)

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        op = self._op if self._op is not None else self._scaffold.summary_op
        wanted = {"step": self._step}
        step = self._timer.last_triggered_step()
        self._due = op is not None and (
            step is None or self._timer.should_trigger_for_step(self._seen + 1)
        )
        if self._due:
            wanted["summary"] = op
        return SessionRunArgs(wanted)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        self._seen = step = int(run_values.results["step"])
        if self._due and self._writer is not None:
            self._timer.update_last_triggered_step(step)
            found = run_values.results["summary"]
            for summary in found if isinstance(found, list | tuple) else [found]:
                self._writer.add_summary(summary, step)

    def end(self, session: Any) -> None:
        if self._writer is not None:
            self._writer.flush()
            if self._directory:
                self._writer.close()


class StepCounterHook(SessionRunHook):
    """Logs how many steps a second there are, and writes it as ``global_step/sec``."""

    def __init__(
        self,
        every_n_steps: int | None = 100,
        every_n_secs: float | None = None,
        output_dir: Any = None,
        summary_writer: FileWriter | None = None,
    ):
        self._timer = SecondOrStepTimer(every_secs=every_n_secs, every_steps=every_n_steps)
        self._directory, self._writer = output_dir, summary_writer

    def begin(self) -> None:
        self._step = _global_step("StepCounterHook")
        if self._writer is None and self._directory:
            self._writer = FileWriter(self._directory)

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        return SessionRunArgs(self._step)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        step = int(run_values.results)
        if not self._timer.should_trigger_for_step(step):
            return
        seconds, steps = self._timer.update_last_triggered_step(step)
        if seconds and steps:
            rate = steps / seconds
            logging.info("global_step/sec: %g", rate)
            if self._writer is not None:
                value = Summary.Value(tag="global_step/sec", simple_value=rate)
                self._writer.add_summary(Summary(value=[value]), step)

    def end(self, session: Any) -> None:
        if self._writer is not None and self._directory:
            self._writer.close()


class FinalOpsHook(SessionRunHook):
    """Runs something once at the end; the values are in ``final_ops_values``."""

    def __init__(self, final_ops: Any, final_ops_feed_dict: Any = None):
        self._ops, self._feed = final_ops, final_ops_feed_dict
        self.final_ops_values: Any = None

    def end(self, session: Any) -> None:
        if self._ops is not None:
            self.final_ops_values = session.run(self._ops, self._feed)


class FeedFnHook(SessionRunHook):
    """Feeds every run what a function gives."""

    def __init__(self, feed_fn: Callable[[], Mapping[Any, Any]]):
        self._function = feed_fn

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        return SessionRunArgs(None, self._function())
