"""How an embedding is to be projected: the method and its settings, checked."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dashboard.projection import METRICS

EXTRA = "pip install 'trainboard[projector]'"
"""What brings the libraries that t-SNE and UMAP need."""
MODULES = {"pca": "numpy", "raw": "numpy", "tsne": "sklearn", "umap": "umap"}
TITLES = {"pca": "PCA", "raw": "Dimensions as logged", "tsne": "t-SNE", "umap": "UMAP"}
COMPONENTS = 10
"""PCA and the raw dimensions give this many, of which the page shows two or three."""
MOST_POINTS = {"pca": 50_000, "raw": 50_000, "tsne": 10_000, "umap": 20_000}


@dataclass(frozen=True)
class Spec:
    """One way to project; equal ones give equal pictures."""

    method: str = "pca"
    points: int = 10_000
    """At most so many rows, a random sample of more."""
    unit: bool = False
    """Rows about their mean are made length 1 first."""
    dims: int = COMPONENTS
    metric: str = "euclidean"
    perplexity: float = 30.0
    iterations: int = 1000
    neighbours: int = 15
    min_dist: float = 0.1

    @property
    def title(self) -> str:
        """The method's name as people write it."""
        return TITLES[self.method]

    def settings(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def available() -> dict[str, bool]:
    """Which methods can be used with what is installed."""
    return {name: importlib.util.find_spec(module) is not None for name, module in MODULES.items()}


def spec_of(body: Mapping[str, Any]) -> Spec:
    """The settings in a request; those that its method does not have are dropped.

    Raises:
        ValueError: a setting is none, or the method's library is not installed.
    """
    method = body.get("method", "pca")
    if method not in MODULES:
        raise ValueError(f"method '{method}': expects one of {', '.join(MODULES)}")
    if importlib.util.find_spec(MODULES[method]) is None:
        raise ValueError(f"{TITLES[method]}: its library is not installed\n  try: {EXTRA}")
    points = int(_number(body, "points", 10_000, 10, MOST_POINTS[method]))
    unit = body.get("unit", False) is True
    if method == "raw":
        return Spec(method, points)
    if method == "pca":
        return Spec(method, points, unit)
    dims = int(_number(body, "dims", 3, 2, 3))
    metric = body.get("metric", "euclidean")
    if metric not in METRICS:
        raise ValueError(f"metric '{metric}': expects one of {', '.join(METRICS)}")
    if method == "tsne":
        perplexity = _number(body, "perplexity", 30.0, 2.0, 500.0)
        iterations = int(_number(body, "iterations", 1000, 250, 10_000))
        return Spec(method, points, unit, dims, metric, perplexity, iterations)
    neighbours = int(_number(body, "neighbours", 15, 2, 200))
    min_dist = _number(body, "min_dist", 0.1, 0.0, 0.99)
    return Spec(method, points, unit, dims, metric, neighbours=neighbours, min_dist=min_dist)


def _number(body: Mapping[str, Any], name: str, default: float, low: float, high: float) -> float:
    """The number of that name, held within ``low`` and ``high``.

    Raises:
        ValueError: it is no number.
    """
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise ValueError(f"{name}={value!r}: expects a number from {low:g} to {high:g}")
    return min(max(float(value), low), high)
