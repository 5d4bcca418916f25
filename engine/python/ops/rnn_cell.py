"""``tensorflow.python.ops.rnn_cell``: the cells, and the linear map they were made of in 0.x."""

from engine.rnn.linear_map import linear as _linear
from engine.rnn.rnn_cell import *  # noqa: F403
from engine.rnn.rnn_cell import __all__ as _names

__all__ = [*_names, "_linear"]
