"""Models trained for twenty steps, gradients at kinks, names and collections, as cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tests_oracle.outcome import Case

_STEPS = 20
_DRAW = np.random.RandomState(0)
_POINTS = _DRAW.uniform(0.0, 3.0, (40, 1)).astype(np.float32)
_IMAGES = _DRAW.uniform(0.0, 1.0, (32, 12)).astype(np.float32)
_LABELS = np.eye(4, dtype=np.float32)[_DRAW.randint(0, 4, 32)]
_FIRST = _DRAW.normal(0.0, 0.3, (12, 8)).astype(np.float32)
_SECOND = _DRAW.normal(0.0, 0.3, (8, 4)).astype(np.float32)

OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "GradientDescent": lambda tf: tf.train.GradientDescentOptimizer(0.5),
    "Momentum": lambda tf: tf.train.MomentumOptimizer(0.1, 0.9),
    "Nesterov": lambda tf: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "Adam": lambda tf: tf.train.AdamOptimizer(0.01),
    "RMSProp": lambda tf: tf.train.RMSPropOptimizer(0.01),
    "RMSPropMomentum": lambda tf: tf.train.RMSPropOptimizer(0.01, momentum=0.5),
    "RMSPropCentered": lambda tf: tf.train.RMSPropOptimizer(0.01, centered=True),
    "Adagrad": lambda tf: tf.train.AdagradOptimizer(0.1),
    "Adadelta": lambda tf: tf.train.AdadeltaOptimizer(1.0),
    "Ftrl": lambda tf: tf.train.FtrlOptimizer(0.1),
    "FtrlRegularized": lambda tf: tf.train.FtrlOptimizer(
        0.1, l1_regularization_strength=0.01, l2_regularization_strength=0.01
    ),
    "ProximalGradientDescent": lambda tf: tf.train.ProximalGradientDescentOptimizer(
        0.1, 0.01, 0.01
    ),
    "ProximalAdagrad": lambda tf: tf.train.ProximalAdagradOptimizer(0.1, 0.1, 0.01, 0.01),
    "AdagradDA": lambda tf: tf.train.AdagradDAOptimizer(0.1, tf.train.get_or_create_global_step()),
}


def cases(mine: Any, other: Any) -> list[tuple[Case, Case]]:
    """Every model of this module under both APIs."""
    del mine, other
    found = [
        Case("linear_regression", _linear_regression),
        Case("softmax_regression", _softmax_regression),
        Case("second_order", _second_order),
        Case("shared_variables", _shared_variables),
        Case("assignments", _assignments),
        Case("devices", _devices),
        Case("scopes", _scopes),
        *[Case(f"mlp/{name}", _network(name)) for name in OPTIMIZERS],
        *[Case(f"kink/{name}", _kink(name)) for name in KINKS],
    ]
    return [(case, case) for case in found]


def _trained(tf: Any, train: Any, loss: Any, feeds: Mapping[Any, Any], name: str) -> dict[str, Any]:
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        losses = [sess.run([loss, train], feeds)[0] for _ in range(_STEPS)]
        values = sess.run(tf.trainable_variables())
        slots = [v for v in tf.global_variables() if v not in tf.trainable_variables()]
        kept = sess.run(slots)
    return {
        "losses": np.array(losses),
        "variables": values,
        "slots": kept,
        "names of variables": [v.name for v in tf.global_variables()],
        "name of the training operation": train.name,
        "type of the training operation": train.type,
        "loss": loss.name,
        "model": name,
    }


def _linear_regression(tf: Any) -> Mapping[str, Any]:
    x, y = tf.placeholder("float", [None, 1]), tf.placeholder("float", [None, 1])
    w, b = tf.Variable(0.1, name="weight"), tf.Variable(0.0, name="bias")
    prediction = tf.add(tf.multiply(x, w), b)
    loss = tf.reduce_sum(tf.pow(prediction - y, 2)) / (2 * len(_POINTS))
    train = tf.train.AdamOptimizer(0.1).minimize(loss)
    return _trained(tf, train, loss, {x: _POINTS, y: 2 * _POINTS + 1}, "line")


def _softmax_regression(tf: Any) -> Mapping[str, Any]:
    x = tf.placeholder(tf.float32, [None, 12], name="x")
    y = tf.placeholder(tf.float32, [None, 4], name="y")
    w, b = tf.Variable(tf.zeros([12, 4])), tf.Variable(tf.zeros([4]))
    guess = tf.nn.softmax(tf.matmul(x, w) + b)
    loss = tf.reduce_mean(-tf.reduce_sum(y * tf.log(guess), reduction_indices=[1]))
    step = tf.Variable(0, trainable=False, name="global_step")
    train = tf.train.GradientDescentOptimizer(0.5).minimize(loss, global_step=step)
    return _trained(tf, train, loss, {x: _IMAGES, y: _LABELS}, "softmax")


def _network(optimizer: str) -> Callable[[Any], Mapping[str, Any]]:
    def run(tf: Any) -> Mapping[str, Any]:
        x = tf.placeholder(tf.float32, [None, 12], name="x")
        y = tf.placeholder(tf.float32, [None, 4], name="y")
        with tf.name_scope("hidden"):
            w1 = tf.Variable(_FIRST, name="w")
            b1 = tf.Variable(tf.zeros([8]), name="b")
            h = tf.nn.relu(tf.matmul(x, w1) + b1)
        with tf.variable_scope("out"):
            w2 = tf.get_variable("w", initializer=tf.constant(_SECOND))
            b2 = tf.get_variable("b", [4], initializer=tf.zeros_initializer())
            logits = tf.matmul(h, w2) + b2
        loss = tf.reduce_mean(
            tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits), name="loss"
        )
        train = OPTIMIZERS[optimizer](tf).minimize(loss)
        return _trained(tf, train, loss, {x: _IMAGES, y: _LABELS}, optimizer)

    return run


def _second_order(tf: Any) -> Mapping[str, Any]:
    x = tf.placeholder(tf.float64, [3], name="x")
    y = tf.reduce_sum(tf.sigmoid(x) * tf.exp(tf.sin(x)) + x**3)
    (first,) = tf.gradients(y, x)
    (second,) = tf.gradients(first, x)
    (mixed,) = tf.gradients(tf.reduce_prod(first), x)
    with tf.Session() as sess:
        return {"values": sess.run([y, first, second, mixed], {x: [0.5, -1.0, 2.0]})}


def _shared_variables(tf: Any) -> Mapping[str, Any]:
    def layer(x: Any) -> Any:
        w = tf.get_variable("w", [2, 2], initializer=tf.constant_initializer(0.5))
        return tf.matmul(x, w)

    x = tf.ones([1, 2])
    with tf.variable_scope("tower"):
        a = layer(x)
    with tf.variable_scope("tower", reuse=True):
        b = layer(x * 2.0)
    with tf.variable_scope("tower") as scope:
        scope.reuse_variables()
        c = layer(x * 3.0)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return {
            "values": sess.run([a, b, c]),
            "names": [t.name for t in (a, b, c)],
            "variables": [v.name for v in tf.global_variables()],
        }


def _assignments(tf: Any) -> Mapping[str, Any]:
    v = tf.Variable(1.0, name="v")
    with tf.control_dependencies([v.assign_add(10.0)]):
        after = tf.identity(v)
    add, sub = tf.assign_add(v, 2.0), tf.assign_sub(v, 0.5)
    with tf.Session() as sess:
        sess.run(v.initializer)
        return {
            "after": sess.run(after),
            "add": sess.run(add),
            "sub": sess.run(sub),
            "set": sess.run(tf.assign(v, 7.0)),
            "left": sess.run(v),
            "names": [t.name for t in (after, add, sub)],
        }


def _devices(tf: Any) -> Mapping[str, Any]:
    found = []
    with tf.device("/gpu:1"):
        found.append(tf.constant(1.0).device)
        with tf.device("/job:ps/task:0"):
            found.append(tf.constant(1.0).device)
        with tf.device(None):
            found.append(tf.constant(1.0).device)
        with tf.device(lambda op: "/cpu:0" if op.type == "Const" else "/gpu:0"):
            found.append(tf.constant(1.0).device)
            v = tf.Variable(1.0)
            found.append(v.device)
    with tf.colocate_with(v):
        found.append(tf.no_op().device)
    return {"devices": found}


def _scopes(tf: Any) -> Mapping[str, Any]:
    names = []
    with tf.name_scope("a") as scope:
        names.append(tf.constant(1.0).name)
        with tf.name_scope("b"):
            names.append((tf.constant(1.0) + 1.0).name)
        with tf.name_scope("b"):
            names.append(tf.constant(1.0, name="Const").name)
    with tf.name_scope(scope):
        names.append(tf.no_op().name)
    with tf.variable_scope("v"):
        names.append(tf.get_variable("w", [2]).name)
        names.append(tf.Variable(1.0).name)
        with tf.variable_scope("inner"):
            names.append(tf.get_variable("w", [2]).name)
    with tf.variable_scope("v", reuse=True):
        names.append(tf.get_variable("w", [2]).name)
        names.append(tf.no_op().name)
    with tf.variable_scope(None, default_name="v"):
        names.append(tf.get_variable("w", [2]).name)
    return {"names": names, "variables": [v.name for v in tf.global_variables()]}


KINKS: dict[str, Callable[[Any, Any], Any]] = {
    "relu": lambda tf, x: tf.nn.relu(x), "relu6": lambda tf, x: tf.nn.relu6(x * 6.0),
    "abs": lambda tf, x: tf.abs(x), "sign": lambda tf, x: tf.sign(x) * x,
    "sqrt": lambda tf, x: tf.sqrt(tf.abs(x)), "maximum": lambda tf, x: tf.maximum(x, 0.0),
    "maximum_const_first": lambda tf, x: tf.maximum(0.0, x),
    "minimum": lambda tf, x: tf.minimum(x, 1.0),
    "clip": lambda tf, x: tf.clip_by_value(x, -1.0, 1.0),
    "reduce_max": lambda tf, x: tf.reduce_max(tf.abs(x)),
    "reduce_min": lambda tf, x: tf.reduce_min(tf.abs(x)), "pow_0": lambda tf, x: tf.pow(x, 0.0),
    "pow_2": lambda tf, x: x**2, "pow_3": lambda tf, x: x**3.0,
    "pow_exponent": lambda tf, x: tf.pow(tf.abs(x), x),
    "elu": lambda tf, x: tf.nn.elu(x), "softplus": lambda tf, x: tf.nn.softplus(x * 50.0),
    "log": lambda tf, x: tf.log(x), "reciprocal": lambda tf, x: 1.0 / x,
    "round": lambda tf, x: tf.round(x) + 0.0 * x, "floor": lambda tf, x: tf.floor(x) + 0.0 * x,
    "mod": lambda tf, x: tf.mod(x, 2.0), "norm": lambda tf, x: tf.sqrt(tf.reduce_sum(x * x)),
    "reduce_prod": lambda tf, x: tf.reduce_prod(x), "where": lambda tf, x: tf.where(
        x > 0, tf.sqrt(x), x), "leaky_relu": lambda tf, x: tf.nn.leaky_relu(x),
    "selu": lambda tf, x: tf.nn.selu(x), "tanh_far": lambda tf, x: tf.tanh(x * 100.0),
}  # fmt: skip


def _kink(name: str) -> Callable[[Any], Mapping[str, Any]]:
    def run(tf: Any) -> Mapping[str, Any]:
        x = tf.placeholder(tf.float32, [5], name="x")
        y = KINKS[name](tf, x)
        gradients = tf.gradients(y, x)
        with tf.Session() as sess:
            feeds = {x: [-1.0, -0.5, 0.0, 1.0, 1.0]}
            return {
                "value": sess.run(y, feeds),
                "gradient": [None if g is None else sess.run(g, feeds) for g in gradients],
                "name": y.name,
            }

    return run
