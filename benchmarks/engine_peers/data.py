"""What every library trains on, from the same numbers: inputs, targets, first weights."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

Arrays = dict[str, Any]

CHAIN = 10_000
"""Operations of workload g."""


def arrays(workload: str) -> Arrays:
    """float32 arrays: ``x``, ``y`` and the weights ``w0``, ``b0``, ``w1``, …"""
    rng = np.random.default_rng(0)
    return {name: np.asarray(value, np.float32) for name, value in _MAKERS[workload](rng).items()}


def _dense(rng: Any, *sizes: int) -> Arrays:
    found: Arrays = {}
    for index, (inputs, outputs) in enumerate(pairwise(sizes)):
        found[f"w{index}"] = rng.normal(0, (2 / inputs) ** 0.5, (inputs, outputs))
        found[f"b{index}"] = np.zeros(outputs)
    return found


def _classes(rng: Any, n: int) -> Any:
    return np.eye(10)[rng.integers(0, 10, n)]


def _line(rng: Any) -> Arrays:
    x = rng.uniform(0, 300, (200, 1))
    return {"x": x, "y": 0.0475 * x + 7 + rng.normal(0, 3, (200, 1)), "w0": 0.3, "b0": 0.1}


def _softmax(rng: Any) -> Arrays:
    weights = {"w0": np.zeros((784, 10)), "b0": np.zeros(10)}
    return {"x": rng.random((100, 784)), "y": _classes(rng, 100), **weights}


def _mlp(rng: Any) -> Arrays:
    return {"x": rng.random((128, 784)), "y": _classes(rng, 128), **_dense(rng, 784, 256, 256, 10)}


def _images(rng: Any) -> Arrays:
    dense = _dense(rng, 7 * 7 * 64, 1024, 10)
    return {
        "x": rng.random((64, 28, 28, 1)),
        "y": _classes(rng, 64),
        "k0": rng.normal(0, 0.1, (5, 5, 1, 32)),
        "c0": np.full(32, 0.1),
        "k1": rng.normal(0, 0.05, (5, 5, 32, 64)),
        "c1": np.full(64, 0.1),
        **dense,
    }


def _sequence(rng: Any) -> Arrays:
    return {
        "x": rng.random((128, 28, 28)),
        "y": _classes(rng, 128),
        "k0": rng.uniform(-0.1, 0.1, (28 + 128, 4 * 128)),
        "c0": np.zeros(4 * 128),
        **_dense(rng, 128, 10),
    }


def _wide(rng: Any) -> Arrays:
    layers = _dense(rng, 2048, 2048, 2048, 2048, 2048, 10)
    return {"x": rng.random((512, 2048)), "y": _classes(rng, 512), **layers}


def _chain(rng: Any) -> Arrays:
    return {"x": np.linspace(0, 1, 16)}


_MAKERS = {
    "a": _line,
    "b": _softmax,
    "c": _mlp,
    "d": _images,
    "e": _sequence,
    "f": _wide,
    "g": _chain,
}
