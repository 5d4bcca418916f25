"""What a session remembers of fetches and feeds, and what it refuses to take or to give."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator

import numpy as np
import pytest

import engine as tf


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


# What is remembered


def test_structures_that_compare_equal_are_told_apart() -> None:
    Point = namedtuple("Point", "x y")
    Size = namedtuple("Size", "x y")
    a, b = tf.constant(1.0), tf.constant(2.0)
    c = a + b
    with tf.Session() as sess:
        assert sess.run(c, {b: 5.0}) == 6.0
        for fetches, expected in (
            (Point(c, b), Point(3.0, 2.0)),
            (Size(c, b), Size(3.0, 2.0)),
            ((c, b), (3.0, 2.0)),
            ([c, (b, b)], [3.0, (2.0, 2.0)]),
            ([c, Point(b, b)], [3.0, Point(2.0, 2.0)]),
        ):
            for _ in range(2):
                found = sess.run(fetches)
                assert found == expected
                assert type(found) is type(expected)
        assert type(sess.run([c, Point(b, b)])[1]) is Point
        assert type(sess.run([c, (b, b)])[1]) is tuple


def test_nested_fetches_are_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    x = tf.placeholder(tf.float32, [])
    y = x * 2.0
    with tf.Session() as sess:
        compiled = []
        original = sess._compile
        monkeypatch.setattr(
            sess, "_compile", lambda *args: compiled.append(args) or original(*args)
        )
        for value in (1.0, 2.0, 3.0):
            assert sess.run({"y": y, "parts": [x, (y,)]}, {x: value}) == {
                "y": 2 * value,
                "parts": [value, (2 * value,)],
            }
        assert len(compiled) == 1


def test_callables_that_are_gone_leave_nothing_behind() -> None:
    y = tf.constant(1.0) + 1.0
    with tf.Session() as sess:
        before = len(sess._entries)
        for _ in range(5):
            assert sess.make_callable(y)() == 2.0
        assert len(sess._entries) == before
        assert len(sess._callables) == 0


def test_a_callable_follows_variables_that_move() -> None:
    v = tf.Variable([1.0, 2.0])
    train = tf.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(v * v))
    with tf.Session() as sess:
        read = sess.make_callable(v + 0.0)
        sess.run(tf.global_variables_initializer())
        read()
        sess.run(train)
        np.testing.assert_array_equal(read(), sess.run(v))


def test_a_compilation_that_fails_leaves_no_plan_on_old_storage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    v, w = tf.Variable([1.0]), tf.Variable([2.0])
    train = tf.train.GradientDescentOptimizer(0.5).minimize(tf.reduce_sum(v + w))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        change = v.assign([7.0])
        sess.run([change, v])

        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("engine.devices.cpu.generate", interrupted)
            with pytest.raises(KeyboardInterrupt):
                sess.run(train)
        sess.run([change, v])
        sess.run(train)
        assert sess.run([v, w]) == [[6.5], [1.5]]


# What is refused


@pytest.mark.parametrize("executor", ["plan", "debug"])
def test_fetch_of_an_uninitialized_variable_is_refused(executor: str) -> None:
    v = tf.Variable([1.0, 2.0], name="v")
    with tf.Session(executor=executor) as sess:
        for fetch in (v, "v:0", [v, v], {"v": v}):
            with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value v"):
                sess.run(fetch)
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value v"):
            sess.make_callable(v)()
        np.testing.assert_array_equal(sess.run(v, {v: [3.0, 4.0]}), [3.0, 4.0])
        np.testing.assert_array_equal(sess.run([v, v.initializer])[0], [1.0, 2.0])
        np.testing.assert_array_equal(v.eval(), [1.0, 2.0])


def test_one_tensor_cannot_be_fed_twice() -> None:
    x = tf.placeholder(tf.float32, [], name="x")
    with tf.Session() as sess, pytest.raises(ValueError, match="'x:0' is fed more than once"):
        sess.run(x * 2.0, {x: 1.0, "x:0": 2.0})


def test_a_tuple_of_tensors_is_fed_with_a_value_of_its_structure() -> None:
    cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicLSTMCell(3) for _ in range(2)])
    state = cell.zero_state(1, tf.float32)
    with tf.Session() as sess:
        first = sess.run(state)
        first[1].c[0, 2] = 7.0
        assert sess.run(state[1].c, {state: first}).tolist() == [[0.0, 0.0, 7.0]]
        assert sess.run(state[1].c, {state: (first[1], first[0])}).tolist() == [[0.0, 0.0, 0.0]]
        with pytest.raises(ValueError, match="Key had 2 elements, but value had 1 elements"):
            sess.run(state, {state: first[:1]})
        with pytest.raises(ValueError, match="Could not flatten dictionary"):
            sess.run(state, {state: np.zeros([2, 2, 3])})


@pytest.mark.parametrize(
    "value", [[2**40], np.int64(2**40), np.array([1, -(2**40)]), [[1], [2**70]]]
)
def test_integers_that_do_not_fit_are_refused(value: object) -> None:
    x = tf.placeholder(tf.int32, name="x")
    with tf.Session() as sess, pytest.raises(TypeError, match="not compatible with Tensor type"):
        sess.run(x, {x: value})


def test_none_is_not_taken_for_a_number() -> None:
    x = tf.placeholder(tf.float32, name="x")
    with tf.Session() as sess, pytest.raises(TypeError, match=r"'x:0'.*\n.*None"):
        sess.run(x, {x: None})


def test_numbers_are_not_taken_for_text() -> None:
    text = tf.placeholder(tf.string, name="text")
    with tf.Session() as sess, pytest.raises(TypeError, match="Expected string, got 1 of type"):
        sess.run(text, {text: 1})
    with pytest.raises(TypeError, match="Expected string, got 1 of type 'int' instead"):
        tf.constant("a") + 1


def test_an_element_of_another_graph_is_told_with_its_line_and_the_way_out() -> None:
    tf.constant(1.0)
    with tf.Graph().as_default():
        stranger = tf.constant(1.0, name="stranger")
    with tf.Session() as sess:
        for run in (lambda: sess.run(stranger), lambda: sess.run("Const:0", {stranger: 1.0})):
            with pytest.raises((ValueError, TypeError)) as caught:
                run()
            assert "is not an element of this graph" in str(caught.value)
            assert "made at test_fetches_and_feeds.py" in str(caught.value)
            assert "try:" in str(caught.value)


@pytest.mark.parametrize("axis", [[2], [-2], [0, 0]])
def test_axes_that_only_the_run_shows_not_to_fit_are_invalid_arguments(axis: list[int]) -> None:
    x = tf.placeholder(tf.float32)
    y = tf.reduce_sum(x, axis)
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="'Sum'"):
        sess.run(y, {x: [1.0, 2.0]})
