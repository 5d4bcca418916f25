"""A two-layer network the way scripts of the time write one."""

from __future__ import annotations

import numpy as np
import pytest

import engine as tf


@pytest.mark.parametrize("executor", ["plan", "poisoned", "debug"])
def test_network_with_dropout_clipping_and_a_global_step_learns(executor: str) -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(200, 10))
    classes = points[:, :3].argmax(axis=1)
    with tf.Graph().as_default(), tf.Session(executor=executor) as sess:
        tf.set_random_seed(1)
        x = tf.placeholder(tf.float32, [None, 10])
        y = tf.placeholder(tf.int64, [None])
        keep = tf.placeholder(tf.float32)
        with tf.variable_scope("hidden"):
            w = tf.get_variable("w", [10, 32])
            b = tf.get_variable("b", [32], initializer=tf.constant_initializer(0.1))
            h = tf.nn.dropout(tf.nn.relu(tf.matmul(x, w) + b), keep)
        with tf.variable_scope("out"):
            w = tf.get_variable("w", [32, 3], initializer=tf.random_normal_initializer(stddev=0.1))
            logits = tf.nn.xw_plus_b(h, w, tf.get_variable("b", [3]))
        rows = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
        loss = tf.reduce_mean(rows) + 1e-4 * tf.nn.l2_loss(w)
        step = tf.Variable(0, trainable=False)
        optimizer = tf.train.AdamOptimizer(1e-2)
        pairs = [(tf.clip_by_value(g, -1.0, 1.0), v) for g, v in optimizer.compute_gradients(loss)]
        train = optimizer.apply_gradients(pairs, global_step=step)
        accuracy = tf.reduce_mean(tf.to_float(tf.equal(tf.argmax(logits, 1), y)))
        sess.run(tf.global_variables_initializer())
        for _ in range(60):
            for i in range(0, 200, 50):
                batch = {x: points[i : i + 50], y: classes[i : i + 50], keep: 0.9}
                sess.run(train, batch)
        assert sess.run([accuracy, step], {x: points, y: classes, keep: 1.0})[0] > 0.95
        with pytest.raises(tf.errors.InvalidArgumentError, match="Received a label value of"):
            sess.run(loss, {x: points, y: classes + 5, keep: 1.0})
