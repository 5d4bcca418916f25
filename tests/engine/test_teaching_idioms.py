"""What the scripts of those years lean on, one idiom each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import engine as tf
from engine.python.framework import graph_util, ops
from engine.python.ops import rnn, rnn_cell


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def test_slim_losses_take_the_logits_first() -> None:
    logits, onehot = tf.constant([[2.0, 0.0]]), tf.constant([[1.0, 0.0]])
    slim = tf.contrib.slim
    with tf.Session() as sess:
        expected = np.log1p(np.exp(-2.0))
        for losses in (slim.losses, tf.contrib.losses):
            assert sess.run(losses.softmax_cross_entropy(logits, onehot)) == pytest.approx(expected)
            sparse = losses.sparse_softmax_cross_entropy(logits, [0])
            assert sess.run(sparse) == pytest.approx(expected)
            sigmoid = losses.sigmoid_cross_entropy(logits, onehot)
            assert sess.run(sigmoid) == pytest.approx((expected + np.log(2.0)) / 2)
            assert sess.run(losses.log_loss([0.25], [1.0])) == pytest.approx(np.log(4.0))
            assert sess.run(losses.hinge_loss([0.5, -1.0], [1.0, 0.0])).tolist() == [0.5, 0.0]
        assert len(slim.losses.get_losses()) == 8


def test_slim_train_op_runs_updates_first_and_gives_the_loss_from_before() -> None:
    w = tf.Variable(3.0, name="w")
    runs = tf.Variable(0.0, trainable=False)
    tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, runs.assign_add(1.0))
    step = tf.contrib.slim.learning.create_train_op(
        w * w, tf.train.GradientDescentOptimizer(0.5), gradient_multipliers={"w": 0.5}
    )
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run(step) == 9.0
        assert sess.run([w, runs, tf.train.get_global_step()]) == [1.5, 1.0, 1]


def test_slim_train_op_refuses_a_loss_that_is_no_number() -> None:
    w = tf.Variable(0.0)
    step = tf.contrib.slim.learning.create_train_op(
        tf.log(w), tf.train.GradientDescentOptimizer(0.5)
    )
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match="LossTensor is inf or nan"):
            sess.run(step)


def test_collected_outputs_are_found_by_the_scopes_of_their_layers() -> None:
    slim = tf.contrib.slim
    x = tf.zeros([1, 4, 4, 1])
    with tf.variable_scope("net"):
        y = slim.conv2d(x, 2, [3, 3], scope="conv1", outputs_collections="ends")
        y = slim.max_pool2d(y, [2, 2], scope="pool1", outputs_collections="ends")
    slim.utils.collect_named_outputs("ends", "last", y)
    found = slim.utils.convert_collection_to_dict("ends", clear_collection=True)
    assert list(found) == ["net/conv1", "net/pool1", "last"]
    assert found["last"] is y and tf.get_collection("ends") == []
    assert slim.utils.get_tensor_aliases(x) == ["zeros"]


def test_a_device_function_reads_the_kind_from_the_node_def() -> None:
    def place(op: tf.Operation) -> str:
        return "/cpu:0" if op.node_def.op == "VariableV2" else "/gpu:1"

    with tf.device(place):
        w = tf.Variable([1.0], name="w")
        y = w * 2.0
    assert w.device == "/device:CPU:0" and y.device == "/device:GPU:1"
    assert y.op.node_def.name == "mul" and y.op.node_def.input[0].startswith("w/read")


def test_an_array_is_one_value_of_a_python_function_with_a_list_of_types() -> None:
    (y,) = tf.py_func(np.negative, [tf.constant([1.0, 2.0])], [tf.float32])
    pair = tf.py_func(np.negative, [tf.constant([1.0, 2.0])], [tf.float32, tf.float32])
    with tf.Session() as sess:
        assert sess.run(y).tolist() == [-1, -2]
        with pytest.raises(tf.errors.InvalidArgumentError, match="returns 1 values"):
            sess.run(pair)


def test_casting_complex_numbers_to_real_ones_drops_the_imaginary_part_silently() -> None:
    x = tf.placeholder(tf.complex64, [2])
    values = [1 + 2j, -3 + 0.5j]
    with tf.Session() as sess:
        assert sess.run(tf.cast(tf.constant(values), tf.float32)).tolist() == [1, -3]
        assert sess.run(tf.cast(x * 1, tf.float32), {x: values}).tolist() == [1, -3]
        assert sess.run(tf.zeros_like(tf.constant(values), tf.float32)).tolist() == [0, 0]


def test_names_are_found_where_scripts_reach_into_the_package(tmp_path: Path) -> None:
    assert graph_util.convert_variables_to_constants is tf.graph_util.convert_variables_to_constants
    assert ops.RegisterGradient is tf.RegisterGradient
    assert rnn.rnn is tf.nn.rnn and rnn_cell.GRUCell is tf.nn.rnn_cell.GRUCell
    assert tf.contrib.framework.list_variables is tf.train.list_variables
