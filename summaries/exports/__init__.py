"""A logdir's runs in other programs' formats: a module a format.

Each has a `NAME` and a `write(selection, out) -> list[Path]` that writes what a `Selection` holds
and gives the files it made. A new format is such a module and its place in `FORMATS`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from summaries.errors import SummariesError

if TYPE_CHECKING:
    from summaries.exports.selection import Selection


class ExportError(SummariesError, ValueError):
    """What was asked for cannot be exported: an unknown format, or no such runs."""


class _Format(Protocol):
    """A module or a class of `FORMATS`."""

    NAME: str

    def write(self, selection: Selection, out: Path) -> list[Path]:
        """The files written."""


_SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".parquet": "parquet", ".html": "html"}
_DIRECTORIES = ("tfevents", "csv-wide")


def export_runs(
    logdir: str | Path,
    out: str | Path,
    format: str | None = None,
    runs: str | None = None,
    tags: str | None = None,
) -> list[Path]:
    """The files written: the logdir's runs in another program's format, every point of them.

    Args:
        logdir: what `open_logdir` takes.
        out: the file to write; for "tfevents" and "csv-wide" the directory to write below.
        format: "csv" (a line a point), "csv-wide" (a file a tag, a column a run), "jsonl" (all
            kinds), "parquet", "tfevents" (TensorBoard's, all kinds that it has) or "html" (a page
            to look at, complete in one file); None: what the name of ``out`` ends in.
        runs: only runs whose name fits this glob; ``*`` stands for slashes too.
        tags: only tags that fit this glob.

    Raises:
        ExportError: the format is not known, or no run fits.
        LogdirError: there is no such logdir.
        ImportError: "parquet" without pyarrow.
        OSError: ``out`` cannot be written.

    Example:
        >>> import tempfile
        >>> from summaries import init
        >>> logdir = Path(tempfile.mkdtemp())
        >>> with init(logdir, name="first") as run:
        ...     run.log({"loss": 0.1}, step=0)
        >>> (path,) = export_runs(logdir, logdir / "points.csv")
        >>> path.read_text().splitlines()[0]
        'run,tag,step,wall_time,value'
    """
    from summaries.exports import csv, html, jsonl, parquet, tfevents
    from summaries.exports.selection import Selection
    from summaries.reader import Reader  # SQLAlchemy, as in open_logdir

    formats: tuple[_Format, ...] = (csv, csv.Wide(), jsonl, parquet, tfevents, html)
    writers = {one.NAME: one for one in formats}
    path = Path(out)
    name = format or _SUFFIXES.get(path.suffix.lower(), "")
    if name not in writers:
        raise ExportError(
            f"export to '{out}': "
            + (f"format '{format}' is not known" if format else "its name tells no format")
            + f"\n  try: format=, one of {', '.join(writers)}"
        )
    with Reader(logdir) as reader:
        selection = Selection(reader, runs, tags)
        if not selection.runs():
            names = ", ".join(f"'{info.name}'" for info in reader.runs()[:8])
            raise ExportError(
                f"export of '{logdir}': no run fits '{runs or '*'}'\n  runs: {names or 'none yet'}"
            )
        (path if name in _DIRECTORIES else path.absolute().parent).mkdir(
            parents=True, exist_ok=True
        )
        return writers[name].write(selection, path)


__all__ = ["ExportError", "export_runs"]
