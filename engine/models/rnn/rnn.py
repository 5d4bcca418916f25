"""0.x's ``tensorflow.models.rnn.rnn``."""

from engine.rnn.sequences import dynamic_rnn
from engine.rnn.sequences import static_bidirectional_rnn as bidirectional_rnn
from engine.rnn.sequences import static_rnn as rnn

__all__ = ["bidirectional_rnn", "dynamic_rnn", "rnn"]
