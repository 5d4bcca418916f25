"""``tf.contrib.metrics``: `tf.metrics` under its 0.x names, predictions before labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine import metrics
from engine.dtypes import float32
from engine.graph import Tensor
from engine.metrics.base import Metric, matched, weights_for
from engine.ops.casting import cast
from engine.ops.comparisons import equal
from engine.ops.constants import convert_to_tensor
from engine.ops.reductions import reduce_mean, reduce_sum

Streaming = Callable[..., Metric]


def _predictions_first(metric: Callable[..., Metric]) -> Streaming:
    def streaming(predictions: Any, labels: Any, *args: Any, **kwargs: Any) -> Metric:
        return metric(labels, predictions, *args, **kwargs)

    streaming.__name__ = f"streaming_{metric.__name__}"
    streaming.__doc__ = f"`tf.metrics.{metric.__name__}`, with the predictions first."
    return streaming


streaming_accuracy = _predictions_first(metrics.accuracy)
streaming_auc = _predictions_first(metrics.auc)
streaming_mean = metrics.mean
streaming_mean_absolute_error = _predictions_first(metrics.mean_absolute_error)
streaming_mean_iou = _predictions_first(metrics.mean_iou)
streaming_mean_squared_error = _predictions_first(metrics.mean_squared_error)
streaming_precision = _predictions_first(metrics.precision)
streaming_recall = _predictions_first(metrics.recall)
streaming_root_mean_squared_error = _predictions_first(metrics.root_mean_squared_error)


def accuracy(predictions: Any, labels: Any, weights: Any = None, name: str | None = None) -> Tensor:
    """How often predictions equal labels in this batch alone, float32 [].

    Raises:
        ValueError: dtypes or shapes differ.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.contrib.metrics.accuracy([0, 1, 1, 1], [0, 1, 0, 1])))
    0.75
    """
    p, z = convert_to_tensor(predictions), convert_to_tensor(labels)
    if p.spec.dtype is not z.spec.dtype:
        raise ValueError(f"dtypes of predictions and labels should match: {p.dtype} and {z.dtype}")
    with p.graph.name_scope(name or "accuracy"):
        p, z = matched(p, z)
        hits = cast(equal(p, z), float32)
        if weights is None:
            return reduce_mean(hits)
        factors = weights_for(hits, weights)
        return reduce_sum(hits * factors) / reduce_sum(factors)


__all__ = [
    "accuracy",
    "streaming_accuracy",
    "streaming_auc",
    "streaming_mean",
    "streaming_mean_absolute_error",
    "streaming_mean_iou",
    "streaming_mean_squared_error",
    "streaming_precision",
    "streaming_recall",
    "streaming_root_mean_squared_error",
]
