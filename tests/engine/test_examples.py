"""The examples reach what the course shows, and leave a run to look at."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from summaries import open_logdir

ROOT = Path(__file__).parent.parent.parent
MNIST = ROOT.parent / "shared" / "data" / "mnist"


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        f"example_{name}", ROOT / "examples" / f"{name}.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_linear_regression_finds_the_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    w, b, half_mse = example("linear_regression").main(["--logdir", str(tmp_path / "run")])
    assert w == pytest.approx(0.0475367, abs=5e-7)
    assert b == pytest.approx(7.03259, abs=2e-5)
    assert half_mse == pytest.approx(5.256327, abs=2e-6)
    assert "Epoch: 0001 cost=" in capsys.readouterr().out
    reader = open_logdir(tmp_path)
    assert reader.scalars("run", "half_mse").value[-1] == pytest.approx(5.2563, abs=1e-3)
    assert set(reader.runs()[0].tags) == {"scalar", "histogram", "graph"}
    reader.close()


def test_counter_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert example("counter").main(["--logdir", str(tmp_path / "run")]) == 3
    assert capsys.readouterr().out.split("\n")[:4] == ["0", "1", "2", "3"]


def test_logistic_regression_tells_two_clouds_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loss, accuracy = example("logistic_regression").main(["--logdir", str(tmp_path / "run")])
    # The clouds overlap: a line through the middle of both means leaves 2 or 3 in 100 wrong.
    assert loss == pytest.approx(0.1055, abs=2e-3) and accuracy >= 0.96
    assert "Finished. loss=" in capsys.readouterr().out
    reader = open_logdir(tmp_path)
    assert set(reader.runs()[0].tags) == {"scalar", "histogram", "graph"}
    losses = reader.scalars("run", "test_loss").value
    assert losses[0] > losses[-1] > 0
    reader.close()


def test_the_linear_svm_finds_a_street_between_the_clouds(tmp_path: Path) -> None:
    module = example("linear_svm")
    accuracy, width = module.main(["--logdir", str(tmp_path / "run")])
    assert accuracy == 1.0
    _, narrower = module.main(["--logdir", str(tmp_path / "other"), "--penalty", "0.002"])
    # The clouds lie 1 apart; the penalty buys width with points that lie inside the street.
    assert 1.0 < narrower < width < 1.5
    reader = open_logdir(tmp_path)
    assert reader.scalars("run", "support_vectors").value[-1] >= 3
    reader.close()


@pytest.mark.parametrize("data", [*([MNIST] if MNIST.is_dir() else []), None], ids=str)
def test_softmax_reads_digits(tmp_path: Path, data: Path | None) -> None:
    """On all of MNIST where that lies beside the repository, and on the slice that travels."""
    arguments = ["--logdir", str(tmp_path / "run"), "--epochs", "3" if data else "10"]
    arguments += ["--data", str(data)] if data else []
    assert example("softmax_mnist").main(arguments) >= (0.91 if data else 0.87)
    reader = open_logdir(tmp_path)
    assert set(reader.runs()[0].tags) == {"scalar", "histogram", "graph"}
    assert "test_accuracy" in reader.runs()[0].tags["scalar"]
    reader.close()


def test_two_networks_learn_to_draw_as_the_data_does(tmp_path: Path) -> None:
    mean, deviation = example("gan").main(["--logdir", str(tmp_path / "run"), "--steps", "3000"])
    assert mean == pytest.approx(4.0, abs=0.5)
    assert 0.25 < deviation < 1.0
    reader = open_logdir(tmp_path)
    assert set(reader.runs()[0].tags) == {"scalar", "histogram", "graph"}
    reader.close()


def test_a_small_convolutional_network_reads_digits(tmp_path: Path) -> None:
    arguments = ["--logdir", str(tmp_path / "run"), "--epochs", "1", "--images", "1200"]
    assert example("layers_mnist").main(arguments) >= 0.8
    reader = open_logdir(tmp_path)
    assert len(reader.scalars("run", "batch_loss").value) == 48
    assert reader.scalars("run", "test_accuracy").step.tolist() == [48]
    reader.close()


@pytest.mark.parametrize("name", ["softmax_mnist", "layers_mnist"])
def test_a_folder_without_the_digits_is_told(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        example(name).main(["--data", str(tmp_path)])
    assert "there is no train-images-idx3-ubyte.gz in it" in capsys.readouterr().err


def test_word_vectors_of_a_group_end_up_beside_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--logdir", str(tmp_path / "run"), "--steps", "1500"]
    assert example("word2vec").main(arguments) >= 0.9
    assert "Step: 01500 loss=" in capsys.readouterr().out
    reader = open_logdir(tmp_path)
    assert set(reader.runs()[0].tags["scalar"]) == {"loss", "learning_rate"}
    reader.close()
