"""1.x: gradients of one's own: by gradient_override_map, custom_gradient, py_func."""

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import ops

tf.set_random_seed(1)


class FlipGradientBuilder(object):
    def __init__(self):
        self.num_calls = 0

    def __call__(self, x, l=1.0):
        grad_name = "FlipGradient%d" % self.num_calls

        @ops.RegisterGradient(grad_name)
        def _flip_gradients(op, grad):
            return [tf.negative(grad) * l]

        g = tf.get_default_graph()
        with g.gradient_override_map({"Identity": grad_name}):
            y = tf.identity(x)
        self.num_calls += 1
        return y


flip_gradient = FlipGradientBuilder()


@tf.RegisterGradient("GuidedRelu")
def _GuidedReluGrad(op, grad):
    return tf.where(
        0.0 < grad,
        tf.nn.relu(grad) * tf.cast(op.outputs[0] > 0, tf.float32),
        tf.zeros(grad.get_shape()),
    )


@tf.RegisterGradient("QuantizeGrad")
def _q(op, grad):
    return grad


def quantize(x, k):
    n = float(2**k - 1)
    with tf.get_default_graph().gradient_override_map({"Round": "QuantizeGrad"}):
        return tf.round(x * n) / n


@tf.custom_gradient
def log1pexp(x):
    e = tf.exp(x)

    def grad(dy):
        return dy * (1 - 1 / (1 + e))

    return tf.log(1 + e), grad


def py_func(func, inp, Tout, stateful=True, name=None, grad=None):
    rnd_name = "SpikyGrad" + str(np.random.randint(0, 1e8))
    tf.RegisterGradient(rnd_name)(grad)
    g = tf.get_default_graph()
    with g.gradient_override_map({"PyFunc": rnd_name}):
        return tf.py_func(func, inp, Tout, stateful=stateful, name=name)


def spiky(x):
    r = x % 1
    return r if r <= 0.5 else 0


def np_spiky(x):
    return np.vectorize(spiky)(x).astype(np.float32)


def tf_spiky(x, name=None):
    with tf.name_scope(name, "spiky", [x]) as name:
        y = py_func(
            np_spiky,
            [x],
            [tf.float32],
            name=name,
            grad=lambda op, g: g * tf.cast(op.inputs[0] > 0.2, tf.float32),
        )
        return y[0]


@tf.RegisterGradient("BinActive")
def bin_grad(op, grad):
    return tf.clip_by_value(grad, -0.5, 0.5)


x = tf.placeholder(tf.float32, [2, 3])
w = tf.get_variable("w", [3, 4])
h = tf.matmul(x, w)
with tf.get_default_graph().gradient_override_map({"Relu": "GuidedRelu"}):
    gr = tf.nn.relu(h, name="gr")
with tf.get_default_graph().gradient_override_map({"Sign": "BinActive"}):
    sg = tf.sign(h)
outs = [
    flip_gradient(h, 0.3),
    gr,
    quantize(tf.clip_by_value(h, 0, 1), 2),
    log1pexp(h),
    tf_spiky(h),
    sg,
    h + tf.stop_gradient(tf.round(h) - h),
]
print([(o.op.type, o.shape) for o in outs])
plain = tf.gradients(h, x, grad_ys=2 * h)[0]
with tf.Session() as s:
    s.run(tf.global_variables_initializer())
    feed = {x: [[0.1, 0.2, -0.3], [1, 2, 3]]}
    slopes = [s.run(tf.gradients(o * o, x)[0], feed) for o in outs]
    straight = s.run(plain, feed)
    np.testing.assert_allclose(slopes[0], -0.3 * straight, rtol=1e-5)
    assert all(np.abs(slope).sum() > 0 for slope in slopes[1:])
    assert set(np.round(s.run(outs[2] * 3, feed)).ravel()) <= {0, 1, 2, 3}
    assert tf.gradients(tf.py_func(np_spiky, [h], tf.float32), w) == [None]
