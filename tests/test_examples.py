"""The example that needs no engine runs as its file says; the engine's are tested beside it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from summaries import open_logdir

ROOT = Path(__file__).resolve().parent.parent


def test_the_plain_loop_learns_and_logs(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "examples" / "numpy_loop.py"), "--logdir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"dashboard serve {tmp_path}" in done.stdout
    with open_logdir(tmp_path) as reader:
        names = [info.name for info in reader.runs()]
        assert names == ["numpy/lr=0.05", "numpy/lr=0.02", "numpy/lr=0.01"]
        for name in names:
            loss = reader.scalars(name, "loss").value
            assert loss[-1] < 0.05 < loss[0]
            assert reader.histograms(name, "weights/layer1")


def test_ranks_log_one_run(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "examples" / "ranks.py"), "--logdir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    with open_logdir(tmp_path) as reader:
        (info,) = reader.runs()
        assert (info.name, info.status, info.ranks) == ("ranks", "finished", (0, 1, 2, 3))
        for rank in range(4):
            loss = reader.scalars("ranks", "train/loss", rank=rank)
            assert loss.step.tolist() == list(range(200))
            assert loss.value[-1] < 0.5 < loss.value[0]
