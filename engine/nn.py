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
from engine.ops.candidates import (
    compute_accidental_hits,
    fixed_unigram_candidate_sampler,
    log_uniform_candidate_sampler,
    uniform_candidate_sampler,
)
from engine.ops.embeddings import embedding_lookup, embedding_lookup_sparse
from engine.ops.losses import (
    l2_loss,
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
)
from engine.ops.random import dropout
from engine.ops.sampled_losses import nce_loss, sampled_softmax_loss

__all__ = [
    "bias_add",
    "compute_accidental_hits",
    "dropout",
    "elu",
    "embedding_lookup",
    "embedding_lookup_sparse",
    "fixed_unigram_candidate_sampler",
    "l2_loss",
    "leaky_relu",
    "log_softmax",
    "log_uniform_candidate_sampler",
    "nce_loss",
    "relu",
    "relu6",
    "sampled_softmax_loss",
    "sigmoid",
    "sigmoid_cross_entropy_with_logits",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_v2",
    "softplus",
    "softsign",
    "sparse_softmax_cross_entropy_with_logits",
    "tanh",
    "uniform_candidate_sampler",
    "xw_plus_b",
]
