"""SIGKILL at any moment: at most one flush period is lost, and the store stays whole."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from summaries import init, open_logdir
from summaries.upkeep import check_logdir

KILLS = 30
FLUSH_PERIOD_S = 0.5

# Each point's value is the time it was logged at; before each, the step is written where the test
# finds it after the kill, without a system call that could be lost.
LOG_FOREVER = """
import mmap, sys, time
from summaries import init
run = init(sys.argv[1], name=sys.argv[2])
with open(sys.argv[3], "r+b") as file:
    shared = mmap.mmap(file.fileno(), 16)
    print("ready", flush=True)
    step = 0
    pause = float(sys.argv[4])
    while True:
        run.log({"logged_at": time.time()}, step=step)
        step += 1
        shared[:8] = step.to_bytes(8, "little")
        if pause:
            time.sleep(pause)
"""


@pytest.mark.parametrize("pause", [0.0, 0.0001], ids=["flat out", "5,000 points a second"])
def test_a_killed_writer_loses_at_most_one_flush_period(
    tmp_path: Path, start_script: Callable[..., subprocess.Popen[str]], pause: float
) -> None:
    chooser = random.Random(17)
    logdir = tmp_path / "logs"
    lost: list[float] = []
    for kill in range(KILLS // 2):
        note = tmp_path / f"note{kill}"
        note.write_bytes(bytes(16))
        process = start_script(LOG_FOREVER, logdir, f"run{kill}", note, pause)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        started_at = time.time()
        # Long enough, flat out, for a backlog to build up if anything let it.
        time.sleep(0.3 + chooser.random() * (1.2 if pause else 2.7))
        killed_at = time.time()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        logged = int.from_bytes(note.read_bytes()[:8], "little")
        with open_logdir(logdir) as reader:
            assert reader.problems() == []
            status = {info.name: info.status for info in reader.runs()}
            assert status[f"run{kill}"] == "crashed"
            series = reader.series(f"run{kill}")
            n = 0
            last = started_at
            if series:
                points = reader.scalars(f"run{kill}", "logged_at")
                # What is there is a prefix of what was logged: nothing in between is missing.
                assert points.step.tolist() == list(range(len(points)))
                n, last = len(points), points.value[-1]
            # The script is killed between logging a point and noting it, at the latest.
            assert n <= logged + 1
            lost.append(killed_at - last)
        (checkup,) = check_logdir(logdir)
        assert [f for f in checkup.findings if f.severity == "damage"] == []
    connection = sqlite3.connect(logdir / "events.db")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    # The period is a fifth of a second; the rest is for the write itself.
    assert max(lost) <= FLUSH_PERIOD_S, sorted(lost)
    print("seconds lost:", [round(s, 3) for s in sorted(lost)])
    with init(logdir, name="after") as run:
        run.log({"x": 1.0})
    with open_logdir(logdir) as reader:
        assert len(reader.runs()) == KILLS // 2 + 1
        assert reader.scalars("after", "x").value.tolist() == [1.0]
