"""What convolutions and poolings share: the order of images' axes, windows and their checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.graph import Tensor
from engine.kernels.convolve import Geometry
from engine.kernels.windows import axis, out_size
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import convert_to_tensor

Four = tuple[int, int, int, int]


class OfImages(Op):
    """A kind over images whose axes are in the order of an attribute ``data_format``."""

    data_format: str

    @property
    def channels_first(self) -> bool:
        return self.data_format == "NCHW"

    def spatial(self, values: Sequence[Any]) -> tuple[Any, Any]:
        """The two spatial parts of four values in the order of the data format."""
        return (values[2], values[3]) if self.channels_first else (values[1], values[2])

    def last(self, array: Array) -> Array:
        """Images with the channels last, a view."""
        return array.transpose(0, 2, 3, 1) if self.channels_first else array

    def back(self, array: Array) -> Array:
        """Images with the channels where the data format has them, a view."""
        return array.transpose(0, 3, 1, 2) if self.channels_first else array


@declared
class Windowed(OfImages):
    """What all convolutions share: strides and dilations in the order of the data format."""

    strides: Four
    padding: str
    data_format: str = "NHWC"
    dilations: Four = (1, 1, 1, 1)

    def ordered(self, n: Any, sizes: tuple[Any, ...], channels: Any) -> tuple[Any, ...]:
        """Four sizes in the order of the data format."""
        return (n, channels, *sizes) if self.channels_first else (n, *sizes, channels)

    def geometry(self, images: Sequence[int], filters: Sequence[int]) -> Geometry:
        """Sizes for images [n, rows, columns, channels] (channels last) and filters."""
        (stride_r, stride_c), (dilation_r, dilation_c) = (
            self.spatial(self.strides),
            self.spatial(self.dilations),
        )
        return Geometry(
            images[0],
            axis(images[1], filters[0], stride_r, self.padding, dilation_r),
            axis(images[2], filters[1], stride_c, self.padding, dilation_c),
            images[3],
            filters[3],
        )

    def out_sizes(self, images: Sequence[Any], filters: Sequence[Any]) -> tuple[Any, ...]:
        """Rows and columns of the result, None where not known."""
        return tuple(
            out_size(size, window, stride, self.padding, dilation)
            for size, window, stride, dilation in zip(
                self.spatial(images),
                filters[:2],
                self.spatial(self.strides),
                self.spatial(self.dilations),
                strict=True,
            )
        )

    def check(self, x: Spec, *others: Spec) -> None:
        if not x.dtype.is_floating:
            raise TypeError(
                f"Value passed to parameter 'input' has DataType {x.dtype.name} not in list of "
                "allowed values: float16, float32, float64"
            )
        for other in others:
            if other.dtype is not x.dtype:
                raise TypeError(
                    f"Input 'filter' of '{self.type}' Op has type {other.dtype.name} that does "
                    f"not match type {x.dtype.name} of argument 'input'."
                )

    def like(self, kind: type[Windowed]) -> Windowed:
        """Another kind with the same attributes."""
        return kind(self.strides, self.padding, self.data_format, self.dilations)


def wide(array: Array) -> Array:
    """Half precision is summed in single, as hundreds of products leave its range."""
    return array.astype(np.float32) if array.dtype == np.float16 else array


def named(name: str, function: Any) -> Any:
    """The function under the name that a plan shows for it."""
    function.__name__ = name
    return function


def window_attributes(
    strides: Any, padding: Any, data_format: Any, dilations: Any = None
) -> tuple[Four, str, str, Four]:
    """Strides, padding, data format and dilations, checked.

    Raises:
        ValueError: they are not four numbers, or ask for steps over images or channels.
    """
    layout = data_format or "NHWC"
    if layout not in ("NHWC", "NCHW"):
        raise ValueError(f"data_format must be 'NHWC' or 'NCHW', got {data_format!r}")
    if padding not in ("SAME", "VALID"):
        raise ValueError(
            f"Value for attr 'padding' of \"{padding}\" is not in the list of allowed values: "
            '"SAME", "VALID"'
        )
    fours = []
    for name, given in (("strides", strides), ("dilations", dilations or (1, 1, 1, 1))):
        four = tuple(int(size) for size in np.ravel(given))
        if len(four) != 4:
            raise ValueError(f"Sliding window {name} field must specify 4 dimensions, got {given}")
        if four[0] != 1 or four[1 if layout == "NCHW" else 3] != 1:
            raise ValueError(
                f"Current implementation does not yet support {name} in the batch and depth "
                f"dimensions, got {given}"
            )
        if min(four) < 1:
            raise ValueError(f"{name} must be positive, got {given}")
        fours.append(four)
    return fours[0], padding, layout, fours[1]


def images_and_filters(images: Any, filters: Any) -> tuple[Tensor, Tensor]:
    """Both as tensors of one type."""
    first = convert_to_tensor(images, name="input")
    return first, convert_to_tensor(
        filters, None if hasattr(filters, "graph") else first.dtype.base_dtype, "filter"
    )
