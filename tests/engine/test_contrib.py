"""tf.contrib.layers and framework: names, collections, argument scopes, regularizers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf

layers = tf.contrib.layers
framework = tf.contrib.framework


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


def test_fully_connected_ends_with_a_relu_unless_told() -> None:
    x = tf.constant([[1.0, -2.0]])
    start = tf.constant_initializer([[1.0, -1.0], [1.0, 1.0]])
    y = layers.fully_connected(x, 2, weights_initializer=start)
    z = layers.fully_connected(x, 2, activation_fn=None, weights_initializer=start)
    assert [y.name, z.name] == ["fully_connected/Relu:0", "fully_connected_1/BiasAdd:0"]
    assert names(tf.trainable_variables()) == [
        "fully_connected/weights", "fully_connected/biases",
        "fully_connected_1/weights", "fully_connected_1/biases",
    ]  # fmt: skip
    assert framework.get_model_variables() == tf.trainable_variables()
    with started() as sess:
        assert [v.tolist() for v in sess.run([y, z])] == [[[0.0, 0.0]], [[-1.0, -3.0]]]


def test_a_named_scope_is_shared_by_reuse() -> None:
    x = tf.zeros([2, 3])
    layers.fully_connected(x, 4, scope="hidden")
    layers.fully_connected(x, 4, scope="hidden", reuse=True)
    assert names(tf.global_variables()) == ["hidden/weights", "hidden/biases"]
    with pytest.raises(ValueError, match="Variable hidden/weights already exists"):
        layers.fully_connected(x, 4, scope="hidden")


def test_layers_of_images_and_their_names() -> None:
    x = tf.placeholder(tf.float32, [None, 8, 8, 3])
    made = [layers.conv2d(x, 4, 3)]
    made += [layers.max_pool2d(made[0], 2), layers.avg_pool2d(made[0], [2, 2])]
    made += [layers.conv2d_transpose(made[1], 5, 3, stride=2), layers.flatten(made[1])]
    made += [layers.batch_norm(made[0]), layers.conv2d(x, 4, 3, normalizer_fn=layers.batch_norm)]
    assert [y.op.name for y in made] == [
        "Conv/Relu", "MaxPool2D/MaxPool", "AvgPool2D/AvgPool", "Conv2d_transpose/Relu",
        "Flatten/flatten/Reshape", "BatchNorm/FusedBatchNorm", "Conv_1/Relu",
    ]  # fmt: skip
    assert [y.get_shape().as_list() for y in made[:5]] == [
        [None, 8, 8, 4], [None, 4, 4, 4], [None, 4, 4, 4], [None, 8, 8, 5], [None, 64],
    ]  # fmt: skip
    assert names(tf.global_variables("Conv_1")) == [
        "Conv_1/weights", "Conv_1/BatchNorm/beta", "Conv_1/BatchNorm/moving_mean",
        "Conv_1/BatchNorm/moving_variance",
    ]  # fmt: skip


def test_conv2d_in_nchw() -> None:
    y = layers.conv2d(tf.zeros([2, 3, 8, 8]), 4, 3, stride=2, data_format="NCHW", padding="VALID")
    assert y.get_shape().as_list() == [2, 4, 3, 3]
    with pytest.raises(ValueError, match="Invalid data_format: 'CHWN'"):
        layers.conv2d(tf.zeros([2, 3, 8, 8]), 4, 3, data_format="CHWN")


def test_batch_norm_moves_its_averages_by_update_ops_or_at_once() -> None:
    x = tf.constant([[2.0], [4.0]])
    layers.batch_norm(x, decay=0.5, scope="later")
    assert len(tf.get_collection(tf.GraphKeys.UPDATE_OPS)) == 2
    at_once = layers.batch_norm(x, decay=0.5, updates_collections=None, scope="once")
    layers.batch_norm(x, decay=0.5, updates_collections="mine", scope="own")
    assert len(tf.get_collection(tf.GraphKeys.UPDATE_OPS)) == 2
    assert len(tf.get_collection("mine")) == 2
    with started() as sess:
        sess.run(at_once)
        moving = [v for v in tf.global_variables() if v.op.name.endswith("moving_mean")]
        assert np.ravel(sess.run(moving)).tolist() == [0.0, 1.5, 0.0]


def test_layer_norm_normalizes_every_row() -> None:
    y = layers.layer_norm(tf.constant([[1.0, 3.0], [10.0, 30.0]]))
    assert y.name == "LayerNorm/batchnorm/add_1:0"
    assert names(tf.trainable_variables()) == ["LayerNorm/beta", "LayerNorm/gamma"]
    with started() as sess:
        np.testing.assert_allclose(sess.run(y), [[-1, 1], [-1, 1]], rtol=1e-5)


def test_dropout_keeps_by_keep_prob() -> None:
    y = layers.dropout(tf.ones([1000]), 0.25, seed=1)
    z = layers.dropout(tf.ones([1000]), 0.25, is_training=False)
    assert [y.op.name, z.op.name] == ["Dropout/dropout/mul", "Dropout_1/Identity"]
    with tf.Session() as sess:
        assert set(sess.run(y)) == {0.0, 4.0}
        assert set(sess.run(z)) == {1.0}


def test_collections_of_variables_and_outputs() -> None:
    y = layers.fully_connected(
        tf.zeros([2, 3]), 4, variables_collections={"weights": ["w"]}, outputs_collections="out"
    )
    layers.fully_connected(tf.zeros([2, 3]), 4, variables_collections=["all"])
    assert names(tf.get_collection("w")) == ["fully_connected/weights"]
    assert len(tf.get_collection("all")) == 2
    assert tf.get_collection("out") == [y]


def test_stack_and_repeat_number_their_layers() -> None:
    x = tf.zeros([2, 3])
    y = layers.stack(x, layers.fully_connected, [4, 5], scope="fc")
    z = layers.repeat(x, 2, layers.fully_connected, 3, activation_fn=tf.tanh)
    assert [y.op.name, z.op.name] == ["fc/fc_2/Relu", "Repeat/fully_connected_2/Tanh"]
    with pytest.raises(TypeError, match="stack_args need to be a list or tuple"):
        layers.stack(x, layers.fully_connected, 4)


def test_embeddings_and_one_hot() -> None:
    rows = layers.embed_sequence([[0, 2]], 5, 3)
    hot = layers.one_hot_encoding([1, 0], 2)
    assert rows.get_shape().as_list() == [1, 2, 3]
    assert names(tf.trainable_variables()) == ["EmbedSequence/embeddings"]
    with tf.Session() as sess:
        assert sess.run(hot).tolist() == [[0.0, 1.0], [1.0, 0.0]]
    with pytest.raises(ValueError, match="Must specify vocab size"):
        layers.embed_sequence([[0]])


def test_regularizers() -> None:
    w = tf.constant([[3.0, -4.0]])
    losses = [
        layers.l1_regularizer(0.5)(w),
        layers.l2_regularizer(0.1)(w),
        layers.l1_l2_regularizer(0.5, 0.1)(w),
        layers.sum_regularizer([layers.l1_regularizer(1.0), None])(w),
    ]
    assert losses[1].op.name == "l2_regularizer"
    with tf.Session() as sess:
        np.testing.assert_allclose(sess.run(losses), [3.5, 1.25, 4.75, 7.0])
    assert layers.l2_regularizer(0.0)(w) is None
    assert layers.sum_regularizer([None]) is None
    for bad, message in ((1, "scale cannot be an integer: 1"), (-0.5, "less than 0")):
        with pytest.raises(ValueError, match=message):
            layers.l1_regularizer(bad)


def test_a_regularizer_of_a_layer_gives_a_loss() -> None:
    layers.fully_connected(tf.zeros([1, 2]), 2, weights_regularizer=layers.l2_regularizer(0.1))
    (loss,) = tf.losses.get_regularization_losses()
    assert loss.op.name == "fully_connected/kernel/Regularizer/l2_regularizer"


def test_apply_regularization_sums_over_variables() -> None:
    ones = tf.ones_initializer()
    weights = [tf.get_variable(n, [2], initializer=ones) for n in "ab"]
    total = layers.apply_regularization(layers.l2_regularizer(1.0), weights)
    assert tf.losses.get_regularization_losses() == [total]
    with started() as sess:
        assert sess.run(total) == 2.0
    with pytest.raises(ValueError, match="must return a scalar"):
        layers.apply_regularization(lambda w: w * 1.0, weights)


@pytest.mark.parametrize(
    ("initializer", "limit"),
    [
        (layers.xavier_initializer(), math.sqrt(6 / (75 + 1600))),
        (layers.variance_scaling_initializer(uniform=True), math.sqrt(6 / 75)),
        (layers.variance_scaling_initializer(1.0, "FAN_OUT", True), math.sqrt(3 / 1600)),
    ],
)
def test_uniform_initializers_fill_their_limits(initializer: Any, limit: float) -> None:
    with tf.Session() as sess:
        drawn = np.abs(sess.run(initializer([5, 5, 3, 64])))
    assert 0.99 * limit < drawn.max() <= limit


def test_normal_initializers_have_their_deviation() -> None:
    tf.set_random_seed(1)
    with tf.Session() as sess:
        drawn = sess.run(layers.xavier_initializer(uniform=False)([100, 300]))
    assert drawn.std() == pytest.approx(math.sqrt(2 / 400), rel=0.02)
    with pytest.raises(TypeError, match="non-floating point"):
        layers.xavier_initializer(dtype=tf.int32)
    with pytest.raises(ValueError, match="Unknown mode FAN"):
        layers.variance_scaling_initializer(mode="FAN")


def test_arg_scope_gives_defaults_inside_and_nests() -> None:
    @framework.add_arg_scope
    def area(width: int, height: int = 1, scale: int = 1) -> int:
        return width * height * scale

    with framework.arg_scope([area], height=3) as outer:
        assert (area(2), area(2, height=5)) == (6, 10)
        with framework.arg_scope([area], scale=10):
            assert area(2) == 60
        assert area(2) == 6
    assert area(2) == 2
    with framework.arg_scope(outer):
        assert area(2) == 6
    assert framework.has_arg_scope(area) and area.__name__ == "area"
    with pytest.raises(ValueError, match="is not decorated with @add_arg_scope"):
        framework.arg_scope([len], a=1).__enter__()
    with pytest.raises(ValueError, match="kwargs must be empty"):
        framework.arg_scope(outer, height=1).__enter__()


def test_arg_scope_of_layers() -> None:
    x = tf.zeros([2, 8, 8, 3])
    with framework.arg_scope(
        [layers.conv2d, layers.fully_connected], activation_fn=tf.tanh, biases_initializer=None
    ):
        y = layers.conv2d(x, 4, 3)
    assert y.op.name == "Conv/Tanh"
    assert names(tf.trainable_variables()) == ["Conv/weights"]


def test_variables_by_scope_and_name() -> None:
    layers.fully_connected(tf.zeros([1, 2]), 2, scope="a")
    layers.fully_connected(tf.zeros([1, 2]), 2, scope="ab")
    assert names(framework.get_variables("a/")) == ["a/weights", "a/biases"]
    assert names(framework.get_variables("a", suffix="biases")) == ["a/biases"]
    assert names(framework.get_variables_by_name("weights")) == ["a/weights", "ab/weights"]
    assert framework.get_unique_variable("ab/biases").op.name == "ab/biases"
    with pytest.raises(ValueError, match="Variable c does not exist"):
        framework.get_unique_variable("c")


def test_optimize_loss_by_name_clips_and_counts() -> None:
    w = tf.get_variable("w", [], initializer=tf.constant_initializer(10.0))
    step = framework.get_or_create_global_step()
    train = layers.optimize_loss(w * w, step, 0.5, "SGD", clip_gradients=1.0)
    with started() as sess:
        assert sess.run(train) == 100.0
        assert sess.run([w, step]) == [9.5, 1]
    with pytest.raises(ValueError, match="Optimizer name should be one of"):
        layers.optimize_loss(w * w, step, 0.5, "Nothing", name="other")


def test_slim_has_the_same_functions() -> None:
    assert tf.contrib.slim.conv2d is layers.conv2d
    assert tf.contrib.slim.arg_scope is framework.arg_scope
    assert tf.contrib.slim.losses is tf.contrib.losses


def test_streaming_metrics_take_the_predictions_first() -> None:
    _, update = tf.contrib.metrics.streaming_precision([1, 1, 0, 1], [0, 1, 1, 1])
    _, recall = tf.contrib.metrics.streaming_recall([1, 0, 0, 0], [1, 1, 1, 1])
    with tf.Session() as sess:
        sess.run(tf.local_variables_initializer())
        np.testing.assert_allclose(sess.run([update, recall]), [2 / 3, 0.25])


def test_accuracy_of_one_batch_with_weights() -> None:
    share = tf.contrib.metrics.accuracy([0, 1, 1], [0, 1, 0], weights=[1.0, 1.0, 2.0])
    with tf.Session() as sess:
        assert sess.run(share) == 0.5
    with pytest.raises(ValueError, match="dtypes of predictions and labels should match"):
        tf.contrib.metrics.accuracy([0], [0.0])


def test_separable_convolution_is_depthwise_then_pointwise() -> None:
    x = tf.constant(np.random.RandomState(0).randn(2, 6, 6, 3), tf.float32)
    y = layers.separable_conv2d(x, 4, [3, 3], stride=2, activation_fn=None, scope="both")
    alone = layers.separable_conv2d(x, None, 3, depth_multiplier=2, scope="depth")
    assert names(framework.get_model_variables()) == [
        "both/depthwise_weights",
        "both/pointwise_weights",
        "both/biases",
        "depth/depthwise_weights",
        "depth/biases",
    ]
    assert alone.get_shape().as_list() == [2, 6, 6, 6]
    by_channel, across, _, own, _ = framework.get_model_variables()
    plain = tf.nn.separable_conv2d(x, by_channel, across, [1, 2, 2, 1], "SAME")
    first = tf.nn.relu(tf.nn.depthwise_conv2d(x, own, [1, 1, 1, 1], "SAME"))
    sess = started()
    np.testing.assert_allclose(*sess.run([y, plain]), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(*sess.run([alone, first]), rtol=1e-5, atol=1e-6)


def test_instance_norm_normalizes_every_channel_of_every_image() -> None:
    images = np.random.RandomState(0).randn(2, 5, 5, 3) * 3 + 1
    y = layers.instance_norm(tf.placeholder_with_default(images, [None, 5, 5, 3]))
    assert names(tf.trainable_variables()) == ["InstanceNorm/beta", "InstanceNorm/gamma"]
    found = started().run(y)
    np.testing.assert_allclose(found.mean((1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(found.std((1, 2)), 1, atol=1e-4)
    with pytest.raises(ValueError, match="undefined rank"):
        layers.instance_norm(tf.placeholder(tf.float32))


def test_layers_with_few_variables_or_none() -> None:
    x = tf.constant([[3.0, 4.0, 0.0, 1.0]])
    found = started().run(
        [layers.maxout(x, 2), layers.unit_norm(x[:, :2], 1), tf.reduce_sum(layers.softmax(x))]
    )
    assert found[0].tolist() == [[4.0, 1.0]]
    np.testing.assert_allclose(found[1], [[0.6, 0.8]], rtol=1e-5)
    assert found[2] == pytest.approx(1)
    y = layers.bias_add(x, tf.nn.relu, tf.constant_initializer(-2.0))
    assert names(tf.trainable_variables()) == ["BiasAdd/biases"]
    assert started().run(y).tolist() == [[1.0, 2.0, 0.0, 0.0]]
    with pytest.raises(ValueError, match=r"number of features\(4\) is not a multiple"):
        layers.maxout(x, 3)


def test_variables_to_restore_leave_scopes_out() -> None:
    for scope in ("body", "head"):
        with tf.variable_scope(scope):
            tf.get_variable("w", [])
    assert names(framework.get_variables_to_restore()) == ["body/w", "head/w"]
    assert names(framework.get_variables_to_restore(exclude=["head"])) == ["body/w"]
    assert names(tf.contrib.slim.get_variables_to_restore(include=["head"])) == ["head/w"]
    with pytest.raises(TypeError, match="exclude is provided but is not a list"):
        framework.get_variables_to_restore(exclude="head")


def test_summaries_of_collections() -> None:
    y = layers.fully_connected(tf.ones([1, 2]), 3, outputs_collections=["activations"])
    made = layers.summarize_activations()
    assert [s.op.name for s in made] == ["fully_connected/Relu/activation"]
    assert len(layers.summarize_variables("fully_connected/b")) == 1
    assert len(layers.summarize_tensors([y, tf.reduce_sum(y)])) == 2
    assert len(tf.get_collection(tf.GraphKeys.SUMMARIES)) == 5


def test_a_train_op_clips_and_summarizes_gradients() -> None:
    w = tf.Variable([3.0, 4.0], name="w")
    step = tf.contrib.training.create_train_op(
        tf.reduce_sum(w * w),
        tf.train.GradientDescentOptimizer(1.0),
        clip_gradient_norm=1.0,
        summarize_gradients=True,
    )
    assert len(tf.get_collection(tf.GraphKeys.SUMMARIES)) == 2
    sess = started()
    assert sess.run(step) == 25.0
    np.testing.assert_allclose(sess.run(w), [2.4, 3.2], rtol=1e-6)


def test_hyperparameters_keep_their_types() -> None:
    settings = tf.contrib.training.HParams(rate=0.1, units=[8, 4], flag=False, name="a")
    settings.parse("rate=1,units=[16],flag=true").set_hparam("name", "b")
    assert settings.values() == {"rate": 1.0, "units": [16], "flag": True, "name": "b"}
    assert (settings.rate, "flag" in settings, settings.get("other", 3)) == (1.0, True, 3)
    settings.rate = 0.5
    assert settings.to_json() == '{"rate": 0.5, "units": [16], "flag": true, "name": "b"}'
    with pytest.raises(ValueError, match="Could not cast hyperparameter 'rate'"):
        settings.parse("rate=fast")
    with pytest.raises(ValueError, match="Unknown hyperparameter type for speed"):
        settings.parse("speed=1")
    with pytest.raises(KeyError, match="does not exist"):
        settings.set_hparam("speed", 1)
    with pytest.raises(ValueError, match="reserved"):
        settings.add_hparam("rate", 1)
    with pytest.raises(AttributeError, match="speed"):
        _ = settings.speed
