"""``tf.contrib.layers``'s layers without weights, and layers in a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.contrib.arg_scopes import add_arg_scope
from engine.contrib.model_variables import collect_output, renaming
from engine.contrib.weighted import axes_name
from engine.dtypes import int32, int64
from engine.graph import Tensor
from engine.layers.core import flatten as flat
from engine.layers.pooling import AveragePooling2D, MaxPooling2D
from engine.ops.casting import cast, identity
from engine.ops.constants import convert_to_tensor
from engine.ops.dropout import dropout as drop
from engine.ops.embeddings import embedding_lookup
from engine.ops.filling import one_hot
from engine.smart_cond import smart_cond
from engine.variable_scope import get_variable, variable_scope


@add_arg_scope
def max_pool2d(
    inputs: Any,
    kernel_size: Any,
    stride: Any = 2,
    padding: str = "VALID",
    data_format: str = "NHWC",
    outputs_collections: Any = None,
    scope: str | None = None,
) -> Tensor:
    """The largest element under a window moved over images [n, rows, columns, channels]."""
    x = convert_to_tensor(inputs)
    with x.graph.name_scope(scope or "MaxPool2D") as name:
        layer = MaxPooling2D(kernel_size, stride, padding, axes_name(data_format))
        return collect_output(layer.call(x), outputs_collections, name)


@add_arg_scope
def avg_pool2d(
    inputs: Any,
    kernel_size: Any,
    stride: Any = 2,
    padding: str = "VALID",
    data_format: str = "NHWC",
    outputs_collections: Any = None,
    scope: str | None = None,
) -> Tensor:
    """The mean under a window moved over images [n, rows, columns, channels]."""
    x = convert_to_tensor(inputs)
    with x.graph.name_scope(scope or "AvgPool2D") as name:
        layer = AveragePooling2D(kernel_size, stride, padding, axes_name(data_format))
        return collect_output(layer.call(x), outputs_collections, name)


@add_arg_scope
def flatten(inputs: Any, outputs_collections: Any = None, scope: str | None = None) -> Tensor:
    """All axes but the first as one."""
    x = convert_to_tensor(inputs)
    with x.graph.name_scope(scope or "Flatten") as name:
        return collect_output(flat(x), outputs_collections, name)


@add_arg_scope
def dropout(
    inputs: Any,
    keep_prob: Any = 0.5,
    noise_shape: Any = None,
    is_training: Any = True,
    outputs_collections: Any = None,
    scope: str | None = None,
    seed: int | None = None,
) -> Tensor:
    """Each element with probability `keep_prob`, divided by it, else 0; only in training."""
    with variable_scope(scope, "Dropout", [inputs], custom_getter=renaming()):
        x = convert_to_tensor(inputs)
        outputs = smart_cond(
            is_training, lambda: drop(x, keep_prob, noise_shape, seed), lambda: identity(x)
        )
        return collect_output(outputs, outputs_collections)


@add_arg_scope
def one_hot_encoding(
    labels: Any,
    num_classes: int,
    on_value: float = 1.0,
    off_value: float = 0.0,
    outputs_collections: Any = None,
    scope: str | None = None,
) -> Tensor:
    """Class numbers as rows of float32 [n, num_classes]."""
    numbers = convert_to_tensor(labels)
    with numbers.graph.name_scope(scope or "OneHotEncoding") as name:
        if numbers.spec.dtype is int32:
            numbers = cast(numbers, int64)
        rows = one_hot(numbers, num_classes, on_value, off_value)
        return collect_output(rows, outputs_collections, name)


def embed_sequence(
    ids: Any,
    vocab_size: int | None = None,
    embed_dim: int | None = None,
    unique: bool = False,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: Any = None,
) -> Tensor:
    """The rows of a new variable ``embeddings`` [vocab_size, embed_dim] at `ids`.

    Raises:
        ValueError: sizes are missing for a new variable.
    """
    del unique  # A hint of TensorFlow's that changes no result.
    if not (reuse or (vocab_size and embed_dim)):
        raise ValueError(f"Must specify vocab size and embedding dimension when not reusing. Got "
                         f"vocab_size={vocab_size} and embed_dim={embed_dim}")  # fmt: skip
    with variable_scope(scope, "EmbedSequence", [ids], reuse=reuse):
        shape = [vocab_size, embed_dim] if vocab_size and embed_dim else None
        table = get_variable(
            "embeddings",
            shape,
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
        )
        return embedding_lookup(table, ids)


def stack(inputs: Any, layer: Callable[..., Any], stack_args: Any, **kwargs: Any) -> Any:
    """The layer applied once for each of `stack_args`, to the result of the one before.

    Raises:
        TypeError: `stack_args` is no list or tuple.

    >>> import engine as tf
    >>> layers = tf.contrib.layers
    >>> with tf.Graph().as_default():
    ...     y = layers.stack(tf.zeros([2, 3]), layers.fully_connected, [4, 5], scope="fc")
    ...     print(y.name, y.get_shape())
    fc/fc_2/Relu:0 (2, 5)
    """
    scope = kwargs.pop("scope", None)
    if not isinstance(stack_args, list | tuple):
        raise TypeError("stack_args need to be a list or tuple")
    with variable_scope(scope, "Stack", [inputs]):
        name = scope or _name_of(layer)
        outputs = inputs
        for number, given in enumerate(stack_args, 1):
            arguments = given if isinstance(given, list | tuple) else [given]
            outputs = layer(outputs, *arguments, scope=f"{name}_{number}", **kwargs)
        return outputs


def repeat(
    inputs: Any, repetitions: int, layer: Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    """The layer applied so many times, each time to the result of the one before."""
    scope = kwargs.pop("scope", None)
    with variable_scope(scope, "Repeat", [inputs]):
        name = scope or _name_of(layer)
        outputs = inputs
        for number in range(1, repetitions + 1):
            outputs = layer(outputs, *args, scope=f"{name}_{number}", **kwargs)
        return outputs


def _name_of(layer: Any) -> str:
    function = getattr(layer, "func", layer)
    name = getattr(function, "__name__", "repeat")
    return name if name != "<lambda>" else "stack"
