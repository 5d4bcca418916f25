"""``tf.contrib``: what TensorFlow 1.x kept beside its core."""

from engine.contrib import legacy_seq2seq, rnn, seq2seq

__all__ = ["legacy_seq2seq", "rnn", "seq2seq"]
