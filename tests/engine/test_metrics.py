"""tf.metrics: the numbers of TensorFlow 1.15, gathered over runs in local variables."""

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


def gathered(metric: Any, *feeds: Any) -> list[Any]:
    """The value before, the update of each run, the value after."""
    value, update = metric
    with tf.Session() as sess:
        sess.run(tf.local_variables_initializer())
        found = [sess.run(value)]
        found += [sess.run(update, feed) for feed in feeds or (None,)]
        return [*found, sess.run(value)]


LABELS, GUESSES = [0, 1, 1, 1], [1, 1, 0, 1]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (lambda m: m.accuracy([0, 1, 2, 1], [0, 1, 1, 1]), 0.75),
        (lambda m: m.accuracy([0, 1, 2, 1], [0, 1, 1, 1], [1.0, 0.0, 1.0, 1.0]), 0.666667),
        (lambda m: m.accuracy([[0], [1], [2]], [0, 1, 1]), 0.666667),
        (lambda m: m.mean([1.0, 2.0, 6.0]), 3.0),
        (lambda m: m.mean([1.0, 2.0, 6.0], [1.0, 1.0, 0.5]), 2.4),
        (lambda m: m.mean([1.0, 2.0, 6.0], 0.0), 0.0),
        (lambda m: m.mean_squared_error([1.0, 2.0], [2.0, 4.0]), 2.5),
        (lambda m: m.root_mean_squared_error([1.0, 2.0], [2.0, 4.0], [1.0, 3.0]), 1.802776),
        (lambda m: m.mean_absolute_error([1.0, 2.0], [2.0, 4.0]), 1.5),
        (lambda m: m.mean_relative_error([1.0, 2.0], [2.0, 4.0], [2.0, 0.0]), 0.25),
        (lambda m: m.percentage_below([1.0, 2.0, 3.0], 2.5), 0.666667),
        (lambda m: m.true_positives(LABELS, GUESSES), 2.0),
        (lambda m: m.true_negatives([0, 1, 1, 0], [1, 1, 0, 0]), 1.0),
        (lambda m: m.false_positives(LABELS, GUESSES), 1.0),
        (lambda m: m.false_negatives(LABELS, GUESSES, [1.0, 1.0, 2.0, 1.0]), 2.0),
        (lambda m: m.precision(LABELS, GUESSES), 0.666667),
        (lambda m: m.recall(LABELS, GUESSES, [1.0, 1.0, 3.0, 1.0]), 0.4),
        (lambda m: m.auc([0, 1, 1, 0], [0.1, 0.9, 0.4, 0.5]), 0.75),
        (lambda m: m.auc([0, 1, 1, 0], [0.1, 0.9, 0.4, 0.5], thresholds=[0.45]), 0.5),
    ],
)
def test_values(metric: Any, expected: float) -> None:
    before, update, after = gathered(metric(tf.metrics))
    assert before == 0.0
    assert update == after == pytest.approx(expected, abs=1e-5)


def test_what_is_gathered_grows_over_the_runs_and_starts_anew() -> None:
    x = tf.placeholder(tf.float32, [None])
    value, update = tf.metrics.mean(x)
    assert gathered((value, update), {x: [1.0, 3.0]}, {x: [8.0]}) == [0.0, 2.0, 4.0, 4.0]
    with tf.Session() as sess:
        for _ in range(2):
            sess.run(tf.local_variables_initializer())
            assert sess.run(update, {x: [5.0]}) == 5.0


def test_variables_and_names() -> None:
    value, update = tf.metrics.accuracy([1], [1])
    assert (value.op.name, update.op.name) == ("accuracy/value", "accuracy/update_op")
    tf.metrics.precision([1], [1], name="p")
    assert [v.op.name for v in tf.local_variables()] == [
        "accuracy/total", "accuracy/count", "p/true_positives/count", "p/false_positives/count",
    ]  # fmt: skip
    assert tf.get_collection(tf.GraphKeys.METRIC_VARIABLES) == tf.local_variables()
    assert tf.global_variables() == tf.trainable_variables() == []


def test_collections_take_both_tensors() -> None:
    value, update = tf.metrics.mean([1.0], metrics_collections="m", updates_collections=["u", "v"])
    assert tf.get_collection("m") == [value]
    assert tf.get_collection("u") == tf.get_collection("v") == [update]


def test_a_mean_by_element() -> None:
    before, update, after = gathered(tf.metrics.mean_tensor([1.0, 2.0], weights=[1.0, 0.0]))
    assert before.tolist() == [0, 0]
    assert update.tolist() == after.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("curve", "method", "expected"),
    [
        ("ROC", "trapezoidal", 0.833333),
        ("ROC", "majoring", 0.833333),
        ("ROC", "minoring", 0.833333),
        ("PR", "trapezoidal", 0.902778),
    ],
)
def test_area_under_a_curve_with_weights(curve: str, method: str, expected: float) -> None:
    metric = tf.metrics.auc(
        [0, 1, 1, 0], [0.1, 0.9, 0.4, 0.5], [1.0, 2.0, 1.0, 1.0], curve=curve,
        summation_method=method,
    )  # fmt: skip
    _, update, after = gathered(metric)
    assert update == after == pytest.approx(expected, abs=1e-5)


def test_means_by_class() -> None:
    value, update = tf.metrics.mean_per_class_accuracy(LABELS, GUESSES, 2)
    assert gathered((value, update))[2] == pytest.approx(1 / 3)
    np.testing.assert_allclose(gathered((value, update))[1], [0, 2 / 3], rtol=1e-6)


def test_intersection_over_union_gathers_the_confusion_matrix() -> None:
    value, update = tf.metrics.mean_iou(LABELS, GUESSES, 3)
    _, matrix, after = gathered((value, update))
    assert matrix.tolist() == [[0, 1, 0], [1, 2, 0], [0, 0, 0]]
    assert after == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (lambda m: m.accuracy([0, 1, 2], [0, 1]), "are incompatible"),
        (lambda m: m.mean([1.0, 2.0], [[1.0, 2.0, 3.0]]), "weights can not be broadcast"),
        (lambda m: m.auc([1], [0.5], curve="LIFT"), "curve must be either ROC or PR"),
        (lambda m: m.auc([1], [0.5], summation_method="sum"), "Invalid summation_method: sum"),
        (
            lambda m: m.mean_tensor(tf.placeholder(tf.float32, [None])),
            "is not fully defined",
        ),
    ],
)
def test_what_cannot_be_measured_is_told(metric: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        metric(tf.metrics)
