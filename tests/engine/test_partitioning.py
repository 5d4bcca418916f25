"""Rows dealt out by number and put back: what the contract suite's rows do not show."""

import numpy as np
import pytest

import engine as tf


def test_rows_that_were_dealt_out_come_back_in_their_places() -> None:
    x = tf.placeholder(tf.float32, [None, 2])
    expert = tf.placeholder(tf.int32, [None])
    parts = tf.dynamic_partition(x, expert, 3)
    places = tf.dynamic_partition(tf.range(tf.shape(x)[0]), expert, 3)
    together = tf.dynamic_stitch(places, [part * float(i) for i, part in enumerate(parts)])
    assert [part.get_shape().as_list() for part in parts] == [[None, 2]] * 3
    assert together.get_shape().as_list() == [None, 2]
    rows = np.arange(8.0).reshape(4, 2)
    with tf.Session() as sess:
        feed = {x: rows, expert: [2, 0, 2, 1]}
        expected = rows * [[2], [0], [2], [1]]
        np.testing.assert_allclose(sess.run(together, feed), expected)
        slope = sess.run(tf.gradients(together, x)[0], feed)
        np.testing.assert_allclose(slope, [[2, 2], [0, 0], [2, 2], [1, 1]])


def test_a_number_out_of_range_is_an_invalid_argument() -> None:
    number = tf.placeholder(tf.int32, [2])
    parts = tf.dynamic_partition([1.0, 2.0], number, 2)
    wrong = pytest.raises(tf.errors.InvalidArgumentError, match=r"partitions\[1\] = 2 is not in")
    with tf.Session() as sess, wrong:
        sess.run(parts, {number: [0, 2]})


def test_shapes_that_do_not_fit_are_refused_at_construction() -> None:
    with pytest.raises(ValueError, match=r"data.shape must start with partitions.shape"):
        tf.dynamic_partition(tf.ones([3, 2]), [0, 1], 2)
    with pytest.raises(ValueError, match=r"must start with indices\[0\].shape"):
        tf.dynamic_stitch([[0, 1]], [tf.ones([3])])
    with pytest.raises(ValueError, match="must match length"):
        tf.dynamic_stitch([[0, 1]], [])
