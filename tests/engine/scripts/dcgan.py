"""1.x: DCGAN pieces: conv2d_transpose with an output shape, batch norm, lrelu, two Adams."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
tf.set_random_seed(0)
batch = 16


def lrelu(x, leak=0.2):
    return tf.maximum(x, leak * x)


def deconv2d(input_, output_shape, name):
    with tf.variable_scope(name):
        w = tf.get_variable(
            "w",
            [5, 5, output_shape[-1], input_.get_shape()[-1]],
            initializer=tf.random_normal_initializer(stddev=0.02),
        )
        deconv = tf.nn.conv2d_transpose(input_, w, output_shape=output_shape, strides=[1, 2, 2, 1])
        biases = tf.get_variable(
            "biases", [output_shape[-1]], initializer=tf.constant_initializer(0.0)
        )
        return tf.reshape(tf.nn.bias_add(deconv, biases), deconv.get_shape())


def conv2d(input_, output_dim, name):
    with tf.variable_scope(name):
        w = tf.get_variable(
            "w",
            [5, 5, input_.get_shape()[-1], output_dim],
            initializer=tf.truncated_normal_initializer(stddev=0.02),
        )
        conv = tf.nn.conv2d(input_, w, strides=[1, 2, 2, 1], padding="SAME")
        biases = tf.get_variable("biases", [output_dim], initializer=tf.constant_initializer(0.0))
        return tf.nn.bias_add(conv, biases)


def bn(x, name, train=True):
    return tf.contrib.layers.batch_norm(
        x,
        decay=0.9,
        updates_collections=None,
        epsilon=1e-5,
        scale=True,
        is_training=train,
        scope=name,
    )


def generator(z, train=True):
    with tf.variable_scope("generator", reuse=not train):
        h0 = tf.layers.dense(z, 2 * 2 * 16, name="g_h0_lin")
        h0 = tf.nn.relu(bn(tf.reshape(h0, [-1, 2, 2, 16]), "g_bn0", train))
        h1 = tf.nn.relu(bn(deconv2d(h0, [batch, 4, 4, 8], "g_h1"), "g_bn1", train))
        return tf.nn.tanh(deconv2d(h1, [batch, 8, 8, 1], "g_h2"))


def discriminator(image, reuse=False):
    with tf.variable_scope("discriminator") as scope:
        if reuse:
            scope.reuse_variables()
        h0 = lrelu(conv2d(image, 8, "d_h0_conv"))
        h1 = lrelu(bn(conv2d(h0, 16, "d_h1_conv"), "d_bn1"))
        h2 = tf.layers.dense(tf.reshape(h1, [batch, -1]), 1, name="d_h2_lin")
        return tf.nn.sigmoid(h2), h2


z = tf.placeholder(tf.float32, [None, 10], name="z")
real = tf.placeholder(tf.float32, [batch, 8, 8, 1], name="real_images")
G = generator(z)
sampler = generator(z, train=False)
D, D_logits = discriminator(real)
D_, D_logits_ = discriminator(G, reuse=True)
tf.summary.histogram("d", D)
tf.summary.image("G", G)


def sigmoid_loss(logits, value):
    return tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=value * tf.ones_like(logits))
    )


d_loss = sigmoid_loss(D_logits, 1) + sigmoid_loss(D_logits_, 0)
g_loss = sigmoid_loss(D_logits_, 1)
t_vars = tf.trainable_variables()
d_optim = tf.train.AdamOptimizer(2e-3, beta1=0.5).minimize(
    d_loss, var_list=[v for v in t_vars if "d_" in v.name]
)
g_optim = tf.train.AdamOptimizer(2e-3, beta1=0.5).minimize(
    g_loss, var_list=[v for v in t_vars if "g_" in v.name]
)
shape = np.zeros([8, 8, 1]) - 0.8
shape[2:6, 2:6] = 0.8
with tf.Session() as sess:
    tf.global_variables_initializer().run()
    summaries = tf.summary.merge_all()
    distances = []
    for _ in range(60):
        feed = {z: rng.uniform(-1, 1, [batch, 10]), real: shape + 0.1 * rng.randn(batch, 8, 8, 1)}
        sess.run([d_optim, summaries], feed)
        sess.run(g_optim, {z: feed[z]})
        _, fake = sess.run([g_optim, G], {z: feed[z]})
        distances.append(np.abs(fake.mean(0) - shape).mean())
    picture = sess.run(sampler, {z: rng.uniform(-1, 1, [batch, 10])})
print(distances[0], distances[-1], picture.shape)
assert min(distances[-10:]) < 0.6 * distances[0]
