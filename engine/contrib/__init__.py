"""``tf.contrib``: what scripts of the 0.x and 1.x years took from TensorFlow's side packages."""

from engine.contrib import (
    crf,
    distributions,
    framework,
    layers,
    legacy_seq2seq,
    losses,
    metrics,
    rnn,
    seq2seq,
    slim,
    training,
)

__all__ = [
    "crf",
    "distributions",
    "framework",
    "layers",
    "legacy_seq2seq",
    "losses",
    "metrics",
    "rnn",
    "seq2seq",
    "slim",
    "training",
]
