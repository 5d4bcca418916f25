"""Boxes in images: gradients of where they lie, what is refused."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import engine as tf

PIXELS = np.random.default_rng(5).normal(size=(2, 5, 6, 3)).astype(np.float32)


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def test_a_crop_s_gradient_reaches_the_place_of_its_box() -> None:
    boxes = tf.placeholder(tf.float32, [2, 4])
    given = np.array([[0.11, 0.21, 0.77, 0.93], [0.91, 0.12, 0.27, 0.53]], np.float32)
    crops = tf.image.crop_and_resize(tf.constant(PIXELS), boxes, [1, 0], [3, 2])
    slope = tf.gradients(crops, boxes)[0]
    with tf.Session() as sess:
        found = sess.run(slope, {boxes: given})
        step = 1e-3
        for place in np.ndindex(2, 4):
            near = [given.copy(), given.copy()]
            near[0][place] -= step
            near[1][place] += step
            low, high = (sess.run(tf.reduce_sum(crops), {boxes: x}) for x in near)
            assert found[place] == pytest.approx((high - low) / (2 * step), rel=0.02, abs=0.05)


def test_a_crop_needs_a_known_size_and_a_method() -> None:
    size = tf.placeholder(tf.int32, [2])
    with pytest.raises(ValueError, match="known while building"):
        tf.image.crop_and_resize(PIXELS, [[0.0, 0.0, 1.0, 1.0]], [0], size)
    with pytest.raises(ValueError, match="method must be bilinear or nearest"):
        tf.image.crop_and_resize(PIXELS, [[0.0, 0.0, 1.0, 1.0]], [0], [2, 2], "cubic")


def test_an_overlap_beyond_one_is_refused() -> None:
    most = tf.placeholder(tf.float32, [])
    kept = tf.image.non_max_suppression(tf.zeros([2, 4]), tf.ones([2]), 2, most)
    with (
        tf.Session() as sess,
        pytest.raises(tf.errors.InvalidArgumentError, match=r"must be in \[0, 1\]"),
    ):
        sess.run(kept, {most: 1.5})
    with pytest.raises(ValueError, match="Dimension must be 4 but is 3"):
        tf.image.non_max_suppression(tf.zeros([2, 3]), tf.ones([2]), 2)


def test_no_boxes_are_kept_of_none() -> None:
    kept = tf.image.non_max_suppression(tf.zeros([0, 4]), tf.zeros([0]), 2)
    with tf.Session() as sess:
        assert sess.run(kept).tolist() == []


def test_lines_take_the_colors_that_are_given() -> None:
    drawn = tf.image.draw_bounding_boxes(
        tf.zeros([1, 3, 3, 3]), [[[0.0, 0.0, 1.0, 1.0]]], colors=[[0.25, 0.5, 0.75]]
    )
    with tf.Session() as sess:
        found = sess.run(drawn)[0]
    assert found[0, 0].tolist() == [0.25, 0.5, 0.75] and not found[1, 1].any()
