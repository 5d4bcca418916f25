"""tf.layers: names, shapes, numbers, sharing, collections, training as a bool and as a tensor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def names(variables: Any) -> list[str]:
    return [v.op.name for v in variables]


def started() -> tf.Session:
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    return sess


def test_dense_is_a_product_a_bias_and_an_activation() -> None:
    y = tf.layers.dense(
        tf.constant([[1.0, 2.0], [-1.0, 0.0]]),
        3,
        tf.nn.relu,
        kernel_initializer=tf.constant_initializer([[1.0, 2.0, 3.0], [0.0, 1.0, -2.0]]),
        bias_initializer=tf.constant_initializer(0.5),
    )
    assert y.name == "dense/Relu:0"
    assert names(tf.trainable_variables()) == ["dense/kernel", "dense/bias"]
    with started() as sess:
        assert sess.run(y).tolist() == [[1.5, 4.5, 0.0], [0.0, 0.0, 0.0]]


def test_unnamed_layers_are_numbered_and_named_ones_are_not() -> None:
    x = tf.zeros([2, 3])
    made = [tf.layers.dense(x, 1), tf.layers.dense(x, 1), tf.layers.dense(x, 1, name="out")]
    assert [y.name for y in made] == ["dense/BiasAdd:0", "dense_1/BiasAdd:0", "out/BiasAdd:0"]
    with tf.variable_scope("net"):
        assert tf.layers.dense(x, 1).name == "net/dense/BiasAdd:0"


def test_reuse_shares_the_variables_and_numbers_the_operations() -> None:
    x = tf.zeros([2, 3])
    tf.layers.dense(x, 1, name="out")
    again = tf.layers.dense(x, 1, name="out", reuse=True)
    assert again.name == "out_1/BiasAdd:0"
    assert len(tf.global_variables()) == 2
    with pytest.raises(ValueError, match="Variable out/kernel already exists, disallowed"):
        tf.layers.dense(x, 1, name="out")


def test_a_scope_with_reuse_shares_unnamed_layers() -> None:
    def net(x: Any, reuse: bool) -> Any:
        with tf.variable_scope("net", reuse=reuse):
            return tf.layers.dense(tf.layers.dense(x, 4), 1)

    first, second = net(tf.ones([2, 3]), False), net(tf.ones([2, 3]), True)
    assert names(tf.trainable_variables("net")) == [
        "net/dense/kernel", "net/dense/bias", "net/dense_1/kernel", "net/dense_1/bias",
    ]  # fmt: skip
    assert len(tf.global_variables()) == 4
    with started() as sess:
        a, b = sess.run([first, second])
        assert a.tolist() == b.tolist()


def test_a_layer_object_keeps_its_variables() -> None:
    layer = tf.layers.Dense(3)
    assert not layer.built
    first, second = layer(tf.zeros([2, 4])), layer.apply(tf.zeros([5, 4]))
    assert (first.name, second.name) == ("dense/BiasAdd:0", "dense/BiasAdd_1:0")
    assert (layer.name, layer.scope_name) == ("dense_1", "dense")
    assert names(layer.trainable_weights) == ["dense/kernel", "dense/bias"]
    assert layer.count_params() == 15
    with pytest.raises(AttributeError, match="has been called 2 times"):
        layer.output  # noqa: B018 - a property that raises


def test_dense_works_along_the_last_axis_of_any_rank() -> None:
    x = tf.placeholder(tf.float32, [None, 5, 4])
    y = tf.layers.dense(x, 3)
    assert y.get_shape().as_list() == [None, 5, 3]
    with started() as sess:
        assert sess.run(y, {x: np.zeros([2, 5, 4])}).shape == (2, 5, 3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tf.layers.dense(tf.zeros([3]), 1), "expected min_ndim=2, found ndim=1"),
        (
            lambda: tf.layers.dense(tf.placeholder(tf.float32, [2, None]), 1),
            "The last dimension of the inputs should be defined. Found `None`",
        ),
        (lambda: tf.layers.conv2d(tf.zeros([2, 8, 8]), 1, 3), "expected ndim=4, found ndim=3"),
        (lambda: tf.layers.conv2d(tf.zeros([2, 8, 8, 1]), 1, (1, 2, 3)), "2 positive integers"),
        (lambda: tf.layers.conv2d(tf.zeros([2, 8, 8, 1]), 1, 3, padding="full"), "one of \"valid"),
        (
            lambda: tf.layers.max_pooling2d(tf.zeros([2, 8, 8, 1]), 2, 2, data_format="NHWC"),
            "data_format 'NHWC' is not known",
        ),
        (
            lambda: tf.layers.batch_normalization(tf.zeros([2, 3]), renorm=True),
            "renorm is not supported",
        ),
        (lambda: tf.layers.dropout(tf.zeros([2]), training="yes"), "must be a Tensor, or a Python"),
    ],
)  # fmt: skip
def test_what_a_layer_cannot_take_is_told(make: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        make()


def test_a_layer_refuses_inputs_of_another_width_than_it_was_built_for() -> None:
    layer = tf.layers.Dense(3)
    layer(tf.zeros([2, 4]))
    with pytest.raises(ValueError, match="expected axis -1 of input shape to have value 4 but got"):
        layer(tf.zeros([2, 5]))


def test_regularizers_add_their_losses_once() -> None:
    def total(v: Any) -> Any:
        return tf.reduce_sum(v, name="total")

    x = tf.zeros([2, 3])
    tf.layers.dense(x, 2, kernel_regularizer=total, name="out")
    tf.layers.dense(x, 2, kernel_regularizer=total, name="out", reuse=True)
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    assert [loss.name for loss in losses] == ["out/kernel/Regularizer/total:0"]


def test_a_frozen_layer_has_no_trainable_variables() -> None:
    tf.layers.dense(tf.zeros([2, 3]), 2, trainable=False)
    assert tf.trainable_variables() == []
    assert len(tf.global_variables()) == 2


@pytest.mark.parametrize(
    ("padding", "strides", "size"),
    [("valid", 1, 6), ("same", 1, 8), ("valid", 2, 3), ("same", 2, 4)],
)
def test_conv2d_and_its_transpose_agree_on_sizes(padding: str, strides: int, size: int) -> None:
    x = tf.placeholder(tf.float32, [None, 8, 8, 3])
    y = tf.layers.conv2d(x, 5, 3, strides, padding)
    assert y.get_shape().as_list() == [None, size, size, 5]
    z = tf.layers.conv2d_transpose(y, 2, 3, strides, padding)
    with started() as sess:
        found = sess.run([y, z], {x: np.ones([2, 8, 8, 3])})
    assert [v.shape[1] for v in found] == [size, z.get_shape().as_list()[1]]
    assert y.name == "conv2d/BiasAdd:0"
    assert names(tf.trainable_variables()) == [
        "conv2d/kernel", "conv2d/bias", "conv2d_transpose/kernel", "conv2d_transpose/bias",
    ]  # fmt: skip
    assert tf.trainable_variables()[2].get_shape().as_list() == [3, 3, 2, 5]


def test_conv2d_transpose_of_unknown_sizes() -> None:
    x = tf.placeholder(tf.float32, [None, None, None, 3])
    y = tf.layers.conv2d_transpose(x, 2, 4, 2, "same")
    with started() as sess:
        assert sess.run(y, {x: np.ones([1, 5, 6, 3])}).shape == (1, 10, 12, 2)


def test_channels_first_and_last_compute_the_same() -> None:
    images = np.random.default_rng(0).random([2, 6, 6, 3]).astype(np.float32)
    ones = tf.random_normal_initializer(seed=1)
    last = tf.layers.conv2d(images, 4, 3, kernel_initializer=ones)
    first = tf.layers.conv2d(
        images.transpose(0, 3, 1, 2), 4, 3, kernel_initializer=ones, data_format="channels_first"
    )
    pooled = [
        tf.layers.max_pooling2d(last, 2, 2),
        tf.layers.max_pooling2d(first, 2, 2, data_format="channels_first"),
    ]
    with started() as sess:
        a, b = sess.run(pooled)
    np.testing.assert_allclose(a, b.transpose(0, 2, 3, 1), rtol=1e-5)


def test_names_of_the_other_layers_with_windows() -> None:
    images, sequences = tf.zeros([2, 8, 8, 3]), tf.zeros([2, 8, 3])
    made = {
        "conv1d/BiasAdd": tf.layers.conv1d(sequences, 4, 3),
        "separable_conv2d/BiasAdd": tf.layers.separable_conv2d(images, 4, 3),
        "separable_conv1d/BiasAdd": tf.layers.separable_conv1d(sequences, 4, 3),
        "max_pooling2d/MaxPool": tf.layers.max_pooling2d(images, 3, 1),
        "average_pooling2d/AvgPool": tf.layers.average_pooling2d(images, 3, 1),
        "max_pooling1d/Squeeze": tf.layers.max_pooling1d(sequences, 3, 1),
        "average_pooling1d/Squeeze": tf.layers.average_pooling1d(sequences, 3, 1),
    }
    assert [y.op.name for y in made.values()] == list(made)
    assert [y.get_shape().as_list()[1] for y in made.values()] == [6] * 7
    assert names(tf.trainable_variables("separable_conv2d")) == [
        "separable_conv2d/depthwise_kernel", "separable_conv2d/pointwise_kernel",
        "separable_conv2d/bias",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["Conv2D", "Conv2DTranspose", "SeparableConv2D"])
def test_a_layer_tells_its_output_shape(kind: str) -> None:
    layer = getattr(tf.layers, kind)(4, 3, strides=2, padding="valid")
    y = layer(tf.zeros([2, 9, 9, 3]))
    assert layer.compute_output_shape([2, 9, 9, 3]) == y.get_shape()
    assert layer.output_shape == y.get_shape()
    assert layer.input_shape.as_list() == [2, 9, 9, 3]


def test_flatten_keeps_the_first_axis() -> None:
    x = tf.placeholder(tf.float32, [None, 2, 3])
    assert tf.layers.flatten(x).get_shape().as_list() == [None, 6]
    loose = tf.layers.flatten(tf.placeholder(tf.float32, [None, None, 3]))
    assert loose.get_shape().as_list() == [None, None]
    assert loose.name == "flatten_1/Reshape:0"


@pytest.mark.parametrize("training", [True, False, 1, 0])
def test_dropout_with_a_python_value(training: Any) -> None:
    y = tf.layers.dropout(tf.ones([1000]), 0.5, training=training, seed=1)
    with tf.Session() as sess:
        assert set(sess.run(y)) == ({0.0, 2.0} if training else {1.0})


def test_dropout_with_a_fed_value() -> None:
    training = tf.placeholder_with_default(False, [])
    y = tf.layers.dropout(tf.ones([1000]), 0.25, training=training)
    with tf.Session() as sess:
        assert set(sess.run(y)) == {1.0}
        assert set(sess.run(y, {training: True})) == {0.0, np.float32(1 / 0.75)}


def test_dropout_draws_nothing_outside_of_training() -> None:
    training = tf.placeholder(tf.bool)
    y = tf.layers.dropout(tf.ones([100]), 0.5, training=training, seed=1)
    with tf.Session() as sess:
        want = sess.run(y, {training: True})
    with tf.Session() as sess:
        sess.run(y, {training: False})
        np.testing.assert_array_equal(sess.run(y, {training: True}), want)


ROWS = np.array([[1.0, 10.0], [3.0, 10.0], [5.0, 40.0]], np.float32)


@pytest.mark.parametrize("rank", [2, 4])
@pytest.mark.parametrize("fed", [False, True])
def test_batch_normalization_trains_by_the_batch_and_moves_its_averages(
    rank: int, fed: bool
) -> None:
    x = tf.constant(ROWS.reshape(3, *[1] * (rank - 2), 2))
    training = tf.placeholder(tf.bool) if fed else True
    y = tf.layers.batch_normalization(x, momentum=0.9, epsilon=1e-9, training=training)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    assert names(tf.global_variables()) == [
        "batch_normalization/gamma", "batch_normalization/beta",
        "batch_normalization/moving_mean", "batch_normalization/moving_variance",
    ]  # fmt: skip
    assert len(tf.trainable_variables()) == 2 and len(updates) == 2
    with started() as sess:
        result, _ = sess.run([y, updates], {training: True} if fed else None)
        mean, variance = sess.run(tf.global_variables()[2:])
    np.testing.assert_allclose(result.reshape(3, 2).mean(0), [0, 0], atol=1e-6)
    np.testing.assert_allclose(result.reshape(3, 2).std(0), [1, 1], rtol=1e-3)
    np.testing.assert_allclose(mean, [0.3, 2.0], rtol=1e-6)
    # The fused form keeps the unbiased variance, as TensorFlow's does: 4 and 300 by 8/3 and 200.
    unbiased = [0.9 + 0.4, 0.9 + 30] if rank == 4 else [0.9 + 0.8 / 3, 0.9 + 20]
    np.testing.assert_allclose(variance, unbiased, rtol=1e-5)


@pytest.mark.parametrize("rank", [2, 4])
@pytest.mark.parametrize("fed", [False, True])
def test_batch_normalization_goes_by_its_averages_outside_of_training(rank: int, fed: bool) -> None:
    x = tf.constant(ROWS.reshape(3, *[1] * (rank - 2), 2))
    training = tf.placeholder(tf.bool) if fed else False
    y = tf.layers.batch_normalization(
        x,
        epsilon=1e-9,
        moving_mean_initializer=tf.constant_initializer([1.0, 10.0]),
        moving_variance_initializer=tf.constant_initializer([4.0, 9.0]),
        training=training,
    )
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    assert len(updates) == (2 if fed else 0)
    with started() as sess:
        result, _ = sess.run([y, updates], {training: False} if fed else None)
        kept = sess.run(tf.global_variables()[2:])
    np.testing.assert_allclose(result.reshape(3, 2), [[0, 0], [1, 0], [2, 10]], rtol=1e-5)
    np.testing.assert_allclose(kept, [[1, 10], [4, 9]], rtol=1e-6)


@pytest.mark.parametrize("rank", [2, 4])
@pytest.mark.parametrize("value", [False, True])
def test_batch_normalization_by_a_fed_value_has_the_gradients_of_a_python_value(
    rank: int, value: bool
) -> None:
    x = tf.constant(ROWS.reshape(3, *[1] * (rank - 2), 2))
    found = []
    training = tf.placeholder(tf.bool)
    for number, given in enumerate((training, value)):
        y = tf.layers.batch_normalization(x, training=given, name=f"n{number}")
        scope = tf.trainable_variables(f"n{number}/")
        found.append(tf.gradients(tf.reduce_sum(y * y * [1.0, 2.0]), [x, *scope]))
    with started() as sess:
        fed, plain = sess.run(found, {training: value})
    for got, want in zip(fed, plain, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def test_batch_normalization_along_the_second_axis() -> None:
    x = np.random.default_rng(0).random([4, 3, 5, 5]).astype(np.float32)
    fused = tf.layers.batch_normalization(tf.constant(x), axis=1, training=True)
    plain = tf.layers.batch_normalization(tf.constant(x), axis=1, training=True, fused=False)
    with started() as sess:
        a, b = sess.run([fused, plain])
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_batch_normalization_without_scale_has_no_gamma() -> None:
    y = tf.layers.batch_normalization(tf.zeros([2, 4, 4, 3]), scale=False, training=True)
    assert names(tf.trainable_variables()) == ["batch_normalization/beta"]
    assert y.get_shape().as_list() == [2, 4, 4, 3]


def test_a_layer_of_ones_own() -> None:
    class Scale(tf.layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.factor = self.add_variable(
                "factor", [input_shape[-1]], initializer=tf.ones_initializer()
            )
            super().build(input_shape)

        def call(self, inputs: Any) -> Any:
            return inputs * self.factor

    layer = Scale(name="own")
    y = layer(tf.constant([[2.0, 3.0]]))
    assert (y.name, names(layer.variables)) == ("own/mul:0", ["own/factor"])
    with started() as sess:
        assert sess.run(y).tolist() == [[2.0, 3.0]]


def test_an_activity_regularizer_sees_the_result() -> None:
    tf.layers.dense(tf.ones([2, 3]), 2, activity_regularizer=lambda y: tf.reduce_sum(y))
    (loss,) = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    assert loss.get_shape().as_list() == []


def test_a_network_with_batch_normalization_learns() -> None:
    rng = np.random.default_rng(0)
    data = rng.normal(size=(64, 8, 8, 1)).astype(np.float32)
    labels = (data.mean((1, 2, 3)) > 0).astype(np.int32)
    x, training = tf.placeholder(tf.float32, [None, 8, 8, 1]), tf.placeholder(tf.bool)
    tf.set_random_seed(1)
    h = tf.layers.conv2d(x, 4, 3, activation=tf.nn.relu)
    h = tf.layers.batch_normalization(h, training=training, momentum=0.8)
    h = tf.layers.flatten(tf.layers.max_pooling2d(h, 2, 2))
    logits = tf.layers.dense(h, 2)
    loss = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    )
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        step = tf.train.AdamOptimizer(0.02).minimize(loss)
    hits = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), labels), tf.float32))
    with started() as sess:
        for _ in range(60):
            sess.run(step, {x: data, training: True})
        assert sess.run(loss, {x: data, training: True}) < 0.2
        assert sess.run(hits, {x: data, training: False}) > 0.9


def test_layers_over_volumes_have_names_and_sizes_like_those_over_images() -> None:
    x = tf.placeholder(tf.float32, [None, 4, 6, 8, 2])
    y = tf.layers.conv3d(x, 5, 3, (1, 2, 2), "same", activation=tf.nn.relu)
    assert (y.name, y.get_shape().as_list()) == ("conv3d/Relu:0", [None, 4, 3, 4, 5])
    z = tf.layers.max_pooling3d(y, 2, 2, "same")
    assert z.get_shape().as_list() == [None, 2, 2, 2, 5]
    back = tf.layers.conv3d_transpose(z, 3, 2, 2)
    assert back.get_shape().as_list() == [None, 4, 4, 4, 3]
    mean = tf.layers.average_pooling3d(back, 4, 4)
    turned = tf.layers.conv3d(
        tf.transpose(x, [0, 4, 1, 2, 3]), 5, 3, (1, 2, 2), "same", "channels_first",
        name="conv3d", reuse=True, activation=tf.nn.relu,
    )  # fmt: skip
    assert [(v.op.name, v.get_shape().as_list()) for v in tf.trainable_variables()] == [
        ("conv3d/kernel", [3, 3, 3, 2, 5]),
        ("conv3d/bias", [5]),
        ("conv3d_transpose/kernel", [2, 2, 2, 3, 5]),
        ("conv3d_transpose/bias", [3]),
    ]
    feed = {x: np.random.default_rng(0).normal(size=(2, 4, 6, 8, 2))}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        first, last, small = sess.run([turned, y, mean], feed)
    np.testing.assert_allclose(first, last.transpose(0, 4, 1, 2, 3), rtol=1e-5, atol=1e-6)
    assert small.shape == (2, 1, 1, 1, 3)
