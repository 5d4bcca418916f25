"""Variable scopes: names, reuse, what is inherited, and the functions around get_variable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def test_variables_go_by_the_variable_scope_and_operations_by_the_name_scope() -> None:
    with tf.variable_scope("a"):
        with tf.variable_scope("b") as first:
            v = tf.get_variable("v", [1])
            assert (v.name, (v + 0).name, first.original_name_scope) == (
                "a/b/v:0", "a/b/add:0", "a/b/",
            )  # fmt: skip
        with tf.variable_scope("b", reuse=True) as second:
            assert tf.get_variable("v", [1]) is v
            assert ((v + 0).name, second.original_name_scope) == ("a/b_1/add:0", "a/b_1/")


def test_a_scope_object_is_entered_from_anywhere_without_the_outer_name() -> None:
    with tf.variable_scope("a"), tf.variable_scope("b") as scope:
        v = tf.get_variable("v", [1])
    with tf.variable_scope("c"), tf.variable_scope(scope, reuse=True) as again:
        assert tf.get_variable("v") is v
        assert tf.constant(1).name == "c/b/Const:0"
        assert again.original_name_scope == "a/b/"
        with tf.name_scope(again.original_name_scope):
            assert tf.constant(1).name == "a/b/Const:0"


def test_default_names_are_made_unique_within_their_scope() -> None:
    seen = []
    for _ in range(2):
        with tf.variable_scope(None, "d") as scope:
            seen.append((scope.name, tf.get_variable("v", [1]).name))
    with tf.variable_scope("o"), tf.variable_scope(None, "d") as scope:
        seen.append((scope.name, scope.original_name_scope))
    # Counting starts again when a scope is opened by its name again; operation names do not.
    with tf.variable_scope("o"), tf.variable_scope(None, "d") as scope:
        seen.append((scope.name, scope.original_name_scope))
    assert seen == [("d", "d/v:0"), ("d_1", "d_1/v:0"), ("o/d", "o/d/"), ("o/d", "o_1/d/")]


def test_without_auxiliary_name_scope_operations_stay_where_they_are() -> None:
    with tf.name_scope("n"), tf.variable_scope("a", auxiliary_name_scope=False) as scope:
        assert (scope.name, tf.constant(1).name) == ("a", "n/Const:0")
        assert tf.get_variable("v", [1]).name == "a/v:0"


def test_the_root_scope_as_an_argument_adds_nothing() -> None:
    with tf.variable_scope(tf.get_variable_scope()) as scope:
        assert (scope.name, tf.constant(1).name) == ("", "Const:0")


def test_reuse_is_inherited_and_cannot_be_switched_off_inside() -> None:
    with tf.variable_scope("a", reuse=True), tf.variable_scope("b", reuse=False) as inner:
        assert inner.reuse is True


def test_auto_reuse_makes_once_and_finds_afterwards() -> None:
    made = []
    for _ in range(2):
        with tf.variable_scope("a", reuse=tf.AUTO_REUSE), tf.variable_scope("b"):
            made.append(tf.get_variable("v", [2]))
    assert made[0] is made[1]


def test_reuse_variables_lasts_for_the_scope_object() -> None:
    with tf.variable_scope("a") as scope:
        v = tf.get_variable("v", [2])
        scope.reuse_variables()
        assert tf.get_variable("v") is v
    with tf.variable_scope(scope) as again:
        assert again.reuse is True
    with tf.variable_scope("a") as other:
        assert not other.reuse


def test_reuse_variables_of_the_root_lasts_for_the_graph() -> None:
    tf.get_variable("v", [2])
    tf.get_variable_scope().reuse_variables()
    assert tf.get_variable_scope().reuse is True
    with tf.variable_scope("x") as scope:
        assert scope.reuse is True


def test_jumping_to_a_scope_object_does_not_inherit_reuse() -> None:
    with tf.variable_scope("a") as scope:
        pass
    with tf.variable_scope("b", reuse=True), tf.variable_scope(scope) as again:
        assert not again.reuse


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (lambda: tf.get_variable("v", [2]), "Variable v already exists, disallowed. Did you mean"),
        (lambda: reused("v", [3]), "Trying to share variable v, but specified shape \\(3,\\)"),
        (lambda: reused("v", [2], tf.int32), "specified dtype int32 and found dtype float32_ref"),
        (lambda: reused("w", [2]), "Variable w does not exist, or was not created with"),
    ],
)
def test_sharing_that_is_not_possible_is_told(second: Any, message: str) -> None:
    tf.get_variable("v", [2])
    with pytest.raises(ValueError, match=message):
        second()


def reused(*arguments: Any) -> Any:
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return tf.get_variable(*arguments)


def test_an_initial_value_gives_shape_and_dtype() -> None:
    found = [
        tf.get_variable("array", initializer=np.zeros([2, 3])),
        tf.get_variable("tensor", initializer=tf.ones([2], tf.int32)),
        tf.get_variable("float", initializer=2.5),
        tf.get_variable("integer", initializer=2),
        tf.get_variable("function", initializer=lambda: tf.ones([3])),
        tf.get_variable("cast", initializer=2, dtype=tf.float32),
    ]
    assert [(v.dtype.base_dtype.name, v.shape.as_list()) for v in found] == [
        ("float64", [2, 3]), ("int32", [2]), ("float32", []), ("int32", []), ("float32", [3]),
        ("float32", []),
    ]  # fmt: skip


def test_an_initializer_may_be_a_class_or_a_plain_function() -> None:
    v = tf.get_variable("v", [2], initializer=tf.zeros_initializer)
    w = tf.get_variable("w", [2], initializer=lambda shape, dtype: tf.fill(shape, 3.0))
    assert v.initial_value.name == "v/Initializer/zeros:0"
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert [x.tolist() for x in sess.run([v, w])] == [[0, 0], [3, 3]]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"shape": [2], "initializer": np.zeros([2])}, "constant, do not specify shape"),
        ({"dtype": tf.int32, "initializer": tf.constant(2.5)}, "explicit dtype '<dtype: 'int32'>'"),
        ({}, "must be fully defined, but instead was <unknown>"),
        ({"shape": [None, 2]}, "must be fully defined, but instead was \\(\\?, 2\\)"),
        ({"shape": [4, 2], "partitioner": lambda shape, dtype: [2, 1]}, "2, 1\\] parts along"),
    ],
)
def test_what_makes_no_variable_is_told(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tf.get_variable("v", **given)


def test_a_partitioner_of_one_part_is_no_partitioner() -> None:
    v = tf.get_variable("v", [4, 2], partitioner=lambda shape, dtype: [1, 1])
    assert v.name == "v:0"


def test_integers_without_initializer_start_at_zero() -> None:
    v = tf.get_variable("v", [2], dtype=tf.int32)
    assert v.initial_value.constant_value().tolist() == [0, 0]


def test_a_scope_hands_down_initializer_regularizer_and_dtype() -> None:
    def regularizer(v: Any) -> Any:
        return tf.reduce_sum(v, name="total")

    with (
        tf.variable_scope(
            "a",
            initializer=tf.constant_initializer(3.0),
            regularizer=regularizer,
            dtype=tf.float64,
        ),
        tf.variable_scope("b"),
    ):
        v = tf.get_variable("v", [1])
        tf.get_variable("free", [1], regularizer=tf.no_regularizer)
    assert v.dtype.base_dtype is tf.float64
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    assert [loss.name for loss in losses] == ["a/b/v/Regularizer/total:0"]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run(losses) == [3.0]


def test_custom_getters_are_asked_from_the_inside_out() -> None:
    def outer(getter: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        return getter(f"{name}_outer", *args, **kwargs)

    def inner(getter: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        return getter(f"{name}_inner", *args, **kwargs)

    with (
        tf.variable_scope("a", custom_getter=outer),
        tf.variable_scope("b", custom_getter=inner),
    ):
        assert tf.get_variable("v", [2]).name == "a/b/v_inner_outer:0"


def test_a_custom_getter_sees_every_argument() -> None:
    seen: dict[str, Any] = {}

    def getter(getter: Any, **given: Any) -> Any:
        seen.update(given)
        return getter(**given)

    with tf.variable_scope("a", custom_getter=getter):
        tf.get_variable("v", [2])
    assert seen["name"] == "a/v" and seen["reuse"] is False and seen["trainable"] is True
    assert sorted(seen) == [
        "aggregation", "caching_device", "collections", "constraint", "dtype", "initializer",
        "name", "partitioner", "regularizer", "reuse", "shape", "synchronization", "trainable",
        "use_resource", "validate_shape",
    ]  # fmt: skip


def test_a_scope_lists_its_variables() -> None:
    with tf.variable_scope("a") as scope:
        v = tf.get_variable("v", [1])
        fixed = tf.get_variable("fixed", [1], trainable=False)
    tf.get_variable("av", [1])
    assert scope.trainable_variables() == [v]
    assert scope.global_variables() == [v, fixed]
    assert scope.local_variables() == []


def test_local_variables_are_neither_global_nor_trained() -> None:
    v = tf.get_local_variable("v", [1])
    assert tf.local_variables() == [v]
    assert tf.global_variables() == tf.trainable_variables() == []


def test_variable_op_scope_and_op_scope_take_the_values_first() -> None:
    with tf.variable_op_scope([tf.constant(1)], None, "z") as scope:
        assert tf.get_variable("v", [1]).name == f"{scope.name}/v:0" == "z/v:0"
    with tf.op_scope([], None, "n"):
        assert tf.constant(1).name == "n/Const:0"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (((None,), {}), TypeError),
        (((3,), {}), TypeError),
        (((None, "a"), {"reuse": True}), ValueError),
    ],
)
def test_a_scope_without_a_name_is_refused(arguments: Any, error: type[Exception]) -> None:
    positional, named = arguments
    with pytest.raises(error), tf.variable_scope(*positional, **named):
        pass


def test_a_template_makes_its_variables_once() -> None:
    def scale(x: float, start: float) -> Any:
        return x * tf.get_variable("w", [], initializer=tf.constant_initializer(start))

    first = tf.make_template("t", scale, start=2.0)
    results = [first(1.0), first(2.0)]
    with tf.variable_scope("q"):
        results.append(first(3.0))
    results.append(tf.make_template("t", scale, start=2.0)(1.0))
    results.append(tf.make_template("t", scale, create_scope_now_=True, start=2.0)(1.0))
    assert [r.name for r in results] == [
        "t/mul:0", "t_1/mul:0", "q/t/mul:0", "t_2/mul:0", "t_2_1/mul:0",
    ]  # fmt: skip
    assert [v.name for v in tf.global_variables()] == ["t/w:0", "t_1/w:0", "t_2/w:0"]


def test_a_template_refuses_a_new_variable_after_the_first_call() -> None:
    template = tf.make_template("t", lambda: tf.Variable(1.0))
    template()
    with pytest.raises(ValueError, match="Trainable variable created when calling a template"):
        template()
