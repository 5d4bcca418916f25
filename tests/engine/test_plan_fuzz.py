"""Random graphs: the plan, with freed memory poisoned, against the slow executor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import engine as tf
from engine.plan import lanes, updates

UNARY = (
    tf.tanh, tf.sigmoid, tf.nn.relu, tf.square, tf.negative, tf.exp, tf.nn.softmax, tf.abs,
    tf.identity, tf.nn.softplus, tf.sin,
    lambda x: tf.transpose(tf.transpose(x)),
    lambda x: tf.reshape(tf.transpose(x), [4, 3]),
    lambda x: tf.reshape(tf.reshape(x, [2, 6]), tf.shape(x)),
    lambda x: x - tf.reduce_mean(x, 0),
    lambda x: x * tf.reduce_sum(x, 1, keep_dims=True),
    lambda x: tf.reduce_max(x) - x,
    lambda x: tf.concat([x[1:], x[:1]], 0),
    lambda x: tf.tile(x[:, :1], [1, 3]),
    lambda x: tf.stack(tf.unstack(x, 3, axis=1)[::-1], axis=1),
    lambda x: x * 0.5 + 1.0,
    lambda x: tf.stop_gradient(x) * x,
    lambda x: tf.gather(x, [3, 0, 3, 1]),
    lambda x: tf.cond(tf.reduce_sum(x) > 0.0, lambda: x * 0.5, lambda: tf.tanh(x) + x[0]),
    lambda x: tf.while_loop(lambda i, y: i < 2, lambda i, y: (i + 1, tf.sin(y) * x), (0, x))[1],
    lambda x: tf.scan(lambda a, r: a * 0.5 + r, x),
    lambda x: tf.map_fn(lambda r: tf.cond(r[0] > 0.0, lambda: r * r, lambda: r), x),
)  # fmt: skip
BINARY = (
    tf.add, tf.subtract, tf.multiply, tf.maximum, tf.minimum, tf.squared_difference,
    lambda x, y: tf.matmul(tf.matmul(x, y, transpose_b=True), y),
    lambda x, y: tf.where(x > y, x, y * 0.5),
    lambda x, y: x + tf.reduce_sum(x * y),
    lambda x, y: tf.add_n([x, y, x]),
    lambda x, y: tf.cond(x[0, 0] > y[0, 0], lambda: x, lambda: y * x),
)  # fmt: skip


def random_graph(rng: np.random.Generator) -> tuple[list[Any], list[Any], list[Any]]:
    """Placeholders, tensors to fetch, and operations that train."""
    fed = [
        tf.placeholder(tf.float64, [None, 3] if rng.random() < 0.5 else [4, 3]) for _ in range(2)
    ]
    held = [tf.Variable(rng.normal(size=(4, 3)), name="v") for _ in range(3)]
    values: list[Any] = [*fed, *held]
    for _ in range(int(rng.integers(5, 30))):
        pick = [values[i] for i in rng.integers(0, len(values), 2)]
        if rng.random() < 0.6:
            made = UNARY[rng.integers(len(UNARY))](tf.convert_to_tensor(pick[0]))
        else:
            made = BINARY[rng.integers(len(BINARY))](*map(tf.convert_to_tensor, pick))
        # Kept near 1, or chains of exp and square would leave the range of floats.
        values.append(
            tf.tanh(made) if rng.random() < 0.5 else made / (1.0 + tf.reduce_max(tf.abs(made)))
        )
    loss = tf.reduce_sum(tf.square(values[-1])) + sum(tf.nn.l2_loss(v) for v in held)
    grads = tf.gradients(loss, [*held, *fed])
    kind = (tf.train.AdamOptimizer(0.01), tf.train.GradientDescentOptimizer(0.01),
            tf.train.MomentumOptimizer(0.01, 0.9, use_nesterov=True))[rng.integers(3)]  # fmt: skip
    train = kind.minimize(loss)
    looked_up = tf.reduce_sum(tf.tanh(tf.nn.embedding_lookup(held[1], [2, 0, 2])))
    rows = (tf.train.AdagradOptimizer(0.01), tf.train.AdamOptimizer(0.01),
            tf.train.MomentumOptimizer(0.01, 0.9))[rng.integers(3)].minimize(
                looked_up, var_list=[held[1]])  # fmt: skip
    shift = held[0].assign_add(tf.ones([4, 3], tf.float64) * 0.1)
    fetches = [
        loss,
        *[g for g in grads if g is not None],
        *[values[i] for i in rng.integers(0, len(values), 4)],
    ]
    return fed, fetches, [train, shift, rows]


@pytest.mark.parametrize("seed", range(60))
def test_plan_agrees_with_the_debug_executor(seed: int) -> None:
    compare(seed, threads=1)


@pytest.mark.parametrize("seed", range(60, 120))
def test_plan_over_several_threads_agrees_with_the_debug_executor(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However little there is to do: in a real plan only what pays is shared out.
    monkeypatch.setattr(lanes, "_LEAST_GAIN_US", -1e9)
    monkeypatch.setattr(updates, "_SHARED", 1)
    monkeypatch.setattr(updates, "_LANE_STRIP", 5)
    compare(seed, threads=2 + seed % 2)


def compare(seed: int, threads: int) -> None:
    rng = np.random.default_rng(seed)
    with tf.Graph().as_default():
        fed, fetches, ops = random_graph(rng)
        init = tf.global_variables_initializer()
        runs = [fetches, [*fetches, ops[0]], ops[0], [ops[1], *fetches], [ops[:2], fetches[0]],
                [ops[2], *fetches]]  # fmt: skip
        feeds = [{x: rng.normal(size=(4, 3)) for x in fed} for _ in range(3)]
        config = tf.ConfigProto(intra_op_parallelism_threads=threads)
        sessions = [tf.Session(executor="poisoned", config=config), tf.Session(executor="debug")]
        for session in sessions:
            session.run(init)
        for feed in feeds:
            for fetch in runs:
                got, want = (flat(session.run(fetch, feed)) for session in sessions)
                for a, b in zip(got, want, strict=True):
                    np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)


def flat(values: Any) -> list[Any]:
    if isinstance(values, list | tuple):
        return [item for value in values for item in flat(value)]
    return [] if values is None else [values]
