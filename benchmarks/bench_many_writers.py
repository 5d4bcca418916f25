"""Do many processes write into one logdir while its page is open, and is anything lost?

    python benchmarks/bench_many_writers.py                 # needs the extra `bench`
    python benchmarks/bench_many_writers.py --seconds 10 --no-peers
    python benchmarks/bench_many_writers.py --logdir postgresql+psycopg://user@host/database

Eight processes log 10,000 points a second each into one logdir (ten tags, a thousand steps a
second), for a minute; ``dashboard serve`` serves it, and a client asks what an open page asks. At
the end every point is counted.
Trackio gets the same points from the same number of processes into one project.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).parent))
from peers import machine, percentile, table

TAGS = [f"metric{k}" for k in range(10)]
STEPS_PER_S = 1000


def paced(seconds: float, log: Any) -> tuple[int, float]:
    """Steps logged and the longest a call took, at the pace asked for."""
    started = time.perf_counter()
    step, longest = 0, 0.0
    while (now := time.perf_counter() - started) < seconds:
        due = int(now * STEPS_PER_S)
        while step < due:
            before = time.perf_counter()
            log(dict.fromkeys(TAGS, step / 7), step)
            longest = max(longest, time.perf_counter() - before)
            step += 1
        time.sleep(0.002)
    return step, longest


def write_ours(logdir: str, name: str, seconds: float) -> tuple[int, float]:
    from summaries import init

    with init(logdir, name=name) as run:
        return paced(seconds, lambda values, step: run.log(values, step=step))


def write_trackio(directory: str, name: str, seconds: float) -> tuple[int, float]:
    os.environ["TRACKIO_DIR"] = directory
    import trackio

    trackio.init(project="bench", name=name, embed=False)
    found = paced(seconds, lambda values, step: trackio.log(values, step=step))
    trackio.finish()
    return found


WRITERS = {"trainboard": write_ours, "trackio": write_trackio}


def start_writers(tool: str, where: str, count: int, seconds: float) -> list[Any]:
    command = [sys.executable, __file__, "--write", tool, where]
    return [
        subprocess.Popen(
            [*command, f"run{k}", str(seconds)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for k in range(count)
    ]


def ended(writers: list[Any]) -> tuple[int, float, list[str]]:
    """Points logged by all, the longest call in seconds, and what they complained of."""
    steps, longest, complaints = 0, 0.0, []
    for process in writers:
        out, errors = process.communicate()
        if process.returncode != 0 or errors.strip():
            complaints.append(errors.strip().splitlines()[-1] if errors.strip() else "it failed")
        if process.returncode == 0:
            found = json.loads(out.strip().splitlines()[-1])
            steps, longest = steps + found[0], max(longest, found[1])
    return steps * len(TAGS), longest, complaints


def ask(url: str, body: dict[str, Any] | None = None) -> tuple[float, list[dict[str, Any]]]:
    """Seconds until the answer is here whole, and the series in it."""
    data = None if body is None else json.dumps(body).encode()
    started = time.perf_counter()
    request = Request(url, data=data, headers={"Content-Type": "application/json"})
    with urlopen(request, timeout=60) as answer:
        content = answer.read()
    seconds = time.perf_counter() - started
    if body is None:
        return seconds, []
    size = int.from_bytes(content[:4], "little")
    return seconds, json.loads(content[4 : 4 + size])["blocks"]


def poll(url: str, writers: list[Any]) -> dict[str, list[float]]:
    """What an open page asks until the writers are done.

    Four times a second what changed, and the new points of all ten charts, in one question each;
    and every other second a chart from its beginning, as when it scrolls into view.
    """
    asked: dict[str, list[float]] = {
        "what changed": [],
        f"new points of {len(TAGS) * len(writers)} curves": [],
        f"a chart of {len(writers)} curves anew": [],
        "the same, smoothed over every point": [],
    }
    changed, tails, anew, smoothed = asked.values()
    runs = [f"run{k}" for k in range(len(writers))]
    at, seen = 0, dict.fromkeys(TAGS, [0] * len(runs))
    while any(process.poll() is None for process in writers):
        begun = time.perf_counter()
        changed.append(ask(f"{url}/api/index")[0])
        items = [{"tag": tag, "runs": runs, "since": seen[tag]} for tag in TAGS]
        seconds, blocks = ask(f"{url}/api/series", {"items": items})
        tails.append(seconds)
        for block in blocks:
            own = list(seen[block["tag"]])
            own[runs.index(block["run"])] = block["n"]
            seen[block["tag"]] = own
        if at % 8 == 0:
            items = [{"tag": TAGS[at // 8 % len(TAGS)], "runs": runs}]
            anew.append(ask(f"{url}/api/series", {"pixels": 600, "items": items})[0])
            body = {"pixels": 600, "smoothing": 0.6, "items": items}
            smoothed.append(ask(f"{url}/api/series", body)[0])
        at += 1
        time.sleep(max(0.25 - (time.perf_counter() - begun), 0.0))
    return asked


def measure_ours(logdir: str, count: int, seconds: float) -> tuple[Any, ...]:
    from summaries import open_logdir

    if "://" not in logdir:
        Path(logdir).mkdir(exist_ok=True)
    server = subprocess.Popen(
        [sys.executable, "-m", "dashboard.cli", "serve", logdir, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    url = server.stdout.readline().split(" at ")[1].split()[0].rstrip("/")
    writers = start_writers("trainboard", logdir, count, seconds)
    asked = poll(url, writers)
    logged, longest, complaints = ended(writers)
    server.terminate()
    complaints += server.communicate()[1].strip().splitlines()
    with open_logdir(logdir) as reader:
        kept = 0
        for info in reader.runs():
            for tag in TAGS:
                points = reader.scalars(info.name, tag)
                assert points.step.tolist() == list(range(len(points)))
                kept += len(points)
    return asked, logged, kept, longest, complaints


def measure_trackio(directory: str, count: int, seconds: float) -> tuple[Any, ...]:
    import sqlite3

    writers = start_writers("trackio", directory, count, seconds)
    logged, longest, complaints = ended(writers)
    (path,) = Path(directory).glob("*.db")
    connection = sqlite3.connect(path)
    kept = connection.execute("SELECT count(*) FROM metrics").fetchone()[0] * len(TAGS)
    connection.close()
    return logged, kept, longest, complaints


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", nargs=4, metavar=("TOOL", "WHERE", "NAME", "SECONDS"))
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--logdir", help="a directory or a database URL; default: a temporary one")
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    if options.write:
        tool, where, name, seconds = options.write
        print(json.dumps(WRITERS[tool](where, name, float(seconds))))
        return
    print(
        f"{machine()}; {options.writers} processes, {options.seconds:.0f} s,"
        f" {STEPS_PER_S * len(TAGS):,} points/s each\n"
    )
    with tempfile.TemporaryDirectory() as directory:
        where = options.logdir or f"{directory}/logs"
        asked, logged, kept, longest, errors = measure_ours(where, options.writers, options.seconds)
        rows = [("trainboard, page open", logged, kept, longest, errors)]
        if not options.no_peers:
            peer = f"{directory}/trackio"
            Path(peer).mkdir()
            rows.append(
                ("trackio, no page", *measure_trackio(peer, options.writers, options.seconds))
            )
    print(
        table(
            ("tool", "points logged", "points/s", "lost", "complaints", "longest call ms"),
            [
                (
                    name,
                    f"{n:,}",
                    f"{n / options.seconds:,.0f}",
                    f"{n - kept:,}",
                    str(len(told)) + (f" ({told[0]})" if told else ""),
                    f"{longest * 1e3:.1f}",
                )
                for name, n, kept, longest, told in rows
            ],
        )
    )
    print()
    print(
        table(
            ("what the page asks", "times", "p50 ms", "p99 ms", "longest ms"),
            [
                (
                    what,
                    str(len(times)),
                    f"{percentile(times, 0.5) * 1e3:.1f}",
                    f"{percentile(times, 0.99) * 1e3:.1f}",
                    f"{max(times) * 1e3:.1f}",
                )
                for what, times in asked.items()
            ],
        )
    )


if __name__ == "__main__":
    main()
