"""How quick is the page once it stands: charts, zoom, paging, scrolling, live updates, memory?

    python benchmarks/bench_browser.py            # needs the extra `bench` and a Chromium
    python benchmarks/bench_browser.py --minutes 10

Each figure has its goal beside it. A headless Chromium without a GPU paints in software, so frames
a second are a lower bound. What a chart costs the server is timed by HTTP, with nobody else asking;
what it costs the page is from the request to the painted canvas, by the page's own clock.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from bench_page import FLAGS, free_port, make_data, memory_mb
from peers import machine, table

from summaries.records import Scalars
from summaries.store.writing import StoreWriter

Row = tuple[str, str, str]


def make_sweep(logdir: Path, runs: int, tags: int, points: int) -> None:
    """A sweep: many short runs with settings."""
    store = StoreWriter(logdir / "events.db")
    steps = np.arange(points)
    rng = np.random.default_rng(0)
    for number in range(runs):
        config = {
            "lr": float(10 ** rng.uniform(-4, -1)),
            "depth": int(rng.integers(1, 9)),
            "optimizer": ["adam", "sgd", "rmsprop"][number % 3],
            "seed": number % 5,
        }
        name = f"sweep/depth={config['depth']}/run{number:04d}"
        run_id = store.start_run(name, config).id
        walls = np.round(1.8e9 + number * 60 + steps * 0.5, 6)
        noise = rng.standard_normal((tags, points)) * 0.05
        curves = np.exp(-steps / rng.uniform(20, 90, (tags, 1))) + noise
        logged = {
            f"{'train' if tag % 2 else 'eval'}/metric{tag:02d}": Scalars(steps, walls, curves[tag])
            for tag in range(tags)
        }
        store.append(run_id, logged)
        store.update_run(run_id, status="finished")
    store.close()


@contextmanager
def served(logdir: Path) -> Iterator[tuple[str, int]]:
    """A server over the logdir: its address and process."""
    port = free_port()
    command = [sys.executable, "-m", "dashboard.cli", "serve", str(logdir), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                urllib.request.urlopen(f"{base}/api/v1/health", timeout=30).close()
                break
            except OSError:
                time.sleep(0.05)
        yield base, process.pid
    finally:
        process.terminate()
        process.wait(20)


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


# What a person waits for: the canvas of a card has ink.
INKED = """tag => {
  const card = document.querySelector(tag ? `[data-tag="${tag}"]` : ".card");
  const canvas = card && card.querySelector("canvas");
  if (!canvas || !canvas.width) return false;
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 3; i < data.length; i += 40) if (data[i]) return true;
  return false;
}"""


def first_chart(page: Any, address: str, rounds: int) -> float:
    """Seconds from navigation to a first chart with ink, the server running."""
    found = []
    for _ in range(rounds):
        page.goto("about:blank")
        start = time.perf_counter()
        page.goto(address, wait_until="commit")
        page.wait_for_function(INKED, arg=None, polling=10)
        found.append(time.perf_counter() - start)
    return median(found)


def server_answer(base: str, rounds: int) -> tuple[float, int]:
    """Seconds and bytes of the answer that draws one chart of all runs at a card's width."""
    with urllib.request.urlopen(f"{base}/api/index", timeout=60) as answer:
        index = json.load(answer)
    runs = [run["name"] for run in index["runs"]]
    tag = sorted(index["series"]["scalar"])[0]
    found = []
    size = 0
    for number in range(rounds):
        # Another width each time: nothing that may have been kept is measured.
        body = {"pixels": 400 + number % 3, "smoothing": 0, "items": [{"tag": tag, "runs": runs}]}
        request = urllib.request.Request(
            f"{base}/api/series", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        start = time.perf_counter()
        with urllib.request.urlopen(request, timeout=60) as answer:
            size = len(answer.read())
        found.append(time.perf_counter() - start)
    return median(found), size


def chart_drawn(page: Any, address: str, tag: str, rounds: int) -> float:
    """Seconds from asking for a chart's points to its ink, on a page that stands."""
    found = []
    for _ in range(rounds):
        page.goto(f"{address}/scalars?tags=%5Enothing%24")
        page.wait_for_selector(".scalar-controls")
        page.wait_for_timeout(1500)  # plotly's script is run by then
        found.append(
            page.evaluate(
                """async ([tag, inked]) => {
                  const start = performance.now();
                  window.trainboard.view.set({tagFilter: "^" + tag + "$"});
                  const is = eval(inked);
                  while (!is(tag)) await new Promise(requestAnimationFrame);
                  return (performance.now() - start) / 1000;
                }""",
                [tag, INKED],
            )
        )
    return median(found)


def zoom_refined(page: Any, address: str, tag: str, points: int, rounds: int) -> float:
    """Seconds from a zoom to the finer curve."""
    page.goto(f"{address}/scalars?tags=%5E{tag.replace('/', '%2F')}%24")
    page.wait_for_function(INKED, arg=tag, polling=20)
    page.wait_for_timeout(2500)
    found = []
    for number in range(rounds):
        low = points * (0.2 + 0.05 * number)
        start = time.perf_counter()
        with page.expect_response(lambda answer: "/api/series" in answer.url):
            page.evaluate(
                "([tag, x]) => window.trainboard.view.set({zoom: {[tag]: {axis: 'step', x}}})",
                [tag, [low, low + points * 0.02]],
            )
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        found.append(time.perf_counter() - start)
        page.evaluate("() => window.trainboard.view.set({zoom: {}})")
        page.wait_for_timeout(300)
    return median(found)


def page_switch(page: Any, base: str) -> list[Row]:
    """Time from the click to the other page's own content."""
    rows: list[Row] = []
    marks = {
        "/overview": ".page-overview, main > *",
        "/runs": ".ag-row, .page-runs",
        "/hparams": ".page-hparams, main > *",
        "/compare": ".page-compare, main > *",
        "/scalars": ".card canvas",
    }
    page.goto(f"{base}/scalars")
    page.wait_for_selector(".card canvas")
    page.wait_for_timeout(2500)
    for again in (False, True):
        for path, mark in marks.items():
            took = page.evaluate(
                """async ([path, mark]) => {
                  const start = performance.now();
                  window.trainboard.go(path);
                  const current = () => document.querySelector("#shell-nav .current");
                  const here = () => current()?.pathname.endsWith(path);
                  const is = () => here() && document.querySelector(mark);
                  while (!is()) await new Promise(requestAnimationFrame);
                  return (performance.now() - start) / 1000;
                }""",
                [path, mark],
            )
            if again:
                rows.append((f"switch to {path}", "300 ms", ms(took)))
            page.wait_for_timeout(1200)
    return rows


SCROLL = """async () => {
  const main = document.getElementById("page");
  const gaps = [];
  let last = performance.now();
  const end = last + 3000;
  let down = true;
  while (performance.now() < end) {
    main.scrollTop += down ? 14 : -14;
    if (main.scrollTop + main.clientHeight >= main.scrollHeight - 2) down = false;
    if (main.scrollTop <= 0) down = true;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    gaps.push(now - last);
    last = now;
  }
  gaps.sort((a, b) => a - b);
  const total = gaps.reduce((a, b) => a + b);
  return {fps: 1000 * gaps.length / total, p95: gaps[Math.floor(gaps.length * 0.95)]};
}"""


def scrolling(page: Any, address: str) -> dict[str, float]:
    """Frames a second while 24 cards of 20 runs are scrolled."""
    page.goto(address)
    page.wait_for_function(INKED, arg=None, polling=20)
    page.wait_for_timeout(3000)
    page.evaluate(SCROLL)  # the cards below are drawn by then
    found: dict[str, float] = page.evaluate(SCROLL)
    return found


def live_updates(page: Any, logdir: Path, base: str, pid: int, seconds: float) -> dict[str, float]:
    """What new points each second on 12 visible cards of 20 runs cost server and page."""
    store = StoreWriter(logdir / "events.db")
    runs = [store.start_run(f"live{number:02d}", {}).id for number in range(20)]
    tags = [f"live/metric{number:02d}" for number in range(12)]

    def log(step: int) -> None:
        at = np.arange(step, step + 5)
        for run in runs:
            walls = np.round(time.time() + np.arange(5) * 0.001, 6)
            store.append(
                run, {tag: Scalars(at, walls, np.sin(at / 50 + run) + 1.0) for tag in tags}
            )

    for step in range(0, 1000, 5):
        log(step)
    page.set_viewport_size({"width": 1440, "height": 1400})
    page.goto(f"{base}/scalars?tags=%5Elive%2F&smoothing=0")
    page.wait_for_function(INKED, arg=tags[0], polling=20)
    page.wait_for_timeout(4000)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def main_thread() -> float:
        found = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
        return float(found["ScriptDuration"] + found["LayoutDuration"])

    def server_cpu() -> float:
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(ticks[11]) + int(ticks[12])) / 100

    page.wait_for_timeout(2000)
    idle_page, idle_server, start = main_thread(), server_cpu(), time.perf_counter()
    page.wait_for_timeout(seconds * 1000)
    idle = time.perf_counter() - start
    idle_page, idle_server = main_thread() - idle_page, server_cpu() - idle_server
    before_page, before_server, start = main_thread(), server_cpu(), time.perf_counter()
    ticks = 0
    while time.perf_counter() - start < seconds:
        log(1000 + ticks * 5)
        ticks += 1
        page.wait_for_timeout(max(0.0, (start + ticks - time.perf_counter()) * 1000))
    page.wait_for_timeout(1000)
    span = (time.perf_counter() - start) / idle
    store.close()
    return {
        "server_ms": (server_cpu() - before_server - idle_server * span) / ticks * 1000,
        "page_ms": (main_thread() - before_page - idle_page * span) / ticks * 1000,
    }


def memory_over_time(page: Any, logdir: Path, base: str, pid: int, minutes: float) -> list[Row]:
    """Heap of the page and memory of the server while runs are logged live, quicker than real."""
    store = StoreWriter(logdir / "events.db")
    runs = [store.start_run(f"growing{number:02d}", {}).id for number in range(20)]
    page.goto(f"{base}/scalars")
    page.wait_for_function(INKED, arg=None, polling=20)
    page.wait_for_timeout(5000)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def heap_mb() -> float:
        session.send("HeapProfiler.collectGarbage")
        found = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
        return float(found["JSHeapUsedSize"]) / 1e6

    step, samples = 0, []
    end = time.perf_counter() + minutes * 60
    while time.perf_counter() < end:
        for run in runs:
            at = np.arange(step, step + 20)
            walls = np.round(time.time() + np.arange(20) * 0.001, 6)
            tags = [f"{'train' if n % 2 else 'eval'}/metric{n:02d}" for n in range(20)]
            store.append(run, {tag: Scalars(at, walls, np.cos(at / 90)) for tag in tags})
        step += 20
        page.wait_for_timeout(500)
        if not samples or time.perf_counter() - samples[-1][0] > minutes * 6:
            samples.append((time.perf_counter(), heap_mb(), memory_mb(pid)))
    samples.append((time.perf_counter(), heap_mb(), memory_mb(pid)))
    store.close()
    third = len(samples) // 3
    grown = samples[-1][2] - median(s[2] for s in samples[third : 2 * third + 1])
    passed = f"{step / 3600:.1f} h of a step a second"
    return [
        (f"heap after {minutes:.0f} min live", "600 MB", f"{samples[-1][1]:.0f} MB"),
        (f"server memory over {passed}, last against middle", "no growth", f"{grown:+.1f} MB"),
    ]


def first_load(base: str) -> tuple[int, int]:
    """Bytes of all scripts, style sheets and the page: gzip for those far away, and as they are."""
    with urllib.request.urlopen(base, timeout=30) as answer:
        document = answer.read()
    text = document.decode()
    config = re.search(r'"plotly":"([^"]+)"', text)
    paths = re.findall(r'<(?:script src|link rel="stylesheet" href)="([^"]+)"', text)
    total, plain = len(gzip.compress(document)), len(document)
    for path in [*paths, *([config[1]] if config else [])]:
        with urllib.request.urlopen(base + path, timeout=30) as answer:
            body = answer.read()
        plain += len(body)
        total += len(gzip.compress(body, 6))
    return total, plain


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="where the data is kept between measurements")
    parser.add_argument("--minutes", type=float, default=2.0, help="of live updates")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    top = options.data or Path(tempfile.mkdtemp(prefix="bench-browser-"))
    many, sweep, grid = top / "logs", top / "sweep", top / "grid"
    if not many.exists():
        make_data(many, 100, 10_000)
    if not sweep.exists():
        make_sweep(sweep, 1000, 20, 200)
    shutil.rmtree(grid, ignore_errors=True)
    make_sweep(grid, 20, 24, 1000)
    rows: list[Row] = []
    program = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)

        def new_page() -> Any:
            return browser.new_page(viewport={"width": 1440, "height": 900})

        with served(many) as (base, pid):
            page = new_page()
            took = first_chart(page, base, options.rounds)
            rows.append(("100 runs x 10 tags x 10,000: first chart", "1.5 s", f"{took:.2f} s"))
            seconds, size = server_answer(base, 15)
            rows.append((f"chart of 100 runs, server ({size / 1e3:.0f} KB)", "50 ms", ms(seconds)))
            drawn = chart_drawn(page, base, "eval/acc", options.rounds)
            rows.append(("chart of 100 runs, asked to drawn", "400 ms", ms(drawn)))
            refined = zoom_refined(page, base, "eval/acc", 10_000, options.rounds)
            rows.append(("zoom of 100 runs refined", "150 ms", ms(refined)))
            rows += page_switch(page, base)
            packed, plain = first_load(base)
            rows.append(
                (f"first load ({plain / 1e6:.1f} MB plain)", "2.5 MB", f"{packed / 1e6:.2f} MB")
            )
            page.close()
        with served(grid) as (base, pid):
            page = new_page()
            found = scrolling(page, base)
            text = f"{found['fps']:.0f} (95 % of frames {found['p95']:.0f} ms)"
            rows.append(("24 cards x 20 runs scrolled, frames/s", "50", text))
            cost = live_updates(page, grid, base, pid, 15)
            rows.append(("live tick of 12 cards, server", "50 ms", f"{cost['server_ms']:.0f} ms"))
            rows.append(("live tick of 12 cards, page", "30 ms", f"{cost['page_ms']:.0f} ms"))
            page.close()
        with served(sweep) as (base, pid):
            page = new_page()
            took = first_chart(page, base, 3)
            rows.append(("1000 runs x 20 tags: first chart", "3 s", f"{took:.2f} s"))
            start = time.perf_counter()
            page.goto(f"{base}/runs", wait_until="commit")
            page.wait_for_selector(".ag-row", timeout=60_000)
            rows.append(("run table of 1000 runs", "3 s", f"{time.perf_counter() - start:.2f} s"))
            page.goto(f"{base}/scalars?select=%7B%22only%22%3A%5B%5D%7D")
            page.wait_for_selector(".scalar-controls")
            page.wait_for_timeout(3000)
            took = page.evaluate(
                """async (inked) => {
                  const names = window.trainboard.runs.all().slice(0, 200).map(run => run.name);
                  const start = performance.now();
                  window.trainboard.runs.selectOnly(names);
                  const is = eval(inked);
                  while (!is(null)) await new Promise(requestAnimationFrame);
                  return (performance.now() - start) / 1000;
                }""",
                INKED,
            )
            rows.append(("selecting 200 of 1000 runs", "2 s", f"{took:.2f} s"))
            rows += memory_over_time(page, sweep, base, pid, options.minutes)
            rows.append(("server memory, 1000 runs x 20 tags", "", f"{memory_mb(pid):.0f} MB"))
            page.close()
        browser.close()
    print(f"{machine()}\n")
    print(table(("what", "goal", "measured"), rows))
    if options.data is None:
        shutil.rmtree(top)


if __name__ == "__main__":
    main()
