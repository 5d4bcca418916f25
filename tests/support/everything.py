"""A logdir in which every kind of value was logged, by several runs."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from sample_graphs import network

from summaries import SummaryWriter, init

PR_STEPS = 3


def everything(logdir: Path, runs: int = 3) -> Path:
    """``runs`` runs with settings, output, an alert and values of each kind at a few steps."""
    with pytest.MonkeyPatch.context() as patch:
        # What surrounds a run belongs to everything.
        patch.delenv("TRAINBOARD_CAPTURE", raising=False)
        _log_runs(logdir, runs)
    return logdir


def _log_runs(logdir: Path, runs: int) -> None:
    for number in range(runs):
        name = f"sweep/lr={10.0 ** -(number + 1):g}"
        config = {"lr": 10.0 ** -(number + 1), "optimizer": {"name": "adam"}, "seed": number}
        with init(logdir, name, config, tags=["first"], capture_console=True) as run:
            for step in range(60):
                run.log({"train/loss": 1 / (step + 1 + number), "eval/acc": step / 60}, step=step)
            print(f"\x1b[32mtraining {number}\x1b[0m began")
            print("a word on stderr", file=sys.stderr)
            if number == 1:
                run.alert("Loss stands still", "for 40 steps", level="WARN")
        with SummaryWriter(logdir / "kinds" / f"run{number}") as writer:
            _log_kinds(writer, number)


def _log_kinds(writer: SummaryWriter, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for step in range(PR_STEPS):
        writer.add_scalar("eval/acc", 0.5 + 0.1 * step, step)
        writer.add_histogram("weights/dense", rng.normal(step, 1.0, 500), step)
        writer.add_image("samples/digit", rng.random((3, 24, 24), np.float32), step)
        writer.add_text("notes/epoch", f"# Epoch {step}\n\nloss *fell* by `{seed}`", step)
        writer.add_audio("sounds/tone", np.sin(np.arange(2000) / 20)[None], step, sample_rate=8000)
        writer.add_pr_curve("pr/cat", rng.random(200) > 0.5, rng.random(200), step)
        rows = [["cat", 1 + step], ["dog", 2]]
        writer.add_table("tables/errors", rows, step, columns=["label", "count"])
    writer.add_video("clips/walk", rng.integers(0, 255, (1, 4, 3, 16, 16), np.uint8), 0)
    writer.add_mesh(
        "shapes/cloud", rng.random((1, 60, 3), np.float32), rng.integers(0, 255, (1, 60, 3))
    )
    labels = [f"word {number}" for number in range(50)]
    writer.add_embedding(rng.random((50, 8), np.float32), labels, tag="words", global_step=0)
    writer.add_custom_scalars({"All": {"both": ["Multiline", ["train/.*", "eval/.*"]]}})
    writer.add_graph({"nodes": network()})
    writer.add_hparams({"lr": 0.1, "layers": 2 + seed}, {"final/acc": 0.5 + 0.1 * seed})
