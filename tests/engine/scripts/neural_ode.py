"""1.x: an equation solved by Runge-Kutta in a while_loop, its right side learned."""

import numpy as np
import tensorflow as tf

tf.set_random_seed(1)

W1 = tf.get_variable("W1", [2, 8])
b1 = tf.get_variable("b1", [8], initializer=tf.zeros_initializer)
W2 = tf.get_variable("W2", [8, 2])
b2 = tf.get_variable("b2", [2], initializer=tf.zeros_initializer())


def f(t, y):
    return tf.matmul(tf.tanh(tf.matmul(y**3, W1) + b1), W2) + b2


def rk4_step(func, dt, t, y):
    k1 = func(t, y)
    k2 = func(t + dt / 2, y + dt * k1 / 2)
    k3 = func(t + dt / 2, y + dt * k2 / 2)
    k4 = func(t + dt, y + dt * k3)
    return t + dt, y + (k1 + 2 * k2 + 2 * k3 + k4) * (dt / 6)


def odeint(func, y0, ts):
    n = tf.shape(ts)[0]
    ta = tf.TensorArray(
        dtype=tf.float32,
        size=n,
        dynamic_size=False,
        clear_after_read=False,
        element_shape=y0.get_shape(),
    )
    ta = ta.write(0, y0)

    def cond(i, t, y, ta):
        return tf.less(i, n)

    def body(i, t, y, ta):
        dt = ts[i] - ts[i - 1]
        t, y = rk4_step(func, dt, t, y)
        ta = ta.write(i, y)
        return i + 1, t, y, ta

    _, _, yT, ta = tf.while_loop(cond, body, [tf.constant(1), ts[0], y0, ta], swap_memory=True)
    return ta.stack()


y0 = tf.constant([[2.0, 0.0]])
ts = tf.placeholder(tf.float32, [None])
true = tf.placeholder(tf.float32, [None, 1, 2])
pred = odeint(f, y0, ts)
print(pred)
loss = tf.reduce_mean(tf.abs(pred - true))
opt = tf.train.RMSPropOptimizer(1e-2).minimize(loss)
g = tf.gradients(loss, [W1, b1, ts])
gg = tf.gradients(tf.reduce_sum(g[0] ** 2), W2)
t = np.linspace(0, 1, 9).astype(np.float32)
tr = np.stack([2 * np.cos(t), np.sin(t)], -1)[:, None]
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    losses = [sess.run([opt, loss], {ts: t, true: tr})[1] for i in range(20)]
    print(losses[0], losses[-1], *sess.run(g + gg, {ts: t, true: tr}))
    path = sess.run(pred, {ts: t})
    assert path.shape == (9, 1, 2) and path[0].tolist() == [[2.0, 0.0]]
    assert losses[-1] < losses[0]
