"""0.x's ``tensorflow.models.rnn.seq2seq``."""

from engine.contrib.legacy_seq2seq import *  # noqa: F403
from engine.contrib.legacy_seq2seq import __all__  # noqa: F401
