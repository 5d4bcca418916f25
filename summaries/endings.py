"""The end of the process and its forks: what is open then is closed, or left to who owns it."""

from __future__ import annotations

import atexit
import os
import sys
from typing import Protocol

from summaries.switching import quick_switching


class Closable(Protocol):
    """What writes from a thread of its own, and must be ended before the interpreter is."""

    def close(self, status: str = "finished", *, wait: bool = True) -> None:
        """End it; without waiting, only begin to."""

    def after_fork_in_child(self) -> None:
        """Called in a child: threads and buffers are the parent's."""


open_now: set[Closable] = set()


def ended_badly() -> bool:
    """Whether the interpreter is going down with an uncaught exception."""
    return hasattr(sys, "last_value") and not hasattr(sys, "ps1")


@atexit.register
def _close_all() -> None:
    status = "failed" if ended_badly() else "finished"
    members = list(open_now)
    for wait in (False, True):
        for member in members:
            member.close(status, wait=wait)


def end_with_worker() -> None:
    """Have the workers of multiprocessing, which end by os._exit, close what they log to."""
    process = sys.modules.get("multiprocessing.process")
    util = sys.modules.get("multiprocessing.util")
    if process is not None and util is not None and process.parent_process() is not None:
        util.Finalize(None, _close_all, exitpriority=100)


def _after_fork_in_child() -> None:
    quick_switching.after_fork_in_child()
    for member in list(open_now):
        member.after_fork_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
