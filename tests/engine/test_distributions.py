"""Distributions: densities against literal values of TensorFlow's, draws against their moments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import engine as tf

D = tf.distributions


def _value(fetch: Any) -> Any:
    with tf.Session() as sess:
        return sess.run(fetch)


@pytest.mark.parametrize(
    ("make", "x", "log_prob", "entropy", "mean", "stddev"),
    [
        (lambda: D.Normal(1.0, 2.0), 0.5, -1.643335, 2.112086, 1.0, 2.0),
        (lambda: D.Uniform(-1.0, 2.0), 0.5, -1.098612, 1.098612, 0.5, 0.866025),
        (lambda: D.Uniform(-1.0, 2.0), 2.0, -np.inf, 1.098612, 0.5, 0.866025),
        (lambda: D.Exponential(2.0), 0.5, -0.306853, 0.306853, 0.5, 0.5),
        (lambda: D.Laplace(0.0, 2.0), -1.0, -1.886294, 2.386294, 0.0, 2.828427),
        (lambda: D.Gamma(2.0, 3.0), 0.5, 0.004078, 0.478603, 0.666667, 0.471405),
        (lambda: D.Beta(2.0, 3.0), 0.2, 0.429182, -0.234907, 0.4, 0.2),
        (lambda: D.Bernoulli(probs=0.2), 1, -1.609438, 0.500402, 0.2, 0.4),
        (lambda: D.Bernoulli(logits=np.log(0.25)), 0, -0.223144, 0.500402, 0.2, 0.4),
    ],
)
def test_densities_and_moments_are_those_of_the_formula(
    make: Any, x: float, log_prob: float, entropy: float, mean: float, stddev: float
) -> None:
    d = make()
    found = _value([d.log_prob(x), d.entropy(), d.mean(), d.stddev()])
    np.testing.assert_allclose(found, [log_prob, entropy, mean, stddev], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(_value(d.prob(x)), np.exp(log_prob), rtol=1e-4)
    drawn = _value(d.sample(20000, seed=3))
    np.testing.assert_allclose([drawn.mean(), drawn.std()], [mean, stddev], atol=0.05)
    assert _value(d.sample(4, seed=3)).tolist() == _value(d.sample(4, seed=3)).tolist()


def test_classes_have_the_softmaxs_probabilities() -> None:
    logits = tf.placeholder(tf.float32, [None, 3])
    d = D.Categorical(logits=logits)
    assert (d.batch_shape.as_list(), d.event_shape.as_list()) == ([None], [])
    assert d.sample([2]).get_shape().as_list() == [2, None]
    weights = np.array([[0.2, 0.3, 0.5], [0.8, 0.1, 0.1]])
    feed = {logits: np.log(weights)}
    with tf.Session() as sess:
        np.testing.assert_allclose(sess.run(d.prob([2, 0]), feed), [0.5, 0.8], rtol=1e-5)
        np.testing.assert_allclose(sess.run(d.prob([[2, 0], [0, 1]]), feed)[1], [0.2, 0.1], 1e-5)
        expected = -(weights * np.log(weights)).sum(1)
        np.testing.assert_allclose(sess.run(d.entropy(), feed), expected, rtol=1e-5)
        assert sess.run(d.mode(), feed).tolist() == [2, 0]
        drawn = sess.run(d.sample(5000, seed=1), feed)
        assert drawn.dtype == np.int32
        np.testing.assert_allclose(np.bincount(drawn[:, 1]) / 5000, weights[1], atol=0.03)


def test_divergences_have_their_closed_forms() -> None:
    normal = D.kl_divergence(D.Normal(0.0, 2.0), D.Normal([0.0, 1.0], 1.0))
    np.testing.assert_allclose(_value(normal), [0.806853, 1.306853], rtol=1e-5)
    classes = D.kl_divergence(D.Categorical(probs=[0.5, 0.5]), D.Categorical(probs=[0.25, 0.75]))
    np.testing.assert_allclose(_value(classes), 0.143841, rtol=1e-5)
    coins = D.Bernoulli(probs=0.5)
    np.testing.assert_allclose(_value(coins.kl_divergence(D.Bernoulli(probs=0.25))), 0.143841, 1e-5)
    same = D.Beta(2.0, 3.0)
    np.testing.assert_allclose(_value(same.cross_entropy(same)), -0.234907, rtol=1e-4)
    with pytest.raises(NotImplementedError, match="No KL"):
        D.kl_divergence(coins, same)


def test_vectors_are_one_event() -> None:
    d = tf.contrib.distributions.MultivariateNormalDiag(tf.zeros([3, 2]), [1.0, 2.0])
    assert (d.batch_shape.as_list(), d.event_shape.as_list()) == ([3], [2])
    assert d.sample().get_shape().as_list() == [3, 2]
    with tf.Session() as sess:
        assert sess.run(d.sample([4])).shape == (4, 3, 2)
        np.testing.assert_allclose(sess.run(d.log_prob([1.0, 2.0])), [-3.531024] * 3, rtol=1e-5)


def test_samples_of_a_normal_lead_gradients_to_its_parameters() -> None:
    loc, scale = tf.constant([1.0, 2.0]), tf.constant([1.0, 0.5])
    drawn = D.Normal(loc, scale).sample(7)
    assert drawn.op.name.endswith("/sample/add")
    slopes = tf.gradients(drawn, [loc, scale])
    with tf.Session() as sess:
        values, (by_loc, by_scale) = sess.run([drawn, slopes])
        np.testing.assert_allclose(by_loc, [7.0, 7.0])
        np.testing.assert_allclose(by_scale, ((values - [1.0, 2.0]) / [1.0, 0.5]).sum(0), rtol=1e-4)


def test_wrong_parameters_are_told() -> None:
    with pytest.raises(ValueError, match="Must pass probs or logits, but not both"):
        D.Categorical()
    with pytest.raises(tf.errors.InvalidArgumentError):
        _value(D.Normal(0.0, -1.0, validate_args=True).sample())
