"""The engine's own threads: one piece of work a lane, the caller's thread being the first."""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.kernels.blas import one_thread
from engine.kernels.denormals import flush_for_good

OVER_LANES = "over_lanes"
"""The attribute of a function that shares its work out by itself."""
_MOST_LANES = 8
_PATIENCE_S = 0.01
"""How long a lane goes on turning after its last work before it sleeps."""


@cache
def cores() -> int:
    """The processors this process may use, as many of them as there are lanes at most."""
    if hasattr(os, "sched_getaffinity"):
        found = len(os.sched_getaffinity(0))
    else:
        found = os.cpu_count() or 1
    return max(1, min(found, _quota(), _MOST_LANES))


def _quota() -> int:
    """The processors that a container's limit amounts to; many where there is none."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return max(1, int(quota) // int(period))
    except (OSError, ValueError):
        return _MOST_LANES


class _Gate:
    """Closed until another thread opens it; who waits turns without holding Python's lock.

    Waking a thread that sleeps takes 50 us, on a virtual machine up to 500, and a training step of
    two milliseconds meets four times. `threading.Lock` sleeps; the C library's spin lock does not.
    """

    def __init__(self) -> None:
        self._memory = ctypes.c_int(0)
        self._address = ctypes.byref(self._memory)
        spin = _spin()
        if spin is None:
            lock = threading.Lock()
            self.wait: Callable[[], Any] = lock.acquire
            self.open: Callable[[], Any] = lock.release
        else:
            spin.pthread_spin_init(self._address, 0)
            address = self._address
            self.wait = lambda: spin.pthread_spin_lock(address)
            self.open = lambda: spin.pthread_spin_unlock(address)
        self.wait()


@cache
def _spin() -> Any:
    """The C library's spin locks, None where it has none."""
    try:
        library = ctypes.CDLL(None)
        return library if hasattr(library, "pthread_spin_lock") else None
    except (OSError, TypeError):
        return None


class _Lane:
    """One thread that waits for work, turning for a while and then asleep."""

    def __init__(self, number: int):
        self._work: Callable[[], Any] | None = None
        self._error: BaseException | None = None
        self._begin, self._end = _Gate(), _Gate()
        self._sleep = threading.Lock()
        self._sleep.acquire()
        self.asleep = False
        threading.Thread(target=self._serve, name=f"engine-lane-{number}", daemon=True).start()

    def _serve(self) -> None:
        flush_for_good()
        # NumPy keeps its error state by thread; infinities are the plan's everyday business.
        with np.errstate(all="ignore"):
            while True:
                self._begin.wait()
                work, self._work = self._work, None
                if work is None:
                    self._end.open()
                    self._sleep.acquire()
                    continue
                try:
                    work()
                except BaseException as error:  # handed to the caller, who raises it
                    self._error = error
                del work
                self._end.open()

    def start(self, work: Callable[[], Any]) -> None:
        self._work = work
        if self.asleep:
            self.asleep = False
            self._sleep.release()
        self._begin.open()

    def rest(self) -> None:
        """Let it sleep until it is started again."""
        self._begin.open()
        # A gate opened twice is open once: the next start has to find it closed.
        self._end.wait()
        self.asleep = True

    def wait(self) -> BaseException | None:
        """What the work raised, None if nothing; an interruption waits for its end too."""
        interruption: BaseException | None = None
        while True:
            try:
                self._end.wait()
                break
            except KeyboardInterrupt as error:
                # The piece still writes into memory that the next run would use.
                interruption = error
        found, self._error = self._error, None
        return interruption or found


class Lanes:
    """Threads that wait for work; made when first asked for."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin without threads, as a child process after a fork has to."""
        self._lanes: list[_Lane] = []
        self._busy = threading.Lock()
        self._resting = False
        self._used = 0.0
        self._watching = False

    def run(self, pieces: Sequence[Callable[[], Any]]) -> None:
        """Do all pieces at the same time, the first one on this thread.

        BLAS keeps to one thread meanwhile. Where the lanes are at work already, as for a second
        session on another thread, the pieces run one after the other.

        Raises:
            The first piece's error, in their order, after all have ended.
        """
        # Who sends the lanes to sleep holds them for a moment only, and waits for nobody here.
        if len(pieces) == 1 or not self._busy.acquire(blocking=self._resting):
            for piece in pieces:
                piece()
            return
        try:
            with one_thread():
                self._run(pieces)
        finally:
            self._used = time.monotonic()
            self._busy.release()

    def _run(self, pieces: Sequence[Callable[[], Any]]) -> None:
        while len(self._lanes) < len(pieces) - 1:
            self._lanes.append(_Lane(len(self._lanes) + 1))
        if not self._watching:
            self._watching = True
            threading.Thread(target=self._watch, name="engine-lanes", daemon=True).start()
        others = list(zip(self._lanes, pieces[1:], strict=False))
        for lane, piece in others:
            lane.start(piece)
        errors: list[BaseException | None] = []
        try:
            pieces[0]()
        except BaseException as error:
            errors.append(error)
        errors += [lane.wait() for lane, _ in others]
        for found in errors:
            if found is not None:
                raise found

    def _watch(self) -> None:
        """Send lanes to sleep that have had no work for a while, and end with the last of them."""
        while True:
            time.sleep(_PATIENCE_S)
            # Never waiting for the lock: it would get it between two runs, and hold it until it
            # gets Python's own, while the next run finds the lanes busy and does without them.
            if not self._busy.acquire(blocking=False):
                continue
            self._resting = True
            try:
                if time.monotonic() - self._used < _PATIENCE_S:
                    continue
                for lane in self._lanes:
                    if not lane.asleep:
                        lane.rest()
                self._watching = False
                return
            finally:
                self._resting = False
                self._busy.release()


LANES = Lanes()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=LANES.forget)


def split(total: int, most: int) -> list[tuple[int, int]]:
    """`total` things in at most `most` runs of nearly equal length: (first, last + 1) of each.

    >>> split(5, 2), split(1, 4)
    ([(0, 3), (3, 5)], [(0, 1)])
    """
    parts = max(1, min(most, total))
    each, over = divmod(total, parts)
    edges = [0]
    for part in range(parts):
        edges.append(edges[-1] + each + (part < over))
    return [(edges[part], edges[part + 1]) for part in range(parts)]
