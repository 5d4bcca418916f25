"""``tf.metrics``: measures gathered over many batches in local variables.

Every function gives two tensors: the value of what was gathered so far, and one that gathers the
batch and gives the value with it. ``tf.local_variables_initializer()`` starts anew.

Source: ``tf.metrics`` of TensorFlow 1.
"""

from engine.metrics.counts import (
    false_negatives,
    false_positives,
    precision,
    recall,
    true_negatives,
    true_positives,
)
from engine.metrics.curves import auc, mean_iou, mean_per_class_accuracy
from engine.metrics.means import (
    accuracy,
    mean,
    mean_absolute_error,
    mean_relative_error,
    mean_squared_error,
    mean_tensor,
    percentage_below,
    root_mean_squared_error,
)

__all__ = [
    "accuracy",
    "auc",
    "false_negatives",
    "false_positives",
    "mean",
    "mean_absolute_error",
    "mean_iou",
    "mean_per_class_accuracy",
    "mean_relative_error",
    "mean_squared_error",
    "mean_tensor",
    "percentage_below",
    "precision",
    "recall",
    "root_mean_squared_error",
    "true_negatives",
    "true_positives",
]
