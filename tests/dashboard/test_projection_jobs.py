"""Projections under way: computed once, with progress, cancelled, failing by themselves."""

from __future__ import annotations

import io
import json
import threading

import numpy as np
import pytest

from dashboard.projection import Float32
from dashboard.projection_jobs import (
    CancelledError,
    Job,
    ProjectionJobs,
    in_process,
    project,
)
from dashboard.projection_spec import Spec
from dashboard.projection_worker import Teller

MATRIX = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)


def fake(spec: Spec, matrix: Float32, job: Job) -> Float32:
    return matrix[:, :2]


def test_a_job_is_done_once_for_all_who_ask() -> None:
    jobs = ProjectionJobs()
    read = []
    first = jobs.start("a", Spec(), lambda: read.append(1) or MATRIX)  # type: ignore[func-returns-value]
    assert first.finished.wait(20)
    assert jobs.start("a", Spec(), lambda: MATRIX) is first
    assert jobs.start("b", Spec(), lambda: MATRIX) is not first
    assert jobs.start("a", Spec(unit=True), lambda: MATRIX) is not first
    assert (first.state, first.progress, read) == ("done", 1.0, [1])
    assert first.result is not None
    assert first.result.coordinates.shape == (60, 5)
    assert first.result.explained is not None
    assert first.result.explained.sum() == pytest.approx(1.0)


def test_a_job_that_failed_says_why_and_can_be_asked_for_again() -> None:
    jobs = ProjectionJobs()
    job = jobs.start("a", Spec(), lambda: np.full((3, 2), np.nan))
    assert job.finished.wait(20)
    assert (job.state, job.error) == ("failed", "no row of the 3 x 2 matrix has a place")
    assert jobs.start("a", Spec(), lambda: MATRIX) is not job


def test_an_unknown_job_is_named() -> None:
    with pytest.raises(KeyError, match="projection 'x'"):
        ProjectionJobs().get("x")


def test_a_sample_and_the_rows_left_out_are_told() -> None:
    matrix = MATRIX.copy()
    matrix[3, 0] = np.nan
    found = project(Spec(points=20), matrix, Job("x"), None)
    assert (len(found.rows), found.total, found.left_out) == (20, 60, 1)
    assert 3 not in found.rows.tolist()


def test_as_logged_gives_the_dimensions_themselves() -> None:
    found = project(Spec("raw"), MATRIX, Job("x"), None)
    assert found.coordinates.tolist() == MATRIX.tolist()
    assert found.explained is None


def test_a_wide_matrix_is_reduced_first_and_it_is_told() -> None:
    wide = np.random.default_rng(0).normal(size=(80, 300))
    seen = []
    run = lambda spec, matrix, job: seen.append(matrix.shape) or matrix[:, :2]  # noqa: E731
    found = project(Spec("tsne"), wide, Job("x"), run)
    assert seen == [(80, 50)]
    assert found.notes[0].startswith("of 50 principal components")


def test_too_few_rows_are_refused_and_a_cancelled_job_is_not_begun() -> None:
    with pytest.raises(ValueError, match="t-SNE: needs at least 4 rows, there are 3"):
        project(Spec("tsne"), MATRIX[:3], Job("x"), fake)
    job = Job("x")
    job.cancelled.set()
    with pytest.raises(CancelledError):
        project(Spec("tsne"), MATRIX, job, fake)


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_a_process_of_its_own_finds_two_clusters(method: str) -> None:
    pytest.importorskip("sklearn" if method == "tsne" else "umap")
    rng = np.random.default_rng(0)
    matrix = np.concatenate([rng.normal(0, 1, (40, 6)), rng.normal(30, 1, (40, 6))])
    spec = Spec(method, dims=2, perplexity=10, iterations=250, neighbours=8)
    job = Job("x")
    found = in_process(spec, matrix.astype(np.float32), job)
    assert found.shape == (80, 2)
    centres = found[:40].mean(axis=0), found[40:].mean(axis=0)
    spread = np.linalg.norm(found[:40] - centres[0], axis=1).max()
    assert np.linalg.norm(centres[0] - centres[1]) > spread
    assert job.stage == "laying out"


def test_cancelling_ends_the_process() -> None:
    pytest.importorskip("sklearn")
    matrix = np.random.default_rng(0).normal(size=(3000, 20))
    jobs = ProjectionJobs()
    job = jobs.start("a", Spec("tsne", iterations=10_000), lambda: matrix)
    second = jobs.start("b", Spec("tsne", iterations=10_000), lambda: matrix)
    waited = threading.Event()
    while job.process is None and not job.finished.is_set():
        waited.wait(0.02)
    process = job.process
    assert process is not None
    jobs.cancel(second.id)
    jobs.cancel(job.id)
    assert job.finished.wait(30)
    assert second.finished.wait(30)
    assert (job.state, second.state) == ("cancelled", "cancelled")
    assert process.wait(30) != 0
    assert jobs.start("a", Spec("tsne", iterations=10_000), lambda: MATRIX[:2]) is not job


def test_what_the_libraries_print_becomes_progress() -> None:
    out = io.BytesIO()
    teller = Teller(out, 1000)
    teller.write("[t-SNE] Computing 91 nearest neighbors...\n")
    teller.write("[t-SNE] Iteration 250: error = 3.1\n")
    teller.write("nothing that tells anything\n")
    teller.write("Epochs completed:  42%| ####     |")
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    assert told == [
        {"stage": "finding nearest neighbours", "progress": 0.0},
        {"stage": "laying out", "progress": 0.25},
        {"stage": "laying out", "progress": 0.42},
    ]
