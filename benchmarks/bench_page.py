"""How long from starting the server to the first chart, against TensorBoard on the same data?

    python benchmarks/bench_page.py               # needs the extra `bench` and a Chromium

100 runs x 10 tags x 10,000 points. Both servers are started cold; a headless Chromium opens the
page as soon as the server lists all runs; a chart counts as drawn when a screenshot of it shows
curves (coloured pixels in at least half of its columns), the same look at both. The memory is
that of the server and its children, after the page is drawn.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from peers import machine, table

from summaries import export_tfevents
from summaries.records import Scalars
from summaries.store.writing import StoreWriter

TAGS = [
    f"{group}/{name}" for group in ("train", "eval") for name in ("loss", "acc", "f1", "lr", "g")
]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def make_data(logdir: Path, runs: int, points: int) -> None:
    """A logdir of that many runs, each with ten noisy float32 curves."""
    store = StoreWriter(logdir / "events.db")
    steps = np.arange(points)
    for number in range(runs):
        rng = np.random.default_rng(number)
        run_id = store.start_run(f"run{number:03d}", {"seed": number}).id
        walls = 1.8e9 + steps * 0.01 + rng.normal(0.0, 0.0005, points)
        logged = {}
        for tag in TAGS:
            speed, level = points / rng.uniform(3, 10), rng.uniform(0.1, 1.0)
            curve = np.exp(-steps / speed) + level + 0.05 * rng.standard_normal(points)
            values = curve.astype(np.float32).astype(np.float64)
            logged[tag] = Scalars(steps, np.round(walls, 6), values)
        store.append(run_id, logged)
        store.seal_rests(run_id)
        store.update_run(run_id, status="finished")
    store.close()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def runs_of_ours(base: str) -> int:
    with urllib.request.urlopen(f"{base}/api/v1/runs", timeout=1) as answer:
        found = json.load(answer)
    return len(found["runs"])


def runs_of_tensorboard(base: str) -> int:
    with urllib.request.urlopen(f"{base}/data/plugin/scalars/tags", timeout=5) as answer:
        found = json.load(answer)
    return sum(len(tags) == len(TAGS) for tags in found.values())


def memory_mb(pid: int) -> float:
    """Resident memory of a process and its children, in MB of a million bytes."""
    total = 0.0
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        try:
            for line in Path(f"/proc/{one}/status").read_text().splitlines():
                if line.startswith("VmRSS"):
                    total += int(line.split()[1]) * 1024 / 1e6
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return total


def is_drawn(picture: bytes) -> bool:
    """Whether the picture of a chart shows curves: colour in at least half of its columns."""
    from PIL import Image

    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)
    coloured = (pixels.max(axis=2) - pixels.min(axis=2)) > 60
    return bool((coloured.sum(axis=0) >= 2).mean() >= 0.5)


def measure(
    command: list[str], base: str, listed: Callable[[str], int], selector: str, runs: int
) -> dict[str, float]:
    """Seconds to the server's readiness and to the first drawn chart; memory in MB."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        started = time.perf_counter()
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while True:
                try:
                    if listed(base) >= runs:
                        break
                except OSError:
                    pass
                if time.perf_counter() - started > 600 or server.poll() is not None:
                    raise RuntimeError(f"{command[0]} did not list {runs} runs")
                time.sleep(0.02)
            ready_s = time.perf_counter() - started
            page.goto(base, wait_until="commit")
            chart = page.locator(selector).first
            while True:
                if chart.count() and is_drawn(chart.screenshot(timeout=120_000)):
                    break
                if time.perf_counter() - started > 900:
                    raise RuntimeError("no chart was drawn")
                time.sleep(0.02)
            drawn_s = time.perf_counter() - started
            again = time.perf_counter()
            page.goto(base, wait_until="commit")
            while not (chart.count() and is_drawn(chart.screenshot(timeout=120_000))):
                time.sleep(0.02)
            warm_s = time.perf_counter() - again
            page.wait_for_timeout(3000)
            return {
                "ready_s": ready_s,
                "drawn_s": drawn_s,
                "again_s": warm_s,
                "memory_mb": memory_mb(server.pid),
            }
        finally:
            server.terminate()
            server.wait(20)
            browser.close()


def median_rounds(rounds: int, once: Callable[[], dict[str, float]]) -> dict[str, float]:
    found = [once() for _ in range(rounds)]
    return {key: sorted(f[key] for f in found)[rounds // 2] for key in found[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, help="where the data is kept between measurements")
    parser.add_argument("--ours-only", action="store_true")
    arguments = parser.parse_args()
    top = arguments.data or Path(tempfile.mkdtemp(prefix="bench-page-"))
    logdir, events = top / "logs", top / "events"
    if not logdir.exists():
        make_data(logdir, arguments.runs, arguments.points)
    found: dict[str, dict[str, float]] = {}

    def ours() -> dict[str, float]:
        port = free_port()
        command = [sys.executable, "-m", "dashboard.cli", "serve", str(logdir), "--port", str(port)]
        base = f"http://127.0.0.1:{port}"
        return measure(command, base, runs_of_ours, ".card-plot", arguments.runs)

    def tensorboard() -> dict[str, float]:
        port = free_port()
        command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(events)]
        base = f"http://127.0.0.1:{port}"
        return measure(
            [*command, "--port", str(port)],
            base,
            runs_of_tensorboard,
            "scalar-card",
            arguments.runs,
        )

    found["trainboard"] = median_rounds(arguments.rounds, ours)
    if not arguments.ours_only:
        if not events.exists():
            export_tfevents(logdir, events)
        found["TensorBoard"] = median_rounds(arguments.rounds, tensorboard)
    print(f"{machine()}; {arguments.runs} runs x {len(TAGS)} tags x {arguments.points} points\n")
    header = ("server", "lists all runs s", "first chart s", "page again s", "memory MB")
    rows: list[tuple[Any, ...]] = [
        (
            name,
            f"{f['ready_s']:.2f}",
            f"{f['drawn_s']:.2f}",
            f"{f['again_s']:.2f}",
            f"{f['memory_mb']:.0f}",
        )
        for name, f in found.items()
    ]
    print(table(header, rows))
    if len(found) == 2:
        mine, peer = found["trainboard"], found["TensorBoard"]
        print(
            f"\nfirst chart {peer['drawn_s'] / mine['drawn_s']:.1f}x sooner than TensorBoard's, "
            f"memory {peer['memory_mb'] / mine['memory_mb']:.1f}x less"
        )
    if arguments.data is None:
        shutil.rmtree(top)


if __name__ == "__main__":
    main()
