"""``tensorflow.python.ops.gradients``: what scripts import of it."""

from engine.python.names import names_of

__getattr__ = names_of(__name__)
