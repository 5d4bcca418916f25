"""1.x: Mandelbrot by steps and by while_loop, and raindrops on a pond by conv2d."""

import numpy as np
import tensorflow as tf

sess = tf.InteractiveSession()
Y, X = np.mgrid[-1.3:1.3:0.05, -2:1:0.05]
Z = X + 1j * Y
xs = tf.constant(Z.astype(np.complex64))
zs = tf.Variable(xs)
ns = tf.Variable(tf.zeros_like(xs, tf.float32))
tf.global_variables_initializer().run()
zs_ = zs * zs + xs
not_diverged = tf.abs(zs_) < 4
step = tf.group(zs.assign(zs_), ns.assign_add(tf.cast(not_diverged, tf.float32)))
with np.errstate(all="ignore"):
    for _ in range(50):
        step.run()
by_hand = ns.eval()


def body(i, z, n):
    z = tf.where(tf.abs(z) < 4, z * z + xs, z)
    return i + 1, z, n + tf.cast(tf.abs(z) < 4, tf.float32)


_, _, looped = tf.while_loop(
    lambda i, z, n: i < 50, body, [tf.constant(0), xs, tf.zeros_like(xs, tf.float32)]
)
in_loop = looped.eval()
print(by_hand.max(), (by_hand == 50).sum(), (in_loop == 50).sum())
assert (by_hand == 50).sum() == (in_loop == 50).sum() > 100


def make_kernel(a):
    a = np.asarray(a)
    a = a.reshape([*list(a.shape), 1, 1])
    return tf.constant(a, dtype=1)


def simple_conv(x, k):
    x = tf.expand_dims(tf.expand_dims(x, 0), -1)
    y = tf.nn.depthwise_conv2d(x, k, [1, 1, 1, 1], padding="SAME")
    return y[0, :, :, 0]


def laplace(x):
    return simple_conv(x, make_kernel([[0.5, 1.0, 0.5], [1.0, -6.0, 1.0], [0.5, 1.0, 0.5]]))


u_init = np.zeros([40, 40], dtype=np.float32)
for a, b in np.random.RandomState(0).randint(0, 40, (10, 2)):
    u_init[a, b] = 0.5
eps = tf.placeholder(tf.float32, shape=())
damping = tf.placeholder(tf.float32, shape=())
U = tf.Variable(u_init)
Ut = tf.Variable(np.zeros([40, 40], dtype=np.float32))
U_ = U + eps * Ut
Ut_ = Ut + eps * (laplace(U) - damping * Ut)
step = tf.group(U.assign(U_), Ut.assign(Ut_))
tf.global_variables_initializer().run()
u, ut = u_init.copy(), np.zeros_like(u_init)
for _ in range(100):
    step.run({eps: 0.03, damping: 0.04})
    p = np.pad(u, 1)
    lap = (
        p[:-2, 1:-1]
        + p[2:, 1:-1]
        + p[1:-1, :-2]
        + p[1:-1, 2:]
        - 6 * u
        + 0.5 * (p[:-2, :-2] + p[2:, 2:] + p[:-2, 2:] + p[2:, :-2])
    )
    u, ut = u + 0.03 * ut, ut + 0.03 * (lap - 0.04 * ut)
np.testing.assert_allclose(U.eval(), u, atol=1e-4)
sess.close()
