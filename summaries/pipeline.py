"""From the training thread to the store: one list, one thread that drains it, nothing lost quietly.

The training thread only appends tuples. A daemon thread takes them every fifth of a second and
writes them in one transaction, so a process that is killed loses at most that period and the time
of one write: under half a second of points.
"""

from __future__ import annotations

import atexit
import logging
import math
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from summaries.event import Event
from summaries.records import Scalars

if TYPE_CHECKING:
    from summaries.store.writing import StoreWriter

logger = logging.getLogger("summaries")

FLUSH_PERIOD_S = 0.2
HEARTBEAT_S = 5.0
_SOON = 16_384
"""Points at which the draining thread is woken before its period is over."""
MAX_TAG_LENGTH = 1000
"""PostgreSQL's index rows hold 2,700 bytes; a longer tag is a mistake anyway."""


class _QuickSwitching:
    """While entered, a thread that waits for Python's lock gets it within a tenth of a millisecond.

    The draining thread lets go of the lock dozens of times a flush, in NumPy, zlib and SQLite. If
    the training thread is busy in pure Python, each time costs a whole switch interval to get it
    back, 5 ms as Python comes: a flush took over a second (and so did the loss of a kill), and
    with this 0.1 s. The interval is the process's; the last one out puts it back.
    """

    _INTERVAL_S = 1e-4

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = 0.0

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = sys.getswitchinterval()
                sys.setswitchinterval(min(self._INTERVAL_S, self._before))
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                sys.setswitchinterval(self._before)


_quick_switching = _QuickSwitching()

Point = tuple[str, float, int, float]
"""(tag, value, step, wall_time)"""

_open_pipelines: weakref.WeakSet[Pipeline] = weakref.WeakSet()


class Pipeline:
    """Buffers what one run logs and writes it to its store from a thread of its own."""

    def __init__(
        self,
        path: Path,
        name: str,
        config: Mapping[str, Any] | None = None,
        *,
        exist: str = "join",
        max_queue: int = 500_000,
        when_full: Literal["wait", "drop"] = "wait",
    ) -> None:
        """Open the store and start the run.

        Args:
            path: the database file.
            name: the run's name in it.
            config: JSON-able settings.
            exist: "join" a run of that name, or start a "new" one under a free name.
            max_queue: points held in memory while they cannot be written.
            when_full: past that, whether a logging call waits or drops what it was given.

        Raises:
            StoreWriteError, DamagedStoreError, SchemaVersionError: the store cannot be used.
        """
        from summaries.store.writing import StoreWriter  # SQLAlchemy: 0.15 s, only when logging

        self.path = path
        self.points: list[Point] = []
        self.events: list[Event] = []
        self.dropped = 0
        """Points and events that were given up because the store could not take them."""
        self.last_error: str | None = None
        self.max_queue = max_queue
        self.limit = min(_SOON, max_queue)
        """Length of `points` at which a logging call must call `relieve`."""
        self._when_full = when_full
        self._pending: list[tuple[list[Point], list[Event]]] = []
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._stop = False
        self.closed = False
        self._store: StoreWriter = StoreWriter(path)
        self._inherited: list[StoreWriter] = []
        try:
            self.run_id, self.name = self._store.start_run(name, config or {}, exist=exist)
        except BaseException:
            self._store.close()
            raise
        self._last_beat = time.monotonic()
        self._thread = self._start_thread()
        _open_pipelines.add(self)

    def _start_thread(self) -> threading.Thread:
        thread = threading.Thread(target=_drain_forever, args=(weakref.ref(self),), daemon=True)
        thread.start()
        return thread

    # -- the training thread --------------------------------------------------------------------

    def log_event(self, event: Event) -> None:
        """Queue one event (histogram, text, image, graph)."""
        if len(self.points) + len(self.events) >= self.limit:
            self.relieve()
        self.events.append(event)

    def relieve(self) -> None:
        """Called when the buffer is long: have it drained; when it is full, wait or drop."""
        if len(self.points) + len(self.events) < self.max_queue:
            self._wake.set()
            self.limit = self.max_queue
            return
        if self._when_full == "wait" and self.last_error is None:
            while len(self.points) >= self.max_queue and self.last_error is None:
                self._wake.set()
                time.sleep(0.002)
            return
        # The store does not take anything (or the user chose so): waiting would stop the training.
        over = len(self.points) + 1 - self.max_queue // 2
        with self._lock:
            del self.points[:over]
            first = self.dropped == 0
            self.dropped += max(over, 0)
        if first:
            logger.error(
                "run '%s': the buffer of %d points is full, the oldest are dropped\n  %s",
                self.name,
                self.max_queue,
                self.last_error or "logging is faster than the disk",
            )

    def flush(self) -> None:
        """Write all that was logged before this call; what cannot be written is kept and told."""
        self._drain()

    def update_run(self, **values: Any) -> None:
        """Set columns of the run's record; a failure is told, not raised."""
        self._attempt(lambda store: store.update_run(self.run_id, **values))

    def merge_json(self, column: str, values: Mapping[str, Any]) -> None:
        """Add entries to the run's config or hparams; a failure is told, not raised."""
        self._attempt(lambda store: store.merge_json(self.run_id, column, values))

    def close(self, status: str = "finished") -> None:
        """Flush, seal what is worth a chunk, mark the run and give the database back."""
        if self.closed:
            return
        self.closed = True
        self._stop = True
        self._wake.set()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout=60.0)
        self._drain()
        lost = sum(len(points) + len(events) for points, events in self._pending) + self.dropped
        if lost:
            logger.error(
                "run '%s': %d logged values could not be written to '%s'\n  %s",
                self.name,
                lost,
                self.path,
                self.last_error or "they came faster than the disk took them",
            )
        else:
            self._attempt(lambda store: store.seal_rests(self.run_id))
        self._attempt(lambda store: store.update_run(self.run_id, status=status))
        _open_pipelines.discard(self)
        with self._lock:
            self._store.close()

    # -- the draining thread --------------------------------------------------------------------

    def _drain(self) -> None:
        with self._lock:
            # Never `batch, self.points = self.points, []`: an append between the two look-ups of
            # another thread goes to a list nobody reads (seen: 13 to 27 of 900,000 lost).
            n, m = len(self.points), len(self.events)
            batch, events = self.points[:n], self.events[:m]
            del self.points[:n]
            del self.events[:m]
            if not self.closed:
                self.limit = min(_SOON, self.max_queue)
            if batch or events:
                self._pending.append((batch, events))
            while self._pending:
                points, waiting = self._pending[0]
                if not self._attempt(partial(self._append, points, waiting)):
                    self._make_room()
                    return
                self._pending.pop(0)
                self._last_beat = time.monotonic()

    def _append(self, points: list[Point], events: list[Event], store: StoreWriter) -> None:
        store.append(self.run_id, columns(points), events)

    def _make_room(self) -> None:
        """Give up the oldest batches once what waits for the store passes the bound."""
        while self._pending and sum(len(p) + len(e) for p, e in self._pending) > self.max_queue:
            points, events = self._pending.pop(0)
            if self.dropped == 0:
                logger.error(
                    "run '%s': %d values wait to be written, the oldest are dropped\n  %s",
                    self.name,
                    self.max_queue,
                    self.last_error,
                )
            self.dropped += len(points) + len(events)

    def _attempt(self, act: Callable[[StoreWriter], None]) -> bool:
        """Do it to the store; on failure tell once, keep going, and say so when it works again."""
        with self._lock:
            try:
                self._store.check_file()
                act(self._store)
            except Exception as error:
                if self.last_error is None:
                    logger.error(
                        "run '%s': logging to '%s' fails; values are kept and tried again\n  %s",
                        self.name,
                        self.path,
                        _first_line(error),
                    )
                self.last_error = _first_line(error)
                return False
            if self.last_error is not None:
                logger.warning("run '%s': logging to '%s' works again", self.name, self.path)
                self.last_error = None
            return True

    def _tick(self) -> None:
        """One round of the draining thread."""
        if self.points or self.events:
            with _quick_switching:
                self._drain()
        if time.monotonic() - self._last_beat >= HEARTBEAT_S:
            self._last_beat = time.monotonic()
            self._attempt(lambda store: store.beat(self.run_id))

    # -- fork ----------------------------------------------------------------------------------

    def after_fork_in_child(self) -> None:
        """The buffer is the parent's; the child gets its own lock, thread and file."""
        self.points.clear()
        self.events.clear()
        self._pending = []
        self._lock = threading.RLock()
        self._wake = threading.Event()
        # Kept, not closed: closing the parent's file descriptor here would drop its locks.
        self._inherited.append(self._store)
        # The next logging call of the child, if any, comes by `relieve`.
        self.limit = 0
        self.relieve = self._revive  # type: ignore[method-assign]

    def _revive(self) -> None:
        from summaries.store.writing import StoreWriter

        del self.relieve
        self.limit = min(_SOON, self.max_queue)
        self._store = StoreWriter(self.path)
        self._thread = self._start_thread()


def _drain_forever(reference: weakref.ref[Pipeline]) -> None:
    """The thread's loop; it ends when the pipeline is closed or forgotten."""
    while True:
        pipeline = reference()
        if pipeline is None or pipeline._stop:
            return
        wake = pipeline._wake
        del pipeline  # a waiting thread must not keep a forgotten writer alive
        wake.wait(FLUSH_PERIOD_S)
        wake.clear()
        pipeline = reference()
        if pipeline is None or pipeline._stop:
            return
        pipeline._tick()
        del pipeline


def columns(points: list[Point]) -> dict[str, Scalars]:
    """The points of each tag as columns, in logging order."""
    by_tag: dict[str, list[Point]] = {}
    for point in points:
        try:
            by_tag[point[0]].append(point)
        except KeyError:
            by_tag[point[0]] = [point]
    result: dict[str, Scalars] = {}
    for tag, rows in by_tag.items():
        n = len(rows)
        _, values, steps, walls = zip(*rows, strict=True)
        result[tag] = Scalars(
            np.fromiter(steps, dtype=np.int64, count=n),
            np.fromiter(walls, dtype=np.float64, count=n),
            np.fromiter(values, dtype=np.float64, count=n),
        )
    return result


def as_tag(method: str, tag: Any) -> str:
    """The tag, refused where it cannot name a series.

    Raises:
        TypeError: not a str.
        ValueError: empty, or longer than `MAX_TAG_LENGTH` characters.
    """
    if not isinstance(tag, str):
        raise TypeError(f"{method}: a tag must be a str\n  got {type(tag).__name__}: {tag!r:.200}")
    if not tag or len(tag) > MAX_TAG_LENGTH:
        shown = tag if len(tag) < 60 else f"{tag[:60]}…"
        raise ValueError(
            f"{method}: a tag must have 1 to {MAX_TAG_LENGTH} characters\n"
            f"  got {len(tag)}: '{shown}'\n"
            "  try: a short name such as 'train/loss'; long text goes to add_text"
        )
    # A NUL would end the name on PostgreSQL, a lone surrogate cannot be written as UTF-8 at all.
    return tag.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")


def as_float(method: str, tag: str, value: Any) -> float:
    """The value as a Python float.

    Raises:
        TypeError: not one real number.
    """
    try:
        if isinstance(value, (str, bytes)):
            raise TypeError
        if hasattr(value, "item"):  # NumPy, torch, JAX: arrays of one element as well
            value = value.item()
        return float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        shape = getattr(value, "shape", None)
        raise TypeError(
            f"{method} '{tag}': expects one number\n"
            f"  got {type(value).__name__}"
            + (f" of shape {tuple(shape)}" if shape is not None else f": {value!r:.200}")
            + "\n  try: float(value), value.mean(), or add_histogram for an array"
        ) from error


def as_step(method: str, tag: str, step: Any) -> int:
    """The step as a Python int that 64 bits hold.

    Raises:
        TypeError: not a whole number.
        ValueError: past 64 bits.
    """
    try:
        if hasattr(step, "item"):
            step = step.item()
        whole = int(step)
        if isinstance(step, (str, bytes)) or (whole != step):
            raise TypeError
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(
            f"{method} '{tag}': global_step must be a whole number\n"
            f"  got {type(step).__name__}: {step!r:.200}"
        ) from error
    if not -(2**63) <= whole < 2**63:
        raise ValueError(f"{method} '{tag}': global_step {whole} does not fit 64 bits")
    return whole


def as_wall_time(method: str, tag: str, wall_time: Any) -> float:
    """Seconds since the epoch as a float that whole microseconds in 64 bits can hold.

    Raises:
        TypeError: not a number.
        ValueError: not finite, or out of range.
    """
    seconds = as_float(method, tag, wall_time)
    if not math.isfinite(seconds) or abs(seconds) > 9e12:
        raise ValueError(f"{method} '{tag}': walltime {seconds} is no time in seconds")
    return seconds


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__}: {cause}".split("\n")[0]


def ended_badly() -> bool:
    """Whether the interpreter is going down with an uncaught exception."""
    return hasattr(sys, "last_value") and not hasattr(sys, "ps1")


@atexit.register
def _close_all() -> None:
    for pipeline in list(_open_pipelines):
        pipeline.close("failed" if ended_badly() else "finished")


def _after_fork_in_child() -> None:
    for pipeline in list(_open_pipelines):
        pipeline.after_fork_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
