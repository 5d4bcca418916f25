"""1.x: the sentence CNN as a class: embedding, one conv and pool a filter size, concat, dropout."""

import numpy as np
import tensorflow as tf


class TextCNN(object):  # noqa: UP004
    def __init__(
        self,
        sequence_length,
        num_classes,
        vocab_size,
        embedding_size,
        filter_sizes,
        num_filters,
        l2_reg_lambda=0.0,
    ):
        self.input_x = tf.placeholder(tf.int32, [None, sequence_length], name="input_x")
        self.input_y = tf.placeholder(tf.float32, [None, num_classes], name="input_y")
        self.dropout_keep_prob = tf.placeholder(tf.float32, name="dropout_keep_prob")
        l2_loss = tf.constant(0.0)
        with tf.device("/cpu:0"), tf.name_scope("embedding"):
            self.W = tf.Variable(
                tf.random_uniform([vocab_size, embedding_size], -1.0, 1.0), name="W"
            )
            self.embedded_chars = tf.nn.embedding_lookup(self.W, self.input_x)
            self.embedded_chars_expanded = tf.expand_dims(self.embedded_chars, -1)
        pooled_outputs = []
        for filter_size in filter_sizes:
            with tf.name_scope("conv-maxpool-%s" % filter_size):
                filter_shape = [filter_size, embedding_size, 1, num_filters]
                W = tf.Variable(tf.truncated_normal(filter_shape, stddev=0.1), name="W")
                b = tf.Variable(tf.constant(0.1, shape=[num_filters]), name="b")
                conv = tf.nn.conv2d(
                    self.embedded_chars_expanded,
                    W,
                    strides=[1, 1, 1, 1],
                    padding="VALID",
                    name="conv",
                )
                h = tf.nn.relu(tf.nn.bias_add(conv, b), name="relu")
                pooled = tf.nn.max_pool(
                    h,
                    ksize=[1, sequence_length - filter_size + 1, 1, 1],
                    strides=[1, 1, 1, 1],
                    padding="VALID",
                    name="pool",
                )
                pooled_outputs.append(pooled)
        num_filters_total = num_filters * len(filter_sizes)
        self.h_pool_flat = tf.reshape(tf.concat(pooled_outputs, 3), [-1, num_filters_total])
        with tf.name_scope("dropout"):
            self.h_drop = tf.nn.dropout(self.h_pool_flat, self.dropout_keep_prob)
        with tf.name_scope("output"):
            W = tf.get_variable(
                "W",
                shape=[num_filters_total, num_classes],
                initializer=tf.contrib.layers.xavier_initializer(),
            )
            b = tf.Variable(tf.constant(0.1, shape=[num_classes]), name="b")
            l2_loss += tf.nn.l2_loss(W)
            l2_loss += tf.nn.l2_loss(b)
            self.scores = tf.nn.xw_plus_b(self.h_drop, W, b, name="scores")
            self.predictions = tf.argmax(self.scores, 1, name="predictions")
        with tf.name_scope("loss"):
            losses = tf.nn.softmax_cross_entropy_with_logits(
                logits=self.scores, labels=self.input_y
            )
            self.loss = tf.reduce_mean(losses) + l2_reg_lambda * l2_loss
        with tf.name_scope("accuracy"):
            correct = tf.equal(self.predictions, tf.argmax(self.input_y, 1))
            self.accuracy = tf.reduce_mean(tf.cast(correct, "float"), name="accuracy")


rng = np.random.RandomState(0)
x = rng.randint(3, 20, size=(120, 10))
kind = rng.randint(2, size=120)
where = rng.randint(8, size=120)
x[np.arange(120), where], x[np.arange(120), where + 1] = np.where(kind, 1, 2), np.where(kind, 2, 1)
y = np.eye(2)[kind]
with tf.Graph().as_default():
    tf.set_random_seed(1)
    session_conf = tf.ConfigProto(allow_soft_placement=True, log_device_placement=False)
    sess = tf.Session(config=session_conf)
    with sess.as_default():
        cnn = TextCNN(10, 2, 20, 16, [2, 3, 4], 8, l2_reg_lambda=0.01)
        global_step = tf.Variable(0, name="global_step", trainable=False)
        optimizer = tf.train.AdamOptimizer(5e-3)
        grads_and_vars = optimizer.compute_gradients(cnn.loss)
        train_op = optimizer.apply_gradients(grads_and_vars, global_step=global_step)
        grad_summaries = []
        for g, v in grads_and_vars:
            if g is not None:
                grad_summaries.append(tf.summary.histogram(f"{v.name}/grad/hist", g))
                grad_summaries.append(
                    tf.summary.scalar(f"{v.name}/grad/sparsity", tf.nn.zero_fraction(g))
                )
        merged = tf.summary.merge(grad_summaries)
        assert cnn.loss.name == "loss/add:0" and cnn.scores.name == "output/scores:0"
        sess.run(tf.global_variables_initializer())
        for _ in range(50):
            feed = {cnn.input_x: x, cnn.input_y: y, cnn.dropout_keep_prob: 0.8}
            _, step, summaries, loss = sess.run([train_op, global_step, merged, cnn.loss], feed)
        current_step = tf.train.global_step(sess, global_step)
        feed[cnn.dropout_keep_prob] = 1.0
        accuracy = sess.run(cnn.accuracy, feed)
        print(f"step {current_step}, loss {loss:g}, acc {accuracy:g}")
        assert accuracy > 0.9 and current_step == 50 and len(summaries) > 100
