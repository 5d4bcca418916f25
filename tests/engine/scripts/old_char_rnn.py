"""0.x: a character RNN built on tf.nn.seq2seq.rnn_decoder and sequence_loss_by_example."""

import numpy as np
import tensorflow as tf
from tensorflow.models.rnn import rnn_cell

text = "the quick brown fox jumps over the lazy dog. " * 12
chars = sorted(set(text))
vocab = {c: i for i, c in enumerate(chars)}
codes = np.array([vocab[c] for c in text])
batch_size, seq_length, rnn_size, vocab_size = 4, 10, 32, len(chars)


class Model:
    def __init__(self, infer=False):
        batch, length = (1, 1) if infer else (batch_size, seq_length)
        cell = rnn_cell.BasicLSTMCell(rnn_size, state_is_tuple=False)
        self.cell = cell = rnn_cell.MultiRNNCell([cell] * 1, state_is_tuple=False)
        self.input_data = tf.placeholder(tf.int32, [batch, length])
        self.targets = tf.placeholder(tf.int32, [batch, length])
        self.initial_state = cell.zero_state(batch, tf.float32)
        with tf.variable_scope("rnnlm"):
            softmax_w = tf.get_variable("softmax_w", [rnn_size, vocab_size])
            softmax_b = tf.get_variable("softmax_b", [vocab_size])
            with tf.device("/cpu:0"):
                embedding = tf.get_variable("embedding", [vocab_size, rnn_size])
                inputs = tf.split(1, length, tf.nn.embedding_lookup(embedding, self.input_data))
                inputs = [tf.squeeze(input_, [1]) for input_ in inputs]

        def loop(prev, _):
            prev = tf.matmul(prev, softmax_w) + softmax_b
            prev_symbol = tf.stop_gradient(tf.argmax(prev, 1))
            return tf.nn.embedding_lookup(embedding, prev_symbol)

        outputs, last_state = tf.nn.seq2seq.rnn_decoder(
            inputs, self.initial_state, cell, loop_function=loop if infer else None, scope="rnnlm"
        )
        output = tf.reshape(tf.concat(1, outputs), [-1, rnn_size])
        self.logits = tf.matmul(output, softmax_w) + softmax_b
        self.probs = tf.nn.softmax(self.logits)
        loss = tf.nn.seq2seq.sequence_loss_by_example(
            [self.logits], [tf.reshape(self.targets, [-1])], [tf.ones([batch * length])], vocab_size
        )
        self.cost = tf.reduce_sum(loss) / batch / length
        self.final_state = last_state
        self.lr = tf.Variable(0.0, trainable=False)
        tvars = tf.trainable_variables()
        grads, _ = tf.clip_by_global_norm(tf.gradients(self.cost, tvars), 5.0)
        optimizer = tf.train.AdamOptimizer(self.lr)
        self.train_op = optimizer.apply_gradients(zip(grads, tvars))


tf.set_random_seed(3)
with tf.variable_scope("m", reuse=None):
    model = Model()
with tf.variable_scope("m", reuse=True):
    sampler = Model(infer=True)
with tf.Session() as sess:
    tf.initialize_all_variables().run()
    sess.run(tf.assign(model.lr, 0.02))
    x = codes[:520].reshape(batch_size, -1)
    y = codes[1:521].reshape(batch_size, -1)
    losses = []
    for epoch in range(6):
        state = model.initial_state.eval()
        for b in range(13):
            cols = slice(b * seq_length, (b + 1) * seq_length)
            feed = {
                model.input_data: x[:, cols],
                model.targets: y[:, cols],
                model.initial_state: state,
            }
            loss, state, _ = sess.run([model.cost, model.final_state, model.train_op], feed)
            losses.append(loss)
    print(losses[0], losses[-1])
    assert losses[-1] < 0.5
    state = sampler.cell.zero_state(1, tf.float32).eval()
    char, out = "q", ""
    for _ in range(4):
        feed = {sampler.input_data: [[vocab[char]]], sampler.initial_state: state}
        probs, state = sess.run([sampler.probs, sampler.final_state], feed)
        char = chars[int(np.argmax(probs[0]))]
        out += char
    print(out)
    assert out == "uick"
