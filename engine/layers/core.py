"""Dense, dropout and flatten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.graph import Tensor
from engine.initializers import Zeros
from engine.layers.base import InputSpec, Layer, known_size, sizes_of
from engine.ops.biases import bias_add
from engine.ops.casting import identity
from engine.ops.dropout import dropout as drop
from engine.ops.linear import matmul
from engine.ops.shaping import reshape, transpose
from engine.ops.sizes import shape
from engine.shapes import TensorShape, count
from engine.smart_cond import smart_cond

Activation = Callable[[Any], Tensor] | None


class Dense(Layer):
    """activation(inputs @ kernel + bias) along the last axis.

    Variables: kernel float [inputs, units], bias [units].

    Raises:
        ValueError: fewer than two axes, or the last one's size is not known.
    """

    def __init__(
        self,
        units: int,
        activation: Activation = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = Zeros,
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
        _scope: Any = None,
        _reuse: Any = None,
    ):
        super().__init__(trainable, name, dtype, activity_regularizer, _scope, _reuse)
        self.units = int(units)
        self.activation = activation
        self.use_bias = use_bias
        self.kernel_initializer = kernel_initializer
        self.bias_initializer = bias_initializer
        self.kernel_regularizer = kernel_regularizer
        self.bias_regularizer = bias_regularizer
        self.kernel_constraint = kernel_constraint
        self.bias_constraint = bias_constraint
        self.kernel: Any = None
        self.bias: Any = None
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Any) -> None:
        width = known_size(self, sizes_of(input_shape), -1, "last dimension")
        self.input_spec = InputSpec(min_ndim=2, axes={-1: width})
        self.kernel = self.add_weight(
            "kernel",
            [width, self.units],
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                [self.units],
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.built = True

    def call(self, inputs: Any, *_: Any, **__: Any) -> Tensor:
        dims = sizes_of(inputs.get_shape())
        outputs = matmul(inputs, self.kernel) if len(dims) == 2 else self._along_last(inputs)
        if self.use_bias:
            outputs = bias_add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)

    def _along_last(self, inputs: Tensor) -> Tensor:
        dims = sizes_of(inputs.get_shape())
        with inputs.graph.name_scope("Tensordot") as scope:
            rows = matmul(reshape(inputs, [-1, dims[-1]]), self.kernel)
            sizes = [shape(inputs)[i] if size is None else size for i, size in enumerate(dims)]
            outputs = reshape(rows, [*sizes[:-1], self.units], scope)
        outputs.set_shape([*dims[:-1], self.units])
        return outputs

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return TensorShape([*sizes_of(input_shape)[:-1], self.units])


class Dropout(Layer):
    """Each element with probability ``1 - rate``, divided by it, else 0; only in training.

    Source: Srivastava et al., *Dropout*, 2014.
    """

    def __init__(
        self,
        rate: Any = 0.5,
        noise_shape: Any = None,
        seed: int | None = None,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        super().__init__(trainable, name, dtype)
        self.rate = rate
        self.noise_shape = noise_shape
        self.seed = seed

    def call(self, inputs: Any, training: Any = False, *_: Any, **__: Any) -> Any:
        return smart_cond(
            training,
            lambda: drop(inputs, None, self.noise_shape, self.seed, rate=self.rate),
            lambda: identity(inputs),
        )

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return TensorShape(input_shape)


class Flatten(Layer):
    """All axes but the first as one."""

    def __init__(
        self,
        data_format: str | None = None,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(trainable, name, dtype)
        self.data_format = data_format or "channels_last"
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any, *_: Any, **__: Any) -> Tensor:
        dims = sizes_of(inputs.get_shape())
        if self.data_format == "channels_first" and len(dims) > 2:
            inputs = transpose(inputs, [0, *range(2, len(dims)), 1])
        width = count(dims[1:])
        if width is not None:
            return reshape(inputs, [-1 if dims[0] is None else dims[0], width])
        outputs = reshape(inputs, [shape(inputs)[0], -1])
        outputs.set_shape([dims[0], None])
        return outputs

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        dims = sizes_of(input_shape)
        return TensorShape([dims[0], count(dims[1:])])


def dense(
    inputs: Any,
    units: int,
    activation: Activation = None,
    use_bias: bool = True,
    kernel_initializer: Any = None,
    bias_initializer: Any = Zeros,
    kernel_regularizer: Any = None,
    bias_regularizer: Any = None,
    activity_regularizer: Any = None,
    kernel_constraint: Any = None,
    bias_constraint: Any = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
) -> Tensor:
    """activation(inputs @ kernel + bias), [..., units], with new variables or, by reuse, old ones.

    Raises:
        ValueError: as `Dense`; the name was used before and `reuse` is not set.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     y = tf.layers.dense(tf.zeros([2, 3]), 4, activation=tf.nn.relu)
    ...     print(y.name, [v.name for v in tf.trainable_variables()])
    dense/Relu:0 ['dense/kernel:0', 'dense/bias:0']
    """
    layer = Dense(
        units,
        activation,
        use_bias,
        kernel_initializer,
        bias_initializer,
        kernel_regularizer,
        bias_regularizer,
        activity_regularizer,
        kernel_constraint,
        bias_constraint,
        trainable,
        name,
        _scope=name,
        _reuse=reuse,
    )
    result: Tensor = layer(inputs)
    return result


def dropout(
    inputs: Any,
    rate: Any = 0.5,
    noise_shape: Any = None,
    seed: int | None = None,
    training: Any = False,
    name: str | None = None,
) -> Any:
    """Each element with probability ``1 - rate``, divided by it, if `training`; else all of them.

    `training` is a bool or a bool tensor.
    """
    return Dropout(rate, noise_shape, seed, name)(inputs, training=training)


def flatten(inputs: Any, name: str | None = None, data_format: str = "channels_last") -> Tensor:
    """All axes but the first as one, [n, ...]."""
    result: Tensor = Flatten(data_format, name=name)(inputs)
    return result
