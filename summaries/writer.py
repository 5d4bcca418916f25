"""`SummaryWriter`: the logging API of TensorBoard's writers, onto our store."""

from __future__ import annotations

import json
import socket
import weakref
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from summaries.checks import as_float, as_json, as_step, as_tag, as_wall_time
from summaries.destination import is_http_url, is_url, of_run_directory, split_postgres_url
from summaries.methods.data import DataMethods
from summaries.methods.file_writer import FileWriter
from summaries.methods.graphs import GraphMethods
from summaries.methods.media import MediaMethods
from summaries.nowhere import Nowhere
from summaries.opening import open_pipeline
from summaries.pipeline import Pipeline, logger


class SummaryWriter(MediaMethods, DataMethods, GraphMethods):
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
        write_to_disk: bool = True,
        logdir: str | Path | None = None,
        comet_config: Mapping[str, Any] | None = None,
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
            write_to_disk: False checks what is logged, and keeps none of it.
            logdir: tensorboardX's name of log_dir.
            comet_config: taken for compatibility; nothing is sent to Comet, and the log says so if
                it is asked for.
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
        if comet_config and not comet_config.get("disabled", False):
            logger.warning("SummaryWriter: comet_config is not used, nothing is sent to Comet")
        now = datetime.now().strftime("%b%d_%H-%M-%S")
        made_up = f"{now}_{socket.gethostname()}{comment}"
        self.log_dir = str(log_dir or logdir or Path("runs") / made_up)
        self._as_opened: dict[str, Any] = {
            "token": token,
            "rank": rank,
            "write_to_disk": write_to_disk,
        }
        self._pipeline: Pipeline
        if write_to_disk:
            place = of_run_directory(self.log_dir, made_up, token)
            self._pipeline = open_pipeline(
                place, rank=rank, rewind_step=purge_step, max_queue=max(max_queue, 10_000)
            )
        else:
            self._pipeline = Nowhere(self.log_dir)
        # A writer that nobody holds any more is closed, its values written.
        weakref.finalize(self, self._pipeline.close, wait=False).atexit = False
        self._points = self._pipeline.points
        self._append = self._pipeline.points.append
        self._tags: dict[str, str] = {}
        self._next_step: dict[str, int] = {}
        self._hparams: dict[str, Any] = {}
        self._sets = 1
        self._grouped: dict[str, int] = {}
        self.file_writer = FileWriter(self)
        """What code for TensorBoard's writers reaches below them for."""
        self.plugins: dict[str, tuple[str, bytes]] = {}
        """Tag to TensorBoard's plugin, from the summaries that `add_summary` took."""

    # -- scalars: the hot path ----------------------------------------------------------------

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: Any = None,
        walltime: float | None = None,
        new_style: bool = False,
        double_precision: bool = False,
        display_name: str = "",
        summary_description: str = "",
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
            display_name: taken for compatibility.
            summary_description: taken for compatibility.

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
            self._append((name, scalar_value, global_step, self._now()))
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
            tag = f"{main_tag}/{key}"
            self.add_scalar(tag, value, global_step, walltime)
            self._grouped.setdefault(tag, 0)

    def export_scalars_to_json(self, path: str | Path) -> None:
        """Write what `add_scalars` logged since the last export to a JSON file.

        Its form is tensorboardX's: ``{"log_dir/main_tag/key": [[time, step, value], ...], ...}``.

        Raises:
            ValueError: the writer sends to a server, where the values are then.
        """
        if is_http_url(self.log_dir):
            raise ValueError(
                f"export_scalars_to_json: '{self.log_dir}' is a server's address\n"
                "  try: open_logdir of the server's directory"
            )
        found: dict[str, list[list[float]]] = {}
        self.flush()
        if self._grouped and not isinstance(self._pipeline, Nowhere):
            from summaries.reader import Reader  # SQLAlchemy's reading half, only when asked for

            own = split_postgres_url(self.log_dir)[0] if is_url(self.log_dir) else self.log_dir
            with Reader(own) as reader:
                for tag, start in self._grouped.items():
                    points = reader.scalars(self._pipeline.name, tag, start)
                    columns = points.wall_time, points.step, points.value
                    rows = zip(*(column.tolist() for column in columns), strict=True)
                    found[str(Path(self.log_dir) / tag)] = [list(row) for row in rows]
                    self._grouped[tag] = start + len(points)
        Path(path).write_text(json.dumps(found), encoding="utf-8")

    def _admit(self, method: str, tag: Any) -> str:
        """The tag as it is stored, checked the first time it is seen."""
        self._tags[tag] = name = as_tag(method, tag)
        return name

    # -- the run ------------------------------------------------------------------------------

    def add_hparams(
        self,
        hparam_dict: Mapping[str, Any],
        metric_dict: Mapping[str, Any] | None = None,
        hparam_domain_discrete: Mapping[str, Any] | None = None,
        run_name: str | None = None,
        global_step: Any = None,
        name: str | None = None,
    ) -> None:
        """Record hyperparameters of this run, and metrics as scalars of this run.

        Nothing recorded is replaced: with a name, or where this writer recorded another value of
        one of them before, they are recorded of a run of their own, below this one's directory.

        Args:
            hparam_dict: names to numbers, strings, booleans or None.
            metric_dict: tags to numbers.
            hparam_domain_discrete: names to lists of all values they can have; checked, not kept.
            run_name: the directory, below this run's, of the run that they are recorded of.
            global_step: step of the metrics, 0 if None.
            name: tensorboardX's name of run_name.

        Raises:
            TypeError: hparam_dict is no mapping, or cannot be stored as JSON; no domain.
        """
        self._refuse_if_closed()
        hparams = _as_hparams(hparam_dict)
        _check_domains(hparams, hparam_domain_discrete or {})
        own = run_name or name
        if own is None and any(self._hparams.get(k, v) != v for k, v in hparams.items()):
            own = self._free_name()
        if own is not None:
            with type(self)(self._address(str(own)), **self._as_opened) as writer:
                writer.add_hparams(hparams, metric_dict, None, None, global_step)
            return
        self.merge_hparams(hparams)
        for tag, value in (metric_dict or {}).items():
            self.add_scalar(tag, value, 0 if global_step is None else global_step)

    def merge_hparams(self, values: Mapping[str, Any]) -> None:
        """Add hyperparameters to this run's; one that is there is replaced.

        Raises:
            TypeError: no mapping, or it cannot be stored as JSON.
        """
        plain = as_json("add_hparams", "hparam_dict", values)
        # As they are recorded already: a loop that says them again need not wait for the store.
        if plain and all(
            key in self._hparams and self._hparams[key] == plain[key] for key in plain
        ):
            return
        self._pipeline.merge_json("hparams", plain)
        self._hparams.update(plain)

    def _free_name(self) -> str:
        self._sets += 1
        while not is_url(self.log_dir) and Path(self._address(f"hparams-{self._sets}")).exists():
            self._sets += 1
        return f"hparams-{self._sets}"

    def _address(self, below: str) -> str:
        """The directory or address of a run below this one; of this one, if below is empty."""
        if not is_url(self.log_dir):
            return str(Path(self.log_dir) / below)
        parts = urlsplit(self.log_dir)
        query = [(key, value) for key, value in parse_qsl(parts.query) if key != "run"]
        query.append(("run", f"{self._pipeline.name}/{below}".strip("/")))
        return urlunsplit(parts._replace(query=urlencode(query)))

    def add_summary(
        self, summary: Any, global_step: Any = None, walltime: float | None = None
    ) -> None:
        """Log a serialized ``Summary`` message: each of its values under its own kind.

        Args:
            summary: bytes as a summary op returns them, or anything with ``SerializeToString()``.
            global_step: as in `add_scalar`.
            walltime: as in `add_scalar`.

        Raises:
            TypeError, ValueError: no such message, or a damaged one.
        """
        from summaries.wire import add_summary  # only scripts with summary ops pay for it

        add_summary(self, summary, global_step, walltime)

    # -- life ---------------------------------------------------------------------------------

    def get_logdir(self) -> str:
        """The run's directory."""
        return self.log_dir

    @property
    def logdir(self) -> str:
        """tensorboardX's name of `log_dir`."""
        return self.log_dir

    @property
    def all_writers(self) -> dict[str, FileWriter]:
        """The run's directory to its `file_writer`, the only one there is."""
        return {self.log_dir: self.file_writer}

    @cached_property
    def default_bins(self) -> list[float]:
        """TensorFlow's edges of bins, which grow by a tenth from 1e-12 to 1e20 on both sides."""
        positive = []
        edge = 1e-12
        while edge < 1e20:
            positive.append(edge)
            edge *= 1.1
        return [*(-edge for edge in reversed(positive)), 0.0, *positive]

    def flush(self) -> None:
        """Return when all that was logged is in the database."""
        self._pipeline.flush()

    def close(self) -> None:
        """Flush, mark the run as finished and give the database back."""
        self._pipeline.close()

    def reopen(self) -> None:
        """Go on with the run after `close`; nothing if the writer is open."""
        if not self._pipeline.closed:
            return
        again = type(self)(self._address(""), **self._as_opened)
        # This writer becomes that one, which lives along: its end would close the pipeline.
        self.__dict__.update(again.__dict__, file_writer=FileWriter(self), _reopened=again)

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pipeline.close("finished" if kind is None else "failed")


def _as_hparams(values: Any) -> dict[str, Any]:
    """The hyperparameters as plain data; an array or tensor of one element as its number."""
    if isinstance(values, Mapping):
        values = {
            key: value.item() if getattr(value, "size", None) == 1 or _is_scalar(value) else value
            for key, value in values.items()
        }
    return as_json("add_hparams", "hparam_dict", values)


def _is_scalar(value: Any) -> bool:
    return hasattr(value, "numel") and value.numel() == 1


def _check_domains(hparams: Mapping[str, Any], domains: Any) -> None:
    good = isinstance(domains, Mapping) and all(
        key in hparams and isinstance(values, (list, tuple)) for key, values in domains.items()
    )
    if not good:
        raise TypeError(
            "add_hparams: hparam_domain_discrete must map names in hparam_dict to lists of values\n"
            f"  got {domains!r:.200}"
        )
