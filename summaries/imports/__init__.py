"""Other programs' records into a logdir: a module a format.

Each module has a `NAME`, a `sniff(source) -> bool` that looks whether a file or directory is of its
format, and a `read(source, sink)` that puts its runs into the `Sink`. A new format is such a module
and its place in `FORMATS`.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from summaries.destination import is_url
from summaries.imports import events, mlflow, tables, trackio, wandb
from summaries.imports.report import ImportReport, ImportSourceError
from summaries.imports.sink import Sink

# In the order in which they are asked: `tables` takes every CSV file.
FORMATS: tuple[ModuleType, ...] = (events, mlflow, trackio, wandb, tables)


def import_runs(source: str | Path, logdir: str | Path, format: str | None = None) -> ImportReport:
    """Other programs' runs as runs below ``logdir``: all points, each once, however often.

    Args:
        source: TensorBoard's event files or a directory of them, the SQLite file of MLflow or
            Trackio, a CSV file (W&B's exports among them) or one of JSON lines.
        logdir: a directory, made if it is not there, or a PostgreSQL database's URL.
        format: "tfevents", "mlflow", "trackio", "wandb" or "table"; None: what it looks like.

    Returns:
        what there was; what an earlier import of this source took is not counted again.

    Raises:
        FileNotFoundError: there is nothing at ``source``.
        ImportSourceError: the source is of no known format, or cannot be read.
        StoreWriteError, DamagedStoreError, SchemaVersionError: the logdir's store cannot be used.

    Example:
        >>> import tempfile
        >>> source = Path(tempfile.mkdtemp()) / "first.csv"
        >>> _ = source.write_text("step,loss\\n0,0.5\\n1,0.25\\n")
        >>> import_runs(source, source.parent / "logs").values
        2
        >>> import_runs(source, source.parent / "logs").values
        0
    """
    path = Path(source)
    if not path.exists():
        raise FileNotFoundError(
            f"import '{source}': there is nothing of that name\n"
            "  try: the directory that tensorboard --logdir was given, a .db, .csv or .jsonl file"
        )
    by_name = {module.NAME: module for module in FORMATS}
    if format is not None and format not in by_name:
        raise ImportSourceError(
            f"import '{source}': format '{format}' is not known\n  try: {', '.join(by_name)}"
        )
    module = by_name[format] if format else next((m for m in FORMATS if m.sniff(path)), None)
    if module is None:
        raise ImportSourceError(
            f"import '{source}': of no format that we know\n"
            "  known: event files, MLflow's and Trackio's SQLite files, .csv, .jsonl\n"
            f"  try: format=, one of {', '.join(by_name)}"
        )
    if module is events and not is_url(logdir) and _is_below(path, Path(logdir)):
        raise ImportSourceError(
            f"import '{source}': lies in '{logdir}', where its runs would then be twice\n"
            f"  try: dashboard serve '{logdir}', which shows event files where they lie;"
            " or another logdir"
        )
    with Sink(logdir) as sink:
        module.read(path, sink)
        return sink.report


def _is_below(path: Path, directory: Path) -> bool:
    return path.resolve().is_relative_to(directory.resolve())


__all__ = ["FORMATS", "ImportReport", "ImportSourceError", "Sink", "import_runs"]
