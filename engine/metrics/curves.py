"""Metrics over many thresholds or classes: the area under a curve, means by class."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dtypes import bool_, float32, float64, int64
from engine.errors import compose
from engine.graph import Tensor
from engine.metrics.base import Metric, kept, matched, metric_variable, weights_for
from engine.ops.arithmetic import maximum, minimum
from engine.ops.casting import cast
from engine.ops.comparisons import equal, greater, logical_and, logical_not
from engine.ops.constants import constant, convert_to_tensor
from engine.ops.division import div_no_nan
from engine.ops.elementwise import ones_like
from engine.ops.filling import one_hot
from engine.ops.linear import matmul
from engine.ops.reductions import reduce_sum
from engine.ops.shaping import reshape
from engine.ops.state import assign_add
from engine.variable_scope import variable_scope
from engine.variables import Variable

_TINY = 1e-6
"""Keeps from 0 / 0 where a threshold has no positives; TensorFlow's number."""


def auc(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    num_thresholds: int = 200,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    curve: str = "ROC",
    name: str | None = None,
    summation_method: str = "trapezoidal",
    thresholds: Any = None,
) -> Metric:
    """The area under the ROC curve, or with ``curve="PR"`` under precision over recall.

    labels: bool or 0 and 1; predictions: float in 0..1 of the same shape. The curve goes through
    `num_thresholds` points, or the given thresholds; between them it is straight
    (``"trapezoidal"``), the lower (``"minoring"``) or the higher end (``"majoring"``).

    Raises:
        ValueError: another curve or way of summing.
    """
    if curve not in ("ROC", "PR"):
        raise ValueError(f"curve must be either ROC or PR, {curve} unknown")
    ways = ("trapezoidal", "minoring", "majoring")
    if summation_method not in ways:
        raise ValueError(
            compose(
                f"Invalid summation_method: {summation_method}", (), f"one of {', '.join(ways)}"
            )
        )
    if thresholds is None:
        steps = np.arange(1, num_thresholds - 1) / (num_thresholds - 1)
        thresholds = [-1e-7, *steps, 1 + 1e-7]
    else:
        thresholds = [-1e-7, *sorted(float(t) for t in thresholds), 1 + 1e-7]
    with variable_scope(name, "auc", (labels, predictions, weights)):
        counts = _by_threshold(labels, predictions, weights, thresholds)
        now = [variable.as_tensor() for variable, _ in counts]
        value = _area(now, curve, summation_method, "value")
        updates = [assign_add(variable, added) for variable, added in counts]
        update = _area(updates, curve, summation_method, "update_op")
        return kept(value, update, metrics_collections, updates_collections)


def _by_threshold(
    labels: Any, predictions: Any, weights: Any, thresholds: list[float]
) -> list[tuple[Variable, Tensor]]:
    """Variables of the true and false positives and negatives, each with what the batch adds."""
    p, z = matched(predictions, labels)
    factors = None if weights is None else reshape(weights_for(cast(p, float32), weights), [1, -1])
    above = greater(
        reshape(cast(p, float32), [1, -1]), constant(thresholds, float32, [len(thresholds), 1])
    )
    holds = reshape(cast(z, bool_), [1, -1])
    found = []
    for part, both in (
        ("true_positives", logical_and(above, holds)),
        ("false_negatives", logical_and(logical_not(above), holds)),
        ("true_negatives", logical_and(logical_not(above), logical_not(holds))),
        ("false_positives", logical_and(above, logical_not(holds))),
    ):
        values = cast(both, float32)
        values = values if factors is None else values * factors
        found.append((metric_variable([len(thresholds)], float32, part), reduce_sum(values, 1)))
    return found


def _area(counts: list[Tensor], curve: str, method: str, name: str) -> Tensor:
    hit, missed, spared, alarm = counts
    rate = (hit + _TINY) / (hit + missed + _TINY)
    if curve == "ROC":
        x, y = alarm / (alarm + spared + _TINY), rate
    else:
        x, y = rate, (hit + _TINY) / (hit + alarm + _TINY)
    left, right = y[:-1], y[1:]
    height = {
        "trapezoidal": lambda: (left + right) / 2.0,
        "minoring": lambda: minimum(left, right),
        "majoring": lambda: maximum(left, right),
    }[method]()
    return reduce_sum((x[:-1] - x[1:]) * height, name=name)


def mean_per_class_accuracy(
    labels: Any,
    predictions: Any,
    num_classes: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The mean over the classes of how often their labels were predicted; the update tells each.

    labels, predictions: class numbers of one shape.
    """
    with variable_scope(name, "mean_accuracy", (predictions, labels, weights)):
        p, z = matched(predictions, labels)
        p, z = reshape(cast(p, int64), [-1]), reshape(cast(z, int64), [-1])
        total = metric_variable([num_classes], float32, "total")
        count = metric_variable([num_classes], float32, "count")
        factors = cast(ones_like(z), float32)
        if weights is not None:
            factors = weights_for(factors, reshape(convert_to_tensor(weights), [-1]))
        classes = one_hot(z, num_classes) * reshape(factors, [-1, 1])
        hits = classes * reshape(cast(equal(p, z), float32), [-1, 1])
        added = assign_add(total, reduce_sum(classes, 0))
        counted = assign_add(count, reduce_sum(hits, 0))
        value = _mean(div_no_nan(count.as_tensor(), total.as_tensor()), "mean_accuracy")
        update = div_no_nan(counted, added, "update_op")
        return kept(value, update, metrics_collections, updates_collections)


def _mean(by_class: Tensor, name: str) -> Tensor:
    size = by_class.get_shape().num_elements() or 1
    return reduce_sum(by_class / float(size), name=name)


def mean_iou(
    labels: Any,
    predictions: Any,
    num_classes: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The mean over the classes of intersection over union; gathers the confusion matrix.

    labels, predictions: class numbers of one shape. The second tensor is the matrix, float64
    [labels, predictions]; classes that were never seen do not count.
    """
    with variable_scope(name, "mean_iou", (predictions, labels, weights)):
        p, z = matched(predictions, labels)
        p, z = reshape(cast(p, int64), [-1]), reshape(cast(z, int64), [-1])
        total = metric_variable([num_classes, num_classes], float64, "total_confusion_matrix")
        rows = one_hot(z, num_classes, dtype=float64)
        if weights is not None:
            factors = weights_for(cast(z, float32), reshape(convert_to_tensor(weights), [-1]))
            rows = rows * reshape(cast(factors, float64), [-1, 1])
        columns = one_hot(p, num_classes, dtype=float64)
        update = assign_add(total, matmul(rows, columns, transpose_a=True), name="update_op")
        matrix = cast(total.as_tensor(), float32)
        diagonal = reduce_sum(matrix * constant(np.eye(num_classes), float32), 1)
        union = reduce_sum(matrix, 0) + reduce_sum(matrix, 1) - diagonal
        seen = reduce_sum(cast(greater(union, 0.0), float32))
        value = div_no_nan(reduce_sum(div_no_nan(diagonal, union)), seen, "mean_iou")
        return kept(value, update, metrics_collections, updates_collections)
