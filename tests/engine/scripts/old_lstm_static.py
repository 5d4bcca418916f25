"""0.x: tf.nn.rnn over a list of steps, with tf.nn.rnn_cell and tf.split before the values."""

import numpy as np
import tensorflow as tf
from tensorflow.python.ops import rnn, rnn_cell

rng = np.random.RandomState(7)
n_input, n_steps, n_hidden, n_classes = 6, 8, 16, 3
labels = rng.randint(n_classes, size=96)
rows = rng.randn(n_classes, n_steps, n_input)
data = (rows[labels] + 0.3 * rng.randn(96, n_steps, n_input)).astype("float32")
onehot = np.eye(n_classes)[labels]

tf.set_random_seed(0)
x = tf.placeholder("float", [None, n_steps, n_input])
istate = tf.placeholder("float", [None, 2 * n_hidden])
y = tf.placeholder("float", [None, n_classes])
weights = {
    "hidden": tf.Variable(tf.random_normal([n_input, n_hidden])),
    "out": tf.Variable(tf.random_normal([n_hidden, n_classes])),
}
biases = {
    "hidden": tf.Variable(tf.random_normal([n_hidden])),
    "out": tf.Variable(tf.random_normal([n_classes])),
}


def RNN(_X, _istate, _weights, _biases):
    _X = tf.transpose(_X, [1, 0, 2])
    _X = tf.reshape(_X, [-1, n_input])
    _X = tf.matmul(_X, _weights["hidden"]) + _biases["hidden"]
    lstm_cell = rnn_cell.BasicLSTMCell(n_hidden, forget_bias=1.0, state_is_tuple=False)
    _X = tf.split(0, n_steps, _X)
    outputs, states = rnn.rnn(lstm_cell, _X, initial_state=_istate)
    return tf.matmul(outputs[-1], _weights["out"]) + _biases["out"]


pred = RNN(x, istate, weights, biases)
cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(pred, y))
optimizer = tf.train.AdamOptimizer(learning_rate=0.01).minimize(cost)
correct_pred = tf.equal(tf.argmax(pred, 1), tf.argmax(y, 1))
accuracy = tf.reduce_mean(tf.cast(correct_pred, tf.float32))
init = tf.initialize_all_variables()
with tf.Session() as sess:
    sess.run(init)
    for step in range(25):
        feed = {x: data, y: onehot, istate: np.zeros((96, 2 * n_hidden))}
        sess.run(optimizer, feed_dict=feed)
    acc, loss = sess.run([accuracy, cost], feed_dict=feed)
    print(f"Minibatch Loss= {loss:.6f}, Training Accuracy= {acc:.5f}")
    assert acc > 0.9
