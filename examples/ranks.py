"""Several processes train together and log one run: data-parallel SGD with NumPy, a rank each.

Run it with `python examples/ranks.py --logdir logs`, then `dashboard serve logs`. The loss is one
curve, the mean of the ranks, with the band between the lowest and the highest of them. With torch's
`torchrun` it is the same: pass `rank=int(os.environ["RANK"])` to `init`.
"""

from __future__ import annotations

import argparse
import multiprocessing
from multiprocessing.connection import Connection

import numpy as np

from summaries import init


def train(logdir: str, rank: int, pipe: Connection, steps: int = 200) -> None:
    """Fit a line to this rank's share of the data; gradients are averaged over the pipe."""
    rng = np.random.default_rng(rank)
    x = rng.standard_normal((64, 8))
    y = x @ np.arange(8.0) + 0.5 * rng.standard_normal(64)
    weights = np.zeros(8)
    with init(logdir, name="ranks", config={"learning_rate": 0.05}, rank=rank) as run:
        for step in range(steps):
            error = x @ weights - y
            run.log({"train/loss": float(np.mean(error**2))}, step=step)
            pipe.send(2.0 * x.T @ error / len(x))
            weights = weights - 0.05 * pipe.recv()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--logdir", default="logs")
    parser.add_argument("--ranks", type=int, default=4)
    arguments = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe() for _ in range(arguments.ranks)]
    processes = [
        context.Process(target=train, args=(arguments.logdir, rank, far))
        for rank, (_, far) in enumerate(pipes)
    ]
    for process in processes:
        process.start()
    for _ in range(200):
        mean = np.mean([near.recv() for near, _ in pipes], axis=0)
        for near, _ in pipes:
            near.send(mean)
    for process in processes:
        process.join()
    print(f"now: dashboard serve {arguments.logdir}")


if __name__ == "__main__":
    main()
