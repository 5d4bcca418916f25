"""Convolutional layers over sequences, images and volumes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from engine.graph import Tensor
from engine.initializers import Zeros
from engine.layers.base import InputSpec, Layer, known_size, sizes_of
from engine.layers.core import Activation
from engine.layers.windows import layout, numbers, output_length, padding_name, transposed_length
from engine.ops.biases import bias_add
from engine.ops.convolution import conv2d_transpose
from engine.ops.shaping import expand_dims, squeeze
from engine.ops.sizes import shape
from engine.ops.volumes import conv3d_transpose
from engine.ops.windows import convolution
from engine.ops.windows import separable_conv2d as separable
from engine.shapes import TensorShape


class Conv(Layer):
    """activation(convolution of the inputs by the kernel + bias); a subclass says the axes.

    Variables: kernel float [window..., channels, filters], bias [filters].
    """

    axes: ClassVar[int]
    result_of_window: ClassVar[Callable[..., int | None]] = staticmethod(output_length)

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
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
        self.filters = int(filters)
        self.kernel_size = numbers(kernel_size, self.axes, "kernel_size")
        self.strides = numbers(strides, self.axes, "strides")
        self.padding = padding_name(padding)
        self.data_format = data_format
        self._layout = layout(data_format)
        self.dilation_rate = numbers(dilation_rate, self.axes, "dilation_rate")
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
        self.input_spec = InputSpec(ndim=self.axes + 2)

    def build(self, input_shape: Any) -> None:
        channels = known_size(self, sizes_of(input_shape), self._layout.channel_axis)
        self.input_spec = InputSpec(ndim=self.axes + 2, axes={self._layout.channel_axis: channels})
        self.build_kernels(channels)
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                [self.filters],
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.built = True

    def build_kernels(self, channels: int) -> None:
        """Make the kernel, or the kernels, for inputs of so many channels."""
        self.kernel = self.add_weight(
            "kernel",
            self.kernel_dims(channels),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )

    def kernel_dims(self, channels: int) -> list[int]:
        return [*self.kernel_size, channels, self.filters]

    def convolve(self, inputs: Tensor) -> Tensor:
        """The convolution itself."""
        return convolution(
            inputs,
            self.kernel,
            self.padding.upper(),
            self.strides,
            self.dilation_rate,
            "conv1d" if self.axes == 1 else f"Conv{self.axes}D",
            self._layout.format(self.axes),
        )

    def call(self, inputs: Any, *_: Any, **__: Any) -> Tensor:
        outputs = self.convolve(inputs)
        if self.use_bias:
            outputs = bias_add(outputs, self.bias, self._layout.name)
        return outputs if self.activation is None else self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        dims = list(sizes_of(input_shape))
        for i, axis in enumerate(self._layout.spatial(self.axes)):
            dims[axis] = type(self).result_of_window(
                dims[axis], self.kernel_size[i], self.padding, self.strides[i],
                *([self.dilation_rate[i]] if self.dilation_rate[i] > 1 else []),
            )  # fmt: skip
        dims[self._layout.channel_axis] = self.filters
        return TensorShape(dims)


class Conv1D(Conv):
    """A convolution along sequences [n, positions, channels]."""

    axes = 1


class Conv2D(Conv):
    """A convolution over images [n, rows, columns, channels]."""

    axes = 2


class Conv3D(Conv):
    """A convolution over volumes [n, depth, rows, columns, channels]."""

    axes = 3


class Conv2DTranspose(Conv):
    """A transposed convolution ("deconvolution") over images; kernel [..., filters, channels]."""

    axes = 2
    function: ClassVar[Callable[..., Tensor]] = staticmethod(conv2d_transpose)
    result_of_window = staticmethod(transposed_length)

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
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
        super().__init__(
            filters, kernel_size, strides, padding, data_format, 1, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint, trainable, name, dtype,
            _scope, _reuse,
        )  # fmt: skip

    def kernel_dims(self, channels: int) -> list[int]:
        return [*self.kernel_size, self.filters, channels]

    def convolve(self, inputs: Tensor) -> Tensor:
        known = sizes_of(inputs.get_shape())
        target = self.compute_output_shape(known)
        dynamic = None if target.is_fully_defined() else shape(inputs)
        sizes: list[Any] = target.as_list()
        spatial = list(self._layout.spatial(self.axes))
        for axis, size in enumerate(sizes):
            if size is None and axis in spatial:
                assert dynamic is not None
                i = spatial.index(axis)
                extra = max(self.kernel_size[i] - self.strides[i], 0)
                sizes[axis] = dynamic[axis] * self.strides[i] + (
                    extra if self.padding == "valid" else 0
                )
            elif size is None:
                assert dynamic is not None
                sizes[axis] = dynamic[axis]
        outputs = type(self).function(
            inputs,
            self.kernel,
            sizes,
            self._layout.four(self.strides),
            self.padding.upper(),
            self._layout.format(self.axes),
        )
        outputs.set_shape(target)
        return outputs


class Conv3DTranspose(Conv2DTranspose):
    """A transposed convolution over volumes; kernel [..., filters, channels]."""

    axes = 3
    function = staticmethod(conv3d_transpose)


class SeparableConv(Conv):
    """Every channel convolved by its own filters, then all of them mixed point by point.

    Variables: depthwise_kernel float [window..., channels, depth_multiplier], pointwise_kernel
    [1..., channels * depth_multiplier, filters], bias [filters].
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Activation = None,
        use_bias: bool = True,
        depthwise_initializer: Any = None,
        pointwise_initializer: Any = None,
        bias_initializer: Any = Zeros,
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
        _scope: Any = None,
        _reuse: Any = None,
    ):
        super().__init__(
            filters, kernel_size, strides, padding, data_format, dilation_rate, activation,
            use_bias, None, bias_initializer, None, bias_regularizer, activity_regularizer, None,
            bias_constraint, trainable, name, dtype, _scope, _reuse,
        )  # fmt: skip
        self.depth_multiplier = int(depth_multiplier)
        self._depthwise = (depthwise_initializer, depthwise_regularizer, depthwise_constraint)
        self._pointwise = (pointwise_initializer, pointwise_regularizer, pointwise_constraint)
        self.depthwise_kernel: Any = None
        self.pointwise_kernel: Any = None

    def build_kernels(self, channels: int) -> None:
        each = self.depth_multiplier
        ones = [1] * self.axes
        kernels = []
        for name, dims, settings in (
            ("depthwise_kernel", [*self.kernel_size, channels, each], self._depthwise),
            ("pointwise_kernel", [*ones, channels * each, self.filters], self._pointwise),
        ):
            initializer, regularizer, constraint = settings
            kernels.append(
                self.add_weight(
                    name,
                    dims,
                    initializer=initializer,
                    regularizer=regularizer,
                    constraint=constraint,
                )
            )
        self.depthwise_kernel, self.pointwise_kernel = kernels

    def convolve(self, inputs: Tensor) -> Tensor:
        along = 2 if self._layout.first else 1
        one_axis = self.axes == 1
        images = expand_dims(inputs, along) if one_axis else inputs
        depthwise, pointwise = self.depthwise_kernel, self.pointwise_kernel
        if one_axis:
            depthwise, pointwise = expand_dims(depthwise, 0), expand_dims(pointwise, 0)
        ones = [1] if one_axis else []
        outputs = separable(
            images,
            depthwise,
            pointwise,
            self._layout.four(self.strides * 2 if one_axis else self.strides),
            self.padding.upper(),
            [*ones, *self.dilation_rate],
            data_format=self._layout.name,
        )
        return squeeze(outputs, [along]) if one_axis else outputs


class SeparableConv1D(SeparableConv):
    """A depthwise separable convolution along sequences [n, positions, channels]."""

    axes = 1


class SeparableConv2D(SeparableConv):
    """A depthwise separable convolution over images [n, rows, columns, channels].

    Source: Chollet, *Xception: Deep Learning with Depthwise Separable Convolutions*, 2017.
    """

    axes = 2
