"""The arguments that layers with windows share: sizes, padding, the order of the axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import compose


@dataclass(frozen=True)
class AxisOrder:
    """Where the channels are: `first`, after the images' axis, or last."""

    first: bool

    @property
    def name(self) -> str:
        return "NCHW" if self.first else "NHWC"

    def format(self, count: int) -> str:
        """The name of the order for a window over so many axes."""
        return self.name if count < 3 else "NCDHW" if self.first else "NDHWC"

    @property
    def channel_axis(self) -> int:
        return 1 if self.first else -1

    def spatial(self, count: int) -> range:
        """The axes a window moves over."""
        return range(2, 2 + count) if self.first else range(1, 1 + count)

    def four(self, sizes: Sequence[int]) -> list[int]:
        """Sizes of a window over all axes: four of images, five of volumes."""
        two = [1] * (2 - len(sizes)) + list(sizes)
        return [1, 1, *two] if self.first else [1, *two, 1]


def layout(data_format: str) -> AxisOrder:
    """The order of axes that ``channels_last`` or ``channels_first`` means.

    Raises:
        ValueError: another word.
    """
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(
            compose(
                f"data_format {data_format!r} is not known", (), '"channels_last", "channels_first"'
            )
        )
    return AxisOrder(data_format == "channels_first")


def padding_name(padding: str) -> str:
    """``valid`` or ``same``, whatever its case.

    Raises:
        ValueError: another word.
    """
    name = str(padding).lower()
    if name not in ("valid", "same"):
        raise ValueError(
            f'The `padding` argument must be one of "valid", "same". Received: {padding}'
        )
    return name


def numbers(value: Any, count: int, what: str) -> tuple[int, ...]:
    """`count` positive whole numbers, from one or as many.

    Raises:
        ValueError: another number of them.
    """
    try:
        found = (int(value),) * count if not hasattr(value, "__iter__") else tuple(map(int, value))
    except (TypeError, ValueError):
        found = ()
    if len(found) != count or any(number < 1 for number in found):
        raise ValueError(
            f"The `{what}` argument must be {'a tuple of ' if count > 1 else ''}{count} positive "
            f"integer{'s' if count > 1 else ''}. Received: {value}"
        )
    return found


def output_length(
    length: int | None, window: int, padding: str, stride: int, dilation: int = 1
) -> int | None:
    """How many positions a window has along an axis, None where its size is not known."""
    if length is None:
        return None
    reach = window + (window - 1) * (dilation - 1)
    return -(-(length if padding == "same" else length - reach + 1) // stride)


def transposed_length(length: int | None, window: int, padding: str, stride: int) -> int | None:
    """The size of an axis that a transposed window makes of `length` positions."""
    if length is None:
        return None
    return length * stride + (max(window - stride, 0) if padding == "valid" else 0)
