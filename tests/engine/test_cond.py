"""``tf.cond`` and ``tf.case``: which branch runs, what it may use, gradients, errors."""

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


def in_every_executor(fetches: Any, *feeds: Any) -> list[list[Any]]:
    """What the fetches give for each feed, the same from every executor."""
    results = []
    for executor in EXECUTORS:
        with tf.Session(executor=executor) as sess:
            sess.run(tf.global_variables_initializer())
            results.append([sess.run(fetches, feed) for feed in feeds])
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            for x, y in zip(a, b, strict=True):
                np.testing.assert_allclose(x, y, rtol=1e-12)
    return results[0]


def test_the_chosen_branch_gives_the_value_and_the_gradients() -> None:
    x = tf.placeholder(tf.float64, [None])
    w = tf.constant([1.0, 2.0], tf.float64)
    y = tf.cond(tf.reduce_sum(x) > 0, lambda: x * x * w, lambda: -x)
    up, down = in_every_executor([y, *tf.gradients(y, [x, w])], {x: [1, 3]}, {x: [-1, 0]})
    assert [v.tolist() for v in up] == [[1, 18], [2, 12], [1, 9]]
    assert [v.tolist() for v in down] == [[1, 0], [-1, -1], [0, 0]]


def test_gradients_of_gradients_go_through_a_branch() -> None:
    x = tf.placeholder(tf.float64, [])
    y = tf.cond(x > 0, lambda: x * x * x, lambda: tf.exp(x))
    first = tf.gradients(y, x)[0]
    second = tf.gradients(first, x)[0]
    third = tf.gradients(second, x)[0]
    up, down = in_every_executor([first, second, third], {x: 2.0}, {x: -1.0})
    assert up == [12.0, 12.0, 6.0]
    assert down == pytest.approx([np.exp(-1)] * 3)


def test_names_are_those_of_tensorflow() -> None:
    x = tf.placeholder(tf.float32, [], name="x")
    y = tf.cond(x > 0.0, lambda: x + 1.0, lambda: x - 1.0)
    assert y.name == "cond/Merge:0"
    names = {op.name for op in tf.get_default_graph().get_operations()}
    assert {"cond/add", "cond/sub"} <= names
    assert tf.cond(x > 0.0, lambda: x, lambda: x, name="choice").name == "choice/Merge:0"


def test_only_the_chosen_branch_changes_variables() -> None:
    flag = tf.placeholder(tf.bool, [])
    a, b = tf.Variable(1.0), tf.Variable(2.0)
    y = tf.cond(flag, lambda: a.assign_add(10.0), lambda: b.assign_add(100.0))
    for executor in EXECUTORS:
        with tf.Session(executor=executor) as sess:
            sess.run(tf.global_variables_initializer())
            assert sess.run([y, a, b], {flag: True}) == [11, 11, 2]
            assert sess.run([y, a, b], {flag: False}) == [102, 11, 102]


def test_a_read_made_before_keeps_the_value_from_before_the_branch_writes() -> None:
    v = tf.Variable([1.0, 2.0])
    old = v * 1.0
    snapshot = v.value()
    changed = tf.cond(tf.reduce_sum(snapshot) > 0.0, lambda: v.assign(snapshot * 3.0) + snapshot,
                      lambda: snapshot)  # fmt: skip
    assert in_every_executor([old, changed, v], {})[0][1].tolist() == [4.0, 8.0]


def test_operations_as_results_are_run_in_their_branch_only() -> None:
    flag = tf.placeholder(tf.bool, [])
    count = tf.Variable(0)
    done = tf.cond(flag, lambda: tf.group(count.assign_add(1)), lambda: tf.no_op())
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert [bool(sess.run(done, {flag: f})) for f in (True, False, True)] == [True, False, True]
        assert sess.run(count) == 2


def test_what_is_made_outside_runs_in_either_case() -> None:
    flag = tf.placeholder(tf.bool, [])
    count = tf.Variable(0)
    outside = count.assign_add(1)
    y = tf.cond(flag, lambda: tf.identity(outside), lambda: tf.constant(-1))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert [sess.run(y, {flag: f}) for f in (False, True)] == [-1, 2]


def test_a_whole_branch_waits_for_outer_control_dependencies() -> None:
    v = tf.Variable(1.0)
    with tf.control_dependencies([v.assign(5.0)]):
        y = tf.cond(tf.constant(True), lambda: v.read_value() * 2.0, lambda: tf.constant(0.0))
    assert in_every_executor([y], {})[0] == [10.0]


def test_dropout_in_a_branch_draws_anew_and_its_gradient_uses_the_same_mask() -> None:
    tf.set_random_seed(3)
    flag = tf.placeholder(tf.bool, [])
    x = tf.ones([1000])
    y = tf.cond(flag, lambda: tf.nn.dropout(x, 0.5), lambda: x)
    grad = tf.gradients(y, x)[0]
    with tf.Session() as sess:
        first, second = (sess.run([y, grad], {flag: True}) for _ in range(2))
        assert first[0].tolist() == first[1].tolist()
        assert 350 < np.count_nonzero(first[0]) < 650
        assert first[0].tolist() != second[0].tolist()
        assert sess.run([y, grad], {flag: False})[0].tolist() == [1.0] * 1000


def test_structures_are_kept_and_a_list_of_one_is_that_one() -> None:
    flag = tf.placeholder(tf.bool, [])
    one = {"a": tf.constant(1), "b": (tf.constant(2), tf.constant(3))}
    other = {"a": tf.constant(4), "b": (tf.constant(5), tf.constant(6))}
    made = tf.cond(flag, lambda: one, lambda: other)
    single = tf.cond(flag, lambda: [tf.constant(1)], lambda: [tf.constant(2)])
    strict = tf.cond(flag, lambda: [tf.constant(1)], lambda: [tf.constant(2)], strict=True)
    with tf.Session() as sess:
        assert sess.run(made, {flag: False}) == {"a": 4, "b": (5, 6)}
        assert sess.run(single, {flag: True}) == 1
        assert sess.run(strict, {flag: True}) == [1]


def test_shapes_that_differ_are_joined() -> None:
    flag = tf.placeholder(tf.bool, [])
    y = tf.cond(flag, lambda: tf.zeros([2, 3]), lambda: tf.zeros([5, 3]))
    assert y.get_shape().as_list() == [None, 3]
    with tf.Session() as sess:
        assert sess.run(y, {flag: False}).shape == (5, 3)


def test_variables_made_in_a_branch_are_variables_of_the_graph() -> None:
    flag = tf.placeholder(tf.bool, [])
    y = tf.cond(flag, lambda: tf.get_variable("w", [], initializer=tf.ones_initializer()) * 2.0,
                lambda: tf.constant(0.0))  # fmt: skip
    assert [v.name for v in tf.global_variables()] == ["w:0"]
    assert in_every_executor([y], {flag: True})[0] == [2.0]
    with pytest.raises(ValueError, match="from inside a control-flow construct"):
        tf.cond(flag, lambda: tf.Variable(tf.zeros([2])) + 1.0, lambda: tf.zeros([2]))


def test_a_branch_not_taken_needs_no_value_of_its_variables() -> None:
    flag = tf.placeholder(tf.bool, [])
    v = tf.Variable(1.0)
    y = tf.cond(flag, v.read_value, lambda: tf.constant(0.0))
    for executor in EXECUTORS:
        with tf.Session(executor=executor) as sess:
            assert sess.run(y, {flag: False}) == 0
            with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value"):
                sess.run(y, {flag: True})
            sess.run(v.initializer)
            assert sess.run(y, {flag: True}) == 1


def test_inner_tensors_cannot_be_used_fetched_or_fed_outside() -> None:
    x = tf.placeholder(tf.float32, [])
    held: list[Any] = []
    tf.cond(x > 0.0, lambda: held.append(x * 2.0) or held[0], lambda: x)
    with pytest.raises(ValueError, match="because 'cond/mul' is in a cond context"):
        held[0] + 1.0
    with (
        pytest.raises(ValueError, match="is in a cond context"),
        tf.control_dependencies([held[0]]),
    ):
        tf.no_op()
    with tf.Session() as sess:
        with pytest.raises(ValueError, match="'cond/mul' has been marked as not fetchable"):
            sess.run(held[0], {x: 1.0})
        with pytest.raises(ValueError, match="may not be fed"):
            sess.run(x, {held[0]: 1.0})


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((True, lambda: 1, lambda: 2), TypeError, "pred must not be a Python bool"),
        ((None, 1, lambda: 2), TypeError, "true_fn must be callable"),
        ((None, lambda: 1, 2), TypeError, "false_fn must be callable"),
        ((None, lambda: 1, lambda: 2.0), ValueError, "must have the same type: int32, float32"),
        ((None, lambda: None, lambda: 2), ValueError, "true_fn must have a return value"),
        ((None, lambda: [1, 2], lambda: [1]), ValueError, "Incompatible return values"),
        ((None, lambda: [1, 2], lambda: (1, 2)), TypeError, "Incompatible return types"),
        ((None, lambda: 1), TypeError, "'false_fn' argument required"),
    ],
)
def test_what_cannot_be_a_cond_is_refused(arguments: Any, error: Any, words: str) -> None:
    given = (tf.placeholder(tf.bool, []), *arguments[1:]) if arguments[0] is None else arguments
    with pytest.raises(error, match=words):
        tf.cond(*given)


def test_0x_names_of_the_functions() -> None:
    y = tf.cond(tf.constant(False), fn1=lambda: tf.constant(1), fn2=lambda: tf.constant(2))
    assert in_every_executor([y], {})[0] == [2]


def test_an_error_in_a_branch_names_its_operation() -> None:
    n = tf.placeholder(tf.int32, [])
    y = tf.cond(n > 0, lambda: tf.gather([1, 2], n, name="pick"), lambda: n)
    for executor in EXECUTORS:
        with tf.Session(executor=executor) as sess:
            with pytest.raises(tf.errors.InvalidArgumentError) as told:
                sess.run(y, {n: 7})
            assert told.value.op.name == "cond/pick"


def test_case_takes_the_first_that_holds() -> None:
    x = tf.placeholder(tf.int32, [])
    y = tf.case([(x < 1, lambda: tf.constant(10)), (x < 5, lambda: tf.constant(20))],
                default=lambda: tf.constant(30))  # fmt: skip
    assert in_every_executor([y], {x: 0}, {x: 3}, {x: 9}) == [[10], [20], [30]]


def test_case_checks_what_it_is_told() -> None:
    x = tf.placeholder(tf.int32, [])
    pairs = [(x > 1, lambda: tf.constant(1)), (x > 5, lambda: tf.constant(2))]
    exclusive = tf.case(pairs, default=lambda: tf.constant(3), exclusive=True)
    open_end = tf.case(pairs)
    with tf.Session() as sess:
        assert sess.run(exclusive, {x: 3}) == 1
        with pytest.raises(tf.errors.InvalidArgumentError, match="More than one condition"):
            sess.run(exclusive, {x: 7})
        assert sess.run(open_end, {x: 7}) == 1
        with pytest.raises(tf.errors.InvalidArgumentError, match="None of the conditions"):
            sess.run(open_end, {x: 0})
    with pytest.raises(TypeError, match="fns must be a list, tuple, or dict"):
        tf.case(3)


def test_the_graph_with_branches_is_plain_data() -> None:
    import json

    x = tf.placeholder(tf.float32, [])
    tf.cond(x > 0.0, lambda: x + 1.0, lambda: x)
    nodes = {n["name"]: n for n in tf.get_default_graph().as_graph_def()["nodes"]}
    assert json.loads(json.dumps(nodes["cond/If"]))["attrs"]["then_branch"] == ["cond/add:0"]
    assert nodes["cond/add"]["attrs"]["_body"] == "cond/"


def test_a_training_step_in_a_branch_runs_only_there() -> None:
    flag = tf.placeholder(tf.bool, [])
    w = tf.Variable([1.0, 2.0])
    loss = tf.reduce_sum(tf.square(w))
    optimizer = tf.train.AdamOptimizer(0.1)
    step = tf.cond(flag, lambda: optimizer.minimize(loss), tf.no_op)
    for executor in EXECUTORS:
        with tf.Session(executor=executor) as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(step, {flag: False})
            assert sess.run(w).tolist() == [1, 2]
            sess.run(step, {flag: True})
            np.testing.assert_allclose(sess.run(w), [0.9, 1.9], rtol=1e-6)
