"""What does a logging call cost the training thread, against torch, tensorboardX and trackio?

    python benchmarks/bench_logging.py            # needs the extra `bench`

Every tool logs the same points in one run, one after the other, in processes of their own. A call
is timed alone (p50, p99) and the loop as a whole; then the tool is closed and its files are
weighed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from peers import machine, percentile, table

Log = Callable[[float, int], object]


def ours(directory: str) -> tuple[Log, Callable[[], object]]:
    from summaries import SummaryWriter

    writer = SummaryWriter(directory)
    return lambda value, step: writer.add_scalar("train/loss", value, step), writer.close


def ours_init(directory: str) -> tuple[Log, Callable[[], object]]:
    from summaries import init

    run = init(directory, name="bench")
    return lambda value, step: run.log({"train/loss": value}, step=step), run.finish


def torch_writer(directory: str) -> tuple[Log, Callable[[], object]]:
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(directory)
    return lambda value, step: writer.add_scalar("train/loss", value, step), writer.close


def tensorboardx(directory: str) -> tuple[Log, Callable[[], object]]:
    from tensorboardX import SummaryWriter

    writer = SummaryWriter(directory)
    return lambda value, step: writer.add_scalar("train/loss", value, step), writer.close


def trackio(directory: str) -> tuple[Log, Callable[[], object]]:
    os.environ["TRACKIO_DIR"] = directory
    import trackio

    trackio.init(project="bench", name="run", embed=False)
    return lambda value, step: trackio.log({"train/loss": value}, step=step), trackio.finish


TOOLS = {
    "trainboard SummaryWriter": (ours, 1_000_000),
    "trainboard init/log": (ours_init, 1_000_000),
    "torch SummaryWriter": (torch_writer, 50_000),
    "tensorboardX": (tensorboardx, 50_000),
    "trackio": (trackio, 10_000),
}


def losses(n: int) -> list[float]:
    """A loss as a float32 model gives it: a falling curve with noise."""
    import numpy as np

    rng = random.Random(0)
    return [
        float(np.float32(math.exp(-5.0 * i / n) + 0.05 * rng.gauss(0.0, 1.0))) for i in range(n)
    ]


def measure(name: str, pause_s: float) -> dict[str, float]:
    """The figures of one tool, in this process."""
    make, n = TOOLS[name]
    values = losses(n)
    with tempfile.TemporaryDirectory() as directory:
        log, close = make(directory)
        for step in range(100):
            log(values[step], step)
        loop_started = time.perf_counter()
        for step in range(n):
            log(values[step], step)
        loop_s = time.perf_counter() - loop_started
        # A second pass with the clock around each call, at a training loop's pace.
        calls: list[float] = []
        clock = time.perf_counter
        for step in range(min(n, 20_000)):
            until = clock() + pause_s
            while clock() < until:
                pass
            started = clock()
            log(values[step], step)
            calls.append(clock() - started)
        close_started = time.perf_counter()
        close()
        close_s = time.perf_counter() - close_started
        size = sum(p.stat().st_size for p in Path(directory).rglob("*") if p.is_file())
    return {
        "n": n,
        "p50_us": percentile(calls, 0.5) * 1e6,
        "p99_us": percentile(calls, 0.99) * 1e6,
        "loop_us": loop_s / n * 1e6,
        "close_s": close_s,
        "bytes": size / (n + len(calls) + 100),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=TOOLS, help="measure one tool, print JSON")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pause-us", type=float, default=50.0, help="between two timed calls")
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(measure(arguments.only, arguments.pause_us * 1e-6)))
        return
    found: dict[str, dict[str, float]] = {}
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in TOOLS}
    # In turn, so that a drift of the machine's speed meets all alike.
    for _ in range(arguments.rounds):
        for name in TOOLS:
            command = [sys.executable, __file__, "--only", name]
            command += ["--pause-us", str(arguments.pause_us)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                print(f"{name}: not measured\n{done.stderr.strip().splitlines()[-1]}")
                continue
            rounds[name].append(json.loads(done.stdout.strip().splitlines()[-1]))
    for name, own in rounds.items():
        if own:
            found[name] = {k: sorted(r[k] for r in own)[len(own) // 2] for k in own[0]}
    mine = found["trainboard SummaryWriter"]
    print(f"{machine()}; medians of {arguments.rounds} rounds\n")
    rows = [
        (
            name,
            f"{f['p50_us']:.2f}",
            f"{f['p99_us']:.1f}",
            f"{f['loop_us']:.2f}",
            f"{f['loop_us'] / mine['loop_us']:.0f}x",
            f"{f['p50_us'] / mine['p50_us']:.0f}x",
            f"{f['close_s']:.2f}",
            f"{f['bytes']:.1f}",
        )
        for name, f in found.items()
    ]
    header = ("tool", "p50 us", "p99 us", "loop us/call", "loop ratio", "p50 ratio", "close s")
    print(table((*header, "bytes/point"), rows))


if __name__ == "__main__":
    main()
