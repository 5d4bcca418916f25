"""Runs that have something of all that a run's page shows, and what is added to them."""

from __future__ import annotations

from pathlib import Path

from summaries import Histogram, init, open_logdir
from summaries.kinds import console, text
from summaries.store.writing import StoreWriter
from summaries.surroundings import DIFF_TAG

DIFF = "diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-lr = 0.1\n+lr = 0.3\n"


def write_runs(logdir: Path) -> None:
    """Write the runs `a` and `b`, whose settings and values differ."""
    config = {"lr": 0.1, "model": {"name": "resnet", "blocks": [2, 2]}, "on": True, "none": None}
    with init(logdir, name="a", config=config, notes="**first** try", tags=["best"]) as run:
        for step in range(100):
            run.log({"loss": 1.0 / (step + 1) if step != 50 else float("nan")}, step=step)
        run.log({"weights": Histogram([1.0, 2.0])})
        run.summary["found"] = 3
        run.alert("Look", text="at this", level="WARN")
    with init(logdir, name="b", config={**config, "lr": 0.3}) as run:
        run.log({"loss": 0.5}, step=0)


def add_diff(logdir: Path) -> None:
    """As a run in a changed working tree has it."""
    writer = StoreWriter(logdir / "events.db")
    with open_logdir(logdir) as reader:
        run_id = reader.store_of("a")[0].run_id("a")
    writer.merge_json(
        run_id,
        "environment",
        {
            "git": {"commit": "0123456789abcdef", "branch": "main", "dirty": True},
            "packages": {"numpy": "2.0", "torch": "2.5"},
            "cpu": "A processor",
            "memory_bytes": 16 << 30,
            "gpus": [{"name": "H100", "memory_bytes": 80 << 30}],
        },
    )
    writer.append(run_id, {}, [text.event(DIFF_TAG, DIFF, 0, 1e9)])
    writer.close()


def print_lines(logdir: Path, run: str, stream: str, *texts: str, first: int = 0) -> None:
    """As a process that prints them leaves them in the store, one by one."""
    with open_logdir(logdir) as reader:
        run_id = reader.store_of(run)[0].run_id(run)
    writer = StoreWriter(logdir / "events.db")
    events = [
        console.event(stream, [(1e9 + at, text)], at) for at, text in enumerate(texts, start=first)
    ]
    writer.append(run_id, {}, events)
    writer.close()
