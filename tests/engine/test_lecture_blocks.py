"""What a first course shows of TensorFlow: each block as a student types it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import engine as tf


@pytest.fixture(autouse=True)
def own_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def test_numpy_recap_in_an_interactive_session() -> None:
    sess = tf.InteractiveSession()
    a = tf.zeros((2, 2))
    b = tf.ones((2, 2))
    assert tf.reduce_sum(b, reduction_indices=1).eval().tolist() == [2.0, 2.0]
    assert repr(a.get_shape()) == "TensorShape([Dimension(2), Dimension(2)])"
    assert tf.reshape(a, (1, 4)).eval().dtype == np.float32
    assert str(tf.zeros((2, 2))) == 'Tensor("zeros_1:0", shape=(2, 2), dtype=float32)'
    with np.printoptions(legacy="1.13"):
        assert str(tf.reduce_sum(b, 1).eval()) == "[ 2.  2.]"
    sess.close()


def test_matrix_product_of_a_placeholder_and_a_random_variable() -> None:
    sess = tf.Session()
    x = tf.placeholder(tf.float32, shape=(1, 3))
    w = tf.Variable(tf.random_normal([3, 3]))
    y = tf.matmul(x, w)
    out = tf.nn.relu(y)
    sess.run(tf.initialize_all_variables())
    value = sess.run(out, feed_dict={x: np.array([[1.0, 2.0, 3.0]])})
    assert value.shape == (1, 3) and value.min() >= 0
    sess.close()


def test_three_ways_to_use_a_session() -> None:
    a, b = tf.constant(5.0), tf.constant(6.0)
    c = a * b
    sess = tf.Session()
    assert sess.run(c) == 30.0
    sess.close()
    with tf.Session() as sess:
        assert c.eval() == 30.0
    sess = tf.InteractiveSession()
    assert c.eval() == 30.0
    sess.close()


def test_second_gpu_on_a_laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINBOARD_SOFT_PLACEMENT", "1")
    with tf.Session() as sess:
        with tf.device("/gpu:1"):
            matrix1 = tf.constant([[3.0, 3.0]])
            matrix2 = tf.constant([[2.0], [2.0]])
            product = tf.matmul(matrix1, matrix2)
        assert sess.run(product).tolist() == [[12.0]]


def test_session_for_a_cluster_and_parameters_on_its_server() -> None:
    tf.Session("grpc://example.org:2222").close()
    with tf.device("/job:ps/task:0"):
        weights = tf.Variable(tf.zeros([784, 10]))
        biases = tf.Variable(tf.zeros([10]))
    assert weights.device == biases.device == "/job:ps/task:0"


def test_feeding_two_placeholders() -> None:
    input1 = tf.placeholder(tf.float32)
    input2 = tf.placeholder(tf.float32)
    output = tf.mul(input1, input2)
    assert str(output) == 'Tensor("Mul:0", dtype=float32)'
    with tf.Session() as sess:
        (value,) = sess.run([output], feed_dict={input1: [7.0], input2: [3.0]})
    assert value.tolist() == [21.0] and value.dtype == np.float32


def test_named_variables_with_an_initializing_operation() -> None:
    weights = tf.Variable(tf.random_normal([784, 10], stddev=0.35), name="weights")
    biases = tf.Variable(tf.random_normal([10], stddev=0.35), name="biases")
    init_op = tf.initialize_all_variables()
    with tf.Session() as sess:
        sess.run(init_op)
        assert abs(weights.eval().std() - 0.35) < 0.02
        assert sess.run(biases).shape == (10,)


def test_linear_regression_with_parameters_from_numpy() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.uniform(0, 3, (40, 1))
    targets = 2 * inputs + 1
    X = tf.placeholder("float", [None, 1])  # noqa: N806
    y = tf.placeholder("float", [None, 1])
    W = tf.Variable(rng.normal(), name="weight")  # noqa: N806
    b = tf.Variable(rng.normal(), name="bias")
    assert W.dtype.base_dtype == tf.float32
    y_pred = tf.add(tf.mul(X, W), b)
    cost = tf.reduce_sum(tf.pow(y_pred - y, 2)) / len(inputs)
    optimizer = tf.train.AdamOptimizer(0.1).minimize(cost)
    init = tf.initialize_all_variables()
    with tf.Session() as sess:
        sess.run(init)
        for _ in range(600):
            sess.run(optimizer, feed_dict={X: inputs, y: targets})
        line = sess.run(W) * inputs + sess.run(b)
        assert f"{sess.run(cost, feed_dict={X: inputs, y: targets}):.4f}" == "0.0000"
    np.testing.assert_allclose(line, targets, atol=1e-2)


def test_softmax_trained_on_batches() -> None:
    rng = np.random.default_rng(0)
    images = rng.uniform(size=(300, 784))
    labels = np.eye(10)[images[:, :10].argmax(axis=1)]
    X = tf.placeholder("float", [None, 784])  # noqa: N806
    y = tf.placeholder("float", [None, 10])
    W = tf.Variable(tf.zeros([784, 10]))  # noqa: N806
    b = tf.Variable(tf.zeros([10]))
    y_pred = tf.nn.softmax(tf.matmul(X, W) + b)
    cost = tf.reduce_mean(-tf.reduce_sum(y * tf.log(y_pred), reduction_indices=1))
    optimizer = tf.train.GradientDescentOptimizer(0.1).minimize(cost)
    init = tf.initialize_all_variables()
    with tf.Session() as sess:
        sess.run(init)
        for _ in range(150):
            for i in range(3):
                batch = {X: images[i * 100 : i * 100 + 100], y: labels[i * 100 : i * 100 + 100]}
                sess.run(optimizer, feed_dict=batch)
        correct_prediction = tf.equal(tf.argmax(y_pred, 1), tf.argmax(y, 1))
        accuracy = tf.reduce_mean(tf.cast(correct_prediction, "float"))
        assert accuracy.eval({X: images, y: labels}) > 0.9


def test_hinge_and_logistic_losses_train_a_line() -> None:
    points = np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 0.5], [3.0, 1.0]])
    side = np.array([[1.0], [1.0], [-1.0], [-1.0]])
    x, z = tf.placeholder("float", [None, 2]), tf.placeholder("float", [None, 1])
    for loss in (lambda f: tf.log(1 + tf.exp(-z * f)), lambda f: tf.maximum(0.0, 1 - z * f)):
        w, b = tf.Variable(tf.zeros([2, 1])), tf.Variable(0.0)
        f = tf.matmul(x, w) + b
        train = tf.train.GradientDescentOptimizer(0.5).minimize(tf.reduce_mean(loss(f)))
        with tf.Session() as sess:
            sess.run(tf.initialize_all_variables())
            for _ in range(200):
                sess.run(train, {x: points, z: side})
            assert (np.sign(sess.run(f, {x: points})) == side).all()


# Word for word
