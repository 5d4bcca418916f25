"""Recurrent cells against their formulas, sequences against the cell applied step by step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf

EXECUTORS = ("plan", "poisoned", "debug")
TIME, BATCH, INPUTS, UNITS = 5, 4, 3, 6
LENGTHS = np.array([5, 2, 0, 3], np.int32)
cells = tf.nn.rnn_cell


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


class StepByStep(cells.BasicLSTMCell):
    """The same cell, which does not run as one operation for being another class."""


def results_of(kind: Any, static: bool, with_lengths: bool, executor: str) -> list[Any]:
    """Outputs, states, first and second order gradients of a loss over a sequence."""
    rng = np.random.default_rng(1)
    with tf.Graph().as_default() as graph, tf.Session(executor=executor) as sess:
        x = tf.placeholder(tf.float64, [None, TIME, INPUTS])
        lengths = tf.placeholder(tf.int32, [None]) if with_lengths else None
        start = cells.LSTMStateTuple(*[tf.constant(rng.normal(size=(BATCH, UNITS))) for _ in "ch"])
        cell = kind(UNITS, forget_bias=0.7)
        if static:
            outputs, state = tf.nn.static_rnn(
                cell, tf.unstack(x, TIME, 1), start, sequence_length=lengths
            )
            outputs = tf.stack(outputs, 1)
        else:
            outputs, state = tf.nn.dynamic_rnn(cell, x, lengths, start)
        fused = any(op.type == "LSTMSequence" for op in graph.get_operations())
        assert fused == (kind is cells.BasicLSTMCell)
        kernel, bias = tf.trainable_variables()
        weights = np.cos(np.arange(BATCH * TIME * UNITS)).reshape(BATCH, TIME, UNITS)
        loss = (
            tf.reduce_sum(tf.square(outputs) * weights)
            + tf.reduce_sum(tf.sin(state.c))
            + tf.reduce_sum(state.h**2)
        )
        sources = [x, *start, kernel, bias]
        first = tf.gradients(loss, sources)
        second = tf.gradients(sum(tf.reduce_sum(tf.square(g)) for g in first), sources)
        sess.run([kernel.assign(rng.normal(size=(INPUTS + UNITS, 4 * UNITS)) / 2),
                  bias.assign(rng.normal(size=4 * UNITS) / 9)])  # fmt: skip
        feed = {x: rng.normal(size=(BATCH, TIME, INPUTS))}
        if lengths is not None:
            feed[lengths] = LENGTHS
        return sess.run([outputs, *state, *first, *second], feed)


@pytest.mark.parametrize("with_lengths", [False, True])
def test_a_fused_lstm_is_the_cell_applied_step_by_step(with_lengths: bool) -> None:
    want = results_of(StepByStep, True, with_lengths, "debug")
    if with_lengths:
        assert want[0][1, 2:].tolist() == np.zeros([3, UNITS]).tolist()
    for kind in (StepByStep, cells.BasicLSTMCell):
        for static in (True, False):
            for executor in EXECUTORS:
                got = results_of(kind, static, with_lengths, executor)
                for x, y in zip(got, want, strict=True):
                    np.testing.assert_allclose(x, y, rtol=1e-8, atol=1e-9)


def test_a_fused_lstm_agrees_in_single_precision() -> None:
    rng = np.random.default_rng(0)
    feed_x = rng.normal(size=(BATCH, TIME, INPUTS)).astype(np.float32)
    x = tf.placeholder(tf.float32, [BATCH, TIME, INPUTS])
    results = []
    for kind, scope in ((cells.BasicLSTMCell, "a"), (StepByStep, "b")):
        start = tf.constant_initializer(0.0)
        with tf.variable_scope(scope, initializer=start):
            outputs, _ = tf.nn.dynamic_rnn(kind(UNITS, name="cell"), x, dtype=tf.float32)
        kernel, bias = tf.trainable_variables()[-2:]
        grads = tf.gradients(tf.reduce_sum(outputs**2), [x, kernel, bias])
        results.append((kernel, [outputs, *grads]))
    weights = rng.normal(size=(INPUTS + UNITS, 4 * UNITS))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run([kernel.assign(weights) for kernel, _ in results])
        one, other = sess.run([fetches for _, fetches in results], {x: feed_x})
        for a, b in zip(one, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def run_cell(cell: Any, x: Any, state: Any) -> tuple[Any, dict[str, Any]]:
    output, new_state = cell(tf.constant(x), state)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = {v.op.name: sess.run(v) for v in tf.trainable_variables()}
        return sess.run([output, new_state]), values


def test_basic_rnn_cell_is_its_formula() -> None:
    x, h = np.array([[1.0, -2.0]]), np.array([[0.3, 0.1, -0.5]])
    got, w = run_cell(cells.BasicRNNCell(3), x, tf.constant(h))
    want = np.tanh(np.hstack([x, h]) @ w["basic_rnn_cell/kernel"] + w["basic_rnn_cell/bias"])
    np.testing.assert_allclose(got[0], want)
    np.testing.assert_allclose(got[1], want)


def test_gru_cell_is_its_formula() -> None:
    x, h = np.array([[1.0, -2.0]]), np.array([[0.3, 0.1, -0.5]])
    got, w = run_cell(cells.GRUCell(3), x, tf.constant(h))
    assert w["gru_cell/gates/bias"].tolist() == [1.0] * 6
    gates = sigmoid(np.hstack([x, h]) @ w["gru_cell/gates/kernel"] + w["gru_cell/gates/bias"])
    r, u = gates[:, :3], gates[:, 3:]
    candidate = np.tanh(np.hstack([x, r * h]) @ w["gru_cell/candidate/kernel"])
    np.testing.assert_allclose(got[0], u * h + (1 - u) * candidate)


def test_lstm_cell_with_peepholes_and_projection_is_its_formula() -> None:
    x, c, h = np.array([[1.0, -2.0]]), np.array([[0.3, 0.1, -0.5]]), np.array([[0.2, 0.4]])
    cell = cells.LSTMCell(3, use_peepholes=True, num_proj=2, cell_clip=0.4)
    assert cell.state_size == (3, 2) and cell.output_size == 2
    state = cells.LSTMStateTuple(tf.constant(c), tf.constant(h))
    got, w = run_cell(cell, x, state)
    w = {name.removeprefix("lstm_cell/"): value for name, value in w.items()}
    i, j, f, o = np.split(np.hstack([x, h]) @ w["kernel"] + w["bias"], 4, 1)
    new_c = sigmoid(f + 1 + w["w_f_diag"] * c) * c + sigmoid(i + w["w_i_diag"] * c) * np.tanh(j)
    new_c = np.clip(new_c, -0.4, 0.4)
    new_h = sigmoid(o + w["w_o_diag"] * new_c) * np.tanh(new_c) @ w["projection/kernel"]
    np.testing.assert_allclose(got[1].c, new_c)
    np.testing.assert_allclose(got[1].h, new_h)


@pytest.mark.parametrize("kind", [cells.BasicLSTMCell, cells.LSTMCell, cells.GRUCell,
                                  cells.BasicRNNCell])  # fmt: skip
def test_static_and_dynamic_give_the_same(kind: Any) -> None:
    x = tf.constant(np.random.default_rng(0).normal(size=(BATCH, TIME, INPUTS)))
    cell = kind(UNITS)
    dynamic, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float64, sequence_length=LENGTHS)
    static, other = tf.nn.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float64,
                                     sequence_length=LENGTHS)  # fmt: skip
    assert dynamic.get_shape().as_list() == [BATCH, TIME, UNITS]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        a, b, c, d = sess.run([dynamic, tf.stack(static, 1), state, other])
        np.testing.assert_allclose(a, b, rtol=1e-12)
        np.testing.assert_allclose(np.array(c), np.array(d), rtol=1e-12)


def test_variables_are_named_and_shaped_as_in_tensorflow() -> None:
    x = tf.placeholder(tf.float32, [None, 7, 3])
    stacked = cells.MultiRNNCell([cells.BasicLSTMCell(4), cells.GRUCell(5)])
    tf.nn.dynamic_rnn(stacked, x, dtype=tf.float32)
    tf.nn.bidirectional_dynamic_rnn(
        cells.BasicRNNCell(2), cells.BasicRNNCell(2), x, dtype=tf.float32
    )
    tf.nn.dynamic_rnn(cells.DropoutWrapper(cells.LSTMCell(2), 0.5), x, dtype=tf.float32,
                      scope="dropped")  # fmt: skip
    assert {v.op.name: v.get_shape().as_list() for v in tf.trainable_variables()} == {
        "rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel": [7, 16],
        "rnn/multi_rnn_cell/cell_0/basic_lstm_cell/bias": [16],
        "rnn/multi_rnn_cell/cell_1/gru_cell/gates/kernel": [9, 10],
        "rnn/multi_rnn_cell/cell_1/gru_cell/gates/bias": [10],
        "rnn/multi_rnn_cell/cell_1/gru_cell/candidate/kernel": [9, 5],
        "rnn/multi_rnn_cell/cell_1/gru_cell/candidate/bias": [5],
        "bidirectional_rnn/fw/basic_rnn_cell/kernel": [5, 2],
        "bidirectional_rnn/fw/basic_rnn_cell/bias": [2],
        "bidirectional_rnn/bw/basic_rnn_cell/kernel": [5, 2],
        "bidirectional_rnn/bw/basic_rnn_cell/bias": [2],
        "dropped/lstm_cell/kernel": [5, 8],
        "dropped/lstm_cell/bias": [8],
    }


def test_a_second_model_finds_the_variables_under_reuse() -> None:
    x = tf.placeholder(tf.float32, [None, 7, 3])

    def model() -> Any:
        return tf.nn.dynamic_rnn(cells.BasicLSTMCell(4), x, dtype=tf.float32)[0]

    with tf.variable_scope("model"):
        one = model()
    with tf.variable_scope("model", reuse=True):
        two = model()
    assert len(tf.global_variables()) == 2
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        a, b = sess.run([one, two], {x: np.ones([2, 7, 3])})
        assert a.tolist() == b.tolist()
    with pytest.raises(ValueError, match="already exists"), tf.variable_scope("model"):
        model()


def test_stacked_lstms_run_as_one_operation_a_layer() -> None:
    x = tf.constant(np.random.default_rng(0).normal(size=(BATCH, TIME, INPUTS)))
    one = cells.BasicLSTMCell(UNITS)
    fused = cells.MultiRNNCell([one] * 2)
    assert fused.cells[0] is not fused.cells[1]
    outputs, state = tf.nn.dynamic_rnn(fused, x, dtype=tf.float64)
    kinds = [op.type for op in tf.get_default_graph().get_operations()]
    assert kinds.count("LSTMSequence") == 2
    by_step = fused.zero_state(BATCH, tf.float64)
    for item in tf.unstack(x, axis=1):
        output, by_step = fused(item, by_step)
    assert len(tf.trainable_variables()) == 4
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        got, want, a, b = sess.run([outputs[:, -1], output, state, by_step])
        np.testing.assert_allclose(got, want, rtol=1e-10)
        np.testing.assert_allclose(np.array(a), np.array(b), rtol=1e-10)


def test_a_backward_network_turns_each_example_within_its_length() -> None:
    x = tf.constant(np.arange(12.0).reshape(2, 6, 1) / 10)
    lengths = np.array([6, 2])

    class Sum(cells.RNNCell):
        state_size = output_size = 1

        def call(self, inputs: Any, state: Any) -> Any:
            return state + inputs, state + inputs

    (_, backward), (_, last) = tf.nn.bidirectional_dynamic_rnn(
        Sum(), Sum(), x, lengths, dtype=tf.float64
    )
    static, _, _ = tf.nn.static_bidirectional_rnn(
        Sum(), Sum(), tf.unstack(x, axis=1), dtype=tf.float64, sequence_length=lengths
    )
    grad = tf.gradients(backward[:, 0], x)[0]
    for executor in EXECUTORS:
        with tf.Session(executor=executor) as sess:
            b, s, end, g = sess.run([backward, tf.stack(static, 1)[:, :, 1:], last, grad])
            np.testing.assert_allclose(b[1, :, 0], [1.3, 0.7, 0, 0, 0, 0])
            np.testing.assert_allclose(b[0, :, 0], [1.5, 1.5, 1.4, 1.2, 0.9, 0.5])
            np.testing.assert_allclose(s, b)
            np.testing.assert_allclose(end[:, 0], [1.5, 1.3])
            assert g[:, :, 0].tolist() == [[1] * 6, [1, 1, 0, 0, 0, 0]]


def test_a_state_of_zeros_is_named_by_the_cells_around_it() -> None:
    lstm = cells.DropoutWrapper(cells.BasicLSTMCell(3))
    state = cells.MultiRNNCell([lstm]).zero_state(2, tf.float32)
    scope = "MultiRNNCellZeroState/DropoutWrapperZeroState/BasicLSTMCellZeroState"
    assert state[0].h.name == f"{scope}/zeros_1:0"


def test_dropout_and_residual_wrappers() -> None:
    x, cell = tf.ones([2, 3]), cells.BasicRNNCell(3)
    state = cell.zero_state(2, tf.float32)
    plain = cell(x, state)[0]
    residual = cells.ResidualWrapper(cell)(x, state)[0]
    dropped, kept = cells.DropoutWrapper(cell, output_keep_prob=0.5, seed=1)(x, state)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        a, b, c, d = sess.run([plain, residual, dropped, kept])
        np.testing.assert_allclose(b, a + 1)
        np.testing.assert_allclose(d, a)
        assert all(y in (0, pytest.approx(2 * x)) for x, y in zip(a.flat, c.flat, strict=True))
    with pytest.raises(ValueError, match="input_keep_prob must be between 0 and 1"):
        cells.DropoutWrapper(cell, input_keep_prob=1.5)


def test_projection_and_embedding_wrappers_have_their_variables() -> None:
    cell = cells.OutputProjectionWrapper(cells.EmbeddingWrapper(cells.GRUCell(3), 10, 4), 7)
    outputs, _ = tf.nn.static_rnn(cell, [tf.constant([1, 2])] * 2, dtype=tf.float32)
    assert [o.get_shape().as_list() for o in outputs] == [[2, 7]] * 2
    assert len(tf.trainable_variables()) == 7


def test_raw_rnn_is_dynamic_rnn_by_hand() -> None:
    x = tf.constant(np.random.default_rng(0).normal(size=(TIME, BATCH, INPUTS)))
    cell = cells.GRUCell(UNITS)
    items = tf.TensorArray(tf.float64, size=TIME).unstack(x)
    zeros = tf.zeros([BATCH, INPUTS], tf.float64)

    def loop(time: Any, output: Any, state: Any, _: Any) -> Any:
        state = cell.zero_state(BATCH, tf.float64) if output is None else state
        finished = time >= LENGTHS
        over = tf.reduce_all(finished)
        return finished, tf.cond(over, lambda: zeros, lambda: items.read(time)), state, output, None

    array, state, _ = tf.nn.raw_rnn(cell, loop)
    outputs, other = tf.nn.dynamic_rnn(cell, x, LENGTHS, dtype=tf.float64, time_major=True)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for a, b in (sess.run([array.stack(), outputs]), sess.run([state, other])):
            np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: tf.nn.dynamic_rnn(3, x, dtype=tf.float32), TypeError, "is not an RNNCell"),
        (lambda x: tf.nn.dynamic_rnn(cells.GRUCell(2), x), ValueError, "you must give a dtype"),
        (lambda x: tf.nn.static_rnn(cells.GRUCell(2), x, dtype=tf.float32), TypeError,
         "inputs must be a sequence"),
        (lambda x: tf.nn.static_rnn(cells.GRUCell(2), [], dtype=tf.float32), ValueError,
         "inputs must not be empty"),
        (lambda x: tf.nn.dynamic_rnn(cells.GRUCell(2), x, [1, 2], dtype=tf.float32), ValueError,
         "must be a vector of length batch_size"),
        (lambda x: cells.MultiRNNCell([]), ValueError, "at least one cell"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_refused(call: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        call(tf.zeros([4, 2, 3]))


def test_sequence_loss_averages_over_the_weights() -> None:
    logits = np.random.default_rng(0).normal(size=(2, 3, 4))
    targets = np.array([[0, 1, 2], [3, 0, 1]])
    weights = np.array([[1.0, 1.0, 0.0], [1.0, 0.5, 0.5]])
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    entropy = -np.take_along_axis(log_p, targets[..., None], 2)[..., 0] * weights
    loss = tf.contrib.seq2seq.sequence_loss
    each = [np.swapaxes(a, 0, 1) for a in (logits, targets, weights)]
    listed = tf.contrib.legacy_seq2seq
    with tf.Session() as sess:
        assert sess.run(loss(logits, targets, weights)) == pytest.approx(entropy.sum() / 4)
        by_step = sess.run(loss(logits, targets, weights, average_across_timesteps=False))
        np.testing.assert_allclose(by_step, entropy.sum(0) / weights.sum(0))
        nothing = loss(logits, targets, weights, False, False)
        np.testing.assert_allclose(sess.run(nothing), entropy)
        by_example = sess.run(listed.sequence_loss_by_example(*map(list, each)))
        np.testing.assert_allclose(by_example, entropy.sum(1) / weights.sum(1))
        total = sess.run(listed.sequence_loss(*map(list, each)))
        assert total == pytest.approx((entropy.sum(1) / weights.sum(1)).mean())
    with pytest.raises(ValueError, match="Lengths of logits, weights, and targets"):
        listed.sequence_loss_by_example([logits], [], [])
    with pytest.raises(ValueError, match="Targets must be a"):
        loss(logits, targets[0], weights)


@pytest.mark.parametrize("name", ["embedding_rnn_seq2seq", "embedding_attention_seq2seq"])
def test_a_decoder_trains_and_feeds_itself_with_the_same_variables(name: str) -> None:
    tf.set_random_seed(0)
    build = getattr(tf.nn.seq2seq, name)
    words = [tf.placeholder(tf.int32, [None]) for _ in range(3)]
    targets = [words[0], words[1]]
    with tf.variable_scope("model"):
        outputs, _ = build(words, targets, cells.GRUCell(16), 8, 8, 6)
    variables = len(tf.global_variables())
    with tf.variable_scope("model", reuse=True):
        alone, _ = build(words, targets, cells.GRUCell(16), 8, 8, 6, feed_previous=True)
    assert len(tf.global_variables()) == variables
    loss = tf.nn.seq2seq.sequence_loss(outputs, targets, [tf.ones([4])] * 2)
    step = tf.train.AdamOptimizer(0.05).minimize(loss)
    feed = dict(zip(words, np.array([[1, 2, 3, 4], [5, 6, 1, 2], [3, 3, 3, 3]]), strict=True))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        losses = [sess.run([loss, step], feed)[0] for _ in range(60)]
        assert losses[-1] < 0.1 * losses[0]
        assert [o.shape for o in sess.run(alone, feed)] == [(4, 8)] * 2
        same = sess.run([outputs[0], alone[0]], feed)
        np.testing.assert_allclose(*same, rtol=1e-5)


def test_basic_seq2seq_starts_the_decoder_from_the_encoder() -> None:
    items = [tf.constant(np.random.default_rng(0).normal(size=(2, 3))) for _ in range(3)]
    cell = cells.BasicLSTMCell(4)
    outputs, _ = tf.contrib.legacy_seq2seq.basic_rnn_seq2seq(items, items[:2], cell, tf.float64)
    assert {v.op.name.rpartition("/")[0] for v in tf.trainable_variables()} == {
        "basic_rnn_seq2seq/rnn/basic_lstm_cell",
        "basic_rnn_seq2seq/rnn_decoder/basic_lstm_cell",
    }
    assert all(g is not None for g in tf.gradients(outputs[-1], tf.trainable_variables()))


def test_layer_normalization_centres_the_gates() -> None:
    cell = tf.contrib.rnn.LayerNormBasicLSTMCell(5)
    x = tf.constant(np.random.default_rng(0).normal(size=(3, 4)))
    _, state = cell(x, cell.zero_state(3, tf.float64))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        c = sess.run(state.c)
        np.testing.assert_allclose(c.mean(1), 0, atol=1e-12)
        np.testing.assert_allclose(c.std(1), 1, atol=1e-6)
    assert "layer_norm_basic_lstm_cell/state/gamma" in {v.op.name for v in tf.global_variables()}


def test_names_of_both_eras_are_the_same_cells() -> None:
    from engine.models.rnn import rnn, rnn_cell, seq2seq

    assert rnn_cell.BasicLSTMCell is cells.BasicLSTMCell is tf.contrib.rnn.BasicLSTMCell
    assert rnn.rnn is tf.nn.rnn is tf.nn.static_rnn
    assert seq2seq.sequence_loss_by_example is tf.nn.seq2seq.sequence_loss_by_example
