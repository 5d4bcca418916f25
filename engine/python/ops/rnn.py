"""``tensorflow.python.ops.rnn``: what scripts import of it."""

from engine.models.rnn.rnn import *  # noqa: F403
from engine.models.rnn.rnn import __all__  # noqa: F401
