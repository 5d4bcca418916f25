"""1.x: slim with arg_scope, repeat, end points, total loss and create_train_op."""

import numpy as np
import tensorflow as tf
import tensorflow.contrib.slim as slim

rng = np.random.RandomState(1)
glyphs = (rng.rand(3, 16, 16, 1) > 0.5).astype(np.float32)
labels = rng.randint(3, size=96)
images = glyphs[labels] + 0.3 * rng.randn(96, 16, 16, 1).astype(np.float32)


def arg_scope(weight_decay, is_training):
    batch_norm_params = {"is_training": is_training, "decay": 0.9, "epsilon": 0.001}
    with slim.arg_scope(
        [slim.conv2d, slim.fully_connected],
        weights_regularizer=slim.l2_regularizer(weight_decay),
        weights_initializer=tf.truncated_normal_initializer(stddev=0.1),
        activation_fn=tf.nn.relu,
    ):
        with slim.arg_scope(
            [slim.conv2d], normalizer_fn=slim.batch_norm, normalizer_params=batch_norm_params
        ) as sc:
            return sc


def network(inputs, num_classes, is_training=True, keep=0.8, scope="tiny_vgg", reuse=None):
    end_points_collection = scope + "_end_points"
    with tf.variable_scope(scope, "tiny_vgg", [inputs], reuse=reuse):
        with slim.arg_scope(
            [slim.conv2d, slim.max_pool2d], outputs_collections=end_points_collection
        ):
            net = slim.repeat(inputs, 2, slim.conv2d, 8, [3, 3], scope="conv1")
            net = slim.max_pool2d(net, [2, 2], scope="pool1")
            net = slim.conv2d(net, 16, [3, 3], stride=2, scope="conv2")
            net = slim.flatten(net)
            net = slim.dropout(net, keep, is_training=is_training, scope="dropout3")
            logits = slim.fully_connected(net, num_classes, activation_fn=None, scope="fc4")
        return logits, slim.utils.convert_collection_to_dict(end_points_collection)


tf.logging.set_verbosity(tf.logging.ERROR)
tf.set_random_seed(0)
x = tf.placeholder(tf.float32, [None, 16, 16, 1])
y = tf.placeholder(tf.int64, [None])
with slim.arg_scope(arg_scope(1e-4, True)):
    logits, end_points = network(x, 3)
with slim.arg_scope(arg_scope(1e-4, False)):
    test_logits, _ = network(x, 3, is_training=False, reuse=True)
print(sorted(end_points))
assert "tiny_vgg/conv1/conv1_2" in end_points
one_hot = slim.one_hot_encoding(y, 3)
slim.losses.softmax_cross_entropy(logits, one_hot)
total_loss = slim.losses.get_total_loss()
train_op = slim.learning.create_train_op(total_loss, tf.train.AdamOptimizer(0.005))
names = [v.op.name for v in slim.get_model_variables()]
assert "tiny_vgg/conv1/conv1_1/BatchNorm/moving_variance" in names, names
assert "tiny_vgg/fc4/weights" in names
accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(test_logits, 1), y), tf.float32))
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    losses = [sess.run(train_op, {x: images, y: labels}) for _ in range(25)]
    score = sess.run(accuracy, {x: images, y: labels})
print(losses[0], losses[-1], score)
assert losses[-1] < losses[0] / 3 and score > 0.9
