"""``tf.models.rnn``: the places of 0.x for recurrent networks."""

from engine.models.rnn import rnn, rnn_cell, seq2seq

__all__ = ["rnn", "rnn_cell", "seq2seq"]
