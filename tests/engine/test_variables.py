"""Variables: assignments, sizes that change, lists of them, and what is not initialized."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf

EXECUTORS = pytest.mark.parametrize("executor", ["plan", "poisoned", "debug"])


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


# Assignments


def test_assignments_give_tensors_or_operations() -> None:
    v = tf.Variable(1.0)
    made = v.assign_add(2.0, read_value=False)
    assert isinstance(made, tf.Operation)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run(made) is None
        assert sess.run(v.assign_sub(1.0)) == 2
        assert sess.run(v.assign(7.0, use_locking=True, name="set")) == 7


def test_assignments_chain_and_take_assigned_variables() -> None:
    v = tf.Variable([1.0, 2.0])
    first = tf.assign(v, [3.0, 4.0])
    second = tf.assign_add(first, [1.0, 1.0])
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run(second).tolist() == [4, 5]
    with pytest.raises(TypeError, match="A variable is needed here"):
        tf.assign(tf.zeros([2]), [1.0, 2.0])


def test_operators_and_slices_read_the_variable() -> None:
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    w = v
    w += 1.0
    assert isinstance(w, tf.Tensor)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run([v[0, 1], v[:, 0], -v[1], w[0], 2.0 / v[0]])[0] == 2
        assert sess.run(w).tolist() == [[2, 3], [4, 5]]
        assert sess.run(tf.matmul(v, v) @ v).shape == (2, 2)


def test_fetching_a_variable_with_its_assignments_gives_the_value_after_them() -> None:
    v = tf.Variable(5)
    up, two, count = v.assign_add(1), v.assign_add(2), v.count_up_to(100)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run([v, up]) == [6, 6]
        assert sess.run([up, two]) == [9, 9]
        assert sess.run([count, v]) == [9, 10]
        assert sess.run([v.value(), v, v.assign(3)]) == [10, 3, 3]


@EXECUTORS
def test_count_up_to_ends_with_out_of_range(executor: str) -> None:
    v = tf.Variable(0, name="v")
    count = tf.count_up_to(v, 3)
    with tf.Session(executor=executor) as sess:
        sess.run(v.initializer)
        assert [sess.run(count) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(tf.errors.OutOfRangeError, match="Reached limit of 3") as caught:
            sess.run(count)
        assert caught.value.op is count.op
        assert sess.run(v) == 3
    with pytest.raises(TypeError, match="Only integers count up"):
        tf.Variable(1.0).count_up_to(3)


# Initial values


def test_initialized_value_is_the_initial_one_until_there_is_one() -> None:
    w = tf.Variable(tf.random_normal([3]), name="w")
    twice = tf.Variable(w.initialized_value() * 2.0, name="twice")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        np.testing.assert_allclose(sess.run(twice), 2 * sess.run(w))
        sess.run(w.assign([1.0, 2.0, 3.0]))
        sess.run(twice.initializer)
        assert sess.run(twice).tolist() == [2, 4, 6]
        assert sess.run(w).tolist() == [1, 2, 3]
        # Both anew: the one that is made from the other waits for it.
        sess.run(tf.global_variables_initializer())
        np.testing.assert_allclose(sess.run(twice), 2 * sess.run(w))


def test_initializer_of_one_from_another_uninitialized_one() -> None:
    w = tf.Variable(3.0)
    twice = tf.Variable(w.initialized_value() * 2.0)
    with tf.Session() as sess:
        sess.run(twice.initializer)
        assert sess.run(twice) == 6
        with pytest.raises(tf.errors.FailedPreconditionError):
            sess.run(w)


def test_constraint_must_be_a_function() -> None:
    with pytest.raises(ValueError, match="`constraint` argument must be a callable"):
        tf.Variable(1.0, constraint=3)


# Sizes that change


@EXECUTORS
def test_variable_without_a_validated_shape_takes_on_any_size(executor: str) -> None:
    x = tf.placeholder(tf.float32)
    v = tf.Variable(x, validate_shape=False, name="v")
    assert v.get_shape().ndims is None
    grow = tf.assign(v, tf.concat([v, [9.0]], 0), validate_shape=False)
    total = tf.reduce_sum(v * 2.0)
    with tf.Session(executor=executor) as sess:
        sess.run(v.initializer, {x: [1.0, 2.0]})
        assert sess.run(total) == 6
        before, after = sess.run([v.value(), grow])
        assert (before.tolist(), after.tolist()) == ([1, 2], [1, 2, 9])
        assert sess.run(v).tolist() == [1, 2, 9]
        assert sess.run(total) == 24
        assert sess.run(v.assign_add([1.0, 1.0, 1.0])).tolist() == [2, 3, 10]
        sess.run(v.initializer, {x: [[5.0]]})
        assert sess.run([v, total])[0].tolist() == [[5]]
        held = sess.run(v)
        held[:] = 0
        assert sess.run(v).tolist() == [[5]]


@EXECUTORS
def test_assignment_without_a_validated_shape_resizes_a_variable_of_known_size(
    executor: str,
) -> None:
    v = tf.Variable([1.0, 2.0])
    doubled = v + v
    with tf.Session(executor=executor) as sess:
        sess.run(v.initializer)
        assert sess.run(doubled).tolist() == [2, 4]
        change = tf.assign(v, [1.0, 2.0, 3.0], validate_shape=False)
        with tf.control_dependencies([change]):
            after = v.read_value()
        assert sess.run([change, v, after])[2].tolist() == [1, 2, 3]
        assert sess.run(doubled).tolist() == [2, 4, 6]
        assert sess.run(v).tolist() == [1, 2, 3]


def test_resizing_takes_a_variable_out_of_its_optimizers_arena() -> None:
    v, b = tf.Variable([1.0, 2.0]), tf.Variable(1.0)
    train = tf.train.GradientDescentOptimizer(1.0).minimize(tf.reduce_sum(v) + b)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(train)
        sess.run(tf.assign(v, [5.0, 6.0], validate_shape=False))
        sess.run(train)
        assert sess.run(v).tolist() == [4, 5]
        assert sess.run(b) == -1


def test_other_assignments_still_check_the_shape() -> None:
    v = tf.Variable([1.0, 2.0])
    with pytest.raises(ValueError, match="both shapes must be equal"):
        v.assign([1.0, 2.0, 3.0])


# Lists of variables, and what has no value


def test_report_names_what_has_no_value() -> None:
    a, b = tf.Variable(1.0, name="a"), tf.Variable(2.0, name="b")
    report = tf.report_uninitialized_variables()
    both = tf.assert_variables_initialized([a, b])
    with tf.Session() as sess:
        assert sess.run(report).tolist() == [b"a", b"b"]
        sess.run(a.initializer)
        assert sess.run(report).tolist() == [b"b"]
        assert sess.run([tf.is_variable_initialized(a), tf.is_variable_initialized(b)]) == [
            True, False
        ]  # fmt: skip
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value b"):
            sess.run(both)
        sess.run(tf.variables_initializer([b]))
        assert sess.run(report).tolist() == []
        sess.run(both)


def test_report_of_no_variables_is_empty() -> None:
    with tf.Session() as sess:
        assert sess.run(tf.report_uninitialized_variables()).tolist() == []
    assert tf.assert_variables_initialized() is None


def test_lists_follow_the_collections() -> None:
    w = tf.Variable(1.0, collections=[tf.GraphKeys.GLOBAL_VARIABLES, tf.GraphKeys.MODEL_VARIABLES])
    assert tf.model_variables() == [w]
    assert tf.moving_average_variables() == []
    local = tf.Variable(1, trainable=False, collections=[tf.GraphKeys.LOCAL_VARIABLES])
    assert tf.local_variables() == [local]
    names: Any = [v.name for v in tf.global_variables()]
    assert names == ["Variable:0"]


def test_optimizers_with_slots_need_a_known_shape() -> None:
    v = tf.Variable(tf.placeholder(tf.float32), validate_shape=False, name="v")
    loss = tf.reduce_sum(v * v)
    with pytest.raises(ValueError, match="the shape of variable 'v' is not known"):
        tf.train.AdamOptimizer().minimize(loss)


@EXECUTORS
def test_plain_descent_updates_a_variable_of_any_size(executor: str) -> None:
    x = tf.placeholder(tf.float32)
    v = tf.Variable(x, validate_shape=False)
    train = tf.train.GradientDescentOptimizer(0.25).minimize(tf.reduce_sum(v * v))
    with tf.Session(executor=executor) as sess:
        for given in ([4.0], [2.0, 6.0]):
            sess.run(v.initializer, {x: given})
            sess.run(train)
            np.testing.assert_allclose(sess.run(v), np.array(given) / 2)


def test_collections_must_be_a_list() -> None:
    with pytest.raises(ValueError, match="must be a list, tuple, or set"):
        tf.Variable(1.0, collections="variables")
