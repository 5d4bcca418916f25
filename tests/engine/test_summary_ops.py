"""Summary operations give serialized summaries, and the writer stores them with the graph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import engine as tf
from summaries import open_logdir, wire


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def test_scalar_keeps_the_tensors_own_precision() -> None:
    exact = 0.1234567890123456
    with tf.Session() as sess:
        for dtype in (np.float64, np.float32):
            data = sess.run(tf.summary.scalar("x", tf.constant(dtype(exact))))
            assert isinstance(data, bytes)
            assert wire.decode_summary(data)[0].simple_value == float(dtype(exact))


def test_tags_carry_the_name_scope_and_old_ones_do_not() -> None:
    with tf.name_scope("train"), tf.Session() as sess:
        new = tf.summary.scalar("loss", 1.0)
        old = tf.scalar_summary("loss", 1.0)
        assert wire.decode_summary(sess.run(new))[0].tag == "train/loss"
        assert wire.decode_summary(sess.run(old))[0].tag == "loss"


def test_merge_all_gives_every_summary_of_the_graph() -> None:
    assert tf.summary.merge_all() is None
    tf.summary.scalar("a", 1.0)
    tf.summary.histogram("b", tf.constant([1.0, 2.0, 2.0]))
    tf.summary.text("c", tf.constant("hello"))
    tf.summary.image("d", tf.zeros([2, 4, 4, 1]), max_outputs=1)
    with tf.Session() as sess:
        values = wire.decode_summary(sess.run(tf.summary.merge_all()))
        assert [value.tag for value in values] == ["a", "b", "c", "d/image"]
        assert values[1].histogram.num == 3
        assert sess.run(tf.merge_all_summaries()) == sess.run(tf.summary.merge_all())


def test_scalar_of_a_vector_is_refused_in_the_operations_name() -> None:
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="tag 'x'"):
        sess.run(tf.summary.scalar("x", tf.placeholder_with_default([1.0, 2.0], [2])))


def test_writer_stores_values_and_graph(tmp_path: Path) -> None:
    x = tf.placeholder(tf.float32, [], name="x")
    with tf.name_scope("model"):
        tf.summary.scalar("twice", x * 2.0)
        tf.summary.histogram("spread", tf.fill([5], x))
    merged = tf.summary.merge_all()
    with tf.Session() as sess:
        writer = tf.summary.FileWriter(tmp_path / "run", sess.graph)
        for step in range(3):
            writer.add_summary(sess.run(merged, {x: step}), step)
        by_hand = tf.Summary(value=[tf.Summary.Value(tag="by_hand", simple_value=0.5)])
        writer.add_summary(by_hand, global_step=np.int64(7))
        with pytest.raises(TypeError, match="not the tensor itself"):
            writer.add_summary(merged, 0)
        writer.close()
    reader = open_logdir(tmp_path)
    series = reader.scalars("run", "model/twice")
    assert series.step.tolist() == [0, 1, 2] and series.value.tolist() == [0, 2, 4]
    assert reader.scalars("run", "by_hand").step.tolist() == [7]
    assert len(reader.histograms("run", "model/spread")) == 3
    nodes = {node.name: node for node in reader.graph("run").nodes}
    assert nodes["x"].op == "Placeholder" and nodes["model/mul"].inputs[0] == "x:0"
    reader.close()


def test_old_writer_writes_only_below_its_directory(tmp_path: Path) -> None:
    summary = tf.scalar_summary("loss", 0.25)
    with tf.Session() as sess, tf.train.SummaryWriter(str(tmp_path / "a"), sess.graph) as writer:
        writer.add_summary(sess.run(summary), 1)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_importing_the_engine_does_not_import_the_store() -> None:
    import subprocess
    import sys

    code = (
        "import sys, engine; sys.exit(any(m in sys.modules for m in ('sqlalchemy', 'summaries')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_sounds_of_a_batch_reach_the_store(tmp_path: Path) -> None:
    beep = np.sin(np.linspace(0, 60, 800, dtype=np.float32))
    tf.summary.audio("beep", np.stack([beep, -beep])[:, :, None], 8000.0, max_outputs=2)
    with tf.Session() as sess, tf.summary.FileWriter(str(tmp_path)) as writer:
        writer.add_summary(sess.run(tf.summary.merge_all()), 7)
    (run,) = open_logdir(tmp_path).runs()
    (sound,) = open_logdir(tmp_path).audios(run=run.name, tag="beep/audio/1")
    assert (sound.step, sound.sample_rate, sound.n_frames, sound.channels) == (7, 8000, 800, 1)
