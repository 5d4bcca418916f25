"""What settings have to do with a metric, on functions whose answer is known."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from dashboard.importance import (
    INSTALL,
    Setting,
    correlation_ratio,
    encoded,
    importance_from_json,
    importance_of,
    ranks,
    spearman,
)


def column(name: str, values: object) -> Setting:
    return Setting(name, list(values), numeric=True)  # type: ignore[call-overload]


def test_tied_ranks_share_their_mean() -> None:
    assert ranks(np.array([5.0, 1.0, 5.0, 5.0, 0.0])).tolist() == [4.0, 2.0, 4.0, 4.0, 1.0]


def test_spearman_is_one_for_any_rising_function_and_none_for_a_constant() -> None:
    x = np.linspace(0.1, 3.0, 20)
    assert spearman(x, np.exp(x**2)) == pytest.approx(1.0)
    assert spearman(x, -(x**3)) == pytest.approx(-1.0)
    assert spearman(x, np.ones(20)) is None


def test_spearman_is_pearsons_of_the_ranks() -> None:
    a, b = np.array([1.0, 2.0, 2.0, 4.0, 9.0]), np.array([3.0, 1.0, 4.0, 4.0, 5.0])
    assert spearman(a, b) == pytest.approx(float(np.corrcoef(ranks(a), ranks(b))[0, 1]))


def test_the_correlation_ratio_is_one_where_names_tell_all_and_zero_where_nothing() -> None:
    assert correlation_ratio(["a", "a", "b", "b"], np.array([1.0, 1.0, 9.0, 9.0])) == pytest.approx(
        1.0
    )
    assert correlation_ratio(["a", "b", "a", "b"], np.array([1.0, 1.0, 9.0, 9.0])) == pytest.approx(
        0.0
    )


def test_a_missing_number_is_the_median_and_said_so() -> None:
    setting = Setting("x", [1.0, None, 3.0, 5.0], numeric=True)
    assert encoded(setting).tolist() == [[1, 0], [3, 1], [3, 0], [5, 0]]


def test_the_setting_that_makes_the_metric_weighs_most() -> None:
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(1)
    strong, weak, noise = rng.uniform(size=(3, 160))
    names = [["sgd", "adam"][int(i)] for i in rng.integers(0, 2, 160)]
    target = 10 * (strong - 0.5) ** 2 + 0.6 * weak + np.array([n == "sgd" for n in names]) * 1.5
    found = importance_of(
        [
            column("noise", noise),
            column("weak", weak),
            column("strong", strong),
            Setting("optimizer", names, numeric=False),
        ],
        list(target),
    )
    assert found.runs == 160
    assert found.r2 is not None and found.r2 > 0.7
    by_name = {one.name: one for one in found.settings}
    assert {one.name for one in found.settings[:2]} == {"strong", "optimizer"}
    # A parabola: the ranks do not see it, the forest does.
    assert abs(by_name["strong"].correlation or 0.0) < 0.3
    assert (by_name["strong"].importance or 0.0) > 0.3
    assert abs(by_name["noise"].importance or 0.0) < 0.1
    assert not by_name["noise"].beyond_chance
    assert by_name["optimizer"].measure == "eta" and by_name["optimizer"].beyond_chance


def test_few_runs_are_said_to_be_few_and_get_no_forest() -> None:
    found = importance_of([column("lr", range(6))], [float(i) for i in range(6)])
    assert found.r2 is None
    assert found.settings[0].correlation == pytest.approx(1.0)
    assert any("With 6 runs nothing can be said for sure" in text for text in found.caveats)


def test_runs_without_a_finite_metric_are_left_out_and_told() -> None:
    target = [None, float("nan"), *map(float, range(8))]
    found = importance_of([column("lr", range(10))], target)
    assert found.runs == 8
    assert "2 runs have no finite value of the metric: left out." in found.caveats


def test_without_scikit_learn_the_correlations_are_there_and_the_way_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    found = importance_of([column("lr", range(20))], [float(i) for i in range(20)])
    assert found.r2 is None and found.settings[0].correlation == pytest.approx(1.0)
    assert any(INSTALL in text for text in found.caveats)


def test_settings_that_are_the_same_in_all_runs_are_left_out() -> None:
    found = importance_of([column("width", [64] * 6), column("lr", range(6))], [1.0] * 6)
    assert [one.name for one in found.settings] == ["lr"]
    assert found.settings[0].correlation is None


@pytest.mark.parametrize(
    "body", [None, {}, {"target": [1], "columns": [{"name": "a"}]}, {"target": 3, "columns": []}]
)
def test_a_question_of_another_shape_is_refused(body: object) -> None:
    with pytest.raises(ValueError, match="documented shape"):
        importance_from_json(body)


def test_a_setting_of_another_length_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="setting 'lr': 2 values for 3 runs"):
        importance_of([column("lr", range(2))], [1.0, 2.0, 3.0])


PAGES_WHILE_IMPORTING = """
import threading
import dash
from dash._utils import to_json
from dashboard.imports import settle_pandas

settle_pandas()
thread = threading.Thread(target=__import__, args=("sklearn.ensemble",))
thread.start()
while thread.is_alive():
    to_json(dash.html.Div("page"))
"""


def test_pages_are_served_while_scikit_learn_is_imported() -> None:
    pytest.importorskip("sklearn")
    done = subprocess.run(
        [sys.executable, "-c", PAGES_WHILE_IMPORTING], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
