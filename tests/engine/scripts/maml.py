"""1.x: meta-learning through two steps of gradient descent, a task at a time by map_fn."""

from functools import partial

import numpy as np
import tensorflow as tf

tf.set_random_seed(1)

num_updates, update_lr, meta_lr = 2, 0.01, 0.001
inputa = tf.placeholder(tf.float32, [None, 5, 1])
labela = tf.placeholder(tf.float32, [None, 5, 1])
inputb = tf.placeholder(tf.float32, [None, 5, 1])
labelb = tf.placeholder(tf.float32, [None, 5, 1])


def construct_fc_weights():
    weights = {}
    weights["w1"] = tf.Variable(tf.truncated_normal([1, 10], stddev=0.01))
    weights["b1"] = tf.Variable(tf.zeros([10]))
    weights["w2"] = tf.Variable(tf.truncated_normal([10, 1], stddev=0.01))
    weights["b2"] = tf.Variable(tf.zeros([1]))
    return weights


def forward_fc(inp, weights, reuse=False):
    hidden = tf.nn.relu(tf.matmul(inp, weights["w1"]) + weights["b1"])
    return tf.matmul(hidden, weights["w2"]) + weights["b2"]


def mse(pred, label):
    pred = tf.reshape(pred, [-1])
    label = tf.reshape(label, [-1])
    return tf.reduce_mean(tf.square(pred - label))


with tf.variable_scope("model", reuse=None) as training_scope:
    weights = construct_fc_weights()
    lossesa, outputas, lossesb, outputbs = [], [], [], []

    def task_metalearn(inp, reuse=True):
        inputa, inputb, labela, labelb = inp
        task_outputbs, task_lossesb = [], []
        task_outputa = forward_fc(inputa, weights, reuse=reuse)  # only reuse on the first iter
        task_lossa = mse(task_outputa, labela)
        grads = tf.gradients(task_lossa, list(weights.values()))
        gradients = dict(zip(weights.keys(), grads))
        fast_weights = dict(
            zip(
                weights.keys(),
                [weights[key] - update_lr * gradients[key] for key in weights.keys()],
            )
        )
        output = forward_fc(inputb, fast_weights, reuse=True)
        task_outputbs.append(output)
        task_lossesb.append(mse(output, labelb))
        for j in range(num_updates - 1):
            loss = mse(forward_fc(inputa, fast_weights, reuse=True), labela)
            grads = tf.gradients(loss, list(fast_weights.values()))
            gradients = dict(zip(fast_weights.keys(), grads))
            fast_weights = dict(
                zip(
                    fast_weights.keys(),
                    [fast_weights[key] - update_lr * gradients[key] for key in fast_weights.keys()],
                )
            )
            output = forward_fc(inputb, fast_weights, reuse=True)
            task_outputbs.append(output)
            task_lossesb.append(mse(output, labelb))
        return [task_outputa, task_outputbs, task_lossa, task_lossesb]

    unused = task_metalearn((inputa[0], inputb[0], labela[0], labelb[0]), False)
    out_dtype = [tf.float32, [tf.float32] * num_updates, tf.float32, [tf.float32] * num_updates]
    result = tf.map_fn(
        task_metalearn,
        elems=(inputa, inputb, labela, labelb),
        dtype=out_dtype,
        parallel_iterations=4,
    )
    outputas, outputbs, lossesa, lossesb = result
total_loss1 = tf.reduce_sum(lossesa) / tf.to_float(4)
total_losses2 = [tf.reduce_sum(lossesb[j]) / tf.to_float(4) for j in range(num_updates)]
optimizer = tf.train.AdamOptimizer(meta_lr)
gvs = optimizer.compute_gradients(total_losses2[num_updates - 1])
gvs = [(tf.clip_by_value(grad, -10, 10), var) for grad, var in gvs]
metatrain_op = optimizer.apply_gradients(gvs)
r = np.random.RandomState(0)
xa, xb = r.uniform(-3, 3, (4, 5, 1)), r.uniform(-3, 3, (4, 5, 1))
amp = r.uniform(0.5, 2, (4, 1, 1))
feed = {inputa: xa, inputb: xb, labela: amp * np.sin(xa), labelb: amp * np.sin(xb)}
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for i in range(4):
        print(*sess.run([total_loss1, total_losses2, metatrain_op], feed)[:2])
    print(*sess.run([g for g, v in gvs], feed))
    print(sess.run(outputbs[1], feed))

assert all(g is not None for g, v in gvs)
