"""W&B's exceptions, by the names under which scripts catch them."""

from __future__ import annotations

from summaries.errors import SummariesError


class Error(SummariesError):
    """Base of what this module raises on its own account."""


class UsageError(Error):
    """The API was called in a way it does not allow."""


class CommError(Error):
    """W&B could not be reached. Never raised: nothing is sent."""


class ConfigError(UsageError):
    """A config value may not be changed. Never raised: it may."""
