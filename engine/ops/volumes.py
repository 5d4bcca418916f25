"""Convolution and pooling of volumes: of depth, rows and columns, made of those of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.errors import compose
from engine.gradients import gradients
from engine.graph import Tensor
from engine.kernels.windows import out_size
from engine.ops.arithmetic import maximum
from engine.ops.casting import identity
from engine.ops.constants import convert_to_tensor, integers
from engine.ops.convolution import conv2d
from engine.ops.filling import zeros
from engine.ops.joining import concat
from engine.ops.padding import pad
from engine.ops.pooling import avg_pool, max_pool
from engine.ops.shaping import reshape, transpose
from engine.ops.sizes import shape
from engine.shapes import Dims, merge_size


def conv3d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: str | None = None,
    data_format: str = "NDHWC",
    dilations: Any = (1, 1, 1, 1, 1),
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """Sums under a window moved over volumes, one for each filter: [n, depth, rows, columns, k].

    input: float [n, depth, rows, columns, channels] (``"NCDHW"``: channels second); filter: float
    [depth, rows, columns, channels, k] of known sizes; strides, dilations: five numbers, 1 at both
    ends.

    Raises:
        ValueError: sizes do not fit, or the filter's are not known.

    Source: ``tf.nn.conv3d``.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     print(tf.nn.conv3d(tf.zeros([2, 4, 8, 8, 3]), tf.zeros([3, 3, 3, 3, 5]),
    ...                        [1, 1, 2, 2, 1], "SAME").get_shape())
    (2, 4, 4, 4, 5)
    """
    x = convert_to_tensor(input, name="input")
    kernel = convert_to_tensor(filter if filters is None else filters, x.dtype.base_dtype, "filter")
    first = _channels_first(data_format)
    window = kernel.spec.dims
    if window is None or len(window) != 5 or None in window[:4]:
        raise _unknown("conv3d", "filter", kernel)
    steps = _three(strides, first, "strides")
    apart = _three(dilations, first, "dilations")
    way = _checked_padding(padding)
    with x.graph.name_scope(name or "Conv3D") as scope:
        volumes = _channels_last(x, first)
        merge_size(_dims(volumes)[4], window[3])
        depth = int(window[0] or 0)
        slices = _slices(volumes, depth, steps[0], apart[0], way)
        # Slices of the window beside each other as channels: one large product.
        images = _as_images(slices[0] if depth == 1 else concat(slices, 4))
        flat = reshape(
            transpose(kernel, [1, 2, 0, 3, 4]),
            [window[1], window[2], depth * int(window[3] or 0), -1],
        )
        result = conv2d(
            images, flat, [1, *steps[1:], 1], way, dilations=[1, *apart[1:], 1], name="slices"
        )
        return _as_volumes(result, slices[0], first, scope)


def conv3d_transpose(
    value: Any,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: str = "SAME",
    data_format: str = "NDHWC",
    name: str | None = None,
    input: Any = None,
    filters: Any = None,
) -> Tensor:
    """The transposed convolution of volumes, in `output_shape`: the gradient of `conv3d`.

    value: float [n, depth, rows, columns, k]; filter: float [depth, rows, columns, channels, k];
    output_shape: [n, depth, rows, columns, channels], in the order of `data_format`.

    Raises:
        ValueError: sizes do not fit.

    Source: ``tf.nn.conv3d_transpose``.
    """
    x = convert_to_tensor(value if input is None else input, name="value")
    kernel = convert_to_tensor(filter if filters is None else filters, x.dtype.base_dtype, "filter")
    with x.graph.name_scope(name or "conv3d_transpose") as scope:
        source = zeros(integers(output_shape, "output_shape"), x.dtype.base_dtype)
        forward = conv3d(source, kernel, strides, padding, data_format)
        (found,) = gradients([forward], [source], [x])
        result = identity(found, scope)
        result.set_shape(source.get_shape())
        return result


def max_pool3d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NDHWC",
    name: str | None = None,
) -> Tensor:
    """The largest element under a window moved over volumes [n, depth, rows, columns, channels].

    ksize, strides: five numbers, 1 at both ends (``"NCDHW"``: in the first two places).

    Source: ``tf.nn.max_pool3d``.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     x = tf.zeros([2, 4, 8, 8, 3])
    ...     print(tf.nn.max_pool3d(x, [1, 2, 2, 2, 1], [1, 2, 2, 2, 1], "SAME").get_shape())
    (2, 2, 4, 4, 3)
    """
    return _pooled(max_pool, "MaxPool3D", input, ksize, strides, padding, data_format, name)


def avg_pool3d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NDHWC",
    name: str | None = None,
) -> Tensor:
    """The mean under a window moved over volumes; padding does not count.

    input: float [n, depth, rows, columns, channels]; ksize, strides: as `max_pool3d`.

    Source: ``tf.nn.avg_pool3d``.
    """
    return _pooled(avg_pool, "AvgPool3D", input, ksize, strides, padding, data_format, name)


def _pooled(
    function: Callable[..., Tensor],
    label: str,
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str,
    name: str | None,
) -> Tensor:
    """Pooled over rows and columns, then over the depth: both kinds can be taken apart so."""
    x = convert_to_tensor(input, name="input")
    first = _channels_first(data_format)
    window, steps = _three(ksize, first, "ksize"), _three(strides, first, "strides")
    way = _checked_padding(padding)
    with x.graph.name_scope(name or label) as scope:
        volumes = _channels_last(x, first)
        flat = function(_as_images(volumes), [1, *window[1:], 1], [1, *steps[1:], 1], way)
        rows, columns = (flat.spec.dims or (None,) * 4)[1:3]
        n, depth, channels = (_size(volumes, axis) for axis in (0, 1, 4))
        inner = -1 if rows is None or columns is None else rows * columns
        layers = reshape(flat, [n, depth, inner, channels])
        result = function(layers, [1, window[0], 1, 1], [1, steps[0], 1, 1], way)
        sizes = [n, _size(result, 1), _size(flat, 1), _size(flat, 2), channels]
        return _ordered(reshape(result, sizes), first, scope)


def _channels_first(data_format: str | None) -> bool:
    if data_format not in ("NDHWC", "NCDHW", None):
        raise ValueError(
            compose(f"data_format {data_format!r} is not known", (), '"NDHWC" or "NCDHW"')
        )
    return data_format == "NCDHW"


def _three(given: Any, first: bool, what: str) -> tuple[int, int, int]:
    """The sizes along depth, rows and columns, of five."""
    five = tuple(int(size) for size in np.ravel(given))
    if len(five) != 5:
        raise ValueError(f"Sliding window {what} field must specify 5 dimensions, got {given}")
    channels = five[1] if first else five[4]
    if five[0] != 1 or channels != 1 or min(five) < 1:
        raise ValueError(
            f"Current implementation does not yet support {what} in the batch and depth "
            f"dimensions, got {given}"
        )
    return five[2:5] if first else five[1:4]


def _checked_padding(padding: str | None) -> str:
    if padding not in ("SAME", "VALID"):
        raise ValueError(
            f"Value for attr 'padding' of \"{padding}\" is not in the list of allowed values: "
            '"SAME", "VALID"'
        )
    return padding


def _dims(x: Tensor) -> Dims:
    if x.spec.dims is None or len(x.spec.dims) != 5:
        raise _unknown("volumes", "input", x)
    return x.spec.dims


def _unknown(where: str, what: str, x: Tensor) -> ValueError:
    return ValueError(
        compose(
            f"{where}: the {what} must have rank 5, of sizes known where a window needs them",
            [f"{x.name!r} has shape {x.get_shape()}"],
        )
    )


def _size(x: Tensor, axis: int) -> Any:
    known = None if x.spec.dims is None else x.spec.dims[axis]
    return shape(x)[axis] if known is None else known


def _channels_last(x: Tensor, first: bool) -> Tensor:
    _dims(x)
    return transpose(x, [0, 2, 3, 4, 1]) if first else x


def _ordered(x: Tensor, first: bool, scope: str) -> Tensor:
    return transpose(x, [0, 4, 1, 2, 3], name=scope) if first else identity(x, scope)


def _as_images(volumes: Tensor) -> Tensor:
    """[n, depth, rows, columns, channels] as [n * depth, rows, columns, channels]."""
    dims = _dims(volumes)
    known = None if dims[0] is None or dims[1] is None else dims[0] * dims[1]
    images = reshape(volumes, [-1, *[_size(volumes, axis) for axis in (2, 3, 4)]])
    images.set_shape([known, *dims[2:]])
    return images


def _as_volumes(images: Tensor, like: Tensor, first: bool, scope: str) -> Tensor:
    sizes = [_size(like, 0), _size(like, 1), *[_size(images, axis) for axis in (1, 2, 3)]]
    result = reshape(images, sizes)
    result.set_shape([*_dims(like)[:2], *(images.spec.dims or (None,) * 4)[1:]])
    return _ordered(result, first, scope)


def _slices(volumes: Tensor, window: int, stride: int, apart: int, padding: str) -> Sequence[Any]:
    """For each place along the window's depth, what it meets: [n, positions, rows, columns, c]."""
    reach = (window - 1) * apart + 1
    size = _dims(volumes)[1]
    count: Any = out_size(size, window, stride, padding, apart)
    if padding == "SAME" and reach > 1:
        total: Any
        if size is None:
            count = (_size(volumes, 1) + stride - 1) // stride
            total = maximum((count - 1) * stride + reach - _size(volumes, 1), 0)
        else:
            total = max((count - 1) * stride + reach - size, 0)
        none = [0, 0]
        volumes = pad(volumes, [none, [total // 2, total - total // 2], none, none, none])
    elif count is None:
        count = (_size(volumes, 1) - reach + stride) // stride
    parts = []
    for place in range(window):
        begin = place * apart
        part = volumes[:, begin : begin + (count - 1) * stride + 1 : stride]
        parts.append(part)
    return parts
