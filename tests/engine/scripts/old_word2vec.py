"""0.x: skip-gram with nce_loss in the old argument order, and cosine neighbours."""

import collections

import numpy as np
import tensorflow as tf

sentences = (
    ["king rules castle"] * 20
    + ["queen rules castle"] * 20
    + ["dog chases cat"] * 20
    + ["wolf chases cat"] * 20
)
words = " ".join(sentences).split()
count = collections.Counter(words).most_common()
rdic = [i[0] for i in count]
dic = {w: i for i, w in enumerate(rdic)}
voc_size = len(dic)
pairs = []
for s in sentences:
    ids = [dic[w] for w in s.split()]
    pairs += [(ids[1], ids[0]), (ids[1], ids[2]), (ids[0], ids[1]), (ids[2], ids[1])]
    pairs += [(ids[0], ids[2]), (ids[2], ids[0])]

batch_size, embedding_size, num_sampled = 32, 8, 4
tf.set_random_seed(6)
train_inputs = tf.placeholder(tf.int32, shape=[batch_size])
train_labels = tf.placeholder(tf.int32, shape=[batch_size, 1])
with tf.device("/cpu:0"):
    embeddings = tf.Variable(tf.random_uniform([voc_size, embedding_size], -1.0, 1.0))
    embed = tf.nn.embedding_lookup(embeddings, train_inputs)
nce_weights = tf.Variable(tf.random_uniform([voc_size, embedding_size], -1.0, 1.0))
nce_biases = tf.Variable(tf.zeros([voc_size]))
loss = tf.reduce_mean(
    tf.nn.nce_loss(nce_weights, nce_biases, embed, train_labels, num_sampled, voc_size)
)
train_op = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
norm = tf.sqrt(tf.reduce_sum(tf.square(embeddings), 1, keep_dims=True))
normalized_embeddings = embeddings / norm
similarity = tf.matmul(normalized_embeddings, normalized_embeddings, transpose_b=True)

rng = np.random.RandomState(0)
with tf.Session() as sess:
    tf.initialize_all_variables().run()
    losses = []
    for step in range(300):
        rows = rng.choice(len(pairs), batch_size, replace=False)
        batch_inputs = [pairs[r][0] for r in rows]
        batch_labels = [[pairs[r][1]] for r in rows]
        _, loss_val = sess.run(
            [train_op, loss], feed_dict={train_inputs: batch_inputs, train_labels: batch_labels}
        )
        losses.append(loss_val)
    sim = similarity.eval()
print(np.mean(losses[:20]), np.mean(losses[-20:]))
assert np.mean(losses[-20:]) < np.mean(losses[:20]) / 1.5
assert sim[dic["king"], dic["queen"]] > sim[dic["king"], dic["dog"]]
