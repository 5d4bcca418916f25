"""1.x: a convolutional net with tf.layers, batch norm with UPDATE_OPS and a training flag."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
glyphs = (rng.rand(4, 12, 12) > 0.5).astype(np.float32)
labels = rng.randint(4, size=160)
images = glyphs[labels] + 0.3 * rng.randn(160, 12, 12).astype(np.float32)

tf.reset_default_graph()
tf.set_random_seed(0)
x = tf.placeholder(tf.float32, [None, 12, 12], name="x")
y = tf.placeholder(tf.int32, [None], name="y")
is_training = tf.placeholder_with_default(False, [], name="is_training")


def conv_net(x, n_classes, dropout, reuse, is_training):
    with tf.variable_scope("ConvNet", reuse=reuse):
        x = tf.expand_dims(x, -1)
        conv1 = tf.layers.conv2d(
            x, 8, 3, activation=tf.nn.relu, kernel_initializer=tf.variance_scaling_initializer()
        )
        conv1 = tf.layers.batch_normalization(conv1, training=is_training, momentum=0.9)
        conv1 = tf.layers.max_pooling2d(conv1, 2, 2)
        conv2 = tf.layers.conv2d(
            conv1,
            filters=16,
            kernel_size=[3, 3],
            padding="same",
            activation=tf.nn.relu,
            name="second",
        )
        fc1 = tf.layers.flatten(conv2)
        fc1 = tf.layers.dense(
            fc1, 32, activation=tf.nn.elu, kernel_regularizer=tf.contrib.layers.l2_regularizer(1e-4)
        )
        fc1 = tf.layers.dropout(fc1, rate=dropout, training=is_training)
        return tf.layers.dense(fc1, n_classes)


logits = conv_net(x, 4, 0.25, False, is_training)
again = conv_net(x, 4, 0.25, True, False)
names = [v.name for v in tf.trainable_variables()]
print(names)
assert names == [
    "ConvNet/conv2d/kernel:0",
    "ConvNet/conv2d/bias:0",
    "ConvNet/batch_normalization/gamma:0",
    "ConvNet/batch_normalization/beta:0",
    "ConvNet/second/kernel:0",
    "ConvNet/second/bias:0",
    "ConvNet/dense/kernel:0",
    "ConvNet/dense/bias:0",
    "ConvNet/dense_1/kernel:0",
    "ConvNet/dense_1/bias:0",
]
loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(logits=logits, labels=y))
loss += tf.losses.get_regularization_loss()
update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
assert len(update_ops) == 2
global_step = tf.train.get_or_create_global_step()
with tf.control_dependencies(update_ops):
    train_op = tf.train.AdamOptimizer(0.003).minimize(loss, global_step=global_step)
accuracy = tf.reduce_mean(tf.to_float(tf.nn.in_top_k(again, y, 1)))
n_params = np.sum([np.prod(v.get_shape().as_list()) for v in tf.trainable_variables()])
print("parameters:", n_params)
assert n_params == 80 + 16 + 1168 + 400 * 32 + 32 + 132

with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for step in range(30):
        pick = slice(step % 4 * 40, step % 4 * 40 + 40)
        _, value = sess.run([train_op, loss], {x: images[pick], y: labels[pick], is_training: True})
    score, mean, steps = sess.run(
        [accuracy, "ConvNet/batch_normalization/moving_mean:0", global_step], {x: images, y: labels}
    )
    print(value, score, steps)
    assert score > 0.95 and np.abs(mean).sum() > 0 and steps == 30
