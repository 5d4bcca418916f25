"""``tf.contrib.layers``: layers with variables, regularizers, initializers."""

from engine.contrib.elementary import bias_add, maxout, softmax, unit_norm
from engine.contrib.initializers import (
    variance_scaling_initializer,
    xavier_initializer,
    xavier_initializer_conv2d,
)
from engine.contrib.normalizing import batch_norm, instance_norm, layer_norm
from engine.contrib.optimizing import OPTIMIZER_CLS_NAMES, optimize_loss
from engine.contrib.regularizers import (
    apply_regularization,
    l1_l2_regularizer,
    l1_regularizer,
    l2_regularizer,
    sum_regularizer,
)
from engine.contrib.separable import separable_conv2d, separable_convolution2d
from engine.contrib.shaping import (
    avg_pool2d,
    dropout,
    embed_sequence,
    flatten,
    max_pool2d,
    one_hot_encoding,
    repeat,
    stack,
)
from engine.contrib.summarizing import (
    summarize_activation,
    summarize_activations,
    summarize_collection,
    summarize_tensor,
    summarize_tensors,
    summarize_variables,
)
from engine.contrib.weighted import (
    convolution,
    convolution2d_transpose,
    fully_connected,
    linear,
    relu6_layer,
    relu_layer,
)

relu = relu_layer
relu6 = relu6_layer
conv2d = convolution2d = convolution
conv2d_transpose = convolution2d_transpose

__all__ = [
    "OPTIMIZER_CLS_NAMES",
    "apply_regularization",
    "avg_pool2d",
    "batch_norm",
    "bias_add",
    "conv2d",
    "conv2d_transpose",
    "convolution",
    "convolution2d",
    "convolution2d_transpose",
    "dropout",
    "embed_sequence",
    "flatten",
    "fully_connected",
    "instance_norm",
    "l1_l2_regularizer",
    "l1_regularizer",
    "l2_regularizer",
    "layer_norm",
    "linear",
    "max_pool2d",
    "maxout",
    "one_hot_encoding",
    "optimize_loss",
    "relu",
    "relu6",
    "repeat",
    "separable_conv2d",
    "separable_convolution2d",
    "softmax",
    "stack",
    "sum_regularizer",
    "summarize_activation",
    "summarize_activations",
    "summarize_collection",
    "summarize_tensor",
    "summarize_tensors",
    "summarize_variables",
    "unit_norm",
    "variance_scaling_initializer",
    "xavier_initializer",
    "xavier_initializer_conv2d",
]
