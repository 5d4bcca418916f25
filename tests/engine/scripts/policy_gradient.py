"""1.x: REINFORCE on a bandit with states; log-probabilities two ways, placeholder gradients."""

import numpy as np
import tensorflow as tf

np.random.seed(0)
tf.set_random_seed(0)
best = np.array([0, 2, 1])
state = tf.placeholder(tf.int32, [None])
action = tf.placeholder(tf.int32, [None])
reward = tf.placeholder(tf.float32, [None])
onehot = tf.one_hot(state, 3)
logits = tf.layers.dense(
    onehot, 3, use_bias=False, name="policy", kernel_initializer=tf.zeros_initializer()
)
probs = tf.nn.softmax(logits)
sampled = tf.squeeze(tf.multinomial(logits, 1), axis=1)
neg_log_prob = tf.nn.sparse_softmax_cross_entropy_with_logits(logits=logits, labels=action)
indices = tf.stack([tf.range(tf.shape(action)[0]), action], axis=1)
log_prob = tf.log(tf.gather_nd(probs, indices))
flat = tf.gather(tf.reshape(probs, [-1]), tf.range(tf.shape(probs)[0]) * 3 + action)
entropy = -tf.reduce_sum(probs * tf.log(probs), axis=1)
loss = tf.reduce_mean(neg_log_prob * reward - 0.01 * entropy)
tvars = tf.trainable_variables()
gradients = tf.gradients(loss, tvars)
holders = [tf.placeholder(tf.float32, name=str(i) + "_holder") for i in range(len(tvars))]
update_batch = tf.train.AdamOptimizer(0.1).apply_gradients(zip(holders, tvars))
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    buffer = [np.zeros_like(v) for v in sess.run(tvars)]
    returns = []
    for episode in range(200):
        s = np.random.randint(3, size=10)
        a = sess.run(sampled, {state: s})
        r = (a == best[s]).astype(float)
        returns.append(r.mean())
        grads = sess.run(gradients, {state: s, action: a, reward: r - np.mean(returns[-20:])})
        for i, g in enumerate(grads):
            buffer[i] += g
        if episode % 2 == 1:
            sess.run(update_batch, feed_dict=dict(zip(holders, buffer)))
            for i, g in enumerate(buffer):
                buffer[i] = g * 0
    feed = {state: s, action: a}
    minus, plus, picked = sess.run([neg_log_prob, log_prob, flat], feed)
    np.testing.assert_allclose(-minus, plus, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(np.exp(plus), picked, rtol=1e-5)
print(np.mean(returns[:20]), np.mean(returns[-20:]))
assert np.mean(returns[-20:]) > 0.85
