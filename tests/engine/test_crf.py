"""Conditional random fields against a sum over every sequence of tags."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

import engine as tf

SCORES = np.random.RandomState(0).randn(4, 5, 3)
TRANSITIONS = np.random.RandomState(1).randn(3, 3)
TAGS = np.random.RandomState(2).randint(3, size=(4, 5)).astype(np.int32)
LENGTHS = np.array([5, 3, 1, 0], np.int32)


def score(tags: Any, unary: Any) -> float:
    steps = sum(TRANSITIONS[a, b] for a, b in pairwise(tags))
    return float(sum(unary[t, tag] for t, tag in enumerate(tags)) + steps)


def every_score(row: int) -> dict[tuple[int, ...], float]:
    n = int(LENGTHS[row])
    return {tags: score(tags, SCORES[row]) for tags in product(range(3), repeat=n)}


@pytest.mark.parametrize("known", [True, False])
def test_likelihood_is_the_share_of_the_sequence_in_all(known: bool) -> None:
    shape = [4, 5, 3] if known else [None, None, 3]
    x = tf.placeholder(tf.float64, shape)
    tags, lengths = tf.placeholder(tf.int32, shape[:2]), tf.placeholder(tf.int64, shape[:1])
    with tf.variable_scope(f"crf_{known}"):
        likelihood, own = tf.contrib.crf.crf_log_likelihood(x, tags, lengths, TRANSITIONS)
        assert own is TRANSITIONS
    feed = {x: SCORES, tags: TAGS, lengths: LENGTHS}
    with tf.Session() as sess:
        found = sess.run(likelihood, feed)
        for row, n in enumerate(LENGTHS):
            chosen = score(TAGS[row, :n], SCORES[row])
            everything = np.logaddexp.reduce(list(every_score(row).values()))
            np.testing.assert_allclose(found[row], chosen - everything, atol=1e-9)
        slope = sess.run(tf.gradients(likelihood, x)[0], feed)
        # The slope is what was chosen less what is likely: nothing in sum, nothing behind the end.
        np.testing.assert_allclose(slope.sum(2), 0, atol=1e-9)
        assert not slope[1, 3:].any()


def test_transitions_are_a_variable_if_none_are_given() -> None:
    with tf.variable_scope("own"):
        _, transitions = tf.contrib.crf.crf_log_likelihood(tf.zeros([1, 2, 3]), [[0, 1]], [2])
    assert (transitions.op.name, transitions.get_shape().as_list()) == ("own/transitions", [3, 3])


def test_decoding_finds_the_best_of_every_sequence() -> None:
    best, top = tf.contrib.crf.crf_decode(SCORES, TRANSITIONS, LENGTHS)
    with tf.Session() as sess:
        tags, scores = sess.run([best, top])
    assert tags.dtype == np.int32
    for row in range(3):
        every = every_score(row)
        expected = max(every, key=lambda tags: every[tags])
        n = int(LENGTHS[row])
        assert tags[row].tolist() == [*expected, *[0] * (5 - n)]
        np.testing.assert_allclose(scores[row], every[expected])
        alone = tf.contrib.crf.viterbi_decode(SCORES[row, :n], TRANSITIONS)
        assert alone == (list(expected), pytest.approx(every[expected]))
