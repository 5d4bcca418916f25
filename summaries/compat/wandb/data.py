"""W&B's data types, with its parameters, as values that `summaries.Run.log` takes.

Source: the public API of wandb 0.31, wandb/sdk/data_types.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from summaries import values
from summaries.arrays import as_array
from summaries.compat.notices import notice
from summaries.values import Object3D, Plotly


class Image(values.Image):
    """An image: an array [height, width(, channels)], PIL image, figure, tensor or path.

    Tensors of torch are [channels, height, width] or a batch of such. Floats past 1 are taken as 0
    to 255, those from -1 as -1 to 1, as W&B does. Boxes and masks are not drawn, which is told.
    """

    def __init__(
        self,
        data_or_path: Any,
        mode: str | None = None,
        caption: str | None = None,
        grouping: int | None = None,
        classes: Any = None,
        boxes: Any = None,
        masks: Any = None,
        file_type: str | None = None,
        normalize: bool = True,
    ) -> None:
        if boxes or masks:
            notice(
                "wandb.Image: boxes and masks are not kept\n"
                "  try: SummaryWriter.add_image_with_boxes, which draws boxes"
            )
        data: Any = data_or_path
        dataformats: str | None = None
        if isinstance(data, Image):
            dataformats = data.dataformats
            data = data._content or data.data
        elif hasattr(data, "detach"):
            data = _as_picture(as_array(data))
        if isinstance(data, np.ndarray):
            data = _in_range(data, normalize)
            if data.ndim == 3 and data.shape[2] == 1:
                data = data[:, :, 0]
            elif data.ndim == 3 and data.shape[2] == 2:  # grey and alpha
                data = np.concatenate([data[:, :, :1].repeat(3, axis=2), data[:, :, 1:]], axis=2)
        super().__init__(data, dataformats, caption)


def _as_picture(array: Any) -> Any:
    """A tensor's [channels, height, width], or a batch of such side by side, as a picture."""
    if array.ndim == 2:
        return array
    if array.ndim == 4:
        array = np.concatenate(list(array), axis=2)
    return np.moveaxis(array, 0, -1) if array.ndim == 3 else array


def _in_range(array: Any, normalize: bool) -> Any:
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * 255
    if array.dtype.kind == "f" and array.size and normalize:
        low, high = float(np.nanmin(array)), float(np.nanmax(array))
        if high > 1.0:
            return array.clip(0, 255).astype(np.uint8)
        if low < 0.0:
            return ((array + 1.0) / 2.0).clip(0.0, 1.0)
    return array


class Histogram(values.Histogram):
    """A histogram of numbers, or one that `numpy.histogram` counted."""

    def __init__(self, sequence: Any = None, np_histogram: Any = None, num_bins: int = 64) -> None:
        # Counted exactly in bins of our own: `num_bins` would only blur it.
        super().__init__(sequence, np_histogram)


class Audio(values.Audio):
    """A sound: floats in -1 to 1, or a path."""

    def __init__(
        self, data_or_path: Any, sample_rate: int | None = None, caption: str | None = None
    ) -> None:
        super().__init__(data_or_path, sample_rate, caption)


class Video(values.Video):
    """A video: frames [time, channels, height, width], or a path."""

    def __init__(
        self,
        data_or_path: Any,
        caption: str | None = None,
        fps: float | None = None,
        format: str | None = None,
    ) -> None:
        super().__init__(data_or_path, fps, caption)


class Html(values.Html):
    """A page: its text, a path that ends in .html, or an open file."""

    def __init__(self, data: Any, inject: bool = True, data_is_not_path: bool = False) -> None:
        if data_is_not_path and isinstance(data, str):
            super().__init__("")
            self.content = data
        else:
            super().__init__(data)


class Table(values.Table):
    """A table: columns and rows, or a frame."""

    def __init__(
        self,
        columns: Sequence[Any] | None = None,
        data: Any = None,
        rows: Any = None,
        dataframe: Any = None,
        dtype: Any = None,
        optional: bool = True,
        allow_mixed_types: bool = False,
        log_mode: str | None = "IMMUTABLE",
    ) -> None:
        given = next((one for one in (dataframe, data, rows) if one is not None), None)
        if isinstance(given, np.ndarray):
            given = given.tolist()
        if hasattr(given, "itertuples"):
            columns = None
        if columns is None and given is None:
            columns = ["Input", "Output", "Expected"]  # W&B's default
        super().__init__(columns, given)

    def add_row(self, *row: Any) -> None:
        """As `add_data`."""
        self.add_data(*row)

    def add_column(self, name: str, data: Any, optional: bool = False) -> None:
        """Add a column behind the others, a cell for each row."""
        super().add_column(name, data)

    def get_column(self, name: str, convert_to: str | None = None) -> Any:
        """The column's cells; an array with ``convert_to="numpy"``."""
        at = self.columns.index(name)
        cells = [row[at] for row in self.data]
        return np.array(cells) if convert_to == "numpy" else cells

    def get_dataframe(self) -> Any:
        """The table as a pandas frame."""
        import pandas as pd  # only for those who ask for a frame

        return pd.DataFrame(self.data, columns=self.columns)


__all__ = ["Audio", "Histogram", "Html", "Image", "Object3D", "Plotly", "Table", "Video"]
