"""Text: markdown or plain, as logged."""

from __future__ import annotations

from summaries.event import Event
from summaries.records import TextRecord

NAME = "text"


def event(tag: str, text: str, step: int, wall_time: float) -> Event:
    """The event of one text.

    Raises:
        TypeError: the text is not a str.
    """
    if not isinstance(text, str):
        raise TypeError(
            f"add_text '{tag}': expects a str\n  got {type(text).__name__}\n  try: str(value)"
        )
    # surrogatepass: a broken string from outside is logged, not raised on.
    return Event(NAME, tag, step, wall_time, text.encode("utf-8", "surrogatepass"))


def decode(step: int, wall_time: float, data: bytes) -> TextRecord:
    """The record of a stored text."""
    return TextRecord(step, wall_time, data.decode("utf-8", "replace"))
