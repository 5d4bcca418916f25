"""1.x: bidirectional rnns, static by contrib.rnn and dynamic, LSTM state tuples."""

import numpy as np
import tensorflow as tf
from tensorflow.contrib import rnn

rng = np.random.RandomState(0)
rows = rng.randn(3, 7, 5)
labels = rng.randint(3, size=90)
data = (rows[labels] + 0.5 * rng.randn(90, 7, 5)).astype(np.float32)

tf.set_random_seed(0)
X = tf.placeholder("float", [None, 7, 5])
Y = tf.placeholder(tf.int32, [None])
weights = {"out": tf.Variable(tf.random_normal([2 * 12, 3]))}
biases = {"out": tf.Variable(tf.random_normal([3]))}


def static(x):
    x = tf.unstack(x, 7, 1)
    lstm_fw_cell = rnn.BasicLSTMCell(12, forget_bias=1.0)
    lstm_bw_cell = rnn.BasicLSTMCell(12, forget_bias=1.0)
    outputs, _, _ = rnn.static_bidirectional_rnn(lstm_fw_cell, lstm_bw_cell, x, dtype=tf.float32)
    return tf.matmul(outputs[-1], weights["out"]) + biases["out"]


def dynamic(x):
    cell = [tf.contrib.rnn.LSTMCell(12, use_peepholes=True) for _ in range(2)]
    (fw, bw), (state_fw, state_bw) = tf.nn.bidirectional_dynamic_rnn(
        cell[0], cell[1], x, dtype=tf.float32, scope="both"
    )
    assert isinstance(state_fw, tf.nn.rnn_cell.LSTMStateTuple)
    final = tf.concat([state_fw.h, state_bw.h], axis=1)
    return tf.contrib.layers.fully_connected(final, 3, activation_fn=None), tf.concat([fw, bw], 2)


for build in (static, lambda x: dynamic(x)[0]):
    logits = build(X)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(logits=logits, labels=Y))
    train = tf.train.AdamOptimizer(0.02).minimize(loss)
    correct = tf.reduce_mean(tf.cast(tf.nn.in_top_k(logits, Y, 1), tf.float32))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(25):
            _, value = sess.run([train, loss], feed_dict={X: data, Y: labels})
        score = sess.run(correct, feed_dict={X: data, Y: labels})
    print(value, score)
    assert score > 0.95
names = [v.name for v in tf.trainable_variables()]
assert "bidirectional_rnn/fw/basic_lstm_cell/kernel:0" in names, names
assert "both/bw/lstm_cell/w_f_diag:0" in names, names
