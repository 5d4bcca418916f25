"""Text files of rows, read from a byte on, so that a file that grew is taken up where it ended."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from summaries.imports.report import ImportReport, ImportSourceError

_MOST_NOTES = 10


class LineFile:
    """A text file, and how far it is read."""

    def __init__(self, path: Path, report: ImportReport, state: Mapping[str, Any]) -> None:
        """Nothing is read yet.

        Args:
            path: the file.
            report: told of lines that are no rows.
            state: of an earlier `LineFile` of this file, or empty.
        """
        self.path, self._report = path, report
        self.line = int(state.get("line", 0))
        """Number of the line that was read last."""
        self.n_bytes = int(state.get("bytes", 0))
        self._digest = hashlib.sha256()
        self._told = 0
        self._is_open = False
        with path.open("rb") as file:
            left = self.n_bytes
            while left and (block := file.read(min(left, 1 << 20))):
                self._digest.update(block)
                left -= len(block)
        self.is_changed = bool(self.n_bytes) and self._digest.hexdigest() != state.get("sha256")
        """Whether what was read before is not what the file begins with any more."""
        if state.get("is_open") and path.stat().st_size > self.n_bytes:
            self.is_changed = True  # the last line that was read went on

    def state(self) -> dict[str, Any]:
        """How far the file is read, for the bookmark."""
        return {
            "line": self.line,
            "bytes": self.n_bytes,
            "sha256": self._digest.hexdigest(),
            "is_open": self._is_open,
        }

    def again(self) -> None:
        """Begin with the file's first line."""
        self.line = self.n_bytes = 0
        self._digest = hashlib.sha256()
        self.is_changed = False

    def lines(self) -> Iterator[str]:
        """The lines that follow, with their ends."""
        with self.path.open("rb") as file:
            file.seek(self.n_bytes)
            for raw in file:
                self.line += 1
                self.n_bytes += len(raw)
                self._digest.update(raw)
                self._is_open = not raw.endswith(b"\n")
                yield raw.decode("utf-8-sig" if self.line == 1 else "utf-8", "replace")

    def problem(self, what: str) -> None:
        """Count a line that is no row, and say which."""
        self._report.damaged += 1
        self._told += 1
        if self._told <= _MOST_NOTES:
            self._report.note(f"'{self.path}', line {self.line}: {what}; the line is skipped")

    def table(self) -> tuple[list[str], Iterator[list[str]]]:
        """The header of a CSV file, and its rows behind what was read before.

        Raises:
            ImportSourceError: the file has no header.
        """
        header = csv_header(self.path)
        is_first = self.n_bytes == 0
        rows = csv.reader(self.lines())
        if is_first:
            next(rows)
        return header, self._whole(rows, len(header))

    def _whole(self, rows: Iterator[list[str]], width: int) -> Iterator[list[str]]:
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                self.problem(str(error))
                continue
            if len(row) == width:
                yield row
            elif row:
                self.problem(f"{len(row)} cells, and the header has {width}")

    def objects(self) -> Iterator[dict[str, Any]]:
        """The JSON objects of a file with one on each line, behind what was read before."""
        for line in self.lines():
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except ValueError as error:
                self.problem(f"no JSON: {error}")
                continue
            if isinstance(found, dict):
                yield found
            else:
                self.problem(f"a JSON {type(found).__name__}, not an object")


def csv_header(path: Path) -> list[str]:
    """The names in the CSV file's first row.

    Raises:
        ImportSourceError: there is none.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            header = next(csv.reader(io.StringIO(file.readline(1 << 20))), [])
    except (OSError, csv.Error) as error:
        raise ImportSourceError(f"import '{path}': the file cannot be read\n  {error}") from error
    if not any(header):
        raise ImportSourceError(
            f"import '{path}', line 1: there is no header\n"
            "  try: a CSV file whose first line names its columns"
        )
    return header
