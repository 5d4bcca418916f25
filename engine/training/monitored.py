"""Monitored sessions: variables initialized or restored, hooks around each run, an orderly end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.checkpoints import latest_checkpoint
from engine.errors import OutOfRangeError
from engine.graph import get_default_graph
from engine.ops.control import group
from engine.saver import Saver
from engine.session import BaseSession, Session
from engine.summary import merge_all
from engine.training.coordinator import Coordinator, start_queue_runners
from engine.training.hooks import (
    CheckpointSaverHook,
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
    StepCounterHook,
    SummarySaverHook,
)
from engine.variables import (
    GraphKeys,
    global_variables_initializer,
    local_variables_initializer,
)

USE_DEFAULT = object()
"""Stands for TensorFlow's own choice where None means never."""


class Scaffold:
    """What a training session needs of a graph; what is not given is made by `finalize`.

    Source: ``tf.train.Scaffold``.
    """

    def __init__(
        self,
        init_op: Any = None,
        init_feed_dict: Mapping[Any, Any] | None = None,
        init_fn: Any = None,
        ready_op: Any = None,
        ready_for_local_init_op: Any = None,
        local_init_op: Any = None,
        summary_op: Any = None,
        saver: Saver | None = None,
        copy_from_scaffold: Any = None,
        local_init_feed_dict: Mapping[Any, Any] | None = None,
    ):
        del ready_op, ready_for_local_init_op, copy_from_scaffold
        self.init_op, self.init_feed_dict, self.init_fn = init_op, init_feed_dict, init_fn
        self.local_init_op, self.local_init_feed_dict = local_init_op, local_init_feed_dict
        self.summary_op, self.saver = summary_op, saver

    def finalize(self) -> Scaffold:
        """Make what is missing, and finalize the graph."""
        graph = get_default_graph()
        if self.init_op is None:
            self.init_op = _found_or_made("init_op", global_variables_initializer)
        if self.local_init_op is None:
            self.local_init_op = _found_or_made("local_init_op", _local_initializer)
        if self.summary_op is None:
            self.summary_op = _found_or_made("summary_op", merge_all)
        if self.saver is None:
            made = graph.get_collection(GraphKeys.SAVERS)
            self.saver = made[0] if made else Saver(sharded=True, allow_empty=True)
        graph.finalize()
        return self


def _found_or_made(key: str, make: Callable[[], Any]) -> Any:
    """What an earlier scaffold made of this graph, which is finalized since; else made now."""
    graph = get_default_graph()
    found = graph.get_collection(key)
    if found or graph.finalized:
        return found[0] if found else None
    made = make()
    if made is not None:
        graph.add_to_collection(key, made)
    return made


def _local_initializer() -> Any:
    tables = get_default_graph().get_collection(GraphKeys.TABLE_INITIALIZERS)
    return group(local_variables_initializer(), *tables)


class ChiefSessionCreator:
    """Makes a session whose variables come from the newest checkpoint, else from initializers."""

    def __init__(
        self,
        scaffold: Scaffold | None = None,
        master: str = "",
        config: Any = None,
        checkpoint_dir: Any = None,
        checkpoint_filename_with_path: str | None = None,
    ):
        self.scaffold = scaffold or Scaffold()
        self._master, self._config = master, config
        self._directory, self._path = checkpoint_dir, checkpoint_filename_with_path

    def create_session(self) -> BaseSession:
        """The session, ready to train."""
        scaffold = self.scaffold.finalize()
        sess = Session(self._master, config=self._config)
        path = self._path
        if path is None and self._directory is not None:
            path = latest_checkpoint(self._directory)
        if path is not None:
            assert scaffold.saver is not None
            scaffold.saver.restore(sess, path)
        else:
            sess.run(scaffold.init_op, scaffold.init_feed_dict)
            if scaffold.init_fn is not None:
                scaffold.init_fn(scaffold, sess)
        sess.run(scaffold.local_init_op, scaffold.local_init_feed_dict)
        return sess


WorkerSessionCreator = ChiefSessionCreator


class MonitoredSession:
    """A session with hooks around each run; leaving ``with`` ends them and closes it.

    The end of the input (`OutOfRangeError`) inside the block is the end of the block.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     step = tf.train.get_or_create_global_step()
    ...     train = step.assign_add(1)
    ...     with tf.train.MonitoredTrainingSession(
    ...         hooks=[tf.train.StopAtStepHook(last_step=3)]) as sess:
    ...         while not sess.should_stop():
    ...             print(sess.run(train))
    1
    2
    3

    Source: ``tf.train.MonitoredSession``.
    """

    def __init__(
        self,
        session_creator: ChiefSessionCreator | None = None,
        hooks: Sequence[SessionRunHook] | None = None,
        stop_grace_period_secs: float = 120,
    ):
        self.graph = get_default_graph()
        self._hooks = list(hooks or ())
        self._grace = stop_grace_period_secs
        for hook in self._hooks:
            hook.begin()
        creator = session_creator or ChiefSessionCreator()
        self._session: BaseSession | None = creator.create_session()
        self._coord = Coordinator()
        self._threads = start_queue_runners(self._session, self._coord)
        for hook in self._hooks:
            hook.after_create_session(self._session, self._coord)

    def _open(self) -> BaseSession:
        if self._session is None:
            raise RuntimeError("Session is already closed.")
        return self._session

    def run(
        self,
        fetches: Any,
        feed_dict: Mapping[Any, Any] | None = None,
        options: Any = None,
        run_metadata: Any = None,
    ) -> Any:
        """The values of `fetches`, as ``Session.run`` gives them, with the hooks around it.

        Raises:
            RuntimeError: a hook has asked to stop.
        """
        session = self._open()
        if self.should_stop():
            raise RuntimeError("Run called even after should_stop requested.")
        context = SessionRunContext(SessionRunArgs(fetches, feed_dict, options), session)
        wanted: dict[Any, Any] = {None: fetches}
        feeds = dict(feed_dict or {})
        for number, hook in enumerate(self._hooks):
            asked = hook.before_run(context)
            if asked is None:
                continue
            asked = asked if isinstance(asked, SessionRunArgs) else SessionRunArgs(asked)
            if asked.fetches is not None:
                wanted[number] = asked.fetches
            _add_feeds(feeds, asked.feed_dict or {})
        results = session.run(wanted, feeds or None, options, run_metadata)
        for number, hook in enumerate(self._hooks):
            values = SessionRunValues(results.get(number), options, run_metadata)
            hook.after_run(context, values)
        if context.stop_requested:
            self._coord.request_stop()
        return results[None]

    def should_stop(self) -> bool:
        """Whether a hook, or a thread that feeds the graph, has asked to stop."""
        return self._session is None or self._coord.should_stop()

    def close(self) -> None:
        """End the hooks and close the session."""
        self._close(None)

    def raw_session(self) -> BaseSession:
        """The session inside."""
        return self._open()

    def _tf_sess(self) -> BaseSession:
        return self._open()

    def _is_closed(self) -> bool:
        return self._session is None

    def _close(self, error: type[BaseException] | None) -> None:
        session = self._session
        if session is None:
            return
        try:
            if error is None:
                for hook in self._hooks:
                    hook.end(session)
        finally:
            self._coord.request_stop()
            try:
                self._coord.join(self._threads, self._grace, ignore_live_threads=True)
            finally:
                self._session = None
                session.close()

    def __enter__(self) -> MonitoredSession:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        if kind is not None and issubclass(kind, OutOfRangeError | StopIteration):
            kind = None
        self._close(kind)
        return kind is None


SingularMonitoredSession = MonitoredSession


def _add_feeds(feeds: dict[Any, Any], more: Mapping[Any, Any]) -> None:
    for key, value in more.items():
        if key in feeds:
            raise RuntimeError(f"Same tensor is fed by two hooks, or by a hook and the run: {key}")
        feeds[key] = value


def MonitoredTrainingSession(  # noqa: N802 - TensorFlow's name
    master: str = "",
    is_chief: bool = True,
    checkpoint_dir: Any = None,
    scaffold: Scaffold | None = None,
    hooks: Sequence[SessionRunHook] | None = None,
    chief_only_hooks: Sequence[SessionRunHook] | None = None,
    save_checkpoint_secs: Any = USE_DEFAULT,
    save_summaries_steps: Any = USE_DEFAULT,
    save_summaries_secs: Any = USE_DEFAULT,
    config: Any = None,
    stop_grace_period_secs: float = 120,
    log_step_count_steps: int | None = 100,
    max_wait_secs: float = 7200,
    save_checkpoint_steps: Any = USE_DEFAULT,
    summary_dir: Any = None,
) -> MonitoredSession:
    """A session that restores and saves checkpoints and writes summaries by itself.

    With a `checkpoint_dir` it saves every 600 seconds and at the end, and writes summaries every
    100 steps, unless told otherwise.
    """
    del max_wait_secs
    scaffold = scaffold or Scaffold()
    creator = ChiefSessionCreator(scaffold, master, config, checkpoint_dir)
    found = list(hooks or ())
    if is_chief:
        found += chief_only_hooks or ()
        directory = summary_dir or checkpoint_dir
        if directory:
            found += _logging_hooks(
                directory, scaffold, log_step_count_steps, save_summaries_steps, save_summaries_secs
            )
        if checkpoint_dir:
            secs, steps = save_checkpoint_secs, save_checkpoint_steps
            if secs is USE_DEFAULT and steps is USE_DEFAULT:
                secs = 600
            secs, steps = (None if value is USE_DEFAULT else value for value in (secs, steps))
            if secs or steps:
                saving = CheckpointSaverHook(
                    checkpoint_dir, secs or None, steps or None, scaffold=scaffold
                )
                found.append(saving)
    return MonitoredSession(creator, found, stop_grace_period_secs)


def _logging_hooks(
    directory: Any, scaffold: Scaffold, log_steps: int | None, steps: Any, secs: Any
) -> list[SessionRunHook]:
    found: list[SessionRunHook] = []
    if log_steps:
        found.append(StepCounterHook(log_steps, output_dir=directory))
    if steps is USE_DEFAULT and secs is USE_DEFAULT:
        steps = 100
    steps, secs = (None if value is USE_DEFAULT else value for value in (steps, secs))
    if steps or secs:
        found.append(
            SummarySaverHook(steps or None, secs or None, output_dir=directory, scaffold=scaffold)
        )
    return found


__all__ = [
    "USE_DEFAULT",
    "ChiefSessionCreator",
    "MonitoredSession",
    "MonitoredTrainingSession",
    "Scaffold",
    "SingularMonitoredSession",
    "WorkerSessionCreator",
]
