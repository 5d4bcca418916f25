"""What an API in another's place cannot do, said once each."""

from __future__ import annotations

from functools import cache

from summaries.pipeline import logger


@cache
def notice(text: str) -> None:
    """Put the text into the log, the first time it is given."""
    logger.warning("%s", text)
