"""``tf.train.Coordinator``: one word to stop for several threads, and their errors in one place."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from engine import logging
from engine.defaults import default_session
from engine.errors import CancelledError, OutOfRangeError

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class Coordinator:
    """Threads ask it whether to stop; the first error any of them tells comes out of ``join``.

    >>> import threading, engine as tf
    >>> coord = tf.train.Coordinator()
    >>> def work():
    ...     with coord.stop_on_exception():
    ...         while not coord.should_stop():
    ...             coord.request_stop()
    >>> threads = [threading.Thread(target=work)]
    >>> for thread in threads:
    ...     thread.start()
    >>> coord.join(threads)
    >>> coord.should_stop()
    True

    Source: ``tf.train.Coordinator``.
    """

    def __init__(self, clean_stop_exception_types: Any = None):
        # The end of the input is how a loop over queues ends, not an error.
        self._clean = tuple(clean_stop_exception_types or (OutOfRangeError, CancelledError))
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._error: ExcInfo | None = None
        self._registered: set[threading.Thread] = set()
        self._joined = False

    def should_stop(self) -> bool:
        """Whether somebody asked to stop."""
        return self._stop.is_set()

    def request_stop(self, ex: Any = None) -> None:
        """Ask all to stop; `ex`, an error or ``sys.exc_info()``, is raised by `join`."""
        with self._lock:
            if isinstance(ex, tuple):
                info: Any = ex
            elif isinstance(ex, BaseException):
                info = (type(ex), ex, ex.__traceback__)
            else:
                info = None
            clean = info is not None and isinstance(info[1], self._clean)
            if info is not None and not clean:
                if self._joined:
                    # Nobody is left to hear of it.
                    raise info[1]
                if self._error is None:
                    logging.info("Error reported to Coordinator: %s, %s", info[0].__name__, info[1])
                    self._error = info
            self._stop.set()

    def clear_stop(self) -> None:
        """Begin anew after a stop."""
        with self._lock:
            self._joined, self._error = False, None
            self._stop.clear()

    def wait_for_stop(self, timeout: float | None = None) -> bool:
        """Wait until somebody asks to stop, at most `timeout` seconds; whether it was so."""
        return self._stop.wait(timeout)

    @contextmanager
    def stop_on_exception(self) -> Iterator[None]:
        """Ask all to stop if an error comes out of the block; the error goes to `join`."""
        try:
            yield
        except BaseException:
            self.request_stop(sys.exc_info())

    def register_thread(self, thread: threading.Thread) -> None:
        """Let `join` wait for this thread too."""
        with self._lock:
            self._registered.add(thread)

    def join(
        self,
        threads: Iterable[threading.Thread] | None = None,
        stop_grace_period_secs: float = 120,
        ignore_live_threads: bool = False,
    ) -> None:
        """Wait for the threads to end, then raise the error one of them told.

        Raises:
            RuntimeError: some do not end within the grace period after the request to stop.
        """
        with self._lock:
            waiting = [*self._registered.union(threads or ())]
        while any(thread.is_alive() for thread in waiting) and not self.wait_for_stop(0.05):
            pass
        ends = time.monotonic() + stop_grace_period_secs
        for thread in waiting:
            thread.join(max(0.0, ends - time.monotonic()))
        alive = [thread.name for thread in waiting if thread.is_alive()]
        with self._lock:
            self._joined = True
            self._registered.clear()
            error, self._error = self._error, None
        if error is not None:
            raise error[1].with_traceback(error[2])
        if alive and not ignore_live_threads:
            raise RuntimeError("Coordinator stopped with threads still running: " + " ".join(alive))

    def raise_requested_exception(self) -> None:
        """Raise the error that somebody told, if there is one."""
        with self._lock:
            if self._error is not None:
                raise self._error[1].with_traceback(self._error[2])

    @property
    def joined(self) -> bool:
        """Whether `join` is done."""
        return self._joined


class LooperThread(threading.Thread):
    """A thread that calls ``run_loop`` at once, then every `timer_interval_secs` until a stop."""

    def __init__(
        self,
        coord: Coordinator,
        timer_interval_secs: float | None,
        target: Callable[..., Any] | None = None,
        args: Sequence[Any] | None = None,
        kwargs: dict[str, Any] | None = None,
    ):
        super().__init__(daemon=True)
        if not isinstance(coord, Coordinator):
            raise ValueError(f"'coord' argument must be a Coordinator: {coord}")
        self._coord = coord
        self._interval = timer_interval_secs
        self._call = target
        self._args, self._kwargs = args or (), kwargs or {}
        coord.register_thread(self)

    @staticmethod
    def loop(
        coord: Coordinator,
        timer_interval_secs: float | None,
        target: Callable[..., Any],
        args: Sequence[Any] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> LooperThread:
        """A started thread that calls `target`."""
        thread = LooperThread(coord, timer_interval_secs, target, args, kwargs)
        thread.start()
        return thread

    def run(self) -> None:
        """Call until asked to stop; None for an interval calls without a pause."""
        with self._coord.stop_on_exception():
            self.start_loop()
            if self._interval is None:
                while not self._coord.should_stop():
                    self.run_loop()
            else:
                following = time.monotonic()
                while not self._coord.wait_for_stop(following - time.monotonic()):
                    following += self._interval
                    self.run_loop()
            self.stop_loop()

    def start_loop(self) -> None:
        """What is done before the first call."""

    def stop_loop(self) -> None:
        """What is done after the last call."""

    def run_loop(self) -> None:
        """One call."""
        if self._call is not None:
            self._call(*self._args, **self._kwargs)


def start_queue_runners(
    sess: Any = None,
    coord: Coordinator | None = None,
    daemon: bool = True,
    start: bool = True,
    collection: str = "queue_runners",
) -> list[threading.Thread]:
    """The threads of the graph's queue runners, started; none where there are none.

    Raises:
        ValueError: no session is given, and there is no default one.
    """
    session = sess if sess is not None else default_session()
    if session is None:
        raise ValueError(
            "Cannot start queue runners: No default session is registered. Use `with "
            "sess.as_default()` or pass an explicit session to tf.start_queue_runners(sess=sess)"
        )
    threads: list[threading.Thread] = []
    for runner in session.graph.get_collection(collection):
        threads += runner.create_threads(session, coord=coord, daemon=daemon, start=start)
    return threads
