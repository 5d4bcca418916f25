"""Hue and saturation: what the contract suite's rows do not show."""

import numpy as np
import pytest

import engine as tf

COLORS = np.array([[[0.2, 0.5, 0.7], [0.9, 0.1, 0.3]]], np.float32)


def test_random_hue_and_saturation_stay_in_their_ranges() -> None:
    hue = tf.image.rgb_to_hsv(tf.image.random_hue(COLORS, 0.1, seed=1))
    saturation = tf.image.rgb_to_hsv(tf.image.random_saturation(COLORS, 0.5, 0.9, seed=2))
    before = tf.image.rgb_to_hsv(COLORS)
    with tf.Session() as sess:
        for _ in range(5):
            turned, paler, known = sess.run([hue, saturation, before])
            distance = (turned - known)[..., 0]
            assert (np.abs((distance + 0.5) % 1 - 0.5) <= 0.1001).all()
            share = (paler / known)[..., 1]
            assert (share > 0.499).all() and (share < 0.901).all()


def test_bytes_stay_bytes() -> None:
    pixels = np.array([[[10, 20, 30], [200, 100, 0]]], np.uint8)
    with tf.Session() as sess:
        same = sess.run(tf.image.adjust_hue(pixels, 0.0))
        assert same.dtype == np.uint8
        np.testing.assert_allclose(same, pixels, atol=1)
        assert sess.run(tf.image.adjust_gamma(pixels, 1.0)).dtype == np.uint8


def test_wrong_ranges_and_shapes_are_told() -> None:
    with pytest.raises(ValueError, match=r"max_delta must be <= 0\.5"):
        tf.image.random_hue(COLORS, 0.6)
    with pytest.raises(ValueError, match="max_delta must be non-negative"):
        tf.image.random_hue(COLORS, -0.1)
    with pytest.raises(ValueError, match="upper must be > lower"):
        tf.image.random_saturation(COLORS, 1.0, 0.5)
    with pytest.raises(ValueError, match="lower must be non-negative"):
        tf.image.random_saturation(COLORS, -1.0, 0.5)
    with pytest.raises(ValueError, match="Dimension must be 3 but is 4"):
        tf.image.rgb_to_hsv(tf.zeros([2, 4]))
    with pytest.raises(ValueError, match="Gamma should be a non-negative"):
        tf.image.adjust_gamma(COLORS, -1.0)
    x = tf.constant(COLORS)
    with pytest.raises(LookupError, match="No gradient defined"):
        tf.gradients(tf.image.rgb_to_hsv(x), x)
