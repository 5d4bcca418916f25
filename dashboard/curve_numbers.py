"""Numbers of one precision-recall curve: its areas, its best threshold, its rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from summaries.records import Float64, PrCurveRecord


@dataclass(frozen=True)
class CurveNumbers:
    """What a legend says of a curve; NaN where the curve does not tell."""

    average_precision: float
    roc_area: float
    best_f1: float
    best_threshold: float
    positives: float
    """Weight of what is labelled true."""
    negatives: float


def average_precision(precision: Float64, recall: Float64) -> float:
    """Area under the curve's steps, thresholds ascending: sum of (R_n - R_(n-1)) * P_n.

    Both float64 [k]. NaN if no point of the curve is finite.
    Source: sklearn.metrics.average_precision_score; equal to it where the predictions lie on the
    thresholds.
    """
    finite = np.isfinite(precision) & np.isfinite(recall)
    if not finite.any():
        return float("nan")
    # From the highest threshold down, where recall grows from 0.
    height, reach = precision[finite][::-1], recall[finite][::-1]
    return float(np.sum(np.diff(reach, prepend=0.0) * height))


def rates(record: PrCurveRecord) -> tuple[Float64, Float64] | None:
    """False and true positive rate, float64 [k] each; None where the counts cannot tell them."""
    positives = record.true_positive_counts + record.false_negative_counts
    negatives = record.false_positive_counts + record.true_negative_counts
    if not (np.all(positives > 0) and np.all(negatives > 0)):
        return None
    return record.false_positive_counts / negatives, record.true_positive_counts / positives


def roc_area(record: PrCurveRecord) -> float:
    """Area under the ROC curve by trapezoids; NaN where the counts cannot tell it.

    Source: sklearn.metrics.roc_auc_score; equal to it where the predictions lie on the thresholds.
    """
    found = rates(record)
    if found is None:
        return float("nan")
    # A raw curve may begin and end anywhere: it is led to both corners.
    across = np.concatenate(([1.0], found[0], [0.0]))
    up = np.concatenate(([1.0], found[1], [0.0]))
    return float(np.sum((across[:-1] - across[1:]) * (up[:-1] + up[1:]) / 2.0))


def f1_scores(precision: Float64, recall: Float64) -> Float64:
    """2PR / (P + R), float64 [k]; 0 where both are 0."""
    total = precision + recall
    return np.divide(2.0 * precision * recall, total, out=np.zeros_like(total), where=total > 0)


def curve_numbers(record: PrCurveRecord) -> CurveNumbers:
    """The numbers of one curve."""
    f1 = f1_scores(record.precision, record.recall)
    best = int(np.nanargmax(f1)) if np.isfinite(f1).any() else -1
    return CurveNumbers(
        average_precision(record.precision, record.recall),
        roc_area(record),
        float(f1[best]) if best >= 0 else float("nan"),
        float(record.thresholds[best]) if best >= 0 else float("nan"),
        float(record.true_positive_counts[0] + record.false_negative_counts[0]),
        float(record.false_positive_counts[0] + record.true_negative_counts[0]),
    )
