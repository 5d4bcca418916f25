"""0.x's ``tensorflow.models.rnn.rnn_cell``."""

from engine.rnn.rnn_cell import *  # noqa: F403
from engine.rnn.rnn_cell import __all__  # noqa: F401
