"""Values sent to a server: written to a spool here first, and from there until they have arrived.

The spool is an event store like any other, so a process that is killed loses no more than one that
logs to its own disk. A thread reads what is new in it and sends that; the server counts what it has
taken of each spool, so that a part which was sent twice, or whose answer was lost, does no harm.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import logging
import os
import shutil
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from summaries import messages
from summaries.destination import DATABASE_NAME, Server, spools_of
from summaries.endings import open_now
from summaries.errors import LogdirError, NotFoundError, RemoteError
from summaries.process import Identity
from summaries.replicate import Lengths, Part, parts_after

if TYPE_CHECKING:
    from summaries.store.copying import ReplacedRow
    from summaries.store.reading import StoreReader

logger = logging.getLogger("summaries")

SEND_PERIOD_S = 0.25
BEAT_S = 5.0
LONGEST_PAUSE_S = 15.0
"""Between two tries to reach a server that does not answer."""
TIMEOUT_S = 30.0


def close_timeout_s() -> float:
    """How long the end of a run waits for a server; ``TRAINBOARD_SEND_TIMEOUT_S``."""
    return float(os.environ.get("TRAINBOARD_SEND_TIMEOUT_S", "30"))


_ORDERS = "order.json"
_LOCK = "lock"


class Connection:
    """One HTTP connection to a server, made anew when it breaks."""

    def __init__(self, server: Server) -> None:
        self.server = server
        parts = urlsplit(server.url)
        secure = parts.scheme == "https"
        self._make = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        self._host = parts.netloc
        self._open: http.client.HTTPConnection | None = None

    def close(self) -> None:
        """Hang up."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def post(self, act: str, message: bytes, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
        """What the server answers.

        Raises:
            OSError: it cannot be reached, or is out of order; the same may work later.
            RemoteError: it refuses; the same will not work later.
        """
        headers = {"Content-Type": messages.MEDIA_TYPE}
        if self.server.token:
            headers["Authorization"] = f"Bearer {self.server.token}"
        path = f"/api/v1/ingest/{act}"
        try:
            response, content = self._exchange(path, message, headers, timeout_s)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise OSError(f"{self.server.url}: {error or type(error).__name__}") from error
        if response.status == 200:
            answer: dict[str, Any] = json.loads(content)
            return answer
        text = _error_of(content) or response.reason
        if response.status >= 500:
            raise OSError(f"{self.server.url}: {response.status} {text}")
        raise RemoteError(self.server.url, response.status, text)

    def _exchange(
        self, path: str, message: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> tuple[http.client.HTTPResponse, bytes]:
        is_new = self._open is None
        try:
            return self._once(path, message, headers, timeout_s)
        except (ConnectionError, http.client.BadStatusLine):
            self.close()
            if is_new:
                raise
        # A server hangs up on who was silent for some seconds, which shows only in the next try.
        return self._once(path, message, headers, timeout_s)

    def _once(
        self, path: str, message: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> tuple[http.client.HTTPResponse, bytes]:
        if self._open is None:
            self._open = self._make(self._host, timeout=timeout_s)
        elif self._open.sock is not None:
            self._open.sock.settimeout(timeout_s)
        self._open.request("POST", path, message, dict(headers))
        response = self._open.getresponse()
        return response, response.read()


def _error_of(content: bytes) -> str:
    try:
        return str(json.loads(content)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return ""


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
        self._lock_file = _locked(spool)
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
        return not (self._sender.spool / _ORDERS).exists()

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
            _unlock(self._lock_file)
            self._send_unlocked()
        else:
            _drop(self._sender.spool, self._lock_file)
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


# -- spools that are left -------------------------------------------------------------------------


def _locked(spool: Path) -> IO[bytes]:
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


def _unlock(file: IO[bytes]) -> None:
    # A process forked a moment ago may still hold the file.
    fcntl.flock(file, fcntl.LOCK_UN)
    file.close()


def _drop(spool: Path, lock: IO[bytes]) -> None:
    shutil.rmtree(spool, ignore_errors=True)
    lock.close()
    with contextlib.suppress(OSError):
        spool.parent.rmdir()  # the last one's


def spools_left(server: Server) -> Iterator[Path]:
    """The spools for that server, whoever writes them."""
    directory = spools_of(server)
    if directory.is_dir():
        yield from sorted(p for p in directory.iterdir() if (p / _ORDERS).is_file())


def send_spool(server: Server, spool: Path) -> int | None:
    """Send what a spool holds; how many values that were, None if somebody else sends it.

    It is removed, and the run ended, unless another process still writes to it.

    Raises:
        OSError, RemoteError: as `Connection.post`; what was not sent is kept.
    """
    try:
        lock = _locked(spool)
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
            _drop(spool, lock)
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


class HttpTarget:
    """A server as the target of `summaries.replicate.copy_runs`."""

    def __init__(self, server: Server) -> None:
        self._connection = Connection(server)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def open_run(self, record: Mapping[str, Any], replaced: Sequence[ReplacedRow]) -> Lengths:
        rows = [[*row[:-1], messages.as_text(row[-1])] for row in replaced]
        header = {"record": dict(record), "replaced": rows}
        answer = self._connection.post("copy/open", messages.encode(header))
        return {(kind, tag): n for kind, tag, n in answer["have"]}

    def append(self, key: str, part: Part) -> None:
        self._connection.post("append", messages.encode_part(key, "", part))

    def close_run(self, record: Mapping[str, Any]) -> None:
        self._connection.post("copy/close", messages.encode({"record": dict(record)}))


def refused(error: RemoteError, name: str) -> Exception:
    """The refusal as the error that the same would raise in a directory."""
    if error.status == 404:
        return NotFoundError(error.text)
    if error.status == 401:
        return LogdirError(
            f"run '{name}': {error.url} asks for a token\n"
            "  try: token=…, or TRAINBOARD_TOKEN in the environment"
        )
    return LogdirError(f"run '{name}': {error.url} refuses it\n  {error.text}")
