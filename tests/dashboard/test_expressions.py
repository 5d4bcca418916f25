"""Expressions over series: what crosses the wire is checked, and computed as NumPy would."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dashboard.expressions import MAX_NODES, evaluate, expression_of, tags_of
from summaries.smoothing import debiased_ema

A = np.array([1.0, -4.0, 9.0, np.nan])
B = np.array([2.0, 0.0, 3.0, 1.0])
STEP = np.array([0, 10, 20, 30])
a, b = ["tag", "a"], ["tag", "b/loss"]


def value(expression: Any) -> Any:
    node = expression_of(expression)
    return evaluate(node, {"a": A, "b/loss": B}, STEP)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (["-", a, b], A - B),
        (["/", a, b], [0.5, -np.inf, 3.0, np.nan]),
        (["/", 0, ["-", b, b]], [np.nan] * 4),
        (["*", ["+", a, 1], 2], (A + 1) * 2),
        (["^", b, 2], B**2),
        (["neg", b], -B),
        (["abs", a], np.abs(A)),
        (["sqrt", a], [1.0, np.nan, 3.0, np.nan]),
        (["log", b], [np.log(2), -np.inf, np.log(3), 0.0]),
        (["min", a, b, 2], [1.0, -4.0, 2.0, np.nan]),
        (["max", a, b], [2.0, 0.0, 9.0, np.nan]),
        (["running_min", a], [1.0, -4.0, -4.0, -4.0]),
        (["running_max", a], [1.0, 1.0, 9.0, 9.0]),
        (["diff", b], [np.nan, -2.0, 3.0, -2.0]),
        (["cumsum", b], [2.0, 2.0, 5.0, 6.0]),
        (["*", b, ["step"]], [0.0, 0.0, 60.0, 30.0]),
        (["ema", b, 0.9], debiased_ema(B, 0.9)),
    ],
)
def test_an_expression_is_computed(expression: Any, expected: Any) -> None:
    np.testing.assert_allclose(value(expression), expected)


def test_an_expression_names_each_tag_once() -> None:
    assert tags_of(expression_of(["-", ["*", a, b], ["max", a, 1]])) == ("a", "b/loss")


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (["eval", "x"], "no function 'eval'"),
        (["abs"], "'abs' takes 1"),
        (["-", a], "'-' takes 2"),
        (["tag", 3], "no function 'tag'"),
        ({"tag": "a"}, "not a part"),
        (True, "not a part"),
        ("a", "not a part"),
        (["ema", b, a], "weight w"),
    ],
)
def test_what_is_no_expression_is_refused(expression: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        value(expression)


def test_an_expression_that_nobody_types_is_refused() -> None:
    deep: Any = a
    for _ in range(100):
        deep = ["neg", deep]
    with pytest.raises(ValueError, match="too long"):
        expression_of(deep)
    with pytest.raises(ValueError, match="too long"):
        expression_of(["min", *[["max", *([a] * 15)] for _ in range(MAX_NODES // 15)]])
