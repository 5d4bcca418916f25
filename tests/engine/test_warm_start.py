"""Variables that start with the values of a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine as tf


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


@pytest.fixture
def saved(tmp_path: Path) -> str:
    """A checkpoint of bert/w [2], bert/layer/b [3] and step []."""
    with tf.Graph().as_default(), tf.Session() as sess:
        with tf.variable_scope("bert"):
            tf.get_variable("w", initializer=[1.0, 2.0])
            tf.get_variable("layer/b", initializer=[3.0, 4.0, 5.0])
        tf.Variable(7, name="step")
        sess.run(tf.global_variables_initializer())
        path: str = tf.train.Saver().save(sess, str(tmp_path / "model"))
        return path


def started(*variables: Any) -> list[Any]:
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return [value.tolist() for value in sess.run(list(variables))]


def test_a_scope_starts_with_a_scope_of_the_checkpoint(saved: str) -> None:
    with tf.variable_scope("mine"):
        w, b = tf.get_variable("w", [2]), tf.get_variable("layer/b", [3])
    other = tf.get_variable("mine_too/w", [2], initializer=tf.ones_initializer())
    tf.train.init_from_checkpoint(saved, {"bert/": "mine/"})
    assert started(w, b, other) == [[1, 2], [3, 4, 5], [1, 1]]


def test_the_newest_checkpoint_of_a_folder_and_the_root_are_taken(saved: str) -> None:
    w = tf.get_variable("bert/w", [2])
    tf.train.init_from_checkpoint(str(Path(saved).parent), {"/": "/"})
    assert started(w) == [[1, 2]]


def test_names_and_variables_are_mapped_one_by_one(saved: str) -> None:
    a, b, c = tf.get_variable("a", [2]), tf.get_variable("b", [3]), tf.Variable(0, name="c")
    d = tf.get_variable("d", [2], tf.float64)
    tf.train.init_from_checkpoint(saved, [("bert/w", a), ("bert/layer/b", "b"), ("step", [c])])
    tf.train.init_from_checkpoint(saved, {"bert/w": d})
    assert started(a, b, c, d) == [[1, 2], [3, 4, 5], 7, [1, 2]]
    assert tf.global_variables() == [a, b, c, d]


def test_what_does_not_fit_is_refused(saved: str) -> None:
    w = tf.get_variable("mine/w", [3])
    tf.get_variable("mine/gone", [3])
    with pytest.raises(ValueError, match=r"Shape of variable mine/w:0 \(\(3,\)\) doesn't match"):
        tf.train.init_from_checkpoint(saved, {"bert/w": w})
    with pytest.raises(ValueError, match=r"Tensor bert/gone .* is not found in .* checkpoint"):
        tf.train.init_from_checkpoint(saved, {"bert/": "mine/"})
    with pytest.raises(ValueError, match="Should be 'scope/': 'other_scope/'"):
        tf.train.init_from_checkpoint(saved, {"bert/": "nothing"})
    with pytest.raises(tf.errors.NotFoundError):
        tf.train.init_from_checkpoint(saved + "-8", {"bert/w": w})


def test_a_function_restores_what_the_checkpoint_holds(saved: str) -> None:
    w, b = tf.get_variable("bert/w", [2]), tf.get_variable("other", [1])
    framework = tf.contrib.framework
    restore = framework.assign_from_checkpoint_fn(saved, [w, b], ignore_missing_vars=True)
    with tf.Session() as sess:
        sess.run(b.initializer)
        restore(sess)
        assert sess.run(w).tolist() == [1, 2]
        with pytest.raises(tf.errors.NotFoundError):
            framework.assign_from_checkpoint_fn(saved, [b])(sess)
    assert framework.assign_from_checkpoint_fn(saved, [b], ignore_missing_vars=True) is None
    with pytest.raises(ValueError, match="var_list cannot be empty"):
        framework.assign_from_checkpoint_fn(saved, [])


def test_an_operation_with_its_feeds_restores_too(saved: str) -> None:
    a, b = tf.get_variable("a", [2]), tf.get_variable("b", [3])
    assign, feed = tf.contrib.framework.assign_from_checkpoint(
        saved, {"bert/w": a, "bert/layer/b": b}
    )
    with tf.Session() as sess:
        sess.run(assign, feed)
        np.testing.assert_array_equal(sess.run(b), [3, 4, 5])
    with pytest.raises(ValueError, match="Tensor gone is not found"):
        tf.contrib.framework.assign_from_checkpoint(saved, {"gone": a})
