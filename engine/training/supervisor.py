"""``tf.train.Supervisor``: the training loop's helper before monitored sessions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.checkpoints import latest_checkpoint
from engine.global_step import get_global_step
from engine.graph import Graph, get_default_graph
from engine.saver import Saver
from engine.session import BaseSession, Session
from engine.summary import FileWriter, merge_all
from engine.training.coordinator import Coordinator, LooperThread, start_queue_runners
from engine.variables import (
    Variable,
    global_variables_initializer,
    local_variables_initializer,
)


class Supervisor:
    """Initializes or restores a session, saves checkpoints and summaries beside it, stops in order.

    `logdir` is where checkpoints and summaries go; None for neither. What is made of the graph is
    made here, so the graph must be whole before.

    >>> import tempfile, engine as tf
    >>> with tf.Graph().as_default():
    ...     step = tf.train.get_or_create_global_step()
    ...     count = step.assign_add(1)
    ...     sv = tf.train.Supervisor(logdir=tempfile.mkdtemp(), save_summaries_secs=0)
    ...     with sv.managed_session() as sess:
    ...         while not sv.should_stop() and sess.run(count) < 3:
    ...             pass
    ...     print(tf.train.latest_checkpoint(sv.logdir)[-12:])
    model.ckpt-3

    Source: ``tf.train.Supervisor``.
    """

    USE_DEFAULT: Any = object()

    def __init__(
        self,
        graph: Graph | None = None,
        ready_op: Any = USE_DEFAULT,
        ready_for_local_init_op: Any = USE_DEFAULT,
        is_chief: bool = True,
        init_op: Any = USE_DEFAULT,
        init_feed_dict: Any = None,
        local_init_op: Any = USE_DEFAULT,
        logdir: Any = None,
        summary_op: Any = USE_DEFAULT,
        saver: Any = USE_DEFAULT,
        global_step: Any = USE_DEFAULT,
        save_summaries_secs: float = 120,
        save_model_secs: float = 600,
        recovery_wait_secs: float = 30,
        stop_grace_secs: float = 120,
        checkpoint_basename: str = "model.ckpt",
        session_manager: Any = None,
        summary_writer: Any = USE_DEFAULT,
        init_fn: Callable[[BaseSession], Any] | None = None,
        local_init_run_options: Any = None,
    ):
        del ready_op, ready_for_local_init_op, recovery_wait_secs, session_manager
        del local_init_run_options
        default = Supervisor.USE_DEFAULT
        self.graph = graph or get_default_graph()
        self.is_chief, self.logdir = is_chief, logdir
        with self.graph.as_default():
            self.init_op = global_variables_initializer() if init_op is default else init_op
            self.local_init_op = (
                local_variables_initializer() if local_init_op is default else local_init_op
            )
            self.summary_op = merge_all() if summary_op is default else summary_op
            has_variables = bool(self.graph.get_collection("variables"))
            self.saver: Saver | None = (
                (Saver() if has_variables else None) if saver is default else saver
            )
            self.global_step: Variable | None = (
                get_global_step() if global_step is default else global_step
            )
        self.init_feed_dict, self._init_fn = init_feed_dict, init_fn
        self.save_summaries_secs, self.save_model_secs = save_summaries_secs, save_model_secs
        self._grace = stop_grace_secs
        self.save_path = str(Path(logdir) / checkpoint_basename) if logdir else None
        self.coord = Coordinator()
        self._saving = threading.Lock()
        self._threads: list[threading.Thread] = []
        self.summary_writer: FileWriter | None = None
        if summary_writer is not default:
            self.summary_writer = summary_writer
        elif logdir and is_chief:
            self.summary_writer = FileWriter(logdir)
        if is_chief:
            self.graph.finalize()

    # Sessions

    def prepare_or_wait_for_session(
        self,
        master: str = "",
        config: Any = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        start_standard_services: bool = True,
    ) -> BaseSession:
        """A session restored from the newest checkpoint of the directory, else initialized."""
        del wait_for_checkpoint, max_wait_secs
        self.coord.clear_stop()
        sess = Session(master, graph=self.graph, config=config)
        path = latest_checkpoint(self.logdir) if self.logdir else None
        if path is not None and self.saver is not None:
            self.saver.restore(sess, path)
        else:
            if self.init_op is not None:
                sess.run(self.init_op, self.init_feed_dict)
            if self._init_fn is not None:
                self._init_fn(sess)
        if self.local_init_op is not None:
            sess.run(self.local_init_op)
        if self.is_chief and start_standard_services:
            self.start_standard_services(sess)
        self.start_queue_runners(sess)
        return sess

    @contextmanager
    def managed_session(
        self,
        master: str = "",
        config: Any = None,
        start_standard_services: bool = True,
        close_summary_writer: bool = True,
    ) -> Iterator[BaseSession]:
        """A session; when the block ends all threads stop, and the model is saved once more.

        An error of the block or of a thread comes out of it, except the end of the input.
        """
        sess = self.prepare_or_wait_for_session(
            master, config, start_standard_services=start_standard_services
        )
        try:
            with sess.as_default(), self.graph.as_default(), self.coord.stop_on_exception():
                yield sess
        finally:
            try:
                self._finish(sess, close_summary_writer)
            finally:
                sess.close()

    def _finish(self, sess: BaseSession, close_summary_writer: bool) -> None:
        try:
            self.stop(close_summary_writer=close_summary_writer)
        except BaseException:
            # What was learned until the error is not lost with it.
            self.save(sess)
            raise
        self.save(sess)

    # Services

    def start_standard_services(self, sess: BaseSession) -> list[threading.Thread]:
        """Start the threads that save checkpoints and summaries every so many seconds."""
        if not self.is_chief:
            raise RuntimeError("Only chief supervisor can start standard services.")
        if self.summary_writer is not None:
            self.summary_writer.add_graph(self.graph)
        summarizing = self.summary_writer is not None and self.summary_op is not None
        if summarizing and self.save_summaries_secs:
            self.loop(self.save_summaries_secs, self._summarize, (sess,))
        if self.save_path and self.save_model_secs and self.saver is not None:
            self.loop(self.save_model_secs, self.save, (sess,))
        return self._threads

    def start_queue_runners(
        self, sess: BaseSession, queue_runners: Any = None
    ) -> list[threading.Thread]:
        """The threads of the graph's queue runners, started."""
        if queue_runners is None:
            started = start_queue_runners(sess, self.coord)
        else:
            started = []
            for runner in queue_runners:
                started += runner.create_threads(sess, coord=self.coord, daemon=True, start=True)
        self._threads += started
        return started

    def loop(
        self,
        timer_interval_secs: float | None,
        target: Callable[..., Any],
        args: Any = None,
        kwargs: Any = None,
    ) -> LooperThread:
        """A started thread that calls `target` every so many seconds."""
        thread = LooperThread(self.coord, timer_interval_secs, target, args, kwargs)
        thread.start()
        self._threads.append(thread)
        return thread

    def save(self, sess: BaseSession) -> None:
        """Save a checkpoint, if there is a directory for it."""
        if self.save_path and self.saver is not None and self.is_chief:
            with self._saving:
                self.saver.save(sess, self.save_path, self.global_step)

    def _summarize(self, sess: BaseSession) -> None:
        self.summary_computed(sess, sess.run(self.summary_op))

    def summary_computed(self, sess: BaseSession, summary: Any, global_step: Any = None) -> None:
        """Write a summary that was computed, under the global step by default.

        Raises:
            RuntimeError: there is no writer.
        """
        if self.summary_writer is None:
            raise RuntimeError("Writing a summary requires a summary writer.")
        if global_step is None and self.global_step is not None:
            global_step = int(sess.run(self.global_step))
        self.summary_writer.add_summary(summary, global_step)

    # The end

    def should_stop(self) -> bool:
        """Whether somebody asked to stop."""
        return self.coord.should_stop()

    def request_stop(self, ex: Any = None) -> None:
        """Ask all to stop."""
        self.coord.request_stop(ex)

    def stop_on_exception(self) -> Any:
        """Ask all to stop if an error comes out of the block."""
        return self.coord.stop_on_exception()

    def wait_for_stop(self) -> None:
        """Wait until somebody asks to stop."""
        self.coord.wait_for_stop()

    def stop(
        self,
        threads: Any = None,
        close_summary_writer: bool = True,
        ignore_live_threads: bool = False,
    ) -> None:
        """Stop the threads and close the writer; an error one of them told comes out."""
        self.coord.request_stop()
        try:
            self.coord.join(
                self._threads if threads is None else threads, self._grace, ignore_live_threads
            )
        finally:
            self._threads.clear()
            if self.summary_writer is not None and close_summary_writer:
                self.summary_writer.close()
