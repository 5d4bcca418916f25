"""What the graph API promises beyond values: names, printing, structures, rules of state."""

from __future__ import annotations

import sys
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as own:
        yield own


def evaluated(fetches: Any, feeds: Any = None) -> Any:
    """The fetched values after the initializers."""
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(fetches, feeds)


def names(graph: tf.Graph) -> list[str]:
    return [op.name for op in graph.get_operations()]


# Names


def test_a_second_operation_of_one_name_is_numbered_without_regard_to_case() -> None:
    assert [tf.zeros([2]).name, tf.zeros([2]).name] == ["zeros:0", "zeros_1:0"]
    a, b = tf.constant(1.0), tf.constant(2.0)
    assert tf.multiply(a, b).op.name == "Mul"
    assert (a * b).op.name == "mul_1"


FUNCTIONS = {
    "Add": lambda x: tf.add(x, x), "Sub": lambda x: tf.subtract(x, x),
    "Mul": lambda x: tf.multiply(x, x), "MatMul": lambda x: tf.matmul(x, x),
    "Pow": lambda x: tf.pow(x, x), "Placeholder": lambda x: tf.placeholder(tf.float32),
    "Const": lambda x: tf.constant(1.0), "Sum": tf.reduce_sum, "Mean": tf.reduce_mean,
    "Max": tf.reduce_max, "Exp": tf.exp, "Log": tf.log, "Relu": tf.nn.relu, "Tanh": tf.tanh,
    "Sigmoid": tf.sigmoid, "Softmax": tf.nn.softmax, "Reshape": lambda x: tf.reshape(x, [4]),
    "transpose": tf.transpose, "Cast": lambda x: tf.cast(x, tf.int32), "Square": tf.square,
    "Identity": tf.identity, "ArgMax": lambda x: tf.argmax(x, 1), "concat": lambda x: tf.concat(
        [x, x], 0), "stack": lambda x: tf.stack([x, x]), "ExpandDims": lambda x: tf.expand_dims(
        x, 0), "Squeeze": lambda x: tf.squeeze(x[None]), "Maximum": lambda x: tf.maximum(x, 0.0),
    "ones_like": tf.ones_like, "zeros_like": tf.zeros_like, "Fill": lambda x: tf.fill([2], x[0, 0]),
    "range": lambda x: tf.range(3), "one_hot": lambda x: tf.one_hot([1], 3), "Shape": tf.shape,
    "Equal": lambda x: tf.equal(x, x), "truediv": lambda x: tf.truediv(x, x),
    "BiasAdd": lambda x: tf.nn.bias_add(x, x[0]), "L2Loss": tf.nn.l2_loss, "Neg": tf.negative,
    "clip_by_value": lambda x: tf.clip_by_value(x, 0.0, 1.0), "Tile": lambda x: tf.tile(x, [1, 2]),
}  # fmt: skip

OPERATORS = {
    "add": lambda x: x + x, "sub": lambda x: x - x, "mul": lambda x: x * x,
    "truediv": lambda x: x / x, "pow": lambda x: x**x, "floordiv": lambda x: x // x,
    "mod": lambda x: x % x, "Greater": lambda x: x > x, "LessEqual": lambda x: x <= x,
    "Less": lambda x: x < x, "GreaterEqual": lambda x: x >= x, "Neg": lambda x: -x, "Abs": abs,
    "matmul": lambda x: x @ x, "strided_slice": lambda x: x[0],
    "LogicalNot": lambda x: ~tf.constant(True), "and": lambda x: tf.constant(True) & True,
    "or": lambda x: tf.constant(True) | True,
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_name_their_operations(name: str) -> None:
    assert FUNCTIONS[name](tf.constant(np.eye(2, dtype=np.float32), name="x")).op.name == name


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_name_their_operations(name: str) -> None:
    made = OPERATORS[name](tf.constant(np.eye(2, dtype=np.float32), name="x"))
    assert made.op.name == name


def test_a_variable_makes_four_operations(graph: tf.Graph) -> None:
    tf.Variable(3.0, name="W")
    assert set(names(graph)) == {"W", "W/Assign", "W/read", "W/initial_value"}
    assert tf.Variable(3.0).op.name == "Variable"
    assert tf.Variable(3.0).op.name == "Variable_1"


def test_the_initializer_is_a_no_op() -> None:
    tf.Variable(3.0, name="W")
    init = tf.global_variables_initializer()
    assert (init.name, init.type) == ("init", "NoOp")
    assert [op.name for op in init.control_inputs] == ["W/Assign"]


def test_random_values_are_made_in_a_scope(graph: tf.Graph) -> None:
    made = tf.random_normal([2], stddev=0.5)
    assert made.op.name == "random_normal"
    assert {"shape", "mean", "stddev", "RandomStandardNormal", "mul"} <= {
        name.partition("/")[2] for name in names(graph)
    }


def test_the_cross_entropys_name() -> None:
    x = tf.zeros([2, 3])
    old = tf.nn.softmax_cross_entropy_with_logits(labels=x, logits=x)
    assert old.op.name == "softmax_cross_entropy_with_logits_sg/Reshape_2"
    new = tf.nn.softmax_cross_entropy_with_logits_v2(labels=x, logits=x)
    assert new.op.name == "softmax_cross_entropy_with_logits/Reshape_2"


def test_scopes_nest_number_and_are_entered_again() -> None:
    with tf.name_scope("a"):
        with tf.name_scope("b"):
            assert tf.no_op("x").name == "a/b/x"
        with tf.name_scope("b"):
            assert tf.no_op("x").name == "a/b_1/x"
        with tf.name_scope(None):
            assert tf.no_op("x").name == "x"
    with tf.name_scope("a/"):
        assert tf.no_op("y").name == "a/y"
    with tf.name_scope("a"):
        assert tf.no_op("y").name == "a_1/y"


def test_a_variable_scope_entered_again_keeps_variable_names() -> None:
    with tf.variable_scope("v"):
        tf.get_variable("w", [2])
        assert tf.no_op("x").name == "v/x"
    with tf.variable_scope("v", reuse=True):
        assert tf.get_variable("w").name == "v/w:0"
        assert tf.no_op("x").name == "v_1/x"


def test_gradients_are_made_in_a_scope_of_their_own(graph: tf.Graph) -> None:
    x = tf.constant(2.0, name="x")
    (g,) = tf.gradients(tf.square(x, name="y"), x)
    assert g.op.name.startswith("gradients/y_grad/")
    assert "gradients/grad_ys_0" in names(graph)
    (again,) = tf.gradients(tf.square(x, name="y"), x)
    assert again.op.name.startswith("gradients_1/y_1_grad/")


# Printing


def test_tensors_print_their_name_shape_and_dtype() -> None:
    tf.zeros((2, 2))
    assert str(tf.zeros((2, 2))) == 'Tensor("zeros_1:0", shape=(2, 2), dtype=float32)'
    x = tf.placeholder(tf.float32)
    assert str(tf.multiply(x, x)) == 'Tensor("Mul:0", dtype=float32)'
    y = tf.placeholder(tf.int32, [None, 3], name="y")
    assert str(y) == 'Tensor("y:0", shape=(?, 3), dtype=int32)'
    assert repr(tf.zeros((2, 2))) == "<tf.Tensor 'zeros_2:0' shape=(2, 2) dtype=float32>"
    assert str(tf.zeros([3])) == 'Tensor("zeros_3:0", shape=(3,), dtype=float32)'
    assert str(tf.zeros([])) == 'Tensor("zeros_4:0", shape=(), dtype=float32)'


def test_a_device_is_printed_with_the_tensor() -> None:
    with tf.device("/cpu:0"):
        x = tf.zeros([2])
    assert str(x) == 'Tensor("zeros:0", shape=(2,), dtype=float32, device=/device:CPU:0)'


def test_shapes_print_their_dimensions() -> None:
    assert repr(tf.zeros((2, 2)).get_shape()) == "TensorShape([Dimension(2), Dimension(2)])"
    assert repr(tf.TensorShape(None)) == "TensorShape(None)"
    assert str(tf.TensorShape([None, 3])) == "(?, 3)"
    assert str(tf.TensorShape(None)) == "<unknown>"
    assert repr(tf.Dimension(None)) == "Dimension(None)"


def test_variables_print_their_reference() -> None:
    w = tf.Variable(tf.zeros([784, 10]), name="W")
    assert repr(w) == "<tf.Variable 'W:0' shape=(784, 10) dtype=float32_ref>"


def test_an_operation_prints_as_its_definition() -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.identity(x, name="y")
    assert str(y.op).split("\n")[:3] == ['name: "y"', 'op: "Identity"', 'input: "x"']
    assert repr(y.op) == "<tf.Operation 'y' type=Identity>"


def test_a_dtype_prints_as_tensorflows() -> None:
    assert repr(tf.float32) == "tf.float32"
    assert str(tf.float32) == "<dtype: 'float32'>"


def test_an_unknown_dimension_is_equal_to_nothing_and_different_from_nothing() -> None:
    unknown: Any = tf.Dimension(None)
    assert (unknown == 3) is None and (unknown != 3) is None
    assert (unknown == unknown) is None
    assert (tf.Dimension(3) == 3) is True


def test_a_shape_of_unknown_rank_has_no_list() -> None:
    with pytest.raises(ValueError, match=r"as_list\(\) is not defined on an unknown TensorShape\."):
        tf.TensorShape(None).as_list()


# Session.run


def test_every_structure_of_fetches_is_kept() -> None:
    x, op = tf.constant(2.0, name="x"), tf.no_op(name="op")
    w = tf.Variable(3.0, name="w")
    Pair = namedtuple("Pair", "a b")
    with tf.Session() as sess:
        sess.run(w.initializer)
        assert sess.run(op) is None
        assert sess.run("x:0") == 2.0 and sess.run("x") is None
        assert sess.run(w) == 3.0 and sess.run("w:0") == 3.0
        assert sess.run([]) == [] and sess.run(()) == () and sess.run({}) == {}
        assert sess.run([[x], (x, [w])]) == [[2.0], (2.0, [3.0])]
        assert sess.run({"a": x, "b": [w, op]}) == {"a": 2.0, "b": [3.0, None]}
        assert sess.run(Pair(a=x, b=(w,))) == Pair(2.0, (3.0,))
        assert sess.run([x, x, x]) == [2.0, 2.0, 2.0]
        ordered = sess.run(OrderedDict([("z", x), ("a", w)]))
        assert list(ordered) == ["z", "a"] and type(ordered) is OrderedDict


def test_values_are_numpys() -> None:
    values = evaluated(
        [tf.constant(1.0), tf.constant([1, 2]), tf.constant("text"), tf.constant(["a", "b"]),
         tf.constant(True), tf.constant(1, tf.int64)]
    )  # fmt: skip
    assert [type(value) for value in values] == [
        np.float32, np.ndarray, bytes, np.ndarray, np.bool_, np.int64]  # fmt: skip
    assert values[3].dtype == object and values[3].tolist() == [b"a", b"b"]


def test_every_tensor_can_be_fed() -> None:
    c, w = tf.constant(1.0, name="c"), tf.Variable(2.0)
    y = c * w
    z = y + 1.0
    assert evaluated(z, {c: 3.0}) == 7.0
    assert evaluated(z, {w: 5.0}) == 6.0
    assert evaluated(z, {y: 5.0}) == 6.0
    assert evaluated([z, c], {"c:0": 4.0}) == [9.0, 4.0]
    assert evaluated(z, {z: 0.5}) == 0.5


def test_numbers_are_fed_as_numpy_converts_them() -> None:
    n = tf.placeholder(tf.int32)
    assert evaluated(n, {n: 1.5}) == 1
    with pytest.raises(TypeError, match="is not compatible with Tensor type"):
        evaluated(n, {n: 2**40})
    x = tf.placeholder(tf.float32)
    assert evaluated(x, {x: np.float64(0.1)}).dtype == np.float32
    assert evaluated(x, {x: True}) == 1.0


# Build-time rules


def test_unknown_sizes_go_through_every_operation() -> None:
    x = tf.placeholder(tf.float32, [None, 4])
    shapes = [
        tf.matmul(x, tf.zeros([4, 2])), tf.nn.relu(x), tf.reduce_sum(x, 1), tf.reduce_mean(x, 0),
        tf.transpose(x), tf.reshape(x, [-1, 2, 2]), tf.concat([x, x], 1), tf.concat([x, x], 0),
        tf.argmax(x, 1), x[0], x[:, 1:], tf.expand_dims(x, 1), tf.stack([x, x]), x + tf.zeros([4]),
        tf.one_hot(tf.argmax(x, 1), 3), tf.nn.softmax(x), tf.tile(x, [2, 2]), tf.shape(x),
    ]  # fmt: skip
    assert [t.get_shape().as_list() for t in shapes] == [
        [None, 2], [None, 4], [None], [4], [4, None], [None, 2, 2], [None, 8], [None, 4], [None],
        [4], [None, 3], [None, 1, 4], [2, None, 4], [None, 4], [None, 3], [None, 4], [None, 8], [2],
    ]  # fmt: skip


def test_a_reduction_of_an_unknown_rank_over_all_axes_is_a_scalar() -> None:
    x = tf.placeholder(tf.float32)
    assert tf.reduce_mean(x).get_shape() == ()
    assert tf.reduce_mean(x, keep_dims=True).get_shape().ndims is None
    assert tf.reduce_mean(x, 0).get_shape().ndims is None


def test_logsumexp_of_minus_infinities_alone_is_minus_infinity() -> None:
    x = tf.constant([[-np.inf, -np.inf], [0.0, -np.inf]])
    with tf.Session() as sess:
        assert sess.run(tf.reduce_logsumexp(x, 1)).tolist() == [-np.inf, 0.0]


def test_values_take_the_dtype_of_the_tensor_beside_them() -> None:
    a = tf.constant([1.0, 2.0])
    for other in (2, 2.0, np.float64(2), np.array([2.0, 2.0]), np.int64(2)):
        assert (a * other).dtype == tf.float32 and (other * a).dtype == tf.float32
    assert (tf.constant(1) + 2).dtype == tf.int32
    with pytest.raises(TypeError):
        tf.constant(1) + 1.5


def test_division_by_kind() -> None:
    a, b = tf.constant([7, -7]), tf.constant([2, 2])
    assert (a / b).dtype == tf.float64 and evaluated(a / b).tolist() == [3.5, -3.5]
    assert (a // b).dtype == tf.int32 and evaluated(a // b).tolist() == [3, -4]
    assert evaluated(tf.div(a, b)).tolist() == [3, -4]
    assert evaluated(a % b).tolist() == [1, 1]
    assert evaluated(tf.constant(7.0) // 2.0) == 3.0


# Variables


def test_a_fetched_variable_shows_the_value_after_the_runs_writes() -> None:
    v = tf.Variable(5)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run([v, v.assign_add(1)]) == [6, 6]


def test_two_writes_are_seen_by_both() -> None:
    v = tf.Variable(6)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run([v.assign_add(1), v.assign_add(1)]) == [8, 8]


def test_a_use_under_control_dependencies_reads_after_them() -> None:
    v = tf.Variable(1)
    with tf.control_dependencies([v.assign_add(10)]):
        after = tf.identity(v)
    assert evaluated(after) == 11


def test_reads_that_nothing_orders_come_before_writes() -> None:
    v = tf.Variable(1)
    before = v * 1
    assert evaluated([before, v.assign_add(10)]) == [1, 11]


def test_a_variable_keeps_its_value_in_each_session_alone(graph: tf.Graph) -> None:
    v = tf.Variable(1)
    one, other = tf.Session(), tf.Session()
    one.run(v.initializer)
    other.run(v.initializer)
    one.run(v.assign_add(5))
    assert (one.run(v), other.run(v)) == (6, 1)


# Optimizers


def test_minimize_makes_the_operations_and_slots_of_adam(graph: tf.Graph) -> None:
    w = tf.Variable([1.0], name="w")
    train = tf.train.AdamOptimizer().minimize(w * w)
    assert (train.name, train.type) == ("Adam", "NoOp")
    made = {v.op.name for v in tf.global_variables()}
    assert made == {"w", "w/Adam", "w/Adam_1", "beta1_power", "beta2_power"}
    assert [v.op.name for v in tf.trainable_variables()] == ["w"]
    assert {"Adam/learning_rate", "Adam/beta1", "Adam/beta2", "Adam/epsilon"} <= set(names(graph))
    assert "Adam/update_w/ApplyAdam" in names(graph)


def test_minimize_with_a_step_ends_in_an_assign_add() -> None:
    w, step = tf.Variable([1.0]), tf.Variable(0, trainable=False)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(w * w, global_step=step)
    assert (train.name, train.type) == ("GradientDescent", "AssignAdd")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run([train, train])
        sess.run(train)
        assert sess.run(step) == 2


SLOTS: dict[str, tuple[Callable[[], Any], dict[str, str], float]] = {
    "Momentum": (lambda: tf.train.MomentumOptimizer(0.1, 0.9), {"momentum": "w/Momentum"}, 0.0),
    "RMSProp": (
        lambda: tf.train.RMSPropOptimizer(0.1),
        {"rms": "w/RMSProp", "momentum": "w/RMSProp_1"},
        1.0,
    ),
    "Adam": (lambda: tf.train.AdamOptimizer(0.1), {"m": "w/Adam", "v": "w/Adam_1"}, 0.0),
}


@pytest.mark.parametrize("name", SLOTS)
def test_slots_have_tensorflows_names_and_first_values(name: str) -> None:
    make, wanted, first = SLOTS[name]
    w = tf.Variable([1.0], name="w")
    optimizer = make()
    optimizer.minimize(w * w)
    assert optimizer.get_slot_names() == sorted(wanted)
    assert {slot: optimizer.get_slot(w, slot).op.name for slot in wanted} == wanted
    slot = optimizer.get_slot(w, next(iter(wanted)))
    assert not slot.trainable and evaluated(slot).tolist() == [first]


def test_adams_epsilon_is_outside_the_bias_correction() -> None:
    w = tf.Variable(1.0)
    train = tf.train.AdamOptimizer(0.1, epsilon=0.5).minimize(3.0 * w)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(train)
        m, v = 0.1 * 3.0, 0.001 * 9.0
        rate = 0.1 * np.sqrt(1 - 0.999) / (1 - 0.9)
        assert sess.run(w) == pytest.approx(1.0 - rate * m / (np.sqrt(v) + 0.5), rel=1e-5)


# Gradients


def gradient(y: Any, x: Any) -> Any:
    (g,) = tf.gradients(y, x)
    return evaluated(g)


def test_gradients_at_kinks() -> None:
    zero = tf.constant(0.0)
    assert gradient(tf.nn.relu(zero), zero) == 0.0
    assert gradient(tf.abs(zero), zero) == 0.0
    assert gradient(tf.sqrt(zero), zero) == np.inf
    assert gradient(tf.sign(zero), zero) == 0.0


def test_gradients_at_ties() -> None:
    x, y = tf.constant([1.0, 2.0]), tf.constant([1.0, 5.0])
    a, b = tf.gradients(tf.maximum(x, y), [x, y])
    assert [part.tolist() for part in evaluated([a, b])] == [[1.0, 0.0], [0.0, 1.0]]
    a, b = tf.gradients(tf.minimum(x, y), [x, y])
    assert [part.tolist() for part in evaluated([a, b])] == [[1.0, 1.0], [0.0, 0.0]]
    tied = tf.constant([3.0, 1.0, 3.0])
    assert gradient(tf.reduce_max(tied), tied).tolist() == [0.5, 0.0, 0.5]
    assert gradient(tf.reduce_min(-tied), tied).tolist() == [-0.5, 0.0, -0.5]


def test_a_clip_passes_the_gradient_at_both_bounds() -> None:
    x = tf.constant([-2.0, -1.0, 0.0, 1.0, 2.0])
    assert gradient(tf.clip_by_value(x, -1.0, 1.0), x).tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]


def test_a_power_of_zero_has_no_slope_in_its_exponent() -> None:
    y = tf.constant(3.0)
    assert gradient(tf.pow(tf.constant(0.0), y), y) == 0.0


def test_gradients_sum_the_ys_and_take_weights() -> None:
    x = tf.constant(3.0)
    assert evaluated(tf.gradients([x * x, 2.0 * x], x)) == [8.0]
    assert evaluated(tf.gradients(x * x, x, grad_ys=tf.constant(10.0))) == [60.0]


def test_what_no_gradient_reaches_gets_none() -> None:
    x, other, n = tf.constant(3.0), tf.constant(1.0), tf.constant(2)
    assert tf.gradients(x * x, [other, n]) == [None, None]
    assert tf.gradients(tf.cast(tf.cast(x, tf.int32), tf.float32), x) == [None]
    assert tf.gradients(tf.stop_gradient(x) * 2.0, x) == [None]
    with tf.control_dependencies([x]):
        waits = tf.constant(1.0)
    assert tf.gradients(waits, x) == [None]


def test_gradients_stop_where_they_are_told_to() -> None:
    x = tf.constant(3.0)
    y = x * x
    assert evaluated(tf.gradients(y * x, x, stop_gradients=y)) == [9.0]


def test_second_derivatives() -> None:
    x = tf.constant(2.0)
    (first,) = tf.gradients(x**3, x)
    (second,) = tf.gradients(first, x)
    (third,) = tf.gradients(second, x)
    assert evaluated([first, second, third]) == [12.0, 12.0, 6.0]


def test_a_gradient_has_the_shape_of_what_was_broadcast() -> None:
    x, y = tf.ones([2, 1]), tf.ones([3])
    a, b = tf.gradients(x * y, [x, y])
    assert a.get_shape().as_list() == [2, 1] and b.get_shape().as_list() == [3]
    assert [part.tolist() for part in evaluated([a, b])] == [[[3.0], [3.0]], [2.0, 2.0, 2.0]]


def test_a_deep_chain_does_not_meet_pythons_recursion_limit() -> None:
    x = tf.constant(1.0)
    y = x
    for _ in range(3 * sys.getrecursionlimit()):
        y = y + x
    assert evaluated(tf.gradients(y, x)) == [3 * sys.getrecursionlimit() + 1]


# Random numbers


def test_a_seed_fixes_the_stream_of_each_operation() -> None:
    def drawn() -> tuple[Any, Any]:
        with tf.Graph().as_default():
            tf.set_random_seed(1)
            a, b = tf.random_normal([3]), tf.random_normal([3])
            with tf.Session() as sess:
                return sess.run([a, b]), sess.run([a, b])

    (first, second), (again, _) = drawn(), drawn()
    assert np.array_equal(first, again)
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first, second)


def test_the_stream_restarts_in_every_session() -> None:
    a = tf.random_uniform([3], seed=5)
    with tf.Session() as one:
        first = one.run(a)
    with tf.Session() as other:
        assert np.array_equal(other.run(a), first)


# Devices


def test_device_strings_are_put_into_their_long_form() -> None:
    def placed(*scopes: Any) -> str:
        with tf.Graph().as_default() as own:
            for scope in scopes:
                own._device_stack.append(scope)
            return tf.no_op().device

    assert placed("/gpu:1") == "/device:GPU:1"
    assert placed("/gpu:1", "/job:ps/task:0") == "/job:ps/task:0/device:GPU:1"
    assert placed("/job:ps/task:0/cpu:0", "/gpu:1") == "/job:ps/task:0/device:GPU:1"
    assert placed("/gpu:1", None) == ""
    assert placed("/cpu") == "/device:CPU:*"
    assert placed(lambda op: f"/gpu:{len(op.inputs)}") == "/device:GPU:0"


def test_devices_by_scopes_functions_and_none() -> None:
    with tf.device("/job:ps/task:0"):
        with tf.device("/gpu:1"):
            assert tf.no_op().device == "/job:ps/task:0/device:GPU:1"
            with tf.device(None):
                assert tf.no_op().device == ""
        with tf.device(lambda op: "/gpu:2" if op.type == "NoOp" else "/cpu:0"):
            assert tf.no_op().device == "/job:ps/task:0/device:GPU:2"
            assert tf.constant(1.0).device == "/job:ps/task:0/device:CPU:0"


def test_device_count_makes_devices() -> None:
    sess = tf.Session(config=tf.ConfigProto(device_count={"CPU": 3}))
    assert len(sess.list_devices()) == 3
    with tf.device("/cpu:2"):
        x = tf.constant(2.0) * 3.0
    assert sess.run(x) == 6.0


def test_placement_is_logged_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    x = tf.placeholder(tf.float32, name="x")
    z = tf.multiply(x, x, name="z")
    with tf.Session(config=tf.ConfigProto(log_device_placement=True)) as sess:
        sess.run(z, {x: 2.0})
    assert "z: (Mul): /job:localhost/replica:0/task:0/device:CPU:0\n" in capsys.readouterr().err


def test_colocation_is_an_attribute(graph: tf.Graph) -> None:
    with tf.device("/cpu:0"):
        a = tf.Variable([1.0], name="a")
    with tf.colocate_with(a):
        b = tf.no_op(name="b")
    assert b.device == "/device:CPU:0"
    nodes = {node["name"]: node for node in graph.as_graph_def()["nodes"]}
    assert nodes["b"]["attrs"]["_class"] == ["loc:@a"]
    assert nodes["a/Assign"]["attrs"]["_class"] == ["loc:@a"]
    optimizer = tf.train.MomentumOptimizer(0.1, 0.9)
    optimizer.minimize(a * a)
    assert optimizer.get_slot(a, "momentum").device == "/device:CPU:0"


# Collections


def test_collections_and_their_scopes(graph: tf.Graph) -> None:
    with tf.variable_scope("v"):
        w = tf.get_variable("w", [2])
    u = tf.Variable(1.0, trainable=False, name="u")
    assert tf.get_collection("variables") == tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)
    assert tf.get_collection("variables") == [w, u]
    assert tf.get_collection("trainable_variables") == [w]
    assert tf.get_collection("variables", scope="v") == [w]
    assert tf.get_collection("variables", scope=".*u") == [u]
    summary = tf.summary.scalar("loss", 1.0)
    assert tf.get_collection("summaries") == [summary]
    tf.add_to_collection("losses", summary)
    assert tf.get_collection(tf.GraphKeys.LOSSES) == [summary]
    assert tf.GraphKeys.UPDATE_OPS == "update_ops"
    assert tf.GraphKeys.QUEUE_RUNNERS == "queue_runners"
    assert tf.get_collection("nothing") == []
