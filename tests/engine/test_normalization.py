"""Normalization and dropout: names, numbers, what is refused, float16, batches in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf

IMAGES = np.cos(np.arange(24.0)).reshape(2, 2, 2, 3).astype(np.float32)


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def value(tensor: Any, feed: Any = None) -> Any:
    with tf.Session() as sess:
        return sess.run(tensor, feed)


def test_moments_are_named_as_in_tensorflow() -> None:
    mean, variance = tf.nn.moments(tf.constant(IMAGES), [0, 1, 2])
    assert (mean.name, variance.name) == ("moments/Squeeze:0", "moments/Squeeze_1:0")
    np.testing.assert_allclose(value(mean), [0.031975, -0.032497, -0.067092], atol=1e-5)
    kept, _ = tf.nn.moments(tf.constant(IMAGES), [0], keep_dims=True)
    assert kept.get_shape().as_list() == [1, 2, 2, 3]


def test_moments_of_float16_do_not_leave_its_range() -> None:
    x = tf.constant(np.full([100, 2], 1000.0), tf.float16)
    mean, variance = tf.nn.moments(x, [0])
    assert mean.dtype is tf.float16
    assert value([mean, variance])[0].tolist() == [1000, 1000]


def test_statistics_and_moments_agree() -> None:
    x = tf.placeholder(tf.float64, [None, 2])
    fed = {x: [[1.0, 2.0], [3.0, 6.0], [5.0, 1.0]]}
    for shift in (None, 2.5):
        found = tf.nn.normalize_moments(*tf.nn.sufficient_statistics(x, [0], shift))
        np.testing.assert_allclose(value(found[0], fed), [3, 3])
        np.testing.assert_allclose(value(found[1], fed), [8 / 3, 14 / 3])


def test_batch_normalization_without_scale_and_offset() -> None:
    y = tf.nn.batch_normalization(tf.constant([[1.0, 2.0], [3.0, 6.0]]), [2.0, 4.0], [1.0, 4.0],
                                  None, None, 0.0)  # fmt: skip
    assert y.name == "batchnorm/add_1:0"
    np.testing.assert_allclose(value(y), [[-1, -1], [1, 1]])


@pytest.mark.parametrize(("after", "top"), [(True, 4.0), (False, 2.0)])
def test_global_normalization_takes_the_scale_only_when_asked(after: bool, top: float) -> None:
    y = tf.nn.batch_norm_with_global_normalization(
        tf.constant([[[[3.0]]]]), [1.0], [1.0], [0.0], [2.0], 0.0, after
    )
    assert value(y).ravel() == [top]


@pytest.mark.parametrize("data_format", ["NHWC", "NCHW"])
def test_fused_batch_norm_of_more_than_a_block(data_format: str) -> None:
    x = np.random.default_rng(1).normal(3.0, 2.0, [40, 16, 16, 8]).astype(np.float32)
    axes = (0, 1, 2)
    if data_format == "NCHW":
        x, axes = np.ascontiguousarray(x.transpose(0, 3, 1, 2)), (0, 2, 3)
    fed = tf.placeholder(tf.float32, x.shape)
    y, mean, variance = tf.nn.fused_batch_norm(
        fed, np.ones(8), np.zeros(8), data_format=data_format
    )
    dx = tf.gradients(tf.reduce_sum(y * y * y), fed)[0]
    with tf.Session() as plan, tf.Session(executor="debug") as oracle:
        got = plan.run([y, mean, variance, dx], {fed: x})
        want = oracle.run([y, mean, variance, dx], {fed: x})
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-4)
    np.testing.assert_allclose(got[1], x.mean(axes, np.float64), rtol=1e-5)
    np.testing.assert_allclose(got[2], x.var(axes, np.float64, ddof=1), rtol=1e-4)


def test_fused_batch_norm_of_float16_keeps_its_statistics_in_float32() -> None:
    y, mean, _ = tf.nn.fused_batch_norm(tf.constant(IMAGES, tf.float16), [1.0] * 3, [0.0] * 3)
    assert (y.dtype, mean.dtype) == (tf.float16, tf.float32)
    np.testing.assert_allclose(value(y).mean((0, 1, 2), np.float64), [0, 0, 0], atol=1e-3)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"mean": [0.0], "variance": [1.0]}, "must be None if is_training is True"),
        ({"is_training": False}, "must be given if is_training is False"),
        ({"data_format": "CHWN"}, "data_format 'CHWN' is not known"),
    ],
)
def test_fused_batch_norm_refuses(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tf.nn.fused_batch_norm(tf.constant([[[[1.0]]]]), [1.0], [0.0], **given)


def test_fused_batch_norm_names_the_sizes_that_differ() -> None:
    with pytest.raises(ValueError, match="Dimensions must be equal, but are 3 and 2"):
        tf.nn.fused_batch_norm(tf.constant(IMAGES), [1.0, 1.0], [0.0, 0.0])


def test_lrn_and_its_long_name_are_one() -> None:
    assert tf.nn.lrn is tf.nn.local_response_normalization
    x = tf.constant([[[[1.0, 2.0, 3.0]]]])
    y = tf.nn.lrn(x, depth_radius=1, bias=1.0, alpha=1.0, beta=1.0)
    assert y.name == "LRN:0"
    np.testing.assert_allclose(value(y).ravel(), [1 / 6, 2 / 15, 3 / 14], rtol=1e-6)
    with pytest.raises(ValueError, match="Shape must be rank 4 but is rank 2"):
        tf.nn.lrn(tf.constant([[1.0]]))


@pytest.mark.parametrize("keep", [0.5, 0.8, 0.05])
def test_dropout_keeps_the_share_and_scales_it(keep: float) -> None:
    tf.set_random_seed(1)
    y = value(tf.nn.dropout(tf.ones([400, 500]), keep))
    assert set(np.unique(y)) == {0.0, np.float32(1 / keep)}
    assert (y != 0).mean() == pytest.approx(keep, rel=0.02)


def test_dropout_takes_a_fed_probability_and_at_one_changes_nothing() -> None:
    keep = tf.placeholder(tf.float32)
    x = tf.constant(np.arange(1.0, 1001.0))
    y = tf.nn.dropout(x, tf.cast(keep, tf.float64))
    assert y.name == "dropout/mul:0"
    assert y.get_shape().as_list() == [1000]
    assert value(y, {keep: 1.0}).tolist() == list(range(1, 1001))
    assert 300 < np.count_nonzero(value(y, {keep: 0.5})) < 700
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be in the range"):
        value(y, {keep: 1.5})


def test_dropout_draws_anew_in_every_run_and_the_same_in_every_session() -> None:
    y = tf.nn.dropout(tf.ones([64]), 0.5, seed=3)
    with tf.Session() as sess:
        first, second = sess.run(y).tolist(), sess.run(y).tolist()
    assert first != second
    with tf.Session() as sess:
        assert [sess.run(y).tolist(), sess.run(y).tolist()] == [first, second]


def test_dropout_gradient_goes_where_the_value_went() -> None:
    x = tf.constant(np.ones([200]))
    y = tf.nn.dropout(x, 0.25)
    kept, slope = value([y, tf.gradients(y, x)[0]])
    assert kept.tolist() == slope.tolist()
    assert set(slope) == {0.0, 4.0}


@pytest.mark.parametrize("noise_shape", [[8, 1], [None, 1], (None, 1)])
def test_dropout_drops_whole_rows_by_its_noise_shape(noise_shape: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 5])
    y = value(tf.nn.dropout(x, 0.5, noise_shape, seed=2), {x: np.ones([8, 5])})
    assert all(len(set(row)) == 1 for row in y.tolist())
    assert len({row[0] for row in y.tolist()}) == 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"keep_prob": 0.0}, "in the range \\(0, 1\\], got 0"),
        ({"rate": 1.5}, "in the range \\[0, 1\\), got 1.5"),
        ({}, "`rate` must be provided"),
        ({"keep_prob": 0.5, "rate": 0.5}, "Cannot specify both 'keep_prob' and 'rate'"),
    ],
)
def test_dropout_refuses(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tf.nn.dropout(tf.constant([1.0]), **given)
    with pytest.raises(ValueError, match="has to be a floating point tensor"):
        tf.nn.dropout(tf.constant([1, 2]), 0.5)


def test_names_of_composed_activations() -> None:
    x = tf.constant([[1.0, -2.0]])
    w, b = tf.ones([2, 1]), tf.ones([1])
    assert tf.nn.crelu(x).name == "CRelu/Relu:0"
    assert tf.nn.relu_layer(x, w, b).name == "relu_layer:0"
    assert tf.nn.xw_plus_b(x, w, b).name == "xw_plus_b:0"
    assert tf.nn.selu(x).name == "Selu:0"


def test_bias_add_refuses_other_sizes_and_formats() -> None:
    x = tf.constant(IMAGES)
    with pytest.raises(ValueError, match="Dimensions must be equal, but are 2 and 3"):
        tf.nn.bias_add(x, [1.0, 2.0, 3.0], "NCHW")
    with pytest.raises(ValueError, match="'HWCN' is not known"):
        tf.nn.bias_add(x, [1.0, 2.0, 3.0], "HWCN")


def test_softmax_cross_entropy_of_0x_takes_logits_first() -> None:
    logits, labels = tf.constant([[1.0, 2.0, 4.0]]), tf.constant([[0.0, 0.0, 1.0]])
    positional = tf.nn.softmax_cross_entropy_with_logits(logits, labels)
    named = tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    np.testing.assert_allclose(value(positional), value(named))
    np.testing.assert_allclose(value(named), [0.169846], rtol=1e-5)


def test_only_the_second_softmax_cross_entropy_differentiates_its_labels() -> None:
    logits, labels = tf.constant([[1.0, 2.0, 4.0]]), tf.constant([[0.2, 0.3, 0.5]])
    first = tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    second = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)
    assert tf.gradients(first, labels) == [None]
    np.testing.assert_allclose(
        value(tf.gradients(second, labels)[0]), [[3.169846, 2.169846, 0.169846]], rtol=1e-5
    )


def test_weighted_cross_entropy_takes_targets_first_in_both_eras() -> None:
    z, x = tf.constant([1.0, 0.0]), tf.constant([0.5, 0.5])
    found = value(tf.nn.weighted_cross_entropy_with_logits(z, x, 2.0))
    np.testing.assert_allclose(found, [0.948154, 0.974077], rtol=1e-5)
    named = tf.nn.weighted_cross_entropy_with_logits(targets=z, logits=x, pos_weight=2.0)
    assert value(named).tolist() == found.tolist()
    with pytest.raises(ValueError, match="must have the same shape"):
        tf.nn.weighted_cross_entropy_with_logits(z, tf.constant([0.5]), 2.0)
