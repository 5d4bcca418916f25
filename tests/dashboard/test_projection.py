"""Embeddings in few dimensions: PCA, samples and neighbours as numbers, and what is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.projection import finite_rows, nearest, pca, prepared, sampled
from dashboard.projection_spec import EXTRA, MOST_POINTS, Spec, spec_of


def everything(matrix: np.ndarray) -> np.ndarray:
    return np.arange(len(matrix))


@pytest.mark.parametrize("shape", [(200, 12), (12, 200), (9000, 5)])
def test_pca_is_that_of_a_singular_value_decomposition(shape: tuple[int, int]) -> None:
    matrix = np.random.default_rng(0).normal(size=shape) * np.arange(1, shape[1] + 1) + 100
    found = pca(matrix, everything(matrix), everything(matrix), 3)
    left, values, _ = np.linalg.svd(matrix - matrix.mean(axis=0), full_matrices=False)
    expected = left[:, :3] * values[:3]
    signs = np.sign((found.coordinates * expected).sum(axis=0))
    assert np.allclose(found.coordinates, expected * signs, atol=1e-3 * abs(expected).max())
    assert found.explained == pytest.approx((values**2 / (values**2).sum())[:3])
    assert found.fitted == shape[0]


def test_pca_of_rows_of_unit_length_is_about_their_own_mean() -> None:
    matrix = np.random.default_rng(0).normal(size=(50, 4)) + 3
    rows = matrix - matrix.mean(axis=0)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = pca(matrix, everything(matrix), everything(matrix), 2, unit=True)
    values = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False)
    assert found.explained == pytest.approx((values**2 / (values**2).sum())[:2])


def test_pca_shows_other_rows_along_the_directions_of_those_it_was_fitted_to() -> None:
    matrix = np.array([[0.0, 0], [2, 0], [4, 0], [2, 7]])
    found = pca(matrix, np.arange(3), np.array([3, 0]), 1)
    assert found.coordinates[:, 0].tolist() == [0.0, -2.0]
    assert found.explained.tolist() == [1.0]


def test_a_matrix_of_equal_rows_has_no_directions_and_no_variance() -> None:
    matrix = np.ones((5, 3))
    found = pca(matrix, everything(matrix), everything(matrix), 3)
    assert not found.coordinates.any()
    assert found.explained.tolist() == [0, 0, 0]


def test_pca_has_no_more_components_than_there_are_dimensions() -> None:
    matrix = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float16)
    assert pca(matrix, everything(matrix), everything(matrix)).coordinates.shape == (6, 2)


def test_rows_with_nan_have_no_place() -> None:
    matrix = np.array([[1.0, 2], [np.nan, 2], [3, np.inf], [4, 5]])
    assert finite_rows(matrix).tolist() == [0, 3]
    assert finite_rows(np.empty((0, 3))).tolist() == []


def test_a_sample_is_drawn_once_and_keeps_the_order() -> None:
    rows = np.arange(100, 1100)
    found = sampled(rows, 50)
    assert len(set(found.tolist())) == 50
    assert (np.diff(found) > 0).all()
    assert found.tolist() == sampled(rows, 50).tolist()
    assert sampled(rows, 1000) is rows


def test_a_row_that_is_the_mean_stays_zero_when_made_unit_length() -> None:
    matrix = np.array([[-3.0, 0], [3, 0], [0, 0]])
    assert prepared(matrix, np.arange(3), True).tolist() == [[-1, 0], [1, 0], [0, 0]]


def test_neighbours_are_exact_in_both_distances() -> None:
    matrix = np.array([[1.0, 0], [10, 1], [0, 1], [1.5, 0.5], [np.nan, 0], [0, 0]])
    rows, distances = nearest(matrix, 0, 10, "euclidean")
    assert rows.tolist() == [3, 5, 2, 1]
    assert distances == pytest.approx([0.5**0.5, 1, 2**0.5, 82**0.5])
    rows, distances = nearest(matrix, 0, 10, "cosine")
    assert rows.tolist() == [1, 3, 2, 5], "a row of zeros has distance 1 to all"
    assert distances == pytest.approx([1 - 10 / 101**0.5, 1 - 1.5 / 2.5**0.5, 1, 1])
    assert nearest(matrix, 0, 2, "cosine")[0].tolist() == [1, 3]


def test_neighbours_across_blocks_are_those_of_scikit_learn() -> None:
    neighbors = pytest.importorskip("sklearn.neighbors")
    matrix = np.random.default_rng(0).normal(size=(20_000, 8)).astype(np.float32)
    for metric in ("euclidean", "cosine"):
        model = neighbors.NearestNeighbors(n_neighbors=6, metric=metric, algorithm="brute")
        expected = model.fit(matrix.astype(np.float64)).kneighbors(matrix[[7]].astype(np.float64))
        rows, distances = nearest(matrix, 7, 5, metric)
        assert rows.tolist() == expected[1][0][1:].tolist()
        assert distances == pytest.approx(expected[0][0][1:])


def test_an_unknown_metric_or_row_is_refused() -> None:
    with pytest.raises(ValueError, match="metric 'manhattan'"):
        nearest(np.eye(3), 0, 1, "manhattan")
    with pytest.raises(ValueError, match="row 3: there are 3 rows"):
        nearest(np.eye(3), 3, 1, "cosine")


def test_settings_are_held_in_bounds_and_only_those_of_the_method_count() -> None:
    assert spec_of({"points": 10**9, "perplexity": 7}) == Spec("pca", MOST_POINTS["pca"])
    assert spec_of({"method": "raw", "unit": True}) == Spec("raw")
    pytest.importorskip("sklearn")
    found = spec_of({"method": "tsne", "dims": 9, "iterations": 3, "neighbours": 4})
    assert (found.dims, found.iterations, found.neighbours) == (3, 250, 15)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"method": "isomap"}, "method 'isomap'"),
        ({"points": "many"}, "points='many'"),
        ({"points": float("nan")}, "points=nan"),
        ({"points": True}, "points=True"),
    ],
)
def test_a_setting_that_is_none_is_refused(body: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spec_of(body)


def test_a_missing_library_is_told_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dashboard.projection_spec.MODULES", {"umap": "no_such_module_here"})
    with pytest.raises(ValueError, match=r"UMAP: its library is not installed") as caught:
        spec_of({"method": "umap"})
    assert EXTRA in str(caught.value)
