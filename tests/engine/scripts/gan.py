"""1.x: a GAN on one-dimensional data, with variable_scope reuse and var_list by name."""

import numpy as np
import tensorflow as tf

tf.set_random_seed(2)
np.random.seed(2)


def generator(z, reuse=None):
    with tf.variable_scope("GAN/Generator", reuse=reuse):
        h1 = tf.layers.dense(z, 16, activation=tf.nn.leaky_relu)
        return tf.layers.dense(h1, 1)


def discriminator(x, reuse=None):
    with tf.variable_scope("GAN/Discriminator") as scope:
        if reuse:
            scope.reuse_variables()
        h1 = tf.layers.dense(x, 16, activation=tf.nn.leaky_relu)
        h2 = tf.layers.dense(h1, 16, activation=tf.nn.leaky_relu)
        return tf.layers.dense(h2, 1)


X = tf.placeholder(tf.float32, [None, 1])
Z = tf.placeholder(tf.float32, [None, 4])
G_sample = generator(Z)
r_logits = discriminator(X)
f_logits = discriminator(G_sample, reuse=True)
disc_loss = tf.reduce_mean(
    tf.nn.sigmoid_cross_entropy_with_logits(logits=r_logits, labels=tf.ones_like(r_logits))
    + tf.nn.sigmoid_cross_entropy_with_logits(logits=f_logits, labels=tf.zeros_like(f_logits))
)
gen_loss = tf.reduce_mean(
    tf.nn.sigmoid_cross_entropy_with_logits(logits=f_logits, labels=tf.ones_like(f_logits))
)
gen_vars = tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="GAN/Generator")
disc_vars = [v for v in tf.trainable_variables() if "Discriminator" in v.name]
assert len(gen_vars) == 4 and len(disc_vars) == 6
gen_step = tf.train.AdamOptimizer(0.01, beta1=0.5).minimize(gen_loss, var_list=gen_vars)
disc_step = tf.train.AdamOptimizer(0.01, beta1=0.5).minimize(disc_loss, var_list=disc_vars)

sess = tf.Session(config=tf.ConfigProto(allow_soft_placement=True))
tf.global_variables_initializer().run(session=sess)
before = sess.run(G_sample, {Z: np.random.uniform(-1, 1, [256, 4])}).mean()
for _ in range(300):
    X_batch = 4 + 0.5 * np.random.randn(64, 1)
    Z_batch = np.random.uniform(-1.0, 1.0, size=[64, 4])
    _, dloss = sess.run([disc_step, disc_loss], feed_dict={X: X_batch, Z: Z_batch})
    _, gloss = sess.run([gen_step, gen_loss], feed_dict={Z: Z_batch})
samples = sess.run(G_sample, {Z: np.random.uniform(-1, 1, [256, 4])})
print("mean %.2f -> %.2f, losses %.3f %.3f" % (before, samples.mean(), dloss, gloss))
assert abs(samples.mean() - 4) < 1.5
sess.close()
