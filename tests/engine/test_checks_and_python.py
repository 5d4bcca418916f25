"""Assertions, Python functions in a run, printing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf

EXECUTORS = ("plan", "debug")


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


@pytest.mark.parametrize(
    ("check", "good", "bad", "words"),
    [
        (lambda x: tf.assert_equal(x, 2.0), [2.0], [3.0], "x == y"),
        (lambda x: tf.assert_none_equal(x, 2.0), [1.0], [2.0], "x != y"),
        (lambda x: tf.assert_less(x, 2.0), [1.0], [2.0], "x < y"),
        (lambda x: tf.assert_less_equal(x, 2.0), [2.0], [2.5], "x <= y"),
        (lambda x: tf.assert_greater(x, 2.0), [3.0], [2.0], "x > y"),
        (lambda x: tf.assert_greater_equal(x, 2.0), [2.0], [1.0], "x >= y"),
        (tf.assert_positive, [1.0], [0.0], "x > 0"),
        (tf.assert_negative, [-1.0], [0.0], "x < 0"),
        (tf.assert_non_negative, [0.0], [-1.0], "x >= 0"),
        (tf.assert_non_positive, [0.0], [1.0], "x <= 0"),
        (lambda x: tf.assert_rank(x, 1), [1.0], [[1.0]], "must have rank"),
        (lambda x: tf.assert_rank_at_least(x, 1), [1.0], 1.0, "must have rank at least"),
        (lambda x: tf.Assert(x[0] > 0.0, ["told", x]), [1.0], [-1.0], r"\[told\] \[-1.0\]"),
    ],
)
def test_a_check_holds_up_what_waits_for_it(check: Any, good: Any, bad: Any, words: str) -> None:
    x = tf.placeholder(tf.float32)
    with tf.control_dependencies([check(x)]):
        y = x * 2.0
    for executor in EXECUTORS:
        with tf.Session(executor=executor) as sess:
            np.testing.assert_allclose(sess.run(y, {x: good}), np.multiply(good, 2))
            with pytest.raises(tf.errors.InvalidArgumentError, match=words) as told:
                sess.run(y, {x: bad})
            assert told.value.op.type == "Assert"


def test_what_is_known_is_checked_at_once() -> None:
    assert tf.assert_equal(tf.constant([1, 2]), [1, 2]).type == "NoOp"
    with pytest.raises(tf.errors.InvalidArgumentError, match="mine Condition x == y did not hold"):
        tf.assert_equal(tf.constant([1, 2]), [1, 3], message="mine")
    with pytest.raises(ValueError, match=r"must have rank 1\.  Received rank 2, shape \(3, \?\)"):
        tf.assert_rank(tf.placeholder(tf.float32, [3, None]), 1)
    with pytest.raises(TypeError, match=r"must be of type tf\.int32"):
        tf.assert_type(tf.constant(1.0), tf.int32)
    with pytest.raises(ValueError, match="Expected scalar shape"):
        tf.assert_scalar(tf.constant([1.0]))
    with pytest.raises(ValueError, match="is not compatible with expected shape"):
        tf.ensure_shape(tf.zeros([2]), [3])


def test_ensure_shape_adds_what_it_checks() -> None:
    x = tf.placeholder(tf.float32)
    y = tf.ensure_shape(x, [None, 2])
    assert y.get_shape().as_list() == [None, 2]
    with tf.Session() as sess:
        assert sess.run(y, {x: [[1, 2]]}).tolist() == [[1, 2]]
        with pytest.raises(tf.errors.InvalidArgumentError, match="is not compatible"):
            sess.run(y, {x: [1, 2]})


def test_a_python_function_gets_and_gives_arrays() -> None:
    seen: list[Any] = []

    def function(a: Any, b: Any) -> Any:
        seen.append(type(a))
        a += 1  # What it gets is its own.
        return a.sum(), (a * b).astype(np.int32), b"text"

    x = tf.placeholder(tf.float64, [2])
    total, product, text = tf.py_func(
        function, [x * 1.0, tf.constant(2.0, tf.float64)], [tf.float64, tf.int32, tf.string]
    )
    product.set_shape([2])
    later = product + 1
    for executor in EXECUTORS:
        with tf.Session(executor=executor) as sess:
            got = sess.run([total, later, text], {x: [1, 2]})
            assert [got[0], got[1].tolist(), got[2]] == [5, [5, 7], b"text"]
    assert seen == [np.ndarray] * 2
    assert tf.gradients(total, x) == [None]
    assert isinstance(tf.numpy_function(function, [x, x], tf.float64), tf.Tensor)


def test_a_python_function_is_called_in_every_run() -> None:
    count = iter(range(10))
    y = tf.py_func(lambda: np.int64(next(count)), [], tf.int64)
    with tf.Session() as sess:
        assert [sess.run([y, y]) for _ in range(2)] == [[0, 0], [1, 1]]


def test_results_of_a_python_function_are_checked() -> None:
    wrong = tf.py_func(lambda: np.float64(1), [], tf.int64)
    few = tf.py_func(lambda: (1.0,), [], [tf.float32, tf.float32])
    with tf.Session() as sess:
        with pytest.raises(tf.errors.InvalidArgumentError, match="is double, but expects int64"):
            sess.run(wrong)
        with pytest.raises(tf.errors.InvalidArgumentError, match="returns 1 values, but expects"):
            sess.run(few)
    with pytest.raises(ValueError, match="Expected func to be callable"):
        tf.py_func(1, [], tf.int32)  # type: ignore[arg-type]


def test_print_passes_its_input_on_and_writes_to_the_standard_error(capsys: Any) -> None:
    x = tf.placeholder(tf.float32, [None])
    y = tf.Print(x, [x, tf.shape(x)], "x: ", first_n=2, summarize=2)
    grad = tf.gradients(y * 3.0, x)[0]
    for executor in EXECUTORS:
        with tf.Session(executor=executor) as sess:
            for _ in range(3):
                assert sess.run(y, {x: [1, 2, 3]}).tolist() == [1, 2, 3]
            assert sess.run(grad, {x: [1]}).tolist() == [3]
        assert capsys.readouterr().err == "x: [1.0 2.0...][3]\n" * 2


def test_identity_under_control_dependencies_waits() -> None:
    v = tf.Variable(1.0)
    with tf.control_dependencies([v.assign_add(10.0)]):
        y = tf.identity(v)
    both = tf.tuple([v.assign_add(1.0), tf.constant(3.0)])
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run(y) == 11
        assert sess.run(both[1]) == 3
        assert sess.run(v) == 12
