"""`GlobalSummaryWriter`: one writer that modules and processes share, which counts the steps."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

from summaries.methods.file_writer import FileWriter
from summaries.writer import SummaryWriter

_writer: GlobalSummaryWriter | None = None


class GlobalSummaryWriter:
    """Logs without steps: each tag's values are counted, over all processes that are forked of it.

    Source: tensorboardX.GlobalSummaryWriter.

    Args:
        logdir: as in `SummaryWriter`, as are the others.
        coalesce_process: taken for compatibility; processes always share the run.
    """

    def __init__(
        self,
        logdir: str | Path | None = None,
        comment: str = "",
        purge_step: Any = None,
        max_queue: int = 500_000,
        flush_secs: float = 0.5,
        filename_suffix: str = "",
        write_to_disk: bool = True,
        log_dir: str | Path | None = None,
        coalesce_process: bool = True,
        **kwargs: Any,
    ) -> None:
        self.smw = SummaryWriter(
            logdir or log_dir,
            comment,
            purge_step,
            max_queue,
            flush_secs,
            filename_suffix,
            write_to_disk,
            **kwargs,
        )
        # Steps are counted where every process sees them, or two would log the same ones.
        self._manager = multiprocessing.Manager()
        self._lock = self._manager.Lock()
        self._counted = self._manager.dict()

    def _count(self, kind: str, tag: Any) -> int:
        with self._lock:
            step = int(self._counted.get((kind, tag), 0))
            self._counted[kind, tag] = step + 1
        return step

    def add_scalar(self, tag: str, scalar_value: Any, walltime: float | None = None) -> None:
        """As `SummaryWriter.add_scalar`."""
        self.smw.add_scalar(tag, scalar_value, self._count("scalar", tag), walltime)

    def add_image(
        self, tag: str, img_tensor: Any, walltime: float | None = None, dataformats: str = "CHW"
    ) -> None:
        """As `SummaryWriter.add_image`."""
        self.smw.add_image(tag, img_tensor, self._count("image", tag), walltime, dataformats)

    def add_text(self, tag: str, text_string: str, walltime: float | None = None) -> None:
        """As `SummaryWriter.add_text`."""
        self.smw.add_text(tag, text_string, self._count("text", tag), walltime)

    @staticmethod
    def getSummaryWriter() -> GlobalSummaryWriter:  # noqa: N802 - tensorboardX's name
        """The one writer of the process, made at the first call."""
        global _writer
        if _writer is None or _writer.smw._pipeline.closed:
            _writer = GlobalSummaryWriter()
        return _writer

    @property
    def file_writer(self) -> FileWriter:
        """As `SummaryWriter.file_writer`."""
        return self.smw.file_writer

    def close(self) -> None:
        """Close the writer; only the process that made it can."""
        self.smw.close()
        self._manager.shutdown()
