"""``tf.summary``: summary operations and the writer. The engine's only door to `summaries`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.dtypes import string
from engine.errors import compose, misuse
from engine.graph import Graph, Operation, Tensor, get_default_graph
from engine.op import Array, Op, Spec, declared
from engine.ops.constants import convert_to_tensor, graph_of
from engine.trace import parts_of_label
from engine.variables import GraphKeys

# `summaries` brings SQLAlchemy (0.15 s to import), so it is imported where it is used: a script
# that logs nothing does not pay for it.


@declared
class SummaryOp(Op):
    """One value under a tag, as the bytes of a serialized ``Summary``."""

    tag: str

    stateful = True

    def infer(self, *args: Any, **kwargs: Any) -> Spec:
        return Spec(string, ())

    def run(self, state: Any, op: Any, *args: Any) -> Array:
        from summaries import wire

        result = np.empty((), object)
        result[()] = wire.encode_summary(self.values(args[0]))
        return result

    def values(self, value: Array) -> list[Any]:
        raise NotImplementedError


class ScalarSummary(SummaryOp):
    """A number; it keeps the tensor's own precision."""

    def values(self, value: Array) -> list[Any]:
        from summaries import wire

        if np.size(value) != 1:
            raise ValueError(
                f"tags and values not the same shape: [] != {list(np.shape(value))} "
                f"(tag '{self.tag}')"
            )
        return [wire.scalar_value(self.tag, np.asarray(value).item())]


class HistogramSummary(SummaryOp):
    """The distribution of a tensor's elements."""

    def values(self, value: Array) -> list[Any]:
        from summaries import wire

        return [wire.histogram_value(self.tag, value)]


class TextSummary(SummaryOp):
    """A text."""

    def values(self, value: Array) -> list[Any]:
        from summaries import wire

        texts = [item.decode(errors="replace") for item in np.ravel(value)]
        return [wire.text_value(self.tag, "\n\n".join(texts))]


@declared
class ImageSummary(SummaryOp):
    """The first pictures of a batch [n, height, width, channels], floats scaled to 0-255."""

    max_outputs: int = 3

    def values(self, value: Array) -> list[Any]:
        from summaries import wire

        shown = value[: self.max_outputs]
        tags = [f"{self.tag}/image/{i}" for i in range(len(shown))]
        tags = [f"{self.tag}/image"] if self.max_outputs == 1 else tags
        return [
            wire.image_value(tag, _as_bytes(picture))
            for tag, picture in zip(tags, shown, strict=True)
        ]


@declared
class AudioSummary(SummaryOp):
    """The first sounds of a batch [n, frames, channels] or [n, frames], floats in [-1, 1]."""

    max_outputs: int = 3

    def infer(self, value: Spec, rate: Spec) -> Spec:
        return Spec(string, ())

    def run(self, state: Any, op: Any, *args: Any) -> Array:
        value, rate = args
        from summaries import wire

        shown = value[: self.max_outputs]
        single = self.max_outputs == 1
        result = np.empty((), object)
        result[()] = wire.encode_summary(
            [
                wire.audio_value(
                    f"{self.tag}/audio" if single else f"{self.tag}/audio/{i}", sound, int(rate)
                )
                for i, sound in enumerate(shown)
            ]
        )
        return result


def _as_bytes(picture: Array) -> Array:
    """uint8 pixels: non-negative floats fill 0 to 255; with negative ones 0 becomes 127."""
    if picture.dtype == np.uint8:
        return picture
    largest = float(np.max(np.abs(picture), initial=0.0)) or 1.0
    if np.min(picture, initial=0.0) < 0:
        return np.asarray(np.clip(picture * (127.0 / largest) + 128, 0, 255).astype(np.uint8))
    return np.asarray((picture * (255.0 / largest)).astype(np.uint8))


class MergeSummary(Op):
    """Several summaries as one: the messages one after the other are one message."""

    stateful = True

    def infer(self, *args: Any, **kwargs: Any) -> Spec:
        return Spec(string, ())

    def run(self, state: Any, op: Any, *args: Any) -> Array:
        result = np.empty((), object)
        result[()] = b"".join(bytes(item) for part in args for item in np.ravel(part))
        return result


def _summary(
    kind: Any,
    name: str,
    tensor: Any,
    collections: Any,
    family: str | None = None,
    *more: Any,
    **attributes: Any,
) -> Tensor:
    value = convert_to_tensor(tensor)
    graph = value.graph
    with graph.name_scope(_clean(name if family is None else f"{family}/{name}")) as scope:
        tag = scope.rstrip("/")
        inputs = (value, *[convert_to_tensor(item) for item in more])
        made = graph.create_op(kind(tag, **attributes), inputs, scope).outputs[0]
    graph.add_to_collections([GraphKeys.SUMMARIES] if collections is None else collections, made)
    return made


def _clean(name: str) -> str:
    kept = "".join(c if (c.isalnum() and c.isascii()) or c in "-_./" else "_" for c in name)
    return kept.lstrip("/_-") or "summary"


def scalar(name: str, tensor: Any, collections: Any = None, family: str | None = None) -> Tensor:
    """A tensor (string []) that, run, gives a number as a serialized summary.

    Its tag is `name` below the current name scope.

    >>> import engine as tf
    >>> from summaries import wire
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     data = sess.run(tf.summary.scalar("loss", tf.constant(0.5)))
    >>> wire.decode_summary(data)[0].simple_value
    0.5
    """
    return _summary(ScalarSummary, name, tensor, collections, family)


def histogram(name: str, values: Any, collections: Any = None, family: str | None = None) -> Tensor:
    """A tensor (string []) that, run, gives a distribution as a serialized summary."""
    return _summary(HistogramSummary, name, values, collections, family)


def image(
    name: str, tensor: Any, max_outputs: int = 3, collections: Any = None, family: str | None = None
) -> Tensor:
    """A tensor (string []) that, run, gives the first pictures of [n, height, width, channels]."""
    return _summary(ImageSummary, name, tensor, collections, family, max_outputs=max_outputs)


def audio(
    name: str,
    tensor: Any,
    sample_rate: Any,
    max_outputs: int = 3,
    collections: Any = None,
    family: str | None = None,
) -> Tensor:
    """A tensor (string []) that, run, gives the first sounds of [n, frames, channels].

    tensor: float in [-1, 1]; sample_rate: frames a second, a number or a tensor.
    """
    return _summary(
        AudioSummary, name, tensor, collections, family, sample_rate, max_outputs=max_outputs
    )


def text(name: str, tensor: Any, collections: Any = None) -> Tensor:
    """A tensor (string []) that, run, gives a string tensor as a serialized summary."""
    return _summary(TextSummary, name, tensor, collections)


def merge(inputs: Iterable[Tensor], collections: Any = None, name: str | None = None) -> Tensor:
    """A tensor (string []) that, run, gives all the summaries as one.

    Raises:
        ValueError: there are none.
    """
    parts = list(inputs)
    if not parts:
        raise ValueError("tf.summary.merge needs at least one summary")
    graph = graph_of(*parts)
    merged = graph.create_op(MergeSummary(), parts, name or "MergeSummary").outputs[0]
    if collections is not None:
        graph.add_to_collections(collections, merged)
    return merged


def merge_all(key: str = GraphKeys.SUMMARIES, scope: str | None = None) -> Tensor | None:
    """All summaries of the default graph merged into one, None if there are none."""
    collected = get_default_graph().get_collection(key, scope)
    # One made inside a tf.cond or a loop has no value outside of it.
    found = [item for item in collected if item.op.body is None]
    return merge(found, name="Merge/MergeSummary") if found else None


def scalar_summary(
    tags: str, values: Any, collections: Any = None, name: str | None = None
) -> Tensor:
    """0.x: a number under exactly this tag."""
    return _old(ScalarSummary(tags), values, collections, name)


def histogram_summary(
    tag: str, values: Any, collections: Any = None, name: str | None = None
) -> Tensor:
    """0.x: a distribution under exactly this tag."""
    return _old(HistogramSummary(tag), values, collections, name)


def image_summary(
    tag: str, tensor: Any, max_images: int = 3, collections: Any = None, name: str | None = None
) -> Tensor:
    """0.x: pictures under exactly this tag."""
    return _old(ImageSummary(tag, max_images), tensor, collections, name)


def _old(kind: SummaryOp, values: Any, collections: Any, name: str | None) -> Tensor:
    tensor = convert_to_tensor(values)
    made = tensor.graph.create_op(kind, (tensor,), name or kind.type).outputs[0]
    keys = [GraphKeys.SUMMARIES] if collections is None else collections
    tensor.graph.add_to_collections(keys, made)
    return made


@dataclass
class SummaryValue:
    """One value of a `Summary` made by hand: ``tf.Summary.Value(tag="x", simple_value=1.0)``."""

    tag: str = ""
    simple_value: float | None = None


@dataclass
class Summary:
    """A summary made by hand, for `FileWriter.add_summary`.

    >>> from engine.summary import Summary
    >>> made = Summary(value=[Summary.Value(tag="accuracy", simple_value=0.9)])
    >>> Summary.FromString(made.SerializeToString()).value[0].simple_value
    0.9
    """

    Value = SummaryValue
    value: list[SummaryValue] = field(default_factory=list)

    def add_value(self, tag: str, simple_value: float) -> None:
        """One more number."""
        self.value.append(SummaryValue(tag, simple_value))

    def SerializeToString(self) -> bytes:  # noqa: N802 - protocol buffers' name
        """The bytes of the message."""
        from summaries import wire

        return wire.encode_summary(
            [wire.scalar_value(item.tag, _number(item)) for item in self.value]
        )

    @staticmethod
    def FromString(data: bytes) -> Summary:  # noqa: N802 - protocol buffers' name
        """The numbers in a serialized summary; other kinds keep their tag only."""
        from summaries import wire

        return Summary(
            [SummaryValue(item.tag, item.simple_value) for item in wire.decode_summary(data)]
        )

    ParseFromString = FromString


def _number(item: SummaryValue) -> float:
    if item.simple_value is None:
        raise ValueError(compose(f"tf.Summary.Value '{item.tag}' has no simple_value"))
    return item.simple_value


class FileWriter:
    """Writes summaries, and the graph, into the run's directory `logdir`.

    `graph` is a `Graph` (or a session's); the queue's settings are accepted and not needed.

    >>> import tempfile, engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     with tf.summary.FileWriter(tempfile.mkdtemp(), sess.graph) as writer:
    ...         writer.add_summary(sess.run(tf.summary.scalar("loss", 0.25)), 0)
    """

    def __init__(
        self,
        logdir: Any,
        graph: Any = None,
        max_queue: int = 10,
        flush_secs: float = 120,
        graph_def: Any = None,
        filename_suffix: str | None = None,
        session: Any = None,
    ):
        from summaries import SummaryWriter

        del max_queue, flush_secs, filename_suffix
        self._logdir = logdir
        self._traced: set[str] = set()
        self._writer = SummaryWriter(logdir)
        self._closed = False
        self._graph: Any = None
        shown = next((item for item in (graph, graph_def, session) if item is not None), None)
        if shown is not None:
            self.add_graph(shown)

    def add_summary(self, summary: Any, global_step: Any = None) -> None:
        """Store the values of a summary (bytes of a summary op, or a `Summary`) under a step."""
        if isinstance(summary, Tensor | Operation):
            raise TypeError(
                compose(
                    f"add_summary takes what a run gives, not the tensor itself: {summary}",
                    (),
                    "writer.add_summary(sess.run(merged), step)",
                )
            )
        self._open().add_summary(summary, None if global_step is None else int(global_step))

    def add_graph(self, graph: Any, global_step: Any = None) -> None:
        """Store a graph (a `Graph`, its plain data, or a session's) for the graph page."""
        del global_step  # A run has one graph.
        if not isinstance(graph, Graph) and isinstance(getattr(graph, "graph", None), Graph):
            graph = graph.graph
        self._graph = graph
        self._open().add_graph(graph)

    def add_run_metadata(self, run_metadata: Any, tag: str, global_step: Any = None) -> None:
        """Store what a traced run took, for the graph page to colour by; the newest run is shown.

        `run_metadata` is the `RunMetadata` of a run with ``RunOptions(trace_level=FULL_TRACE)``;
        `tag` names it. Without a graph added before, the operations that ran are the graph.

        Raises:
            ValueError: the tag was used before, or nothing was traced.

        >>> import tempfile, engine as tf
        >>> with tf.Graph().as_default(), tf.Session() as sess:
        ...     loss = tf.reduce_sum(tf.exp(tf.placeholder_with_default([1.0, 2.0], [2])))
        ...     full = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
        ...     meta = tf.RunMetadata()
        ...     _ = sess.run(loss, options=full, run_metadata=meta)
        ...     with tf.summary.FileWriter(tempfile.mkdtemp(), sess.graph) as writer:
        ...         writer.add_run_metadata(meta, "step 0", 0)
        """
        if tag in self._traced:
            raise ValueError(
                misuse(
                    "The provided tag was already used for this event type",
                    [f"tag: {tag!r}"],
                    "a tag for each traced run, as f'step {step}'",
                )
            )
        devices = run_metadata.step_stats.dev_stats
        if not devices:
            raise ValueError(
                misuse(
                    f"add_run_metadata '{tag}': there are no step stats in it",
                    (),
                    "sess.run(..., options=tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE), "
                    "run_metadata=run_metadata)",
                )
            )
        self._traced.add(tag)
        title = tag if global_step is None or str(global_step) in tag else f"{tag}, {global_step}"
        self._open().add_graph({"nodes": _with_stats(self._graph, devices), "traced": title})

    def add_session_log(self, session_log: Any, global_step: Any = None) -> None:
        """Nothing: runs know when they began and ended without it."""

    def get_logdir(self) -> str:
        """The run's directory."""
        return str(self._logdir)

    def flush(self) -> None:
        """Write what was added to disk."""
        self._writer.flush()

    def close(self) -> None:
        """Write what was added and close; adding again opens the directory again."""
        if not self._closed:
            self._closed = True
            self._writer.close()

    def reopen(self) -> None:
        """Go on writing after `close`."""
        self._open()

    def _open(self) -> Any:
        if self._closed:
            from summaries import SummaryWriter

            self._writer, self._closed = SummaryWriter(self._logdir), False
        return self._writer

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _with_stats(graph: Any, devices: Sequence[Any]) -> list[dict[str, Any]]:
    """The graph's nodes as plain data, each that was part of the run with what it took."""
    took: dict[str, dict[str, Any]] = {}
    ran: list[dict[str, Any]] = []
    for device in devices:
        for node in device.node_stats:
            _, kind, inputs = parts_of_label(node.timeline_label)
            ran.append({"name": node.node_name, "op": kind or "unknown", "inputs": inputs})
            took[node.node_name] = {
                "time_us": node.op_end_rel_nanos / 1000,
                "bytes": sum(part.total_bytes for part in node.memory),
                "device": device.device,
            }
        for folded in device.folded:
            ran.append({"name": folded.node_name, "op": folded.op, "inputs": []})
            took[folded.node_name] = {
                "time_us": 0.0, "bytes": 0, "device": device.device, "note": folded.reason
            }  # fmt: skip
    plain = graph.as_graph_def() if hasattr(graph, "as_graph_def") else graph
    nodes = ran if plain is None else plain["nodes"]
    return [
        {**node, "stats": took[node["name"]]} if node["name"] in took else dict(node)
        for node in nodes
    ]


OPS: Sequence[type[Op]] = (
    ScalarSummary,
    HistogramSummary,
    TextSummary,
    ImageSummary,
    AudioSummary,
    MergeSummary,
)

__all__ = [
    "FileWriter",
    "Summary",
    "audio",
    "histogram",
    "histogram_summary",
    "image",
    "image_summary",
    "merge",
    "merge_all",
    "scalar",
    "scalar_summary",
    "text",
]
