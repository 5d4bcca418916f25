"""`SummaryWriter`: the logging API of TensorBoard's writers, onto our store."""

from __future__ import annotations

import socket
import time
import weakref
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from summaries.checks import as_float, as_json, as_step, as_tag, as_wall_time
from summaries.destination import of_run_directory
from summaries.kinds import graph as graph_kind
from summaries.kinds import histogram as histogram_kind
from summaries.kinds import image as image_kind
from summaries.kinds import text as text_kind
from summaries.opening import open_pipeline
from summaries.records import HistogramRecord


class SummaryWriter:
    """Logs one run into the directory ``log_dir``, whose name is the run's.

    The methods and their arguments are those of ``torch.utils.tensorboard.SummaryWriter`` and
    tensorboardX. What is logged reaches the disk within half a second, all of it; a second writer
    on the same directory goes on with the same run.

    Source: the public API of torch.utils.tensorboard 2.x and tensorboardX 2.6.

    Example:
        >>> import tempfile
        >>> directory = tempfile.mkdtemp()
        >>> with SummaryWriter(directory) as writer:
        ...     for step in range(3):
        ...         writer.add_scalar("train/loss", 1.0 / (step + 1), step)
        >>> from summaries import open_logdir
        >>> open_logdir(directory).scalars(".", "train/loss").value.tolist()
        [1.0, 0.5, 0.3333333333333333]
    """

    def __init__(
        self,
        log_dir: str | Path | None = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 500_000,
        flush_secs: float = 0.5,
        filename_suffix: str = "",
        *,
        token: str | None = None,
        rank: int = 0,
    ) -> None:
        """Open the run.

        Args:
            log_dir: the run's directory; by default ``runs/<time>_<host><comment>``. Or the URL of
                a PostgreSQL database, the run's name behind it:
                ``postgresql+psycopg://host/team/lr=0.1``, or likewise of a server that takes values
                (``dashboard serve --ingest``): ``http://host:6006/lr=0.1``.
            comment: end of the default directory's name.
            purge_step: what the run has at this step and later is taken out of sight, for a script
                that goes on from a checkpoint. It is kept: see `Reader.replaced`.
            max_queue: points held in memory while the disk is slow. Ten, torch's default, would
                make each tenth call wait, so fewer than 10,000 count as 10,000.
            flush_secs: taken for compatibility; points never wait longer than half a second.
            filename_suffix: taken for compatibility; there is one database a directory.
            token: of the server, where log_dir is the address of a ``dashboard serve --ingest``.
            rank: which of several processes that log this one run; kept with each value.

        Raises:
            StoreWriteError: the directory cannot be written.
            DamagedStoreError: its ``events.db`` is damaged or something else.
            SchemaVersionError: a newer trainboard wrote it.
            LogdirError: log_dir is an address of no known kind.
        """
        if purge_step is not None:
            purge_step = as_step("SummaryWriter", "purge_step", purge_step)
        now = datetime.now().strftime("%b%d_%H-%M-%S")
        made_up = f"{now}_{socket.gethostname()}{comment}"
        self.log_dir = str(Path("runs") / made_up if log_dir is None else log_dir)
        place = of_run_directory(self.log_dir, made_up, token)
        self._pipeline = open_pipeline(
            place, rank=rank, rewind_step=purge_step, max_queue=max(max_queue, 10_000)
        )
        # A writer that nobody holds any more is closed, its values written.
        weakref.finalize(self, self._pipeline.close, wait=False).atexit = False
        self._points = self._pipeline.points
        self._append = self._pipeline.points.append
        self._tags: dict[str, str] = {}
        self._next_step: dict[str, int] = {}

    # -- scalars: the hot path ----------------------------------------------------------------

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: Any = None,
        walltime: float | None = None,
        new_style: bool = False,
        double_precision: bool = False,
    ) -> None:
        """Log one number; it is kept as a full float64, NaN and infinities included.

        Args:
            tag: the series' name, grouped in the dashboard by what precedes its first ``/``.
            scalar_value: a number, or an array or tensor of one element.
            global_step: the training step; repeated and decreasing ones are kept as they come. None
                counts up from 0 for each tag.
            walltime: seconds since the epoch; now, if None.
            new_style: taken for compatibility.
            double_precision: taken for compatibility; precision is always double.

        Raises:
            TypeError: a tag that is no str, a value that is no number, a step that is not whole.
            ValueError: an empty tag or one of over 1,000 characters.
        """
        # One look-up, three type checks, one append of a tuple: 0.3 us. No lock and no queue.
        try:
            name = self._tags[tag]
        except (KeyError, TypeError):
            name = self._admit("add_scalar", tag)
        if type(scalar_value) is not float:
            scalar_value = as_float("add_scalar", tag, scalar_value)
        if type(global_step) is not int or not -(2**63) <= global_step < 2**63:
            global_step = self._step("add_scalar", tag, global_step)
        if len(self._points) >= self._pipeline.limit:
            self._refuse_if_closed()
            self._pipeline.relieve()
        if walltime is None:
            self._append((name, scalar_value, global_step, time.time()))
        else:
            walltime = as_wall_time("add_scalar", tag, walltime)
            self._append((name, scalar_value, global_step, walltime))

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: Mapping[str, Any],
        global_step: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Log several numbers of one group, as the tags ``main_tag/key`` of this same run.

        Raises:
            TypeError: no mapping of names to numbers.
        """
        if not isinstance(tag_scalar_dict, Mapping):
            raise TypeError(
                f"add_scalars '{main_tag}': expects a mapping of names to numbers\n"
                f"  got {type(tag_scalar_dict).__name__}"
            )
        for key, value in tag_scalar_dict.items():
            self.add_scalar(f"{main_tag}/{key}", value, global_step, walltime)

    def _admit(self, method: str, tag: Any) -> str:
        """The tag as it is stored, checked the first time it is seen."""
        self._tags[tag] = name = as_tag(method, tag)
        return name

    def _step(self, method: str, tag: str, step: Any) -> int:
        if step is not None:
            return as_step(method, tag, step)
        counted = self._next_step.get(tag, 0)
        self._next_step[tag] = counted + 1
        return counted

    def _refuse_if_closed(self) -> None:
        if self._pipeline.closed:
            raise ValueError(f"SummaryWriter '{self.log_dir}': the writer is closed")

    # -- the other kinds ----------------------------------------------------------------------

    def _place(self, method: str, tag: Any, step: Any, walltime: Any) -> tuple[str, int, float]:
        name = as_tag(method, tag)
        place = self._step(method, tag, step)
        if walltime is None:
            return name, place, time.time()
        return name, place, as_wall_time(method, tag, walltime)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: Any = None,
        bins: str = "auto",
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """Log the distribution of an array; NaN and infinities are counted apart.

        Args:
            tag: the series' name.
            values: numbers of any shape: array, tensor, list.
            global_step: as in `add_scalar`.
            bins: taken for compatibility; the bins follow the data.
            walltime: as in `add_scalar`.
            max_bins: taken for compatibility.

        Raises:
            TypeError: values are not real numbers.
        """
        name, step, wall_time = self._place("add_histogram", tag, global_step, walltime)
        self._log_event(histogram_kind.event(name, values, step, wall_time))

    def add_histogram_record(
        self,
        tag: str,
        histogram: HistogramRecord,
        global_step: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Log a histogram that is counted already; its own step and time are not looked at."""
        name, step, wall_time = self._place("add_histogram_record", tag, global_step, walltime)
        placed = replace(histogram, step=step, wall_time=wall_time)
        self._log_event(histogram_kind.event_of_record(name, placed))

    def add_text(
        self, tag: str, text_string: str, global_step: Any = None, walltime: float | None = None
    ) -> None:
        """Log a text, which the dashboard shows as markdown.

        Raises:
            TypeError: it is not a str.
        """
        name, step, wall_time = self._place("add_text", tag, global_step, walltime)
        self._log_event(text_kind.event(name, text_string, step, wall_time))

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: Any = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """Log an image, stored as PNG.

        Args:
            tag: the series' name.
            img_tensor: floats in 0 to 1 or integers in 0 to 255, 1, 3 or 4 channels.
            global_step: as in `add_scalar`.
            walltime: as in `add_scalar`.
            dataformats: what each axis is: "CHW" (default), "HWC" or "HW".

        Raises:
            TypeError, ValueError: no such image.
        """
        name, step, wall_time = self._place("add_image", tag, global_step, walltime)
        if hasattr(img_tensor, "detach"):
            img_tensor = histogram_kind.as_array(img_tensor)
        self._log_event(image_kind.event(name, img_tensor, step, wall_time, dataformats))

    def add_image_file(
        self, tag: str, content: bytes, global_step: Any = None, walltime: float | None = None
    ) -> None:
        """Log an encoded image (PNG, JPEG, GIF, WebP), kept as it is.

        Raises:
            ValueError: the bytes are no such image.
        """
        name, step, wall_time = self._place("add_image_file", tag, global_step, walltime)
        self._log_event(image_kind.event_of_file(name, content, step, wall_time))

    def add_graph(self, model: Any, input_to_model: Any = None, verbose: bool = False) -> None:
        """Log a graph: an engine ``Graph``, or plain data as in docs/architecture.md.

        Raises:
            TypeError: neither of them.
        """
        self._log_event(graph_kind.event(model, 0, time.time()))

    def add_hparams(
        self,
        hparam_dict: Mapping[str, Any],
        metric_dict: Mapping[str, Any] | None = None,
        hparam_domain_discrete: Mapping[str, Any] | None = None,
        run_name: str | None = None,
        global_step: Any = None,
    ) -> None:
        """Record hyperparameters of this run, and metrics as scalars of this run.

        Args:
            hparam_dict: names to numbers, strings, booleans or None.
            metric_dict: tags to numbers.
            hparam_domain_discrete: taken for compatibility.
            run_name: taken for compatibility: no second run is made.
            global_step: step of the metrics, 0 if None.

        Raises:
            TypeError: hparam_dict is no mapping, or cannot be stored as JSON.
        """
        self._refuse_if_closed()
        self._pipeline.merge_json("hparams", as_json("add_hparams", "hparam_dict", hparam_dict))
        for tag, value in (metric_dict or {}).items():
            self.add_scalar(tag, value, 0 if global_step is None else global_step)

    def add_summary(self, summary: Any, global_step: Any = None) -> None:
        """Log a serialized ``Summary`` message: each of its values under its own kind.

        Args:
            summary: bytes as a summary op returns them, or anything with ``SerializeToString()``.
            global_step: as in `add_scalar`.
        """
        from summaries.wire import add_summary  # only scripts with summary ops pay for it

        add_summary(self, summary, global_step)

    def _log_event(self, event: Any) -> None:
        self._refuse_if_closed()
        self._pipeline.log_event(event)

    # -- life ---------------------------------------------------------------------------------

    def get_logdir(self) -> str:
        """The run's directory."""
        return self.log_dir

    def flush(self) -> None:
        """Return when all that was logged is in the database."""
        self._pipeline.flush()

    def close(self) -> None:
        """Flush, mark the run as finished and give the database back."""
        self._pipeline.close()

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pipeline.close("finished" if kind is None else "failed")
