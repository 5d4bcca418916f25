"""1.x: a NumPy function with its own gradient: py_func, RegisterGradient, gradient_override_map."""

import numpy as np
import tensorflow as tf


def py_func(func, inp, Tout, stateful=True, name=None, grad=None):
    rnd_name = "PyFuncGrad" + str(np.random.randint(0, 1e8))
    tf.RegisterGradient(rnd_name)(grad)
    g = tf.get_default_graph()
    with g.gradient_override_map({"PyFunc": rnd_name}):
        return tf.py_func(func, inp, Tout, stateful=stateful, name=name)


def spiky(x):
    r = x % 1
    return r if r <= 0.5 else 0


def d_spiky(x):
    r = x % 1
    return 1 if r <= 0.5 else 0


np_spiky = np.vectorize(spiky, otypes=[np.float32])
np_d_spiky = np.vectorize(d_spiky, otypes=[np.float32])


def tf_d_spiky(x, name=None):
    with tf.name_scope(name, "d_spiky", [x]) as name:
        return tf.py_func(np_d_spiky, [x], [tf.float32], name=name, stateful=False)[0]


def spiky_grad(op, grad):
    return grad * tf_d_spiky(op.inputs[0])


def tf_spiky(x, name=None):
    with tf.name_scope(name, "spiky", [x]) as name:
        y = py_func(np_spiky, [x], [tf.float32], name=name, grad=spiky_grad)
        return y[0]


@tf.RegisterGradient("ScriptQuantizeGrad")
def sign_grad(op, grad):
    input = op.inputs[0]
    cond = (input >= -1) & (input <= 1)
    return tf.where(cond, grad, tf.zeros_like(grad))


def binary(input):
    with tf.get_default_graph().gradient_override_map({"Sign": "ScriptQuantizeGrad"}):
        return tf.sign(input)


with tf.Session() as sess:
    x = tf.constant([0.2, 0.7, 1.2, 1.7])
    y = tf_spiky(x)
    tf.global_variables_initializer().run()
    value, slope = sess.run([y, tf.gradients(y, [x])[0]])
    print(value, slope)
    np.testing.assert_allclose(value, [0.2, 0, 0.2, 0], atol=1e-6)
    assert slope.tolist() == [1, 0, 1, 0]
    z = tf.constant([-3.0, -0.5, 0.5, 3.0])
    assert sess.run(tf.gradients(binary(z), z))[0].tolist() == [0, 1, 1, 0]
