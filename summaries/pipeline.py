"""From the training thread to the store: one list, one thread that drains it, nothing lost quietly.

The training thread only appends tuples. A daemon thread takes them every fifth of a second and
writes them in one transaction, so a process that is killed loses at most that period and the time
of one write: under half a second of points. Only that thread touches the store: an interrupt or a
signal handler in the training thread cannot come between a commit and the note that it was made.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from summaries.batch import Batch, Point, first_line, may_pass
from summaries.endings import end_with_worker, open_now
from summaries.event import Event
from summaries.health import HealthWatch
from summaries.switching import quick_switching

if TYPE_CHECKING:
    from summaries.store.runs import Exist
    from summaries.store.writing import StoreWriter

logger = logging.getLogger("summaries")

FLUSH_PERIOD_S = 0.2
HEARTBEAT_S = 5.0
CLOSE_TIMEOUT_S = 60.0
_SOON = 16_384
"""Points at which the draining thread is woken before its period is over."""
_BACKLOG = 32_768
"""Points that may wait while the store works: past it a logging call waits for the write. A loop
that logs faster than the disk takes would else pile up more than half a second of points, which a
kill would lose (seen: 1.5 s). At 5,000 points a second there are never more than 1,500."""
_MOST_ORDERS = 1000
"""Changes of the run's record that wait; past that a call waits until they are made."""
_MAX_BYTES = 256 << 20
"""Of histograms, texts and images that wait for a store that takes nothing."""

Act = Callable[["StoreWriter"], object]


@dataclass(frozen=True)
class _Order:
    """Something to do behind all that was logged before it."""

    act: Act | None
    """None to do nothing but that."""
    done: threading.Event = field(default_factory=threading.Event)


class Pipeline:
    """Buffers what one run logs and writes it to its store from a thread of its own."""

    def __init__(
        self,
        where: Path | str,
        name: str,
        config: Mapping[str, Any] | None = None,
        *,
        exist: Exist = "join",
        key: str | None = None,
        rank: int = 0,
        fields: Mapping[str, Any] | None = None,
        max_queue: int = 500_000,
        health: bool = True,
    ) -> None:
        """Open the store and start the run.

        Args:
            where: the database: a SQLite file's path, or a PostgreSQL URL.
            name: the run's name in it.
            config: JSON-able settings.
            exist: "join" a run of that name, or start a "new" one under a free name; the others as
                in `StoreWriter.start_run`.
            key: the run's id.
            rank: which of the run's processes this is.
            fields: further columns of the run's record.
            max_queue: points held in memory: past that a logging call waits for the disk, and if
                that takes nothing the oldest are dropped, counted and told.

        Raises:
            StoreWriteError, DamagedStoreError, SchemaVersionError: the store cannot be used.
            NotFoundError, LogdirError: against what ``exist`` demands.
        """
        from summaries.store.writing import StoreWriter  # SQLAlchemy: 0.15 s, only when logging

        self.where = where
        self.rank = rank
        self.points: list[Point] = []
        self.events: list[Event] = []
        self.dropped = 0
        """Points and events that were given up because the store could not take them."""
        self.last_error: str | None = None
        self.max_queue = max_queue
        self.limit = min(_SOON, max_queue)
        """Length of `points` at which a logging call must call `relieve`."""
        self.closed = False
        self._health = HealthWatch() if health else None
        self._status: str | None = None
        self._pending: deque[Batch | Act] = deque()
        self._store: StoreWriter = StoreWriter(where)
        self.label = self._store.label
        """How messages name the database."""
        self._inherited: list[StoreWriter] = []
        self._is_child = False
        try:
            self.started = self._store.start_run(
                name, config, exist=exist, key=key, rank=rank, fields=fields
            )
        except BaseException:
            self._store.close()
            raise
        self.run_id, self.name = self.started.id, self.started.name
        self._start()
        open_now.add(self)

    def _start(self) -> None:
        # Reentrant, as nothing else that wakes a thread is: a signal handler, or a writer that the
        # garbage collector ends, may come at any moment of another call.
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._taking = threading.RLock()
        self._ended = threading.Event()
        self._orphaned = False
        self._last_beat = time.monotonic()
        # It holds the pipeline, so that a forgotten writer's values are written; see `close`.
        self._thread = threading.Thread(target=self._serve, daemon=True, name="summaries")
        self._thread.start()
        end_with_worker()

    # -- the training thread --------------------------------------------------------------------

    def log_event(self, event: Event) -> None:
        """Queue one event (histogram, text, image, graph)."""
        if len(self.points) + len(self.events) >= self.limit:
            self.relieve()
        self.events.append(event)

    def relieve(self) -> None:
        """Called when the buffer is long: have it drained; when it is full, wait or drop.

        Raises:
            ValueError: the pipeline is closed.
        """
        self._refuse_if_closed()
        if self._orphaned:
            self._revive()
            return
        room = min(_BACKLOG, self.max_queue)
        if self._waiting() < room:
            self.limit = room
            self._orders.put(None)
            return
        # While the store takes nothing, waiting would stop the training.
        while self.last_error is None and self._thread.is_alive():
            self._orders.put(None)
            time.sleep(0.002)
            self._refuse_if_closed()
            if self._waiting() < room:
                return
        if self._waiting() < self.max_queue:
            self.limit = self.max_queue
            return
        with self._taking:
            points, events = len(self.points) // 2, len(self.events) // 2
            del self.points[:points]
            del self.events[:events]
            self._count_dropped(points + events)

    def _waiting(self) -> int:
        return len(self.points) + len(self.events)

    def _refuse_if_closed(self) -> None:
        if self.closed:
            raise ValueError(f"run '{self.name}': is closed, nothing more can be logged")

    def _count_dropped(self, n: int) -> None:
        if self.dropped == 0:
            logger.error(
                "run '%s': over %d values wait to be written, the oldest are dropped\n  %s",
                self.name,
                self.max_queue,
                self.last_error,
            )
        self.dropped += n

    def flush(self) -> None:
        """Write all that was logged before this call; what cannot be written is kept and told."""
        if not self._orphaned:
            self._order(None)

    def merge_json(self, column: str, values: Mapping[str, Any]) -> None:
        """Add entries to the run's config or hparams; while that fails, they are kept."""
        self._soon(lambda store: store.merge_json(self.run_id, column, values))

    def update_run(self, **columns: Any) -> None:
        """Set columns of the run's record; while that fails, it is tried again."""
        self._soon(lambda store: store.update_run(self.run_id, **columns))

    def _soon(self, act: Act) -> None:
        """Have it done behind what was logged, without waiting for it, as with what is logged."""
        self._refuse_if_closed()
        if self._orphaned:
            self._revive()
        if self._orders.qsize() < _MOST_ORDERS:
            self._orders.put(_Order(act))
        else:
            self._order(act)

    def rewind(self, step: int, rank: int | None = None) -> None:
        """Take what was logged at ``step`` and later, by one rank or all, out of sight."""
        self._refuse_if_closed()
        self._order(lambda store: store.rewind(self.run_id, step, rank))

    def store_uuid(self) -> str:
        """Which database this is."""
        return self._store.uuid

    def fork(self, parent: str, step: int) -> None:
        """Begin with what the run of that name in the same store logged before ``step``."""
        from summaries.replicate import fork_run

        self._order(lambda store: fork_run(store, self.run_id, parent, step))

    def _order(self, act: Act | None) -> None:
        order = _Order(act)
        self._orders.put(order)
        if threading.current_thread() is not self._thread:
            while not order.done.wait(0.1) and self._thread.is_alive():
                pass

    def close(self, status: str = "finished", *, wait: bool = True) -> None:
        """Flush, seal what is worth a chunk, mark the run and give the database back.

        Args:
            status: what the run is marked as.
            wait: whether to return only when that is done. The garbage collector does not: it may
                come in the middle of another writer's transaction on the same database.
        """
        if not self.closed:
            self._status = status
            self.closed = True
            # The next add_scalar then comes to `relieve`, which refuses it.
            self.limit = 0
            if self._orphaned:
                open_now.discard(self)
            self._orders.put(None)
        if not wait or self._orphaned or threading.current_thread() is self._thread:
            return
        end = time.monotonic() + CLOSE_TIMEOUT_S
        while not self._ended.wait(0.1) and self._thread.is_alive():
            if time.monotonic() > end:
                logger.error(
                    "run '%s': '%s' takes nothing; what was logged last may be lost\n  %s",
                    self.name,
                    self.label,
                    self.last_error or f"the last write is not done after {CLOSE_TIMEOUT_S:.0f} s",
                )
                return

    # -- the draining thread --------------------------------------------------------------------

    def _serve(self) -> None:
        while not self._ended.is_set():
            orders = self._next_orders()
            try:
                if self._waiting() or self._pending or orders:
                    with quick_switching:
                        self._drain(orders)
                if time.monotonic() - self._last_beat >= HEARTBEAT_S:
                    self._last_beat = time.monotonic()
                    self._attempt(lambda store: store.beat(self.run_id))
                if self._status is not None:
                    self._end(self._status)
            except (
                Exception
            ) as error:  # the thread's end would be a silent loss of all that follows
                self._tell(error)
            finally:
                for order in orders:
                    order.done.set()

    def _next_orders(self, wait: bool = True) -> list[_Order]:
        found: list[_Order | None] = []
        try:
            if wait:
                found.append(self._orders.get(timeout=FLUSH_PERIOD_S))
            while True:
                found.append(self._orders.get_nowait())
        except queue.Empty:
            return [order for order in found if order is not None]

    def _drain(self, orders: list[_Order]) -> None:
        with self._taking:
            # Never `batch, self.points = self.points, []`: an append between the two look-ups of
            # another thread goes to a list nobody reads (seen: 13 to 27 of 900,000 lost).
            n, m = len(self.points), len(self.events)
            batch = Batch(self.points[:n], self.events[:m])
            del self.points[:n]
            del self.events[:m]
        if not self.closed:
            self.limit = min(_SOON, self.max_queue)
        if len(batch):
            self._look_at_health(batch)
            self._pending.append(batch)
        self._pending.extend(order.act for order in orders if order.act is not None)
        while self._pending:
            if not self._write(self._pending.popleft()):
                self._make_room()
                return

    def _look_at_health(self, batch: Batch) -> None:
        """Add the alerts that the batch gives reason for to it: they are written together."""
        if self._health is None or not batch.points:
            return
        try:
            batch.events.extend(self._health.look(batch.columns))
        except Exception as error:  # the points are worth more than what is said about them
            self._health = None
            logger.error(
                "run '%s': its health is no longer watched\n  %s", self.name, first_line(error)
            )

    def _write(self, item: Batch | Act) -> bool:
        """Write what was taken from the front of what is pending; False if it is there again."""
        if not isinstance(item, Batch):
            if not (written := self._attempt(item)):
                self._pending.appendleft(item)
            return written
        return self._attempt(
            lambda store: store.append(self.run_id, item.columns, item.events, self.rank),
            item,
        )

    def _make_room(self) -> None:
        """Give up the oldest batches once what waits for the store passes the bound."""
        batches = [item for item in self._pending if isinstance(item, Batch)]
        n, n_bytes = sum(map(len, batches)), sum(batch.n_bytes() for batch in batches)
        for batch in batches:
            if n <= self.max_queue and n_bytes <= _MAX_BYTES:
                return
            n, n_bytes = n - len(batch), n_bytes - batch.n_bytes()
            self._pending.remove(batch)
            self._count_dropped(len(batch))

    def _attempt(self, act: Act, batch: Batch | None = None) -> bool:
        """Do it to the store; on failure tell once, keep going, and say so when it works again."""
        try:
            self._store.check_file()
            act(self._store)
        except Exception as error:
            if not may_pass(error):
                return self._give_up(batch, error)
            self._tell(error)
            if batch is not None:
                self._pending.appendleft(batch)
            return False
        if self.last_error is not None:
            logger.warning("run '%s': logging to '%s' works again", self.name, self.label)
            self.last_error = None
        return True

    def _give_up(self, batch: Batch | None, error: Exception) -> bool:
        """Find the value of the batch that can never be written, and leave it out; True."""
        if batch is not None and len(batch) > 1:
            self._pending.extendleft(reversed(batch.halves()))
            return True
        logger.error(
            "run '%s': %s cannot be written and is left out\n  %s",
            self.name,
            batch or "a change of its record",
            first_line(error),
        )
        self.dropped += 1
        return True

    def _tell(self, error: Exception) -> None:
        if self.last_error is None:
            logger.error(
                "run '%s': logging to '%s' fails; values are kept and tried again\n  %s",
                self.name,
                self.label,
                first_line(error),
            )
        self.last_error = first_line(error)

    def _end(self, status: str) -> None:
        try:
            lost = sum(len(b) for b in self._pending if isinstance(b, Batch)) + self.dropped
            if lost:
                logger.error(
                    "run '%s': %d logged values could not be written to '%s'\n  %s",
                    self.name,
                    lost,
                    self.label,
                    self.last_error or "it refused them",
                )
            # What was logged and ordered while the last look at it was written.
            orders = self._next_orders(wait=False)
            self._drain(orders)
            for order in orders:
                order.done.set()
            # The run ends with the last of its writers; a child's parent is one that may go on.
            if not lost and not self._is_child:
                self._attempt(lambda store: store.seal_rests(self.run_id))
            self._attempt(lambda store: store.end_run(self.run_id, status))
        finally:
            self.limit = 0
            self._store.close()
            open_now.discard(self)
            self._ended.set()

    # -- fork ----------------------------------------------------------------------------------

    def after_fork_in_child(self) -> None:
        """The buffer is the parent's; the child gets its own thread and connection if it logs."""
        self.points.clear()
        self.events.clear()
        self._pending.clear()
        self.dropped = 0
        # Kept, not closed: closing the parent's file descriptor here would drop its locks.
        self._inherited.append(self._store)
        self._is_child = self._orphaned = True
        # The next logging call of the child, if any, comes by `relieve`.
        self.limit = 0

    def _revive(self) -> None:
        from summaries.store.writing import StoreWriter

        self._store = StoreWriter(self.where)
        self._store.join_run(self.run_id, self.rank)
        self._start()
        self.limit = min(_SOON, self.max_queue)
