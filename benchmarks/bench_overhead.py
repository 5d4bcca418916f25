"""How much does logging 5,000 points a second slow a training loop down?

    python benchmarks/bench_overhead.py            # needs the extra `bench`

A loop of NumPy and one of torch, each an MLP's steps of a few milliseconds, run in turn without
logging and with each tool; in every step as many scalars are logged as make 5,000 points a second.
Each stretch takes a second, and the stretches of all tools alternate, so that a drift of the
machine meets all alike; the figure is the median over the rounds of a stretch's steps a second
against the mean of the two plain ones beside it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from peers import machine, table

RATE = 5000
Step = Callable[[], float]
Log = Callable[[str, float, int], Any]
"""An `add_scalar`."""


def numpy_step() -> Step:
    import numpy as np

    rng = np.random.default_rng(0)
    x = rng.standard_normal((128, 256)).astype(np.float32)
    y = rng.standard_normal((128, 1)).astype(np.float32)
    w1 = (rng.standard_normal((256, 512)) / 16).astype(np.float32)
    w2 = (rng.standard_normal((512, 1)) / 22).astype(np.float32)

    def step() -> float:
        nonlocal w1, w2
        hidden = np.maximum(x @ w1, 0)
        error = hidden @ w2 - y
        back = (error @ w2.T) * (hidden > 0)
        w2 = w2 - 1e-5 * (hidden.T @ error)
        w1 = w1 - 1e-5 * (x.T @ back)
        return float((error * error).mean())

    return step


def torch_step() -> Step:
    import torch

    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(256, 512), torch.nn.ReLU(), torch.nn.Linear(512, 1))
    optimizer = torch.optim.Adam(model.parameters())
    x, y = torch.randn(128, 256), torch.randn(128, 1)

    def step() -> float:
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


LOOPS = {"NumPy": numpy_step, "torch": torch_step}


def ours(directory: str) -> Any:
    from summaries import SummaryWriter

    return SummaryWriter(directory)


def torch_writer(directory: str) -> Any:
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(directory)


def tensorboardx(directory: str) -> Any:
    from tensorboardX import SummaryWriter

    return SummaryWriter(directory)


TOOLS: dict[str, Callable[[str], Any]] = {
    "trainboard": ours,
    "torch": torch_writer,
    "tensorboardX": tensorboardx,
}


def stretch(step: Step, log: Log | None, per_step: float, seconds: float) -> float:
    """Steps a second."""
    tags = [f"metric{k}" for k in range(64)]
    started = time.perf_counter()
    n, owed = 0, 0.0
    while time.perf_counter() - started < seconds:
        loss = step()
        owed += per_step
        if log is not None:
            for k in range(int(owed)):
                log(tags[k % 64], loss, n)
        owed -= int(owed)
        n += 1
    return n / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--seconds", type=float, default=1.0)
    options = parser.parse_args()
    print(f"{machine()}; {RATE:,} points/s, medians of {options.rounds} rounds\n")
    rows = []
    for name, make in LOOPS.items():
        step = make()
        plain_rate = stretch(step, None, 0.0, 2.0)
        per_step = RATE / plain_rate
        with tempfile.TemporaryDirectory() as directory:
            writers = {tool: open_(f"{directory}/{tool}") for tool, open_ in TOOLS.items()}
            logs: dict[str, Log] = {tool: w.add_scalar for tool, w in writers.items()}
            slower: dict[str, list[float]] = {tool: [] for tool in ("nothing", *TOOLS)}
            for _ in range(options.rounds):
                before = stretch(step, None, per_step, options.seconds)
                for tool in ("nothing", *TOOLS):
                    rate = stretch(step, logs.get(tool), per_step, options.seconds)
                    after = stretch(step, None, per_step, options.seconds)
                    slower[tool].append((before + after) / 2 / rate - 1.0)
                    before = after
            for writer in writers.values():
                writer.close()
        for tool, found in slower.items():
            spread = statistics.quantiles(found, n=4)
            rows.append(
                (
                    name,
                    f"{1e3 / plain_rate:.2f}",
                    tool,
                    f"{statistics.median(found) * 100:+.1f} %",
                    f"{spread[0] * 100:+.1f} to {spread[2] * 100:+.1f} %",
                )
            )
    print(table(("loop", "ms a step", "logs to", "slower by", "half of the rounds"), rows))


if __name__ == "__main__":
    main()
