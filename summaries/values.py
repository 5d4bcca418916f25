"""What `Run.log` takes besides numbers and texts: a class a kind, which makes its events."""

from __future__ import annotations

import io
import numbers
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from summaries.arrays import as_array, as_numpy
from summaries.checks import shown
from summaries.event import Event
from summaries.kinds import audio as audio_kind
from summaries.kinds import histogram as histogram_kind
from summaries.kinds import html as html_kind
from summaries.kinds import image as image_kind
from summaries.kinds import mesh as mesh_kind
from summaries.kinds import table as table_kind
from summaries.kinds import text as text_kind
from summaries.kinds import video as video_kind
from summaries.records import HistogramRecord


class Value:
    """Something to log that says itself what it is stored as."""

    caption: str | None = None

    def events(self, tag: str, step: int, wall_time: float) -> list[Event]:
        """What is stored, under the tag and beside it."""
        found = [self._event(tag, step, wall_time)]
        if self.caption:
            found.append(text_kind.event(f"{tag}/caption", self.caption, step, wall_time))
        return found

    def _event(self, tag: str, step: int, wall_time: float) -> Event:
        raise NotImplementedError


class Image(Value):
    """An image to log: ``run.log({"sample": Image(array)})``.

    Args:
        data: an array or tensor, floats in 0 to 1 or integers in 0 to 255; a PIL image; a
            matplotlib figure; or the path or the bytes of an encoded file, kept as it is.
        dataformats: what each axis of an array is: "HWC" (default), "CHW" or "HW".
        caption: a text logged beside it, as ``tag/caption``.
    """

    def __init__(
        self, data: Any, dataformats: str | None = None, caption: str | None = None
    ) -> None:
        self.caption = caption
        self._content: bytes | None = None
        if isinstance(data, (str, Path)):
            self._content = Path(data).read_bytes()
        elif isinstance(data, bytes):
            self._content = data
        elif _is_figure(data):
            self._content = png_of_figure(data)
        elif hasattr(data, "detach"):
            data = as_array(data)
        elif hasattr(data, "getbands"):  # of PIL
            simple = data.mode in ("L", "RGB", "RGBA")
            data = np.asarray(data if simple else data.convert("RGBA"))
        self.data = data
        self.dataformats = dataformats or ("HW" if np.ndim(self.data) == 2 else "HWC")

    def _event(self, tag: str, step: int, wall_time: float) -> Event:
        if self._content is not None:
            return image_kind.event_of_file(tag, self._content, step, wall_time)
        return image_kind.event(tag, self.data, step, wall_time, self.dataformats)


class Histogram(Value):
    """Values to log as a histogram, for what would otherwise be taken for something else.

    Args:
        values: numbers of any shape.
        np_histogram: instead of them, counts and edges as `numpy.histogram` gives them.
    """

    def __init__(self, values: Any = None, np_histogram: Any = None) -> None:
        if (values is None) == (np_histogram is None):
            raise ValueError("Histogram: give either values or np_histogram")
        self.values = values
        self.np_histogram = np_histogram

    def _event(self, tag: str, step: int, wall_time: float) -> Event:
        if self.np_histogram is None:
            return histogram_kind.event(tag, self.values, step, wall_time)
        return histogram_kind.event_of_record(tag, _counted(self.np_histogram, step, wall_time))


def _counted(np_histogram: Any, step: int, wall_time: float) -> HistogramRecord:
    counts, edges = (np.asarray(part, dtype=np.float64) for part in np_histogram)
    if counts.ndim != 1 or edges.shape != (len(counts) + 1,):
        raise ValueError(
            "Histogram: np_histogram must be k counts and k + 1 edges\n"
            f"  got {counts.shape} and {edges.shape}"
        )
    # The values are gone: the moments are those of the bins' middles.
    middles = (edges[:-1] + edges[1:]) / 2
    return HistogramRecord(
        step,
        wall_time,
        edges,
        counts,
        float(edges[0]),
        float(edges[-1]),
        int(counts.sum()),
        float((counts * middles).sum()),
        float((counts * middles**2).sum()),
    )


class Audio(Value):
    """A sound to log.

    Args:
        data: floats in -1 to 1 or int16, [frames] or [frames, channels]; or the path or the bytes
            of an encoded file (WAV, MP3, Ogg, FLAC), kept as it is.
        sample_rate: frames a second of an array.
        caption: a text logged beside it, as ``tag/caption``.
    """

    def __init__(
        self, data: Any, sample_rate: int | None = None, caption: str | None = None
    ) -> None:
        self.data = _content(data)
        self.sample_rate = 44100 if sample_rate is None else sample_rate
        self.caption = caption

    def _event(self, tag: str, step: int, wall_time: float) -> Event:
        if isinstance(self.data, bytes):
            return audio_kind.event_of_file(tag, self.data, step, wall_time)
        return audio_kind.event(tag, self.data, step, wall_time, self.sample_rate)


class Video(Value):
    """A video to log.

    Args:
        data: frames, [frames, channels, height, width] or with an axis of clips before, floats in
            0 to 1 or integers in 0 to 255; or the path or the bytes of an encoded file (GIF, MP4,
            WebM), kept as it is.
        fps: frames a second of an array, 4 if None.
        caption: a text logged beside it, as ``tag/caption``.
    """

    def __init__(self, data: Any, fps: float | None = None, caption: str | None = None) -> None:
        self.data = _content(data)
        self.fps = fps
        self.caption = caption

    def _event(self, tag: str, step: int, wall_time: float) -> Event:
        if isinstance(self.data, bytes):
            return video_kind.event_of_file(tag, self.data, step, wall_time, self.fps or 0)
        return video_kind.event(tag, self.data, step, wall_time, self.fps or 4)


class Table(Value):
    """A table to log: named columns of numbers and texts.

    Args:
        columns: their names.
        data: rows, as long as ``columns``; or a pandas frame.

    Example:
        >>> table = Table(columns=["word", "count"])
        >>> table.add_data("the", 7)
        >>> table.data
        [['the', 7]]
    """

    def __init__(self, columns: Sequence[Any] | None = None, data: Any = None) -> None:
        # Checked here, where the mistake is made.
        given = [] if data is None else data
        self.columns, self.data = table_kind.as_columns_and_rows("Table", given, columns)

    def add_data(self, *row: Any) -> None:
        """Add a row, a cell for each column.

        Raises:
            ValueError: it has more or fewer.
        """
        if len(row) != len(self.columns):
            raise ValueError(
                f"Table: a row must have a cell for each column\n"
                f"  columns: {self.columns}\n  got {shown(row)}"
            )
        self.data.append(list(row))

    def add_column(self, name: str, data: Any) -> None:
        """Add a column behind the others, a cell for each row.

        Raises:
            ValueError: it has more or fewer.
        """
        cells = list(data)
        if self.columns and len(cells) != len(self.data):
            raise ValueError(
                f"Table: column '{name}' must have a cell for each row\n"
                f"  rows: {len(self.data)}\n  got {len(cells)}"
            )
        rows = self.data if self.columns else [[] for _ in cells]
        self.columns.append(str(name))
        self.data = [[*row, cell] for row, cell in zip(rows, cells, strict=True)]

    def _event(self, tag: str, step: int, wall_time: float) -> Event:
        return self.events(tag, step, wall_time)[0]

    def events(self, tag: str, step: int, wall_time: float) -> list[Event]:
        """The table, and what its cells hold of images and the like, as ``tag/column/row``."""
        media: list[Event] = []
        rows = []
        for number, row in enumerate(self.data):
            cells = []
            for name, cell in zip(self.columns, row, strict=True):
                if isinstance(cell, Value):
                    own = f"{tag}/{name}/{number}"
                    media += cell.events(own, step, wall_time)
                    cell = f"→ {own}"
                cells.append(cell)
            rows.append(cells)
        return [table_kind.event(tag, rows, step, wall_time, self.columns), *media]


class Object3D(Value):
    """A cloud of points to log: [points, 3], with a category [.., 4] or a colour [.., 6] behind."""

    _CATEGORIES = np.random.default_rng(1).integers(32, 256, (64, 3))

    def __init__(self, data: Any, caption: str | None = None) -> None:
        self.caption = caption
        array = np.asarray(as_numpy("Object3D", "data", data))
        if array.ndim != 2 or array.shape[1] not in (3, 4, 6):
            raise ValueError(
                f"Object3D: expects points [n, 3], [n, 4] or [n, 6]\n  got shape {array.shape}\n"
                "  try: the vertices of the object; files are not read"
            )
        self.points = array

    def _event(self, tag: str, step: int, wall_time: float) -> Event:
        colors = None
        if self.points.shape[1] == 6:
            colors = self.points[None, :, 3:].clip(0, 255).astype(np.uint8)
        elif self.points.shape[1] == 4:
            numbers = self.points[:, 3].astype(int) % len(self._CATEGORIES)
            colors = self._CATEGORIES[numbers][None].astype(np.uint8)
        return mesh_kind.event(tag, self.points[None, :, :3], step, wall_time, colors)


def _content(data: Any) -> Any:
    """The bytes of a file that is named, everything else as it is."""
    if isinstance(data, (str, Path)):
        return Path(data).read_bytes()
    return data.read() if hasattr(data, "read") else data


class Html(Value):
    """A page to log: its text, the path of a file that ends in .html, or something to read from."""

    def __init__(self, data: Any, caption: str | None = None) -> None:
        self.caption = caption
        if hasattr(data, "read"):
            data = data.read()
        elif isinstance(data, Path) or (isinstance(data, str) and data.endswith(".html")):
            data = Path(data).read_text(encoding="utf-8")
        self.content = data

    def _event(self, tag: str, step: int, wall_time: float) -> Event:
        return html_kind.event(tag, self.content, step, wall_time)


class Plotly(Value):
    """A plotly figure to log, kept as its JSON. Raw figures are taken as well."""

    def __init__(self, figure: Any) -> None:
        if not hasattr(figure, "to_json"):
            raise TypeError(f"Plotly: expects a plotly figure\n  got {shown(figure)}")
        self.content = str(figure.to_json())

    def _event(self, tag: str, step: int, wall_time: float) -> Event:
        return html_kind.event(tag, self.content, step, wall_time, html_kind.PLOTLY)


def png_of_figure(figure: Any) -> bytes:
    """The matplotlib figure drawn as a PNG."""
    content = io.BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()


def _is_figure(value: Any) -> bool:
    return hasattr(value, "savefig")


def events_of(method: str, tag: str, value: Any, step: int, wall_time: float) -> list[Event] | None:
    """The events of a value that is not a scalar; None for one that may be a scalar.

    Raises:
        TypeError: a value of no kind that can be logged.
    """
    if isinstance(value, str):
        return [text_kind.event(tag, value, step, wall_time)]
    if isinstance(value, Value):
        return value.events(tag, step, wall_time)
    if isinstance(value, numbers.Number):
        return None
    if hasattr(value, "gcf") or _is_figure(value):  # pyplot, or a figure of it
        return Image(value.gcf() if hasattr(value, "gcf") else value).events(tag, step, wall_time)
    if hasattr(value, "to_plotly_json"):
        return Plotly(value).events(tag, step, wall_time)
    if hasattr(value, "getbands"):
        return Image(value).events(tag, step, wall_time)
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], (Value, str)):
        return _of_list(method, tag, value, step, wall_time)
    if isinstance(value, (list, tuple)) or np.prod(np.shape(value), dtype=int) > 1:
        try:
            return [histogram_kind.event(tag, value, step, wall_time)]
        except (TypeError, ValueError) as error:
            raise _no_kind(method, tag, value) from error
    return None


def _of_list(
    method: str, tag: str, parts: Sequence[Any], step: int, wall_time: float
) -> list[Event]:
    """Media of one step: each is a series of its own, ``tag/0`` and so on."""
    found: list[Event] = []
    for at, part in enumerate(parts):
        if not isinstance(part, Value):
            raise _no_kind(method, tag, parts)
        found += part.events(f"{tag}/{at}", step, wall_time)
    return found


def _no_kind(method: str, tag: str, value: Any) -> TypeError:
    return TypeError(
        f"{method} '{tag}': expects a number, an array of numbers, a str or an Image\n"
        f"  got {type(value).__name__}: {shown(value)}"
    )
