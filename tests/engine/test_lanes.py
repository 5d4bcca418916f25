"""The engine's own threads: work shared out, errors told, interruptions and forks survived."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf
from engine.kernels import lanes as kernel_lanes
from engine.kernels.blas import blas, on_one_thread
from engine.kernels.lanes import LANES, Lanes, split
from engine.plan import lanes


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def test_pieces_run_on_threads_of_their_own_and_are_done_when_run_returns() -> None:
    found: list[int] = []
    meeting = threading.Barrier(3, timeout=20)

    def piece() -> None:
        meeting.wait()  # all three must be under way at once
        found.append(threading.get_ident())

    LANES.run([piece, piece, piece])
    assert len(set(found)) == 3


def test_the_first_error_is_raised_after_all_pieces_have_ended() -> None:
    done = []

    def failing() -> None:
        raise ValueError("in a lane")

    with pytest.raises(ValueError, match="in a lane"):
        LANES.run([lambda: done.append(1), failing, lambda: done.append(2)])
    assert sorted(done) == [1, 2]
    LANES.run([lambda: done.append(3), lambda: done.append(4)])
    assert sorted(done) == [1, 2, 3, 4]


def test_pieces_inside_a_piece_run_one_after_the_other() -> None:
    done: list[int] = []
    LANES.run([lambda: LANES.run([lambda: done.append(1), lambda: done.append(2)]), lambda: None])
    assert done == [1, 2]


def test_lanes_that_went_to_sleep_begin_again(monkeypatch: pytest.MonkeyPatch) -> None:
    own, done = Lanes(), []
    monkeypatch.setattr(kernel_lanes, "_PATIENCE_S", 0.0005)
    for pause in np.linspace(0.0, 0.002, 300):
        own.run([lambda: done.append(1), lambda: done.append(2)])
        time.sleep(pause)
    assert len(done) == 600


def test_runs_longer_than_the_patience_find_the_lanes_free() -> None:
    """Who looks after idle lanes must not take them between two runs."""
    own, alone = Lanes(), 0
    for _ in range(30):
        found: set[int] = set()

        def piece(threads: set[int] = found) -> None:
            threads.add(threading.get_ident())
            time.sleep(1.2 * kernel_lanes._PATIENCE_S)

        own.run([piece, piece])
        alone += len(found) == 1
    assert alone <= 1


def test_steps_on_two_threads_leave_blas_its_threads() -> None:
    found = blas()
    assert found is not None
    before = found.threads(2)
    try:
        first_in, second_in, first_out = (threading.Event() for _ in range(3))

        def first() -> None:
            first_in.set()
            assert second_in.wait(20)

        def second() -> None:
            second_in.set()
            assert first_out.wait(20)
            assert found.threads(1) == 1  # the first's end does not end the second's

        other = threading.Thread(target=on_one_thread(first))
        last = threading.Thread(target=on_one_thread(second))
        other.start()
        assert first_in.wait(20)
        last.start()
        other.join(20)
        first_out.set()
        last.join(20)
        assert found.threads(before) == 2
    finally:
        found.threads(before)


def test_infinities_in_a_lane_warn_as_little_as_in_the_plan() -> None:
    lane = Lanes()
    with np.errstate(all="ignore"):
        lane.run([lambda: None, lambda: np.log(np.zeros(3))])


def test_a_child_after_a_fork_has_threads_of_its_own() -> None:
    LANES.run([lambda: None, lambda: None])
    child = os.fork()
    if not child:
        found: list[int] = []
        LANES.run([lambda: found.append(1), lambda: found.append(2)])
        os._exit(0 if sorted(found) == [1, 2] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_rows_are_split_evenly() -> None:
    assert split(10, 3) == [(0, 4), (4, 7), (7, 10)]
    assert split(2, 8) == [(0, 1), (1, 2)]
    assert split(0, 2) == [(0, 0)]


def two_layers(threads: int) -> tuple[tf.Session, tf.Operation, tf.Tensor, dict[tf.Tensor, object]]:
    rng = np.random.default_rng(0)
    x, y = tf.placeholder(tf.float32, [64, 100]), tf.placeholder(tf.float32, [64, 10])
    w, v = (
        tf.Variable(rng.normal(size=s, scale=0.1).astype("f")) for s in ((100, 2000), (2000, 10))
    )
    logits = tf.matmul(tf.nn.relu(tf.matmul(x, w)), v)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    sess = tf.Session(config=tf.ConfigProto(intra_op_parallelism_threads=threads))
    sess.run(tf.global_variables_initializer())
    feed = {x: rng.normal(size=(64, 100)), y: np.eye(10)[rng.integers(0, 10, 64)]}
    return sess, train, loss, feed


def test_a_step_that_pays_is_shared_out_by_rows_and_by_strips() -> None:
    sess, train, _, feed = two_layers(threads=2)
    text = sess.explain(train, feed)
    assert text.count("at_once(") == 2
    assert " = rows(Placeholder)" in text


def test_one_thread_is_one_sequence() -> None:
    sess, train, _, feed = two_layers(threads=1)
    assert "at_once(" not in sess.explain(train, feed)


@pytest.mark.parametrize("threads", [2, 3, 5])
def test_shared_out_training_follows_the_single_thread(threads: int) -> None:
    losses = []
    for count in (1, threads):
        with tf.Graph().as_default():
            sess, train, loss, feed = two_layers(count)
            losses.append([sess.run([loss, train], feed)[0] for _ in range(12)])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    assert losses[0][-1] < losses[0][0] / 2


def test_gradients_that_are_fetched_are_whole() -> None:
    results = []
    for count in (1, 2):
        with tf.Graph().as_default():
            sess, train, loss, feed = two_layers(count)
            grads = tf.gradients(loss, tf.trainable_variables())
            results.append(sess.run([*grads, loss, train], feed)[:3])
    for one, two in zip(*results, strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-4, atol=1e-6)


def test_an_error_in_a_lane_names_the_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_LEAST_GAIN_US", -1e9)
    x = tf.placeholder(tf.int32, [4, 3])
    halved = tf.floordiv(x * 2, x - 1, name="halved")
    sess = tf.Session(config=tf.ConfigProto(intra_op_parallelism_threads=2))
    given = np.full((4, 3), 5)
    assert sess.run(halved, {x: given}).tolist() == [[2] * 3] * 4
    given[3, 2] = 1  # in the second lane's rows
    with pytest.raises(tf.errors.InvalidArgumentError, match="halved") as caught:
        sess.run(halved, {x: given})
    assert caught.value.op is halved.op


def trained(loss: tf.Tensor, feed: dict[tf.Tensor, object], executor: str) -> list[np.ndarray]:
    train = tf.train.MomentumOptimizer(0.01, 0.9).minimize(loss)
    config = tf.ConfigProto(intra_op_parallelism_threads=2)
    with tf.Session(executor=executor, config=config) as sess:
        sess.run(tf.global_variables_initializer())
        if executor == "poisoned":
            assert sess.explain(train, feed).count("at_once(") >= 1
        for _ in range(4):
            sess.run(train, feed)
        return sess.run(tf.trainable_variables())


def weights(name: str, *sizes: int) -> tf.Variable:
    rng = np.random.default_rng(sum(sizes))
    return tf.Variable(rng.normal(size=sizes, scale=0.2), name=name)


def plain_layers(x: tf.Tensor) -> tf.Tensor:
    h = tf.nn.relu(tf.matmul(x, weights("w", 100, 700)) + weights("b", 700))
    return tf.matmul(h, weights("v", 700, 40))


def weights_used_twice(x: tf.Tensor) -> tf.Tensor:
    w, v = weights("w", 100, 700), weights("v", 700, 100)
    h = tf.tanh(tf.matmul(x, w))
    return tf.matmul(tf.tanh(tf.matmul(tf.tanh(tf.matmul(h, v)), w)), v)


def weights_that_meet(x: tf.Tensor) -> tf.Tensor:
    """A gradient that reads other weights, which the same step changes."""
    w, v = weights("w", 100, 700), weights("v", 700, 50)
    return tf.matmul(x, tf.matmul(w, v))


def transposed_weights(x: tf.Tensor) -> tf.Tensor:
    h = tf.tanh(tf.matmul(x, weights("w", 700, 100), transpose_b=True))
    return tf.matmul(h, weights("v", 30, 700), transpose_b=True)


def a_row_for_each_border(x: tf.Tensor) -> tf.Tensor:
    """Two borders' worth of rows so wide that the thread's parts cannot follow them."""
    wide = weights("w", 3, 40_000)
    return tf.matmul(tf.matmul(x, weights("u", 100, 3)), wide)


@pytest.mark.parametrize("batch", [64, 100])
@pytest.mark.parametrize(
    "layers",
    [
        plain_layers,
        weights_used_twice,
        weights_that_meet,
        transposed_weights,
        a_row_for_each_border,
    ],
)
def test_gradients_of_weights_are_those_of_the_single_sequence(layers: Any, batch: int) -> None:
    results = []
    for executor in ("poisoned", "debug"):
        rng = np.random.default_rng(0)
        with tf.Graph().as_default():
            x = tf.placeholder(tf.float64, [batch, 100])
            loss = tf.reduce_mean(tf.square(layers(x) - 0.5))
            results.append(trained(loss, {x: rng.normal(size=(batch, 100))}, executor))
    for got, want in zip(*results, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-11)


def test_gradients_of_weights_wait_for_the_threads_that_use_them() -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float64, [64, 100])
        loss = tf.reduce_mean(tf.square(plain_layers(x)))
        train = tf.train.AdamOptimizer(0.01).minimize(loss)
        sess = tf.Session(config=tf.ConfigProto(intra_op_parallelism_threads=2))
        sess.run(tf.global_variables_initializer())
        text = sess.explain(train, {x: np.ones((64, 100))})
    update = text[text.index("beta1_power[()] =") :]
    assert re.search(r"dot\(Placeholder\w*, \w+, gradients_MatMul_grad_MatMul\w*\)", update)
    assert "dot(Placeholder" in text[: -len(update)]
