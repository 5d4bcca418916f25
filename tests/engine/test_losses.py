"""tf.losses: the numbers of TensorFlow 1.15, names, reductions, collections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf

LABELS = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
SCORES = [[0.2, 0.3, 0.5], [0.1, 0.8, 0.1]]


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def value(tensor: Any, feed: Any = None) -> Any:
    with tf.Session() as sess:
        return sess.run(tensor, feed)


@pytest.mark.parametrize(
    ("name", "more", "expected", "op"),
    [
        ("mean_squared_error", {}, 0.173333, "mean_squared_error"),
        ("mean_squared_error", {"weights": [[1.0], [0.0]]}, 0.326667, "mean_squared_error"),
        ("mean_squared_error", {"weights": 0.0}, 0.0, "mean_squared_error"),
        ("mean_squared_error", {"weights": 0.5, "scope": "own"}, 0.086667, "own"),
        ("absolute_difference", {}, 0.333333, "absolute_difference"),
        ("cosine_distance", {"axis": 1}, 0.5, "cosine_distance_loss"),
        ("cosine_distance", {"dim": 1}, 0.5, "cosine_distance_loss"),
        ("hinge_loss", {}, 1.0, "hinge_loss"),
        ("huber_loss", {"delta": 0.3}, 0.0625, "huber_loss"),
        ("log_loss", {}, 0.515521, "log_loss"),
    ],
)
def test_elementwise_losses(name: str, more: Any, expected: float, op: str) -> None:
    loss = getattr(tf.losses, name)(LABELS, SCORES, **more)
    assert loss.name == f"{op}/value:0"
    assert value(loss) == pytest.approx(expected, abs=2e-5)
    assert tf.losses.get_losses() == [loss]


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (lambda: tf.losses.sigmoid_cross_entropy(LABELS, SCORES), 0.714411),
        (lambda: tf.losses.softmax_cross_entropy(LABELS, SCORES), 0.964779),
        (lambda: tf.losses.sparse_softmax_cross_entropy([0, 1], SCORES), 0.964779),
        (lambda: tf.losses.sparse_softmax_cross_entropy([[0], [1]], SCORES), 0.964779),
        (lambda: tf.losses.mean_pairwise_squared_error(LABELS, SCORES), 1.04),
    ],
)
def test_losses_of_rows(loss: Any, expected: float) -> None:
    assert value(loss()) == pytest.approx(expected, abs=2e-5)


def test_label_smoothing_moves_the_labels() -> None:
    smooth = tf.losses.softmax_cross_entropy(LABELS, SCORES, label_smoothing=0.3)
    moved = np.array(LABELS) * 0.7 + 0.1
    assert value(smooth) == pytest.approx(value(tf.losses.softmax_cross_entropy(moved, SCORES)))
    smooth = tf.losses.sigmoid_cross_entropy(LABELS, SCORES, label_smoothing=0.4)
    moved = np.array(LABELS) * 0.6 + 0.2
    assert value(smooth) == pytest.approx(value(tf.losses.sigmoid_cross_entropy(moved, SCORES)))


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [
        (tf.losses.Reduction.SUM, 1.99),
        (tf.losses.Reduction.MEAN, 0.265333),
        (tf.losses.Reduction.SUM_OVER_BATCH_SIZE, 0.331667),
        (tf.losses.Reduction.SUM_BY_NONZERO_WEIGHTS, 0.331667),
        (tf.losses.Reduction.NONE, [[1.28, 0.18, 0.5], [0.005, 0.02, 0.005]]),
    ],
)
def test_reductions(reduction: str, expected: Any) -> None:
    loss = tf.losses.mean_squared_error(LABELS, SCORES, [[2.0], [0.5]], reduction=reduction)
    np.testing.assert_allclose(value(loss), expected, atol=1e-5)


def test_only_losses_with_a_weight_are_counted() -> None:
    weights = tf.placeholder(tf.float32, [None, 1])
    loss = tf.losses.absolute_difference(LABELS, SCORES, weights)
    assert value(loss, {weights: [[0.0], [3.0]]}) == pytest.approx(0.4)
    assert value(loss, {weights: [[0.0], [0.0]]}) == 0.0


def test_no_gradient_flows_to_the_labels_of_a_softmax() -> None:
    labels, logits = tf.constant(LABELS), tf.constant(SCORES)
    loss = tf.losses.softmax_cross_entropy(labels, logits)
    assert tf.gradients(loss, labels) == [None]
    assert value(tf.gradients(loss, logits)[0]).shape == (2, 3)


def test_a_loss_keeps_the_dtype_of_its_values() -> None:
    assert tf.losses.compute_weighted_loss(tf.constant([1.0], tf.float64)).dtype is tf.float64
    assert tf.losses.mean_squared_error([1, 2], tf.constant([1, 4])).dtype is tf.float32


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (
            lambda: tf.losses.mean_squared_error(LABELS, SCORES, [1.0, 2.0]),
            "weights can not be broadcast to values. values.rank=2. weights.rank=1",
        ),
        (
            lambda: tf.losses.mean_squared_error([[1.0]], [[2.0]], [[1.0], [2.0]]),
            "weights can not be broadcast to values",
        ),
        (lambda: tf.losses.mean_squared_error(LABELS, [SCORES]), "are incompatible"),
        (lambda: tf.losses.mean_squared_error(None, SCORES), "labels must not be None"),
        (lambda: tf.losses.softmax_cross_entropy(LABELS, None), "logits must not be None"),
        (
            lambda: tf.losses.mean_squared_error(LABELS, SCORES, reduction="mean"),
            "Invalid Reduction Key mean",
        ),
        (lambda: tf.losses.cosine_distance(LABELS, SCORES), "You must specify 'axis'"),
    ],
)
def test_what_gives_no_loss_is_told(loss: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loss()


def test_weights_of_unknown_sizes_are_checked_in_the_run() -> None:
    weights = tf.placeholder(tf.float32, [None, None])
    scores = tf.placeholder(tf.float32, [None, 1])
    loss = tf.losses.mean_squared_error(tf.zeros_like(scores), scores, weights)
    assert value(loss, {scores: [[2.0], [3.0]], weights: [[1.0], [0.0]]}) == 4.0
    # NumPy would repeat the one value over both weights.
    with pytest.raises(tf.errors.InvalidArgumentError, match="weights can not be broadcast"):
        value(loss, {scores: [[2.0]], weights: [[1.0], [0.0]]})


def test_the_total_is_of_losses_and_regularizers() -> None:
    tf.losses.add_loss(tf.constant(2.0))
    kept_apart = tf.losses.mean_squared_error(LABELS, SCORES, loss_collection=None)
    tf.get_variable(
        "w", [2], initializer=tf.ones_initializer(), regularizer=lambda w: 3.0 * tf.reduce_sum(w)
    )
    assert kept_apart not in tf.losses.get_losses()
    totals = [
        tf.losses.get_total_loss(),
        tf.losses.get_total_loss(add_regularization_losses=False),
        tf.losses.get_regularization_loss(),
    ]
    assert len(tf.losses.get_regularization_losses()) == 1
    assert totals[0].op.name == "total_loss"
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run(totals) == [8.0, 2.0, 6.0]


def test_without_regularizers_their_loss_is_zero() -> None:
    assert value(tf.losses.get_regularization_loss()) == 0.0


def test_a_loss_trains() -> None:
    w = tf.Variable(0.0)
    loss = tf.losses.mean_squared_error([2.0, 4.0], w * tf.constant([1.0, 2.0]))
    step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(50):
            sess.run(step)
        assert sess.run(w) == pytest.approx(2.0, abs=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "sizes", [(1, 3), (40, 1), (100, 10), (33, 64), (100, 80), (0, 4), (64, 0)]
)
def test_softmaxes_of_many_and_of_few_rows_are_what_numpy_computes(
    sizes: tuple[int, int], dtype: str
) -> None:
    rng = np.random.default_rng(3)
    given = rng.normal(size=sizes, scale=4).astype(dtype)
    if given.size > 50:
        given[0, 0], given[1, -1], given[2, :] = -np.inf, 800.0, -700.0
    classes = rng.integers(0, max(sizes[1], 1), sizes[0])
    hot = np.eye(max(sizes[1], 1), dtype=dtype)[classes][:, : sizes[1]]
    with tf.Graph().as_default():
        x = tf.placeholder(dtype, sizes)
        labels = tf.placeholder(tf.int64, sizes[:1])
        fetches = [
            tf.nn.softmax(x),
            tf.nn.log_softmax(x),
            tf.nn.softmax_cross_entropy_with_logits(labels=hot, logits=x),
        ]
        if sizes[1]:
            sparse = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=x)
            fetches += [sparse, tf.gradients(sparse, x)[0]]
            fetches.append(tf.gradients(fetches[2], x)[0])
        found = []
        for executor in ("poisoned", "debug"):
            with tf.Session(executor=executor) as sess:
                whole = sess.run(fetches, {x: given, labels: classes})
                alone = [sess.run(fetch, {x: given, labels: classes}) for fetch in fetches]
                found += [whole, alone]
    rough = 1e-6 if dtype == "float32" else 1e-13
    for results in found[:-1]:
        for got, want in zip(results, found[-1], strict=True):
            np.testing.assert_allclose(got, want, rtol=10 * rough, atol=rough)


def test_a_label_that_is_no_class_is_refused_by_the_plan_too() -> None:
    x, labels = tf.placeholder(tf.float32, [50, 4]), tf.placeholder(tf.int32, [50])
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=x)
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="value of 4"):
        sess.run(loss, {x: np.zeros((50, 4)), labels: np.arange(50) % 5})
