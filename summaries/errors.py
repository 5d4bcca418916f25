"""What can go wrong, one class each, on a standard base."""

from __future__ import annotations


class SummariesError(Exception):
    """Base of every error this package raises on its own account."""


class LogdirError(SummariesError, ValueError):
    """The path given is not a logdir: it does not exist, or is not a directory."""


class DamagedStoreError(SummariesError, OSError):
    """A database file could not be read as one of ours."""


class EmptyStoreError(DamagedStoreError):
    """A database holds nothing yet, no table of ours and none of anybody's."""


class SchemaVersionError(SummariesError, RuntimeError):
    """A database was written by a newer version of trainboard."""


class StoreWriteError(SummariesError, OSError):
    """A database could not be created or written: read-only, full, no permission."""


class RemoteError(SummariesError, RuntimeError):
    """A server refused what was sent to it; sending the same again would not help."""

    def __init__(self, url: str, status: int, text: str) -> None:
        super().__init__(f"{url}: {status} {text}")
        self.url, self.status, self.text = url, status, text


class GapError(SummariesError, ValueError):
    """A part of a copy was sent whose beginning is missing: ask what is there, and send from it."""


class NotFoundError(SummariesError, KeyError):
    """No such run, tag or blob."""

    # KeyError prints its argument's repr, which turns a message of several lines into one of \n.
    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""
