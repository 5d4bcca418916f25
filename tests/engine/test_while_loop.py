"""``tf.while_loop`` and what is built of it: values, gradients, state, shapes, errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf

EXECUTORS = ("plan", "poisoned", "debug")


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def in_every_executor(fetches: Any, feed: Any = None) -> list[Any]:
    """What the fetches give, the same from every executor and in a second run."""
    results = []
    for executor in EXECUTORS:
        with tf.Session(executor=executor) as sess:
            sess.run(tf.global_variables_initializer())
            results += [sess.run(fetches, feed) for _ in range(2)]
    for other in results[1:]:
        for x, y in zip(results[0], other, strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-10)
    return results[0]


def check_gradients(function: Any, *values: Any, feed: Any = None) -> None:
    """First and second order gradients of a scalar function against differences."""
    xs = [tf.placeholder(tf.float64, np.shape(value)) for value in values]
    y = function(*xs)
    first = tf.gradients(y, xs)
    weights = [np.cos(np.arange(1.0, 1 + np.size(v))).reshape(np.shape(v)) for v in values]
    mixed = sum(tf.reduce_sum(g * w) for g, w in zip(first, weights, strict=True))
    second = tf.gradients(mixed, xs)
    given = dict(zip(xs, map(np.asarray, values), strict=True)) | (feed or {})
    for executor in EXECUTORS:
        with tf.Session(executor=executor) as sess:
            for tensor, grads in ((y, first), (mixed, second)):
                got = sess.run(grads, given)
                for x, array in zip(xs, got, strict=True):
                    numeric = np.zeros(array.shape)
                    for place in np.ndindex(*array.shape):
                        ends = []
                        for sign in (1, -1):
                            moved = np.array(given[x], np.float64)
                            moved[place] += sign * 1e-5
                            ends.append(sess.run(tensor, given | {x: moved}))
                        numeric[place] = (ends[0] - ends[1]) / 2e-5
                    np.testing.assert_allclose(array, numeric, rtol=1e-6, atol=1e-6)


def test_loop_variables_come_back_in_their_structure() -> None:
    i, total = tf.while_loop(lambda i, s: i < 5, lambda i, s: (i + 1, s + i), [0, 10])
    assert (i.name, total.name) == ("while/Exit:0", "while/Exit_1:0")
    single = tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])
    nested = tf.while_loop(lambda i, p: i < 2, lambda i, p: (i + 1, {"a": p["a"] * 2}),
                           (0, {"a": tf.constant(3)}))  # fmt: skip
    assert in_every_executor([i, total, single, nested[1]["a"]]) == [5, 10 + 10, 3, 12]


def test_a_loop_that_never_runs_gives_the_first_values() -> None:
    v = tf.Variable([1.0, 2.0])
    y = tf.while_loop(lambda x: tf.reduce_sum(x) < 0.0, lambda x: x * 2.0, [v])
    later = v.assign_add([1.0, 1.0])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert [a.tolist() for a in sess.run([y, later])] == [[1, 2], [2, 3]]


def test_gradients_to_loop_variables_and_to_what_is_captured() -> None:
    def power(x: Any, a: Any) -> Any:
        out = tf.while_loop(lambda i, p: i < 4, lambda i, p: (i + 1, tf.tanh(p * a) + x), (0, x))
        return tf.reduce_sum(out[1] ** 2)

    check_gradients(power, [0.3, -0.2, 0.5], [0.7, 1.1, -0.4])


def test_gradients_through_a_loop_of_matrix_products() -> None:
    def network(w: Any, h: Any) -> Any:
        out = tf.while_loop(
            lambda i, h: i < 3, lambda i, h: (i + 1, tf.tanh(tf.matmul(h, w))), (0, h)
        )
        return tf.reduce_sum(out[1])

    check_gradients(network, [[0.5, -0.3], [0.2, 0.8]], [[1.0, 0.5], [0.1, -0.7], [0.3, 0.2]])


def test_gradients_through_a_loop_whose_length_depends_on_values() -> None:
    def doubled(x: Any) -> Any:
        return tf.while_loop(lambda y: y < 10.0, lambda y: y * y * 1.1, [x])

    check_gradients(doubled, 1.7)


def test_gradients_through_loops_and_branches_in_a_loop() -> None:
    def nested(x: Any) -> Any:
        def inner(i: Any, y: Any) -> Any:
            return tf.while_loop(lambda j, z: j < i, lambda j, z: (j + 1, z * tf.sin(x)), (0, y))[1]

        def outer(i: Any, y: Any) -> Any:
            return i + 1, tf.cond(y[0] > 0.1, lambda: inner(i, y) + x, lambda: y * x * x)

        return tf.reduce_sum(tf.while_loop(lambda i, y: i < 4, outer, (0, x))[1])

    check_gradients(nested, [0.8, 1.3])


def test_gradients_through_arrays_in_a_loop() -> None:
    def recurrent(x: Any) -> Any:
        inputs = tf.TensorArray(tf.float64, size=3).unstack(x)
        outputs = tf.TensorArray(tf.float64, size=3)
        _, _, outputs = tf.while_loop(
            lambda i, *_: i < 3,
            lambda i, h, out: (i + 1, tf.tanh(h + inputs.read(i)), out.write(i, h * h)),
            (0, x[0], outputs),
        )
        return tf.reduce_sum(outputs.stack() * [[1.0], [2.0], [3.0]])

    check_gradients(recurrent, [[0.1, 0.4], [0.3, -0.2], [-0.5, 0.6]])


def test_gradients_with_sizes_only_known_in_the_run() -> None:
    x = tf.placeholder(tf.float64, [None, 2])
    b = tf.placeholder(tf.float64, [2])
    y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x + b), (0, x))[1]
    grads = tf.gradients(y, [x, b])
    value, bias = np.array([[0.5, 1.5], [2.0, -1.0]]), np.array([0.1, 0.2])
    got = in_every_executor(grads, {x: value, b: bias})
    # y = x^4 + b (x^2 + x + 1)
    np.testing.assert_allclose(got[0], 4 * value**3 + bias * (2 * value + 1))
    np.testing.assert_allclose(got[1], (value**2 + value + 1).sum(0))


def test_back_prop_off_stops_gradients() -> None:
    x = tf.constant(2.0)
    y = tf.while_loop(lambda i, y: i < 2, lambda i, y: (i + 1, y * x), (0, x), back_prop=False)[1]
    assert tf.gradients(y, x) == [None]


def test_variables_written_in_a_loop_keep_the_order_of_iterations() -> None:
    v = tf.Variable(1.0)

    def step(i: Any, seen: Any) -> Any:
        with tf.control_dependencies([v.assign(v.read_value() * 2.0)]):
            return i + 1, seen.write(i, v.read_value())

    before = v * 1.0
    array = tf.TensorArray(tf.float32, size=3)
    seen = tf.while_loop(lambda i, _: i < 3, step, (0, array))[1].stack()
    for executor in EXECUTORS:
        with tf.Session(executor=executor) as sess:
            sess.run(v.initializer)
            got = sess.run([before, seen, v])
            assert [got[0], got[1].tolist(), got[2]] == [1, [2, 4, 8], 8]


def test_random_numbers_are_drawn_anew_in_every_iteration() -> None:
    tf.set_random_seed(1)
    array = tf.TensorArray(tf.float32, size=5)
    drawn = tf.while_loop(
        lambda i, _: i < 5, lambda i, a: (i + 1, a.write(i, tf.random_normal([]))), (0, array)
    )[1].stack()
    with tf.Session() as sess, tf.Session() as other:
        first, second = sess.run(drawn), sess.run(drawn)
        assert len(set(first) | set(second)) == 10
        assert other.run(drawn).tolist() == first.tolist()


def test_variables_made_in_a_loop_are_variables_of_the_graph() -> None:
    def step(i: Any, h: Any) -> Any:
        w = tf.get_variable("w", [2, 2], initializer=tf.constant_initializer(0.5))
        return i + 1, tf.matmul(h, w)

    y = tf.while_loop(lambda i, _: i < 2, step, (0, tf.ones([1, 2])))[1]
    w = tf.trainable_variables()[0]
    assert w.name == "w:0"
    got = in_every_executor([y, tf.gradients(y, w)[0]])
    assert got[0].tolist() == [[1, 1]]
    assert got[1].tolist() == [[2, 2], [2, 2]]


def test_shapes_have_to_stay_unless_told_otherwise() -> None:
    start = tf.zeros([1, 2])

    def grow(i: Any, x: Any) -> Any:
        return i + 1, tf.concat([x, x], 0)

    with pytest.raises(ValueError, match=r"enters the loop with shape \(1, 2\), but has shape"):
        tf.while_loop(lambda i, x: i < 3, grow, (0, start))
    with pytest.raises(ValueError, match="is not compatible with the initial shape"):
        tf.while_loop(lambda i, x: i < 3, grow, (0, start),
                      shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, 3])))  # fmt: skip
    y = tf.while_loop(lambda i, x: i < 3, grow, (0, start),
                      shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, 2])))  # fmt: skip
    y = y[1]
    assert y.get_shape().as_list() == [None, 2]
    assert in_every_executor([tf.shape(y)])[0].tolist() == [8, 2]


def test_maximum_iterations_ends_a_loop() -> None:
    y = tf.while_loop(lambda x: x < 100, lambda x: x + 1, [0], maximum_iterations=7)
    z = tf.while_loop(lambda x: x < 3, lambda x: x + 1, [0], maximum_iterations=7)
    assert in_every_executor([y, z]) == [7, 3]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((1, lambda i: i, [0]), TypeError, "cond must be callable"),
        ((lambda i: i < 1, 1, [0]), TypeError, "body must be callable"),
        ((lambda i: i < 1, lambda i: i, []), ValueError, "No loop variables provided"),
        ((lambda i: i, lambda i: i, [0]), TypeError, "cond must give a bool"),
        ((lambda i: i < 1, lambda i: tf.cast(i, tf.float32), [0]), TypeError, "has type float32"),
        ((lambda i: i < 1, lambda i: (i, i), [0]), ValueError, "same nested structure"),
    ],
)
def test_what_cannot_be_a_loop_is_refused(arguments: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        tf.while_loop(*arguments)


def test_inner_tensors_cannot_be_used_or_fetched_outside() -> None:
    held: list[Any] = []

    def step(i: Any) -> Any:
        held.append(i + 1)
        return held[0]

    tf.while_loop(lambda i: i < 3, step, [0])
    with pytest.raises(ValueError, match="Cannot use 'while/add' as input to 'Mul' because"):
        tf.multiply(held[0], 2)
    with tf.Session() as sess, pytest.raises(ValueError, match="not fetchable"):
        sess.run(held[0])


def test_an_error_in_a_loop_names_its_operation() -> None:
    n = tf.placeholder(tf.int32, [])
    y = tf.while_loop(lambda i: i < 5, lambda i: i + tf.gather([1, 1], i, name="pick"), [n])
    for executor in EXECUTORS:
        with tf.Session(executor=executor) as sess:
            with pytest.raises(tf.errors.InvalidArgumentError) as told:
                sess.run(y, {n: 0})
            assert told.value.op.name == "while/pick"


def test_map_and_scan_and_folds() -> None:
    x = tf.placeholder(tf.float64, [None, 2])
    rows = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    mapped = tf.map_fn(lambda r: tf.reduce_sum(r * r), x)
    pair = tf.map_fn(lambda t: (t[0] - t[1], t[0][0]), (x, x), dtype=(tf.float64, tf.float64))
    scanned = tf.scan(lambda a, r: a * 2.0 + r, x)
    back = tf.scan(lambda a, r: a + r, x, initializer=tf.zeros([2], tf.float64), reverse=True)
    left = tf.foldl(lambda a, r: a * 2.0 + r, x)
    right = tf.foldr(lambda a, r: a * 2.0 + r, x)
    grad = tf.gradients(tf.reduce_sum(scanned), x)[0]
    got = in_every_executor([mapped, *pair, scanned, back, left, right, grad], {x: rows})
    assert got[0].tolist() == [5, 25, 61]
    assert got[1].tolist() == [[0, 0]] * 3
    assert got[2].tolist() == [1, 3, 5]
    assert got[3].tolist() == [[1, 2], [5, 8], [15, 22]]
    assert got[4].tolist() == [[9, 12], [8, 10], [5, 6]]
    assert got[5].tolist() == [15, 22]
    assert got[6].tolist() == [27, 34]
    assert got[7].tolist() == [[7, 7], [3, 3], [1, 1]]


def test_arrays_refuse_what_tensorflow_refuses() -> None:
    array = tf.TensorArray(tf.float32, size=2)
    with pytest.raises(TypeError, match="TensorArray dtype is float32 but Op is trying to write"):
        array.write(0, tf.constant(1))
    with pytest.raises(ValueError, match="Inconsistent shapes"):
        array.write(0, [1.0]).write(1, [1.0, 2.0])
    with pytest.raises(ValueError, match="Size must be provided"):
        tf.TensorArray(tf.float32)
    cases = {
        "array is not resizeable and size is: 2": array.write(2, 1.0).stack(),
        "already been written to": array.write(0, 1.0).write(0, 2.0).stack(),
        "has not been written": array.write(0, 1.0).read(1),
        "array size is: 2": array.read(5),
    }
    with tf.Session() as sess:
        for words, tensor in cases.items():
            with pytest.raises(tf.errors.InvalidArgumentError, match=words):
                sess.run(tensor)


def test_a_dynamic_array_grows() -> None:
    array = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    _, array = tf.while_loop(
        lambda i, _: i < 4, lambda i, a: (i + 1, a.write(i, tf.cast(i, tf.float32))), (0, array)
    )
    assert in_every_executor([array.stack(), array.size()])[0].tolist() == [0, 1, 2, 3]


def test_gradients_can_be_taken_inside_a_loop() -> None:
    def descend(i: Any, x: Any) -> Any:
        return i + 1, x - 0.25 * tf.gradients(tf.square(x - 3.0), x)[0]

    y = tf.while_loop(lambda i, _: i < 3, descend, (0, tf.constant(1.0)))[1]
    assert in_every_executor([y]) == [2.75]
