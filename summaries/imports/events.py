"""TensorBoard's event files, as one of the formats."""

from __future__ import annotations

from pathlib import Path

from summaries.imports.sink import Sink
from summaries.tfevents.importing import event_files, read_directory

NAME = "tfevents"


def sniff(source: Path) -> bool:
    """Whether the path is an event file, or a directory with some below it."""
    if source.is_file():
        return "tfevents" in source.name
    return bool(event_files(source))


def read(source: Path, sink: Sink) -> None:
    """Each directory with event files as the run of that path."""
    read_directory(source, sink)
