"""Scalar series as files: every point of them, written while they are read."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote

from dashboard.http import json_text
from summaries.exports import parquet
from summaries.exports.selection import Selection, as_file_name
from summaries.records import Scalars, SeriesInfo

if TYPE_CHECKING:
    from summaries.reader import Reader

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}


@dataclass(frozen=True)
class ExportQuery:
    """Which series, as which kind of file."""

    format: str
    runs: tuple[str, ...]
    tags: tuple[str, ...]

    @property
    def file_name(self) -> str:
        """What the file is called: after its tag if it has one only."""
        stem = as_file_name(self.tags[0]) if len(self.tags) == 1 else "scalars"
        return f"{stem}.{self.format}"

    @property
    def headers(self) -> dict[str, str]:
        """Those of an answer that browsers save as a file."""
        name = quote(self.file_name)
        return {
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "Cache-Control": "no-store",
        }


def formats() -> dict[str, str | None]:
    """Every format, with why it cannot be had now; None: it can."""
    missing = None if find_spec("pyarrow") else "needs pyarrow: pip install trainboard[parquet]"
    return {"csv": None, "json": None, "parquet": missing}


def export_query(body: Any) -> ExportQuery:
    """The query ``{"format", "runs": [...], "tags": [...]}``.

    Raises:
        ValueError: it is not of that shape, or asks for a format that cannot be had.
    """
    try:
        query = ExportQuery(
            str(body["format"]), tuple(map(str, body["runs"])), tuple(map(str, body["tags"]))
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"the query is not of the documented shape: {error!r}") from error
    known = formats()
    if query.format not in known:
        raise ValueError(f"format '{query.format}': there are {', '.join(known)}")
    if known[query.format] is not None:
        raise ValueError(f"format '{query.format}': {known[query.format]}")
    return query


class ChosenSeries(Selection):
    """Exactly these runs and tags, by name, read a series at a time."""

    def __init__(self, reader: Reader, runs: Sequence[str], tags: Sequence[str]) -> None:
        super().__init__(reader)
        self._chosen = dict.fromkeys(runs)
        wanted = set(tags)
        self._series = {
            run: [info for info in reader.series(run, "scalar") if info.tag in wanted]
            for run in self._chosen
        }

    def infos(self) -> Iterator[SeriesInfo]:
        """The series, run by run in the order asked for."""
        for found in self._series.values():
            yield from sorted(found, key=lambda info: info.tag)

    def scalars(self) -> Iterator[tuple[str, str, Scalars]]:
        for info in self.infos():
            for points in self.points(info):
                yield info.run, info.tag, points

    def has_ranks(self) -> bool:
        ranks = {info.name: tuple(info.ranks) for info in self.reader.runs()}
        return any(ranks.get(run, ()) not in ((), (0,)) for run in self._chosen)


def csv_parts(series: ChosenSeries) -> Iterator[str]:
    """CSV text: run, tag, step, wall_time, value, and rank where several processes logged.

    Reading a number gives the float64 that was logged; not-a-number is ``nan``, infinity ``inf``.
    """
    has_ranks = series.has_ranks()
    names = ["run", "tag", "step", "wall_time", "value"] + (["rank"] if has_ranks else [])
    yield ",".join(names) + "\n"
    for run, tag, points in series.scalars():
        columns: list[list[Any]] = [
            points.step.tolist(),
            points.wall_time.tolist(),
            points.value.tolist(),
        ]
        if has_ranks:
            columns.append([0] * len(points) if points.rank is None else points.rank.tolist())
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows((run, tag, *row) for row in zip(*columns, strict=True))
        yield text.getvalue()


def json_parts(series: ChosenSeries) -> Iterator[str]:
    """JSON text: ``[{"run", "tag", "step": [...], "wall_time": [...], "value": [...]}]``.

    Not-a-number and infinities are strings, as everywhere in the HTTP API; a series of several
    processes has a ``rank`` too.
    """
    separator = "[\n"
    for info in series.infos():
        parts = list(series.points(info))
        columns: dict[str, list[Any]] = {
            name: [value for part in parts for value in getattr(part, name).tolist()]
            for name in ("step", "wall_time", "value")
        }
        if any(part.rank is not None for part in parts):
            columns["rank"] = [
                rank
                for part in parts
                for rank in ([0] * len(part) if part.rank is None else part.rank.tolist())
            ]
        yield separator + json_text({"run": info.run, "tag": info.tag, **columns})
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def parquet_file(series: ChosenSeries) -> Path:
    """The path of a new Parquet file, for the caller to remove."""
    with tempfile.NamedTemporaryFile(suffix=".parquet", delete=False) as file:
        path = Path(file.name)
    try:
        parquet.write(series, path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def form_query(body: bytes) -> Any:
    """The JSON in the field ``query`` of a posted form.

    Raises:
        ValueError: there is none.
    """
    fields = parse_qs(body.decode("utf-8", "replace"))
    if "query" not in fields:
        raise ValueError("the form has no field 'query'")
    return json.loads(fields["query"][0])
