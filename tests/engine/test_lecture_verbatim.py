"""The lecture's blocks word for word, read where it lies beside the repository."""

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


ADVERTISING = LECTURE.parents[1] / "data" / "Advertising.csv"


def shown(block: str, names: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    """What each cell of a block shows when it is run, beside what the slide shows."""
    space = {"np": np, "tf": tf} if names is None else names
    return [(run(cell.code, space), cell.printed) for cell in cells(block)]


def test_every_block_of_the_lecture_is_run_by_a_test_here() -> None:
    # The output of the training stands in a block of its own.
    assert len(blocks()) == 24 and len(block_with("Epoch: 0001").split("\n")) < 4


NOTEBOOK_BLOCKS = (
    "Simple Numpy Recap",
    "reduce_sum(b, reduction_indices=1)",
    "print output",
)


@pytest.mark.parametrize("text", NOTEBOOK_BLOCKS)
def test_cells_print_what_the_slides_show(text: str) -> None:
    space: dict[str, Any] = {"np": np}
    pairs = shown(block_with(text), space)
    assert any(printed for _, printed in pairs)
    for ours, printed in pairs:
        assert spaced_alike(ours) == spaced_alike(printed)
    if "sess" in space:
        space["sess"].close()


@pytest.mark.parametrize("number", range(3))
def test_the_three_ways_to_use_a_session(number: int) -> None:
    block = block_with("c = a * b", number)
    ((ours, _),) = shown(block)
    assert ours == "30.0\n"


@pytest.mark.parametrize("number", range(3))
def test_the_matrix_operations_grow_slide_by_slide(number: int) -> None:
    space: dict[str, Any] = {}
    shown(block_with("out = tf.nn.relu(y)", number), space)
    assert str(space["out"]) == 'Tensor("Relu:0", shape=(1, 3), dtype=float32)'
    if number == 2:
        value = space["sess"].run(space["out"], {space["x"]: [[1.0, 2.0, 3.0]]})
        assert value.shape == (1, 3) and value.min() >= 0
    for key in ("sess",) if number else ():
        space[key].close()


def test_the_second_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINBOARD_SOFT_PLACEMENT", "1")
    space = {"tf": tf}
    shown(block_with('tf.device("/gpu:1")'), space)
    product: Any = space["product"]
    assert product.device == "/device:GPU:1"
    with tf.Session() as sess:
        assert sess.run(product).tolist() == [[12.0]]


def test_the_session_for_a_cluster_is_made_without_connecting() -> None:
    space = {"tf": tf}
    shown(block_with("grpc://"), space)
    sess: Any = space["sess"]
    assert sess.sess_str == "grpc://example.org:2222"


def test_the_parameter_server_block_leaves_out_its_values_and_is_told_so() -> None:
    block = block_with('tf.device("/job:ps/task:0")')
    with pytest.raises(ValueError, match=r"tf.Variable\(...\): `...` is no initial value"):
        shown(block)
    space = {"tf": tf}
    shown(block.replace("(...)", "(tf.zeros([2]))"), space)
    assert [space[name].device for name in ("weights", "biases")] == ["/job:ps/task:0"] * 2  # type: ignore[attr-defined]


def test_variables_and_what_initializes_them() -> None:
    space: dict[str, Any] = {"tf": tf}
    shown(block_with('name = "weights"'), space)
    assert (space["W"].name, space["b"].name) == ("weights:0", "biases:0")
    shown(block_with("init_op = tf.initialize_all_variables()"), space)
    with tf.Session() as sess:
        sess.run(space["init_op"])
        assert abs(sess.run(space["W"]).std() - 0.35) < 0.02


def test_the_counter() -> None:
    ((ours, _),) = shown(block_with("state +=1"))
    assert ours == "1\n2\n3\n"


def test_the_placeholders() -> None:
    space: dict[str, Any] = {}
    shown(block_with("input1 = tf.placeholder"), space)
    assert str(space["input2"]) == 'Tensor("Placeholder_1:0", dtype=float32)'


def numbers_after(label: str, text: str) -> list[str]:
    """The numbers as they are printed after ``label=``, line by line."""
    return re.findall(rf"{label}=\s*(-?[\d.]+)", text)


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("divisor", ["n_samples", "2*n_samples"])
def test_the_linear_regression_prints_the_slides_table(
    divisor: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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


def test_the_batches_of_digits() -> None:
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
