"""What `Run.log` takes besides numbers and texts: a class a kind, which makes its events."""

from __future__ import annotations

import io
import numbers
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from summaries.checks import shown
from summaries.event import Event
from summaries.kinds import histogram as histogram_kind
from summaries.kinds import html as html_kind
from summaries.kinds import image as image_kind
from summaries.kinds import text as text_kind
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
            data = histogram_kind.as_array(data)
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
