"""The precision-recall page: its numbers as numbers, and what its route answers."""

from __future__ import annotations

import asyncio
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.requests import Request

from dashboard.curve_numbers import (
    average_precision,
    curve_numbers,
    f1_scores,
    rates,
    roc_area,
)
from dashboard.pages.pr_curves import MOST_CURVES, PrCurvesPage
from summaries import SummaryWriter, open_logdir
from summaries.kinds.pr_curve import compute
from summaries.records import PrCurveRecord


def curve(labels: Any, predictions: Any, thresholds: int = 127) -> PrCurveRecord:
    return PrCurveRecord(0, 1.0, *compute("t", labels, predictions, thresholds))


def test_areas_are_those_of_scikit_learn_where_predictions_lie_on_the_thresholds() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    labels = rng.random(500) < 0.3
    predictions = rng.integers(0, 33, 500) / 32
    predictions[labels] = np.clip(predictions[labels] + 0.25, 0, 1)
    record = curve(labels, predictions, 33)
    expected = metrics.average_precision_score(labels, predictions)
    assert average_precision(record.precision, record.recall) == pytest.approx(expected, abs=1e-6)
    assert roc_area(record) == pytest.approx(metrics.roc_auc_score(labels, predictions), abs=1e-12)


def test_a_perfect_classifier_has_areas_of_one() -> None:
    numbers = curve_numbers(curve([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], 11))
    assert (numbers.average_precision, numbers.roc_area, numbers.best_f1) == (1.0, 1.0, 1.0)
    # 0.2 is below the threshold 0.3, and 0.8 is not below 0.3.
    assert numbers.best_threshold == pytest.approx(0.3)
    assert (numbers.positives, numbers.negatives) == (2.0, 2.0)


def test_average_precision_is_the_area_of_the_steps() -> None:
    precision, recall = np.array([0.3, 0.6, 1.0]), np.array([1.0, 0.7, 0.1])
    assert average_precision(precision, recall) == pytest.approx(0.1 + 0.6 * 0.6 + 0.3 * 0.3)


def test_a_point_that_is_not_finite_is_left_out_of_the_area() -> None:
    precision, recall = np.array([0.3, math.nan, 1.0]), np.array([1.0, 0.7, 0.1])
    assert average_precision(precision, recall) == pytest.approx(0.1 + 0.9 * 0.3)
    assert math.isnan(average_precision(precision * math.nan, recall))


def test_counts_without_negatives_tell_no_rates() -> None:
    record = curve([1, 1, 1], [0.1, 0.5, 0.9], 5)
    assert rates(record) is None
    assert math.isnan(roc_area(record))


def test_f1_is_zero_where_precision_and_recall_are() -> None:
    assert f1_scores(np.array([0.0, 0.5, 1.0]), np.array([0.0, 0.5, 0.5])).tolist() == [
        0.0,
        0.5,
        pytest.approx(2 / 3),
    ]


def post(page: PrCurvesPage, body: Any) -> tuple[dict[str, Any], bytes]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    data = bytes(asyncio.run(page.serve_curves(request)).body)
    size = int.from_bytes(data[:4], "little")
    return json.loads(data[4 : 4 + size]), data[4 + size :]


def test_the_route_gives_each_curve_with_its_numbers_and_says_which_are_gone(
    tmp_path: Path,
) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_pr_curve("val/cat", [0, 1, 1], [0.2, 0.4, 0.8], 0, num_thresholds=5)
        writer.add_pr_curve("val/cat", [0, 1, 1], [0.2, 0.6, 0.8], 7, num_thresholds=5)
    with open_logdir(tmp_path) as reader:
        page = PrCurvesPage(reader)
        wanted = [["a", 1], ["gone", 0], ["a", 9], ["a", 0]]
        header, arrays = post(page, {"tag": "val/cat", "items": wanted})
        expected = reader.pr_curves("a", "val/cat")[1]
    curves = header["curves"]
    assert [entry.get("step") for entry in curves] == [7, None, None, 0]
    assert "gone" in curves[1]["error"]
    assert "number 9" in curves[2]["error"]
    assert curves[0]["average_precision"] == pytest.approx(1.0)
    assert (curves[0]["k"], len(header["arrays"])) == (5, 2)
    first = np.frombuffer(arrays, "<f8", 30).reshape(6, 5)
    assert first[0].tolist() == expected.true_positive_counts.tolist()
    assert first[5].tolist() == expected.recall.tolist()


@pytest.mark.parametrize(
    "body", [[], {"items": 3}, {"items": [["a", -1]]}, {"items": [["a", 0]] * (MOST_CURVES + 1)}]
)
def test_a_request_of_another_form_is_refused(tmp_path: Path, body: Any) -> None:
    with open_logdir(tmp_path) as reader, pytest.raises(ValueError, match="items: expects"):
        post(PrCurvesPage(reader), body)
