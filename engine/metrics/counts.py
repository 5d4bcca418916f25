"""Counts of right and wrong predictions, and the shares that follow from them."""

from __future__ import annotations

from typing import Any

from engine.dtypes import bool_, float32
from engine.metrics.base import Metric, kept, matched, metric_variable, weights_for
from engine.ops.arithmetic import multiply
from engine.ops.casting import cast, identity
from engine.ops.comparisons import logical_and, logical_not
from engine.ops.division import div_no_nan
from engine.ops.reductions import reduce_sum
from engine.ops.state import assign_add
from engine.variable_scope import variable_scope


def true_positives(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The sum of weights where label and prediction both hold."""
    return _counted(
        "true_positives", True, True, labels, predictions, weights, metrics_collections,
        updates_collections, name,
    )  # fmt: skip


def true_negatives(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The sum of weights where neither label nor prediction holds."""
    return _counted(
        "true_negatives", False, False, labels, predictions, weights, metrics_collections,
        updates_collections, name,
    )  # fmt: skip


def false_positives(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The sum of weights where the prediction holds and the label does not."""
    return _counted(
        "false_positives", False, True, labels, predictions, weights, metrics_collections,
        updates_collections, name,
    )  # fmt: skip


def false_negatives(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The sum of weights where the label holds and the prediction does not."""
    return _counted(
        "false_negatives", True, False, labels, predictions, weights, metrics_collections,
        updates_collections, name,
    )  # fmt: skip


def precision(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The share of predictions that hold whose labels do too; both are taken as bool."""
    with variable_scope(name, "precision", (predictions, labels, weights)):
        hit, update_hit = true_positives(labels, predictions, weights)
        miss, update_miss = false_positives(labels, predictions, weights)
        value = div_no_nan(hit, hit + miss, "value")
        update = div_no_nan(update_hit, update_hit + update_miss, "update_op")
        return kept(value, update, metrics_collections, updates_collections)


def recall(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The share of labels that hold whose predictions do too; both are taken as bool."""
    with variable_scope(name, "recall", (predictions, labels, weights)):
        hit, update_hit = true_positives(labels, predictions, weights)
        miss, update_miss = false_negatives(labels, predictions, weights)
        value = div_no_nan(hit, hit + miss, "value")
        update = div_no_nan(update_hit, update_hit + update_miss, "update_op")
        return kept(value, update, metrics_collections, updates_collections)


def _counted(
    kind: str,
    label: bool,
    prediction: bool,
    labels: Any,
    predictions: Any,
    weights: Any,
    metrics_collections: Any,
    updates_collections: Any,
    name: str | None,
) -> Metric:
    with variable_scope(name, kind, (predictions, labels, weights)):
        p, z = (cast(x, bool_) for x in matched(predictions, labels))
        both = logical_and(z if label else logical_not(z), p if prediction else logical_not(p))
        count = metric_variable([], float32, "count")
        values = cast(both, float32)
        if weights is not None:
            values = multiply(values, weights_for(values, weights))
        value = identity(count)
        update = assign_add(count, reduce_sum(values))
        return kept(value, update, metrics_collections, updates_collections)
