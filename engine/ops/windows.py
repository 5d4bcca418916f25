"""Convolutions and poolings made of others: 1-D, separable, dilated, of any kind by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.errors import compose
from engine.graph import Tensor
from engine.ops.constants import convert_to_tensor
from engine.ops.convolution import conv2d
from engine.ops.depthwise import depthwise_conv2d
from engine.ops.pooling import avg_pool, max_pool
from engine.ops.shaping import expand_dims, squeeze
from engine.ops.volumes import avg_pool3d, conv3d, max_pool3d

_CHANNELS_FIRST = ("NCHW", "NCW", "NCDHW")
_CHANNELS_LAST = (None, "NHWC", "NWC", "NDHWC")


def conv1d(
    value: Any = None,
    filters: Any = None,
    stride: int | None = None,
    padding: str | None = None,
    use_cudnn_on_gpu: bool | None = None,
    data_format: str | None = None,
    name: str | None = None,
    input: Any = None,
    dilations: int | None = None,
) -> Tensor:
    """Sums under a window moved along sequences, one for each filter: [n, positions, filters].

    value: float [n, positions, channels] (``"NCW"``: [n, channels, positions]); filters: float
    [width, channels, filters].

    Raises:
        ValueError: sizes do not fit, or the format is not known.
    """
    del use_cudnn_on_gpu
    x = convert_to_tensor(value if input is None else input)
    first = _channels_first(data_format)
    with x.graph.name_scope(name or "conv1d") as scope:
        along = 2 if first else 1
        result = conv2d(
            expand_dims(x, along),
            expand_dims(filters, 0),
            _four(first, [1, _one(stride)]),
            padding or "",
            data_format="NCHW" if first else "NHWC",
            dilations=_four(first, [1, _one(dilations)]),
            name=scope,
        )
        return squeeze(result, [along])


def separable_conv2d(
    input: Any,
    depthwise_filter: Any,
    pointwise_filter: Any,
    strides: Any,
    padding: str,
    rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
) -> Tensor:
    """Every channel convolved by its own filters, then all of them mixed point by point.

    input: float [n, rows, columns, channels]; depthwise_filter: [rows, columns, channels, each];
    pointwise_filter: [1, 1, channels * each, filters].

    Raises:
        ValueError: sizes do not fit.

    Source: Chollet, *Xception: Deep Learning with Depthwise Separable Convolutions*, 2017.
    """
    x = convert_to_tensor(input, name="tensor_in")
    with x.graph.name_scope(name or "separable_conv2d") as scope:
        separate = depthwise_conv2d(
            x, depthwise_filter, strides, padding, rate, "depthwise", data_format
        )
        return conv2d(
            separate,
            pointwise_filter,
            [1, 1, 1, 1],
            "VALID",
            data_format=data_format or "NHWC",
            name=scope,
        )


def atrous_conv2d(
    value: Any, filters: Any, rate: int, padding: str, name: str | None = None
) -> Tensor:
    """A convolution whose filters' elements lie `rate` rows and columns apart.

    value: float [n, rows, columns, channels]; filters: float [rows, columns, channels, filters].

    Source: Chen et al., *Semantic Image Segmentation with Deep Convolutional Nets and Fully
    Connected CRFs*, 2015.
    """
    return convolution(value, filters, padding, dilation_rate=[rate, rate], name=name)


def convolution(
    input: Any,
    filter: Any,
    padding: str,
    strides: Any = None,
    dilation_rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
) -> Tensor:
    """`conv1d`, `conv2d` or `conv3d` by the filter's rank; strides, dilations for the window alone.

    Raises:
        ValueError: another rank than 3, 4 or 5, or strides together with dilations.
    """
    x = convert_to_tensor(input, name="input")
    kernel = convert_to_tensor(filter, x.dtype.base_dtype, "filter")
    spatial = _spatial_rank(kernel.spec.dims, "convolution")
    steps, apart = _window(strides, spatial), _window(dilation_rate, spatial)
    if max(steps) > 1 and max(apart) > 1:
        raise ValueError("strides > 1 not supported in conjunction with dilation_rate > 1")
    first = _channels_first(data_format)
    with x.graph.name_scope(name or "convolution") as scope:
        if spatial == 1:
            layout = "NCW" if first else "NWC"
            return conv1d(
                x, kernel, steps[0], padding, data_format=layout, name=scope, dilations=apart[0]
            )
        if spatial == 3:
            layout = "NCDHW" if first else "NDHWC"
            return conv3d(
                x, kernel, _four(first, steps), padding, layout, _four(first, apart), scope
            )
        return conv2d(
            x,
            kernel,
            _four(first, steps),
            padding,
            data_format="NCHW" if first else "NHWC",
            dilations=_four(first, apart),
            name=scope,
        )


def pool(
    input: Any,
    window_shape: Any,
    pooling_type: str,
    padding: str,
    dilation_rate: Any = None,
    strides: Any = None,
    name: str | None = None,
    data_format: str | None = None,
) -> Tensor:
    """The largest (``"MAX"``) or mean (``"AVG"``) element under a window of one to three axes.

    Raises:
        ValueError: another kind or number of axes, or a dilated window.
    """
    x = convert_to_tensor(input, name="input")
    if pooling_type not in ("MAX", "AVG"):
        raise ValueError(
            compose(f"pooling_type {pooling_type!r} is not known", (), '"MAX" or "AVG"')
        )
    sizes = [int(size) for size in np.ravel(window_shape)]
    spatial = _spatial_rank((None,) * (len(sizes) + 2), "pool")
    if max(_window(dilation_rate, spatial)) > 1:
        raise ValueError(
            compose("pool: windows are not dilated here", [f"dilation_rate {dilation_rate}"])
        )
    first = _channels_first(data_format)
    steps, along = _window(strides, spatial), 2 if first else 1
    kinds: Any = (max_pool3d, avg_pool3d) if spatial == 3 else (max_pool, avg_pool)
    kind = kinds[pooling_type == "AVG"]
    with x.graph.name_scope(name or f"{pooling_type.lower()}_pool"):
        images = expand_dims(x, along) if spatial == 1 else x
        ones = [1] * (2 - spatial)
        result = kind(
            images,
            _four(first, [*ones, *sizes]),
            _four(first, [*ones, *steps]),
            padding,
            ("NCDHW" if first else "NDHWC") if spatial == 3 else "NCHW" if first else "NHWC",
        )
        return squeeze(result, [along]) if spatial == 1 else result


def _channels_first(data_format: str | None) -> bool:
    if data_format not in (*_CHANNELS_FIRST, *_CHANNELS_LAST):
        raise ValueError(
            compose(f"data_format {data_format!r} is not known", (), '"NHWC" or "NCHW"')
        )
    return data_format in _CHANNELS_FIRST


def _one(value: Any) -> int:
    """The one number in a number, a list of one, or with ones for batch and channels."""
    if value is None:
        return 1
    return int(max(np.ravel(value)))


def _four(channels_first: bool, sizes: Sequence[int]) -> list[int]:
    return [1, 1, *sizes] if channels_first else [1, *sizes, 1]


def _window(given: Any, spatial: int) -> list[int]:
    sizes = [1] * spatial if given is None else [int(size) for size in np.ravel(given)]
    return sizes * spatial if len(sizes) == 1 else sizes


def _spatial_rank(dims: Sequence[Any] | None, what: str) -> int:
    if dims is None or len(dims) not in (3, 4, 5):
        raise ValueError(
            compose(
                f"{what}: the rank must be known, with one to three spatial axes",
                [f"sizes given: {None if dims is None else list(dims)}"],
            )
        )
    return len(dims) - 2
