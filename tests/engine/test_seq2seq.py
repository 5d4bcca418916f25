"""Decoders, what they read, and attention, against formulas and against cells called by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import engine as tf

seq2seq = tf.contrib.seq2seq
cells = tf.nn.rnn_cell
nest = tf.contrib.framework.nest
BATCH, TIME, MEMORY, WIDTH, UNITS = 3, 4, 5, 2, 6
RANDOM = np.random.RandomState(0)
VALUES = RANDOM.randn(BATCH, MEMORY, WIDTH)
QUERY = RANDOM.randn(BATCH, UNITS)
INPUTS = RANDOM.randn(BATCH, TIME, WIDTH)
KNOWN = np.array([5, 1, 3], np.int32)
LENGTHS = np.array([4, 0, 2], np.int32)


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def run(fetches: Any, feed: Any = None, executor: str = "plan") -> Any:
    """The values, and every variable by its name, drawn by the seed of its name."""
    with tf.Session(executor=executor) as sess:
        weights = {}
        for variable in tf.global_variables():
            seed = sum(variable.op.name.encode())
            drawn = np.random.RandomState(seed).standard_normal(variable.get_shape().as_list())
            variable.load(np.asarray(drawn, variable.dtype.as_numpy_dtype), sess)
            weights[variable.op.name] = drawn
        return sess.run(fetches, feed), weights


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def masked(scores: Any) -> Any:
    return np.where(np.arange(MEMORY) < KNOWN[:, None], scores, -np.inf)


MASKED_VALUES = VALUES * (np.arange(MEMORY) < KNOWN[:, None])[:, :, None]


def mechanism(kind: Any, **more: Any) -> Any:
    return kind(UNITS, tf.constant(VALUES), KNOWN, dtype=tf.float64, **more)


@pytest.mark.parametrize("scale", [False, True])
def test_luong_attention_is_its_formula(scale: bool) -> None:
    attention = mechanism(seq2seq.LuongAttention, scale=scale)
    alignments, state = attention(tf.constant(QUERY), state=None)
    assert state is alignments and attention.alignments_size == MEMORY
    got, w = run(alignments)
    keys = MASKED_VALUES @ w["memory_layer/kernel"]
    scores = np.einsum("bu,btu->bt", QUERY, keys) * w.get("luong_attention/attention_g", 1.0)
    np.testing.assert_allclose(got, softmax(masked(scores)), rtol=1e-9)
    assert ("luong_attention/attention_g" in w) == scale


@pytest.mark.parametrize("normalize", [False, True])
def test_bahdanau_attention_is_its_formula(normalize: bool) -> None:
    attention = mechanism(seq2seq.BahdanauAttention, normalize=normalize)
    alignments, _ = attention(tf.constant(QUERY), state=None)
    got, w = run(alignments)
    w = {name.rpartition("bahdanau_attention/")[2]: value for name, value in w.items()}
    inner = MASKED_VALUES @ w["memory_layer/kernel"] + (QUERY @ w["query_layer/kernel"])[:, None]
    v = w["attention_v"]
    if normalize:
        inner += w["attention_b"]
        v = w["attention_g"] * v / np.linalg.norm(v)
    np.testing.assert_allclose(got, softmax(masked((v * np.tanh(inner)).sum(2))), rtol=1e-9)


def test_normalized_attention_starts_with_the_length_that_tensorflow_gives_it() -> None:
    attention = mechanism(seq2seq.BahdanauAttention, normalize=True)
    attention(tf.constant(QUERY), state=None)
    g, b = [v for v in tf.global_variables() if v.op.name[-2:] in ("_g", "_b")]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run(g) == pytest.approx(UNITS**-0.5)
        assert not sess.run(b).any()


def test_a_sequence_without_memory_is_refused() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="must greater than zero"):
        seq2seq.LuongAttention(UNITS, tf.ones([2, 3, 4]), [0, 3])
    lengths = tf.placeholder(tf.int32, [2])
    attention = seq2seq.LuongAttention(UNITS, tf.ones([2, 3, 4]), lengths)
    y, _ = attention(tf.ones([2, UNITS]), None)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must greater than zero"):
        run(y, {lengths: [0, 3]})


def wrapped(history: bool = False, **more: Any) -> Any:
    attention = mechanism(seq2seq.BahdanauAttention)
    inner = cells.GRUCell(UNITS)
    more = {"attention_layer_size": 4, "alignment_history": history, **more}
    return seq2seq.AttentionWrapper(inner, attention, **more)


def test_an_attention_wrapper_is_its_formula() -> None:
    cell = wrapped(history=True)
    x, h = tf.constant(INPUTS[:, 0]), RANDOM.randn(BATCH, UNITS)
    start = cell.zero_state(BATCH, tf.float64).clone(cell_state=tf.constant(h))
    output, state = cell(x, start._replace(attention=tf.ones([BATCH, 4], tf.float64)))
    by_hand, _ = cell._cell(tf.concat([x, tf.ones([BATCH, 4], tf.float64)], 1), tf.constant(h))
    aligned, _ = cell._attention_mechanisms[0](by_hand, None)
    history = state.alignment_history.stack()
    (got, hidden, alignments, kept, wanted, time), w = run(
        [output, by_hand, state.alignments, history, aligned, state.time]
    )
    np.testing.assert_allclose(alignments, kept[0])
    context = np.einsum("bt,btn->bn", alignments, MASKED_VALUES)
    both = np.concatenate([hidden, context], 1)
    np.testing.assert_allclose(got, both @ w["attention_wrapper/attention_layer/kernel"])
    assert wanted.shape == alignments.shape and time == 1
    assert cell.output_size == 4 and cell.state_size.time.as_list() == []


def test_without_a_layer_the_attention_is_the_context_and_the_cell_may_be_the_output() -> None:
    cell = wrapped(attention_layer_size=None, output_attention=False)
    output, state = cell(tf.constant(INPUTS[:, 0]), cell.zero_state(BATCH, tf.float64))
    (got, own, seen, aligned), _ = run(
        [output, state.cell_state, state.attention, state.alignments]
    )
    assert cell.output_size == UNITS
    np.testing.assert_allclose(got, own)
    np.testing.assert_allclose(seen, np.einsum("bt,btn->bn", aligned, MASKED_VALUES))


def test_several_memories_are_seen_side_by_side() -> None:
    pair = [mechanism(seq2seq.BahdanauAttention), mechanism(seq2seq.LuongAttention)]
    cell = seq2seq.AttentionWrapper(cells.GRUCell(UNITS), pair, [4, 5], alignment_history=True)
    output, state = cell(tf.constant(INPUTS[:, 0]), cell.zero_state(BATCH, tf.float64))
    assert output.get_shape().as_list() == [BATCH, 9]
    assert [x.get_shape().as_list() for x in state.alignments] == [[BATCH, MEMORY]] * 2
    assert len(state.alignment_history) == 2


def test_variables_have_the_names_of_tensorflow_and_are_used_again() -> None:
    cell = wrapped()
    layer = tf.layers.Dense(7)
    for name in ("train", "infer"):
        helper = seq2seq.TrainingHelper(tf.constant(INPUTS), LENGTHS)
        decoder = seq2seq.BasicDecoder(cell, helper, cell.zero_state(BATCH, tf.float64), layer)
        seq2seq.dynamic_decode(decoder, scope=None if name == "train" else "decoder")
    assert sorted(v.op.name for v in tf.global_variables()) == [
        "decoder/attention_wrapper/attention_layer/kernel",
        "decoder/attention_wrapper/bahdanau_attention/attention_v",
        "decoder/attention_wrapper/bahdanau_attention/query_layer/kernel",
        "decoder/attention_wrapper/gru_cell/candidate/bias",
        "decoder/attention_wrapper/gru_cell/candidate/kernel",
        "decoder/attention_wrapper/gru_cell/gates/bias",
        "decoder/attention_wrapper/gru_cell/gates/kernel",
        "decoder/dense/bias",
        "decoder/dense/kernel",
        "memory_layer/kernel",
    ]
    assert len(cell.trainable_variables) == 7


def test_a_second_decoder_under_reuse_finds_the_variables() -> None:
    for reuse in (None, True):
        with tf.variable_scope("model", reuse=reuse):
            cell = wrapped()
            helper = seq2seq.TrainingHelper(tf.constant(INPUTS), LENGTHS)
            decoder = seq2seq.BasicDecoder(cell, helper, cell.zero_state(BATCH, tf.float64))
            seq2seq.dynamic_decode(decoder)
        made = [v.op.name for v in tf.global_variables()]
        assert len(made) == 8 and all(name.startswith("model/") for name in made)


def decoded(lengths: Any, known: bool, **options: Any) -> tuple[Any, Any]:
    """`dynamic_decode` over the inputs, and the same cell called by hand, with gradients."""
    given = tf.placeholder(tf.float64, INPUTS.shape if known else [None, None, WIDTH])
    cell = wrapped()
    helper = seq2seq.TrainingHelper(given, lengths)
    decoder = seq2seq.BasicDecoder(cell, helper, cell.zero_state(BATCH, tf.float64))
    outputs, state, reached = seq2seq.dynamic_decode(decoder, **options)
    own, by_hand = cell.zero_state(BATCH, tf.float64), []
    for step in range(max(lengths)):
        output, own = cell(given[:, step], own)
        by_hand.append(output)
    unrolled = tf.stack(by_hand, 1)
    facts = [outputs.rnn_output, outputs.sample_id, state.cell_state, state.attention, reached]
    variables = tf.trainable_variables()
    inside = tf.cast(tf.sequence_mask(lengths, max(lengths)), tf.float64)[:, :, None]
    losses = [tf.reduce_sum(tf.sin(x) * inside) for x in (outputs.rnn_output, unrolled)]
    slopes = [tf.gradients(loss, [*variables, given]) for loss in losses]
    results, _ = run([facts, unrolled, slopes], {given: INPUTS}, "debug")
    for executor in ("plan", "poisoned"):
        again, _ = run([facts, unrolled, slopes], {given: INPUTS}, executor)
        for a, b in zip(nest.flatten(again), nest.flatten(results), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    return outputs, results


@pytest.mark.parametrize("known", [True, False])
def test_decoding_is_the_cell_step_by_step_and_gradients_flow_through(known: bool) -> None:
    _, ((got, ids, *_, reached), want, (slopes, wanted)) = decoded(LENGTHS, known)
    np.testing.assert_allclose(got, want)
    assert ids.dtype == np.int32 and (ids == want.argmax(2)).all()
    # As in TensorFlow, what was finished before the first step has length 0.
    assert reached.tolist() == [4, 0, 2]
    assert any(np.abs(slope).max() > 1e-3 for slope in slopes)
    for slope, other in zip(slopes, wanted, strict=True):
        np.testing.assert_allclose(slope, other, rtol=1e-8, atol=1e-10)


def test_impute_finished_gives_zeros_and_keeps_the_state_of_the_end() -> None:
    outputs, ((got, ids, state, seen, _), want, (slopes, wanted)) = decoded(
        LENGTHS, False, impute_finished=True
    )
    inside = np.arange(TIME) < LENGTHS[:, None]
    np.testing.assert_allclose(got, want * inside[:, :, None])
    assert not ids[~inside].any() and not state[1].any() and not seen[1].any()
    np.testing.assert_allclose(seen[2], want[2, 1])
    assert outputs.rnn_output.get_shape().as_list() == [BATCH, None, 4]
    for slope, other in zip(slopes, wanted, strict=True):
        np.testing.assert_allclose(slope, other, rtol=1e-8, atol=1e-10)


def test_time_may_come_first_and_steps_may_be_limited() -> None:
    cell = cells.GRUCell(UNITS)
    limit = tf.placeholder(tf.int32, [])
    turned = tf.constant(INPUTS.transpose(1, 0, 2))
    helper = seq2seq.TrainingHelper(turned, LENGTHS, time_major=True)
    decoder = seq2seq.BasicDecoder(cell, helper, cell.zero_state(BATCH, tf.float64))
    outputs, _, lengths = seq2seq.dynamic_decode(
        decoder, output_time_major=True, maximum_iterations=limit
    )
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for most in (1, 3, 9):
            found, reached = sess.run([outputs.rnn_output, lengths], {limit: most})
            assert found.shape == (min(most, 4), BATCH, UNITS)
            assert reached.tolist() == np.minimum(LENGTHS, most).tolist()


TABLE = np.random.RandomState(5).randn(7, WIDTH) * 2
END = 5


def greedy_by_hand(w: Any) -> list[list[int]]:
    """What a basic cell with a dense layer says, symbol by symbol, until it says the end."""
    said = []
    for start in (1, 2, 3):
        state, symbol, line = np.zeros(UNITS), start, []
        while len(line) < 9 and (not line or symbol != END):
            both = np.concatenate([TABLE[symbol], state])
            state = np.tanh(both @ w["decoder/basic_rnn_cell/kernel"]
                            + w["decoder/basic_rnn_cell/bias"])  # fmt: skip
            symbol = int(np.argmax(state @ w["decoder/dense/kernel"] + w["decoder/dense/bias"]))
            line.append(symbol)
        said.append(line)
    return said


@pytest.mark.parametrize("careful", [False, True])
def test_a_greedy_decoder_reads_what_it_said(careful: bool) -> None:
    table, start = tf.constant(TABLE), [1, 2, 3]
    if careful:
        helper = seq2seq.SampleEmbeddingHelper(table, start, END, softmax_temperature=1e-6)
    else:
        helper = seq2seq.GreedyEmbeddingHelper(lambda ids: tf.gather(table, ids), start, END)
    cell = cells.BasicRNNCell(UNITS)
    decoder = seq2seq.BasicDecoder(cell, helper, cell.zero_state(3, tf.float64), tf.layers.Dense(7))
    outputs, _, lengths = seq2seq.dynamic_decode(decoder, maximum_iterations=9)
    (ids, reached), w = run([outputs.sample_id, lengths])
    want = greedy_by_hand(w)
    assert [row[:n].tolist() for row, n in zip(ids, reached, strict=True)] == want
    assert len({len(line) for line in want}) > 1


def test_custom_helpers_decide_everything_themselves() -> None:
    helper = seq2seq.CustomHelper(
        lambda: (tf.fill([2], False), tf.zeros([2, 1])),
        lambda time, outputs, state: outputs[:, :2] * 0.0 + tf.cast(time, tf.float32),
        lambda time, outputs, state, sample_ids: (
            tf.fill([2], time >= 2),
            sample_ids[:, :1],
            state,
        ),
        sample_ids_shape=[2],
        sample_ids_dtype=tf.float32,
    )
    with pytest.raises(ValueError, match="before initialize was called"):
        _ = helper.batch_size
    cell = cells.GRUCell(3)
    helper.initialize()
    decoder = seq2seq.BasicDecoder(cell, helper, cell.zero_state(2, tf.float32))
    outputs, _, lengths = seq2seq.dynamic_decode(decoder)
    (samples, reached), _ = run([outputs.sample_id, lengths])
    assert samples[:, :, 0].tolist() == [[0, 1, 2]] * 2 and reached.tolist() == [3, 3]


def test_an_inference_helper_feeds_samples_back() -> None:
    helper = seq2seq.InferenceHelper(
        lambda outputs: outputs + 1.0, [2], tf.float32, tf.zeros([1, 2]),
        lambda samples: samples[:, 0] > 2.5,
    )  # fmt: skip

    class Repeat(cells.RNNCell):
        state_size = output_size = 2

        def call(self, inputs: Any, state: Any) -> Any:
            return inputs, state

    cell = Repeat()
    decoder = seq2seq.BasicDecoder(cell, helper, cell.zero_state(1, tf.float32))
    outputs, _, _ = seq2seq.dynamic_decode(decoder)
    assert run(outputs.sample_id)[0][0, :, 0].tolist() == [1, 2, 3]


def scheduled(kind: Any, probability: float, **more: Any) -> Any:
    """Samples and outputs of a cell that gives its inputs back."""

    class Repeat(cells.RNNCell):
        state_size = output_size = 2

        def call(self, inputs: Any, state: Any) -> Any:
            return inputs, state

    cell = Repeat()
    given = tf.constant(np.full([4, 6, 2], [9.0, -9.0], np.float32))
    helper = kind(given, [6] * 4, sampling_probability=probability, **more)
    decoder = seq2seq.BasicDecoder(cell, helper, cell.zero_state(4, tf.float32))
    outputs, _, _ = seq2seq.dynamic_decode(decoder)
    return run([outputs.rnn_output, outputs.sample_id])[0]


def test_scheduled_sampling_reads_samples_by_chance() -> None:
    table = tf.constant([[5.0, -5.0], [7.0, 7.0]])
    kind = seq2seq.ScheduledEmbeddingTrainingHelper
    read, ids = scheduled(kind, 0.0, embedding=table)
    assert (ids == -1).all() and (read[:, :, 0] == 9).all()
    read, ids = scheduled(kind, 1.0, embedding=table)
    assert (ids == 0).all() and (read[:, 1:, 0] == 5).all() and (read[:, 0, 0] == 9).all()
    read, ids = scheduled(kind, 0.5, embedding=table, seed=1, scheduling_seed=2)
    assert 0 < (ids == 0).sum() < ids.size
    assert ((read[:, 1:, 0] == 5) == (ids[:, :-1] == 0)).all()


def test_scheduled_outputs_are_read_by_chance() -> None:
    kind, half = seq2seq.ScheduledOutputTrainingHelper, {"next_inputs_fn": lambda x: x / 2.0}
    assert (scheduled(kind, 0.0, **half)[0][:, :, 0] == 9).all()
    read, ids = scheduled(kind, 1.0, **half)
    assert read[0, :3, 0].tolist() == [9, 4.5, 2.25] and (ids == 1).all()


def test_what_is_no_part_of_a_decoder_is_refused() -> None:
    cell, helper = cells.GRUCell(3), seq2seq.TrainingHelper(tf.ones([2, 3, 1]), [3, 3])
    state = cell.zero_state(2, tf.float32)
    with pytest.raises(TypeError, match="is not an RNNCell"):
        seq2seq.BasicDecoder(None, helper, state)
    with pytest.raises(TypeError, match="helper must be a Helper"):
        seq2seq.BasicDecoder(cell, None, state)
    with pytest.raises(TypeError, match="output_layer must be a Layer"):
        seq2seq.BasicDecoder(cell, helper, state, output_layer=len)
    with pytest.raises(TypeError, match="Expected decoder to be type Decoder"):
        seq2seq.dynamic_decode(cell)
    decoder = seq2seq.BasicDecoder(cell, helper, state)
    with pytest.raises(ValueError, match="maximum_iterations must be a scalar"):
        seq2seq.dynamic_decode(decoder, maximum_iterations=[3])
    with pytest.raises(ValueError, match="sequence_length to be a vector"):
        seq2seq.TrainingHelper(tf.ones([2, 3, 1]), 3)
    with pytest.raises(ValueError, match="start_tokens must be a vector"):
        seq2seq.GreedyEmbeddingHelper(tf.ones([2, 3]), 1, 0)
    with pytest.raises(ValueError, match="end_token must be a scalar"):
        seq2seq.GreedyEmbeddingHelper(tf.ones([2, 3]), [1], [0])
    with pytest.raises(ValueError, match="either a scalar or a vector"):
        scheduled(seq2seq.ScheduledOutputTrainingHelper, [[0.5]])  # type: ignore[arg-type]


def test_what_is_no_attention_is_refused() -> None:
    attention = seq2seq.LuongAttention(UNITS, tf.ones([2, 3, 4]))
    cell = cells.GRUCell(UNITS)
    with pytest.raises(TypeError, match="must be an AttentionMechanism or list"):
        seq2seq.AttentionWrapper(cell, cell)
    with pytest.raises(TypeError, match="cell_input_fn must be callable"):
        seq2seq.AttentionWrapper(cell, attention, cell_input_fn=3)
    with pytest.raises(ValueError, match="exactly one integer per attention_mechanism"):
        seq2seq.AttentionWrapper(cell, attention, [3, 4])
    with pytest.raises(ValueError, match="fully defined inner dims"):
        seq2seq.LuongAttention(UNITS, tf.placeholder(tf.float32, [2, 3, None]))
    with pytest.raises(ValueError, match="set num_units to the keys' dimension"):
        attention(tf.ones([2, 3]), None)
    wrapper = seq2seq.AttentionWrapper(cell, attention)
    with pytest.raises(TypeError, match="instance of AttentionWrapperState"):
        wrapper(tf.ones([2, 1]), tf.ones([2, UNITS]))
    state = wrapper.zero_state(2, tf.float32)
    with pytest.raises(ValueError, match="expected to be same"):
        state.clone(attention=tf.ones([3, 3]))
    with pytest.raises(ValueError, match="same nested structure"):
        state.clone(cell_state=(tf.ones([2, UNITS]),) * 2)


def test_batch_sizes_that_differ_point_to_tile_batch() -> None:
    attention = seq2seq.LuongAttention(UNITS, tf.ones([2, 3, 4]))
    cell = seq2seq.AttentionWrapper(cells.GRUCell(UNITS), attention)
    with pytest.raises(tf.errors.InvalidArgumentError, match="tiled to beam_width via"):
        cell.zero_state(6, tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="argument multiple=beam_width"):
        seq2seq.AttentionWrapper(
            cells.GRUCell(UNITS), attention, initial_cell_state=tf.ones([6, UNITS])
        )
    size = tf.placeholder(tf.int32, [])
    state = cell.zero_state(size, tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="tiled to beam_width via"):
        run(state.cell_state, {size: 6})


def test_an_initial_cell_state_is_what_decoding_starts_from() -> None:
    attention = seq2seq.LuongAttention(UNITS, tf.ones([2, 3, 4]))
    cell = seq2seq.AttentionWrapper(
        cells.GRUCell(UNITS), attention, initial_cell_state=tf.fill([2, UNITS], 3.0)
    )
    assert (run(cell.zero_state(2, tf.float32).cell_state)[0] == 3).all()


def test_sequence_loss_may_sum_and_divide_by_the_number_of_weights() -> None:
    logits = tf.constant(RANDOM.randn(2, 3, 4))
    weights = np.array([[0.5, 2.0, 0.0], [1.0, 0.0, 0.0]])
    targets = np.array([[1, 2, 0], [3, 0, 0]], np.int32)
    loss = seq2seq.sequence_loss
    each = loss(logits, targets, weights, False, False)
    for batch in (False, True):
        for steps in (False, True):
            got = loss(logits, targets, weights, False, False,
                       sum_over_batch=batch, sum_over_timesteps=steps)  # fmt: skip
            (found, values), _ = run([got, each])
            axes = tuple(axis for axis, asked in enumerate((batch, steps)) if asked)
            count = np.maximum((weights != 0).sum(axes), 1) if axes else 1
            np.testing.assert_allclose(found, values.sum(axes) / count if axes else values)
    with pytest.raises(ValueError, match="cannot be set to True at same time"):
        loss(logits, targets, weights, sum_over_batch=True)
