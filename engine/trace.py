"""What a traced run did and when: step stats in TensorFlow's shape, and as a Chrome trace."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.graph import Operation
from engine.plan.timing import OpTime, Output

CPU_ALLOCATOR = "cpu"


@dataclass
class AllocationDescription:
    """The memory of one output."""

    requested_bytes: int = 0
    allocated_bytes: int = 0
    allocator_name: str = CPU_ALLOCATOR


@dataclass
class TensorDescription:
    """Dtype, sizes and memory of one output."""

    dtype: str = ""
    shape: tuple[int, ...] = ()
    allocation_description: AllocationDescription = field(default_factory=AllocationDescription)


@dataclass
class NodeOutput:
    """One output of a node."""

    slot: int = 0
    tensor_description: TensorDescription = field(default_factory=TensorDescription)


@dataclass
class AllocatorMemoryUsed:
    """What a node needs of one allocator: its outputs, and memory for in-between results."""

    allocator_name: str = CPU_ALLOCATOR
    total_bytes: int = 0
    peak_bytes: int = 0
    live_bytes: int = 0


@dataclass
class NodeExecStats:
    """One operation in one run. Microseconds are rounded; the nanoseconds are as measured.

    ``*_rel_*`` count from `all_start_micros`, which is the time of day. An operation of several
    calls lasts as long as all of them together; `intervals` has them one by one, as nanoseconds
    after the step's beginning.
    """

    node_name: str
    timeline_label: str = ""
    all_start_micros: int = 0
    op_start_rel_micros: int = 0
    op_end_rel_micros: int = 0
    all_end_rel_micros: int = 0
    all_start_nanos: int = 0
    op_start_rel_nanos: int = 0
    op_end_rel_nanos: int = 0
    all_end_rel_nanos: int = 0
    scheduled_micros: int = 0
    thread_id: int = 0
    memory: list[AllocatorMemoryUsed] = field(default_factory=list)
    output: list[NodeOutput] = field(default_factory=list)
    intervals: tuple[tuple[int, int], ...] = ()


@dataclass
class FoldedNode:
    """An operation that a run stood for without a call of its own, and why."""

    node_name: str
    op: str
    reason: str


@dataclass
class DeviceStepStats:
    """The operations that ran on one device."""

    device: str
    node_stats: list[NodeExecStats] = field(default_factory=list)
    thread_names: dict[int, str] = field(default_factory=dict)
    folded: list[FoldedNode] = field(default_factory=list)
    """What took no time: constants, views, and what was merged into others."""


@dataclass
class StepStats:
    """One traced run."""

    dev_stats: list[DeviceStepStats] = field(default_factory=list)


def step_stats(
    times: Sequence[OpTime],
    folded: Sequence[tuple[Operation, str]],
    began: int,
    converting: int,
    device_of: Callable[[Operation | None], str],
) -> StepStats:
    """The step stats of a run that began at the time of day `began`, in nanoseconds.

    It first took the nanoseconds `converting` to make arrays of what was fed.
    """
    devices: dict[str, DeviceStepStats] = {}
    thread = threading.current_thread()
    number = thread.native_id or 0

    def stats_of(op: Operation | None) -> DeviceStepStats:
        name = device_of(op)
        return devices.setdefault(name, DeviceStepStats(name, thread_names={number: thread.name}))

    if converting:
        fed = _node_stats("_arg", "_arg = _Arg()", OpTime(None, ((0, converting),)), began, number)
        stats_of(None).node_stats.append(fed)
    for item in times:
        name = "_retval" if item.op is None else item.op.name
        stats_of(item.op).node_stats.append(
            _node_stats(name, _label(item), item, began + converting, number)
        )
    for op, reason in folded:
        stats_of(op).folded.append(FoldedNode(op.name, op.type, reason))
    return StepStats(list(devices.values()))


def _node_stats(name: str, label: str, item: OpTime, began: int, thread: int) -> NodeExecStats:
    first = item.intervals[0][0]
    lasted = sum(end - start for start, end in item.intervals)
    kept = sum(output.nbytes for output in item.outputs)
    start = began + first
    return NodeExecStats(
        node_name=name,
        timeline_label=label,
        all_start_micros=start // 1000,
        op_end_rel_micros=round(lasted / 1000),
        all_end_rel_micros=round(lasted / 1000),
        all_start_nanos=start,
        op_end_rel_nanos=lasted,
        all_end_rel_nanos=lasted,
        scheduled_micros=start // 1000,
        thread_id=thread,
        memory=[AllocatorMemoryUsed(CPU_ALLOCATOR, kept + item.scratch, kept + item.scratch, kept)],
        output=[_output(output) for output in item.outputs],
        intervals=item.intervals,
    )


def _output(output: Output) -> NodeOutput:
    memory = AllocationDescription(output.nbytes, output.nbytes)
    return NodeOutput(output.slot, TensorDescription(output.dtype, output.dims, memory))


def _label(item: OpTime) -> str:
    """``y = MatMul(x, w)``, as `Timeline` reads it."""
    if item.op is None:
        return "_retval = _Retval()"
    inputs = ", ".join(x.op.name for x in item.op.inputs)
    label = f"{item.op.name} = {item.op.type}({inputs})"
    return label if item.together == 1 else f"{label} [one of {item.together} updated together]"


class Timeline:
    """A traced run as a picture of time, for ``chrome://tracing`` or ui.perfetto.dev.

    Source: ``tensorflow.python.client.timeline``; the Trace Event Format of Chrome.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.placeholder(tf.float32, [2], name="x")
    ...     meta = tf.RunMetadata()
    ...     full = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    ...     _ = sess.run(tf.exp(x, name="y"), {x: [0.0, 1.0]}, full, meta)
    >>> events = json.loads(Timeline(meta.step_stats).generate_chrome_trace_format())["traceEvents"]
    >>> [event["args"]["name"] for event in events if event["ph"] == "X"]
    ['_arg', 'y', '_retval']
    """

    def __init__(self, step_stats: StepStats, graph: Any = None):
        del graph  # The labels say what the graph would.
        self._step_stats = step_stats

    def generate_chrome_trace_format(
        self, show_dataflow: bool = True, show_memory: bool = False
    ) -> str:
        """The trace as JSON; arrows from an operation to those that take its result.

        `show_memory` adds how many bytes the outputs of all operations so far take.
        """
        events: list[dict[str, Any]] = []
        starts = [
            node.all_start_nanos
            for device in self._step_stats.dev_stats
            for node in device.node_stats
        ]
        origin = min(starts, default=0)
        for pid, device in enumerate(self._step_stats.dev_stats):
            events += _named_rows(pid, device)
            places = {}
            for node in device.node_stats:
                made = _events_of(node, pid, origin)
                places[node.node_name] = (made[0], made[-1])
                events += made
            if show_dataflow:
                events += _arrows(device, places)
            if show_memory:
                events += _memory(device, pid, origin)
        return json.dumps({"traceEvents": events, "displayTimeUnit": "ns"}, indent=1)


def _named_rows(pid: int, device: DeviceStepStats) -> list[dict[str, Any]]:
    rows = [
        {
            "name": "process_name",
            "ph": "M",
            "pid": pid,
            "args": {"name": f"{device.device} Compute"},
        }
    ]
    rows += [
        {"name": "thread_name", "ph": "M", "pid": pid, "tid": tid, "args": {"name": name}}
        for tid, name in device.thread_names.items()
    ]
    return rows


def parts_of_label(label: str) -> tuple[str, str, list[str]]:
    """Name, kind and inputs' names of a label."""
    name, _, call = label.partition(" = ")
    kind, _, inputs = call.partition("(")
    names = inputs.rpartition(")")[0]
    return name, kind, [item.strip() for item in names.split(",") if item.strip()]


def _events_of(node: NodeExecStats, pid: int, origin: int) -> list[dict[str, Any]]:
    name, kind, inputs = parts_of_label(node.timeline_label)
    args: dict[str, Any] = {"name": name or node.node_name, "op": kind or "unknown"}
    args |= {f"input{index}": item for index, item in enumerate(inputs)}
    args["bytes"] = sum(part.total_bytes for part in node.memory)
    spans = node.intervals or ((0, node.all_end_rel_nanos),)
    first = spans[0][0]
    return [
        {
            "name": args["op"],
            "cat": "Op",
            "ph": "X",
            "pid": pid,
            "tid": node.thread_id,
            "ts": (node.all_start_nanos - origin + start - first) / 1000,
            "dur": (end - start) / 1000,
            "args": args,
        }
        for start, end in spans
    ]


def _arrows(
    device: DeviceStepStats, places: dict[str, tuple[dict[str, Any], dict[str, Any]]]
) -> list[dict[str, Any]]:
    arrows: list[dict[str, Any]] = []
    for node in device.node_stats:
        _, _, inputs = parts_of_label(node.timeline_label)
        for source in dict.fromkeys(inputs):
            if source not in places or node.node_name not in places:
                continue
            made, used = places[source][1], places[node.node_name][0]
            if used["ts"] < made["ts"] + made["dur"]:
                continue
            number = len(arrows) // 2
            flow = {"name": source, "cat": "DataFlow", "id": number}
            arrows.append(
                {**flow, "ph": "s", "pid": made["pid"], "tid": made["tid"], "ts": made["ts"]}
            )
            arrows.append(
                {**flow, "ph": "t", "pid": used["pid"], "tid": used["tid"], "ts": used["ts"]}
            )
    return arrows


def _memory(device: DeviceStepStats, pid: int, origin: int) -> list[dict[str, Any]]:
    total = 0
    counts = []
    for node in device.node_stats:
        total += sum(part.live_bytes for part in node.memory)
        end = (node.all_start_nanos - origin + node.all_end_rel_nanos) / 1000
        counts.append(
            {
                "name": "Outputs",
                "cat": "Memory",
                "ph": "C",
                "pid": pid,
                "ts": end,
                "args": {CPU_ALLOCATOR: total},
            }
        )
    return counts
