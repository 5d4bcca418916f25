"""How fast does the store take points, and give back a series or an overview of it?

    python benchmarks/bench_store.py [--ten-million]

Peer: the same points as TensorBoard event files, read by its EventAccumulator (extra `bench`); and
one row a point in SQLite, as most trackers do. All in one run, with ratios.
"""

from __future__ import annotations

import argparse
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from peers import machine, median_of, table

from summaries import export_tfevents, open_logdir
from summaries.records import Scalars
from summaries.store.writing import StoreWriter

COLD_READ = """
import sys, time
import numpy, sqlalchemy, summaries, summaries.reader
started = time.perf_counter()
points = summaries.open_logdir(sys.argv[1]).scalars("run", "loss")
assert len(points) == int(sys.argv[2])
print(time.perf_counter() - started)
"""

TENSORBOARD_READ = """
import sys, time
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
started = time.perf_counter()
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "tensors": 0})
events.Reload()
points = events.Scalars("loss")
assert len(points) == int(sys.argv[2]), len(points)
print(time.perf_counter() - started)
"""


def curve(n: int, start: int = 0) -> Scalars:
    """Part of a float32 loss with noise, 10 ms a step with half a millisecond of jitter."""
    rng = np.random.default_rng(start)
    steps = np.arange(start, start + n)
    values = np.exp(-steps / 3e5) + 0.05 * rng.standard_normal(n)
    walls = 1.8e9 + steps * 0.01 + rng.normal(0.0, 0.0005, n)
    return Scalars(steps, np.round(walls, 6), values.astype(np.float32).astype(np.float64))


def fill(path: Path, n: int, batch: int = 100_000) -> float:
    """Seconds to store n points in batches as a flush hands them over, and to close."""
    parts = [curve(min(batch, n - at), at) for at in range(0, n, batch)]
    started = time.perf_counter()
    store = StoreWriter(path)
    run_id = store.start_run("run", {}).id
    for part in parts:
        store.append(run_id, {"loss": part})
    store.seal_rests(run_id)
    store.update_run(run_id, status="finished")
    store.close()
    return time.perf_counter() - started


def fill_rows(path: Path, n: int, batch: int = 100_000) -> float:
    """The same as one row a point."""
    parts = [curve(min(batch, n - at), at) for at in range(0, n, batch)]
    started = time.perf_counter()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE point (series, step, wall_time, value)")
    connection.execute("CREATE INDEX place ON point (series, step)")
    for part in parts:
        rows = zip(part.step.tolist(), part.wall_time.tolist(), part.value.tolist(), strict=True)
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO point VALUES (1, ?, ?, ?)", rows)
        connection.execute("COMMIT")
    connection.close()
    return time.perf_counter() - started


def read_rows(path: Path) -> float:
    """Seconds to read all rows to numpy."""
    started = time.perf_counter()
    connection = sqlite3.connect(path)
    found = connection.execute(
        "SELECT step, wall_time, value FROM point WHERE series = 1"
    ).fetchall()
    np.array(found)
    connection.close()
    return time.perf_counter() - started


def in_new_process(code: str, *arguments: object) -> float:
    """What the code prints last, as a number; NaN if it fails (a peer that is not installed)."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stderr.strip().splitlines()[-1])
        return float("nan")
    return float(done.stdout.split()[-1])


def overview(logdir: Path, step_range: tuple[int, int] | None = None) -> float:
    """Median seconds of an envelope at 2000 pixels, the database open."""
    with open_logdir(logdir) as reader:
        reader.runs()

        def once() -> float:
            started = time.perf_counter()
            reader.envelope("run", "loss", pixels=2000, step_range=step_range)
            return time.perf_counter() - started

        return median_of(once, 15)


def report(n: int, with_peers: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        insert_s = fill(top / "logs" / "events.db", n)
        size = (top / "logs" / "events.db").stat().st_size / n
        cold = sorted(in_new_process(COLD_READ, top / "logs", n) for _ in range(5))[2]
        zoom = overview(top / "logs", (n // 2, n // 2 + 20_000))
        rows = [
            (
                "trainboard",
                f"{n / insert_s / 1e6:.2f}",
                f"{size:.1f}",
                f"{cold:.3f}",
                f"{overview(top / 'logs') * 1e3:.1f}",
                f"{zoom * 1e3:.1f}",
            )
        ]
        print(f"\n## {n:,} points of one series\n")
        ratios = ""
        if with_peers:
            rows_s = fill_rows(top / "rows.db", n)
            rows_size = (top / "rows.db").stat().st_size / n
            rows_read = read_rows(top / "rows.db")
            million_per_s = f"{n / rows_s / 1e6:.2f}"
            read_s = f"{rows_read:.3f}"
            rows.append(
                ("SQLite, a row a point", million_per_s, f"{rows_size:.1f}", read_s, "", "")
            )
            (event_file,) = export_tfevents(top / "logs", top / "events")
            peer = in_new_process(TENSORBOARD_READ, event_file.parent, n)
            file_size = event_file.stat().st_size / n
            rows.append(("TensorBoard event file", "", f"{file_size:.1f}", f"{peer:.3f}", "", ""))
            ratios = (
                f"\nreading: {peer / cold:.0f}x faster than TensorBoard's loader, "
                f"{rows_read / cold:.0f}x than rows; "
                f"size: {file_size / size:.1f}x and {rows_size / size:.1f}x smaller"
            )
        header = ("store", "million points/s in", "bytes/point", "all to numpy, cold s")
        print(table((*header, "overview ms", "window of 20,000 ms"), rows))
        print(ratios)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ten-million", action="store_true", help="also 10M points, ours alone")
    arguments = parser.parse_args()
    print(machine())
    report(1_000_000, with_peers=True)
    if arguments.ten_million:
        report(10_000_000, with_peers=False)


if __name__ == "__main__":
    main()
