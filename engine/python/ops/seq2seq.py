"""``tensorflow.python.ops.seq2seq``: what scripts import of it."""

from engine.contrib.legacy_seq2seq import *  # noqa: F403
from engine.contrib.legacy_seq2seq import __all__  # noqa: F401
