"""1.x: a tagger: bidirectional LSTM, and the forward algorithm of a CRF by tf.scan."""

import numpy as np
import tensorflow as tf

tf.set_random_seed(1)

max_len, n_tags, hidden = 6, 4, 5
words = tf.placeholder(tf.int32, [None, max_len], name="words")
tags = tf.placeholder(tf.int32, [None, max_len], name="tags")
seq_len = tf.reduce_sum(tf.sign(tf.abs(words)), reduction_indices=1)
seq_len = tf.cast(seq_len, tf.int32)
embed = tf.Variable(tf.random_normal([20, 8]), name="emb")
x = tf.nn.embedding_lookup(embed, words)
with tf.variable_scope("bi"):
    cf = tf.nn.rnn_cell.LSTMCell(hidden, use_peepholes=True, state_is_tuple=True)
    cb = tf.nn.rnn_cell.LSTMCell(hidden, use_peepholes=True, state_is_tuple=True)
    (of, ob), _ = tf.nn.bidirectional_dynamic_rnn(
        cf, cb, x, sequence_length=seq_len, dtype=tf.float32
    )
out = tf.concat([of, ob], axis=-1)
W = tf.get_variable(
    "W", [2 * hidden, n_tags], initializer=tf.truncated_normal_initializer(stddev=0.1)
)
logits = tf.reshape(tf.matmul(tf.reshape(out, [-1, 2 * hidden]), W), [-1, max_len, n_tags])
trans = tf.get_variable("transitions", [n_tags, n_tags])


def forward(logits, trans, seq_len):
    first = logits[:, 0, :]
    rest = tf.transpose(logits[:, 1:, :], [1, 0, 2])
    steps = tf.range(1, max_len)

    def step(alpha, inp):
        obs, t = inp
        new = (
            tf.reduce_logsumexp(tf.expand_dims(alpha, 2) + tf.expand_dims(trans, 0), axis=[1]) + obs
        )
        m = tf.cast(tf.less(t, seq_len), tf.float32)
        return tf.where(tf.tile(tf.expand_dims(t < seq_len, 1), [1, n_tags]), new, alpha)

    alphas = tf.scan(step, (rest, steps), initializer=first)
    return tf.reduce_logsumexp(alphas[-1], axis=1)


mask = tf.sequence_mask(seq_len, max_len, dtype=tf.float32)
flat = tf.reshape(logits, [-1])
offsets = tf.expand_dims(tf.range(tf.shape(tags)[0]) * max_len * n_tags, 1) + tf.expand_dims(
    tf.range(max_len) * n_tags, 0
)
unary = tf.reduce_sum(tf.gather(flat, offsets + tags) * mask, 1)
pair_idx = tags[:, :-1] * n_tags + tags[:, 1:]
binary = tf.reduce_sum(tf.gather(tf.reshape(trans, [-1]), pair_idx) * mask[:, 1:], 1)
log_norm = forward(logits, trans, seq_len)
nll = tf.reduce_mean(log_norm - unary - binary)
optimizer = tf.train.GradientDescentOptimizer(0.1)
tvars = tf.trainable_variables()
grads = tf.gradients(nll, tvars)
grads, norm = tf.clip_by_global_norm(grads, 1.0)
train_op = optimizer.apply_gradients(zip(grads, tvars))
print(log_norm, unary, binary, seq_len)
r = np.random.RandomState(3)
w = r.randint(1, 20, (5, 6))
w[0, 4:] = 0
w[3, 2:] = 0
t = r.randint(0, 4, (5, 6))
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for i in range(8):
        l, n, _ = sess.run([nll, norm, train_op], {words: w, tags: t})
        print(l, n)
    print(sess.run(tf.gradients(nll, trans)[0], {words: w, tags: t}))

assert l < 8 and n > 0
