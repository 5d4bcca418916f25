"""1.x: highway layers with a transform gate, and residual blocks with projection shortcuts."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
glyphs = rng.rand(4, 8, 8, 1)
labels = rng.randint(4, size=120)
images = (glyphs[labels] + 0.2 * rng.randn(120, 8, 8, 1)).astype(np.float32)


def highway(x, size, carry_bias=-1.0):
    W_T = tf.Variable(tf.truncated_normal([size, size], stddev=0.1), name="weight_transform")
    b_T = tf.Variable(tf.constant(carry_bias, shape=[size]), name="bias_transform")
    W = tf.Variable(tf.truncated_normal([size, size], stddev=0.1), name="weight")
    b = tf.Variable(tf.constant(0.1, shape=[size]), name="bias")
    T = tf.sigmoid(tf.matmul(x, W_T) + b_T, name="transform_gate")
    H = tf.nn.relu(tf.matmul(x, W) + b, name="activation")
    C = tf.subtract(1.0, T, name="carry_gate")
    return tf.add(tf.multiply(H, T), tf.multiply(x, C), "y")


def residual_block(x, filters, training, stride=1):
    shortcut = x
    if stride != 1 or x.shape[-1].value != filters:
        shortcut = tf.layers.conv2d(x, filters, 1, strides=stride, use_bias=False)
    for i in range(2):
        x = tf.nn.relu(tf.layers.batch_normalization(x, training=training, fused=True))
        x = tf.layers.conv2d(
            x, filters, 3, strides=stride if i == 0 else 1, padding="same", use_bias=False
        )
    return x + shortcut


tf.set_random_seed(0)
x = tf.placeholder(tf.float32, [None, 8, 8, 1])
y = tf.placeholder(tf.int64, [None])
training = tf.placeholder(tf.bool)
net = tf.layers.conv2d(x, 8, 3, padding="same")
net = residual_block(net, 8, training)
net = residual_block(net, 16, training, stride=2)
net = tf.reduce_mean(net, axis=[1, 2])
assert net.shape.as_list() == [None, 16]
for _ in range(3):
    net = highway(net, 16)
logits = tf.layers.dense(net, 4)
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
correct = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), y), tf.float32))
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    losses = [sess.run([loss, train], {x: images, y: labels, training: True})[0] for _ in range(40)]
    score = sess.run(correct, {x: images, y: labels, training: True})
print(losses[0], losses[-1], score)
assert losses[-1] < losses[0] / 3 and score > 0.9
