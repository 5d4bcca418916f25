"""`writer.file_writer`: what code written for TensorBoard's writers reaches below them for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from summaries.wire.proto import DOUBLE, fields, signed

if TYPE_CHECKING:
    from summaries.writer import SummaryWriter


class FileWriter:
    """The methods of torch's and tensorboardX's ``FileWriter``, onto a `SummaryWriter`.

    Messages are objects with ``SerializeToString()`` (tensorboard's, tensorboardX's, TensorFlow's)
    or their bytes.
    """

    def __init__(self, writer: SummaryWriter) -> None:
        self._writer = writer

    def get_logdir(self) -> str:
        """The run's directory."""
        return self._writer.get_logdir()

    def add_summary(
        self, summary: Any, global_step: Any = None, walltime: float | None = None
    ) -> None:
        """Log each value of a ``Summary`` under its own kind.

        Raises:
            TypeError, ValueError: no such message, or a damaged one.
        """
        self._writer.add_summary(summary, global_step, walltime)

    def add_event(self, event: Any, step: Any = None, walltime: float | None = None) -> None:
        """Log what an ``Event`` holds: a summary or a graph; its own step, if none is given.

        Raises:
            TypeError, ValueError: no such message, or a damaged one.
        """
        at, own_time = 0, None
        parts = {}
        for key, value in fields(_serialized("add_event", event)):
            if key == 1:
                own_time = DOUBLE.unpack(value)[0]
            elif key == 2:
                at = signed(value)
            parts[key] = value
        # As in torch: without a walltime it is now; an event that was made for a log has its own.
        when = walltime if walltime is not None else own_time or None
        if 5 in parts:
            self._writer.add_summary(parts[5], at if step is None else step, when)
        if 4 in parts:
            self._writer.add_graph_def(parts[4])

    def add_graph(self, graph_profile: Any, walltime: float | None = None) -> None:
        """Log a ``GraphDef``, alone or as the first of a pair with its statistics.

        Raises:
            TypeError, ValueError: no such message, or a damaged one.
        """
        graph = graph_profile[0] if isinstance(graph_profile, (tuple, list)) else graph_profile
        with self._at(walltime):
            self._writer.add_graph_def(_serialized("add_graph", graph))

    def add_onnx_graph(self, graph: Any, walltime: float | None = None) -> None:
        """Log a ``GraphDef`` that was made of an ONNX model."""
        self.add_graph(graph, walltime)

    def add_openvino_graph(self, graph: Any, walltime: float | None = None) -> None:
        """Log a ``GraphDef`` that was made of an OpenVINO model."""
        self.add_graph(graph, walltime)

    def flush(self) -> None:
        """Return when all that was logged is in the database."""
        self._writer.flush()

    def close(self) -> None:
        """Close the writer."""
        self._writer.close()

    def reopen(self) -> None:
        """Go on with the run after `close`; nothing if the writer is open."""
        self._writer.reopen()

    @contextmanager
    def use_metadata(
        self, *, global_step: int | None = None, walltime: float | None = None
    ) -> Iterator[FileWriter]:
        """Step and time of what is logged inside the block without one of its own."""
        with self._writer.use_metadata(global_step=global_step, walltime=walltime):
            yield self

    @contextmanager
    def _at(self, walltime: float | None) -> Iterator[None]:
        if walltime is None:
            yield
            return
        with self._writer.use_metadata(walltime=walltime):
            yield


def _serialized(method: str, message: Any) -> bytes:
    if hasattr(message, "SerializeToString"):
        message = message.SerializeToString()
    if not isinstance(message, (bytes, bytearray, memoryview)):
        raise TypeError(
            f"file_writer.{method}: expects a message of TensorBoard's, or its bytes\n"
            f"  got {type(message).__name__}"
        )
    return bytes(message)
