"""1.x: towers over devices: device functions, reuse, average_gradients, PS variables."""

import numpy as np
import tensorflow as tf

num_gpus, batch_size = 2, 32
PS_OPS = ["Variable", "VariableV2", "AutoReloadVariable"]


def assign_to_device(device, ps_device="/cpu:0"):
    def _assign(op):
        node_def = op if isinstance(op, tf.NodeDef) else op.node_def
        if node_def.op in PS_OPS:
            return "/" + ps_device
        return device

    return _assign


def average_gradients(tower_grads):
    average_grads = []
    for grad_and_vars in zip(*tower_grads):
        grads = []
        for g, _ in grad_and_vars:
            grads.append(tf.expand_dims(g, 0))
        grad = tf.reduce_mean(tf.concat(grads, 0), 0)
        v = grad_and_vars[0][1]
        average_grads.append((grad, v))
    return average_grads


def net(x, reuse):
    with tf.variable_scope("net", reuse=reuse):
        h = tf.layers.dense(x, 16, activation=tf.nn.relu)
        return tf.layers.dense(h, 3)


rng = np.random.RandomState(0)
centres = rng.randn(3, 8)
labels = rng.randint(3, size=256)
data = centres[labels] + 0.3 * rng.randn(256, 8)
with tf.Graph().as_default(), tf.device("/cpu:0"):
    tf.set_random_seed(0)
    tower_grads = []
    reuse_vars = False
    X = tf.placeholder(tf.float32, [None, 8])
    Y = tf.placeholder(tf.float32, [None, 3])
    opt = tf.train.AdamOptimizer(learning_rate=0.02)
    for i in range(num_gpus):
        with tf.device(assign_to_device(f"/gpu:{i}", ps_device="/cpu:0")):
            with tf.name_scope("tower_%d" % i) as scope:
                _x = X[i * batch_size : (i + 1) * batch_size]
                _y = Y[i * batch_size : (i + 1) * batch_size]
                logits = net(_x, reuse_vars)
                loss_op = tf.reduce_mean(
                    tf.nn.softmax_cross_entropy_with_logits_v2(logits=logits, labels=_y)
                )
                tf.add_to_collection("losses", loss_op)
                assert len(tf.get_collection("losses", scope)) == 1
                grads = opt.compute_gradients(loss_op)
                if i == 0:
                    test_logits = net(X, True)
                reuse_vars = True
                tower_grads.append(grads)
    train_op = opt.apply_gradients(average_gradients(tower_grads))
    total = tf.add_n(tf.get_collection("losses"))
    print(logits.device, [v.device for v in tf.trainable_variables()])
    assert "1" in logits.device.lower() and "gpu" in logits.device.lower()
    accuracy = tf.reduce_mean(
        tf.cast(tf.equal(tf.argmax(test_logits, 1), tf.argmax(Y, 1)), tf.float32)
    )
    config = tf.ConfigProto(allow_soft_placement=True)
    config.gpu_options.allow_growth = True
    with tf.Session(config=config) as sess:
        sess.run(tf.global_variables_initializer())
        onehot = np.eye(3)[labels]
        for step in range(30):
            rows = rng.choice(256, num_gpus * batch_size, replace=False)
            _, loss = sess.run([train_op, total], {X: data[rows], Y: onehot[rows]})
        score = sess.run(accuracy, {X: data, Y: onehot})
        print(loss, score)
        assert score > 0.95
