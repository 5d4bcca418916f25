"""0.x: a line fitted one sample at a time, as in the teaching notebooks."""

import numpy
import tensorflow as tf

rng = numpy.random.RandomState(3)
learning_rate = 0.01
training_epochs = 60
display_step = 20

train_X = numpy.asarray([3.3, 4.4, 5.5, 6.71, 6.93, 4.168, 9.779, 6.182, 7.59, 2.167, 7.042])
train_Y = 0.25 * train_X + 0.8 + 0.02 * rng.randn(11)
n_samples = train_X.shape[0]

X = tf.placeholder("float")
Y = tf.placeholder("float")
W = tf.Variable(rng.randn(), name="weight")
b = tf.Variable(rng.randn(), name="bias")

pred = tf.add(tf.mul(X, W), b)
cost = tf.reduce_sum(tf.pow(pred - Y, 2)) / (2 * n_samples)
optimizer = tf.train.GradientDescentOptimizer(learning_rate).minimize(cost)
init = tf.initialize_all_variables()

with tf.Session() as sess:
    sess.run(init)
    first = sess.run(cost, feed_dict={X: train_X, Y: train_Y})
    for epoch in range(training_epochs):
        for x, y in zip(train_X, train_Y):
            sess.run(optimizer, feed_dict={X: x, Y: y})
        if (epoch + 1) % display_step == 0:
            c = sess.run(cost, feed_dict={X: train_X, Y: train_Y})
            print(
                "Epoch:",
                "%04d" % (epoch + 1),
                "cost=",
                f"{c:.9f}",
                "W=",
                sess.run(W),
                "b=",
                sess.run(b),
            )
    print("Optimization Finished!")
    last = sess.run(cost, feed_dict={X: train_X, Y: train_Y})
    print("Training cost=", last, "W=", sess.run(W), "b=", sess.run(b), "\n")
    assert last < first / 10 and last < 0.05
