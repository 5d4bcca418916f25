"""``tensorflow.python.platform``: what scripts import of it."""

from engine import app, flags, gfile
from engine import logging as tf_logging

__all__ = ["app", "flags", "gfile", "tf_logging"]
