"""Torch's worker processes: a DataLoader's beside an open writer, and ranks that torch spawns."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from summaries import open_logdir

torch = pytest.importorskip("torch", reason="too large for the extra `test`; CI installs it")

ROOT = Path(__file__).resolve().parents[2]

LOADER = """
import sys, torch
from summaries import SummaryWriter

class Numbers(torch.utils.data.Dataset):
    def __len__(self):
        return 64
    def __getitem__(self, at):
        return torch.tensor(float(at))

if __name__ == "__main__":
    writer = SummaryWriter(sys.argv[1])
    step = 0
    for epoch in range(2):
        for batch in torch.utils.data.DataLoader(Numbers(), batch_size=4, num_workers=2):
            writer.add_scalar("mean", batch.mean(), step)
            step += 1
    writer.close()
"""

SPAWN = """
import sys, torch.multiprocessing
from summaries import init

def train(rank, logdir):
    with init(logdir, name="ddp", id="job-1", rank=rank) as run:
        for step in range(500):
            run.log({"loss": step + rank / 10}, step=step)

if __name__ == "__main__":
    torch.multiprocessing.spawn(train, args=(sys.argv[1],), nprocs=3)
"""


def run(tmp_path: Path, code: str, logdir: str | Path) -> None:
    # A file: what is spawned imports the script again.
    script = tmp_path / "script.py"
    script.write_text(code)
    done = subprocess.run(
        [sys.executable, str(script), str(logdir)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "TRAINBOARD_CAPTURE": "0"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_data_loaders_workers_leave_an_open_writer_alone(tmp_path: Path) -> None:
    run(tmp_path, LOADER, tmp_path / "logs")
    with open_logdir(tmp_path / "logs") as reader:
        (info,) = reader.runs()
        assert info.status == "finished"
        assert reader.scalars(".", "mean").value.tolist() == [1.5 + 4 * k for k in range(16)] * 2


def test_ranks_that_torch_spawns_log_one_run(tmp_path: Path, logdir: str | Path) -> None:
    run(tmp_path, SPAWN, logdir)
    with open_logdir(logdir) as reader:
        (info,) = reader.runs()
        assert (info.name, info.key, info.status, info.ranks) == (
            "ddp",
            "job-1",
            "finished",
            (0, 1, 2),
        )
        for rank in range(3):
            own = reader.scalars("ddp", "loss", rank=rank)
            assert own.value.tolist() == [step + rank / 10 for step in range(500)]
