"""``tensorflow.python.platform.tf_logging``: what scripts import of it."""

from engine.python.names import names_of

__getattr__ = names_of(__name__, "logging")
