"""``tensorflow.python.ops``: what scripts of 0.x import of it."""

from engine.models.rnn import rnn, rnn_cell, seq2seq

__all__ = ["rnn", "rnn_cell", "seq2seq"]
