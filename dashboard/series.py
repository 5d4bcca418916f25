"""Scalar series as the charts want them: exact while short, bins of min/max/mean when long."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from summaries.errors import SummariesError
from summaries.records import Envelope, Scalars

if TYPE_CHECKING:
    from summaries.reader import Reader

# Up to this many points a series crosses whole and the browser smooths it; above, the store bins
# and smooths. Many runs in one request share POINT_BUDGET, or the first chart would wait for
# megabytes of points that no pixel can show.
RAW_POINTS = 4096
POINT_BUDGET = 200_000
MAX_PIXELS = 8192
# Values cross as float32 where that loses less than this part of the series' own range.
FLOAT32_TOLERANCE = 1e-4

Array = NDArray[Any]


@dataclass(frozen=True)
class Item:
    """One tag of several runs."""

    tag: str
    runs: tuple[str, ...]
    step_range: tuple[int, int] | None = None
    """Only the points with first <= step <= last."""
    since: tuple[int, ...] | None = None
    """Per run: only what was logged from this sequence number on."""


@dataclass(frozen=True)
class Query:
    """What one request asks for."""

    items: tuple[Item, ...]
    pixels: int = 600
    """Bins a long series is reduced to."""
    smoothing: float = 0.0
    """Weight of the debiased moving average, in [0, 1)."""
    partition: bool = False
    """Whether smoothing starts anew where a run's step falls back."""


def query_from_json(body: Any) -> Query:
    """The query a page posts: ``{"pixels", "smoothing", "items": [{"tag", "runs", ...}]}``.

    Raises:
        ValueError: the body is not of that shape.
    """
    try:
        items = tuple(
            Item(
                tag=str(item["tag"]),
                runs=tuple(map(str, item["runs"])),
                step_range=_step_range(item.get("range")),
                since=None if item.get("since") is None else tuple(map(int, item["since"])),
            )
            for item in body["items"]
        )
        pixels, smoothing = int(body.get("pixels", 600)), float(body.get("smoothing", 0.0))
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"the query is not of the documented shape: {error!r}") from error
    for item in items:
        if item.since is not None and len(item.since) != len(item.runs):
            raise ValueError(f"tag '{item.tag}': 'since' needs one number for each of 'runs'")
    partition = bool(body.get("partition", False))
    return Query(items, checked_pixels(pixels), checked_smoothing(smoothing), partition)


def _step_range(pair: Any) -> tuple[int, int] | None:
    if pair is None:
        return None
    first, last = pair
    return int(np.floor(float(first))), int(np.ceil(float(last)))


def checked_pixels(pixels: int) -> int:
    if not 1 <= pixels <= MAX_PIXELS:
        raise ValueError(f"pixels is {pixels}; it must be in 1..{MAX_PIXELS}")
    return pixels


def checked_smoothing(smoothing: float) -> float:
    if not 0.0 <= smoothing < 1.0:
        raise ValueError(f"smoothing is {smoothing}; it must be at least 0 and below 1")
    return smoothing


class SeriesAnswer:
    """Collects blocks for `dashboard.http.binary_body`: a header that names arrays by number."""

    def __init__(self) -> None:
        self.blocks: list[dict[str, Any]] = []
        self.arrays: list[Array] = []
        self.failures: list[dict[str, str]] = []

    def add(self, run: str, tag: str, columns: Mapping[str, Array], **facts: Any) -> None:
        numbers = {}
        for name, array in columns.items():
            numbers[name] = len(self.arrays)
            self.arrays.append(array)
        self.blocks.append({"run": run, "tag": tag, **facts, "columns": numbers})

    def failed(self, run: str, tag: str, error: Exception) -> None:
        self.failures.append({"run": run, "tag": tag, "message": str(error)})

    def header(self) -> dict[str, Any]:
        return {"blocks": self.blocks, "failed": self.failures}


def read_series(
    reader: Reader, query: Query, lengths: Mapping[str, Mapping[str, int]]
) -> SeriesAnswer:
    """Reads what the query asks for; series that do not exist (any more) are left out.

    ``lengths``: tag -> run -> how many points the series has, as last listed.
    """
    answer = SeriesAnswer()
    total = sum(len(item.runs) for item in query.items)
    raw_points = max(2 * query.pixels, min(RAW_POINTS, POINT_BUDGET // max(total, 1)))
    for item in query.items:
        known = lengths.get(item.tag, {})
        runs = [run for run in item.runs if run in known]
        if item.since is not None:
            starts = dict(zip(item.runs, item.since, strict=True))
            for run in runs:
                scalars = _tail(reader, run, item.tag, starts[run], answer)
                if scalars is not None and len(scalars):
                    answer.add(
                        run,
                        item.tag,
                        exact_columns(scalars.step, scalars.wall_time, scalars.value),
                        kind="tail",
                        start=starts[run],
                        n=starts[run] + len(scalars),
                    )
            continue
        short = [run for run in runs if known[run] <= raw_points]
        long = [run for run in runs if known[run] > raw_points]
        for names, pixels in ((short, raw_points), (long, query.pixels)):
            envelopes = _envelopes(reader, names, item, pixels, query, answer)
            for run, envelope in envelopes:
                if names is short and envelope.is_raw and item.step_range is None:
                    columns = exact_columns(envelope.step_max, envelope.wall_max, envelope.mean)
                    answer.add(run, item.tag, columns, kind="raw", n=envelope.n)
                else:
                    answer.add(
                        run,
                        item.tag,
                        bin_columns(envelope),
                        kind="bins",
                        exact=envelope.is_raw,
                        n=envelope.n,
                        smoothing=query.smoothing,
                        partitioned=query.partition,
                        first_wall=float(envelope.wall_min[0]) if len(envelope) else None,
                    )
    return answer


def _tail(reader: Reader, run: str, tag: str, start: int, answer: SeriesAnswer) -> Scalars | None:
    try:
        return reader.scalars(run, tag, start=start)
    except KeyError:
        return None
    except SummariesError as error:
        answer.failed(run, tag, error)
        return None


def _envelopes(
    reader: Reader,
    runs: list[str],
    item: Item,
    pixels: int,
    query: Query,
    answer: SeriesAnswer,
) -> list[tuple[str, Envelope]]:
    if not runs:
        return []
    asked = (pixels, item.step_range, query.smoothing or None, query.partition)
    with suppress(KeyError, SummariesError):
        return list(reader.envelopes(runs, item.tag, *asked).items())
    # One run is damaged, or went away since it was listed: the others are still to be shown.
    left = []
    for run in runs:
        try:
            one = reader.envelope(run, item.tag, *asked)
        except KeyError:
            continue
        except SummariesError as error:
            answer.failed(run, item.tag, error)
        else:
            left.append((run, one))
    return left


def exact_columns(step: Array, wall_time: Array, value: Array) -> dict[str, Array]:
    return {
        "step": step.astype("<f8"),
        "wall": wall_time.astype("<f8"),
        "value": value.astype("<f8"),
    }


def bin_columns(envelope: Envelope) -> dict[str, Array]:
    """A bin stands at its last point, whose smoothed value it carries."""
    dtype = "<f4" if _fits_float32(envelope) else "<f8"
    columns: dict[str, Array] = {
        "step": envelope.step_max.astype("<f8"),
        "wall": envelope.wall_max.astype("<f8"),
        "min": envelope.min.astype(dtype),
        "max": envelope.max.astype(dtype),
        "mean": envelope.mean.astype(dtype),
        "count": envelope.count.astype("<u4"),
    }
    if envelope.nonfinite.any():
        columns["nonfinite"] = envelope.nonfinite.astype("<u4")
    if envelope.smoothed is not None:
        columns["smoothed"] = envelope.smoothed.astype(dtype)
    return columns


def _fits_float32(envelope: Envelope) -> bool:
    low, high = envelope.min, envelope.max
    finite = np.isfinite(low) & np.isfinite(high)
    if not finite.any():
        return True
    smallest, largest = float(low[finite].min()), float(high[finite].max())
    # Half a float32 step at the largest magnitude, against what the chart has to resolve.
    error = max(abs(smallest), abs(largest)) * 2.0**-24
    return error <= FLOAT32_TOLERANCE * (largest - smallest) and max(
        abs(smallest), abs(largest)
    ) < float(np.finfo(np.float32).max)
