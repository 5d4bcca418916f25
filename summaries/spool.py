"""A spool: a run's store on this disk, and the order that says what a server is to make of it.

A process that is killed loses no more of it than one that logs to its own disk. The server counts
what it has taken of each spool, so that a part which was sent twice, or whose answer was lost, does
no harm; and what one process leaves, another sends.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from summaries import messages
from summaries.destination import DATABASE_NAME, Server, spools_of
from summaries.errors import RemoteError
from summaries.http_client import TIMEOUT_S, Connection
from summaries.process import Identity
from summaries.replicate import Part, parts_after

if TYPE_CHECKING:
    from summaries.store.reading import StoreReader

logger = logging.getLogger("summaries")

BEAT_S = 5.0
_ORDERS = "order.json"
_LOCK = "lock"


@dataclass(frozen=True)
class Order:
    """What the server is asked to make of a spool's run; kept beside it."""

    source: str
    """Names the spool."""
    name: str
    key: str
    by_key: bool
    """Whether a run of that key is to be gone on with."""
    exist: str
    rank: int
    host: str
    pid: int
    process_key: str
    fork: tuple[str, int] | None = None
    rewind: int | None = None

    @staticmethod
    def read(spool: Path) -> Order:
        """The order beside a spool."""
        return Order(**json.loads((spool / _ORDERS).read_text(encoding="utf-8")))

    def write(self, spool: Path) -> None:
        """Keep it, for whoever sends the spool."""
        (spool / _ORDERS).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @staticmethod
    def of_this_process(
        name: str, key: str, by_key: bool, exist: str, rank: int, source: str
    ) -> Order:
        """The order of a run that this process logs."""
        own = Identity.own()
        return Order(source, name, key, by_key, exist, rank, own.host, own.pid, own.process_key)


class SpoolSender:
    """Brings one spool's run to the server, as far as it goes at the moment."""

    def __init__(self, server: Server, spool: Path) -> None:
        self.spool = spool
        self.order = Order.read(spool)
        self.run: str | None = None
        """The run's name at the server, once it has answered."""
        self.key = self.order.key
        self.opened: dict[str, Any] | None = None
        self._connection = Connection(server)
        self._reader: StoreReader | None = None
        self._have: dict[tuple[str, str], int] = {}
        self._record: dict[str, Any] = {}
        self._stamp: tuple[str, int, float] | None = None
        self._is_open = False
        self._beaten = time.monotonic()

    def close(self) -> None:
        """Give connection and spool back."""
        self._connection.close()
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def open(self, timeout_s: float = TIMEOUT_S, record: Mapping[str, Any] | None = None) -> None:
        """Have the server start the run or join it, and learn what it has of it.

        Raises:
            OSError, RemoteError: as `Connection.post`.
        """
        header = {**asdict(self.order), "record": record or self._read_record()}
        self.opened = self._connection.post("open", messages.encode(header), timeout_s)
        self.run, self.key = str(self.opened["run"]), str(self.opened["key"])
        self._have = {(kind, tag): n for kind, tag, n in self.opened["have"]}
        self._stamp = None
        self._is_open = True

    def send(self) -> int:
        """Send what is new; how many values that were.

        Raises:
            OSError, RemoteError: as `Connection.post`.
        """
        if not self._is_open:
            self.open()
        try:
            return self._send_new()
        except (OSError, RemoteError):
            # What it has by then is asked anew: an answer was lost, or its store was put back.
            self._is_open = False
            raise

    def _send_new(self) -> int:
        reader = self._opened_reader()
        stamp = reader.stamp()
        sent = 0
        if stamp != self._stamp:
            for part in parts_after(reader, self._name(reader), self._have):
                self._append(part)
                sent += len(part)
            self._send_record()
            self._stamp = stamp
        if time.monotonic() - self._beaten > BEAT_S:
            self._post("beat")
            self._beaten = time.monotonic()
        return sent

    def end(self, status: str) -> None:
        """Tell the server that this writer is done.

        Raises:
            OSError, RemoteError: as `Connection.post`.
        """
        self._post("end", status=status)

    def rewind(self, step: int, rank: int | None) -> None:
        """Have the server rewind the run.

        Raises:
            OSError, RemoteError: as `Connection.post`.
        """
        self._post("rewind", step=step, only_rank=rank)

    def is_written_elsewhere(self) -> bool:
        """Whether another process, as one forked from the run's, still writes to the spool."""
        from summaries.store.runs import is_writing

        own = Identity.own().process_key
        writers = [w for pulse in self._opened_reader().pulse()[1].values() for w in pulse.writers]
        return any(key != own and is_writing(key, heartbeat) for key, heartbeat in writers)

    def final_status(self) -> str:
        """What the spool's run is marked as: of a process that died, "crashed"."""
        reader = self._opened_reader()
        status = reader.changed_runs(-1).rows[0].info.status
        return "crashed" if status == "running" else status

    def _post(self, act: str, **header: Any) -> None:
        whole = {"key": self.key, "source": self.order.source, **header}
        self._connection.post(act, messages.encode(whole))

    def _append(self, part: Part) -> None:
        message = messages.encode_part(self.key, self.order.source, part)
        self._connection.post("append", message)
        for tag, points in part.scalars.items():
            self._have["scalar", tag] = part.starts["scalar", tag] + len(points)
        for one in part.events:
            key = (one.kind, one.tag)
            self._have[key] = max(self._have.get(key, 0), part.starts[key]) + 1
        self._beaten = time.monotonic()

    def _opened_reader(self) -> StoreReader:
        if self._reader is None:
            from summaries.store.reading import StoreReader

            self._reader = StoreReader(self.spool / DATABASE_NAME)
        return self._reader

    def _name(self, reader: StoreReader) -> str:
        return reader.changed_runs(-1).rows[0].info.name

    def _read_record(self) -> dict[str, Any]:
        info = self._opened_reader().changed_runs(-1).rows[0].info
        return {
            "config": dict(info.config),
            "hparams": dict(info.hparams),
            "summary": dict(info.summary),
            "axes": dict(info.axes),
            "environment": dict(info.environment),
            "labels": list(info.labels),
            "notes": info.notes,
            "run_group": info.group,
            "job_type": info.job_type,
        }

    def _send_record(self) -> None:
        """Send the columns that changed."""
        record = self._read_record()
        changed = {c: v for c, v in record.items() if self._record.get(c, _EMPTY.get(c)) != v}
        if changed:
            self._post("record", record=changed)
            self._record = record


_EMPTY: dict[str, Any] = {
    "config": {}, "hparams": {}, "summary": {}, "axes": {}, "environment": {}, "labels": [],
    "notes": "", "run_group": "", "job_type": "",
}  # fmt: skip


# -- spools that are left -------------------------------------------------------------------------


def locked(spool: Path) -> IO[bytes]:
    """The spool's lock file, locked as long as it is open, and so as long as the process lives.

    Raises:
        BlockingIOError: somebody else sends it.
        FileNotFoundError: it was sent and removed.
    """
    file = (spool / _LOCK).open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    return file


def unlock(file: IO[bytes]) -> None:
    # A process forked a moment ago may still hold the file.
    fcntl.flock(file, fcntl.LOCK_UN)
    file.close()


def drop(spool: Path, lock: IO[bytes]) -> None:
    shutil.rmtree(spool, ignore_errors=True)
    lock.close()
    with contextlib.suppress(OSError):
        spool.parent.rmdir()  # the last one's


def is_spool(directory: Path) -> bool:
    """Whether there is a spool with its order, not yet sent to its end."""
    return (directory / _ORDERS).is_file()


def spools_left(server: Server) -> Iterator[Path]:
    """The spools for that server, whoever writes them."""
    directory = spools_of(server)
    if directory.is_dir():
        yield from sorted(p for p in directory.iterdir() if is_spool(p))


def send_spool(server: Server, spool: Path) -> int | None:
    """Send what a spool holds; how many values that were, None if somebody else sends it.

    It is removed, and the run ended, unless another process still writes to it.

    Raises:
        OSError, RemoteError: as `Connection.post`; what was not sent is kept.
    """
    try:
        lock = locked(spool)
    except OSError:
        return None
    try:
        if not (spool / _ORDERS).exists():
            return None  # another one sent it a moment ago
        sender = SpoolSender(server, spool)
        try:
            is_shared = sender.is_written_elsewhere()
            sent = sender.send()
            if not is_shared:
                sender.end(sender.final_status())
        finally:
            sender.close()
        if not is_shared:
            drop(spool, lock)
    finally:
        lock.close()
    return sent


def send_leftovers(server: Server) -> None:
    """Send what processes that ended early, or found no server, have left; tells what failed."""
    for spool in spools_left(server):
        try:
            send_spool(server, spool)
        except Exception as error:
            logger.warning("spool '%s': could not be sent to '%s'\n  %s", spool, server.url, error)
            if not isinstance(error, RemoteError):  # which is of this spool alone
                return
