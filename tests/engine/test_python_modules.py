"""TensorFlow's own packages, from which scripts took functions: ``tensorflow.python.…``."""

import importlib

import numpy as np
import pytest

import engine as tf
from engine.python.client import device_lib
from engine.python.ops import control_flow_ops, rnn_cell
from engine.python.util import nest


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("ops.array_ops", "concat expand_dims shape zeros split"),
        ("ops.math_ops", "sigmoid tanh matmul reduce_sum cast"),
        ("ops.nn_ops", "bias_add softmax relu"),
        ("ops.nn", "embedding_lookup moments"),
        ("ops.init_ops", "constant_initializer zeros_initializer Initializer"),
        ("ops.variable_scope", "get_variable variable_scope get_variable_scope"),
        ("ops.control_flow_ops", "with_dependencies cond while_loop group"),
        ("ops.rnn", "rnn dynamic_rnn bidirectional_rnn"),
        ("ops.rnn_cell", "RNNCell BasicLSTMCell LSTMStateTuple _linear"),
        ("ops.seq2seq", "sequence_loss_by_example"),
        ("ops.embedding_ops", "embedding_lookup"),
        ("ops.tensor_array_ops", "TensorArray"),
        ("layers.core", "Dense Dropout dense"),
        ("framework.ops", "RegisterGradient convert_to_tensor"),
        ("framework.dtypes", "float32 int32 as_dtype"),
        ("framework.tensor_shape", "TensorShape Dimension"),
        ("training.moving_averages", "assign_moving_average"),
        ("platform", "gfile flags app tf_logging"),
        ("platform.gfile", "GFile Exists"),
        ("util", "nest"),
    ],
)
def test_names_are_found_where_scripts_import_them_from(module: str, names: str) -> None:
    found = importlib.import_module(f"engine.python.{module}")
    assert [name for name in names.split() if not hasattr(found, name)] == []


def test_a_name_that_is_not_there_is_told_with_the_module() -> None:
    module = importlib.import_module("engine.python.ops.array_ops")
    with pytest.raises(AttributeError, match=r"'engine.python.ops.array_ops' has no attribute 'x'"):
        _ = module.x


def test_the_linear_map_of_cells_adds_its_inputs() -> None:
    a, b = tf.constant([[1.0, 2.0]]), tf.constant([[3.0]])
    with tf.variable_scope("cell", initializer=tf.ones_initializer()):
        y = rnn_cell._linear([a, b], 2, True, 0.5, scope="gates")
        alone = rnn_cell._linear(a, 1, False)
    assert [v.op.name for v in tf.global_variables()[-3:]] == [
        "cell/gates/Matrix",
        "cell/gates/Bias",
        "cell/Linear/Matrix",
    ]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        np.testing.assert_allclose(sess.run(y), [[6.5, 6.5]])
        np.testing.assert_allclose(sess.run(alone), [[3.0]])
    with pytest.raises(ValueError, match="must be specified"):
        rnn_cell._linear([], 2, True)
    with pytest.raises(ValueError, match="known n"):
        rnn_cell._linear(tf.placeholder(tf.float32), 2, True)


def test_a_value_with_dependencies_comes_after_them() -> None:
    v = tf.Variable(1.0)
    value = control_flow_ops.with_dependencies([v.assign_add(2.0)], v * 10.0)
    with tf.Session() as sess:
        sess.run(v.initializer)
        sess.run(value)
        assert sess.run(v) == 3.0


def test_structures_and_devices() -> None:
    assert nest.flatten([(1, 2), 3]) == [1, 2, 3]
    assert device_lib.list_local_devices()[0].name.upper() == "/DEVICE:CPU:0"
