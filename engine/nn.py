"""``tf.nn``: activations, losses and layers' arithmetic."""

from engine.contrib import legacy_seq2seq as seq2seq
from engine.ops.activations import (
    bias_add,
    elu,
    leaky_relu,
    log_softmax,
    relu,
    relu6,
    sigmoid,
    softmax,
    softplus,
    softsign,
    tanh,
    xw_plus_b,
)
from engine.ops.indexing import embedding_lookup
from engine.ops.losses import (
    l2_loss,
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
)
from engine.ops.random import dropout
from engine.rnn import rnn_cell
from engine.rnn.sequences import (
    bidirectional_dynamic_rnn,
    dynamic_rnn,
    raw_rnn,
    static_bidirectional_rnn,
    static_rnn,
)

# 0.x's names for them.
rnn = static_rnn
bidirectional_rnn = static_bidirectional_rnn

__all__ = [
    "bias_add",
    "bidirectional_dynamic_rnn",
    "bidirectional_rnn",
    "dropout",
    "dynamic_rnn",
    "elu",
    "embedding_lookup",
    "l2_loss",
    "leaky_relu",
    "log_softmax",
    "raw_rnn",
    "relu",
    "relu6",
    "rnn",
    "rnn_cell",
    "seq2seq",
    "sigmoid",
    "sigmoid_cross_entropy_with_logits",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_v2",
    "softplus",
    "softsign",
    "sparse_softmax_cross_entropy_with_logits",
    "static_bidirectional_rnn",
    "static_rnn",
    "tanh",
    "xw_plus_b",
]
