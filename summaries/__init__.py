"""trainboard summaries: log training runs into one SQLite file, and read them back.

Example:
    >>> import tempfile
    >>> from summaries import init, open_logdir
    >>> logdir = tempfile.mkdtemp()
    >>> with init(logdir, name="first", config={"lr": 0.1}) as run:
    ...     for step in range(3):
    ...         run.log({"loss": 1.0 / (step + 1)}, step=step)
    >>> open_logdir(logdir).scalars("first", "loss").step.tolist()
    [0, 1, 2]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from summaries.errors import (
    DamagedStoreError,
    LogdirError,
    NotFoundError,
    SchemaVersionError,
    StoreWriteError,
    SummariesError,
)
from summaries.exports import ExportError, export_runs
from summaries.imports import ImportReport, ImportSourceError, import_runs
from summaries.run import Run, init
from summaries.tfevents import export_tfevents, import_tfevents
from summaries.values import Audio, Histogram, Html, Image, Object3D, Plotly, Table, Video
from summaries.writer import SummaryWriter

if TYPE_CHECKING:
    from summaries.places import Logdirs
    from summaries.reader import Reader


def open_logdir(logdir: Logdirs) -> Reader:
    """A read-only view of every run below the logdir.

    Args:
        logdir: a directory; it may be empty, and runs that appear later are found. Or the URL of a
            PostgreSQL database. Or several of these by name, ``{"mine": "logs", "theirs": url}``:
            the names of their runs then begin with that.

    Raises:
        LogdirError: the path does not exist, or is not a directory.
        DamagedStoreError: the server cannot be reached.
    """
    from summaries.reader import Reader  # SQLAlchemy: 0.15 s that a logging script need not pay

    return Reader(logdir)


open = open_logdir
"""The same for those who write ``import summaries``: ``summaries.open("logs")``."""


__all__ = [
    "Audio",
    "DamagedStoreError",
    "ExportError",
    "Histogram",
    "Html",
    "Image",
    "ImportReport",
    "ImportSourceError",
    "LogdirError",
    "NotFoundError",
    "Object3D",
    "Plotly",
    "Run",
    "SchemaVersionError",
    "StoreWriteError",
    "SummariesError",
    "SummaryWriter",
    "Table",
    "Video",
    "export_runs",
    "export_tfevents",
    "import_runs",
    "import_tfevents",
    "init",
    "open",
    "open_logdir",
]
