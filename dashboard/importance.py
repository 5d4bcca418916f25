"""Which settings of the runs go along with a metric: rank correlation, and a forest's importance.

Neither says that a setting *causes* anything: a sweep that always changes two settings together
cannot tell them apart. What is told is told with the number of runs it rests on.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

FEWEST_CORRELATED = 4
FEWEST_FOR_FOREST = 12
FEW = 40
"""Below this many runs a reader is warned."""
MOST_IN_FOREST = 2000
MOST_CATEGORIES = 20
FOLDS = 4
TREES = 60
REPEATS = 4
INSTALL = "pip install 'trainboard[analysis]'"

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Setting:
    """A setting of the runs: its values in their order, None where a run has none."""

    name: str
    values: Sequence[float | str | None]
    numeric: bool


@dataclass(frozen=True)
class Found:
    """What was found about one setting."""

    name: str
    measure: str
    """``spearman`` for numbers, ``eta`` for names: the correlation ratio of the metric's ranks."""
    correlation: float | None
    n: int
    """Runs that have both the setting and the metric."""
    beyond_chance: bool
    """Whether 95 % of shuffled columns would correlate less."""
    importance: float | None = None
    """Loss of held-out R² when the setting is shuffled; None without a forest."""
    spread: float | None = None
    """Standard deviation of ``importance`` over folds and shuffles."""


@dataclass(frozen=True)
class Importance:
    """All settings, the weightiest first, and how far that can be trusted."""

    runs: int
    settings: tuple[Found, ...]
    r2: float | None
    """R² of the forest on runs it has not seen; None without a forest."""
    forest_runs: int
    caveats: tuple[str, ...]


def ranks(values: Values) -> Values:
    """Ranks from 1 on, ties share their mean. ``values``: float [n], finite.

    Example:
        >>> ranks(np.array([10.0, 30.0, 30.0, 20.0])).tolist()
        [1.0, 3.5, 3.5, 2.0]
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[place], dtype=np.float64)


def spearman(a: Values, b: Values) -> float | None:
    """Spearman's rank correlation of float [n] and float [n]; None where one is constant.

    Source: Spearman 1904: Pearson's correlation of the ranks, ties sharing their mean rank.
    """
    x, y = ranks(a) - (len(a) + 1) / 2, ranks(b) - (len(b) + 1) / 2
    scale = math.sqrt(float((x * x).sum() * (y * y).sum()))
    return None if scale == 0.0 else float((x * y).sum() / scale)


def correlation_ratio(labels: Sequence[str], values: Values) -> float | None:
    """η: the root of the part of the ranks' variance that lies between the labels; 0 to 1.

    Source: Pearson 1905; on ranks its square is the effect size of Kruskal and Wallis's test.
    """
    x = ranks(values) - (len(values) + 1) / 2
    total = float((x * x).sum())
    if total == 0.0 or len(set(labels)) < 2:
        return None
    _, place = np.unique(np.asarray(labels, dtype=object).astype(str), return_inverse=True)
    sums, counts = np.bincount(place, x), np.bincount(place)
    return math.sqrt(float((sums**2 / counts).sum()) / total)


def importance_of(settings: Sequence[Setting], target: Sequence[float | None]) -> Importance:
    """What the settings have to do with the target, float or None a run.

    Raises:
        ValueError: a setting has not as many values as the target.
    """
    for setting in settings:
        if len(setting.values) != len(target):
            raise ValueError(
                f"setting '{setting.name}': {len(setting.values)} values for {len(target)} runs"
            )
    kept = [i for i, value in enumerate(target) if value is not None and math.isfinite(value)]
    y = np.array([target[i] for i in kept], dtype=np.float64)
    columns = [replace(s, values=[s.values[i] for i in kept]) for s in settings]
    columns = [c for c in columns if len({v for v in c.values if v is not None}) > 0]
    found = [_correlated(column, y) for column in columns if _varies(column)]
    columns = [column for column in columns if _varies(column)]
    caveats = _caveats(len(target), len(y))
    r2 = None
    forest_runs = 0
    if len(y) >= FEWEST_FOR_FOREST and columns and float(np.ptp(y)) > 0:
        try:
            r2, weights, forest_runs = _forest(columns, y)
        except ImportError:
            caveats.append(f"Permutation importance needs scikit-learn: {INSTALL}")
        else:
            found = [
                replace(one, importance=mean, spread=spread)
                for one, (mean, spread) in zip(found, weights, strict=True)
            ]
            if r2 < 0.2:
                caveats.append(
                    f"The forest hardly predicts the metric (R² {r2:.2f}): its numbers mean little."
                )
            if forest_runs < len(y):
                caveats.append(f"The forest saw {forest_runs} of {len(y)} runs, chosen by chance.")
    found.sort(key=lambda one: (-(one.importance or 0.0), -abs(one.correlation or 0.0), one.name))
    return Importance(len(y), tuple(found), r2, forest_runs, tuple(caveats))


def _varies(setting: Setting) -> bool:
    return len(set(setting.values)) > 1


def _caveats(asked: int, usable: int) -> list[str]:
    caveats = []
    if usable < asked:
        caveats.append(f"{asked - usable} runs have no finite value of the metric: left out.")
    if usable < FEWEST_FOR_FOREST:
        caveats.append(
            f"With {usable} runs nothing can be said for sure; "
            f"permutation importance starts at {FEWEST_FOR_FOREST}."
        )
    elif usable < FEW:
        caveats.append(f"Only {usable} runs: take it as a hint, not as a finding.")
    caveats.append("Settings that were changed together cannot be told apart.")
    return caveats


def _correlated(setting: Setting, y: Values) -> Found:
    having = [i for i, value in enumerate(setting.values) if value is not None]
    values, own = [setting.values[i] for i in having], y[having]
    n = len(having)
    measure = "spearman" if setting.numeric else "eta"
    if n < FEWEST_CORRELATED:
        return Found(setting.name, measure, None, n, False)
    if setting.numeric:
        rho = spearman(np.array(values, dtype=np.float64), own)
        # Under independence rho has a variance of 1 / (n - 1).
        beyond = rho is not None and abs(rho) > 1.96 / math.sqrt(n - 1)
        return Found(setting.name, measure, rho, n, beyond)
    labels = [str(value) for value in values]
    eta = correlation_ratio(labels, own)
    # (n - 1) η² is Kruskal and Wallis's H, about chi-squared with one degree less than labels.
    beyond = eta is not None and (n - 1) * eta**2 > _chi2_95(len(set(labels)) - 1)
    return Found(setting.name, measure, eta, n, beyond)


def _chi2_95(degrees: int) -> float:
    """The 95 % point of chi-squared. Source: Wilson and Hilferty 1931, error below 1 %."""
    part = 2.0 / (9.0 * degrees)
    return float(degrees * (1.0 - part + 1.6449 * math.sqrt(part)) ** 3)


def encoded(setting: Setting) -> Values:
    """The setting as float [n, columns] for a forest: a number, or a column a frequent name.

    Where a number is missing the median stands, and a second column says so.
    """
    if setting.numeric:
        column = np.array([np.nan if v is None else v for v in setting.values], dtype=np.float64)
        missing = np.isnan(column)
        if not missing.any():
            return column[:, None]
        filled = np.where(missing, np.median(column[~missing]) if not missing.all() else 0, column)
        return np.stack([filled, missing.astype(np.float64)], axis=1)
    labels = ["" if value is None else str(value) for value in setting.values]
    counts: dict[str, int] = {}
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
    frequent = sorted(counts, key=lambda label: (-counts[label], label))[:MOST_CATEGORIES]
    return np.array([[float(label == one) for one in frequent] for label in labels])


def _forest(settings: Sequence[Setting], y: Values) -> tuple[float, list[tuple[float, float]], int]:
    """R² on held-out runs; per setting mean and deviation of what shuffling it costs; runs used.

    Source: Breiman 2001, section 10, on cross-validation folds instead of out-of-bag samples.
    """
    # 1.5 s to import, and an extra; it has no types.
    ensemble: Any = importlib.import_module("sklearn.ensemble")
    rng = np.random.default_rng(0)
    order = rng.permutation(len(y))[:MOST_IN_FOREST]
    blocks = [encoded(setting)[order] for setting in settings]
    ends = np.cumsum([block.shape[1] for block in blocks])
    table, target = np.concatenate(blocks, axis=1), y[order]
    # One run that diverged to 1e9 must not be all that R² sees: ranks are what is predicted.
    target = ranks(target)
    total = float(((target - target.mean()) ** 2).sum())
    error = 0.0
    costs: list[list[float]] = [[] for _ in blocks]
    for fold in range(FOLDS):
        held = np.arange(len(target)) % FOLDS == fold
        forest = ensemble.RandomForestRegressor(
            n_estimators=TREES, min_samples_leaf=2, random_state=fold
        )
        forest.fit(table[~held], target[~held])
        seen, truth = table[held], target[held]
        own = float(((forest.predict(seen) - truth) ** 2).sum())
        error += own
        scale = total * held.sum() / len(target)
        for at, end in enumerate(ends):
            part = slice(end - blocks[at].shape[1], end)
            for _ in range(REPEATS):
                shuffled = seen.copy()
                shuffled[:, part] = seen[rng.permutation(len(seen)), part]
                worse = float(((forest.predict(shuffled) - truth) ** 2).sum())
                costs[at].append((worse - own) / scale)
    weights = [(float(np.mean(cost)), float(np.std(cost))) for cost in costs]
    return 1.0 - error / total, weights, len(order)


def importance_from_json(body: Any) -> Importance:
    """The answer to what the page posts: ``{"target": [...], "columns": [{"name", ...}]}``.

    Raises:
        ValueError: the body is not of that shape.
    """
    try:
        target = [None if v is None else float(v) for v in body["target"]]
        settings = [
            Setting(
                name=str(column["name"]),
                numeric=bool(column["numeric"]),
                values=[
                    None if v is None else float(v) if column["numeric"] else str(v)
                    for v in column["values"]
                ],
            )
            for column in body["columns"]
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the question is not of the documented shape: {error!r}") from error
    return importance_of(settings, target)


def as_json(found: Importance) -> dict[str, Any]:
    """What the page draws; ``forest`` is None where there is none."""
    return {
        "runs": found.runs,
        "settings": [vars(setting) for setting in found.settings],
        "forest": None if found.r2 is None else {"r2": found.r2, "runs": found.forest_runs},
        "caveats": found.caveats,
    }
