"""1.x: digits are translated into their reverse, with attention; greedy and beam search decode."""

import numpy as np
import tensorflow as tf
from tensorflow.contrib import seq2seq
from tensorflow.python.layers.core import Dense

PAD, GO, EOS, OFFSET = 0, 1, 2, 3
VOCAB, EMBED, UNITS, BATCH, BEAM = 13, 16, 32, 32, 4

tf.set_random_seed(3)
rng = np.random.RandomState(3)


def make_batch(size=BATCH):
    lengths = rng.randint(2, 6, size)
    source = np.zeros((size, lengths.max()), np.int32)
    target = np.zeros((size, lengths.max() + 1), np.int32)
    for i, n in enumerate(lengths):
        digits = rng.randint(0, 10, n) + OFFSET
        source[i, :n] = digits
        target[i, :n] = digits[::-1]
        target[i, n] = EOS
    return source, lengths, target, lengths + 1


source = tf.placeholder(tf.int32, [None, None], "source")
source_length = tf.placeholder(tf.int32, [None], "source_length")
target = tf.placeholder(tf.int32, [None, None], "target")
target_length = tf.placeholder(tf.int32, [None], "target_length")
batch_size = tf.shape(source)[0]

with tf.variable_scope("encoder"):
    embedding = tf.get_variable("embedding", [VOCAB, EMBED])
    (fw, bw), (fw_state, bw_state) = tf.nn.bidirectional_dynamic_rnn(
        tf.nn.rnn_cell.GRUCell(UNITS // 2),
        tf.nn.rnn_cell.GRUCell(UNITS // 2),
        tf.nn.embedding_lookup(embedding, source),
        source_length,
        dtype=tf.float32,
    )
    encoder_outputs = tf.concat([fw, bw], 2)
    encoder_state = tf.concat([fw_state, bw_state], 1)


def decoder_parts(outputs, state, lengths, size):
    mechanism = seq2seq.BahdanauAttention(UNITS, outputs, lengths, normalize=True)
    cell = seq2seq.AttentionWrapper(
        tf.nn.rnn_cell.GRUCell(UNITS),
        mechanism,
        attention_layer_size=UNITS,
        alignment_history=True,
        name="attention",
    )
    initial = cell.zero_state(dtype=tf.float32, batch_size=size).clone(cell_state=state)
    return cell, initial, Dense(VOCAB, use_bias=False, name="projection")


with tf.variable_scope("decoder"):
    decoder_embedding = tf.get_variable("embedding", [VOCAB, EMBED])
    cell, initial, projection = decoder_parts(
        encoder_outputs, encoder_state, source_length, batch_size
    )
    decoder_input = tf.concat([tf.fill([batch_size, 1], GO), target[:, :-1]], 1)
    helper = seq2seq.TrainingHelper(
        tf.nn.embedding_lookup(decoder_embedding, decoder_input), target_length
    )
    decoder = seq2seq.BasicDecoder(cell, helper, initial, projection)
    outputs, _, _ = seq2seq.dynamic_decode(decoder, impute_finished=True)

mask = tf.sequence_mask(target_length, dtype=tf.float32)
loss = seq2seq.sequence_loss(outputs.rnn_output, target, mask)
optimizer = tf.train.AdamOptimizer(0.01)
gradients, variables = zip(*optimizer.compute_gradients(loss))
clipped, _ = tf.clip_by_global_norm(gradients, 5.0)
train_op = optimizer.apply_gradients(zip(clipped, variables))

with tf.variable_scope("decoder", reuse=True):
    cell, initial, projection = decoder_parts(
        encoder_outputs, encoder_state, source_length, batch_size
    )
    start = tf.fill([batch_size], GO)
    greedy = seq2seq.BasicDecoder(
        cell, seq2seq.GreedyEmbeddingHelper(decoder_embedding, start, EOS), initial, projection
    )
    said, said_state, _ = seq2seq.dynamic_decode(greedy, maximum_iterations=10)
    alignments = said_state.alignment_history.stack()

with tf.variable_scope("decoder", reuse=True):
    cell, initial, projection = decoder_parts(
        seq2seq.tile_batch(encoder_outputs, BEAM),
        seq2seq.tile_batch(encoder_state, BEAM),
        seq2seq.tile_batch(source_length, BEAM),
        batch_size * BEAM,
    )
    beams = seq2seq.BeamSearchDecoder(
        cell, decoder_embedding, start, EOS, initial, BEAM, projection, length_penalty_weight=0.6
    )
    searched, _, _ = seq2seq.dynamic_decode(beams, maximum_iterations=10)

print([v.op.name for v in tf.trainable_variables()])
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for step in range(200):
        feed = dict(zip([source, source_length, target, target_length], make_batch()))
        _, cost = sess.run([train_op, loss], feed)
        if step % 50 == 0:
            print(step, cost)
    print("final", cost)
    digits, lengths, wanted, wanted_lengths = make_batch(20)
    feed = {source: digits, source_length: lengths}
    ids, best, seen = sess.run([said.sample_id, searched.predicted_ids, alignments], feed)
    right = [np.array_equal(ids[i, :n], wanted[i, :n]) for i, n in enumerate(wanted_lengths)]
    found = [np.array_equal(best[i, :n, 0], wanted[i, :n]) for i, n in enumerate(wanted_lengths)]
    print(np.mean(right), np.mean(found))

assert cost < 0.1, cost
assert np.mean(right) >= 0.9 and np.mean(found) >= 0.9
# It looks at the digit that it says, from the last one to the first.
assert np.mean([seen[0, i, : lengths[i]].argmax() == lengths[i] - 1 for i in range(20)]) > 0.7
