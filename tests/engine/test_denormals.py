"""Numbers below a format's full precision are zero in a long step, and nowhere else."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import engine as tf
from engine.kernels import denormals
from engine.kernels.denormals import flushing

TINY = np.full(64, 1e-40, np.float32)
ONE = np.float32(1)

can_flush = denormals._environment() is not None


def test_this_processor_is_told() -> None:
    import platform
    import sys

    assert can_flush == (platform.machine() == "x86_64" and sys.platform == "linux")


def test_a_function_takes_them_as_zero_only_while_it_runs() -> None:
    inside = flushing(lambda: (TINY * ONE).any())
    assert inside() != can_flush
    assert (TINY * ONE).all()

    def failing() -> None:
        raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        flushing(failing)()
    assert (TINY * ONE).all()


def test_another_thread_is_not_touched() -> None:
    begun, seen = threading.Event(), []

    def other() -> None:
        begun.wait(20)
        seen.append(bool((TINY * ONE).all()))

    thread = threading.Thread(target=other)
    thread.start()

    def inside() -> None:
        begun.set()
        thread.join(20)

    flushing(inside)()
    assert seen == [True]


@pytest.mark.parametrize("threads", [1, 2])
def test_long_steps_take_them_as_zero_and_short_ones_keep_them(threads: int) -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None])
        y = tf.sqrt(x * 1e-10) * 1e30
        config = tf.ConfigProto(intra_op_parallelism_threads=threads)
        with tf.Session(config=config) as sess:
            short = sess.run(y, {x: np.full(10, 1e-30)})
            np.testing.assert_allclose(short, 1e10, rtol=1e-3)
            long = sess.run(y, {x: np.full(300_000, 1e-30)})
    assert not can_flush or not long.any()
    assert (TINY * ONE).all()


def test_means_of_vanished_gradients_do_not_get_stuck_above_zero() -> None:
    """0.9 times the smallest number of all is, rounded, the smallest number of all."""
    with tf.Graph().as_default():
        w = tf.Variable(np.ones(100_000, np.float32))
        rate = tf.placeholder(tf.float32, [])
        optimizer = tf.train.AdamOptimizer(0.01)
        train = optimizer.minimize(tf.reduce_sum(w) * rate)
        m = optimizer.get_slot(w, "m")
        config = tf.ConfigProto(intra_op_parallelism_threads=2)
        with tf.Session(config=config) as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(train, {rate: 1e-30})
            assert sess.run(m).all()
            for _ in range(400):
                sess.run(train, {rate: 0.0})
            assert not can_flush or not sess.run(m).any()
