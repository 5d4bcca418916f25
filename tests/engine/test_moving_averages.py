"""Moving averages: numbers, names, and what a saver is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf

Average = tf.train.ExponentialMovingAverage


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def test_average_of_a_variable_starts_at_its_value_and_follows() -> None:
    w = tf.Variable([1.0, 2.0], name="w")
    ema = Average(0.75)
    follow = ema.apply([w])
    assert follow.name == "ExponentialMovingAverage"
    average = ema.average(w)
    assert average is not None and average.op.name == "w/ExponentialMovingAverage"
    assert average not in tf.trainable_variables()
    assert tf.moving_average_variables() == [w]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run(average).tolist() == [1, 2]
        sess.run(w.assign([5.0, 2.0]))
        sess.run(follow)
        assert sess.run(average).tolist() == [2, 2]


def test_average_starts_at_a_random_initial_value() -> None:
    w = tf.Variable(tf.random_normal([4]))
    ema = Average(0.5)
    ema.apply([w])
    with tf.Session() as sess:
        for _ in range(2):
            sess.run(tf.global_variables_initializer())
            np.testing.assert_array_equal(*sess.run([w, ema.average(w)]))


def test_average_made_later_starts_at_the_trained_value() -> None:
    w = tf.Variable(1.0)
    with tf.Session() as sess:
        sess.run(w.initializer)
        sess.run(w.assign(7.0))
        ema = Average(0.5)
        ema.apply([w])
        average = ema.average(w)
        assert average is not None
        sess.run(average.initializer)
        assert sess.run([w, average]) == [7, 7]


@pytest.mark.parametrize("debias", [False, True])
def test_average_of_a_tensor_starts_at_zero_or_makes_up_for_it(debias: bool) -> None:
    x = tf.placeholder(tf.float32, [], name="x")
    doubled = tf.multiply(x, 2.0, name="doubled")
    ema = Average(0.75, zero_debias=debias)
    follow = ema.apply([doubled])
    average = ema.average(doubled)
    assert average is not None and average.op.name == "doubled/ExponentialMovingAverage"
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        plain = 0.0
        for t, value in enumerate([2.0, 4.0, 1.0], 1):
            sess.run(follow, {x: value})
            plain = 0.75 * plain + 0.25 * 2 * value
            expected = plain / (1 - 0.75**t) if debias else plain
            np.testing.assert_allclose(sess.run(average), expected, rtol=1e-6)


def test_decay_is_smaller_at_first_with_num_updates() -> None:
    w, step = tf.Variable(0.0), tf.Variable(0)
    ema = Average(0.5, num_updates=step)
    follow = ema.apply([w])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(w.assign(10.0))
        sess.run(follow)
        # (1 + 0) / (10 + 0) of the old value stay.
        np.testing.assert_allclose(sess.run(ema.average(w)), 9)
        sess.run([w.assign(9.0), step.assign(100)])
        sess.run(follow)
        np.testing.assert_allclose(sess.run(ema.average(w)), 9)


def test_update_after_training_sees_the_new_value() -> None:
    w = tf.Variable(4.0)
    train = tf.train.GradientDescentOptimizer(1.0).minimize(w * 2.0)
    ema = Average(0.5)
    with tf.control_dependencies([train]):
        follow = ema.apply()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(follow)
        assert sess.run([w, ema.average(w)]) == [2, 3]


def test_names_to_restore_are_those_of_the_averages() -> None:
    w, b = tf.Variable(1.0, name="w"), tf.Variable(1.0, name="b", trainable=False)
    ema = Average(0.9)
    assert ema.average(w) is None
    assert ema.average_name(w) == "w/ExponentialMovingAverage"
    ema.apply([w])
    found = ema.variables_to_restore()
    assert found == {"w/ExponentialMovingAverage": w, "b": b}


def test_integers_have_no_average() -> None:
    with pytest.raises(TypeError, match="The variables must be half, float, or double: n:0"):
        Average(0.9).apply([tf.Variable(1, name="n")])


def test_apply_twice_keeps_one_average() -> None:
    w = tf.Variable(1.0)
    ema: Any = Average(0.9)
    ema.apply([w])
    first = ema.average(w)
    ema.apply([w])
    assert ema.average(w) is first


def test_averages_move_in_the_branch_of_tf_cond_that_runs() -> None:
    x, training = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.bool, [])
    mean, variance = tf.nn.moments(x, [0])
    ema = Average(0.5)

    def by_batch() -> Any:
        with tf.control_dependencies([ema.apply([mean, variance])]):
            return tf.identity(mean), tf.identity(variance)

    def by_averages() -> Any:
        return ema.average(mean), ema.average(variance)

    used = tf.cond(training, by_batch, by_averages)
    batch = [[1.0, 4.0], [3.0, 8.0]]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert np.array(sess.run(used, {x: batch, training: True})).tolist() == [[2, 6], [1, 4]]
        for _ in range(2):
            found = sess.run(used, {x: np.zeros([1, 2]), training: False})
            assert np.array(found).tolist() == [[1, 3], [0.5, 2]]
        sess.run(used, {x: batch, training: True})
        assert sess.run(ema.average(mean)).tolist() == [1.5, 4.5]


def test_averages_of_variables_move_in_a_branch() -> None:
    w, follow = tf.Variable(4.0), tf.placeholder(tf.bool, [])
    ema = Average(0.5)
    step = tf.cond(follow, lambda: ema.apply([w]), tf.no_op)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(w.assign(8.0))
        sess.run(step, {follow: False})
        assert sess.run(ema.average(w)) == 4
        sess.run(step, {follow: True})
        assert sess.run(ema.average(w)) == 6
