"""Values sent to a server: a thread sends what is new in the spool that they are written to."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from summaries.destination import Server
from summaries.endings import open_now
from summaries.errors import RemoteError
from summaries.spool import (
    Order,
    SpoolSender,
    drop,
    is_spool,
    locked,
    send_leftovers,
    send_spool,
    unlock,
)

logger = logging.getLogger("summaries")

SEND_PERIOD_S = 0.25
LONGEST_PAUSE_S = 15.0
"""Between two tries to reach a server that does not answer."""


def close_timeout_s() -> float:
    """How long the end of a run waits for a server; ``TRAINBOARD_SEND_TIMEOUT_S``."""
    return float(os.environ.get("TRAINBOARD_SEND_TIMEOUT_S", "30"))


class RemoteRun:
    """The thread that sends what a pipeline writes to its spool."""

    def __init__(
        self,
        server: Server,
        spool: Path,
        order: Order,
        record: Mapping[str, Any],
        written: threading.Event,
    ) -> None:
        """Ask the server for the run, and begin to send.

        Args:
            server: where to.
            spool: the directory of the spool.
            order: what the server is asked for.
            record: columns of the run's record.
            written: set when nothing more will be written to the spool.

        Raises:
            RemoteError: the server refuses: a wrong token, no ingest, a run that must or must not
                be there.
            OSError: it does not answer, and the run must be one that it has.
        """
        self._server = server
        # Before there is an order: a spool that has one and is not in use is sent by whoever
        # finds it.
        self._lock_file = locked(spool)
        order.write(spool)
        self._sender = SpoolSender(server, spool)
        self._written = written
        self._status, self._is_closing = "finished", False
        self._done = threading.Event()
        self._wake = threading.Event()
        self._busy = threading.Lock()
        self._told: str | None = None
        self._is_parents = False
        try:
            self._sender.open(5.0, record)
        except (OSError, RemoteError) as error:
            if isinstance(error, RemoteError) or self._sender.order.exist == "must":
                self._sender.close()
                self._lock_file.close()
                raise
            self._tell(error)
        self._thread = threading.Thread(target=self._serve, daemon=True, name="summaries-send")
        self._thread.start()
        open_now.add(self)
        if self._told is None:
            threading.Thread(target=send_leftovers, args=(server,), daemon=True).start()

    @property
    def is_dropped(self) -> bool:
        """Whether the spool was sent to its end, and is no more."""
        return not is_spool(self._sender.spool)

    @property
    def opened(self) -> Mapping[str, Any] | None:
        """What the server answered, None if it has not yet."""
        return self._sender.opened

    def close(self, status: str = "finished", *, wait: bool = True) -> None:
        """Send the rest; what cannot be sent in time stays in the spool, and that is told.

        A child does so only where its parent has ended before.
        """
        if self._is_parents:
            if wait:
                self._send_unlocked()
            return
        if self._done.is_set():
            return
        if not self._is_closing:  # the first word holds, as in the spool
            self._is_closing, self._status = True, status
        self._wake.set()
        if not wait or self._done.wait(close_timeout_s()):
            return
        open_now.discard(self)
        logger.error(
            "run '%s': not all could be sent to '%s'; the rest waits in '%s'\n"
            "  %s\n  try: the next run that logs there sends it, or: dashboard push '%s' %s",
            self._sender.order.name,
            self._server.url,
            self._sender.spool,
            self._told or f"it was not done after {close_timeout_s():.0f} s",
            self._sender.spool,
            self._server.url,
        )

    def after_fork_in_child(self) -> None:
        """The parent sends, what the child logs to the spool as well."""
        self._is_parents = True
        self._lock_file.close()  # that the parent has locked it ends with the parent
        open_now.discard(self)

    def _send_unlocked(self) -> None:
        try:
            send_spool(self._server, self._sender.spool)
        except Exception as error:  # of a network; what was logged waits
            self._tell(error)

    def rewind(self, step: int, rank: int | None) -> None:
        """Have the server rewind, behind what was logged before.

        Raises:
            OSError, RemoteError: as `Connection.post`.
        """
        with self._busy:
            self._sender.send()
            self._sender.rewind(step, rank)

    def _serve(self) -> None:
        pause = SEND_PERIOD_S
        while not self._done.is_set():
            self._wake.wait(pause)
            self._wake.clear()
            is_last = self._written.is_set()
            try:
                with self._busy:
                    # Looked at first: what they wrote before they ended is then sent.
                    is_shared = is_last and self._sender.is_written_elsewhere()
                    self._sender.send()
                    if is_last and not is_shared:
                        self._sender.end(self._status)
            except Exception as error:  # the thread's end would leave all that follows unsent
                self._tell(error)
                pause = min(max(pause, 0.5) * 2, 2.0 if is_last else LONGEST_PAUSE_S)
                continue
            if self._told is not None:
                name, url = self._sender.order.name, self._server.url
                logger.warning("run '%s': sending to '%s' works again", name, url)
                self._told = None
            pause = SEND_PERIOD_S
            if is_last:
                self._end(is_shared)

    def _end(self, is_shared: bool) -> None:
        self._sender.close()
        if is_shared:
            # A child goes on: the last one to end sends the rest. It may have ended just now.
            unlock(self._lock_file)
            self._send_unlocked()
        else:
            drop(self._sender.spool, self._lock_file)
        open_now.discard(self)
        self._done.set()

    def _tell(self, error: Exception) -> None:
        text = str(error).split("\n")[0]
        if self._told is None:
            logger.error(
                "run '%s': sending to '%s' fails; values are kept in '%s' and sent later\n  %s",
                self._sender.order.name,
                self._server.url,
                self._sender.spool,
                text,
            )
        self._told = text
