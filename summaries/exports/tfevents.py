"""Event files, which TensorBoard shows, as one of the formats."""

from __future__ import annotations

from pathlib import Path

from summaries.exports.selection import Selection
from summaries.tfevents.writing import write_runs

NAME = "tfevents"


def write(selection: Selection, out: Path) -> list[Path]:
    """A file a run, in a directory of the run's name below ``out``."""
    return write_runs(selection, out)
