"""Precision-recall curves: counts, precision and recall at evenly spaced thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.arrays import as_numpy, pack_doubles, unpack_doubles
from summaries.event import Event
from summaries.records import Float64, PrCurveRecord

NAME = "pr_curve"

MAX_THRESHOLDS = 127
"""As torch's writers: TensorBoard takes no more."""
_SMALLEST = 1e-7
_NAMES = (
    "true_positive_counts",
    "false_positive_counts",
    "true_negative_counts",
    "false_negative_counts",
    "precision",
    "recall",
)


def compute(
    tag: str, labels: Any, predictions: Any, num_thresholds: int = 127, weights: Any = None
) -> Float64:
    """The curve as float64 [6, num_thresholds]: TP, FP, TN, FN, precision, recall.

    Source: tensorboard/plugins/pr_curve/summary.py, as torch and tensorboardX have it.

    Args:
        tag: for the error.
        labels: [n] booleans, or numbers in 0 to 1.
        predictions: [n] probabilities in 0 to 1.
        num_thresholds: how many, 127 at most.
        weights: [n], or one number; None for 1.

    Raises:
        TypeError: not arrays of numbers.
        ValueError: they differ in size, or a prediction is not in 0 to 1.
    """
    truth = as_numpy("add_pr_curve", tag, labels).reshape(-1).astype(np.float64)
    shown = as_numpy("add_pr_curve", tag, predictions)
    guess = shown.reshape(-1)
    weight = as_numpy("add_pr_curve", tag, 1.0 if weights is None else weights).astype(np.float64)
    weight = weight.reshape(-1) if weight.size > 1 else weight.reshape(())
    if guess.shape != truth.shape or weight.size not in (1, truth.size) or not truth.size:
        raise ValueError(
            f"add_pr_curve '{tag}': labels, predictions and weights must be of one length\n"
            f"  labels: {np.shape(labels)}\n  predictions: {shown.shape}\n"
            f"  weights: {None if weights is None else np.shape(weights)}"
        )
    if not (guess.min() >= 0 and guess.max() <= 1):
        raise ValueError(
            f"add_pr_curve '{tag}': predictions must be in 0 to 1\n"
            f"  they are in {guess.min()} to {guess.max()}\n"
            "  try: the sigmoid of logits"
        )
    k = _as_count(tag, num_thresholds)
    # In the predictions' own precision: a float32 at a bucket's edge falls as it does in torch.
    bucket = np.int32(np.floor(guess * (k - 1)))
    tp = np.bincount(bucket, truth * weight, minlength=k)
    fp = np.bincount(bucket, (1.0 - truth) * weight, minlength=k)
    tp, fp = np.cumsum(tp[::-1])[::-1], np.cumsum(fp[::-1])[::-1]
    tn, fn = fp[0] - fp, tp[0] - tp
    precision = tp / np.maximum(_SMALLEST, tp + fp)
    recall = tp / np.maximum(_SMALLEST, tp + fn)
    return np.stack((tp, fp, tn, fn, precision, recall))


def _as_count(tag: str, num_thresholds: Any) -> int:
    k = int(num_thresholds)
    if k < 2:
        raise ValueError(
            f"add_pr_curve '{tag}': num_thresholds must be at least 2\n  got {num_thresholds!r}"
        )
    return min(k, MAX_THRESHOLDS)


def event(
    tag: str,
    labels: Any,
    predictions: Any,
    step: int,
    wall_time: float,
    num_thresholds: int = 127,
    weights: Any = None,
) -> Event:
    """The event of the curve of one classifier; see `compute`.

    Raises:
        TypeError, ValueError: as `compute`.
    """
    curve = compute(tag, labels, predictions, num_thresholds, weights)
    return _event(tag, step, wall_time, curve)


def event_of_counts(tag: str, columns: Sequence[Any], step: int, wall_time: float) -> Event:
    """The event of a curve that is computed already.

    Args:
        columns: TP, FP, TN, FN, precision and recall, each [num_thresholds].

    Raises:
        TypeError: not arrays of numbers.
        ValueError: they differ in length.
    """
    arrays = [as_numpy("add_pr_curve_raw", tag, c).reshape(-1) for c in columns]
    if len({len(array) for array in arrays}) != 1 or len(arrays) != 6 or not len(arrays[0]):
        lengths = [f"  {name}: {len(array)}" for name, array in zip(_NAMES, arrays, strict=False)]
        raise ValueError(
            "\n".join([f"add_pr_curve_raw '{tag}': the six must be of one length", *lengths])
        )
    return _event(tag, step, wall_time, np.stack(arrays).astype(np.float64))


def _event(tag: str, step: int, wall_time: float, curve: NDArray[Any]) -> Event:
    return Event(NAME, tag, step, wall_time, pack_doubles(curve.reshape(-1)))


def decode(step: int, wall_time: float, data: bytes) -> PrCurveRecord:
    """The record of a stored curve."""
    tp, fp, tn, fn, precision, recall = unpack_doubles(data).reshape(6, -1)
    return PrCurveRecord(step, wall_time, tp, fp, tn, fn, precision, recall)
