"""The data that travels with the package, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Advertising:
    """Sales of one product in 200 markets and what was spent there on advertising."""

    budgets: NDArray[np.float32]
    """float32 [200, 3]: TV, radio, newspaper, thousands of dollars."""
    sales: NDArray[np.float32]
    """float32 [200, 1]: thousands of units."""


def advertising() -> Advertising:
    """The Advertising table."""
    table = np.loadtxt(DATA / "Advertising.csv", delimiter=",", skiprows=1, usecols=(1, 2, 3, 4))
    columns = table.astype(np.float32)
    return Advertising(columns[:, :3], columns[:, 3:])


@dataclass(frozen=True)
class Digits:
    """Pictures of digits, and which digit each is."""

    train_images: NDArray[np.float32]
    """float32 [n, 784], 0 to 1."""
    train_labels: NDArray[np.float32]
    """float32 [n, 10], one-hot."""
    test_images: NDArray[np.float32]
    test_labels: NDArray[np.float32]


def digits() -> Digits:
    """The slice of MNIST: 4,000 digits to train on, 1,000 to test on."""
    with np.load(DATA / "mnist_slice.npz") as arrays:
        return Digits(
            _pixels(arrays["train_images"]),
            _one_hot(arrays["train_labels"]),
            _pixels(arrays["test_images"]),
            _one_hot(arrays["test_labels"]),
        )


def _pixels(images: NDArray[Any]) -> NDArray[np.float32]:
    return images.astype(np.float32) / np.float32(255)


def _one_hot(labels: NDArray[Any]) -> NDArray[np.float32]:
    table: NDArray[np.float32] = np.eye(10, dtype=np.float32)[labels]
    return table
