"""Traced runs: what took how long, what took no time, and the picture of it."""

from __future__ import annotations

import importlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine as tf
from engine import session
from engine.plan.timing import Deadline
from engine.trace import DeviceStepStats, NodeExecStats, StepStats, Timeline
from summaries import open_logdir
from summaries.records import GraphRecord

FULL = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that goes a microsecond forward whenever it is looked at."""
    counter = itertools.count(0, 1000)
    monkeypatch.setattr(session, "Deadline", lambda: Deadline(lambda: next(counter)))


def traced(fetches: Any, feeds: Any = None, executor: str = "plan") -> DeviceStepStats:
    """The stats of the only device after a traced run."""
    meta = tf.RunMetadata()
    with tf.Session(executor=executor) as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(fetches, feeds, options=FULL, run_metadata=meta)
    (device,) = meta.step_stats.dev_stats
    return device


def by_name(device: DeviceStepStats) -> dict[str, NodeExecStats]:
    return {node.node_name: node for node in device.node_stats}


def reasons(device: DeviceStepStats) -> dict[str, str]:
    return {node.node_name: node.reason for node in device.folded}


def small() -> tuple[Any, Any]:
    """y = exp(x) matmul w, and the placeholder x."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.constant(np.arange(6.0, dtype=np.float32).reshape(3, 2), name="w")
    return tf.matmul(tf.exp(x, name="e"), w, name="y"), x


@pytest.mark.parametrize("executor", ["plan", "poisoned", "debug"])
def test_a_traced_run_gives_the_same_values(executor: str) -> None:
    y, x = small()
    feeds = {x: [[0.0, 1.0, 2.0]]}
    with tf.Session(executor=executor) as sess:
        plain = sess.run(y, feeds)
        assert np.array_equal(sess.run(y, feeds, FULL, tf.RunMetadata()), plain)
        assert np.array_equal(sess.run([y], feeds, FULL, tf.RunMetadata())[0], plain)


def test_each_operation_is_told_with_its_device_kind_and_inputs() -> None:
    y, x = small()
    device = traced(y, {x: np.zeros((4, 3))})
    assert device.device == "/job:localhost/replica:0/task:0/device:CPU:0"
    labels = {node.node_name: node.timeline_label for node in device.node_stats}
    assert labels == {
        "_arg": "_arg = _Arg()",
        "e": "e = Exp(x)",
        "y": "y = MatMul(e, w)",
        "_retval": "_retval = _Retval()",
    }
    assert reasons(device) == {"w": "folded into a constant"}


def test_times_follow_each_other_in_microseconds(ticking: None) -> None:
    y, x = small()
    nodes = by_name(traced(y, {x: np.zeros((4, 3), np.float32)}))
    for name in ("e", "y", "_retval"):
        assert nodes[name].op_end_rel_micros == nodes[name].all_end_rel_micros == 1
        assert nodes[name].op_start_rel_micros == 0
        assert nodes[name].op_end_rel_nanos == 1000
    begin = nodes["e"].all_start_nanos
    assert nodes["y"].all_start_nanos - begin == 1000
    assert nodes["_retval"].all_start_nanos - begin == 2000
    assert nodes["e"].all_start_micros == begin // 1000
    assert nodes["_arg"].all_start_nanos + nodes["_arg"].op_end_rel_nanos == begin


def test_an_operation_of_several_calls_lasts_as_long_as_all_of_them(ticking: None) -> None:
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    y = tf.nn.softmax(x, name="y")
    device = traced(y, {x: np.zeros((2, 3))})
    calls = sum(end - start for start, end in by_name(device)["y"].intervals) // 1000
    assert calls > 1
    assert by_name(device)["y"].op_end_rel_micros == calls


@pytest.mark.parametrize("executor", ["plan", "debug"])
def test_the_sizes_of_outputs_are_told(executor: str) -> None:
    y, x = small()
    device = traced(y, {x: np.zeros((4, 3))}, executor)
    (output,) = by_name(device)["y"].output
    described = output.tensor_description
    assert (output.slot, described.dtype, described.shape) == (0, "float32", (4, 2))
    assert described.allocation_description.requested_bytes == 4 * 2 * 4
    (memory,) = by_name(device)["e"].memory
    assert (memory.allocator_name, memory.live_bytes) == ("cpu", 4 * 3 * 4)


def test_a_result_of_a_size_that_only_the_run_knows() -> None:
    x = tf.placeholder(tf.float32, [4], name="x")
    y = tf.where(x > 0, name="y")
    (output,) = by_name(traced(y, {x: [1.0, 0.0, 2.0, 3.0]}))["y"].output
    assert output.tensor_description.shape == (3, 1)
    assert output.tensor_description.allocation_description.requested_bytes == 3 * 8


def test_what_takes_no_time_is_told_apart() -> None:
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    twice = tf.exp(x, name="first") + tf.exp(x, name="second")
    flat = tf.reshape(twice, [6], name="flat")
    y = tf.subtract(flat, tf.negative(flat, name="minus"), name="y")
    with tf.control_dependencies([tf.no_op(name="before")]):
        y = tf.identity(y, name="same")
    device = traced(y, {x: np.zeros((2, 3))})
    told = reasons(device)
    assert told["second"] == "merged into 'first'"
    assert told["flat/shape"] == "folded into a constant"
    assert told["flat"].startswith("a view of its input")
    assert told["minus"] == "fused into what uses it"
    assert told["before"] == "orders others"
    assert told["same"] == "merged into 'y'"
    assert not set(told) & set(by_name(device))


def test_updates_that_run_as_one_share_the_time_by_size(ticking: None) -> None:
    a = tf.Variable(np.ones(300, np.float32), name="a")
    b = tf.Variable(np.ones(100, np.float32), name="b")
    loss = tf.reduce_sum(tf.square(a)) + tf.reduce_sum(tf.exp(b))
    train = tf.train.AdamOptimizer(0.1).minimize(loss)
    device = traced(train)
    nodes = by_name(device)
    large = nodes["Adam/update_a/ApplyAdam"].op_end_rel_nanos
    small_ = nodes["Adam/update_b/ApplyAdam"].op_end_rel_nanos
    assert large == pytest.approx(3 * small_, rel=0.01) and small_ > 0
    assert "[one of 2 updated together]" in nodes["Adam/update_b/ApplyAdam"].timeline_label
    assert reasons(device)["a"] == "storage of a variable"


def test_all_times_together_are_the_steps(ticking: None) -> None:
    w = tf.Variable(np.ones((3, 2), np.float32))
    x = tf.placeholder(tf.float32, [None, 3])
    loss = tf.reduce_mean(tf.square(tf.nn.relu(tf.matmul(x, w))))
    train = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    nodes = traced([train, loss], {x: np.ones((5, 3))}).node_stats
    begin = min(node.all_start_nanos for node in nodes if node.node_name != "_arg")
    last = max(node.all_start_nanos + node.op_end_rel_nanos for node in nodes)
    total = sum(node.op_end_rel_nanos for node in nodes if node.node_name != "_arg")
    assert total == last - begin
    spans = sorted(span for node in nodes for span in node.intervals if node.node_name != "_arg")
    assert all(one[1] == other[0] for one, other in itertools.pairwise(spans))


def test_a_run_without_a_trace_leaves_none_and_compiles_nothing_more() -> None:
    y, x = small()
    meta = tf.RunMetadata()
    with tf.Session() as sess:
        sess.run(y, {x: np.zeros((1, 3))}, tf.RunOptions(), meta)
        assert meta.step_stats.dev_stats == []
        (entry,) = sess._entries.values()
        assert entry.timed is None and len(entry.plans) == 1
        assert "clock" not in sess.explain(y, {x: np.zeros((1, 3))})


def test_a_trace_after_variables_have_moved() -> None:
    a, b = tf.Variable([1.0, 2.0]), tf.Variable([3.0])
    loss = tf.reduce_sum(a * a) + tf.reduce_sum(b * b)
    train = tf.train.GradientDescentOptimizer(0.25).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(loss, options=FULL, run_metadata=tf.RunMetadata())
        sess.run(train)
        assert sess.run(loss, options=FULL, run_metadata=tf.RunMetadata()) == 14.0 / 4
        assert sess.run([a, b])[0].tolist() == [0.5, 1.0]


def test_a_run_that_takes_too_long_names_where_it_stopped(ticking: None) -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    y = x
    for index in range(3000):
        y = tf.sin(y, name=f"s{index}")
    with tf.Session() as sess:
        assert sess.run(y, {x: [0.0, 0.0]}, tf.RunOptions(timeout_in_ms=4)).tolist() == [0.0, 0.0]
        with pytest.raises(
            tf.errors.DeadlineExceededError, match="Timed out waiting for notification"
        ) as caught:
            sess.run(y, {x: [0.0, 0.0]}, tf.RunOptions(timeout_in_ms=1))
        assert caught.value.op is not None and caught.value.op.name == "s999"
        assert "made at test_trace.py" in str(caught.value)
        assert sess.run(y, {x: [0.0, 0.0]}).tolist() == [0.0, 0.0]


def test_the_operations_that_ran_as_a_graph() -> None:
    y, x = small()
    tf.constant(1.0, name="unused")
    meta = tf.RunMetadata()
    with tf.Session() as sess:
        sess.run(y, {x: np.zeros((1, 3))}, tf.RunOptions(output_partition_graphs=True), meta)
    (graph,) = meta.partition_graphs
    assert {node["name"] for node in graph["nodes"]} == {"e", "w", "y"}


@pytest.mark.parametrize("argument", ["options", "run_metadata"])
def test_options_of_another_type_are_refused(argument: str) -> None:
    y, x = small()
    with tf.Session() as sess, pytest.raises(TypeError, match=f"{argument} must be a tf.Run"):
        sess.run(y, {x: np.zeros((1, 3))}, **{argument: 3})


# The picture


def events(stats: StepStats, **options: Any) -> list[dict[str, Any]]:
    text = Timeline(stats).generate_chrome_trace_format(**options)
    found: list[dict[str, Any]] = json.loads(text)["traceEvents"]
    return found


def test_the_chrome_trace_has_what_its_reader_needs(ticking: None) -> None:
    y, x = small()
    device = traced(y, {x: np.zeros((4, 3))})
    made = events(StepStats([device]))
    rows = [event["args"]["name"] for event in made if event["ph"] == "M"]
    assert rows == ["/job:localhost/replica:0/task:0/device:CPU:0 Compute", "MainThread"]
    bars = {event["args"]["name"]: event for event in made if event["ph"] == "X"}
    assert set(bars) == {"_arg", "e", "y", "_retval"}
    bar = bars["y"]
    assert (bar["name"], bar["cat"], bar["dur"], bar["pid"]) == ("MatMul", "Op", 1.0, 0)
    assert bar["ts"] == pytest.approx(bars["e"]["ts"] + 1.0)
    assert (bar["args"]["input0"], bar["args"]["input1"]) == ("e", "w")
    assert bar["tid"] == device.node_stats[0].thread_id
    arrows = [event for event in made if event["ph"] in "st"]
    assert [(arrow["ph"], arrow["name"]) for arrow in arrows] == [("s", "e"), ("t", "e")]
    assert arrows[0]["id"] == arrows[1]["id"]


def test_the_chrome_trace_without_arrows_and_with_memory() -> None:
    y, x = small()
    stats = StepStats([traced(y, {x: np.zeros((4, 3))})])
    assert not [event for event in events(stats, show_dataflow=False) if event["ph"] in "st"]
    counts = [event["args"]["cpu"] for event in events(stats, show_memory=True)
              if event["ph"] == "C"]  # fmt: skip
    assert counts == [0, 48, 48 + 32, 48 + 32]


def test_stats_made_by_hand_are_drawn() -> None:
    node = NodeExecStats("a", "a = Foo(b)", all_start_nanos=5000, all_end_rel_nanos=2000)
    (bar,) = [
        event for event in events(StepStats([DeviceStepStats("/cpu:0", [node])]))
        if event["ph"] == "X"
    ]  # fmt: skip
    assert (bar["ts"], bar["dur"], bar["name"]) == (0.0, 2.0, "Foo")
    assert events(StepStats()) == []


@pytest.mark.parametrize("module", ["engine.timeline", "engine.python.client.timeline"])
def test_the_timeline_is_where_scripts_look_for_it(module: str) -> None:
    assert importlib.import_module(module).Timeline is Timeline


# In the store


def stored(tmp_path: Path) -> GraphRecord:
    reader = open_logdir(tmp_path)
    record = reader.graph("run")
    reader.close()
    assert record is not None
    return record


def test_a_traced_run_is_stored_with_the_graph(tmp_path: Path) -> None:
    y, x = small()
    tf.constant(1.0, name="unused")
    meta = tf.RunMetadata()
    with tf.Session() as sess, tf.summary.FileWriter(tmp_path / "run", sess.graph) as writer:
        sess.run(y, {x: np.zeros((4, 3))}, FULL, meta)
        writer.add_run_metadata(meta, "step 10", 10)
    record = stored(tmp_path)
    assert record.traced == "step 10"
    nodes = {node.name: node for node in record.nodes}
    assert set(nodes) == {"x", "w", "e", "y", "unused"}
    took = nodes["y"].stats
    assert took is not None and took.time_us > 0 and took.bytes == 4 * 2 * 4
    assert took.device.endswith("/device:CPU:0")
    assert nodes["y"].outputs == (("float32", (None, 2)),)
    assert nodes["w"].stats is not None and nodes["w"].stats.note == "folded into a constant"
    assert nodes["unused"].stats is None


def test_a_traced_run_without_a_graph_is_a_graph_of_what_ran(tmp_path: Path) -> None:
    y, x = small()
    meta = tf.RunMetadata()
    with tf.Session() as sess, tf.summary.FileWriter(tmp_path / "run") as writer:
        sess.run(y, {x: np.zeros((4, 3))}, FULL, meta)
        writer.add_run_metadata(meta, "warm", 3)
    record = stored(tmp_path)
    assert record.traced == "warm, 3"
    assert {(node.name, node.op) for node in record.nodes} >= {("y", "MatMul"), ("e", "Exp")}


def test_tags_are_used_once_and_stats_must_be_there(tmp_path: Path) -> None:
    y, x = small()
    meta = tf.RunMetadata()
    with tf.Session() as sess, tf.summary.FileWriter(tmp_path / "run", sess.graph) as writer:
        with pytest.raises(ValueError, match="there are no step stats in it"):
            writer.add_run_metadata(meta, "step 1")
        sess.run(y, {x: np.zeros((4, 3))}, FULL, meta)
        writer.add_run_metadata(meta, "step 1")
        with pytest.raises(ValueError, match="The provided tag was already used for this event"):
            writer.add_run_metadata(meta, "step 1")
