"""CSV: every point a line, or a file a tag with a column a run."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from summaries.exports.selection import Selection, as_file_name
from summaries.records import Scalars

NAME = "csv"


def write(selection: Selection, out: Path) -> list[Path]:
    """One file: run, tag, step, wall_time, value, and rank where several processes logged a run.

    Numbers are written so that reading them gives the same float64; not-a-number is ``nan``,
    infinity ``inf``.
    """
    has_ranks = selection.has_ranks()
    header = ["run", "tag", "step", "wall_time", "value"] + (["rank"] if has_ranks else [])
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for run, tag, points in selection.scalars():
            rows = zip(*_columns(points, has_ranks), strict=True)
            writer.writerows((run, tag, *row) for row in rows)
    return [out]


def _columns(points: Scalars, has_ranks: bool) -> list[list[int] | list[float]]:
    columns = [points.step.tolist(), points.wall_time.tolist(), points.value.tolist()]
    if has_ranks:
        columns.append([0] * len(points) if points.rank is None else points.rank.tolist())
    return columns


class Wide:
    """The form that spreadsheets like: a file a tag, a line a step, a column a run."""

    NAME = "csv-wide"

    def write(self, selection: Selection, out: Path) -> list[Path]:
        """A file a tag in the directory ``out``; a step that a run logged twice has two lines."""
        out.mkdir(parents=True, exist_ok=True)
        runs_of: dict[str, list[str]] = {}
        for info in selection.runs():
            for series in selection.series(info.name, "scalar"):
                runs_of.setdefault(series.tag, []).append(info.name)
        written: list[Path] = []
        for tag, runs in sorted(runs_of.items()):
            path = _free(out, as_file_name(tag), written)
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(["step", *runs])
                writer.writerows(_lines(selection, tag, runs))
            written.append(path)
        return written


def _lines(selection: Selection, tag: str, runs: list[str]) -> Iterator[list[int | float | str]]:
    cells: dict[tuple[int, int], dict[int, float]] = {}
    for column, run in enumerate(runs):
        points = selection.reader.scalars(run, tag)
        seen: dict[int, int] = {}
        for step, value in zip(points.step.tolist(), points.value.tolist(), strict=True):
            times = seen.get(step, 0)
            seen[step] = times + 1
            cells.setdefault((step, times), {})[column] = value
    for (step, _), values in sorted(cells.items(), key=lambda item: item[0]):
        yield [step, *(values.get(column, "") for column in range(len(runs)))]


def _free(out: Path, stem: str, written: list[Path]) -> Path:
    """A path that no tag before took: ``a/b`` and ``a_b`` are two files."""
    path, number = out / f"{stem}.csv", 2
    while path in written:
        path, number = out / f"{stem}-{number}.csv", number + 1
    return path
