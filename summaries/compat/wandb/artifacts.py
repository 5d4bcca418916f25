"""Artifacts: which files a run made or used, by name, size and digest; their content stays put."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from summaries.compat.notices import notice
from summaries.values import Table

_NOT_COPIED = (
    "wandb: of artifacts and saved files the names, sizes and SHA-256 digests are kept, as a table;"
    " the content is not copied"
)


class Artifact:
    """A list of files with a name and a type."""

    def __init__(
        self,
        name: str,
        type: str,
        description: str | None = None,
        metadata: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        self.name, self.type = name, type
        self.description, self.metadata = description, dict(metadata or {})
        self.aliases: list[str] = []
        self._entries: dict[str, tuple[int | None, str]] = {}

    def add_file(self, local_path: str | Path, name: str | None = None, **_: Any) -> None:
        """Enter a file.

        Raises:
            ValueError: there is none.
        """
        path = Path(local_path)
        if not path.is_file():
            raise ValueError(f"artifact '{self.name}': there is no file '{local_path}'")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self._entries[name or path.name] = (path.stat().st_size, digest)

    def add_dir(self, local_path: str | Path, name: str | None = None, **_: Any) -> None:
        """Enter all files below a directory."""
        root = Path(local_path)
        for path in sorted(root.rglob("*")):
            if path.is_file():
                below = path.relative_to(root).as_posix()
                self.add_file(path, f"{name}/{below}" if name else below)

    def add_reference(self, uri: Any, name: str | None = None, **_: Any) -> None:
        """Enter an address."""
        self._entries[name or str(uri)] = (None, str(uri))

    def add(self, obj: Any, name: str, **_: Any) -> None:
        """Enter something that was made in the script: by its name only."""
        self._entries[name] = (None, type(obj).__name__)

    @contextlib.contextmanager
    def new_file(
        self, name: str, mode: str = "w", encoding: str | None = None
    ) -> Iterator[IO[Any]]:
        """A file to write to, which is entered when it is closed."""
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / Path(name).name
            with path.open(mode, encoding=encoding or (None if "b" in mode else "utf-8")) as file:
                yield file
            self.add_file(path, name)

    def wait(self, timeout: int | None = None) -> Artifact:
        """The artifact itself: nothing is sent that could be waited for."""
        return self

    def table(self) -> Table:
        """Its entries."""
        notice(_NOT_COPIED)
        rows = [[name, *entry] for name, entry in sorted(self._entries.items())]
        return Table(columns=["file", "bytes", "sha256 or address"], data=rows)


def of_path(path: str | Path, name: str | None, type: str | None) -> Artifact:
    """The artifact of a file, of a directory, or of an address."""
    text = str(path)
    artifact = Artifact(name or Path(text).name, type or "unspecified")
    if "://" in text:
        artifact.add_reference(text)
    elif Path(text).is_dir():
        artifact.add_dir(text)
    else:
        artifact.add_file(text)
    return artifact


def of_saved(pattern: str | Path, base_path: str | Path | None) -> tuple[Artifact, list[str]]:
    """The artifact of the files that a glob finds, and their paths."""
    # glob, not Path.glob: the pattern may be absolute, or begin with "..".
    paths = glob.glob(str(pattern), recursive=True)  # noqa: PTH207
    found = sorted(path for path in paths if Path(path).is_file())
    artifact = Artifact("saved", "files")
    for path in found:
        inside = base_path is not None and Path(path).is_relative_to(base_path)
        artifact.add_file(path, os.path.relpath(path, base_path) if inside else path)
    return artifact, found
