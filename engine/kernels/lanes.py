"""The engine's own threads: one piece of work a lane, the caller's thread being the first."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.kernels.blas import one_thread

OVER_LANES = "over_lanes"
"""The attribute of a function that shares its work out by itself."""


def cores() -> int:
    """The processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Lane:
    """One waiting thread."""

    def __init__(self, number: int):
        self._work: Callable[[], Any] | None = None
        self._error: BaseException | None = None
        # A pair of locks hands over faster than a queue or a condition.
        self._begin, self._end = threading.Lock(), threading.Lock()
        self._begin.acquire()
        self._end.acquire()
        threading.Thread(target=self._serve, name=f"engine-lane-{number}", daemon=True).start()

    def _serve(self) -> None:
        # NumPy keeps its error state by thread; infinities are the plan's everyday business.
        with np.errstate(all="ignore"):
            while True:
                self._begin.acquire()
                work, self._work = self._work, None
                assert work is not None
                try:
                    work()
                except BaseException as error:  # handed to the caller, who raises it
                    self._error = error
                del work
                self._end.release()

    def start(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._begin.release()

    def wait(self) -> BaseException | None:
        """What the work raised, None if nothing; an interruption waits for its end too."""
        interruption: BaseException | None = None
        while True:
            try:
                self._end.acquire()
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

    def run(self, pieces: Sequence[Callable[[], Any]]) -> None:
        """Do all pieces at the same time, the first one on this thread.

        BLAS keeps to one thread meanwhile. Where the lanes are at work already, as for a second
        session on another thread, the pieces run one after the other.

        Raises:
            The first piece's error, in their order, after all have ended.
        """
        if len(pieces) == 1 or not self._busy.acquire(blocking=False):
            for piece in pieces:
                piece()
            return
        try:
            with one_thread():
                self._run(pieces)
        finally:
            self._busy.release()

    def _run(self, pieces: Sequence[Callable[[], Any]]) -> None:
        while len(self._lanes) < len(pieces) - 1:
            self._lanes.append(_Lane(len(self._lanes) + 1))
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
