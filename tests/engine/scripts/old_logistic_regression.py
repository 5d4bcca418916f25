"""0.x: softmax regression with an explicit cross entropy and an accuracy by eval."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
centres = rng.rand(10, 784)
labels = rng.randint(10, size=500)
images = (centres[labels] + 0.3 * rng.randn(500, 784)).astype("float32")
onehot = np.eye(10)[labels]

x = tf.placeholder("float", [None, 784])
y = tf.placeholder("float", [None, 10])
W = tf.Variable(tf.zeros([784, 10]))
b = tf.Variable(tf.zeros([10]))
activation = tf.nn.softmax(tf.matmul(x, W) + b)
cost = tf.reduce_mean(-tf.reduce_sum(y * tf.log(activation + 1e-10), reduction_indices=1))
optimizer = tf.train.GradientDescentOptimizer(0.01).minimize(cost)
init = tf.initialize_all_variables()

with tf.Session() as sess:
    sess.run(init)
    for epoch in range(5):
        avg_cost = 0.0
        total_batch = int(500 / 50)
        for i in range(total_batch):
            batch_xs, batch_ys = images[i * 50 : i * 50 + 50], onehot[i * 50 : i * 50 + 50]
            sess.run(optimizer, feed_dict={x: batch_xs, y: batch_ys})
            avg_cost += sess.run(cost, feed_dict={x: batch_xs, y: batch_ys}) / total_batch
        print("Epoch:", "%04d" % (epoch + 1), "cost=", f"{avg_cost:.9f}")
    correct_prediction = tf.equal(tf.argmax(activation, 1), tf.argmax(y, 1))
    accuracy = tf.reduce_mean(tf.cast(correct_prediction, "float"))
    score = accuracy.eval({x: images, y: onehot})
    print("Accuracy:", score)
    assert score > 0.95
