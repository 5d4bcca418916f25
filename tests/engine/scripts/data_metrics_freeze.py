"""1.x: datasets of every kind, streaming metrics, a part restored under other names, a frozen graph."""

import numpy as np
import tensorflow as tf

x = np.arange(20, dtype=np.float32).reshape(10, 2)
ds = tf.data.Dataset.from_tensor_slices({"f": x, "l": np.arange(10)})
ds = ds.map(lambda d: (d["f"] * 2, tf.one_hot(d["l"] % 3, 3))).filter(lambda f, l: f[0] > 3.0)
it = ds.batch(3).prefetch(1).make_initializable_iterator()
f, l = it.get_next()

ph = tf.placeholder(tf.float32, [None, 2])
fed = tf.data.Dataset.from_tensor_slices(ph).repeat(2).batch(4)
either = tf.data.Iterator.from_structure(fed.output_types, fed.output_shapes)
following = either.get_next()
train_init = either.make_initializer(fed)
test_init = either.make_initializer(tf.data.Dataset.from_tensors(x[:2]))
handle = tf.placeholder(tf.string, [])
by_handle = tf.data.Iterator.from_string_handle(handle, fed.output_types, fed.output_shapes)
by_handle = by_handle.get_next()

gen = tf.data.Dataset.from_generator(
    lambda: ((i, [i] * (i + 1)) for i in range(4)),
    (tf.int32, tf.int64),
    (tf.TensorShape([]), tf.TensorShape([None])),
)
padded = gen.padded_batch(2, padded_shapes=([], [None])).make_one_shot_iterator().get_next()

accuracy, update = tf.metrics.accuracy([1, 0, 1], [1, 1, 1])
v1 = tf.get_variable("a/w", initializer=[1.0, 2.0])
v2 = tf.get_variable("b/w", initializer=[3.0])
out = tf.add(v1, v2, name="out")
with tf.Session() as sess:
    sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    sess.run(it.initializer)
    rows = 0
    try:
        while True:
            rows += len(sess.run([f, l])[0])
    except tf.errors.OutOfRangeError:
        print(rows, "rows")
    assert rows == 9
    sess.run(train_init, {ph: x})
    assert sess.run(following).shape == (4, 2)
    name = sess.run(either.string_handle())
    sess.run(test_init)
    assert sess.run(by_handle, {handle: name}).tolist() == x[:2].tolist()
    assert sess.run(padded)[1].tolist() == [[0, 0], [1, 1]]
    sess.run(update)
    assert abs(sess.run(accuracy) - 2 / 3) < 1e-6
    saver = tf.train.Saver(max_to_keep=2)
    for i in range(4):
        path = saver.save(sess, "./ck/model", global_step=i)
    assert [p.split("/")[-1] for p in saver.last_checkpoints] == ["model-2", "model-3"]
    frozen = tf.graph_util.convert_variables_to_constants(sess, sess.graph.as_graph_def(), ["out"])
    with tf.gfile.GFile("frozen.pb", "wb") as fh:
        fh.write(frozen.SerializeToString())
reader = tf.train.NewCheckpointReader(path)
assert reader.get_variable_to_shape_map()["a/w"] == [2]

tf.reset_default_graph()
c = tf.get_variable("c", [2])
d = tf.get_variable("d", [1])
with tf.Session() as sess:
    tf.train.Saver({"a/w": c}).restore(sess, path)
    assert sess.run(c).tolist() == [1.0, 2.0]
    try:
        tf.train.Saver([d]).restore(sess, path)
        raise AssertionError("d is not in the checkpoint")
    except tf.errors.NotFoundError as error:
        print(type(error).__name__)
with tf.Graph().as_default():
    graph_def = tf.GraphDef()
    with tf.gfile.FastGFile("frozen.pb", "rb") as fh:
        graph_def.ParseFromString(fh.read())
    (result,) = tf.import_graph_def(graph_def, return_elements=["out:0"], name="")
    with tf.Session() as sess:
        assert sess.run(result).tolist() == [4.0, 5.0] and result.name == "out:0"
