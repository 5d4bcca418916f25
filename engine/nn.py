"""``tf.nn``: activations, losses and layers' arithmetic."""

import importlib
from typing import TYPE_CHECKING, Any

from engine.ops.activations import (
    crelu,
    elu,
    leaky_relu,
    log_softmax,
    relu,
    relu6,
    selu,
    sigmoid,
    softmax,
    softplus,
    softsign,
    swish,
    tanh,
)
from engine.ops.arranging import (
    depth_to_space,
    space_to_depth,
)
from engine.ops.batch_norm import (
    fused_batch_norm,
)
from engine.ops.biases import (
    bias_add,
    relu_layer,
    xw_plus_b,
)
from engine.ops.candidates import (
    compute_accidental_hits,
    fixed_unigram_candidate_sampler,
    log_uniform_candidate_sampler,
    uniform_candidate_sampler,
)
from engine.ops.convolution import (
    conv2d,
    conv2d_backprop_filter,
    conv2d_backprop_input,
    conv2d_transpose,
)
from engine.ops.depthwise import depthwise_conv2d, depthwise_conv2d_native
from engine.ops.dropout import (
    dropout,
)
from engine.ops.embeddings import (
    embedding_lookup,
    embedding_lookup_sparse,
)
from engine.ops.losses import (
    l2_loss,
    log_poisson_loss,
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
    weighted_cross_entropy_with_logits,
)
from engine.ops.lrn import (
    local_response_normalization,
    lrn,
)
from engine.ops.normalization import (
    batch_norm_with_global_normalization,
    batch_normalization,
    moments,
    normalize_moments,
    sufficient_statistics,
    weighted_moments,
)
from engine.ops.pooling import (
    avg_pool,
    max_pool,
    max_pool_with_argmax,
)
from engine.ops.ranking import (
    in_top_k,
    top_k,
)
from engine.ops.sampled_losses import (
    nce_loss,
    sampled_softmax_loss,
)
from engine.ops.statistics import (
    l2_normalize,
    zero_fraction,
)
from engine.ops.volumes import (
    avg_pool3d,
    conv3d,
    conv3d_transpose,
    max_pool3d,
)
from engine.ops.windows import (
    atrous_conv2d,
    conv1d,
    convolution,
    pool,
    separable_conv2d,
)
from engine.rnn import (
    rnn_cell,
)
from engine.rnn.sequences import (
    bidirectional_dynamic_rnn,
    dynamic_rnn,
    raw_rnn,
    static_bidirectional_rnn,
    static_rnn,
)

rnn = static_rnn
bidirectional_rnn = static_bidirectional_rnn

if TYPE_CHECKING:
    from engine.contrib import legacy_seq2seq as seq2seq


def __getattr__(name: str) -> Any:
    if name == "seq2seq":
        # What tf.contrib is made of is only imported for those who use it.
        return importlib.import_module("engine.contrib.legacy_seq2seq")
    raise AttributeError(f"module 'engine.nn' has no attribute {name!r}")


__all__ = [
    "atrous_conv2d",
    "avg_pool",
    "avg_pool3d",
    "batch_norm_with_global_normalization",
    "batch_normalization",
    "bias_add",
    "bidirectional_dynamic_rnn",
    "bidirectional_rnn",
    "compute_accidental_hits",
    "conv1d",
    "conv2d",
    "conv2d_backprop_filter",
    "conv2d_backprop_input",
    "conv2d_transpose",
    "conv3d",
    "conv3d_transpose",
    "convolution",
    "crelu",
    "depth_to_space",
    "depthwise_conv2d",
    "depthwise_conv2d_native",
    "dropout",
    "dynamic_rnn",
    "elu",
    "embedding_lookup",
    "embedding_lookup_sparse",
    "fixed_unigram_candidate_sampler",
    "fused_batch_norm",
    "in_top_k",
    "l2_loss",
    "l2_normalize",
    "leaky_relu",
    "local_response_normalization",
    "log_poisson_loss",
    "log_softmax",
    "log_uniform_candidate_sampler",
    "lrn",
    "max_pool",
    "max_pool3d",
    "max_pool_with_argmax",
    "moments",
    "nce_loss",
    "normalize_moments",
    "pool",
    "raw_rnn",
    "relu",
    "relu6",
    "relu_layer",
    "rnn",
    "rnn_cell",
    "sampled_softmax_loss",
    "selu",
    "separable_conv2d",
    "seq2seq",
    "sigmoid",
    "sigmoid_cross_entropy_with_logits",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_v2",
    "softplus",
    "softsign",
    "space_to_depth",
    "sparse_softmax_cross_entropy_with_logits",
    "static_bidirectional_rnn",
    "static_rnn",
    "sufficient_statistics",
    "swish",
    "tanh",
    "top_k",
    "uniform_candidate_sampler",
    "weighted_cross_entropy_with_logits",
    "weighted_moments",
    "xw_plus_b",
    "zero_fraction",
]
