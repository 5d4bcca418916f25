"""Projections under way and done: each computed once, told how far it is, cancelled on request."""

from __future__ import annotations

import atexit
import hashlib
import json
import subprocess
import sys
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any

import numpy as np

from dashboard.projection import Float32, Matrix, finite_rows, pca, prepared, sampled
from dashboard.projection_spec import Spec
from summaries.records import Float64, Int64

KEPT = 64
"""Finished projections held: one of 10,000 points in 3 dimensions is 160 kB."""
REDUCED = 50
"""t-SNE and UMAP get this many principal components of a wider matrix."""
WIDE = 100
"""How many dimensions make a matrix a wider one."""


@dataclass(frozen=True)
class Projection:
    """Where the shown rows of an embedding lie in few dimensions."""

    rows: Int64
    """int64 [n], their numbers."""
    coordinates: Float32
    """float32 [n, k]"""
    total: int
    """Rows of the embedding."""
    left_out: int
    """How many of them hold NaN or infinities: they have no place."""
    explained: Float64 | None = None
    """Each component's share of the variance, float64 [k]; PCA only."""
    notes: tuple[str, ...] = ()
    """What a reader of the picture should know."""


@dataclass
class Job:
    """One projection on its way; changed by the thread that computes it only."""

    id: str
    state: str = "waiting"
    """``waiting``, ``running``, ``done``, ``failed``, ``cancelled``."""
    stage: str = "waiting for another projection"
    progress: float = 0.0
    error: str = ""
    result: Projection | None = None
    finished: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)
    process: subprocess.Popen[bytes] | None = None


class CancelledError(Exception):
    """The job was cancelled while it ran."""


class ProjectionJobs:
    """All projections of a server; one at a time of those that take a process of their own."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._one = threading.Semaphore(1)
        atexit.register(self.close)

    def start(self, about: str, spec: Spec, matrix: Callable[[], Matrix]) -> Job:
        """The job of these settings for the matrix named by ``about``, begun if there is none."""
        key = hashlib.sha256(f"{about}\n{spec}".encode()).hexdigest()[:32]
        with self._lock:
            job = self._jobs.get(key)
            if job is not None and job.state not in ("failed", "cancelled"):
                self._jobs.move_to_end(key)
                return job
            job = self._jobs[key] = Job(key)
            self._jobs.move_to_end(key)
            done = [old for old in self._jobs.values() if old.finished.is_set()]
            for old in done[: max(0, len(self._jobs) - KEPT)]:
                del self._jobs[old.id]
        # A daemon: a server that is stopped does not wait for a t-SNE.
        threading.Thread(
            target=self._work, args=(job, spec, matrix), name=f"projection-{key[:6]}", daemon=True
        ).start()
        return job

    def get(self, key: str) -> Job:
        """The job of that id.

        Raises:
            KeyError: there is none (any more).
        """
        with self._lock:
            if key not in self._jobs:
                raise KeyError(f"projection '{key:.40}': there is none of that id")
            return self._jobs[key]

    def cancel(self, key: str) -> Job:
        """The job, which ends as soon as its process has; one that is done stays so."""
        job = self.get(key)
        job.cancelled.set()
        process = job.process
        if process is not None:
            process.kill()
        return job

    def close(self) -> None:
        """Ends what still runs."""
        with self._lock:
            running = [job for job in self._jobs.values() if not job.finished.is_set()]
        for job in running:
            self.cancel(job.id)

    def _work(self, job: Job, spec: Spec, matrix: Callable[[], Matrix]) -> None:
        try:
            if spec.method in ("pca", "raw"):
                job.state, job.stage = "running", "computing"
                job.result = project(spec, matrix(), job, None)
            else:
                with self._one:
                    job.state, job.stage = "running", "preparing"
                    job.result = project(spec, matrix(), job, in_process)
            job.progress, job.state = 1.0, "done"
        except CancelledError:
            job.state, job.stage = "cancelled", ""
        except Exception as error:
            # Any failure of a library is this projection's, told where it was asked for.
            job.error = str(error.args[0]) if isinstance(error, KeyError) else str(error)
            job.state = "failed"
        finally:
            job.process = None
            job.finished.set()


Runner = Callable[[Spec, Float32, Job], Float32]


def project(spec: Spec, matrix: Matrix, job: Job, run: Runner | None) -> Projection:
    """The projection of the matrix [n, d] by these settings; ``run`` does t-SNE and UMAP.

    Raises:
        CancelledError: the job was cancelled.
        ValueError: there is too little to project.
    """
    fine = finite_rows(matrix)
    rows = sampled(fine, spec.points)
    total, left_out = len(matrix), len(matrix) - len(fine)
    if matrix.shape[1] == 0 or len(rows) == 0:
        raise ValueError(f"no row of the {total} x {matrix.shape[1]} matrix has a place")
    if spec.method == "raw":
        coordinates = np.asarray(matrix[rows][:, : spec.dims], np.float32)
        return Projection(rows, coordinates, total, left_out)
    if spec.method == "pca" or run is None:
        found = pca(matrix, fine, rows, spec.dims, spec.unit)
        fit = (f"fitted to {found.fitted:,} rows",) if found.fitted < len(fine) else ()
        return Projection(rows, found.coordinates, total, left_out, found.explained, fit)
    if len(rows) < 4:
        raise ValueError(f"{spec.title}: needs at least 4 rows, there are {len(rows)}")
    notes: tuple[str, ...] = ()
    if matrix.shape[1] > WIDE:
        reduced = pca(matrix, rows, rows, REDUCED, spec.unit)
        ready = reduced.coordinates
        share = float(reduced.explained.sum())
        notes = (f"of {ready.shape[1]} principal components ({share:.0%} of the variance)",)
    else:
        ready = prepared(matrix, rows, spec.unit).astype(np.float32)
    if job.cancelled.is_set():
        raise CancelledError
    return Projection(rows, run(spec, ready, job), total, left_out, notes=notes)


def in_process(spec: Spec, matrix: Float32, job: Job) -> Float32:
    """The coordinates that the worker finds, its progress put into the job.

    Raises:
        CancelledError: the job was cancelled.
        RuntimeError: the worker failed; its own words.
    """
    settings = json.dumps({**spec.settings(), "shape": matrix.shape}).encode() + b"\n"
    job.stage = "starting"
    # What it says on its error stream is only wanted if it fails, and must never fill a pipe.
    with tempfile.TemporaryFile() as complaints:
        try:
            with subprocess.Popen(
                [sys.executable, "-m", "dashboard.projection_worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
            ) as process:
                job.process = process
                try:
                    return _asked(process, settings, matrix, job)
                finally:
                    process.kill()
        except (OSError, ValueError, EOFError) as error:
            if job.cancelled.is_set():
                raise CancelledError from None
            complaints.seek(0)
            said = complaints.read()[-2000:].decode(errors="replace").strip()
            last = said.splitlines()[-1] if said else str(error)
            raise RuntimeError(f"{spec.title} ended without a result: {last}") from error


def _asked(process: subprocess.Popen[bytes], settings: bytes, matrix: Float32, job: Job) -> Float32:
    if job.cancelled.is_set():
        raise CancelledError
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(settings)
    process.stdin.write(np.ascontiguousarray(matrix, "<f4").tobytes())
    process.stdin.close()
    return _heard(process.stdout, job)


def _heard(out: IO[bytes], job: Job) -> Float32:
    while True:
        line = out.readline()
        if not line:
            raise EOFError("its process ended")
        told: dict[str, Any] = json.loads(line)
        if "error" in told:
            raise RuntimeError(told["error"])
        if "shape" in told:
            n, dims = told["shape"]
            data = out.read(4 * n * dims)
            return np.frombuffer(data, "<f4").reshape(n, dims)
        job.stage, job.progress = told["stage"], told["progress"]
