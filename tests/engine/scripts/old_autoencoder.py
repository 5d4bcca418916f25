"""0.x: a two-layer autoencoder with dictionaries of weights, trained by RMSProp."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(11)
codes = rng.rand(200, 3)
images = 1 / (1 + np.exp(-codes.dot(rng.randn(3, 36))))

n_input, n_hidden_1, n_hidden_2 = 36, 24, 12
tf.set_random_seed(10)
X = tf.placeholder("float", [None, n_input])
weights = {
    "encoder_h1": tf.Variable(tf.random_normal([n_input, n_hidden_1])),
    "encoder_h2": tf.Variable(tf.random_normal([n_hidden_1, n_hidden_2])),
    "decoder_h1": tf.Variable(tf.random_normal([n_hidden_2, n_hidden_1])),
    "decoder_h2": tf.Variable(tf.random_normal([n_hidden_1, n_input])),
}
biases = {
    "encoder_b1": tf.Variable(tf.random_normal([n_hidden_1])),
    "encoder_b2": tf.Variable(tf.random_normal([n_hidden_2])),
    "decoder_b1": tf.Variable(tf.random_normal([n_hidden_1])),
    "decoder_b2": tf.Variable(tf.random_normal([n_input])),
}


def half(x, kind):
    layer_1 = tf.nn.sigmoid(tf.add(tf.matmul(x, weights[kind + "_h1"]), biases[kind + "_b1"]))
    return tf.nn.sigmoid(tf.add(tf.matmul(layer_1, weights[kind + "_h2"]), biases[kind + "_b2"]))


y_pred = half(half(X, "encoder"), "decoder")
cost = tf.reduce_mean(tf.pow(X - y_pred, 2))
optimizer = tf.train.RMSPropOptimizer(0.02).minimize(cost)
with tf.Session() as sess:
    sess.run(tf.initialize_all_variables())
    before = cost.eval({X: images})
    for _ in range(400):
        _, c = sess.run([optimizer, cost], feed_dict={X: images})
    print(before, c)
    assert c < before / 5
    encode_decode = sess.run(y_pred, feed_dict={X: images[:10]})
    assert encode_decode.shape == (10, 36)
