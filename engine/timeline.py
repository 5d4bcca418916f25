"""``timeline.Timeline``: a traced run as a Chrome trace."""

from engine.trace import Timeline

__all__ = ["Timeline"]
