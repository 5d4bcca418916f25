"""How fast do event files come in, and how much memory does that take, against TensorBoard's own?

    python benchmarks/bench_import_tfevents.py            # needs the extra `bench`
    python benchmarks/bench_import_tfevents.py --events 3000000

The same files, of torch's two forms of scalars, are read by TensorBoard's `EventAccumulator` and
`plugin_event_accumulator` (nothing thinned out), by our reader into columns, and imported into a
store on disk. Each in a process of its own; the interpreter's and the libraries' start is not
counted in the time, and is in the peak memory. Runs of each are taken in turn, medians shown.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from peers import machine, table

TAGS = ("train/loss", "train/accuracy", "val/loss", "val/accuracy", "lr")

START = """
import sys, tempfile, time
from pathlib import Path
path = sys.argv[1]
"""
END = """
seconds = time.perf_counter() - started
# Not getrusage's peak: that of the process which started this one counts in it.
peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
print(n, seconds, peak / 1024)
"""
ALL = "dict.fromkeys(('scalars', 'tensors', 'histograms', 'images', 'audio'), 0)"
READERS = {
    "TensorBoard, EventAccumulator": f"""
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
started = time.perf_counter()
found = EventAccumulator(path, size_guidance={ALL})
found.Reload()
tags = found.Tags()
n = sum(len(found.Scalars(t)) for t in tags["scalars"])
n += sum(len(found.Tensors(t)) for t in tags["tensors"])
""",
    "TensorBoard, plugin_event_accumulator": """
from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
started = time.perf_counter()
found = EventAccumulator(path, size_guidance={'tensors': 0})
found.Reload()
n = sum(len(found.Tensors(t)) for t in found.Tags()["tensors"])
""",
    "ours, bytes to columns": """
from summaries.tfevents.reading import EventFile
started = time.perf_counter()
n = 0
for file in sorted(Path(path).iterdir()):
    n += sum(len(p) for part in EventFile(file).parts() for p in part.scalars.values())
""",
    "ours, imported into a store": """
import sqlalchemy, summaries.store.writing, summaries.store.reading, google_crc32c
from summaries import import_tfevents
with tempfile.TemporaryDirectory() as logdir:
    started = time.perf_counter()
    n = import_tfevents(path, logdir).values
""",
}


def make(directory: Path, n: int, form: str) -> Path:
    """An event file with n scalars of five tags, as torch writes them."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter
    from torch.utils.tensorboard.summary import scalar

    directory.mkdir()
    writer = EventFileWriter(str(directory), max_queue_size=1000)
    values = np.random.default_rng(0).standard_normal(n).tolist()
    for at, value in enumerate(values):
        tag = TAGS[at % len(TAGS)]
        if form == "V1":
            summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
        else:
            summary = scalar(tag, value, new_style=True)
        writer.add_event(Event(wall_time=1e9 + at * 0.01, step=at // len(TAGS), summary=summary))
    writer.close()
    return directory


def measure(code: str, path: Path) -> tuple[int, float, float]:
    """(values, seconds, peak MiB) of one run in a new process."""
    done = subprocess.run(
        [sys.executable, "-c", START + code + END, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    n, seconds, peak = done.stdout.split()
    return int(n), float(seconds), float(peak)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(machine(), "\n")
    with tempfile.TemporaryDirectory() as scratch:
        for form in ("V1", "V2"):
            small = make(Path(scratch) / f"{form}-small", options.events // 8, form)
            large = make(Path(scratch) / f"{form}-large", options.events, form)
            found: dict[str, list[tuple[int, float, float]]] = {name: [] for name in READERS}
            for _ in range(options.rounds):
                for name, code in READERS.items():
                    found[name].append(measure(code, large))
            seconds = {n: statistics.median(s for _, s, _ in own) for n, own in found.items()}
            slowest = seconds["TensorBoard, EventAccumulator"]
            rows = []
            for name, own in found.items():
                assert all(n == options.events for n, _, _ in own), f"{name}: {own}"
                peaks = measure(READERS[name], small)[2], max(peak for _, _, peak in own)
                rows.append(
                    (
                        name,
                        f"{options.events / seconds[name]:,.0f}",
                        f"{slowest / seconds[name]:.1f}x",
                        f"{peaks[0]:.0f}",
                        f"{peaks[1]:.0f}",
                    )
                )
            n, part = f"{options.events:,}", f"{options.events // 8:,}"
            print(f"{n} scalars of form {form}, {len(TAGS)} tags\n")
            head = ("reader", "events/s", "against it", f"MiB at {part}", f"MiB at {n}")
            print(table(head, rows), "\n")


if __name__ == "__main__":
    main()
