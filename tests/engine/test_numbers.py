"""Numbers at the edges: ranges of dtypes, nothing at all, extreme arguments, both executors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


@pytest.fixture(params=["plan", "debug"])
def run(request: pytest.FixtureRequest) -> Any:
    return lambda fetches, feeds=None: tf.Session(executor=request.param).run(fetches, feeds)


def test_mean_of_float16_does_not_leave_its_range(run: Any) -> None:
    x = tf.placeholder(tf.float16, [None, None])
    value = np.full([700, 100], 100.0, np.float16)
    means = [tf.reduce_mean(x), tf.reduce_mean(x, 0), tf.reduce_mean(x, [0, 1], keep_dims=True)]
    whole, columns, kept = run(means, {x: value})
    assert whole == 100
    assert columns.tolist() == [100.0] * 100
    assert kept.tolist() == [[100.0]]
    assert [item.dtype for item in (whole, columns, kept)] == [np.float16] * 3


def test_extremes_of_nothing_are_those_of_the_dtype(run: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 2])
    n = tf.placeholder(tf.int32, [None])
    feeds = {x: np.zeros([0, 2]), n: []}
    assert run([tf.reduce_max(x), tf.reduce_min(x)], feeds) == [-np.inf, np.inf]
    assert run(tf.reduce_max(x, 0), feeds).tolist() == [-np.inf, -np.inf]
    assert run(tf.reduce_max(x, 1), feeds).tolist() == []
    assert run([tf.reduce_max(n), tf.reduce_min(n)], feeds) == [-(2**31), 2**31 - 1]
    assert run(tf.gradients(tf.reduce_max(x), x)[0], feeds).shape == (0, 2)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Reduction axis 0 is empty in shape"):
        run(tf.argmax(x, 0), feeds)


def test_factors_are_not_joined_where_their_product_leaves_the_range(run: Any) -> None:
    x = tf.placeholder(tf.float32, [2])
    small, large = tf.constant(1e-30) * (tf.constant(1e-30) * x), 1e30 * (x * 1e30)
    assert run(small, {x: [1e30, 1e35]}) == pytest.approx([1e-30, 1e-25])
    assert run(large, {x: [1e-30, 1e-35]}) == pytest.approx([1e30, 1e25])


def test_sigmoid_keeps_its_small_values(run: Any) -> None:
    x = tf.placeholder(tf.float32, [4])
    found = run(tf.sigmoid(x), {x: [-10.0, -30.0, -200.0, 200.0]})
    np.testing.assert_allclose(found[:2], [4.5397868e-05, 9.357623e-14], rtol=1e-5)
    assert found[2:].tolist() == [0.0, 1.0]
    assert run(tf.log(tf.sigmoid(x)), {x: [-30.0] * 4}) == pytest.approx([-30.0] * 4)


@pytest.mark.parametrize("bias", [tf.nn.bias_add, tf.add])
@pytest.mark.parametrize("activate", [tf.nn.relu, tf.identity, tf.nn.tanh])
def test_pooling_before_bias_and_relu_gives_the_numbers_of_pooling_after(
    bias: Any, activate: Any
) -> None:
    rng = np.random.default_rng(3)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float64, [4, 6, 6, 3])
        filters = tf.Variable(rng.normal(size=(3, 3, 3, 5)))
        b = tf.Variable(rng.normal(size=5))
        h = activate(bias(tf.nn.conv2d(x, filters, [1, 1, 1, 1], "SAME"), b))
        pooled = tf.nn.max_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
        loss = tf.reduce_sum(pooled * pooled)
        grads = tf.gradients(loss, [filters, b, x])
        feed = {x: rng.normal(size=(4, 6, 6, 3))}
        found = []
        for executor in ("poisoned", "debug"):
            with tf.Session(executor=executor) as sess:
                sess.run(tf.global_variables_initializer())
                for variable, seed in ((filters, 1), (b, 2)):
                    start = np.random.default_rng(seed).normal(size=variable.shape.as_list())
                    variable.load(start, sess)
                found.append(sess.run([loss, *grads, pooled, h], feed))
        for plan, oracle in zip(*found, strict=True):
            np.testing.assert_allclose(plan, oracle, rtol=1e-12, atol=1e-12)


def test_pooling_comes_before_bias_and_relu_in_the_plan() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [2, 4, 4, 3])
        h = tf.nn.relu(tf.nn.bias_add(x * 2.0, tf.Variable(tf.zeros([3]))))
        text = sess.explain(tf.nn.max_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"), {x: x_of(x)})
    lines = text.splitlines()
    at = {word: i for i, line in enumerate(lines) for word in ("max_pool", "add(", "maximum")
          if line.strip().startswith(word)}  # fmt: skip
    assert at["max_pool"] < at["add("] < at["maximum"]


def x_of(tensor: Any) -> Any:
    return np.zeros(tensor.get_shape().as_list(), np.float32)
