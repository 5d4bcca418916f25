"""How fast does the engine train, against TensorFlow's sessions, PyTorch, JAX and autograd?

    python benchmarks/bench_engine.py             # all workloads; needs the extra `bench`
    python benchmarks/bench_engine.py a c         # some of them
    python benchmarks/bench_engine.py --rounds 15 # longer, on a machine that others use as well

Every library trains each workload in a process of its own, from the same weights on the same data;
the processes take turns of a second, so that the machine's ups and downs meet all of them; the best
block of each counts. Two threads for every library. Losses after 20 steps must agree.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from engine_peers.data import arrays
from peers import machine, table

TITLES = {
    "a": "linear regression, 200 points, Adam",
    "b": "softmax regression 784-10, batch 100",
    "c": "MLP 784-256-256-10, Adam, batch 128",
    "d": "CNN, two 5x5 convolutions, batch 64",
    "e": "LSTM 28x28 -> 128, batch 128",
    "f": "MLP 4 x 2048, batch 512",
    "g": "10,000 operations with gradients",
}
LIBRARIES = ("trainboard", "tensorflow", "jax", "torch", "autograd")
BLOCK_S = 0.1


def start(library: str, workload: str) -> tuple[Any, Any, float, float]:
    """Step, loss, and the seconds of the import and from there to the end of the first step."""
    began = time.perf_counter()
    if library == "trainboard":
        from engine_peers import graph

        import engine as tf
    elif library == "tensorflow":
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        import tensorflow.compat.v1 as tf
        from engine_peers import graph

        tf.disable_v2_behavior()
    elif library == "torch":
        from engine_peers import pytorch
    elif library == "jax":
        import jax  # noqa: F401 - its import is part of the time
        from engine_peers import functional
    else:
        import autograd  # noqa: F401 - its import is part of the time
        from engine_peers import functional
    imported = time.perf_counter() - began
    data = arrays(workload)
    began = time.perf_counter()
    if workload == "g":
        if library in ("trainboard", "tensorflow"):
            step, value = graph.chain(tf, data)
        elif library == "torch":
            step, value = pytorch.chain(data)
        else:
            chain = functional.chain_jax if library == "jax" else functional.chain_autograd
            step, value = chain(data)
        return step, lambda: value, imported, time.perf_counter() - began
    if library == "tensorflow":
        config = tf.ConfigProto(intra_op_parallelism_threads=2, inter_op_parallelism_threads=2)
        step, loss = graph.build(tf, workload, data, config)
    elif library == "trainboard":
        step, loss = graph.build(tf, workload, data)
    elif library == "torch":
        step, loss = pytorch.build(workload, data)
    elif library == "jax":
        step, loss = functional.build_jax(workload, data)
    else:
        step, loss = functional.build_autograd(workload, data)
    step()
    return step, loss, imported, time.perf_counter() - began


def child(library: str, workload: str) -> None:
    """Serve measurements: one line in asks for seconds of steps, one line out tells the rate."""
    try:
        step, loss, imported, first = start(library, workload)
    except (ImportError, NotImplementedError) as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return
    if workload != "g":
        for _ in range(19):
            step()
    facts = {"import_s": imported, "first_s": first, "loss": loss()}
    print(json.dumps(facts), flush=True)
    for line in sys.stdin:
        end, rates = time.perf_counter() + float(line), []
        while time.perf_counter() < end:
            begun, count = time.perf_counter(), 0
            while True:
                step()
                count += 1
                spent = time.perf_counter() - begun
                if spent >= BLOCK_S:
                    break
            rates.append(count / spent)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"rates": rates, "memory_mib": memory}), flush=True)


class Child:
    """One library at one workload, in a process that waits for its turns."""

    def __init__(self, library: str, workload: str):
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "2")
        self.library = library
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--child", library, workload],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **threads},
        )
        self.facts = self._answer()
        self.rates: list[float] = []
        self.memory_mib = float("nan")

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return json.loads(line) if line else {"error": "ended"}

    def measure(self, seconds: float) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        found = self._answer()
        self.rates += found["rates"]
        self.memory_mib = found["memory_mib"]

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def compare(workload: str, rounds: int) -> list[list[object]]:
    """A row a library."""
    children = [Child(library, workload) for library in LIBRARIES]
    running = [one for one in children if "error" not in one.facts]
    for _ in range(rounds):
        for one in running:
            one.measure(1.0)
    for one in children:
        one.close()
    own = running[0]
    assert own.library == "trainboard", children[0].facts
    rows: list[list[object]] = []
    for one in running:
        best, median = max(one.rates), sorted(one.rates)[len(one.rates) // 2]
        rows.append(
            [
                one.library,
                f"{best:,.4g}",
                f"{median:,.4g}",
                "1x" if one is own else f"{max(own.rates) / best:.2f}x",
                f"{one.facts['import_s']:.2f}",
                f"{one.facts['first_s'] * 1e3:,.4g}",
                f"{one.memory_mib:.0f}",
                f"{one.facts['loss']:.5g}",
            ]
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workload", nargs="*", choices=[*TITLES, []], metavar="workload")
    parser.add_argument("--rounds", type=int, default=5, help="seconds that each library runs")
    options = parser.parse_args()
    print(machine())
    header = ["library", "steps/s", "median", "we against it", "import s", "first step ms"]
    for workload in options.workload or TITLES:
        print(f"\n{workload}: {TITLES[workload]}\n")
        rows = compare(workload, options.rounds)
        print(table([*header, "memory MiB", "loss after 20"], rows), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:4])
    else:
        main()
