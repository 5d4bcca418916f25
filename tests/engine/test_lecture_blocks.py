"""What a first course shows of TensorFlow: each block as a student types it, and as it stands.

The lecture itself is not part of the repository; the blocks are run word for word where it lies
beside it, and retyped everywhere.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from lecture import LECTURE, Anything, block_with, blocks, cells, run, spaced_alike

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

here = pytest.mark.parametrize("lecture", [LECTURE] if LECTURE.is_file() else [], ids=["slides"])
"""Without the lecture there is nothing to run, and no test."""

ADVERTISING = LECTURE.parents[1] / "data" / "Advertising.csv"


def shown(block: str, names: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    """What each cell of a block shows when it is run, beside what the slide shows."""
    space = {"np": np, "tf": tf} if names is None else names
    return [(run(cell.code, space), cell.printed) for cell in cells(block)]


@here
def test_every_block_of_the_lecture_is_run_by_a_test_here(lecture: Path) -> None:
    # The output of the training stands in a block of its own.
    assert len(blocks()) == 24 and len(block_with("Epoch: 0001").split("\n")) < 4


NOTEBOOK_BLOCKS = (
    "Simple Numpy Recap",
    "reduce_sum(b, reduction_indices=1)",
    "print output",
)


@here
@pytest.mark.parametrize("text", NOTEBOOK_BLOCKS)
def test_cells_print_what_the_slides_show(lecture: Path, text: str) -> None:
    space: dict[str, Any] = {"np": np}
    pairs = shown(block_with(text), space)
    assert any(printed for _, printed in pairs)
    for ours, printed in pairs:
        assert spaced_alike(ours) == spaced_alike(printed)
    if "sess" in space:
        space["sess"].close()


@here
@pytest.mark.parametrize("number", range(3))
def test_the_three_ways_to_use_a_session(lecture: Path, number: int) -> None:
    block = block_with("c = a * b", number)
    ((ours, _),) = shown(block)
    assert ours == "30.0\n"


@here
@pytest.mark.parametrize("number", range(3))
def test_the_matrix_operations_grow_slide_by_slide(lecture: Path, number: int) -> None:
    space: dict[str, Any] = {}
    shown(block_with("out = tf.nn.relu(y)", number), space)
    assert str(space["out"]) == 'Tensor("Relu:0", shape=(1, 3), dtype=float32)'
    if number == 2:
        value = space["sess"].run(space["out"], {space["x"]: [[1.0, 2.0, 3.0]]})
        assert value.shape == (1, 3) and value.min() >= 0
    for key in ("sess",) if number else ():
        space[key].close()


@here
def test_the_second_gpu(lecture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINBOARD_SOFT_PLACEMENT", "1")
    space = {"tf": tf}
    shown(block_with('tf.device("/gpu:1")'), space)
    product: Any = space["product"]
    assert product.device == "/device:GPU:1"
    with tf.Session() as sess:
        assert sess.run(product).tolist() == [[12.0]]


@here
def test_the_session_for_a_cluster_is_made_without_connecting(lecture: Path) -> None:
    space = {"tf": tf}
    shown(block_with("grpc://"), space)
    sess: Any = space["sess"]
    assert sess.sess_str == "grpc://example.org:2222"


@here
def test_the_parameter_server_block_leaves_out_its_values_and_is_told_so(lecture: Path) -> None:
    block = block_with('tf.device("/job:ps/task:0")')
    with pytest.raises(ValueError, match=r"tf.Variable\(...\): `...` is no initial value"):
        shown(block)
    space = {"tf": tf}
    shown(block.replace("(...)", "(tf.zeros([2]))"), space)
    assert [space[name].device for name in ("weights", "biases")] == ["/job:ps/task:0"] * 2  # type: ignore[attr-defined]


@here
def test_variables_and_what_initializes_them(lecture: Path) -> None:
    space: dict[str, Any] = {"tf": tf}
    shown(block_with('name = "weights"'), space)
    assert (space["W"].name, space["b"].name) == ("weights:0", "biases:0")
    shown(block_with("init_op = tf.initialize_all_variables()"), space)
    with tf.Session() as sess:
        sess.run(space["init_op"])
        assert abs(sess.run(space["W"]).std() - 0.35) < 0.02


@here
def test_the_counter(lecture: Path) -> None:
    ((ours, _),) = shown(block_with("state +=1"))
    assert ours == "1\n2\n3\n"


@here
def test_the_placeholders(lecture: Path) -> None:
    space: dict[str, Any] = {}
    shown(block_with("input1 = tf.placeholder"), space)
    assert str(space["input2"]) == 'Tensor("Placeholder_1:0", dtype=float32)'


def numbers_after(label: str, text: str) -> list[str]:
    """The numbers as they are printed after ``label=``, line by line."""
    return re.findall(rf"{label}=\s*(-?[\d.]+)", text)


@here
@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("divisor", ["n_samples", "2*n_samples"])
def test_the_linear_regression_prints_the_slides_table(
    lecture: Path, divisor: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pandas = pytest.importorskip("pandas")
    (tmp_path / "dataset").mkdir()
    shutil.copy(ADVERTISING, tmp_path / "dataset")
    monkeypatch.chdir(tmp_path)
    slide = block_with("Epoch: 0001")
    # Adam's first step is the learning rate: so the slide's first line tells what was drawn.
    drawn = [float(numbers_after(label, slide)[0]) + 0.1 for label in ("W", "b")]
    monkeypatch.setattr(np.random, "randn", lambda: drawn.pop(0))
    space: dict[str, Any] = {
        "np": np, "pd": pandas, "plt": Anything(),
        "learning_rate": 0.1, "training_epochs": 2000, "display_step": 200,
    }  # fmt: skip
    ((ours, printed),) = shown(block_with("pd.read_csv"), space)
    assert ours.split("\n")[:2] == [line.strip() for line in printed.split("\n")[:2]]
    shown(block_with("y pred = tf.add").replace("n_samples", divisor), space)
    ((ours, _),) = shown(block_with("plt.plot(train", number + 1), space)
    # The text has one of the lines twice, and the last line is not its epoch's: left out.
    epochs = list(dict.fromkeys(re.findall(r"Epoch: (\d+)", slide)))
    assert re.findall(r"Epoch: (\d+)", ours) == epochs
    count = len(epochs)
    for label in ("W", "b"):
        theirs = list(dict.fromkeys(numbers_after(label, slide)[:-1]))
        mine = list(dict.fromkeys(numbers_after(label, ours)[:count]))
        assert mine[-1] == theirs[-1]
        np.testing.assert_allclose(np.float64(mine), np.float64(theirs), rtol=1e-5)
    # The slide's costs were made with the division by 2 n, its code divides by n.
    scale = 1.0 if divisor == "2*n_samples" else 0.5
    costs = np.float64(list(dict.fromkeys(numbers_after("cost", ours)[:count])))
    shown_costs = np.float64(list(dict.fromkeys(numbers_after("cost", slide)[:-1])))
    np.testing.assert_allclose(costs * scale, shown_costs, rtol=1e-6)
    assert "Optimization Finished!" in ours


@here
def test_the_batches_of_digits(lecture: Path) -> None:
    from dashboard.playground.data_sets import digits

    data = digits()

    class Batches(SimpleNamespace):
        """Training images in order, from the first again after the last."""

        at = 0

        def next_batch(self, size: int) -> tuple[Any, Any]:
            rows = np.arange(self.at, self.at + size) % self.num_examples
            self.at += size
            return self.images[rows], self.labels[rows]

    space: dict[str, Any] = {
        "training_epochs": 5, "batch_size": 100, "display_step": 1,
        "mnist": SimpleNamespace(
            train=Batches(images=data.train_images, labels=data.train_labels,
                          num_examples=len(data.train_images)),
            test=SimpleNamespace(images=data.test_images, labels=data.test_labels),
        ),
    }  # fmt: skip
    shown(block_with("# mnist data image of shape"), space)
    # What the slide leaves to the notebook before it: its names, the loss and the optimizer.
    space["y"], space["y_pred"] = space["Y"], space["Y_pred"]
    space["cost"] = tf.reduce_mean(
        -tf.reduce_sum(space["y"] * tf.log(space["y_pred"] + 1e-10), reduction_indices=1)
    )
    space["optimizer"] = tf.train.GradientDescentOptimizer(0.5).minimize(space["cost"])
    ((ours, _),) = shown(block_with("mnist.train.next_batch"), space)
    costs = [float(cost) for cost in numbers_after("cost", ours)]
    assert len(costs) == 5 and costs[-1] < costs[0]
    accuracy = re.search(r"Accuracy: ([\d.]+)", ours)
    assert accuracy is not None and float(accuracy[1]) > 0.85
