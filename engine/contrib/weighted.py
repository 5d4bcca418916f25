"""``tf.contrib.layers``'s layers with weights: fully connected, convolutions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from engine.contrib.arg_scopes import add_arg_scope
from engine.contrib.initializers import xavier_initializer
from engine.contrib.model_variables import collect_output, collect_variable, renaming
from engine.errors import compose
from engine.graph import Tensor
from engine.initializers import Zeros
from engine.layers.base import Layer
from engine.layers.convolutional import Conv1D, Conv2D, Conv2DTranspose
from engine.layers.core import Dense
from engine.ops.activations import relu, relu6
from engine.ops.constants import convert_to_tensor
from engine.variable_scope import VariableScope, variable_scope

_NAMES = {"kernel": "weights", "bias": "biases"}


def _finished(
    outputs: Tensor,
    layer: Any,
    activation_fn: Any,
    normalizer_fn: Any,
    normalizer_params: Any,
    variables_collections: Any,
    outputs_collections: Any,
) -> Tensor:
    """What every layer ends with: collections, normalization, activation."""
    collect_variable(layer.kernel, variables_collections, "weights")
    collect_variable(layer.bias, variables_collections, "biases")
    if normalizer_fn is not None:
        outputs = normalizer_fn(outputs, **(normalizer_params or {}))
    if activation_fn is not None:
        outputs = activation_fn(outputs)
    return collect_output(outputs, outputs_collections)


@add_arg_scope
def fully_connected(
    inputs: Any,
    num_outputs: int,
    activation_fn: Any = relu,
    normalizer_fn: Any = None,
    normalizer_params: Any = None,
    weights_initializer: Any = None,
    weights_regularizer: Any = None,
    biases_initializer: Any = Zeros,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Tensor:
    """relu(inputs @ weights + biases), [..., num_outputs]; another activation by `activation_fn`.

    With a `normalizer_fn` there are no biases. Variables: weights (Xavier), biases (zeros).

    Raises:
        ValueError: `num_outputs` is no whole number, or sizes are not known.

    Source: ``tf.contrib.layers.fully_connected``.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     y = tf.contrib.layers.fully_connected(tf.zeros([2, 3]), 4)
    ...     print(y.name, [v.name for v in tf.trainable_variables()])
    fully_connected/Relu:0 ['fully_connected/weights:0', 'fully_connected/biases:0']
    """
    units = _count(num_outputs, "fully_connected")
    with variable_scope(
        scope, "fully_connected", [inputs], reuse=reuse, custom_getter=renaming(_NAMES)
    ) as sc:
        x = convert_to_tensor(inputs)
        layer = Dense(
            units,
            use_bias=normalizer_fn is None and biases_initializer is not None,
            kernel_initializer=weights_initializer or xavier_initializer(),
            bias_initializer=biases_initializer,
            kernel_regularizer=weights_regularizer,
            bias_regularizer=biases_regularizer,
            trainable=trainable,
            name=sc.name,
            dtype=x.dtype.base_dtype,
            _scope=sc,
            _reuse=reuse,
        )
        outputs: Tensor = layer(x)
        return _finished(
            outputs, layer, activation_fn, normalizer_fn, normalizer_params,
            variables_collections, outputs_collections,
        )  # fmt: skip


@add_arg_scope
def convolution(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str | None = None,
    rate: Any = 1,
    activation_fn: Any = relu,
    normalizer_fn: Any = None,
    normalizer_params: Any = None,
    weights_initializer: Any = None,
    weights_regularizer: Any = None,
    biases_initializer: Any = Zeros,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Tensor:
    """relu(convolution of sequences or images + biases), by the rank of the inputs.

    Variables: weights [window..., channels, num_outputs] (Xavier), biases (zeros).

    Source: ``tf.contrib.layers.convolution``.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     y = tf.contrib.layers.conv2d(tf.zeros([2, 8, 8, 3]), 4, 3)
    ...     print(y.name, [v.name for v in tf.trainable_variables()])
    Conv/Relu:0 ['Conv/weights:0', 'Conv/biases:0']
    """
    with variable_scope(scope, "Conv", [inputs], reuse=reuse, custom_getter=renaming(_NAMES)) as sc:
        x = convert_to_tensor(inputs)
        rank = x.get_shape().ndims
        if rank not in (3, 4):
            raise ValueError(f"Convolution not supported for input with rank {rank}")
        return _convolved(
            Conv1D if rank == 3 else Conv2D, x, num_outputs, kernel_size, stride, padding,
            data_format, activation_fn, normalizer_fn, normalizer_params, weights_initializer,
            weights_regularizer, biases_initializer, biases_regularizer, reuse,
            variables_collections, outputs_collections, trainable, sc, dilation_rate=rate,
        )  # fmt: skip


@add_arg_scope
def convolution2d_transpose(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str | None = "NHWC",
    activation_fn: Any = relu,
    normalizer_fn: Any = None,
    normalizer_params: Any = None,
    weights_initializer: Any = None,
    weights_regularizer: Any = None,
    biases_initializer: Any = Zeros,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Tensor:
    """relu(transposed convolution of images + biases).

    Variables: weights [window..., num_outputs, channels] (Xavier), biases (zeros).
    """
    with variable_scope(
        scope, "Conv2d_transpose", [inputs], reuse=reuse, custom_getter=renaming(_NAMES)
    ) as sc:
        return _convolved(
            Conv2DTranspose, convert_to_tensor(inputs), num_outputs, kernel_size, stride, padding,
            data_format, activation_fn, normalizer_fn, normalizer_params, weights_initializer,
            weights_regularizer, biases_initializer, biases_regularizer, reuse,
            variables_collections, outputs_collections, trainable, sc,
        )  # fmt: skip


def _convolved(
    kind: Callable[..., Layer],
    x: Tensor,
    num_outputs: int,
    kernel_size: Any,
    stride: Any,
    padding: str,
    data_format: str | None,
    activation_fn: Any,
    normalizer_fn: Any,
    normalizer_params: Any,
    weights_initializer: Any,
    weights_regularizer: Any,
    biases_initializer: Any,
    biases_regularizer: Any,
    reuse: Any,
    variables_collections: Any,
    outputs_collections: Any,
    trainable: bool,
    sc: VariableScope,
    **more: Any,
) -> Tensor:
    layer = kind(
        _count(num_outputs, sc.name),
        kernel_size,
        strides=stride,
        padding=padding,
        data_format=axes_name(data_format),
        use_bias=normalizer_fn is None and biases_initializer is not None,
        kernel_initializer=weights_initializer or xavier_initializer(),
        bias_initializer=biases_initializer,
        kernel_regularizer=weights_regularizer,
        bias_regularizer=biases_regularizer,
        trainable=trainable,
        name=sc.name,
        dtype=x.dtype.base_dtype,
        _scope=sc,
        _reuse=reuse,
        **more,
    )
    return _finished(
        layer(x), layer, activation_fn, normalizer_fn, normalizer_params,
        variables_collections, outputs_collections,
    )  # fmt: skip


def axes_name(data_format: str | None) -> str:
    """``channels_first`` or ``channels_last`` for TensorFlow's letters.

    Raises:
        ValueError: other letters.
    """
    if data_format in (None, "NHWC", "NWC"):
        return "channels_last"
    if data_format in ("NCHW", "NCW"):
        return "channels_first"
    raise ValueError(compose(f"Invalid data_format: {data_format!r}", (), '"NHWC" or "NCHW"'))


def _count(number: Any, name: str) -> int:
    if isinstance(number, bool) or not hasattr(number, "__index__"):
        raise ValueError(f"{name}: num_outputs type should be one of an int, got {number!r}.")
    return int(number)


linear = partial(fully_connected, activation_fn=None)
relu_layer = partial(fully_connected, activation_fn=relu)
relu6_layer = partial(fully_connected, activation_fn=relu6)
