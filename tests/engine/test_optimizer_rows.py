"""Every optimizer against its formula written out in NumPy, and what all of them share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf
from engine.optimizers import OPTIMIZERS


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def gradient_descent(w: Any, g: Any, s: dict[str, Any], t: int) -> Any:
    return w - 0.1 * g


def momentum(w: Any, g: Any, s: dict[str, Any], t: int) -> Any:
    s["a"] = 0.9 * s.get("a", 0) + g
    return w - 0.1 * s["a"]


def nesterov(w: Any, g: Any, s: dict[str, Any], t: int) -> Any:
    s["a"] = 0.9 * s.get("a", 0) + g
    return w - 0.1 * (g + 0.9 * s["a"])


def adam(w: Any, g: Any, s: dict[str, Any], t: int) -> Any:
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["v"] = 0.999 * s.get("v", 0) + 0.001 * g * g
    step = 0.1 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return w - step * s["m"] / (np.sqrt(s["v"]) + 1e-3)


def rmsprop(w: Any, g: Any, s: dict[str, Any], t: int) -> Any:
    s["r"] = 0.8 * s.get("r", 1.0) + 0.2 * g * g
    s["a"] = 0.5 * s.get("a", 0) + 0.1 * g / np.sqrt(s["r"] + 1e-10)
    return w - s["a"]


def centered_rmsprop(w: Any, g: Any, s: dict[str, Any], t: int) -> Any:
    s["r"] = 0.8 * s.get("r", 1.0) + 0.2 * g * g
    s["m"] = 0.8 * s.get("m", 0.0) + 0.2 * g
    s["a"] = 0.5 * s.get("a", 0) + 0.1 * g / np.sqrt(s["r"] - s["m"] ** 2 + 1e-10)
    return w - s["a"]


def adagrad(w: Any, g: Any, s: dict[str, Any], t: int) -> Any:
    s["a"] = s.get("a", 0.1) + g * g
    return w - 0.5 * g / np.sqrt(s["a"])


def adadelta(w: Any, g: Any, s: dict[str, Any], t: int) -> Any:
    s["g"] = 0.9 * s.get("g", 0) + 0.1 * g * g
    step = g * np.sqrt(s.get("d", 0) + 1e-2) / np.sqrt(s["g"] + 1e-2)
    s["d"] = 0.9 * s.get("d", 0) + 0.1 * step * step
    return w - 0.5 * step


def adagrad_da(w: Any, g: Any, s: dict[str, Any], t: int) -> Any:
    # No global step is counted up here, so every step is the first.
    s["g"] = s.get("g", 0) + g
    s["q"] = s.get("q", 0.1) + g * g
    near = np.sign(s["g"]) * np.maximum(np.abs(s["g"]) - 0.05, 0)
    return -0.5 * near / (0.2 * 0.5 + np.sqrt(s["q"]))


def ftrl_of(power: float, l1: float, l2: float, shrinkage: float) -> Any:
    def ftrl(w: Any, g: Any, s: dict[str, Any], t: int) -> Any:
        before = s.get("a", 0.1)
        s["a"] = before + g * g
        shrunk = g + 2 * shrinkage * w
        s["l"] = s.get("l", 0) + shrunk - (s["a"] ** -power - before**-power) / 0.5 * w
        quadratic = s["a"] ** -power / 0.5 + 2 * l2
        return np.where(
            np.abs(s["l"]) > l1, (np.sign(s["l"]) * l1 - s["l"]) / quadratic, np.zeros_like(w)
        )

    return ftrl


def proximal_descent(w: Any, g: Any, s: dict[str, Any], t: int) -> Any:
    step = w - 0.1 * g
    return np.sign(step) * np.maximum(np.abs(step) - 0.1 * 0.3, 0) / (1 + 0.1 * 0.2)


def proximal_adagrad(w: Any, g: Any, s: dict[str, Any], t: int) -> Any:
    s["a"] = s.get("a", 0.1) + g * g
    rate = 0.5 / np.sqrt(s["a"])
    step = w - rate * g
    return np.sign(step) * np.maximum(np.abs(step) - rate * 0.3, 0) / (1 + rate * 0.2)


ROWS: list[tuple[str, Callable[[], Any], Any, list[str]]] = [
    ("GradientDescent", lambda: tf.train.GradientDescentOptimizer(0.1), gradient_descent, []),
    ("Momentum", lambda: tf.train.MomentumOptimizer(0.1, 0.9), momentum, ["Momentum"]),
    (
        "Momentum",
        lambda: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
        nesterov,
        ["Momentum"],
    ),
    (
        "RMSProp",
        lambda: tf.train.RMSPropOptimizer(0.1, 0.8, 0.5),
        rmsprop,
        ["RMSProp", "RMSProp_1"],
    ),
    (
        "RMSProp",
        lambda: tf.train.RMSPropOptimizer(0.1, 0.8, 0.5, centered=True),
        centered_rmsprop,
        ["RMSProp", "RMSProp_1", "RMSProp_2"],
    ),
    ("Adam", lambda: tf.train.AdamOptimizer(0.1, epsilon=1e-3), adam, ["Adam", "Adam_1"]),
    ("Adagrad", lambda: tf.train.AdagradOptimizer(0.5), adagrad, ["Adagrad"]),
    (
        "Adadelta",
        lambda: tf.train.AdadeltaOptimizer(0.5, 0.9, 1e-2),
        adadelta,
        ["Adadelta", "Adadelta_1"],
    ),
    (
        "AdagradDA",
        lambda: tf.train.AdagradDAOptimizer(0.5, tf.constant(0, tf.int64), 0.1, 0.05, 0.2),
        adagrad_da,
        ["AdagradDA", "AdagradDA_1"],
    ),
    ("Ftrl", lambda: tf.train.FtrlOptimizer(0.5), ftrl_of(-0.5, 0, 0, 0), ["Ftrl", "Ftrl_1"]),
    (
        "Ftrl",
        lambda: tf.train.FtrlOptimizer(
            0.5, -0.7, 0.1, 0.3, 0.2, l2_shrinkage_regularization_strength=0.1
        ),
        ftrl_of(-0.7, 0.3, 0.2, 0.1),
        ["Ftrl", "Ftrl_1"],
    ),
    (
        "ProximalGradientDescent",
        lambda: tf.train.ProximalGradientDescentOptimizer(0.1, 0.3, 0.2),
        proximal_descent,
        [],
    ),
    (
        "ProximalAdagrad",
        lambda: tf.train.ProximalAdagradOptimizer(0.5, 0.1, 0.3, 0.2),
        proximal_adagrad,
        ["ProximalAdagrad"],
    ),
]


@pytest.mark.parametrize("executor", ["plan", "poisoned", "debug"])
@pytest.mark.parametrize(("name", "make", "formula", "slots"), ROWS)
def test_optimizer_follows_its_formula(
    name: str, make: Any, formula: Any, slots: Any, executor: str
) -> None:
    a = tf.Variable(np.array([[1.0, -2.0], [0.5, 3.0]]), name="a")
    b = tf.Variable(np.array([0.25, -1.0]), name="b")
    loss = tf.reduce_sum(tf.square(tf.matmul(a, a) + b)) / 10.0
    train = make().minimize(loss)
    gradients = tf.gradients(loss, [a, b])
    assert train.name == name
    with tf.Session(executor=executor) as sess:
        sess.run(tf.global_variables_initializer())
        expected, memory = sess.run([a, b]), ({}, {})
        for t in range(1, 6):
            grads = sess.run(gradients)
            expected = [
                formula(w, g, s, t) for w, g, s in zip(expected, grads, memory, strict=True)
            ]
            sess.run(train)
            for got, want in zip(sess.run([a, b]), expected, strict=True):
                np.testing.assert_allclose(got, want, rtol=1e-9)
    made = {variable.op.name for variable in tf.global_variables()}
    assert {f"a/{slot}" for slot in slots} <= made


@pytest.mark.parametrize("elements", [4_000, 5_003, 140_001])
@pytest.mark.parametrize(("name", "make", "formula", "slots"), ROWS)
def test_large_variables_follow_the_formula_too(
    name: str, make: Any, formula: Any, slots: Any, elements: int
) -> None:
    """From a few thousand elements on BLAS sums vectors, from 65,536 on threads share them."""
    rng = np.random.default_rng(1)
    start = rng.normal(size=elements)
    a, b = tf.Variable(start, name="a"), tf.Variable(start[:9], name="b")
    loss = tf.reduce_sum(tf.square(a) * a) / 30.0 + tf.reduce_sum(tf.square(b))
    train = make().minimize(loss)
    gradients = tf.gradients(loss, [a, b])
    config = tf.ConfigProto(intra_op_parallelism_threads=2)
    with tf.Session(executor="poisoned", config=config) as sess:
        sess.run(tf.global_variables_initializer())
        if name in ("GradientDescent", "Momentum", "RMSProp", "Adam", "Adadelta"):
            assert ("scaled_sum" in sess.explain(train)) == (elements > 5_000)
        expected, memory = sess.run([a, b]), ({}, {})
        for t in range(1, 5):
            if t % 2:
                # The gradients stay what they are where they are asked for with the step.
                grads = sess.run([train, *gradients])[1:]
            else:
                grads = sess.run(gradients)
                sess.run(train)
            expected = [
                formula(w, g, s, t) for w, g, s in zip(expected, grads, memory, strict=True)
            ]
            for got, want in zip(sess.run([a, b]), expected, strict=True):
                np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-12)


def test_every_optimizer_has_a_row() -> None:
    assert {type(make()) for _, make, _, _ in ROWS} == set(OPTIMIZERS)


def test_arena_larger_than_a_strip_is_updated_everywhere() -> None:
    rng = np.random.default_rng(0)
    start = rng.normal(size=(300, 100)).astype(np.float32)
    w, b = tf.Variable(start), tf.Variable(start[0])
    loss = tf.nn.l2_loss(w) + tf.nn.l2_loss(b)
    train = tf.train.MomentumOptimizer(0.5, 0.9).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(train)
        np.testing.assert_allclose(sess.run(w), start / 2, rtol=1e-6)
        np.testing.assert_allclose(sess.run(b), start[0] / 2, rtol=1e-6)


def test_values_survive_the_move_into_an_arena() -> None:
    w, b = tf.Variable([1.0, 2.0]), tf.Variable(3.0)
    total = tf.reduce_sum(w) + b
    train = tf.train.GradientDescentOptimizer(1.0).minimize(total)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run(total) == 6
        sess.run(train)
        assert sess.run(total) == 3
        assert sess.run([w, b])[0].tolist() == [0, 1]


def test_two_optimizers_over_overlapping_variables() -> None:
    w, b = tf.Variable([1.0, 2.0]), tf.Variable(3.0)
    both = tf.train.GradientDescentOptimizer(0.5).minimize(tf.reduce_sum(w) + b)
    one = tf.train.GradientDescentOptimizer(0.25).minimize(b * 2.0, var_list=[b])
    swapped = tf.train.MomentumOptimizer(1.0, 0.5).minimize(b + tf.reduce_sum(w), var_list=[b, w])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run([both, one])
        assert sess.run(b) == 2.0
        sess.run(swapped)
        assert sess.run(b) == 1.0
        assert sess.run(w).tolist() == [-0.5, 0.5]


def test_global_step_counts_and_the_learning_rate_may_be_fed() -> None:
    w = tf.Variable(1.0)
    rate = tf.placeholder(tf.float32, [])
    step = tf.train.get_or_create_global_step()
    train = tf.train.GradientDescentOptimizer(rate).minimize(w * 1.0, global_step=step)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(train, {rate: 0.5})
        sess.run(train, {rate: 0.25})
        assert sess.run(w) == 0.25
        assert tf.train.global_step(sess, step) == 2


def test_apply_gradients_takes_changed_gradients() -> None:
    w = tf.Variable([3.0, -4.0])
    optimizer = tf.train.GradientDescentOptimizer(1.0)
    pairs = optimizer.compute_gradients(tf.nn.l2_loss(w))
    train = optimizer.apply_gradients([(tf.clip_by_value(g, -1.0, 1.0), v) for g, v in pairs])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(train)
        assert sess.run(w).tolist() == [2, -3]


def test_loss_is_read_before_the_update_of_its_run() -> None:
    w = tf.Variable(2.0)
    loss = w * w
    train = tf.train.GradientDescentOptimizer(0.25).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run([train, loss, w.value(), w]) == [None, 4.0, 2.0, 1.0]


def test_slots_are_global_not_trainable_and_found_by_name() -> None:
    w = tf.Variable([1.0], name="w")
    optimizer = tf.train.AdamOptimizer()
    optimizer.minimize(tf.reduce_sum(w))
    assert optimizer.get_slot_names() == ["m", "v"]
    assert optimizer.get_slot(w, "v").op.name == "w/Adam_1"
    assert {v.op.name for v in tf.global_variables()} == {
        "w",
        "w/Adam",
        "w/Adam_1",
        "beta1_power",
        "beta2_power",
    }
    assert tf.trainable_variables() == [w]


def test_powers_live_in_the_name_scope_and_slots_in_the_variable_scope() -> None:
    w = tf.Variable(1.0, name="w")
    with tf.name_scope("train"):
        tf.train.AdamOptimizer().minimize(w * w)
    with tf.variable_scope("later"):
        tf.train.AdamOptimizer().minimize(w * w)
    assert [v.op.name for v in tf.global_variables()] == [
        "w",
        "train/beta1_power",
        "train/beta2_power",
        "w/Adam",
        "w/Adam_1",
        "later/beta1_power",
        "later/beta2_power",
        "later/w/Adam",
        "later/w/Adam_1",
    ]


def test_powers_are_as_precise_as_the_widest_variable_and_float32_at_least() -> None:
    half = tf.Variable(np.ones(2, np.float16))
    single, double = tf.Variable(1.0), tf.Variable(np.float64(1.0))

    def power(*variables: Any) -> Any:
        optimizer = tf.train.AdamOptimizer(0.1)
        losses = [tf.cast(tf.reduce_sum(v * v), tf.float64) for v in variables]
        optimizer.minimize(tf.add_n(losses), var_list=list(variables))
        powers = [v for v in optimizer.variables() if "power" in v.name]
        assert len(powers) == 2
        return powers[0].dtype.base_dtype

    assert power(half) is tf.float32
    assert power(half, single) is tf.float32
    assert power(half, double, single) is tf.float64


def test_no_gradient_and_no_variables_are_value_errors() -> None:
    with pytest.raises(ValueError, match=r"No variables to optimize\."):
        tf.train.AdamOptimizer().minimize(tf.constant(1.0))
    tf.Variable(1.0)
    with pytest.raises(
        ValueError, match="No gradients provided for any variable, check your graph"
    ):
        tf.train.AdamOptimizer().minimize(tf.constant(1.0))


class Delayed(tf.train.Optimizer):
    """Steps along the gradient of the run before last: each slot takes over the other's value."""

    kind = "Delayed"
    slots = ("last", "before")

    def update(self, grad: Any, *, last: Any, before: Any) -> Any:
        return -before, {"last": grad, "before": last}


@pytest.mark.parametrize("executor", ["plan", "poisoned", "debug"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_slot_may_take_over_the_old_value_of_another(executor: str, count: int) -> None:
    parts = [tf.Variable(np.array([8.0, 16.0])) for _ in range(count)]
    train = Delayed(False, "Delayed").minimize(tf.add_n([tf.nn.l2_loss(w) for w in parts]))
    with tf.Session(executor=executor) as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(4):
            sess.run(train)
        # 8, 8, 0, -8: the gradients of the first two runs arrive in the third and fourth.
        assert [w.tolist() for w in sess.run(parts)] == [[-8.0, -16.0]] * count


def test_a_large_variable_is_compiled_in_a_moment_and_updated_right() -> None:
    start = np.linspace(1.0, 2.0, 400_000, dtype=np.float32)
    w, b = tf.Variable(start), tf.Variable(2.0)
    train = tf.train.AdamOptimizer(0.125).minimize(tf.nn.l2_loss(w) + tf.nn.l2_loss(b))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        began = time.perf_counter()
        sess.run(train)
        # Many strips: work that doubled with each of them would never end.
        assert time.perf_counter() - began < 20
        np.testing.assert_allclose(sess.run(w), start - 0.125, atol=1e-5)
