"""Console capture: what the process and its children write, shown as ever and kept as lines.

The two file descriptors are led through `tee`, a process of its own: it goes on when this one
dies, so the last words of a crash reach the terminal, and it reads when this one does not, so code
that writes while it holds Python's lock never waits for a thread of Python's. Where there are no
such descriptors (a notebook, Windows), Python's own two streams are listened to.
"""

from __future__ import annotations

import codecs
import contextlib
import ctypes
import os
import shutil
import sys
import tempfile
import threading
import time
from typing import Any, Protocol

from summaries.kinds import console as console_kind
from summaries.pipeline import Pipeline, logger

POLL_S = 0.25
MAX_STREAM_BYTES = 128 << 20
"""Of one stream: what comes after it is shown, but not kept."""
_LONGEST_LINE = 64 << 10
_READ_BYTES = 1 << 20
_END_WAIT_S = 1.0


class ConsoleCapture:
    """Captures stdout and stderr until it is stopped."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Begin. Descriptors and streams are as before once `stop` returns."""
        self._pipeline = pipeline
        self._pid = os.getpid()
        self._stopping = threading.Event()
        self._taking = threading.RLock()
        self._sources = {name: _source(name) for name in ("stdout", "stderr")}
        self._lines = {name: Lines() for name in self._sources}
        self._counts = dict.fromkeys(self._sources, 0)
        self._sizes = dict.fromkeys(self._sources, 0)
        self._thread = threading.Thread(target=self._serve, daemon=True, name="summaries-console")
        self._thread.start()

    def stop(self, wait: bool = True) -> None:
        """Keep what was written until now, and put everything back."""
        if self._pid != os.getpid():
            return  # a forked child: descriptors and thread are the parent's business
        self._stopping.set()
        if wait:
            self._thread.join(10.0)
        for name, source in self._sources.items():
            source.restore()
            self._guarded(name, source, last=True)
            source.close()

    def _serve(self) -> None:
        while not self._stopping.wait(POLL_S):
            for name, source in self._sources.items():
                self._guarded(name, source)

    def _guarded(self, name: str, source: _Source, last: bool = False) -> None:
        try:
            with self._taking:
                self._take(name, source, last)
        except ValueError:  # the run is finished already
            return
        except Exception as error:  # said, and the script goes on
            logger.warning(
                "run '%s': %s is not kept from here on\n  %s: %s",
                self._pipeline.name,
                name,
                type(error).__name__,
                error,
            )
            self._sizes[name] = MAX_STREAM_BYTES

    def _take(self, name: str, source: _Source, last: bool) -> None:
        while self._sizes[name] < MAX_STREAM_BYTES:
            content = source.read()
            lines = self._lines[name].feed(content)
            if last and not content:
                lines += self._lines[name].rest()
            self._log(name, lines)
            self._sizes[name] += len(content)
            if not content:
                return
        source.restore()

    def _log(self, name: str, lines: list[str]) -> None:
        now = time.time()
        begin = 0
        while begin < len(lines):
            end, size = begin, 0
            while end < len(lines) and (end == begin or size < console_kind.MAX_EVENT_BYTES):
                size += len(lines[end]) + 1
                end += 1
            stamped = [(now, line) for line in lines[begin:end]]
            self._pipeline.log_event(console_kind.event(name, stamped, self._counts[name]))
            self._counts[name] += end - begin
            begin = end


class Lines:
    """Bytes in any pieces to lines; of what a carriage return overwrites, the last state.

    Example:
        >>> lines = Lines()
        >>> lines.feed(b"one\\n 10%\\r 20%\\r 10"), lines.feed(b"0%\\ntw"), lines.rest()
        (['one'], [' 100%'], ['tw'])
    """

    def __init__(self) -> None:
        # A character may come in two pieces.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._open = ""

    def feed(self, content: bytes) -> list[str]:
        """The lines that are complete now."""
        *complete, rest = (self._open + self._decoder.decode(content)).split("\n")
        # The part before a return is gone once something is written over it.
        self._open = rest if rest.count("\r") < 2 else "\r".join(rest.split("\r")[-2:])
        if len(self._open) > _LONGEST_LINE:
            complete.append(self._open)
            self._open = ""
        return [_last_state(line) for line in complete]

    def rest(self) -> list[str]:
        """The line that nothing ended, if there is one."""
        rest = _last_state(self._open + self._decoder.decode(b"", final=True))
        self._open = ""
        return [rest] if rest else []


def _last_state(line: str) -> str:
    return next((part for part in reversed(line.split("\r")) if part), "")


# -- where the bytes come from --------------------------------------------------------------------


class _Source(Protocol):
    def read(self) -> bytes:
        """What was written since the last call; b"" if nothing was."""

    def restore(self) -> None:
        """Put the stream back as it was; what was written before can still be read."""

    def close(self) -> None:
        """Give up what was not read."""


def _source(name: str) -> _Source:
    stream = getattr(sys, name)
    number = {"stdout": 1, "stderr": 2}[name]
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, ValueError):
        descriptor = None
    if descriptor == number and os.name == "posix" and shutil.which("tee"):
        return _Descriptor(name, number)
    return _Stream(name)


class _Descriptor:
    """A file descriptor led through `tee`, which appends to a file that this end reads."""

    def __init__(self, name: str, number: int) -> None:
        self._name, self._number = name, number
        _flush(name)
        self._before = os.dup(number)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the capture
        self._offset = 0
        read_end, write_end = _pipe_like(self._before)
        # By its number: the file has no name any more. `-i`, and a session of its own: an
        # interrupt from the keyboard is not for it.
        kept = os.dup(self._file.fileno())
        os.set_inheritable(kept, True)
        self._tee = os.posix_spawnp(
            "tee",
            ["tee", "-i", "-a", f"/dev/fd/{kept}"],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, read_end, 0),
                (os.POSIX_SPAWN_DUP2, self._before, 1),
                # It has nothing to say: a pseudo-terminal ends in an error.
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
            setsid=True,
        )
        os.dup2(write_end, number)
        for descriptor in (read_end, write_end, kept):
            os.close(descriptor)
        self._restored = False

    def read(self) -> bytes:
        content = os.pread(self._file.fileno(), _READ_BYTES, self._offset)
        self._offset += len(content)
        return content

    def restore(self) -> None:
        if self._restored:
            return
        self._restored = True
        _flush(self._name)
        os.dup2(self._before, self._number)
        os.close(self._before)
        # It ends with the last writer: a child that still runs keeps it, and is not waited for.
        end = time.monotonic() + _END_WAIT_S
        while time.monotonic() < end:
            try:
                if os.waitpid(self._tee, os.WNOHANG)[0]:
                    return
            except ChildProcessError:  # somebody else waits for every child
                return
            time.sleep(0.002)

    def close(self) -> None:
        self._file.close()


def _pipe_like(descriptor: int) -> tuple[int, int]:
    """Two ends: of a pseudo-terminal where the descriptor is one, so that colours stay."""
    if not os.isatty(descriptor):
        return os.pipe()
    import termios
    import tty

    read_end, write_end = os.openpty()
    tty.setraw(write_end)
    termios.tcsetwinsize(write_end, termios.tcgetwinsize(descriptor))
    return read_end, write_end


def _flush(name: str) -> None:
    """Send on what Python's stream and C's hold back."""
    with contextlib.suppress(AttributeError, OSError, ValueError):  # closed, or none at all
        getattr(sys, name).flush()
    ctypes.CDLL(None).fflush(None)


class _Stream:
    """One of Python's streams, listened to."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._before = getattr(sys, name)
        self._heard: list[bytes] = []
        self._listener = _Listener(self._before, self._heard)
        setattr(sys, name, self._listener)

    def read(self) -> bytes:
        n = len(self._heard)
        content = b"".join(self._heard[:n])
        del self._heard[:n]
        return content

    def restore(self) -> None:
        # Somebody may have put a stream of theirs over it meanwhile: that stays.
        if getattr(sys, self._name) is self._listener:
            setattr(sys, self._name, self._before)

    def close(self) -> None:
        self._heard.clear()


class _Listener:
    """A stream that passes everything on, and keeps what is written."""

    def __init__(self, stream: Any, heard: list[bytes]) -> None:
        self._stream = stream
        self._heard = heard

    def write(self, text: str) -> int:
        if isinstance(text, str):
            self._heard.append(text.encode("utf-8", "replace"))
        return 0 if self._stream is None else int(self._stream.write(text) or 0)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if self._stream is not None:
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
