"""Pages and charts that a browser shows: HTML, or a plotly figure as its JSON."""

from __future__ import annotations

import hashlib
import json

from summaries.checks import shown
from summaries.event import Event
from summaries.records import HtmlRecord

NAME = "html"
HTML = "text/html"
PLOTLY = "application/vnd.plotly.v1+json"


def event(tag: str, content: str, step: int, wall_time: float, media_type: str = HTML) -> Event:
    """The event of one page, kept as it is.

    Raises:
        TypeError: the content is not a str.
    """
    if not isinstance(content, str):
        raise TypeError(f"html '{tag}': expects a str\n  got {shown(content)}\n  try: str(value)")
    data = content.encode("utf-8", "replace")
    record = {"t": media_type, "n": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return Event(NAME, tag, step, wall_time, json.dumps(record).encode(), (media_type, data))


def decode(step: int, wall_time: float, data: bytes) -> HtmlRecord:
    """The record of a stored page."""
    r = json.loads(data)
    return HtmlRecord(step, wall_time, r["n"], r["t"], r["sha256"])
