"""0.x: constants, placeholders, matmul, fetches by list and dict, printing of graph things."""

import numpy as np
import tensorflow as tf

a = tf.constant(2)
b = tf.constant(3)
with tf.Session() as sess:
    print("a=2, b=3")
    print("Addition with constants: %i" % sess.run(a + b))
    print("Multiplication with constants: %i" % sess.run(a * b))

x = tf.placeholder(tf.int16)
y = tf.placeholder(tf.int16)
add = tf.add(x, y)
mul = tf.mul(x, y)
sub = tf.sub(x, y)
with tf.Session() as sess:
    assert sess.run(add, feed_dict={x: 2, y: 3}) == 5
    assert sess.run(mul, feed_dict={x: 2, y: 3}) == 6
    assert sess.run(sub, {x: 2, y: 3}) == -1

matrix1 = tf.constant([[3.0, 3.0]])
matrix2 = tf.constant([[2.0], [2.0]])
product = tf.matmul(matrix1, matrix2)
with tf.Session() as sess:
    result = sess.run(product)
    print(result)
    assert str(result) == "[[12.]]"
    both = sess.run({"p": product, "m": (matrix1, [matrix2])})
    assert both["p"][0, 0] == 12.0 and both["m"][1][0].shape == (2, 1)

assert str(a) == 'Tensor("Const:0", shape=(), dtype=int32)'
assert str(product) == 'Tensor("MatMul:0", shape=(1, 1), dtype=float32)'
assert str(x) == 'Tensor("Placeholder:0", dtype=int16)'
assert repr(product) == "<tf.Tensor 'MatMul:0' shape=(1, 1) dtype=float32>"
assert product.op.name == "MatMul" and product.op.type == "MatMul"
assert [t.name for t in product.op.inputs] == ["Const_2:0", "Const_3:0"]
assert product.get_shape() == (1, 1) and product.get_shape().as_list() == [1, 1]
assert str(product.get_shape()) == "(1, 1)" and product.dtype == tf.float32
assert str(tf.placeholder("float", [None, 784]).get_shape()) == "(?, 784)"

packed = tf.pack([1.0, 2.0, 3.0])
parts = tf.unpack(packed)
joined = tf.concat(0, [packed, packed])
left, right = tf.split(0, 2, joined)
picked = tf.select(packed > 1.5, packed, tf.zeros_like(packed))
sess = tf.InteractiveSession()
assert len(parts) == 3 and parts[1].eval() == 2.0
assert joined.eval().tolist() == [1, 2, 3, 1, 2, 3]
assert (left - right).eval().tolist() == [0, 0, 0]
assert picked.eval().tolist() == [0, 2, 3]
assert tf.reduce_sum([[1.0, 2.0], [3.0, 4.0]], reduction_indices=1).eval().tolist() == [3, 7]
assert tf.argmax(np.eye(3), dimension=1).eval().tolist() == [0, 1, 2]
assert tf.expand_dims(packed, 1).get_shape().as_list() == [3, 1]

state = tf.Variable(0, name="counter")
update = tf.assign(state, tf.add(state, tf.constant(1)))
sess.run(tf.initialize_all_variables())
seen = [sess.run(update) for _ in range(3)]
assert seen == [1, 2, 3] and state.eval() == 3
print(state.name, state, tf.all_variables())
sess.close()
