"""What an import did, and what can be wrong with what it was given."""

from __future__ import annotations

from dataclasses import dataclass, field

from summaries.errors import SummariesError


class ImportSourceError(SummariesError, ValueError):
    """The source of an import is not what it was taken for, or damaged beyond reading."""


@dataclass
class ImportReport:
    """What an import did; what was imported before is not counted."""

    files: int = 0
    runs: int = 0
    values: int = 0
    """Points, histograms, images, texts, ..."""
    damaged: int = 0
    """Records whose checksum or content was wrong, and files that end inside a record."""
    restarts: list[tuple[str, int]] = field(default_factory=list)
    """(run, step) of each restart: what the run had logged from that step on was replaced."""
    notes: list[str] = field(default_factory=list)
    """What was left out, and why; a sentence each."""

    def note(self, text: str) -> None:
        """Say once that something was left out."""
        if text not in self.notes:
            self.notes.append(text)
