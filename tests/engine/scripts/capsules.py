"""1.x: capsules with routing by agreement, trained under a Supervisor."""

import numpy as np
import tensorflow as tf

epsilon, iter_routing, batch_size, m_plus, m_minus, lambda_val = 1e-9, 3, 2, 0.9, 0.1, 0.5


def squash(vector):
    vec_squared_norm = tf.reduce_sum(tf.square(vector), -2, keep_dims=True)
    scalar_factor = vec_squared_norm / (1 + vec_squared_norm) / tf.sqrt(vec_squared_norm + epsilon)
    return scalar_factor * vector  # element-wise


def routing(input, b_IJ):
    """input: [batch, 12, 1, 4, 1]"""
    W = tf.get_variable(
        "Weight",
        shape=(1, 12, 10, 4, 6),
        dtype=tf.float32,
        initializer=tf.random_normal_initializer(stddev=0.02),
    )
    input = tf.tile(input, [1, 1, 10, 1, 1])
    W = tf.tile(W, [batch_size, 1, 1, 1, 1])
    assert input.get_shape() == [batch_size, 12, 10, 4, 1]
    u_hat = tf.matmul(W, input, transpose_a=True)
    assert u_hat.get_shape() == [batch_size, 12, 10, 6, 1]
    u_hat_stopped = tf.stop_gradient(u_hat, name="stop_gradient")
    for r_iter in range(iter_routing):
        with tf.variable_scope("iter_" + str(r_iter)):
            c_IJ = tf.nn.softmax(b_IJ, dim=2)
            if r_iter == iter_routing - 1:
                s_J = tf.multiply(c_IJ, u_hat)
                s_J = tf.reduce_sum(s_J, axis=1, keep_dims=True)
                v_J = squash(s_J)
            elif r_iter < iter_routing - 1:
                s_J = tf.multiply(c_IJ, u_hat_stopped)
                s_J = tf.reduce_sum(s_J, axis=1, keep_dims=True)
                v_J = squash(s_J)
                v_J_tiled = tf.tile(v_J, [1, 12, 1, 1, 1])
                u_produce_v = tf.matmul(u_hat_stopped, v_J_tiled, transpose_a=True)
                b_IJ += u_produce_v
    return v_J


with tf.Graph().as_default() as graph:
    tf.set_random_seed(1)
    x = tf.placeholder(tf.float32, (batch_size, 8, 8, 1))
    labels = tf.placeholder(tf.int32, (batch_size,))
    Y = tf.one_hot(labels, depth=10, axis=1, dtype=tf.float32)
    with tf.variable_scope("Conv1_layer"):
        conv1 = tf.contrib.layers.conv2d(x, num_outputs=8, kernel_size=3, stride=1, padding="VALID")
        assert conv1.get_shape() == [batch_size, 6, 6, 8]
    with tf.variable_scope("PrimaryCaps_layer"):
        capsules = tf.contrib.layers.conv2d(
            conv1, 12, 4, 2, padding="VALID", activation_fn=tf.nn.relu
        )
        capsules = tf.reshape(capsules, (batch_size, -1, 4, 1))
        capsules = squash(capsules)
        input = tf.reshape(capsules, shape=(batch_size, -1, 1, capsules.shape[-2].value, 1))
    with tf.variable_scope("routing"):
        b_IJ = tf.constant(np.zeros([batch_size, input.shape[1].value, 10, 1, 1], dtype=np.float32))
        caps = routing(input, b_IJ)
        caps = tf.squeeze(caps, axis=1)
    with tf.variable_scope("Masking"):
        v_length = tf.sqrt(tf.reduce_sum(tf.square(caps), axis=2, keep_dims=True) + epsilon)
        softmax_v = tf.nn.softmax(v_length, dim=1)
        argmax_idx = tf.to_int32(tf.argmax(softmax_v, axis=1))
        argmax_idx = tf.reshape(argmax_idx, shape=(batch_size,))
        masked_v = []
        for bs in range(batch_size):
            v = caps[bs][argmax_idx[bs], :]
            masked_v.append(tf.reshape(v, shape=(1, 1, 6, 1)))
        masked_v = tf.concat(masked_v, axis=0)
    with tf.variable_scope("Decoder"):
        fc1 = tf.contrib.layers.fully_connected(
            tf.reshape(masked_v, (batch_size, -1)), num_outputs=16
        )
        decoded = tf.contrib.layers.fully_connected(fc1, num_outputs=64, activation_fn=tf.sigmoid)
    max_l = tf.square(tf.maximum(0.0, m_plus - v_length))
    max_r = tf.square(tf.maximum(0.0, v_length - m_minus))
    max_l = tf.reshape(max_l, shape=(batch_size, -1))
    max_r = tf.reshape(max_r, shape=(batch_size, -1))
    L_c = Y * max_l + lambda_val * (1 - Y) * max_r
    margin_loss = tf.reduce_mean(tf.reduce_sum(L_c, axis=1))
    orgin = tf.reshape(x, shape=(batch_size, -1))
    recon_err = tf.reduce_mean(tf.square(decoded - orgin))
    total_loss = margin_loss + 0.392 * recon_err
    train_summary = tf.summary.merge(
        [
            tf.summary.scalar("train/margin_loss", margin_loss),
            tf.summary.image(
                "reconstruction_img", tf.reshape(decoded, shape=(batch_size, 8, 8, 1))
            ),
        ]
    )
    correct_prediction = tf.equal(tf.to_int32(labels), argmax_idx)
    accuracy = tf.reduce_sum(tf.cast(correct_prediction, tf.float32))
    global_step = tf.Variable(0, name="global_step", trainable=False)
    train_op = tf.train.AdamOptimizer().minimize(total_loss, global_step=global_step)
sv = tf.train.Supervisor(graph=graph, logdir="logdir", save_model_secs=0, summary_op=None)
with sv.managed_session(config=tf.ConfigProto(allow_soft_placement=True)) as sess:
    for i in range(6):
        if sv.should_stop():
            break
        _, l, s, st = sess.run(
            [train_op, total_loss, train_summary, global_step],
            {x: np.ones((2, 8, 8, 1)), labels: [1, 2]},
        )
        print(st, len(s) > 10)
    sv.saver.save(sess, "logdir/model_epoch")
assert st == 6 and np.isfinite(l)
