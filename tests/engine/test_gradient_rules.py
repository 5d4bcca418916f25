"""Gradients as a whole: conventions, connections, second order, long chains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def at(function: Any, *values: Any) -> list[Any]:
    """The gradients of a function of constants at these values."""
    inputs = [tf.constant(value, tf.float64) for value in values]
    with tf.Session() as sess:
        return [g.tolist() for g in sess.run(tf.gradients(function(*inputs), inputs))]


def test_conventions_at_ties_and_kinks() -> None:
    assert at(tf.nn.relu, [0.0, 1.0]) == [[0, 1]]
    assert at(tf.abs, [0.0, -2.0]) == [[0, -1]]
    assert at(tf.maximum, [1.0], [1.0]) == [[1], [0]]
    assert at(tf.minimum, [1.0], [1.0]) == [[1], [0]]
    assert at(tf.reduce_max, [2.0, 1.0, 2.0]) == [[0.5, 0, 0.5]]
    assert at(lambda x: tf.clip_by_value(x, -1.0, 1.0), [-2.0, -1.0, 0, 1.0, 2.0]) == [
        [0, 1, 1, 1, 0]
    ]
    assert at(tf.sqrt, [0.0]) == [[np.inf]]
    assert at(tf.pow, [0.0], [3.0]) == [[0], [0]]
    assert at(tf.reduce_prod, [0.0, 2.0, 3.0]) == [[6, 0, 0]]


def test_unconnected_and_integer_paths_give_none() -> None:
    x, y = tf.constant(1.0), tf.constant(2.0)
    assert tf.gradients(x * 2.0, [x, y])[1] is None
    n = tf.cast(tf.cast(x, tf.int32), tf.float32)
    assert tf.gradients(n, x) == [None]
    assert tf.gradients(tf.stop_gradient(x) * 1.0, x) == [None]


def test_several_ys_are_summed_and_weighted() -> None:
    x = tf.constant([1.0, 2.0])
    with tf.Session() as sess:
        total = tf.gradients([x * 3.0, tf.square(x)], x)[0]
        assert sess.run(total).tolist() == [5, 7]
        weighted = tf.gradients(tf.square(x), x, grad_ys=tf.constant([1.0, 10.0]))[0]
        assert sess.run(weighted).tolist() == [2, 40]
        assert sess.run(tf.gradients(x, x)[0]).tolist() == [1, 1]


def test_stop_gradients_holds_a_tensor_constant() -> None:
    x = tf.constant(3.0)
    y = x * x
    with tf.Session() as sess:
        assert sess.run(tf.gradients(y * x, x, stop_gradients=[y])[0]) == 9


def test_second_order_of_activations_and_losses() -> None:
    x = tf.placeholder(tf.float64, [2, 3])
    labels = np.array([[1.0, 0, 0], [0.2, 0.3, 0.5]])
    value = np.array([[0.3, -0.8, 1.1], [0.1, 0.9, -0.4]])
    functions = [
        tf.tanh, tf.sigmoid, tf.exp, tf.nn.softmax, tf.nn.log_softmax, tf.square,
        lambda t: tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=t),
        lambda t: tf.reduce_mean(t, 1) * tf.reduce_sum(t, 1),
        lambda t: tf.matmul(t, t, transpose_b=True),
    ]  # fmt: skip
    with tf.Session() as sess:
        for function in functions:
            first = tf.gradients(tf.reduce_sum(function(x) ** 2.0), x)[0]
            direction = np.cos(np.arange(6.0)).reshape(2, 3)
            second = tf.gradients(tf.reduce_sum(first * direction), x)[0]
            step = 1e-6
            up, down = (sess.run(first, {x: value + sign * step * direction}) for sign in (1, -1))
            got = sess.run(second, {x: value})
            np.testing.assert_allclose(got, (up - down) / (2 * step), rtol=1e-5, atol=1e-7)


def test_a_long_chain_needs_no_recursion() -> None:
    x = tf.placeholder(tf.float32)
    y: Any = x
    for _ in range(3000):
        y = y * 1.0001
    with tf.Session() as sess:
        np.testing.assert_allclose(
            sess.run(tf.gradients(y, x)[0], {x: 1.0}), 1.0001**3000, rtol=1e-3
        )


def test_gradients_flow_into_variables_by_any_read() -> None:
    v = tf.Variable(2.0)
    with tf.control_dependencies([tf.no_op()]):
        again = v * 1.0
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run(tf.gradients(v * again, v)[0]) == 4


def test_an_operation_without_a_rule_is_named() -> None:
    x = tf.constant([1.0, 2.0])
    y = tf.linspace(x[0], 3.0, 4)
    with pytest.raises(LookupError, match="No gradient defined for operation 'LinSpace'"):
        tf.gradients(y, x)


def test_clipping_by_norm_and_by_global_norm() -> None:
    with tf.Session() as sess:
        assert sess.run(tf.clip_by_norm([3.0, 4.0], 1.0)).tolist() == pytest.approx([0.6, 0.8])
        assert sess.run(tf.clip_by_norm([0.0, 0.5], 1.0)).tolist() == [0.0, 0.5]
        clipped, norm = tf.clip_by_global_norm([tf.constant([3.0]), None, tf.constant([4.0])], 2.5)
        assert clipped[1] is None
        assert sess.run([norm, clipped[0], clipped[2]]) == [5.0, [1.5], [2.0]]


def test_second_order_of_a_product_is_right_at_zeros_too() -> None:
    x = tf.placeholder(tf.float64, [2, 3])
    for axis, keep in ((1, False), ([0, 1], False), (0, True)):
        first = tf.gradients(tf.reduce_prod(x, axis, keep_dims=keep), x)[0]
        weights = np.cos(np.arange(6.0)).reshape(2, 3)
        second = tf.gradients(tf.reduce_sum(first * weights), x)[0]
        with tf.Session() as sess:
            for value in (np.arange(1.0, 7).reshape(2, 3), np.array([[0.0, 2, 3], [0, 0, 4]])):
                numeric = np.zeros([2, 3])
                for place in np.ndindex(2, 3):
                    step = np.zeros([2, 3])
                    step[place] = 1e-4
                    rise = sess.run(first, {x: value + step}) - sess.run(first, {x: value - step})
                    numeric[place] = (rise * weights).sum() / 2e-4
                np.testing.assert_allclose(sess.run(second, {x: value}), numeric, atol=1e-6)


def test_a_source_that_is_also_a_stop_gets_its_partial_derivative() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        a = tf.constant(3.0)
        b = 2.0 * a
        assert sess.run(tf.gradients(a + b, [a, b], stop_gradients=[a, b])) == [1.0, 1.0]
        assert sess.run(tf.gradients(a + b, [a, b])) == [3.0, 1.0]


def test_rounding_takes_the_gradient_that_a_script_registers_for_it() -> None:
    @tf.RegisterGradient("StraightThrough")
    def _straight_through(op: tf.Operation, grad: tf.Tensor) -> tf.Tensor:
        return grad

    with tf.Graph().as_default() as graph, tf.Session() as sess:
        x = tf.constant([0.4, 1.6])
        with graph.gradient_override_map({"Round": "StraightThrough"}):
            y = tf.round(x * 3.0) / 3.0
        assert y.op.inputs[0].op.type == "Round"
        np.testing.assert_allclose(sess.run(tf.gradients(y, x)[0]), [1.0, 1.0])
