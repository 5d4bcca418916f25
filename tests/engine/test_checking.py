"""Checks in a run: NaN and infinity named where they first arise, order, and gradients checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf

InvalidArgument = tf.errors.InvalidArgumentError


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as own:
        yield own


CASES = {"NaN": [1.0, np.nan], "Inf": [-np.inf, 1.0], "NaN and Inf": [np.nan, np.inf]}


@pytest.mark.parametrize("executor", ["plan", "poisoned", "debug"])
@pytest.mark.parametrize("kind", CASES)
def test_check_numerics_tells_what_it_found(kind: str, executor: str) -> None:
    x = tf.placeholder(tf.float32, name="x")
    checked = tf.check_numerics(x, "the logits")
    assert checked.op.name == "CheckNumerics"
    with tf.Session(executor=executor) as sess:
        assert sess.run(checked, {x: [1.0, 2.0]}).tolist() == [1.0, 2.0]
        with pytest.raises(InvalidArgument) as caught:
            sess.run(checked, {x: CASES[kind]})
    assert str(caught.value).startswith(f"the logits : Tensor had {kind} values\n")
    assert "test_checking.py" in str(caught.value) and "\n  try: " in str(caught.value)
    assert caught.value.op is checked.op


def test_check_numerics_refuses_integers() -> None:
    with pytest.raises(TypeError, match="'tensor' has DataType int32 not in list of allowed"):
        tf.check_numerics(tf.constant(1), "x")


def test_a_check_that_only_orders_is_looked_at() -> None:
    x = tf.placeholder(tf.float32, [])
    with tf.control_dependencies([tf.check_numerics(x, "x")]):
        y = tf.constant(1.0) + 1.0
    with tf.Session() as sess:
        assert sess.run(y, {x: 0.0}) == 2.0
        with pytest.raises(InvalidArgument, match="Tensor had NaN"):
            sess.run(y, {x: np.nan})


def test_a_bad_gradient_is_named_by_the_check_of_its_value() -> None:
    x = tf.placeholder(tf.float32, [])
    (g,) = tf.gradients(tf.sqrt(tf.check_numerics(x, "under the root")), x)
    with tf.Session() as sess:
        assert sess.run(g, {x: 4.0}) == 0.25
        with pytest.raises(
            InvalidArgument, match=r"detected in gradient\. under the root : Tensor had Inf"
        ):
            sess.run(g, {x: 0.0})


def network() -> tuple[Any, Any, Any]:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.Variable([[1.0], [1.0]], name="w")
    z = tf.matmul(x, w, name="z")
    root = tf.sqrt(z, name="root")
    loss = tf.reduce_mean(root, name="loss")
    return x, loss, tf.train.GradientDescentOptimizer(0.1).minimize(loss)


def test_all_tensors_of_the_graph_are_checked_and_the_first_bad_one_is_named(
    graph: tf.Graph,
) -> None:
    x, loss, train = network()
    check = tf.add_check_numerics_ops()
    assert check.type == "NoOp"
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        value, _, _ = sess.run([loss, train, check], {x: [[1.0, 3.0]]})
        assert value == 2.0
        with pytest.raises(InvalidArgument, match=r"^root:0 : Tensor had NaN values"):
            sess.run([loss, check], {x: [[-1.0, -3.0]]})
        with pytest.raises(InvalidArgument, match=r"^x:0 : Tensor had Inf values"):
            sess.run(check, {x: [[np.inf, 0.0]]})
        with pytest.raises(InvalidArgument, match=r"^gradients/.*_grad/.* : Tensor had Inf"):
            sess.run([train, check], {x: [[0.0, 0.0]]})
    kinds = [op.type for op in graph.get_operations()]
    assert kinds.count("CheckNumerics") > 10


def test_checks_of_a_graph_without_floats() -> None:
    tf.constant([1, 2])
    check = tf.add_check_numerics_ops()
    with tf.Session() as sess:
        assert sess.run(check) is None


@pytest.mark.parametrize("old", [True, False], ids=["t and msg", "x and message"])
def test_verify_tensor_all_finite(old: bool) -> None:
    x = tf.placeholder(tf.float32)
    y = (
        tf.verify_tensor_all_finite(x, "bad")
        if old
        else tf.verify_tensor_all_finite(x=x, message="bad")
    )
    assert y.op.name == "VerifyFinite/control_dependency"
    with tf.Session() as sess:
        assert sess.run(y, {x: 3.0}) == 3.0
        with pytest.raises(InvalidArgument, match=r"^bad : Tensor had NaN values"):
            sess.run(y, {x: np.nan})


def test_numeric_tensors() -> None:
    assert tf.is_numeric_tensor(tf.constant(1)) and tf.is_numeric_tensor(tf.constant(1.0))
    assert not tf.is_numeric_tensor(tf.constant("a"))
    assert not tf.is_numeric_tensor(tf.constant(True))
    assert not tf.is_numeric_tensor(np.zeros(3))


ORDERS = [
    ([1, 2, 3], True, True), ([1, 1, 2], True, False), ([2, 1], False, False), ([], True, True),
    ([5], True, True), ([[1, 2], [3, 4]], True, True), ([[1, 3], [2, 4]], False, False),
]  # fmt: skip


@pytest.mark.parametrize(("values", "falls_never", "grows"), ORDERS)
def test_orders(values: list[Any], falls_never: bool, grows: bool) -> None:
    x = tf.constant(np.array(values, np.int32))
    with tf.Session() as sess:
        assert sess.run([tf.is_non_decreasing(x), tf.is_strictly_increasing(x)]) == [
            falls_never,
            grows,
        ]


# compute_gradient


def test_both_gradients_are_laid_out_by_x_and_y() -> None:
    x = tf.placeholder(tf.float64, [2])
    w = tf.constant(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    y = tf.matmul(x[None], w)[0]
    with tf.Session():
        theory, numeric = tf.test.compute_gradient(x, [2], y, [3], np.array([0.5, -1.0]))
    assert theory.tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    np.testing.assert_allclose(numeric, theory, rtol=1e-9)


def test_a_list_of_xs_gives_a_list_of_pairs() -> None:
    a, b = tf.placeholder(tf.float64, [2]), tf.placeholder(tf.float64, [])
    with tf.Session():
        pairs = tf.test.compute_gradient(
            [a, b], [[2], []], a * b, [2], [np.array([1.0, 2.0]), np.array(3.0)]
        )
        assert [theory.tolist() for theory, _ in pairs] == [[[3.0, 0.0], [0.0, 3.0]], [[1.0, 2.0]]]
        assert tf.test.compute_gradient_error([a, b], [[2], []], a * b, [2]) < 1e-9


def test_the_error_shows_a_wrong_gradient() -> None:
    x = tf.placeholder(tf.float64, [3])
    right = x * x
    wrong = right + tf.stop_gradient(x)
    with tf.Session():
        start = np.array([0.5, 1.0, -2.0])
        assert tf.gradient_checker.compute_gradient_error(x, [3], right, [3], start) < 1e-9
        error = tf.gradient_checker.compute_gradient_error(x, [3], wrong, [3], start)
        assert error == pytest.approx(1.0)


def test_other_feeds_and_initializers_are_taken() -> None:
    v = tf.Variable(2.0, dtype=tf.float64)
    x, factor = tf.placeholder(tf.float64, [1]), tf.placeholder(tf.float64, [])
    with tf.Session():
        error = tf.test.compute_gradient_error(
            x, [1], x * v * factor, [1], init_targets=[v.initializer], extra_feed_dict={factor: 3.0}
        )
    assert error < 1e-9


def test_gradients_without_a_session_or_a_path_are_refused() -> None:
    x = tf.constant([1.0])
    with pytest.raises(ValueError, match="No default session is registered"):
        tf.test.compute_gradient(x, [1], x * 2.0, [1])
    with tf.Session(), pytest.raises(ValueError, match="No gradient of"):
        tf.test.compute_gradient(x, [1], tf.constant([2.0]), [1])
