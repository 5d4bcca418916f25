"""Names, printing, shapes, dtypes, scopes, collections: what a graph looks like as it is built."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest

import engine as tf


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as made:
        yield made


def test_tensors_print_as_in_tensorflow() -> None:
    tf.zeros((2, 2))
    assert str(tf.zeros((2, 2))) == 'Tensor("zeros_1:0", shape=(2, 2), dtype=float32)'
    x, y = tf.placeholder(tf.float32), tf.placeholder("float", [None, 3])
    assert str(tf.mul(x, x)) == 'Tensor("Mul:0", dtype=float32)'
    assert repr(y) == "<tf.Tensor 'Placeholder_1:0' shape=(?, 3) dtype=float32>"
    w = tf.Variable(tf.zeros([784, 10]), name="W")
    assert repr(w) == "<tf.Variable 'W:0' shape=(784, 10) dtype=float32_ref>"
    assert repr(y.get_shape()) == "TensorShape([Dimension(None), Dimension(3)])"
    assert repr(x.get_shape()) == "TensorShape(None)"
    assert 'op: "Mul"' in str(tf.mul(x, x).op)


def test_function_names_are_capitalized_and_operators_are_not() -> None:
    a, b = tf.placeholder(tf.float32, name="a"), tf.placeholder(tf.float32, name="b")
    names = [t.op.name for t in (tf.add(a, b), a + b, tf.mul(a, b), a * b, a - b, a / b, a**b, -a)]
    assert names == ["Add", "add_1", "Mul", "mul_1", "sub", "truediv", "pow", "Neg"]
    assert tf.reduce_sum(a * 2.0, 0).op.name == "Sum"
    assert tf.placeholder(tf.int32).op.name == "Placeholder"
    assert tf.constant(1).op.name == "Const"
    assert (a < b).op.name == "Less"
    assert (a // b).op.name == "floordiv" and (a % b).op.name == "mod"


def test_a_variable_makes_its_own_operations(graph: tf.Graph) -> None:
    tf.Variable(1.0, name="W")
    tf.global_variables_initializer()
    names = {op.name: op.type for op in graph.get_operations()}
    assert names == {
        "W/initial_value": "Const", "W": "VariableV2", "W/Assign": "Assign", "W/read": "Identity",
        "init": "NoOp",
    }  # fmt: skip


def test_scopes_number_and_reenter_names() -> None:
    with tf.name_scope("a") as scope, tf.name_scope("b"):
        assert tf.constant(1, name="c").op.name == "a/b/c"
    with tf.name_scope(scope):
        with tf.name_scope("b"):
            assert tf.constant(1, name="c").op.name == "a/b_1/c"
        with tf.name_scope(None):
            assert tf.constant(1, name="c").op.name == "c"
    with tf.name_scope("a"):
        assert tf.constant(1, name="c").op.name == "a_1/c"
    with pytest.raises(ValueError, match="is not a valid scope name"), tf.name_scope("no spaces"):
        pass


def test_variable_scopes_share_by_name() -> None:
    with tf.variable_scope("v"):
        w = tf.get_variable("w", [2, 3])
        assert (w * 2.0).op.name == "v/mul"
    with tf.variable_scope("v", reuse=True):
        assert tf.get_variable("w") is w
        assert (w * 2.0).op.name == "v_1/mul"
    with tf.variable_scope("v") as scope:
        with pytest.raises(ValueError, match="already exists, disallowed"):
            tf.get_variable("w", [2, 3])
        scope.reuse_variables()
        assert tf.get_variable("w", [2, 3]) is w
        with pytest.raises(ValueError, match="specified shape"):
            tf.get_variable("w", [3, 3])
    with tf.variable_scope("v", reuse=tf.AUTO_REUSE):
        made = tf.get_variable("b", initializer=tf.zeros_initializer, shape=[3])
        assert made.name == "v/b:0"


def test_errors_of_shape_name_operation_inputs_and_lines() -> None:
    a, b = tf.ones([2, 3], name="a"), tf.ones([2, 2], name="b")
    with pytest.raises(ValueError) as caught:
        tf.matmul(a, b)
    message = str(caught.value)
    assert "are 3 and 2 for 'MatMul' (op: 'MatMul') with input shapes: [2,3], [2,2]." in message
    assert "input 0 'a:0': float32[2,3], made at test_graph_building.py:" in message
    with pytest.raises(ValueError, match="Shape must be rank 2 but is rank 1 for 'MatMul_1'"):
        tf.matmul(tf.ones([2]), b)
    with pytest.raises(ValueError, match="Dimensions must be equal, but are 3 and 2"):
        tf.add(a, b)


def test_dtypes_never_mix() -> None:
    i, f = tf.constant(1), tf.constant(1.0)
    with pytest.raises(
        TypeError, match="has type float32 that does not match type int32 of argument 'x'"
    ):
        tf.add(i, f)
    with pytest.raises(TypeError, match=r"Expected int32, got 1\.5 of type 'float' instead"):
        i + 1.5
    assert (f + np.zeros(2)).dtype == tf.float32
    assert (f + 1).dtype == tf.float32
    assert (i / i).dtype == tf.float64
    assert tf.constant([1.0, 2.0]).dtype == tf.float32
    assert tf.constant(np.zeros(2)).dtype == tf.float64
    assert tf.constant(2**40).dtype == tf.int64
    assert tf.as_dtype("float") == tf.float32 == np.float32
    assert tf.constant("a").dtype == tf.string


def test_tensors_are_not_truth_values_sequences_or_arrays() -> None:
    x = tf.ones([2])
    for use in (bool, iter, len):
        with pytest.raises(TypeError):
            use(x)
    with pytest.raises(NotImplementedError, match="Cannot convert a symbolic Tensor"):
        np.array(x)
    assert x in {x: 1}
    assert (np.ones(2, np.float32) * x).get_shape().as_list() == [2]


def test_tensors_of_two_graphs_do_not_meet() -> None:
    x = tf.constant(1.0)
    with tf.Graph().as_default():
        y = tf.constant(1.0)
        with pytest.raises(ValueError, match="must be from the same graph as"):
            tf.add(x, y)


def test_a_finalized_graph_takes_no_more(graph: tf.Graph) -> None:
    graph.finalize()
    with pytest.raises(RuntimeError, match=r"Graph is finalized and cannot be modified\."):
        tf.constant(1)


def test_elements_are_found_by_name(graph: tf.Graph) -> None:
    x = tf.constant(1.0, name="x")
    assert graph.get_tensor_by_name("x:0") is x
    assert graph.get_operation_by_name("x") is x.op
    with pytest.raises(KeyError, match="refers to an Operation not in the graph"):
        graph.get_operation_by_name("y")
    with pytest.raises(ValueError, match="refers to an Operation, not a Tensor"):
        graph.get_tensor_by_name("x")
    with pytest.raises(KeyError, match="only has 1 outputs"):
        graph.get_tensor_by_name("x:1")


def test_collections_filter_by_scope() -> None:
    with tf.name_scope("a"):
        v = tf.Variable(1.0)
    w = tf.Variable(1.0, trainable=False)
    assert tf.global_variables() == tf.all_variables() == [v, w]
    assert tf.trainable_variables() == [v]
    assert tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, "a/") == [v]
    tf.add_to_collection("mine", 3)
    assert tf.get_collection("mine") == [3]


def test_dimensions_compare_as_in_tensorflow() -> None:
    assert (tf.Dimension(None) == 2) is None
    assert tf.Dimension(2) == 2 and tf.Dimension(3) * 2 == 6
    with pytest.raises(ValueError, match=r"as_list\(\) is not defined on an unknown TensorShape\."):
        tf.TensorShape(None).as_list()
    assert tf.TensorShape([None, 2]).merge_with([3, None]).as_list() == [3, 2]
    with pytest.raises(ValueError, match="are not compatible"):
        tf.TensorShape([1]).merge_with([2])


def test_sizes_that_are_partly_known_are_followed() -> None:
    x = tf.placeholder(tf.float32, [None, 6])
    assert tf.reshape(x, [-1, 3]).get_shape().as_list() == [None, 3]
    assert tf.reshape(x, [tf.shape(x)[0], 2, 3]).get_shape().as_list() == [None, 2, 3]
    assert tf.zeros(tf.shape(x)).get_shape().as_list() == [None, 6]
    x.set_shape([4, None])
    assert x.get_shape().as_list() == [4, 6]


def test_graph_as_data_is_json_able(graph: tf.Graph) -> None:
    with tf.name_scope("layer"), tf.device("/cpu:0"):
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        tf.matmul(x, tf.Variable(tf.ones([2, 1])), name="y")
    data = json.loads(json.dumps(graph.as_graph_def()))
    node = data["nodes"][-1]
    assert node == {
        "name": "layer/y", "op": "MatMul", "inputs": ["layer/x:0", "layer/Variable/read:0"],
        "device": "/device:CPU:0", "attrs": {"transpose_a": False, "transpose_b": False},
        "outputs": [{"dtype": "float32", "shape": [None, 1]}],
    }  # fmt: skip


def test_reset_default_graph_is_refused_inside_a_graph() -> None:
    with pytest.raises(AssertionError, match="reset_default_graph"):
        tf.reset_default_graph()


def test_old_names_and_argument_orders_work() -> None:
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    with tf.Session() as sess:
        assert (
            sess.run(tf.concat(1, [x, x])).shape == sess.run(tf.concat([x, x], 1)).shape == (2, 4)
        )
        assert [p.tolist() for p in sess.run(tf.split(1, 2, x))] == [[[1], [3]], [[2], [4]]]
        assert sess.run(tf.pack([x, x])).shape == (2, 2, 2)
        assert sess.run(tf.neg(tf.sub(x, x))).tolist() == [[0, 0], [0, 0]]
        assert sess.run(tf.reduce_sum(x, reduction_indices=1)).tolist() == [3, 7]
        assert sess.run(tf.arg_max(x, dimension=1)).tolist() == [1, 1]
        old = tf.nn.softmax_cross_entropy_with_logits(x, tf.ones([2, 2]) / 2.0)
        new = tf.nn.softmax_cross_entropy_with_logits(labels=tf.ones([2, 2]) / 2.0, logits=x)
        assert np.array_equal(*sess.run([old, new]))
        with pytest.raises(ValueError, match="Both labels and logits must be provided"):
            tf.nn.softmax_cross_entropy_with_logits(logits=x)


def test_sizes_may_mix_numbers_dimensions_and_tensors() -> None:
    x = tf.placeholder(tf.float32, [None, 4])
    rows, columns = tf.shape(x)[0], x.get_shape()[1]
    made = [
        tf.zeros([rows, 3]),
        tf.ones((rows, columns)),
        tf.zeros(rows, tf.int32),
        tf.reshape(x, [-1, columns * 1]),
        tf.fill([rows, columns], 2.0),
        tf.random_normal([rows, columns]),
    ]
    assert [t.get_shape().as_list() for t in made[:4]] == [[None, 3], [None, 4], [None], [None, 4]]
    with tf.Session() as sess:
        sizes = [np.shape(value) for value in sess.run(made, {x: np.zeros([2, 4])})]
    assert sizes == [(2, 3), (2, 4), (2,), (2, 4), (2, 4), (2, 4)]
    with pytest.raises(ValueError, match="unknown size"):
        tf.reshape(x, [4, x.get_shape()[0]])


def test_a_loss_that_is_a_number_is_told_as_one_without_gradients() -> None:
    tf.Variable(1.0)
    with pytest.raises(ValueError, match="No gradients provided for any variable"):
        tf.train.AdamOptimizer().minimize(5.0)


def test_expand_dims_names_the_axis_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="Tried to expand dim index 5 for tensor with 1 dim"):
        tf.expand_dims(tf.zeros([2]), 5)
