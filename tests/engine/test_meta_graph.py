"""Meta graphs and frozen graphs: a model goes on in a process that never saw its code."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine as tf

Start = Callable[..., "subprocess.Popen[str]"]


def model() -> tuple[Any, Any]:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    with tf.variable_scope("layer"):
        w = tf.get_variable("w", [3, 2], initializer=tf.constant_initializer(0.5))
        b = tf.get_variable("b", [2], initializer=tf.zeros_initializer())
    y = tf.nn.bias_add(tf.matmul(x, w), b, name="y")
    loss = tf.reduce_mean(tf.square(y - 1.0), name="loss")
    step = tf.train.get_or_create_global_step()
    train = tf.train.AdamOptimizer(0.1).minimize(loss, step)
    tf.add_to_collection("train", train)
    tf.add_to_collection("loss", loss)
    tf.add_to_collection("note", "small")
    return loss, train


FEED = {"x:0": [[1.0, 2.0, 3.0], [0.5, -1.0, 0.25]]}


def trained(directory: Path) -> tuple[str, list[float]]:
    with tf.Graph().as_default(), tf.Session() as sess:
        loss, train = model()
        sess.run(tf.global_variables_initializer())
        for _ in range(3):
            sess.run(train, FEED)
        path = tf.train.Saver(max_to_keep=2).save(sess, str(directory / "m"), 3)
        assert path is not None
        return path, [float(sess.run([loss, train], FEED)[0]) for _ in range(4)]


GOING_ON = """
import json, sys
import engine as tf
path, feed = sys.argv[1], json.loads(sys.argv[2])
saver = tf.train.import_meta_graph(path + ".meta")
with tf.Session() as sess:
    saver.restore(sess, path)
    loss, train = tf.get_collection("loss")[0], tf.get_collection("train")[0]
    print(json.dumps([float(sess.run([loss, train], feed)[0]) for _ in range(4)]))
    print(sess.run(tf.train.get_global_step()))
"""


def test_a_fresh_process_goes_on_training_to_the_same_numbers(
    tmp_path: Path, start_script: Start
) -> None:
    path, want = trained(tmp_path)
    out, err = start_script(GOING_ON, path, json.dumps(FEED)).communicate()
    assert out, err
    numbers, step = out.splitlines()
    assert json.loads(numbers) == want
    assert step == "7"


def test_collections_come_back_with_variables_as_one_object(tmp_path: Path) -> None:
    path, _ = trained(tmp_path)
    with tf.Graph().as_default():
        tf.train.import_meta_graph(path + ".meta")
        names = [v.name for v in tf.trainable_variables()]
        assert names == ["layer/w:0", "layer/b:0"]
        assert tf.trainable_variables()[0] is tf.global_variables()[0]
        assert tf.get_collection("note") == ["small"]
        w = tf.trainable_variables()[0]
        assert w.get_shape().as_list() == [3, 2] and w.dtype is tf.float32.as_ref
        assert w.initializer.name == "layer/w/Assign"


def test_the_initializers_of_an_imported_graph_work(tmp_path: Path) -> None:
    path, _ = trained(tmp_path)
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.train.import_meta_graph(path + ".meta")
        sess.run(tf.global_variables_initializer())
        assert sess.run("layer/w:0").tolist() == [[0.5, 0.5]] * 3


def test_the_saver_keeps_its_settings_and_restores_below_a_scope(tmp_path: Path) -> None:
    path, want = trained(tmp_path)
    with tf.Graph().as_default(), tf.Session() as sess:
        saver = tf.train.import_meta_graph(path + ".meta", import_scope="old")
        assert saver is not None and saver.saver_def.max_to_keep == 2
        saver.restore(sess, path)
        assert sess.run("old/loss:0", {"old/x:0": FEED["x:0"]}) == np.float32(want[0])


def test_new_layers_train_on_top_of_an_imported_graph(tmp_path: Path) -> None:
    path, _ = trained(tmp_path)
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        saver = tf.train.import_meta_graph(path + ".meta")
        assert saver is not None
        top = tf.Variable([[1.0], [1.0]], name="top")
        new_loss = tf.reduce_sum(tf.square(tf.matmul(graph.get_tensor_by_name("y:0"), top)))
        train = tf.train.GradientDescentOptimizer(0.01).minimize(new_loss)
        sess.run(tf.global_variables_initializer())
        saver.restore(sess, path)
        first = sess.run(new_loss, FEED)
        for _ in range(5):
            sess.run(train, FEED)
        assert sess.run(new_loss, FEED) < first


def test_a_collection_of_other_objects_is_left_out_with_a_word(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with tf.Graph().as_default():
        tf.add_to_collection("objects", object())
        tf.add_to_collection("numbers", 3)
        meta = tf.train.export_meta_graph()
    assert meta.collection_def == {"numbers": [{"value": 3}]}
    assert "Collection 'objects' is not written" in capsys.readouterr().err


def test_export_writes_a_file_that_import_reads(tmp_path: Path) -> None:
    with tf.Graph().as_default(), tf.device("/gpu:1"):
        tf.constant(2.0, name="two")
        tf.train.export_meta_graph(str(tmp_path / "g.meta"))
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        assert tf.train.import_meta_graph(str(tmp_path / "g.meta"), clear_devices=True) is None
        assert graph.get_operation_by_name("two").device == ""
        assert sess.run("two:0") == 2.0


def test_what_is_no_meta_graph_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="does not exist"):
        tf.train.import_meta_graph(str(tmp_path / "no.meta"))
    (tmp_path / "other.meta").write_bytes(b"\x0a\x02hi")
    with pytest.raises(ValueError, match=r"Cannot parse file .*other\.meta"):
        tf.train.import_meta_graph(str(tmp_path / "other.meta"))


# Frozen graphs


def test_a_frozen_model_needs_no_variables(tmp_path: Path) -> None:
    path, _ = trained(tmp_path)
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        saver = tf.train.import_meta_graph(path + ".meta")
        assert saver is not None
        saver.restore(sess, path)
        want = sess.run("y:0", FEED)
        frozen = tf.graph_util.convert_variables_to_constants(sess, graph.as_graph_def(), ["y"])
    frozen = tf.GraphDef.FromString(frozen.SerializeToString())
    assert "VariableV2" not in {node.op for node in frozen.node}
    assert not any("Adam" in node.name for node in frozen.node)
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.import_graph_def(frozen, name="")
        np.testing.assert_array_equal(sess.run("y:0", FEED), want)


def test_lists_choose_which_variables_are_frozen() -> None:
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        tf.add(tf.Variable(1.0, name="a"), tf.Variable(2.0, name="b"), name="y")
        sess.run(tf.global_variables_initializer())
        freeze = tf.graph_util.convert_variables_to_constants
        only = freeze(sess, graph.as_graph_def(), ["y"], variable_names_whitelist=["a"])
        never = freeze(sess, graph.as_graph_def(), ["y"], variable_names_blacklist=["a"])
    kinds = [{node.name: node.op for node in found.node} for found in (only, never)]
    assert [(k["a"], k["b"]) for k in kinds] == [("Const", "VariableV2"), ("VariableV2", "Const")]


def test_freezing_refuses_unknown_outputs_and_variables_without_values() -> None:
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        tf.identity(tf.Variable(1.0, name="a"), name="y")
        with pytest.raises(AssertionError, match="zz is not in graph"):
            tf.graph_util.convert_variables_to_constants(sess, graph.as_graph_def(), ["zz"])
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value a"):
            tf.graph_util.convert_variables_to_constants(sess, graph.as_graph_def(), ["y"])


def test_a_sub_graph_holds_what_is_needed_and_no_more() -> None:
    with tf.Graph().as_default() as graph:
        a = tf.constant(1.0, name="a")
        with tf.control_dependencies([tf.no_op("first")]):
            tf.exp(a, name="b")
        tf.log(a, name="c")
    part = tf.graph_util.extract_sub_graph(graph.as_graph_def(), ["b"])
    assert [node.name for node in part.node] == ["a", "first", "b"]
    with pytest.raises(TypeError, match="must be a list"):
        tf.graph_util.extract_sub_graph(graph.as_graph_def(), "b")


def test_training_nodes_are_those_that_pass_on_their_input() -> None:
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        a = tf.constant(1.0, name="a")
        tf.exp(tf.identity(tf.identity(a, name="i"), name="j"), name="y")
        want = sess.run("y:0")
    small = tf.graph_util.remove_training_nodes(graph.as_graph_def(), ["j"])
    assert [node.name for node in small.node] == ["a", "j", "y"]
    with tf.Graph().as_default(), tf.Session() as sess:
        (y,) = tf.import_graph_def(small, return_elements=["y:0"])
        assert sess.run(y) == want


def test_a_recurrent_network_with_dropout_trains_on_after_an_import(tmp_path: Path) -> None:
    data = np.random.default_rng(0).random([4, 5, 2]).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.set_random_seed(1)
        x = tf.placeholder(tf.float32, [4, None, 2], name="x")
        training = tf.placeholder(tf.bool, [], name="training")
        outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(3), x, dtype=tf.float32)
        h = tf.layers.batch_normalization(outputs[:, -1], training=training)
        y = tf.layers.dense(tf.layers.dropout(h, 0.1, training=training), 1)
        loss = tf.reduce_mean(tf.square(y - tf.reduce_sum(x[:, 0], 1, keepdims=True)))
        with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            step = tf.train.AdamOptimizer(0.01).minimize(loss)
        for key, item in (("loss", loss), ("step", step)):
            tf.add_to_collection(key, item)
        sess.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(sess, str(tmp_path / "model"))
        sess.run(step, {x: data, training: False})
        want = sess.run(loss, {x: data, training: False})
    with tf.Graph().as_default(), tf.Session() as sess:
        saver = tf.train.import_meta_graph(path + ".meta")
        assert saver is not None
        saver.restore(sess, path)
        (loss,), (step,) = tf.get_collection("loss"), tf.get_collection("step")
        sess.run(step, {"x:0": data, "training:0": False})
        evaluated = {"x:0": data, "training:0": False}
        np.testing.assert_allclose(sess.run(loss, evaluated), want, rtol=1e-5)
        for _ in range(30):
            sess.run(step, {"x:0": data, "training:0": True})
        assert sess.run(loss, {"x:0": data, "training:0": True}) < want
