"""Event files that are read in place: a database beside them in a cache, which grows as they do."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from pathlib import Path
from typing import IO

from summaries.destination import DATABASE_NAME
from summaries.imports.sink import RunSink, Sink
from summaries.pipeline import logger
from summaries.tfevents.importing import add_file, file_key

QUIET_S = 60.0
"""A run whose files did not grow for so long is taken for finished."""
_BEAT_S = 5.0


def cache_directory() -> Path | None:
    """Where mirrors are kept; None where they are to last no longer than the process.

    It is ``TRAINBOARD_CACHE`` ("off" for None), or ``trainboard`` in ``XDG_CACHE_HOME``, which
    stands for ``~/.cache`` where it is not set.
    """
    named = os.environ.get("TRAINBOARD_CACHE", "")
    if named:
        return None if named == "off" else Path(named)
    home = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(home) if home else Path.home() / ".cache") / "trainboard"
    except RuntimeError:  # this user has no home
        return None


class Mirror:
    """One directory of event files as a database of ours with one run, ``.``.

    The directory is never written. Of several processes that mirror it one fills the database,
    the others read it.

    Example:
        >>> from summaries import SummaryWriter, export_tfevents, open_logdir
        >>> logdir = Path(tempfile.mkdtemp())
        >>> with SummaryWriter(logdir / "ours") as writer:
        ...     writer.add_scalar("loss", 0.5, 0)
        >>> (path,) = export_tfevents(logdir, logdir / "events")
        >>> mirror = Mirror(path.parent, logdir / "cache")
        >>> mirror.refresh(), mirror.refresh()
        (True, False)
        >>> open_logdir(mirror.path).scalars(".", "loss").value.tolist()
        [0.5]
        >>> mirror.close()
    """

    def __init__(self, directory: Path, cache: Path | None = None) -> None:
        """Nothing is read yet.

        Args:
            directory: with event files; they may come later.
            cache: where the database is kept; None for a temporary one.
        """
        self.directory = directory
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        name = hashlib.sha256(os.path.realpath(directory).encode("utf-8", "surrogateescape"))
        self._home = self._made(cache, name.hexdigest()[:32])
        self.path = self._home / DATABASE_NAME
        """The database; not there before the first `refresh` that found a record."""
        self._lock: IO[bytes] | None = None
        self._sink: Sink | None = None
        self._run: RunSink | None = None
        self._stats: dict[str, tuple[int, int, int]] = {}
        self._grew = self._beaten = 0.0

    def _made(self, cache: Path | None, name: str) -> Path:
        if cache is not None:
            try:
                home = cache / "mirrors" / name
                home.mkdir(parents=True, exist_ok=True)
                (home / "directory").write_text(
                    os.path.realpath(self.directory), "utf-8", "replace"
                )
                return home
            except OSError as error:
                logger.warning(
                    "cache '%s': cannot be written, a temporary is used: %s", cache, error
                )
        self._temporary = tempfile.TemporaryDirectory(prefix="trainboard-mirror-")
        return Path(self._temporary.name)

    def n_bytes(self) -> int:
        """How much the files hold; 0 where they cannot be looked at."""
        try:
            return sum(size for _, size, _ in self._files().values())
        except OSError:
            return 0

    def refresh(self) -> bool:
        """Take what the files have grown by; whether there was something.

        Raises:
            OSError: a file or the cache cannot be read or written.
            SummariesError: the database cannot be written.
        """
        files = self._files()
        changed = [path for path, stat in files.items() if self._stats.get(path.name) != stat]
        if not changed and len(files) >= len(self._stats):
            self._settle()
            return False
        if not self._is_owner():
            return False
        keys = {path: key for path in files if (key := file_key(path)) is not None}
        if not keys:
            return False
        if self._is_replaced(files, keys):
            self._start_anew()
        run = self._opened(keys)
        before = run.report.values
        for at, path in enumerate(files):
            if path in keys and self._stats.get(path.name) != files[path]:
                add_file(run, path, keys[path], is_first=at == 0, is_growing=True)
        run.flush()
        # As they were before the reading: what came meanwhile is a change next time.
        self._stats = {path.name: stat for path, stat in files.items() if path in keys}
        newest = max(stat[2] for stat in files.values()) / 1e9
        grew = run.report.values > before
        self._grew = max(self._grew, newest)
        self._settle()
        return grew

    def close(self) -> None:
        """Give the database back."""
        self._release()
        if self._temporary is not None:
            self._temporary.cleanup()

    # -- parts ---------------------------------------------------------------------------------

    def _files(self) -> dict[Path, tuple[int, int, int]]:
        """(inode, size, time) of each event file, in the order of their names."""
        found = {}
        with os.scandir(self.directory) as entries:
            for entry in entries:
                if "tfevents" in entry.name:
                    with contextlib.suppress(FileNotFoundError):
                        stat = entry.stat()
                        found[Path(entry.path)] = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        return dict(sorted(found.items()))

    def _is_owner(self) -> bool:
        """Whether this process fills the database; the first one that asks does."""
        if self._lock is None:
            try:
                import fcntl
            except ImportError:  # no such locks on this system: one process at a time is on trust
                return True
            file = (self._home / "lock").open("ab")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
                return False
            self._lock = file
        return True

    def _is_replaced(self, files: dict[Path, tuple[int, int, int]], keys: dict[Path, str]) -> bool:
        """Whether what was taken is of files that are gone, or became shorter."""
        if not self.path.exists():
            return False
        run = self._opened(keys)
        sizes = {key: files[path][1] for path, key in keys.items()}
        return any(
            key not in sizes or state.get("bytes", 0) > sizes[key]
            for key, state in run.bookmarks.items()
        )

    def _opened(self, keys: dict[Path, str]) -> RunSink:
        if self._run is None:
            self._sink = Sink(self._home)
            own = list(keys.values())
            # Whichever of the files it was made of, the database has this one run.
            self._run = self._sink.only_run(own, str(self.directory), "tfevents")
        return self._run

    def _start_anew(self) -> None:
        if self._sink is not None:
            self._sink.close()
        self._sink = self._run = None
        self._stats = {}
        for end in ("", "-wal", "-shm"):
            Path(f"{self.path}{end}").unlink(missing_ok=True)

    def _settle(self) -> None:
        """Have the run's status say whether its files still grow."""
        if self._run is None:
            return
        grows = time.time() - self._grew < QUIET_S
        if not grows:
            # A logdir may hold a thousand of these, and most lie still: no files are kept open.
            self._release()
        elif time.monotonic() - self._beaten > _BEAT_S:
            self._run.beat()
            self._beaten = time.monotonic()

    def _release(self) -> None:
        if self._run is not None:
            self._run.rest("finished")
        if self._sink is not None:
            self._sink.close()
        self._sink = self._run = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None
