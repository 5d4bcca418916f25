"""The whole path on one small model: graph, gradients, Adam, plan, session."""

from __future__ import annotations

import numpy as np
import pytest

import engine as tf


@pytest.mark.parametrize("executor", ["plan", "poisoned", "debug"])
def test_adam_finds_the_least_squares_line(executor: str) -> None:
    x = np.linspace(-1, 1, 50, dtype=np.float32).reshape(-1, 1)
    with tf.Graph().as_default(), tf.Session(executor=executor) as sess:
        inputs = tf.placeholder("float", [None, 1])
        targets = tf.placeholder("float", [None, 1])
        weight = tf.Variable(0.5, name="weight")
        bias = tf.Variable(0.0, name="bias")
        cost = tf.reduce_sum(tf.pow(tf.add(tf.mul(inputs, weight), bias) - targets, 2)) / 50
        train = tf.train.AdamOptimizer(0.05).minimize(cost)
        sess.run(tf.initialize_all_variables())
        for _ in range(800):
            sess.run(train, feed_dict={inputs: x, targets: 3 * x + 2})
        np.testing.assert_allclose(sess.run([weight, bias]), [3, 2], atol=1e-3)
