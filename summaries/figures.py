"""matplotlib's figures as pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def pixels_of(tag: str, figure: Any, close: bool) -> NDArray[np.uint8]:
    """The figures as uint8 [n, height, width, 3].

    Args:
        tag: for the error.
        figure: a matplotlib figure, or a list of figures of one size.
        close: whether to close them.

    Raises:
        TypeError: no figure.
        ValueError: no figure in the list, or sizes that differ.
    """
    figures = list(figure) if isinstance(figure, (list, tuple)) else [figure]
    for one in figures:
        if not hasattr(one, "savefig") or not hasattr(one, "canvas"):
            raise TypeError(
                f"add_figure '{tag}': expects a matplotlib figure or a list of them\n"
                f"  got {type(one).__name__}\n  try: plt.gcf()"
            )
    pictures = [_pixels(one) for one in figures]
    if len({picture.shape for picture in pictures}) != 1:
        raise ValueError(
            f"add_figure '{tag}': expects figures of one size\n"
            f"  got {[picture.shape for picture in pictures]}"
        )
    if close:
        import matplotlib.pyplot as plt  # there already: the figure is matplotlib's

        for one in figures:
            plt.close(one)
    return np.stack(pictures)


def _pixels(figure: Any) -> NDArray[np.uint8]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    before = figure.canvas
    canvas = FigureCanvasAgg(figure)
    try:
        canvas.draw()
        drawn = np.asarray(canvas.buffer_rgba())
    finally:
        figure.set_canvas(before)  # a figure that stays open stays what its window shows
    pixels: NDArray[np.uint8] = drawn[:, :, :3].copy()
    return pixels
