"""``tf.contrib.layers``'s separable convolution, and its depthwise part alone."""

from __future__ import annotations

from typing import Any

from engine.contrib.arg_scopes import add_arg_scope
from engine.contrib.initializers import xavier_initializer
from engine.contrib.model_variables import (
    collect_output,
    collect_variable,
    model_variable,
    renaming,
)
from engine.contrib.weighted import axes_name
from engine.graph import Tensor
from engine.initializers import Zeros
from engine.layers.convolutional import SeparableConv2D
from engine.ops.activations import relu
from engine.ops.biases import bias_add
from engine.ops.constants import convert_to_tensor
from engine.ops.depthwise import depthwise_conv2d
from engine.variable_scope import variable_scope

_NAMES = {
    "bias": "biases",
    "depthwise_kernel": "depthwise_weights",
    "pointwise_kernel": "pointwise_weights",
}


@add_arg_scope
def separable_convolution2d(
    inputs: Any,
    num_outputs: int | None,
    kernel_size: Any,
    depth_multiplier: int = 1,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str = "NHWC",
    rate: Any = 1,
    activation_fn: Any = relu,
    normalizer_fn: Any = None,
    normalizer_params: Any = None,
    weights_initializer: Any = None,
    pointwise_initializer: Any = None,
    weights_regularizer: Any = None,
    biases_initializer: Any = Zeros,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Tensor:
    """relu(a convolution of every channel by itself, then over all channels, + biases).

    With `num_outputs` None the second part is left out. Variables: depthwise_weights [height,
    width, channels, depth_multiplier], pointwise_weights [1, 1, channels * depth_multiplier,
    num_outputs], biases.

    Source: Chollet, *Xception*, 2016; ``tf.contrib.layers.separable_conv2d``.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     y = tf.contrib.layers.separable_conv2d(tf.zeros([2, 8, 8, 3]), 4, 3)
    ...     print([v.op.name.rpartition("/")[2] for v in tf.trainable_variables()])
    ['depthwise_weights', 'pointwise_weights', 'biases']
    """
    first = weights_initializer or xavier_initializer()
    plain = normalizer_fn is None and biases_initializer is not None
    with variable_scope(
        scope, "SeparableConv2d", [inputs], reuse=reuse, custom_getter=renaming(_NAMES)
    ) as sc:
        x = convert_to_tensor(inputs)
        if num_outputs is not None:
            layer = SeparableConv2D(
                num_outputs,
                kernel_size,
                strides=stride,
                padding=padding,
                data_format=axes_name(data_format),
                dilation_rate=rate,
                depth_multiplier=depth_multiplier,
                use_bias=plain,
                depthwise_initializer=first,
                pointwise_initializer=pointwise_initializer or first,
                bias_initializer=biases_initializer,
                depthwise_regularizer=weights_regularizer,
                pointwise_regularizer=weights_regularizer,
                bias_regularizer=biases_regularizer,
                trainable=trainable,
                name=sc.name,
                dtype=x.dtype.base_dtype,
                _scope=sc,
                _reuse=reuse,
            )
            outputs: Tensor = layer(x)
            for weights in (layer.depthwise_kernel, layer.pointwise_kernel):
                collect_variable(weights, variables_collections, "weights")
            collect_variable(layer.bias, variables_collections, "biases")
        else:
            dtype = x.dtype.base_dtype
            channels = x.get_shape()[3 if data_format == "NHWC" else 1].value
            weights = model_variable(
                "depthwise_weights",
                [*_pair(kernel_size), channels, depth_multiplier],
                dtype,
                first,
                weights_regularizer,
                trainable,
            )
            collect_variable(weights, variables_collections, "weights")
            steps = _pair(stride)
            strides = [1, *steps, 1] if data_format == "NHWC" else [1, 1, *steps]
            outputs = depthwise_conv2d(
                x, weights, strides, padding, _pair(rate), data_format=data_format
            )
            if plain:
                start = (
                    biases_initializer()
                    if isinstance(biases_initializer, type)
                    else biases_initializer
                )
                biases = model_variable(
                    "biases",
                    [channels * depth_multiplier],
                    dtype,
                    start,
                    biases_regularizer,
                    trainable,
                )
                collect_variable(biases, variables_collections, "biases")
                outputs = bias_add(outputs, biases, data_format)
        if normalizer_fn is not None:
            outputs = normalizer_fn(outputs, **(normalizer_params or {}))
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return collect_output(outputs, outputs_collections)


def _pair(value: Any) -> list[int]:
    return [int(n) for n in value] if isinstance(value, list | tuple) else [int(value)] * 2


separable_conv2d = separable_convolution2d
