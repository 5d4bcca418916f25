"""Learning rates over the steps, against their formulas, and in an optimizer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf

STEPS = range(24)


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def half_cosine(part: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * part))


def polynomial(t: int) -> float:
    return (0.5 - 0.01) * (1 - min(t, 8) / 8) ** 2 + 0.01


def cycling(t: int) -> float:
    length = 8 * max(1, math.ceil(t / 8))
    return (0.5 - 0.01) * (1 - t / length) ** 0.5 + 0.01


def restarting(t: int) -> float:
    # Lengths 4, 8, 16: restarts at 4 and 12.
    start, length, number = (0, 4, 0) if t < 4 else (4, 8, 1) if t < 12 else (12, 16, 2)
    wave = 0.9**number * half_cosine((t - start) / length)
    return 0.5 * (0.9 * wave + 0.1)


def waving(t: int) -> float:
    done = min(t, 10) / 10
    return 0.5 * ((0.1 + 1 - done) * half_cosine(2 * 1.5 * done) + 0.01)


T = tf.train
ROWS: list[tuple[str, Callable[[Any], Any], Callable[[int], float]]] = [
    ("exponential", lambda s: T.exponential_decay(0.5, s, 8, 0.7), lambda t: 0.5 * 0.7 ** (t / 8)),
    ("exponential_stairs", lambda s: T.exponential_decay(0.5, s, 8, 0.7, staircase=True),
     lambda t: 0.5 * 0.7 ** (t // 8)),
    ("natural", lambda s: T.natural_exp_decay(0.5, s, 8, 0.7),
     lambda t: 0.5 * math.exp(-0.7 * t / 8)),
    ("natural_stairs", lambda s: T.natural_exp_decay(0.5, s, 8, 0.7, True),
     lambda t: 0.5 * math.exp(-0.7 * (t // 8))),
    ("inverse", lambda s: T.inverse_time_decay(0.5, s, 8, 0.7), lambda t: 0.5 / (1 + 0.7 * t / 8)),
    ("inverse_stairs", lambda s: T.inverse_time_decay(0.5, s, 8, 0.7, True),
     lambda t: 0.5 / (1 + 0.7 * (t // 8))),
    ("polynomial", lambda s: T.polynomial_decay(0.5, s, 8, 0.01, 2.0), polynomial),
    ("polynomial_cycle", lambda s: T.polynomial_decay(0.5, s, 8, 0.01, 0.5, cycle=True), cycling),
    ("cosine", lambda s: T.cosine_decay(0.5, s, 10, 0.1),
     lambda t: 0.5 * (0.9 * half_cosine(min(t, 10) / 10) + 0.1)),
    ("restarts", lambda s: T.cosine_decay_restarts(0.5, s, 4, 2.0, 0.9, 0.1), restarting),
    ("restarts_alike", lambda s: T.cosine_decay_restarts(0.5, s, 5, 1.0),
     lambda t: 0.5 * half_cosine((t % 5) / 5)),
    ("linear_cosine", lambda s: T.linear_cosine_decay(0.5, s, 10, 1.5, 0.1, 0.01), waving),
    ("piecewise", lambda s: T.piecewise_constant(s, [5, 12], [0.3, 0.2, 0.1]),
     lambda t: 0.3 if t <= 5 else 0.2 if t <= 12 else 0.1),
]  # fmt: skip


@pytest.mark.parametrize(("name", "make", "formula"), ROWS, ids=[row[0] for row in ROWS])
def test_schedule_follows_its_formula(name: str, make: Any, formula: Any) -> None:
    step = tf.placeholder(tf.int64, [])
    rate = make(step)
    assert rate.dtype == tf.float32
    assert rate.get_shape() == []
    with tf.Session() as sess:
        found = [sess.run(rate, {step: t}) for t in STEPS]
    # An eighth of a step short of a restart, float32 may be on either side of it.
    np.testing.assert_allclose(found, [formula(t) for t in STEPS], rtol=2e-5, atol=1e-6)


def test_schedule_without_a_step_is_refused() -> None:
    with pytest.raises(ValueError, match=r"global_step is required for exponential_decay\."):
        tf.train.exponential_decay(0.1, None, 10, 0.9)


def test_names_are_those_of_the_scope() -> None:
    assert tf.train.exponential_decay(0.1, 0, 10, 0.9).op.name == "ExponentialDecay"
    assert tf.train.polynomial_decay(0.1, 0, 10, name="rate").op.name == "rate"


def test_piecewise_refuses_what_does_not_fit() -> None:
    step = tf.placeholder(tf.int32, [])
    with pytest.raises(ValueError, match="should be 1 less than the length of values"):
        tf.train.piecewise_constant(step, [1, 2], [0.1, 0.2])
    with pytest.raises(ValueError, match=r"Boundaries \(float32\) must have the same dtype"):
        tf.train.piecewise_constant(step, [1.5], [0.1, 0.2])
    with pytest.raises(ValueError, match="Values must have elements all with the same dtype"):
        tf.train.piecewise_constant(step, [1], [0.1, 2])


def test_rate_in_float64_computes_in_float64() -> None:
    rate = tf.train.exponential_decay(tf.constant(0.5, tf.float64), 1, 3, 0.5)
    with tf.Session() as sess:
        assert sess.run(rate) == 0.5 * 0.5 ** (1 / 3)


def test_optimizer_reads_the_rate_of_its_step() -> None:
    step = tf.train.get_or_create_global_step()
    w = tf.Variable(0.0)
    rate = tf.train.exponential_decay(1.0, step, 1, 0.5)
    train = tf.train.GradientDescentOptimizer(rate).minimize(w * 1.0, global_step=step)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(3):
            sess.run(train)
        assert sess.run([w, rate, step]) == [-1.75, 0.125, 3]


def test_rate_may_be_a_function_or_fed() -> None:
    w, fed = tf.Variable(0.0), tf.placeholder(tf.float32, [])
    by_function = tf.train.GradientDescentOptimizer(lambda: 0.25).minimize(w * 1.0)
    by_feed = tf.train.MomentumOptimizer(fed, lambda: tf.constant(0.9)).minimize(w * 1.0)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(by_function)
        sess.run(by_feed, {fed: 0.5})
        assert sess.run(w) == -0.75


# The global step


def test_global_step_is_made_once_and_found_again() -> None:
    assert tf.train.get_global_step() is None
    made = tf.train.create_global_step()
    assert (made.op.name, made.dtype.base_dtype) == ("global_step", tf.int64)
    assert tf.train.get_global_step() is tf.train.get_or_create_global_step() is made
    assert tf.global_variables() == [made]
    assert tf.trainable_variables() == []
    with pytest.raises(ValueError, match='"global_step" already exists'):
        tf.train.create_global_step()


def test_a_variable_of_that_name_is_the_global_step() -> None:
    mine = tf.Variable(5, trainable=False, name="global_step")
    assert tf.train.get_global_step() is mine
    with tf.Session() as sess:
        sess.run(mine.initializer)
        assert tf.train.global_step(sess, mine) == 5


def test_other_things_are_no_global_step() -> None:
    with pytest.raises(TypeError, match="must be a Variable or Tensor"):
        tf.train.assert_global_step(3)
    with pytest.raises(TypeError, match="does not have integer type"):
        tf.train.assert_global_step(tf.Variable(1.0))
    with pytest.raises(TypeError, match="is not scalar"):
        tf.train.assert_global_step(tf.Variable([1, 2]))
