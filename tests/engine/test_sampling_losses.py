"""Candidate samplers and the losses that look at a sample of the classes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf

CLASSES = 10
LABELS = np.array([[1, 2], [3, 4], [0, 9]])
SAMPLED = np.array([0, 3, 5, 7])


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(3)
        yield graph


def samplers(num_sampled: int, unique: bool) -> dict[str, Any]:
    labels = tf.constant(LABELS, tf.int64)
    weights = list(range(1, CLASSES + 1))
    return {
        "zipf": tf.nn.log_uniform_candidate_sampler(labels, 2, num_sampled, unique, CLASSES),
        "uniform": tf.nn.uniform_candidate_sampler(labels, 2, num_sampled, unique, CLASSES),
        "unigram": tf.nn.fixed_unigram_candidate_sampler(
            labels, 2, num_sampled, unique, CLASSES, unigrams=weights, distortion=0.5
        ),
    }


LAW = {
    "zipf": np.log((np.arange(10) + 2) / (np.arange(10) + 1)) / np.log(11),
    "uniform": np.full(10, 0.1),
    "unigram": np.sqrt(np.arange(1, 11)) / np.sqrt(np.arange(1, 11)).sum(),
}


@pytest.mark.parametrize("kind", LAW)
def test_draws_follow_the_law_and_the_counts_tell_it(kind: str) -> None:
    sample = samplers(5000, False)[kind]
    with tf.Session() as sess:
        drawn, of_true, of_sampled = sess.run(list(sample))
    assert (drawn.dtype, of_true.shape, of_sampled.dtype) == (np.int64, (3, 2), np.float32)
    share = np.bincount(drawn, minlength=10) / 5000
    np.testing.assert_allclose(share, LAW[kind], atol=0.03)
    np.testing.assert_allclose(of_true, 5000 * LAW[kind][LABELS], rtol=1e-5)
    np.testing.assert_allclose(of_sampled, 5000 * LAW[kind][drawn], rtol=1e-5)


@pytest.mark.parametrize("kind", LAW)
def test_unique_draws_differ_and_the_counts_are_chances(kind: str) -> None:
    sample = samplers(6, True)[kind]
    hits, chances = np.zeros(10), np.zeros((3, 2))
    with tf.Session() as sess:
        for _ in range(400):
            drawn, of_true = sess.run([sample[0], sample[1]])
            assert len(set(drawn.tolist())) == 6
            hits[drawn] += 1
            chances += of_true
    # How often a class is in a sample, and what the counts said of it on average.
    np.testing.assert_allclose(chances / 400, (hits / 400)[LABELS], atol=0.12)


def test_unique_draws_can_take_every_class() -> None:
    with tf.Session() as sess:
        for sample in samplers(CLASSES, True).values():
            assert sorted(sess.run(sample.sampled_candidates).tolist()) == list(range(10))


def test_more_different_classes_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match="11 different classes of 10 cannot be drawn"):
        samplers(11, True)
    with pytest.raises(ValueError, match="range_max is 10, but there are 3 classes"):
        tf.nn.fixed_unigram_candidate_sampler(
            tf.constant([[1]], tf.int64), 1, 2, True, 10, unigrams=[1, 2, 3]
        )


def test_class_out_of_range_is_told() -> None:
    labels = tf.placeholder(tf.int64, [None, 1])
    sample = tf.nn.uniform_candidate_sampler(labels, 1, 2, True, 5)
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="out of range"):
        sess.run(sample.sampled_candidates, {labels: [[7]]})


def test_reserved_classes_and_other_shards_are_never_drawn() -> None:
    sample = tf.nn.fixed_unigram_candidate_sampler(
        tf.constant([[1]], tf.int64), 1, 500, False, 6, num_reserved_ids=2, unigrams=[1, 1, 1, 1],
        num_shards=2, shard=1,
    )  # fmt: skip
    with tf.Session() as sess:
        assert set(sess.run(sample.sampled_candidates).tolist()) == {3, 5}


def test_accidental_hits_are_rows_places_and_the_lowest_weight() -> None:
    hits = tf.nn.compute_accidental_hits(tf.constant(LABELS, tf.int64), SAMPLED, 2)
    with tf.Session() as sess:
        rows, places, weights = sess.run(hits)
    assert list(zip(rows.tolist(), places.tolist(), strict=True)) == [(1, 1), (2, 0)]
    assert (weights == np.finfo(np.float32).min).all()
    assert (rows.dtype, places.dtype) == (np.int32, np.int64)


# Losses


def layer() -> tuple[Any, Any, Any, Any]:
    rng = np.random.default_rng(0)
    weights, biases = rng.normal(size=(CLASSES, 4)), rng.normal(size=CLASSES)
    return weights, biases, rng.normal(size=(3, 4)), rng.uniform(0.1, 0.9, (3, 2))


def expected_logits(hits_out: bool) -> tuple[Any, Any]:
    weights, biases, inputs, counts = layer()
    true = (inputs[:, None, :] * weights[LABELS]).sum(2) + biases[LABELS] - np.log(counts)
    drawn = inputs @ weights[SAMPLED].T + biases[SAMPLED] - np.log(0.25)
    if hits_out:
        drawn[1, 1] = drawn[2, 0] = -np.inf
    return true, drawn


def losses(function: Any, **more: Any) -> Any:
    weights, biases, inputs, counts = layer()
    tensors = [tf.Variable(array) for array in (weights, biases)]
    values = (tf.constant(SAMPLED), tf.constant(counts), tf.fill([4], np.float64(0.25)))
    loss = function(
        tensors[0], tensors[1], labels=tf.constant(LABELS), inputs=tf.constant(inputs),
        num_sampled=4, num_classes=CLASSES, num_true=2, sampled_values=values, **more,
    )  # fmt: skip
    gradients = tf.gradients(loss, tensors)
    assert all(isinstance(gradient, tf.IndexedSlices) for gradient in gradients)
    assert gradients[0].indices.get_shape() == [6 + 4]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(loss)


@pytest.mark.parametrize("hits_out", [False, True])
def test_nce_loss_is_the_sum_of_logistic_losses(hits_out: bool) -> None:
    true, drawn = expected_logits(hits_out)
    # The labels are one half for each of two true classes, zero for the others.
    want = (np.logaddexp(0, true) - 0.5 * true).sum(1) + np.logaddexp(0, drawn).sum(1)
    found = losses(tf.nn.nce_loss, remove_accidental_hits=hits_out)
    np.testing.assert_allclose(found, want, rtol=1e-9)


@pytest.mark.parametrize("hits_out", [False, True])
def test_sampled_softmax_loss_is_a_cross_entropy_over_the_sample(hits_out: bool) -> None:
    true, drawn = expected_logits(hits_out)
    logits = np.concatenate([true, drawn], 1)
    want = np.log(np.exp(logits).sum(1)) - 0.5 * true.sum(1)
    found = losses(tf.nn.sampled_softmax_loss, remove_accidental_hits=hits_out)
    np.testing.assert_allclose(found, want, rtol=1e-9)


def test_both_orders_of_labels_and_inputs_are_understood() -> None:
    weights, biases, inputs, _ = layer()
    labels, x = tf.constant(LABELS[:, :1]), tf.constant(inputs)
    values = tf.nn.uniform_candidate_sampler(labels, 1, 4, True, CLASSES)
    new = tf.nn.nce_loss(weights, biases, labels, x, 4, CLASSES, sampled_values=values)
    old = tf.nn.nce_loss(weights, biases, x, labels, 4, CLASSES, sampled_values=values)
    with tf.Session() as sess:
        np.testing.assert_array_equal(*sess.run([new, old]))


def test_sampled_losses_train_a_layer_in_parts() -> None:
    tables = [tf.Variable(tf.zeros([5, 4])) for _ in range(2)]
    biases = tf.Variable(tf.zeros([CLASSES]))
    inputs = tf.constant(np.eye(4, dtype=np.float32))
    labels = tf.constant([[0], [3], [6], [9]])
    loss = tf.reduce_mean(
        tf.nn.sampled_softmax_loss(tables, biases, labels, inputs, 6, CLASSES, seed=1)
    )
    train = tf.train.AdagradOptimizer(0.5).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(100):
            sess.run(train)
        rows = sess.run(tf.nn.embedding_lookup(tables, tf.range(CLASSES)))
        assert rows.argmax(0).tolist() == [0, 3, 6, 9]
