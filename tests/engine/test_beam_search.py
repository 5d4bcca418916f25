"""Beam search against the enumeration of every sequence, and against a search in plain Python."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

import engine as tf

seq2seq = tf.contrib.seq2seq
cells = tf.nn.rnn_cell
END = 0


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


class Chain(cells.RNNCell):
    """Logits of the next symbol by the last one and by the time; the state counts the steps."""

    def __init__(self, table: Any):
        super().__init__()
        self.table = tf.constant(table)
        self.symbols = table.shape[-1]

    @property
    def state_size(self) -> int:
        return 1

    @property
    def output_size(self) -> int:
        return self.symbols

    def call(self, inputs: Any, state: Any) -> Any:
        logits = tf.matmul(inputs, self.table)
        return logits * (1.0 + state), state + 0.25


def log_softmax(x: Any) -> Any:
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def log_probs(table: Any, symbol: int, step: int) -> Any:
    return log_softmax(table[symbol] * (1 + 0.25 * step))


def search(table: Any, start: list[int], beams: int, steps: int, **options: Any) -> Any:
    """(predicted ids, scores of the last step, lengths) of a chain over these symbols."""
    symbols = len(table)
    cell = Chain(table)
    state = seq2seq.tile_batch(cell.zero_state(len(start), tf.float64), beams)
    table_of_symbols = tf.constant(np.eye(symbols))
    decoder = seq2seq.BeamSearchDecoder(cell, table_of_symbols, start, END, state, beams, **options)
    outputs, last, _ = seq2seq.dynamic_decode(decoder, maximum_iterations=steps)
    found = []
    for executor in ("plan", "poisoned", "debug"):
        with tf.Session(executor=executor) as sess:
            found.append(
                sess.run([outputs.predicted_ids, outputs.beam_search_decoder_output.scores[:, -1],
                          last.lengths, last.log_probs])
            )  # fmt: skip
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)
    return found[0]


def every_sequence(table: Any, start: int, steps: int, weight: float) -> Any:
    """All sequences that end, or that are cut off after `steps`, from the best to the worst."""
    found = []
    others = range(1, len(table))
    for count in range(steps + 1):
        for middle in product(others, repeat=count):
            line = [*middle, END] if count < steps else list(middle)
            before = [start, *line[:-1]]
            score = sum(log_probs(table, a, t)[b]
                        for t, (a, b) in enumerate(zip(before, line, strict=True)))  # fmt: skip
            # An end in the last step is not counted yet, as TensorFlow has it.
            length = count + 1 if count < steps - 1 else min(count, steps)
            padded = line + [END] * (steps - len(line))
            found.append((score / ((5 + length) / 6) ** weight, padded))
    return sorted(found, reverse=True)


@pytest.mark.parametrize("weight", [0.0, 1.3])
def test_a_wide_search_finds_every_sequence_in_order(weight: float) -> None:
    table = np.random.RandomState(1).randn(3, 3)
    ids, scores, _, _ = search(table, [1, 2], 15, 3, length_penalty_weight=weight)
    assert ids.shape == (2, 3, 15)
    for row, start in enumerate([1, 2]):
        want = every_sequence(table, start, 3, weight)
        assert len(want) == 15
        np.testing.assert_allclose(scores[row], [score for score, _ in want], rtol=1e-9)
        # Where a sequence has ended, end tokens follow.
        assert ids[row].T.tolist() == [line for _, line in want]


def by_hand(table: Any, start: int, beams: int, steps: int, weight: float) -> Any:
    """A beam search over lists: (symbols, log probability, length, whether it has ended)."""
    going = [([], 0.0, 0, False)]
    for step in range(steps):
        if all(ended for *_, ended in going):
            break
        grown = []
        for line, total, length, ended in going:
            if ended:
                grown.append((total / ((5 + length) / 6) ** weight, line, total, length, True))
                continue
            last = line[-1] if line else start
            for symbol, log_prob in enumerate(log_probs(table, last, step)):
                counted = length + (symbol != END)
                score = (total + log_prob) / ((5 + counted) / 6) ** weight
                grown.append((score, [*line, symbol], total + log_prob, length + 1, symbol == END))
        grown.sort(key=lambda item: -item[0])
        kept, going = grown[:beams], [item[1:] for item in grown[:beams]]
    return kept


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("weight", [0.0, 0.8])
def test_a_narrow_search_goes_on_with_the_best_of_each_step(seed: int, weight: float) -> None:
    table = np.random.RandomState(seed).randn(6, 6) * 1.5
    ids, scores, lengths, totals = search(table, [1, 4], 3, 7, length_penalty_weight=weight)
    for row, start in enumerate([1, 4]):
        want = by_hand(table, start, 3, 7, weight)
        np.testing.assert_allclose(scores[row], [item[0] for item in want], rtol=1e-9)
        np.testing.assert_allclose(totals[row], [item[2] for item in want], rtol=1e-9)
        assert lengths[row].tolist() == [item[3] for item in want]
        for beam, item in enumerate(want):
            line = ids[row, :, beam].tolist()
            assert line == item[1] + [END] * (len(line) - len(item[1]))


def attending(beams: int, batch: Any = 2, **options: Any) -> Any:
    """A beam search with two stacked LSTMs and attention over known memories."""
    memory = np.random.RandomState(2).randn(2, 4, 3)
    lengths = np.array([4, 2], np.int32)
    given = tf.placeholder_with_default(tf.constant(memory), [batch, None, 3])
    kept = seq2seq.tile_batch(given, beams)
    attention = seq2seq.BahdanauAttention(
        5, kept, seq2seq.tile_batch(tf.constant(lengths), beams), dtype=tf.float64
    )
    stacked = cells.MultiRNNCell([cells.BasicLSTMCell(5), cells.GRUCell(5)])
    cell = seq2seq.AttentionWrapper(stacked, attention, 4, alignment_history=True)
    size = tf.shape(given)[0] * beams
    start = tf.fill([tf.shape(given)[0]], 1)
    table = tf.constant(np.random.RandomState(3).randn(6, 3))
    decoder = seq2seq.BeamSearchDecoder(
        cell, table, start, END, cell.zero_state(size, tf.float64), beams,
        tf.layers.Dense(6, kernel_initializer=tf.random_normal_initializer(0, 3, seed=1)), **options
    )  # fmt: skip
    return cell, table, seq2seq.dynamic_decode(decoder, maximum_iterations=6)


@pytest.mark.parametrize("batch", [2, None])
def test_the_states_of_a_beam_follow_the_beam_it_continues(batch: int | None) -> None:
    """Every sequence that was found gives the same state and attention when it is read alone."""
    beams = 3
    tf.set_random_seed(4)
    cell, table, (outputs, state, _) = attending(beams, batch)
    ids, history = outputs.predicted_ids, state.cell_state.alignment_history
    assert ids.get_shape().as_list() == [None, None, beams]
    assert len(history.get_shape().as_list()) == 3
    spoken = tf.placeholder(tf.int32, [2 * beams, None])
    before = tf.concat([tf.fill([2 * beams, 1], 1), spoken[:, :-1]], 1)
    helper = seq2seq.TrainingHelper(tf.gather(table, before), tf.fill([2 * beams], 6))
    alone = seq2seq.BasicDecoder(cell, helper, cell.zero_state(2 * beams, tf.float64))
    _, read, _ = seq2seq.dynamic_decode(alone)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        found, kept, lengths, cell_state = sess.run(
            [ids, history, state.lengths, state.cell_state.cell_state]
        )
        assert found.shape == (2, 6, beams) and len({*map(tuple, found[0].T.tolist())}) == beams
        feed = {spoken: found.transpose(0, 2, 1).reshape(2 * beams, 6)}
        seen, own = sess.run([read.alignment_history.stack(), read.cell_state], feed)
    for k, length in enumerate(lengths.ravel()):
        np.testing.assert_allclose(kept[:length, k], seen[:length, k], rtol=1e-9)
        if length == 6:
            np.testing.assert_allclose(cell_state[0].h.reshape(6, 5)[k], own[0].h[k], rtol=1e-9)


def test_a_coverage_penalty_adds_up_what_the_beams_looked_at() -> None:
    tf.set_random_seed(4)
    _, _, (outputs, state, _) = attending(4, coverage_penalty_weight=0.5)
    scores = outputs.beam_search_decoder_output.scores
    seen, steps = state.accumulated_attention_probs, state.lengths
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        scores, seen, steps = sess.run([scores, seen, steps])
    assert np.isfinite(scores[:, -1]).all()
    # Every step looks once; what is beyond the second memory's length is never looked at.
    assert not seen[1, :, 2:].any()
    np.testing.assert_allclose(seen.sum(2), steps)
    with pytest.raises(ValueError, match=r"must be 0\.0 if no cell is attentional"):
        search(np.eye(3), [1], 2, 2, coverage_penalty_weight=0.5)


def test_the_penalty_of_the_coverage_is_its_formula() -> None:
    """One finished batch entry: the score of its only way on is what the formula says."""
    attention = seq2seq.LuongAttention(2, tf.ones([2, 3, 2], tf.float64), dtype=tf.float64)
    cell = seq2seq.AttentionWrapper(cells.GRUCell(2), attention)
    start = cell.zero_state(2, tf.float64)
    decoder = seq2seq.BeamSearchDecoder(
        cell, np.eye(2), [1], END, start, 2, coverage_penalty_weight=0.5, length_penalty_weight=1.0
    )
    _, _, state = decoder.initialize()
    seen = np.array([[[0.5, 0.25, 2.0], [1.0, 0.0, 0.5]]])
    ended = state._replace(
        finished=tf.constant([[True, True]]),
        log_probs=tf.constant([[-1.0, -2.0]], tf.float64),
        lengths=tf.constant([[1, 7]], tf.int64),
        accumulated_attention_probs=tf.constant(seen),
    )
    output, after, _, over = decoder.step(tf.constant(0), tf.ones([1, 2, 2], tf.float64), ended)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        scores, ids, kept, finished = sess.run(
            [output.scores, output.predicted_ids, after.accumulated_attention_probs, over]
        )
    want = [-1.0 / (6 / 6) + 0.5 * np.log(0.125), -2.0 / (12 / 6) + 0.5 * np.log(0.5)]
    order = np.argsort(want)[::-1]
    np.testing.assert_allclose(scores[0], np.array(want)[order])
    np.testing.assert_allclose(kept[0], seen[0][order])
    assert ids.tolist() == [[END, END]] and finished.all()


def test_tile_batch_repeats_each_example_of_a_structure() -> None:
    given = cells.LSTMStateTuple(tf.constant([[1.0], [2.0]]), tf.placeholder(tf.int32, [None]))
    tiled = seq2seq.tile_batch(given, 3)
    assert isinstance(tiled, cells.LSTMStateTuple)
    assert tiled.c.get_shape().as_list() == [6, 1] and tiled.h.get_shape().as_list() == [None]
    with tf.Session() as sess:
        c, h = sess.run(tiled, {given.h: [7, 8]})
    assert c.ravel().tolist() == [1, 1, 1, 2, 2, 2] and h.tolist() == [7, 7, 7, 8, 8, 8]
    with pytest.raises(ValueError, match="t must have statically known rank"):
        seq2seq.tile_batch(tf.placeholder(tf.float32), 2)


def test_a_parent_that_is_no_beam_is_refused() -> None:
    parents = tf.placeholder(tf.int32, [2, 1, 1])
    whole = seq2seq.gather_tree([[[1]], [[2]]], parents, [2], 9)
    with (
        tf.Session() as sess,
        pytest.raises(tf.errors.InvalidArgumentError, match="invalid parent id"),
    ):
        sess.run(whole, {parents: [[[0]], [[3]]]})


def test_tokens_of_another_rank_are_refused() -> None:
    cell = cells.GRUCell(3)
    state = cell.zero_state(4, tf.float32)
    with pytest.raises(ValueError, match="start_tokens must be a vector"):
        seq2seq.BeamSearchDecoder(cell, tf.ones([3, 3]), 1, END, state, 2)
    with pytest.raises(ValueError, match="end_token must be a scalar"):
        seq2seq.BeamSearchDecoder(cell, tf.ones([3, 3]), [1, 1], [END], state, 2)
    with pytest.raises(ValueError, match="penalty_factor should be a scalar"):
        decoder = seq2seq.BeamSearchDecoder(
            cell, tf.ones([3, 3]), [1, 1], END, state, 2, length_penalty_weight=[1.0, 2.0]
        )
        seq2seq.dynamic_decode(decoder, maximum_iterations=2)
