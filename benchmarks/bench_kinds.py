"""What does each logging method cost the training thread, against torch's and tensorboardX's?

    python benchmarks/bench_kinds.py            # needs the extra `bench`

Every method is called with the same values on the three writers, one after the other in each round;
a figure is the median of the calls' times. What the writers do in threads of their own is waited
for between the calls, outside the clock.
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from peers import machine, table

from summaries import SummaryWriter

Call = Callable[[Any, int], object]
GOALS_MS = {"histogram 1M float32": 8.0, "histogram 1000": 0.1, "image 512x512x3": 15.0}


def calls() -> dict[str, tuple[Call, int]]:
    """Method to a call of it, and how often it is timed a round."""
    import matplotlib

    matplotlib.use("Agg")
    import torch
    from matplotlib.figure import Figure

    rng = np.random.default_rng(0)
    million = rng.standard_normal(1_000_000).astype(np.float32)
    thousand = million[:1000].copy()
    y, x = np.mgrid[0:512, 0:512] / 512.0
    waves = np.stack([np.sin(9 * x), np.cos(7 * y), np.sin(20 * x * y)])
    photo = np.uint8(127 + 100 * waves + rng.normal(0, 6, (3, 512, 512)))
    batch = np.ascontiguousarray(np.tile(photo[None, :, :64, :64], (32, 1, 1, 1)))
    boxes = np.array([[10.0, 10.0, 200.0, 300.0], [50.0, 60.0, 400.0, 420.0]])
    sound = np.sin(np.arange(44100) / 20.0).astype(np.float32)
    labels, guesses = rng.integers(0, 2, 10_000), rng.random(10_000)
    columns = [np.arange(127.0)] * 6
    vertices = rng.standard_normal((1, 10_000, 3)).astype(np.float32)
    colors = rng.integers(0, 256, (1, 10_000, 3)).astype(np.uint8)
    faces = rng.integers(0, 10_000, (1, 20_000, 3)).astype(np.int32)
    matrix = torch.randn(1000, 64)
    film = np.uint8(rng.random((1, 8, 3, 64, 64)) * 255)
    limits, counts = list(np.arange(1.0, 65.0)), list(np.arange(64.0))
    layout = {"all": {"loss": ["Multiline", ["a", "b"]]}}
    figure = Figure(figsize=(4, 3), dpi=100)
    figure.add_subplot().plot(sound[:300])
    module = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 8))
    tensor = torch.randn(256, 256)

    def shown(w: Any, s: int) -> None:
        w.add_figure("figure", figure, s, close=False)

    def hparams(w: Any, s: int) -> None:
        # Another name each time, or ours would see that they are recorded already.
        w.add_hparams({"lr": 0.1, f"seed{s}": s}, {"best": 0.9})

    return {
        "scalar": (lambda w, s: w.add_scalar("a", 0.5, s), 1000),
        "scalars (3)": (lambda w, s: w.add_scalars("g", {"a": 1.0, "b": 2.0, "c": 3.0}, s), 200),
        "histogram 1000": (lambda w, s: w.add_histogram("h1", thousand, s), 200),
        "histogram 1M float32": (lambda w, s: w.add_histogram("h2", million, s), 5),
        "histogram_raw": (
            lambda w, s: w.add_histogram_raw("h3", 0, 64, 2016, 9.0, 9.0, limits, counts, s),
            200,
        ),
        "image 512x512x3": (lambda w, s: w.add_image("i1", photo, s), 10),
        "images 32x64x64": (lambda w, s: w.add_images("i2", batch, s), 10),
        "image_with_boxes": (lambda w, s: w.add_image_with_boxes("i3", photo, boxes, s), 10),
        "figure": (shown, 5),
        "video 8x64x64": (lambda w, s: w.add_video("v", film, s), 5),
        "audio 1 s": (lambda w, s: w.add_audio("s", sound, s), 50),
        "text": (lambda w, s: w.add_text("t", "a note\n" * 20, s), 200),
        "pr_curve 10,000": (lambda w, s: w.add_pr_curve("p1", labels, guesses, s), 50),
        "pr_curve_raw": (lambda w, s: w.add_pr_curve_raw("p2", *columns, s), 100),
        "mesh 10,000": (lambda w, s: w.add_mesh("m", vertices, colors, faces, None, s), 5),
        "tensor 256x256": (lambda w, s: w.add_tensor("x", tensor, s), 20),
        "embedding 1000x64": (lambda w, s: w.add_embedding(matrix, None, None, s, f"e{s}"), 3),
        "custom_scalars": (lambda w, s: w.add_custom_scalars(layout), 100),
        "hparams": (hparams, 3),
        "graph": (lambda w, s: w.add_graph(module, torch.zeros(1, 64)), 3),
    }


def writers(directory: str) -> dict[str, Any]:
    """The three, by name."""
    import tensorboardX
    from torch.utils.tensorboard import SummaryWriter as TorchWriter

    return {
        "trainboard": SummaryWriter(f"{directory}/ours"),
        "torch": TorchWriter(f"{directory}/torch"),
        "tensorboardX": tensorboardX.SummaryWriter(f"{directory}/x"),
    }


def timed(call: Call, writer: Any, n: int, step: int) -> float:
    """Median seconds of n calls."""
    times = []
    for at in range(n):
        started = time.perf_counter()
        call(writer, step + at)
        times.append(time.perf_counter() - started)
    writer.flush()
    return statistics.median(times)


def measure(rounds: int, only: str) -> dict[str, dict[str, float | None]]:
    """Method to writer to its median in milliseconds; None where it raises."""
    found: dict[str, dict[str, list[float] | None]] = {}
    with tempfile.TemporaryDirectory() as directory, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = writers(directory)
        for name, (call, n) in calls().items():
            if only and only not in name:
                continue
            own = found.setdefault(name, {peer: [] for peer in made})
            for at in range(rounds + 1):
                for peer, writer in made.items():
                    times = own[peer]
                    if times is None:
                        continue
                    try:
                        with redirect_stdout(io.StringIO()) as said:
                            seconds = timed(call, writer, n, at * n)
                        if "add_video" in said.getvalue():  # says why not, and logs nothing
                            raise RuntimeError(said.getvalue().splitlines()[0])
                    except Exception as error:
                        print(f"{peer} {name}: {type(error).__name__}: {error}"[:200])
                        own[peer] = None
                        continue
                    if at:  # the first round warms up
                        times.append(seconds * 1e3)
        for writer in made.values():
            writer.close()
    return {
        name: {peer: statistics.median(t) if t else None for peer, t in own.items()}
        for name, own in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="methods with this in their name")
    arguments = parser.parse_args()
    found = measure(arguments.rounds, arguments.only)
    print(f"{machine()}; medians of {arguments.rounds} rounds\n")
    rows = []
    for name, own in found.items():
        mine = own["trainboard"]
        cells = ["-" if ms is None else f"{ms:.3f}" for ms in own.values()]
        ratios = [
            "-" if own[peer] is None or not mine else f"{own[peer] / mine:.1f}x"
            for peer in ("torch", "tensorboardX")
        ]
        goal = GOALS_MS.get(name)
        rows.append((name, *cells, *ratios, "" if goal is None else f"{goal} ms"))
    header = ("method", "trainboard ms", "torch ms", "tensorboardX ms")
    print(table((*header, "torch / ours", "tensorboardX / ours", "goal"), rows))


if __name__ == "__main__":
    main()
