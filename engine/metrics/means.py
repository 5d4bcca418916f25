"""Means gathered over batches."""

from __future__ import annotations

from typing import Any

from engine.dtypes import float32
from engine.metrics.base import Metric, kept, matched, metric_variable, quotient, weights_for
from engine.ops.arithmetic import multiply, squared_difference
from engine.ops.casting import cast
from engine.ops.comparisons import equal, less
from engine.ops.constants import convert_to_tensor
from engine.ops.division import div_no_nan
from engine.ops.elementwise import abs as absolute
from engine.ops.elementwise import sqrt, zeros_like
from engine.ops.reductions import reduce_sum
from engine.ops.sizes import size
from engine.ops.state import assign_add
from engine.variable_scope import variable_scope


def mean(
    values: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The weighted mean of all values so far; 0 before the first.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     value, update = tf.metrics.mean([1.0, 2.0, 6.0])
    ...     sess.run(tf.local_variables_initializer())
    ...     print(sess.run(update), sess.run(value))
    3.0 3.0
    """
    with variable_scope(name, "mean", (values, weights)):
        x = cast(convert_to_tensor(values), float32)
        total, count = (metric_variable([], float32, part) for part in ("total", "count"))
        number = cast(size(x), float32)
        if weights is not None:
            factors = weights_for(x, weights)
            x, number = multiply(x, factors), reduce_sum(factors)
        added, counted = assign_add(total, reduce_sum(x)), assign_add(count, number)
        value = quotient(total.as_tensor(), count.as_tensor(), "value")
        update = quotient(added, counted, "update_op")
        return kept(value, update, metrics_collections, updates_collections)


def mean_tensor(
    values: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The weighted mean of all batches so far, element by element.

    Raises:
        ValueError: the sizes of the values are not known.
    """
    with variable_scope(name, "mean", (values, weights)):
        x = cast(convert_to_tensor(values), float32)
        dims = x.get_shape()
        dims.assert_is_fully_defined()
        total, count = (
            metric_variable([int(n) for n in dims], float32, part)
            for part in ("total_tensor", "count_tensor")
        )
        number = zeros_like(x) + 1.0
        if weights is not None:
            factors = weights_for(x, weights)
            x, number = multiply(x, factors), factors
        added, counted = assign_add(total, x), assign_add(count, number)
        value = quotient(total.as_tensor(), count.as_tensor(), "value")
        update = quotient(added, counted, "update_op")
        return kept(value, update, metrics_collections, updates_collections)


def accuracy(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """How often predictions equal labels.

    labels, predictions: of one shape, class numbers, say (not scores: take ``tf.argmax`` first).

    Raises:
        ValueError: shapes differ.
    """
    p, z = matched(predictions, labels)
    hits = cast(equal(p, cast(z, p.dtype)), float32)
    return mean(hits, weights, metrics_collections, updates_collections, name or "accuracy")


def mean_absolute_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The mean of |predictions - labels|."""
    p, z = matched(predictions, labels)
    return mean(
        absolute(p - cast(z, p.dtype)),
        weights,
        metrics_collections,
        updates_collections,
        name or "mean_absolute_error",
    )


def mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The mean of (predictions - labels) ** 2."""
    p, z = matched(predictions, labels)
    return mean(
        squared_difference(cast(z, p.dtype), p),
        weights,
        metrics_collections,
        updates_collections,
        name or "mean_squared_error",
    )


def root_mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The square root of `mean_squared_error`."""
    value, update = mean_squared_error(
        labels, predictions, weights, name=name or "root_mean_squared_error"
    )
    return kept(sqrt(value), sqrt(update), metrics_collections, updates_collections)


def mean_relative_error(
    labels: Any,
    predictions: Any,
    normalizer: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The mean of |predictions - labels| / normalizer, 0 where that is 0."""
    p, z = matched(predictions, labels)
    scale = cast(convert_to_tensor(normalizer), p.dtype)
    p.get_shape().assert_is_compatible_with(scale.get_shape())
    return mean(
        div_no_nan(absolute(cast(z, p.dtype) - p), scale),
        weights,
        metrics_collections,
        updates_collections,
        name or "mean_relative_error",
    )


def percentage_below(
    values: Any,
    threshold: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The share of values below the threshold."""
    below = cast(less(values, threshold), float32)
    return mean(
        below, weights, metrics_collections, updates_collections,
        name or "percentage_below_threshold",
    )  # fmt: skip
