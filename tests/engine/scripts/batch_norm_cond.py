"""1.x: the batch normalisation people wrote by hand: moments, EMA and tf.cond on a phase."""

import numpy as np
import tensorflow as tf


def batch_norm(x, n_out, phase_train, scope="bn"):
    with tf.variable_scope(scope):
        beta = tf.Variable(tf.constant(0.0, shape=[n_out]), name="beta", trainable=True)
        gamma = tf.Variable(tf.constant(1.0, shape=[n_out]), name="gamma", trainable=True)
        batch_mean, batch_var = tf.nn.moments(x, [0], name="moments")
        ema = tf.train.ExponentialMovingAverage(decay=0.5)

        def mean_var_with_update():
            ema_apply_op = ema.apply([batch_mean, batch_var])
            with tf.control_dependencies([ema_apply_op]):
                return tf.identity(batch_mean), tf.identity(batch_var)

        mean, var = tf.cond(
            phase_train,
            mean_var_with_update,
            lambda: (ema.average(batch_mean), ema.average(batch_var)),
        )
        return tf.nn.batch_normalization(x, mean, var, beta, gamma, 1e-3)


rng = np.random.RandomState(0)
data = 5 + 2 * rng.randn(200, 6).astype(np.float32)
target = (data.sum(1, keepdims=True) > 30).astype(np.float32)

tf.set_random_seed(0)
x = tf.placeholder(tf.float32, [None, 6])
y = tf.placeholder(tf.float32, [None, 1])
phase_train = tf.placeholder(tf.bool, name="phase_train")
h = tf.nn.tanh(batch_norm(x, 6, phase_train))
w = tf.get_variable("w", [6, 1], initializer=tf.contrib.layers.xavier_initializer())
logits = tf.matmul(h, w)
loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits))
step = tf.train.MomentumOptimizer(0.2, 0.9, use_nesterov=True).minimize(loss)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    first = sess.run(loss, {x: data, y: target, phase_train: True})
    for _ in range(60):
        sess.run(step, {x: data, y: target, phase_train: True})
    trained = sess.run(loss, {x: data, y: target, phase_train: True})
    tested = sess.run(loss, {x: data, y: target, phase_train: False})
    averages = [v for v in tf.global_variables() if "ExponentialMovingAverage" in v.name]
    print([v.name for v in averages])
    mean = sess.run(averages[0])
print(first, trained, tested, mean)
assert trained < first / 2
np.testing.assert_allclose(trained, tested, rtol=1e-3)
np.testing.assert_allclose(mean, data.mean(0), rtol=1e-3)
