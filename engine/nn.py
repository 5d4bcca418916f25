"""``tf.nn``: activations, losses and layers' arithmetic."""

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
from engine.ops.arranging import depth_to_space, space_to_depth
from engine.ops.indexing import embedding_lookup
from engine.ops.losses import (
    l2_loss,
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
)
from engine.ops.random import dropout
from engine.ops.ranking import in_top_k, top_k
from engine.ops.statistics import l2_normalize, zero_fraction

__all__ = [
    "bias_add",
    "depth_to_space",
    "dropout",
    "elu",
    "embedding_lookup",
    "in_top_k",
    "l2_loss",
    "l2_normalize",
    "leaky_relu",
    "log_softmax",
    "relu",
    "relu6",
    "sigmoid",
    "sigmoid_cross_entropy_with_logits",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_v2",
    "softplus",
    "softsign",
    "space_to_depth",
    "sparse_softmax_cross_entropy_with_logits",
    "tanh",
    "top_k",
    "xw_plus_b",
    "zero_fraction",
]
