"""How a window moves over an image: sizes, strides, padding, as TensorFlow counts them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.op import Array
from engine.shapes import ShapeError

Part = tuple[slice, ...]


@dataclass(frozen=True)
class Axis:
    """One spatial axis of a sliding window."""

    size: int
    """Of the image."""
    window: int
    stride: int
    dilation: int
    before: int
    """Zeros added in front."""
    after: int
    out: int
    """Positions of the window."""

    @property
    def padded(self) -> int:
        return self.size + self.before + self.after


def out_size(
    size: int | None, window: int | None, stride: int, padding: str, dilation: int = 1
) -> int | None:
    """How many positions a window has along an axis; None if not known.

    Source: TensorFlow's ``tf.nn.convolution``: SAME gives ceil(size / stride), VALID
    ceil((size - reach + 1) / stride).

    Raises:
        ShapeError: the window does not fit into the image.
    """
    if size is None or (padding == "VALID" and window is None):
        return None
    if padding == "SAME":
        return -(-size // stride)
    assert window is not None
    reach = (window - 1) * dilation + 1
    if size and reach > size:
        raise ShapeError(
            f"Negative dimension size caused by subtracting {reach} from {size}, "
            f"a {padding} window of {reach} over an image of {size}"
        )
    return max(0, -(-(size - reach + 1) // stride))


def axis(size: int, window: int, stride: int, padding: str, dilation: int = 1) -> Axis:
    """The geometry of one axis, all its sizes known."""
    out = out_size(size, window, stride, padding, dilation)
    assert out is not None
    before = after = 0
    reach = (window - 1) * dilation + 1
    if padding == "SAME":
        total = max((out - 1) * stride + reach - size, 0)
        before, after = total // 2, total - total // 2
    return Axis(size, window, stride, dilation, before, after, out)


def padded(x: Array, rows: Axis, columns: Axis, fill: float = 0) -> Array:
    """Images [n, rows, columns, channels] with their padding."""
    if not (rows.before or rows.after or columns.before or columns.after):
        return x
    result = np.full((x.shape[0], rows.padded, columns.padded, x.shape[3]), fill, x.dtype)
    result[:, rows.before : rows.before + rows.size, columns.before :][:, :, : columns.size] = x
    return result


def shifted(x: Array, rows: Axis, columns: Axis, row: int, column: int) -> Array:
    """The elements of padded images that one place of the window meets: a view [n, out, out, c]."""
    first, left = row * rows.dilation, column * columns.dilation
    return x[
        :,
        first : first + (rows.out - 1) * rows.stride + 1 : rows.stride,
        left : left + (columns.out - 1) * columns.stride + 1 : columns.stride,
    ]


def clipped(rows: Axis, columns: Axis, row: int, column: int) -> tuple[Part, Part]:
    """For one place of the window: where it meets the image, as slices of results and of images.

    Positions whose element lies in the padding are left out. Slices are for [n, rows, columns, c].
    """
    results, images = [slice(None)], [slice(None)]
    for along, place in ((rows, row), (columns, column)):
        offset = place * along.dilation - along.before
        first = max(0, -(offset // along.stride)) if offset < 0 else 0
        last = min(along.out, (along.size - 1 - offset) // along.stride + 1)
        last = max(first, last)
        begin = first * along.stride + offset
        results.append(slice(first, last))
        images.append(slice(begin, begin + (last - first - 1) * along.stride + 1, along.stride))
        if last == first:
            images[-1] = slice(0, 0)
    return tuple(results), tuple(images)
