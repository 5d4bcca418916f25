"""``tensorflow.python.util``: what scripts import of it."""

from engine import nest

__all__ = ["nest"]
