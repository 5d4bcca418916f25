"""Pooling layers over sequences, images and volumes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from engine.graph import Tensor
from engine.layers.base import InputSpec, Layer, sizes_of
from engine.layers.windows import layout, numbers, output_length, padding_name
from engine.ops.pooling import avg_pool, max_pool
from engine.ops.shaping import expand_dims, squeeze
from engine.ops.volumes import avg_pool3d, max_pool3d
from engine.shapes import TensorShape


class Pooling(Layer):
    """A window moved over up to three axes; a subclass says how many and what is taken."""

    axes: ClassVar[int]
    function: ClassVar[Callable[..., Tensor]]

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ):
        super().__init__(trainable, name, dtype)
        self.pool_size = numbers(pool_size, self.axes, "pool_size")
        self.strides = numbers(pool_size if strides is None else strides, self.axes, "strides")
        self.padding = padding_name(padding)
        self.data_format = data_format
        self._layout = layout(data_format)
        self.input_spec = InputSpec(ndim=self.axes + 2)

    def call(self, inputs: Any, *_: Any, **__: Any) -> Tensor:
        along = 2 if self._layout.first else 1
        images = expand_dims(inputs, along) if self.axes == 1 else inputs
        result = type(self).function(
            images,
            self._layout.four(self.pool_size),
            self._layout.four(self.strides),
            self.padding.upper(),
            self._layout.format(self.axes),
        )
        return squeeze(result, [along]) if self.axes == 1 else result

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        dims = list(sizes_of(input_shape))
        for i, axis in enumerate(self._layout.spatial(self.axes)):
            dims[axis] = output_length(dims[axis], self.pool_size[i], self.padding, self.strides[i])
        return TensorShape(dims)


class MaxPooling1D(Pooling):
    """The largest element under a window moved along sequences [n, positions, channels]."""

    axes = 1
    function = staticmethod(max_pool)


class AveragePooling1D(Pooling):
    """The mean under a window moved along sequences [n, positions, channels]."""

    axes = 1
    function = staticmethod(avg_pool)


class MaxPooling2D(Pooling):
    """The largest element under a window moved over images [n, rows, columns, channels]."""

    axes = 2
    function = staticmethod(max_pool)


class AveragePooling2D(Pooling):
    """The mean under a window moved over images [n, rows, columns, channels]."""

    axes = 2
    function = staticmethod(avg_pool)


class MaxPooling3D(Pooling):
    """The largest element under a window over volumes [n, depth, rows, columns, channels]."""

    axes = 3
    function = staticmethod(max_pool3d)


class AveragePooling3D(Pooling):
    """The mean under a window moved over volumes [n, depth, rows, columns, channels]."""

    axes = 3
    function = staticmethod(avg_pool3d)


def max_pooling1d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The largest element under a window moved along sequences [n, positions, channels]."""
    return MaxPooling1D(pool_size, strides, padding, data_format, name)(inputs)


def average_pooling1d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The mean under a window moved along sequences [n, positions, channels]."""
    return AveragePooling1D(pool_size, strides, padding, data_format, name)(inputs)


def max_pooling2d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The largest element under a window moved over images [n, rows, columns, channels].

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     tf.layers.max_pooling2d(tf.zeros([2, 8, 8, 3]), 2, 2)
    <tf.Tensor 'max_pooling2d/MaxPool:0' shape=(2, 4, 4, 3) dtype=float32>
    """
    return MaxPooling2D(pool_size, strides, padding, data_format, name)(inputs)


def average_pooling2d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The mean under a window moved over images [n, rows, columns, channels]."""
    return AveragePooling2D(pool_size, strides, padding, data_format, name)(inputs)


def max_pooling3d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The largest element under a window over volumes [n, depth, rows, columns, channels]."""
    return MaxPooling3D(pool_size, strides, padding, data_format, name)(inputs)


def average_pooling3d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The mean under a window moved over volumes [n, depth, rows, columns, channels]."""
    return AveragePooling3D(pool_size, strides, padding, data_format, name)(inputs)
