"""``tf.logging``: messages of the engine and of scripts, on stderr."""

from __future__ import annotations

import logging as _logging
import sys
import threading
from typing import Any

DEBUG = 10
INFO = 20
WARN = 30
ERROR = 40
FATAL = 50


class _Stderr(_logging.Handler):
    """Writes to what ``sys.stderr`` is at the moment, as a notebook or a test replaces it."""

    def emit(self, record: _logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)


class _Counts:
    """How often each line that logs every n-th time came by."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[Any, int] = {}

    def next(self, token: Any) -> int:
        with self._lock:
            count = self._seen.get(token, -1) + 1
            self._seen[token] = count
            return count


_COUNTS = _Counts()


def _logger() -> _logging.Logger:
    """The logger named ``tensorflow``, which scripts and test tools look for by that name."""
    logger = _logging.getLogger("tensorflow")
    if not any(isinstance(handler, _Stderr) for handler in logger.handlers):
        handler = _Stderr()
        handler.setFormatter(_logging.Formatter("%(levelname)s:%(name)s:%(message)s"))
        logger.addHandler(handler)
        if logger.level == _logging.NOTSET:
            logger.setLevel(WARN)
        # A root logger with handlers of its own would show every message twice.
        logger.propagate = False
    return logger


def log(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Show a message, ``msg % args``, if `level` is at least the verbosity."""
    _logger().log(level, msg, *args, **kwargs)


def debug(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Show a message at level DEBUG."""
    _logger().debug(msg, *args, **kwargs)


def info(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Show a message at level INFO."""
    _logger().info(msg, *args, **kwargs)


def warning(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Show a message at level WARN, which is shown unless the verbosity is raised."""
    _logger().warning(msg, *args, **kwargs)


warn = warning


def error(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Show a message at level ERROR."""
    _logger().error(msg, *args, **kwargs)


def fatal(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Show a message at level FATAL; the program goes on."""
    _logger().critical(msg, *args, **kwargs)


def log_every_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """Show a message the first time this is called with it, and every n-th time after."""
    log_if(level, msg, not _COUNTS.next(_caller()) % n, *args)


def log_first_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """Show a message the first n times this line is reached."""
    log_if(level, msg, _COUNTS.next(_caller()) < n, *args)


def log_if(level: int, msg: Any, condition: Any, *args: Any) -> None:
    """Show a message if `condition` holds."""
    if condition:
        log(level, msg, *args)


def _caller() -> tuple[str, int]:
    frame = sys._getframe(2)
    return frame.f_code.co_filename, frame.f_lineno


def get_verbosity() -> int:
    """The lowest level that is shown; WARN at first."""
    return _logger().getEffectiveLevel()


def set_verbosity(v: int | str) -> None:
    """Show messages of level `v` and above."""
    _logger().setLevel(v)


def flush() -> None:
    """Nothing is held back that would have to be written."""
    sys.stderr.flush()


def vlog(level: int, msg: Any, *args: Any) -> None:
    """Show a message at a level given as a number."""
    log(level, msg, *args)


def TaskLevelStatusMessage(msg: Any) -> None:  # noqa: N802 - TensorFlow's name
    """Show a message at level ERROR."""
    error(msg)


__all__ = [
    "DEBUG",
    "ERROR",
    "FATAL",
    "INFO",
    "WARN",
    "TaskLevelStatusMessage",
    "debug",
    "error",
    "fatal",
    "flush",
    "get_verbosity",
    "info",
    "log",
    "log_every_n",
    "log_first_n",
    "log_if",
    "set_verbosity",
    "vlog",
    "warn",
    "warning",
]
