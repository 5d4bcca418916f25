"""``from tensorflow.python.client import timeline``, with the package's name changed."""

from engine.trace import Timeline

__all__ = ["Timeline"]
