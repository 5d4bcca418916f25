"""Event files into a logdir of ours: a run a directory, each file from where it was left."""

from __future__ import annotations

import hashlib
from pathlib import Path

from summaries.imports.report import ImportReport
from summaries.imports.sink import RunSink, Sink
from summaries.tfevents.reading import EventFile

_HEAD = 40
"""Bytes that tell a file from all others: its first record has the time it was made at."""


def event_files(source: Path) -> dict[Path, list[Path]]:
    """The event files at or below the path, by their directory, in the order of their names."""
    files = [source] if source.is_file() else source.rglob("*tfevents*")
    found: dict[Path, list[Path]] = {}
    for path in sorted(files):
        if path.is_file():
            found.setdefault(path.parent, []).append(path)
    return found


def file_key(path: Path) -> str | None:
    """What the file is known by, wherever it lies; None while it has not one record."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if len(head) < _HEAD:
        return None
    return f"{path.name[-900:]}#{hashlib.sha256(head).hexdigest()[:16]}"


def import_tfevents(source: str | Path, logdir: str | Path) -> ImportReport:
    """Event files below a directory (or one file) as runs below ``logdir``.

    Every kind that TensorBoard's writers make is taken, all points of it; each directory with event
    files becomes the run of that path. Damaged records are skipped and counted. Done again, it goes
    on where it ended: only what the files have grown by is added.

    Returns:
        how many files, runs and values there were, and how many records were damaged.

    Raises:
        FileNotFoundError: there is no event file at ``source``.

    Example:
        >>> import tempfile
        >>> from summaries import SummaryWriter, export_tfevents
        >>> logdir = Path(tempfile.mkdtemp())
        >>> with SummaryWriter(logdir / "ours") as writer:
        ...     writer.add_scalar("loss", 0.5, 0)
        >>> _ = export_tfevents(logdir, logdir / "events")
        >>> import_tfevents(logdir / "events", logdir / "back").values
        1
    """
    with Sink(logdir) as sink:
        read_directory(Path(source), sink)
        return sink.report


def read_directory(source: Path, sink: Sink) -> None:
    """The event files at or below the path, into the sink; see `import_tfevents`."""
    found = event_files(source)
    if not found:
        raise FileNotFoundError(
            f"import_tfevents: no event files at '{source}'\n"
            "  try: the directory that tensorboard --logdir was given"
        )
    for directory, files in found.items():
        below = Path() if source.is_file() else directory.relative_to(source)
        keys = {path: key for path in files if (key := file_key(path)) is not None}
        # A file of a few bytes has no name of its own yet, and holds nothing.
        wanted = list(keys.values()) or [str(files[0].name)]
        with sink.run(below.as_posix(), wanted, str(directory), "tfevents") as run:
            for at, path in enumerate(files):
                sink.report.files += 1
                add_file(run, path, keys.get(path), is_first=at == 0)


def add_file(
    run: RunSink, path: Path, key: str | None, *, is_first: bool, is_growing: bool = False
) -> None:
    """What the event file holds behind what the run's bookmark says is there."""
    state = run.bookmarks.get(key, {}) if key is not None else {}
    plugins = {
        tag: (name, bytes.fromhex(data)) for tag, (name, data) in state.get("plugins", {}).items()
    }
    file = EventFile(path, state.get("bytes", 0), is_growing=is_growing, plugins=plugins)
    sessions = state.get("sessions", 0)
    for part in file.parts():
        run.add(part.scalars, part.events)
        if part.hparams:
            run.describe(hparams=part.hparams)
        if key is not None:
            known = {tag: (name, data.hex()) for tag, (name, data) in plugins.items()}
            place = {"bytes": part.offset, "sessions": sessions}
            run.bookmark(key, {**place, "plugins": known} if known else place)
        sessions += part.restart is not None
        # The very first start is none: TensorFlow's supervisor logs from several threads, and the
        # first points may come before it.
        if part.restart is not None and not (is_first and sessions == 1):
            run.restart(part.restart)
    run.report.damaged += file.damaged
