"""1.x: dynamic_rnn with lengths, layers of cells in DropoutWrapper, gather of the last."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
seq_max_len, n_hidden = 12, 16
lengths = rng.randint(4, seq_max_len + 1, size=128)
labels = rng.randint(2, size=128)
data = np.zeros([128, seq_max_len, 1], np.float32)
for i, (n, kind) in enumerate(zip(lengths, labels)):
    start = rng.rand() * 0.3
    data[i, :n, 0] = start + np.arange(n) / seq_max_len if kind else rng.rand(n)

tf.set_random_seed(3)
x = tf.placeholder("float", [None, seq_max_len, 1])
y = tf.placeholder("float", [None, 2])
seqlen = tf.placeholder(tf.int32, [None])
keep = tf.placeholder_with_default(1.0, [])


def make_cell():
    cell = tf.nn.rnn_cell.GRUCell(n_hidden)
    return tf.nn.rnn_cell.DropoutWrapper(cell, output_keep_prob=keep)


cells = tf.nn.rnn_cell.MultiRNNCell([make_cell() for _ in range(2)])
outputs, states = tf.nn.dynamic_rnn(cells, x, dtype=tf.float32, sequence_length=seqlen)
assert len(states) == 2 and outputs.get_shape().as_list() == [None, seq_max_len, n_hidden]
batch_size = tf.shape(outputs)[0]
index = tf.range(0, batch_size) * seq_max_len + (seqlen - 1)
last = tf.gather(tf.reshape(outputs, [-1, n_hidden]), index)
pred = tf.layers.dense(last, 2)
cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(logits=pred, labels=y))
optimizer = tf.train.AdamOptimizer(0.02)
grads_and_vars = optimizer.compute_gradients(cost)
capped = [(tf.clip_by_value(g, -1.0, 1.0), v) for g, v in grads_and_vars]
train_op = optimizer.apply_gradients(capped)
accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(pred, 1), tf.argmax(y, 1)), tf.float32))
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    feed = {x: data, y: np.eye(2)[labels], seqlen: lengths}
    for _ in range(60):
        sess.run(train_op, {**feed, keep: 0.9})
    acc, loss, out, last_state, picked = sess.run([accuracy, cost, outputs, states, last], feed)
print(acc, loss)
assert acc > 0.9
short = int(np.argmin(lengths))
assert not out[short, lengths[short] :].any()
np.testing.assert_allclose(last_state[1], picked, rtol=1e-5)
