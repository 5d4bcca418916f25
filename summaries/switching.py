"""Python's switch interval, shortened while a thread of ours writes."""

from __future__ import annotations

import sys
import threading


class QuickSwitching:
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
            if self._inside == 0:  # a forked child leaves what its parent entered
                return
            self._inside -= 1
            if self._inside == 0:
                sys.setswitchinterval(self._before)

    def after_fork_in_child(self) -> None:
        """The threads that were inside are the parent's: put the interval back for them."""
        self._lock = threading.Lock()
        if self._inside:
            self._inside = 0
            sys.setswitchinterval(self._before)


quick_switching = QuickSwitching()
"""The process's one."""
