"""1.x: a bidirectional encoder, a decoder by raw_rnn that reads its own predictions."""

import numpy as np
import tensorflow as tf
from tensorflow.python.ops.rnn_cell import LSTMCell, LSTMStateTuple

tf.set_random_seed(1)

PAD, EOS = 0, 1
vocab_size, input_embedding_size, encoder_hidden_units = 10, 6, 7
decoder_hidden_units = encoder_hidden_units * 2
encoder_inputs = tf.placeholder(shape=(None, None), dtype=tf.int32, name="encoder_inputs")
encoder_inputs_length = tf.placeholder(shape=(None,), dtype=tf.int32, name="encoder_inputs_length")
decoder_targets = tf.placeholder(shape=(None, None), dtype=tf.int32, name="decoder_targets")
embeddings = tf.Variable(
    tf.random_uniform([vocab_size, input_embedding_size], -1.0, 1), dtype=tf.float32
)
encoder_inputs_embedded = tf.nn.embedding_lookup(embeddings, encoder_inputs)

encoder_cell = LSTMCell(encoder_hidden_units)
((encoder_fw_outputs, encoder_bw_outputs), (encoder_fw_final_state, encoder_bw_final_state)) = (
    tf.nn.bidirectional_dynamic_rnn(
        cell_fw=encoder_cell,
        cell_bw=encoder_cell,
        inputs=encoder_inputs_embedded,
        sequence_length=encoder_inputs_length,
        dtype=tf.float32,
        time_major=True,
    )
)
encoder_outputs = tf.concat((encoder_fw_outputs, encoder_bw_outputs), 2)
encoder_final_state = LSTMStateTuple(
    c=tf.concat((encoder_fw_final_state.c, encoder_bw_final_state.c), 1),
    h=tf.concat((encoder_fw_final_state.h, encoder_bw_final_state.h), 1),
)
decoder_cell = LSTMCell(decoder_hidden_units)
encoder_max_time, batch_size = tf.unstack(tf.shape(encoder_inputs))
decoder_lengths = encoder_inputs_length + 3
W = tf.Variable(tf.random_uniform([decoder_hidden_units, vocab_size], -1, 1), dtype=tf.float32)
b = tf.Variable(tf.zeros([vocab_size]), dtype=tf.float32)
assert EOS == 1 and PAD == 0
eos_time_slice = tf.ones([batch_size], dtype=tf.int32, name="EOS")
pad_time_slice = tf.zeros([batch_size], dtype=tf.int32, name="PAD")
eos_step_embedded = tf.nn.embedding_lookup(embeddings, eos_time_slice)
pad_step_embedded = tf.nn.embedding_lookup(embeddings, pad_time_slice)


def loop_fn_initial():
    initial_elements_finished = 0 >= decoder_lengths  # all False at the initial step
    initial_input = eos_step_embedded
    initial_cell_state = encoder_final_state
    initial_cell_output = None
    initial_loop_state = None  # we don't need to pass any additional information
    return (
        initial_elements_finished,
        initial_input,
        initial_cell_state,
        initial_cell_output,
        initial_loop_state,
    )


def loop_fn_transition(time, previous_output, previous_state, previous_loop_state):
    def get_next_input():
        output_logits = tf.add(tf.matmul(previous_output, W), b)
        prediction = tf.argmax(output_logits, axis=1)
        return tf.nn.embedding_lookup(embeddings, prediction)

    elements_finished = time >= decoder_lengths
    finished = tf.reduce_all(elements_finished)  # -> boolean scalar
    input = tf.cond(finished, lambda: pad_step_embedded, get_next_input)
    state = previous_state
    output = previous_output
    loop_state = None
    return (elements_finished, input, state, output, loop_state)


def loop_fn(time, previous_output, previous_state, previous_loop_state):
    if previous_state is None:  # time == 0
        assert previous_output is None and previous_state is None
        return loop_fn_initial()
    return loop_fn_transition(time, previous_output, previous_state, previous_loop_state)


decoder_outputs_ta, decoder_final_state, _ = tf.nn.raw_rnn(decoder_cell, loop_fn)
decoder_outputs = decoder_outputs_ta.stack()
print(decoder_outputs)
decoder_max_steps, decoder_batch_size, decoder_dim = tf.unstack(tf.shape(decoder_outputs))
decoder_outputs_flat = tf.reshape(decoder_outputs, (-1, decoder_dim))
decoder_logits_flat = tf.add(tf.matmul(decoder_outputs_flat, W), b)
decoder_logits = tf.reshape(
    decoder_logits_flat, (decoder_max_steps, decoder_batch_size, vocab_size)
)
decoder_prediction = tf.argmax(decoder_logits, 2)
stepwise_cross_entropy = tf.nn.softmax_cross_entropy_with_logits(
    labels=tf.one_hot(decoder_targets, depth=vocab_size, dtype=tf.float32), logits=decoder_logits
)
loss = tf.reduce_mean(stepwise_cross_entropy)
train_op = tf.train.AdamOptimizer(0.01).minimize(loss)
print(decoder_logits, loss)
rng = np.random.RandomState(0)
sess = tf.InteractiveSession()
sess.run(tf.global_variables_initializer())
for k in range(12):
    lens = rng.randint(2, 5, size=4)
    enc = np.zeros((max(lens), 4), np.int32)
    dec = np.zeros((max(lens) + 3, 4), np.int32)
    for i, n in enumerate(lens):
        w = rng.randint(2, 10, size=n)
        enc[:n, i] = w
        dec[:n, i] = w
        dec[n, i] = EOS
    _, l = sess.run(
        [train_op, loss], {encoder_inputs: enc, encoder_inputs_length: lens, decoder_targets: dec}
    )
    print(k, l)
print(sess.run(decoder_prediction, {encoder_inputs: enc, encoder_inputs_length: lens}).shape)
assert decoder_outputs.get_shape().as_list() == [None, None, 14]
assert l < 2.4
sess.close()
