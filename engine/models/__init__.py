"""``tf.models``: where TensorFlow 0.x kept its networks."""

from engine.models import rnn

__all__ = ["rnn"]
