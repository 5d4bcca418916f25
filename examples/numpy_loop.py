"""Log from a plain script: NumPy, a loop, and four lines of trainboard.

Run it with `python examples/numpy_loop.py --logdir logs`, then `dashboard serve logs`.
"""

from __future__ import annotations

import argparse

import numpy as np

from summaries import init


def train(logdir: str, learning_rate: float, steps: int = 1000, seed: int = 0) -> float:
    """Fit a small network to sin(x) by hand-written gradients; the last loss comes back."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-3.0, 3.0, (256, 1))
    y = np.sin(x)
    w1, b1 = rng.standard_normal((1, 32)) * 0.8, np.zeros(32)
    w2, b2 = rng.standard_normal((32, 1)) * 0.2, np.zeros(1)

    config = {"learning_rate": learning_rate, "hidden": 32, "seed": seed}
    with init(logdir, name=f"numpy/lr={learning_rate}", config=config) as run:
        for step in range(steps):
            hidden = np.tanh(x @ w1 + b1)
            error = hidden @ w2 + b2 - y
            loss = float(np.mean(error**2))

            d_out = 2.0 * error / len(x)
            d_hidden = (d_out @ w2.T) * (1.0 - hidden**2)
            gradients = (x.T @ d_hidden, d_hidden.sum(0), hidden.T @ d_out, d_out.sum(0))
            for parameter, gradient in zip((w1, b1, w2, b2), gradients, strict=True):
                parameter -= learning_rate * gradient

            run.log({"loss": loss, "gradient/norm": float(np.linalg.norm(gradients[2]))}, step)
            if step % 20 == 0:
                run.log({"weights/layer1": w1, "weights/layer2": w2}, step)
    return loss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--logdir", default="logs")
    arguments = parser.parse_args()
    for learning_rate in (0.05, 0.02, 0.01):
        loss = train(arguments.logdir, learning_rate)
        print(f"learning rate {learning_rate}: loss {loss:.5f}")
    print(f"now: dashboard serve {arguments.logdir}")


if __name__ == "__main__":
    main()
