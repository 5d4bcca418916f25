"""The demo: its data is what it says, and its models learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dashboard.playground import demo
from dashboard.playground.data_sets import DATA, advertising, digits
from summaries import open_logdir


def test_the_advertising_table_is_the_books() -> None:
    table = advertising()
    assert table.budgets.shape == (200, 3)
    np.testing.assert_allclose(table.budgets.mean(0), [147.0425, 23.2640, 30.5540], rtol=1e-5)
    assert table.sales.mean() == pytest.approx(14.0225)


def test_the_slice_of_mnist_is_digits_of_at_most_a_megabyte() -> None:
    slice_ = digits()
    assert slice_.train_images.shape == (4000, 784)
    assert slice_.test_labels.shape == (1000, 10)
    assert (slice_.train_labels.sum(axis=1) == 1).all()
    # MNIST's first training digits are 5, 0, 4, 1, 9.
    assert slice_.train_labels[:5].argmax(axis=1).tolist() == [5, 0, 4, 1, 9]
    assert 0.1 < slice_.train_images.mean() < 0.16
    assert sum(p.stat().st_size for p in DATA.iterdir()) < 1_048_576


def test_every_training_of_the_demo_learns_and_logs(tmp_path: Path) -> None:
    demo.train_all(tmp_path, steps=120, steps_per_s=1e9)
    with open_logdir(tmp_path) as reader:
        runs = {info.name: info for info in reader.runs()}
        assert set(runs) == {
            "advertising/adam",
            "advertising/gradient-descent",
            *(f"mnist/{optimizer}/lr={rate:g}" for optimizer, rate in demo.SWEEP),
        }
        assert {info.status for info in runs.values()} == {"finished"}
        for name in runs:
            tag = "advertising/cost" if name.startswith("advertising") else "train/loss"
            curve = reader.scalars(name, tag).value
            assert len(curve) == 120
            assert curve[-10:].mean() < 0.8 * curve[:10].mean(), name
            graph = reader.graph(name)
            assert graph is not None
            assert len(graph.nodes) > 20
            assert runs[name].tags["histogram"]
        accuracy = reader.scalars("mnist/gradient-descent/lr=0.5", "test/accuracy").value[-1]
        assert accuracy > 0.8
