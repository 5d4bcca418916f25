"""1.x: Saver with steps, latest_checkpoint, import_meta_graph, get_tensor_by_name, GraphDef."""

import os

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import graph_util

rng = np.random.RandomState(0)
data = rng.randn(50, 3).astype(np.float32)
target = data.dot([[1.0], [-2.0], [0.5]]) + 0.3

x = tf.placeholder(tf.float32, [None, 3], name="x")
y = tf.placeholder(tf.float32, [None, 1], name="y")
w = tf.Variable(tf.zeros([3, 1]), name="w")
b = tf.Variable(tf.zeros([1]), name="b")
out = tf.add(tf.matmul(x, w), b, name="out")
loss = tf.reduce_mean(tf.square(out - y), name="loss")
global_step = tf.Variable(0, trainable=False, name="global_step")
rate = tf.train.exponential_decay(0.2, global_step, 20, 0.9, staircase=True)
train = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step, name="train")
tf.add_to_collection("outputs", out)
saver = tf.train.Saver(max_to_keep=2)
os.makedirs("ckpt")
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for i in range(60):
        sess.run(train, {x: data, y: target})
        if i % 20 == 19:
            path = saver.save(sess, "ckpt/model", global_step=global_step)
            print("saved", path)
    expected, rate_value = sess.run([out, rate], {x: data})
    assert abs(rate_value - 0.2 * 0.9**3) < 1e-6
    frozen = graph_util.convert_variables_to_constants(sess, sess.graph.as_graph_def(), ["out"])
    with tf.gfile.GFile("ckpt/frozen.pb", "wb") as f:
        f.write(frozen.SerializeToString())
    tf.train.write_graph(sess.graph_def, "ckpt", "graph.pbtxt")
assert path == "ckpt/model-60" and tf.train.latest_checkpoint("ckpt") == path
assert not os.path.exists("ckpt/model-20.index") and os.path.exists("ckpt/model-40.index")
assert sorted(name for name, _ in tf.contrib.framework.list_variables("ckpt")) == [
    "b",
    "global_step",
    "w",
]

tf.reset_default_graph()
with tf.Session() as sess:
    new_saver = tf.train.import_meta_graph("ckpt/model-60.meta")
    new_saver.restore(sess, tf.train.latest_checkpoint("./ckpt"))
    graph = tf.get_default_graph()
    x = graph.get_tensor_by_name("x:0")
    out = graph.get_tensor_by_name("out:0")
    np.testing.assert_allclose(sess.run(out, {x: data}), expected, rtol=1e-6)
    assert tf.get_collection("outputs")[0] is out
    sess.run(graph.get_operation_by_name("train"), {x: data, "y:0": target})
    assert sess.run("global_step:0") == 61
    print([n.name for n in graph.as_graph_def().node][:6])

with tf.Graph().as_default() as graph:
    graph_def = tf.GraphDef()
    with tf.gfile.FastGFile("ckpt/frozen.pb", "rb") as f:
        graph_def.ParseFromString(f.read())
    out, x = tf.import_graph_def(graph_def, return_elements=["out:0", "x:0"], name="net")
    assert {"Variable", "VariableV2"}.isdisjoint(op.type for op in graph.get_operations())
    with tf.Session(graph=graph) as sess:
        np.testing.assert_allclose(sess.run(out, {x: data}), expected, rtol=1e-6)
        np.testing.assert_allclose(sess.run("net/out:0", {"net/x:0": data}), expected, rtol=1e-6)
