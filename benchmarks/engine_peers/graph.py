"""The workloads as a TensorFlow 1 script: one source for ``import engine as tf`` and TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine_peers.data import CHAIN, Arrays

Step = tuple[Callable[[], Any], Callable[[], float]]


def build(tf: Any, workload: str, data: Arrays, config: Any = None) -> Step:
    """One training step by ``Session.run`` with a feed, and the loss."""
    x = tf.placeholder(tf.float32, data["x"].shape)
    y = tf.placeholder(tf.float32, data["y"].shape)
    weights = {k: tf.Variable(v, name=k) for k, v in data.items() if k not in ("x", "y")}
    loss = _LOSSES[workload](tf, x, y, weights)
    optimizer = (
        tf.train.GradientDescentOptimizer(0.05)
        if workload == "b"
        else tf.train.AdamOptimizer(_RATES.get(workload, 1e-3))
    )
    train = optimizer.minimize(loss)
    sess = tf.Session(config=config)
    sess.run(tf.global_variables_initializer())
    feed = {x: data["x"], y: data["y"]}
    return lambda: sess.run(train, feed), lambda: float(sess.run(loss, feed))


def chain(tf: Any, data: Arrays) -> tuple[Callable[[], Any], float]:
    """Build 10,000 operations with gradients and run them: a function that runs them again."""
    x = tf.placeholder(tf.float32, data["x"].shape)
    y = x
    for _ in range(CHAIN // 2):
        y = y * 1.0001 + 0.0001
    (gradient,) = tf.gradients(y, [x])
    sess = tf.Session()
    feed = {x: data["x"]}
    result = sess.run([y, gradient], feed)
    return lambda: sess.run([y, gradient], feed), float(result[0].sum())


_RATES = {"a": 0.1}


def _line(tf: Any, x: Any, y: Any, w: Any) -> Any:
    predicted = tf.add(tf.multiply(x, w["w0"]), w["b0"])
    return tf.reduce_sum(tf.pow(predicted - y, 2)) / 200.0


def _dense(tf: Any, h: Any, y: Any, w: Any) -> Any:
    last = max(int(name[1:]) for name in w if name[0] == "w")
    for index in range(last):
        h = tf.nn.relu(tf.matmul(h, w[f"w{index}"]) + w[f"b{index}"])
    logits = tf.matmul(h, w[f"w{last}"]) + w[f"b{last}"]
    losses = tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits)
    return tf.reduce_mean(losses)


def _mlp(tf: Any, x: Any, y: Any, w: Any) -> Any:
    return _dense(tf, x, y, w)


def _images(tf: Any, x: Any, y: Any, w: Any) -> Any:
    h = x
    for index in range(2):
        h = tf.nn.conv2d(h, w[f"k{index}"], strides=[1, 1, 1, 1], padding="SAME")
        h = tf.nn.relu(tf.nn.bias_add(h, w[f"c{index}"]))
        h = tf.nn.max_pool(h, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")
    return _dense(tf, tf.reshape(h, [64, 7 * 7 * 64]), y, w)


def _sequence(tf: Any, x: Any, y: Any, w: Any) -> Any:
    return _dense(tf, _last_state(tf, x, w), y, w)


def _last_state(tf: Any, x: Any, w: Any) -> Any:
    try:
        cell = tf.nn.rnn_cell.BasicLSTMCell(128)
    except AttributeError:
        return _written_out(tf, x, w)  # TensorFlow with Keras 3 has no cells any more

    def given(getter: Any, name: str, *args: Any, **more: Any) -> Any:
        return w["k0"] if name.endswith("kernel") else w["c0"]

    with tf.variable_scope("rnn", custom_getter=given):
        outputs, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    return outputs[:, -1]


def _written_out(tf: Any, x: Any, w: Any) -> Any:
    h = c = tf.zeros([128, 128])
    for step in tf.unstack(x, axis=1):
        gates = tf.matmul(tf.concat([step, h], 1), w["k0"]) + w["c0"]
        i, j, f, o = tf.split(gates, 4, 1)
        c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
        h = tf.tanh(c) * tf.sigmoid(o)
    return h


_LOSSES = {"a": _line, "b": _mlp, "c": _mlp, "d": _images, "e": _sequence, "f": _mlp}
