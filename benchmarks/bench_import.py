"""How long does a script wait for ``import summaries`` and ``import engine``, against the peers?

    python benchmarks/bench_import.py             # needs the extra `bench` for the peers

Each import in a new interpreter, in turn, the bytecode compiled; medians, the interpreter's own
start taken off.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from peers import machine, table

IMPORTS = {
    "summaries": "import summaries",
    "summaries, a run opened": (
        "import summaries, tempfile; summaries.SummaryWriter(tempfile.mkdtemp()).close()"
    ),
    "engine": "import engine",
    "numpy (part of all)": "import numpy",
    "torch's SummaryWriter": "from torch.utils.tensorboard import SummaryWriter",
    "tensorboardX": "from tensorboardX import SummaryWriter",
    "trackio": "import trackio",
}


def seconds(code: str) -> float:
    """Of a new interpreter that runs the code; NaN if it fails."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True)
    return time.perf_counter() - started if done.returncode == 0 else float("nan")


def main() -> None:
    rounds: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for code in IMPORTS.values():
        seconds(code)
    for _ in range(7):
        for name, code in IMPORTS.items():
            rounds[name].append(seconds(code) - seconds("pass"))
    found = {name: statistics.median(own) for name, own in rounds.items()}
    print(machine(), "\n")
    rows = [(n, f"{s:.2f}", f"{s / found['summaries']:.1f}x") for n, s in found.items()]
    print(table(("import", "s", "against summaries"), rows))


if __name__ == "__main__":
    main()
