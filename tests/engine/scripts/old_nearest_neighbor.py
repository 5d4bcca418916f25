"""0.x: nearest neighbour with L1 distances, and k-means by hand."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(1)
centres = rng.rand(4, 30)
labels = np.arange(200) % 4
points = (centres[labels] + 0.1 * rng.randn(200, 30)).astype(np.float32)
Xtr, Ytr, Xte, Yte = points[:160], np.eye(4)[labels[:160]], points[160:], np.eye(4)[labels[160:]]

xtr = tf.placeholder("float", [None, 30])
xte = tf.placeholder("float", [30])
distance = tf.reduce_sum(tf.abs(tf.add(xtr, tf.neg(xte))), reduction_indices=1)
pred = tf.arg_min(distance, 0)
accuracy = 0.0
init = tf.initialize_all_variables()
with tf.Session() as sess:
    sess.run(init)
    for i in range(len(Xte)):
        nn_index = sess.run(pred, feed_dict={xtr: Xtr, xte: Xte[i, :]})
        if np.argmax(Ytr[nn_index]) == np.argmax(Yte[i]):
            accuracy += 1.0 / len(Xte)
    print("Accuracy:", accuracy)
    assert accuracy > 0.95

k = 4
vectors = tf.constant(points)
centroides = tf.Variable(tf.slice(vectors, [0, 0], [k, -1]))
expanded_vectors = tf.expand_dims(vectors, 0)
expanded_centroides = tf.expand_dims(centroides, 1)
print(expanded_vectors.get_shape(), expanded_centroides.get_shape())
distances = tf.reduce_sum(tf.square(tf.sub(expanded_vectors, expanded_centroides)), 2)
assignments = tf.argmin(distances, 0)
means = tf.concat(
    0,
    [
        tf.reduce_mean(
            tf.gather(vectors, tf.reshape(tf.where(tf.equal(assignments, c)), [1, -1])),
            reduction_indices=[1],
        )
        for c in range(k)
    ],
)
update_centroides = tf.assign(centroides, means)
init_op = tf.initialize_all_variables()
sess = tf.Session()
sess.run(init_op)
for step in range(10):
    _, centroid_values, assignment_values = sess.run([update_centroides, centroides, assignments])
assert centroid_values.shape == (4, 30)
found = [np.bincount(assignment_values[labels == c], minlength=4).max() for c in range(4)]
print(found)
assert min(found) >= 48
