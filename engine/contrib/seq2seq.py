"""``tf.contrib.seq2seq``: the loss of a batch of sequences."""

from engine.rnn.losses import sequence_loss

__all__ = ["sequence_loss"]
