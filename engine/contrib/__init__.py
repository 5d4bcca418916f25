"""``tf.contrib``: what scripts of the 0.x and 1.x years took from TensorFlow's side packages."""

from engine.contrib import (
    distributions,
    framework,
    layers,
    legacy_seq2seq,
    losses,
    metrics,
    rnn,
    seq2seq,
    slim,
)

__all__ = [
    "distributions",
    "framework",
    "layers",
    "legacy_seq2seq",
    "losses",
    "metrics",
    "rnn",
    "seq2seq",
    "slim",
]
