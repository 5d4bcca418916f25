"""Directories of event files below a logdir, each a database that a thread keeps up to date."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from summaries.errors import DamagedStoreError, SummariesError
from summaries.mirror import Mirror, cache_directory
from summaries.pipeline import logger
from summaries.store.reading import StoreReader, stamp_of

_PERIOD_S = 1.0
_FIRST_WAIT_S = 1.0
"""Small directories are all read within it, so a script that opens them sees them at once."""


class MirrorSource:
    """The database of one directory of event files."""

    is_mirror = True

    def __init__(self, directory: Path, cache: Path | None) -> None:
        self.label = f"{directory} (event files)"
        self.mirror = Mirror(directory, cache)
        self.where = self.mirror.path
        self.problem: str | None = None
        """Why it cannot be read on at the moment."""

    def stamp(self) -> tuple[Any, ...]:
        if self.problem is not None:
            raise DamagedStoreError(self.problem)
        return stamp_of(str(self.where))

    def open(self) -> StoreReader:
        return StoreReader(self.where)

    def refresh(self) -> None:
        """Take what is new; what is wrong is noted, and said once."""
        try:
            self.mirror.refresh()
        except (OSError, SummariesError) as error:
            problem = f"event files '{self.mirror.directory}': cannot be read on\n  {error}"
            if self.problem is None:
                logger.warning("%s", problem)
            self.problem = problem
        else:
            self.problem = None


class Follower:
    """The mirrors of a logdir, and the thread that refreshes them. Thread-safe."""

    def __init__(self) -> None:
        """No thread is started before there is something to follow."""
        self._sources: dict[Path, MirrorSource] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._first_round = threading.Event()
        self._thread: threading.Thread | None = None
        self._wait_until = 0.0
        self._cache = cache_directory()

    def sources(self, directories: Iterable[Path]) -> dict[Path, MirrorSource]:
        """Those of the directories' databases that are there yet; others are followed no more."""
        wanted = set(directories)
        with self._lock:
            gone = [self._sources.pop(path) for path in set(self._sources) - wanted]
            for path in sorted(wanted - set(self._sources)):
                self._sources[path] = MirrorSource(path, self._cache)
            if self._sources and self._thread is None and not self._stopped.is_set():
                self._thread = threading.Thread(
                    target=self._follow, daemon=True, name="event files"
                )
                self._thread.start()
                self._wait_until = time.monotonic() + _FIRST_WAIT_S
        for source in gone:
            source.mirror.close()
        # Once: while a large directory is read in, nobody waits for it again.
        self._first_round.wait(max(0.0, self._wait_until - time.monotonic()))
        with self._lock:
            return {p: s for p, s in self._sources.items() if s.mirror.path.exists()}

    def close(self) -> None:
        """Stop the thread and give the databases back."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            for source in self._sources.values():
                source.mirror.close()
            self._sources.clear()

    def stop_with(self, owner: object) -> None:
        """Stop the thread where the owner is forgotten unclosed."""
        weakref.finalize(owner, self._stopped.set).atexit = False

    def _follow(self) -> None:
        while True:
            with self._lock:
                sources = list(self._sources.values())
            # The small ones first: they need not wait for a large one.
            for source in sorted(sources, key=lambda s: s.mirror.n_bytes()):
                if self._stopped.is_set():
                    return
                source.refresh()
            self._first_round.set()
            if self._stopped.wait(_PERIOD_S):
                return
