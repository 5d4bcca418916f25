"""0.x: an MLP in name scopes, with the old summary ops and tf.train.SummaryWriter."""

import os

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(2)
trX = rng.rand(256, 20).astype(np.float32)
trY = np.eye(2)[(trX[:, :10].sum(1) > trX[:, 10:].sum(1)).astype(int)]


def init_weights(shape, name):
    return tf.Variable(tf.random_normal(shape, stddev=0.1, seed=4), name=name)


def model(X, w_h, w_h2, w_o, p_keep_input, p_keep_hidden):
    with tf.name_scope("layer1"):
        X = tf.nn.dropout(X, p_keep_input)
        h = tf.nn.relu(tf.matmul(X, w_h))
    with tf.name_scope("layer2"):
        h = tf.nn.dropout(h, p_keep_hidden)
        h2 = tf.nn.relu(tf.matmul(h, w_h2))
    with tf.name_scope("layer3"):
        h2 = tf.nn.dropout(h2, p_keep_hidden)
        return tf.matmul(h2, w_o)


tf.set_random_seed(1)
X = tf.placeholder("float", [None, 20], name="X")
Y = tf.placeholder("float", [None, 2], name="Y")
w_h = init_weights([20, 32], "w_h")
w_h2 = init_weights([32, 32], "w_h2")
w_o = init_weights([32, 2], "w_o")
tf.histogram_summary("w_h_summ", w_h)
tf.histogram_summary("w_o_summ", w_o)
p_keep_input = tf.placeholder("float", name="p_keep_input")
p_keep_hidden = tf.placeholder("float", name="p_keep_hidden")
py_x = model(X, w_h, w_h2, w_o, p_keep_input, p_keep_hidden)
assert py_x.name == "layer3/MatMul:0"

with tf.name_scope("cost"):
    cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(py_x, Y))
    train_op = tf.train.RMSPropOptimizer(0.003, 0.9).minimize(cost)
    tf.scalar_summary("cost", cost)
with tf.name_scope("accuracy"):
    correct_pred = tf.equal(tf.argmax(Y, 1), tf.argmax(py_x, 1))
    acc_op = tf.reduce_mean(tf.cast(correct_pred, "float"))
    tf.scalar_summary("accuracy", acc_op)

with tf.Session() as sess:
    writer = tf.train.SummaryWriter("./logs/nn_logs", sess.graph)
    merged = tf.merge_all_summaries()
    tf.initialize_all_variables().run()
    for i in range(40):
        for start, end in zip(range(0, len(trX), 64), range(64, len(trX) + 1, 64)):
            sess.run(
                train_op,
                feed_dict={
                    X: trX[start:end],
                    Y: trY[start:end],
                    p_keep_input: 0.95,
                    p_keep_hidden: 0.8,
                },
            )
        summary, acc = sess.run(
            [merged, acc_op], feed_dict={X: trX, Y: trY, p_keep_input: 1.0, p_keep_hidden: 1.0}
        )
        writer.add_summary(summary, i)
    writer.close()
    print(acc)
    assert acc > 0.85
assert os.listdir("./logs/nn_logs")
