"""0.x: a cell of one's own on rnn_cell._linear, and what scripts took of tensorflow.python."""

import numpy as np
import tensorflow as tf
import tensorflow.python.platform
from tensorflow.python.client import device_lib
from tensorflow.python.framework import dtypes, ops
from tensorflow.python.ops import (
    array_ops,
    control_flow_ops,
    init_ops,
    math_ops,
    nn_ops,
    rnn,
    rnn_cell,
    seq2seq,
    variable_scope,
)
from tensorflow.python.ops.math_ops import sigmoid, tanh
from tensorflow.python.ops.rnn_cell import RNNCell
from tensorflow.python.platform import gfile
from tensorflow.python.training import moving_averages
from tensorflow.python.util import nest

tf.set_random_seed(1)


class HighwayCell(RNNCell):
    def __init__(self, num_units):
        self._num_units = num_units

    @property
    def state_size(self):
        return self._num_units

    @property
    def output_size(self):
        return self._num_units

    def __call__(self, inputs, state, scope=None):
        with tf.variable_scope(scope or type(self).__name__):
            with tf.variable_scope("T"):
                t = sigmoid(rnn_cell._linear([inputs, state], self._num_units, True, 1.0))
            with tf.variable_scope("H"):
                h = tanh(rnn_cell._linear([inputs, state], self._num_units, True))
            new = array_ops.identity(t * h + (1.0 - t) * state)
        return new, new


x = tf.placeholder("float", [None, 4, 3])
y = tf.placeholder("float", [None, 2])
_X = tf.transpose(x, [1, 0, 2])
_X = tf.reshape(_X, [-1, 3])
_X = tf.split(0, 4, _X)
cell = HighwayCell(5)
with tf.variable_scope("rnn", initializer=tf.random_uniform_initializer(-0.1, 0.1)):
    outputs, states = rnn.rnn(cell, _X, dtype=tf.float32)
logits = rnn_cell._linear(outputs[-1], 2, True, scope="out")
print([v.name for v in tf.all_variables()])
cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits, y))
packed = tf.pack([tf.mul(cost, 2), tf.sub(cost, 1), tf.neg(cost)])
un = tf.unpack(packed)
opt = tf.train.AdamOptimizer(0.01).minimize(cost)
sm = tf.scalar_summary("cost", cost)
tf.histogram_summary("w", tf.trainable_variables()[0])
merged = tf.merge_all_summaries()
sel = tf.select(tf.greater(packed, 0), packed, tf.zeros_like(packed))
diff = tf.listdiff([1, 2, 3, 4], [2, 4])
bm = tf.batch_matmul(tf.ones([2, 3, 4]), tf.ones([2, 5, 4]), adj_y=True)
cc = tf.concat(1, [tf.ones([2, 2]), tf.zeros([2, 1])])
init = tf.initialize_all_variables()
sess = tf.Session(
    config=tf.ConfigProto(
        gpu_options=tf.GPUOptions(per_process_gpu_memory_fraction=0.3),
        inter_op_parallelism_threads=1,
    )
)
sess.run(init)
writer = tf.train.SummaryWriter("logs", sess.graph_def)
for i in range(3):
    _, s, c = sess.run([opt, merged, cost], {x: np.ones((2, 4, 3)), y: np.eye(2)})
    writer.add_summary(s, i)
print(sess.run([sel, diff[0], bm[0, 0], cc], {x: np.ones((2, 4, 3)), y: np.eye(2)}))

assert packed.get_shape() == [3] and len(un) == 3
