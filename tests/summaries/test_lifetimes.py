"""Writers that are forgotten, forked, interrupted or closed while others log: nothing is lost."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from summaries import SummaryWriter, init, open_logdir

Start = Callable[..., "subprocess.Popen[str]"]
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def ends_well(process: subprocess.Popen[str], seconds: float = 60.0) -> str:
    """What the script printed; it must end by itself, without a complaint."""
    out, errors = process.communicate(timeout=seconds)
    assert (process.returncode, errors) == (0, "")
    return out


def wait_until(found: Callable[[], Any], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end
        time.sleep(0.02)


# -- forgotten ----------------------------------------------------------------------------------


def test_a_forgotten_writer_writes_what_it_holds_and_ends_its_run(tmp_path: Path) -> None:
    def train() -> None:
        writer = SummaryWriter(tmp_path)
        for step in range(100):
            writer.add_scalar("a", 1.0, step)

    train()
    gc.collect()
    with open_logdir(tmp_path) as reader:
        wait_until(lambda: [info.status for info in reader.runs()] == ["finished"])
        assert reader.scalars(".", "a").step.tolist() == list(range(100))


def test_a_writer_forgotten_at_the_end_of_the_interpreter_loses_nothing(
    tmp_path: Path, start_script: Start
) -> None:
    code = (
        "import sys; from summaries import init\n"
        "run = init(sys.argv[1], name='r')\n"
        "run.log({'x': 1.0})\n"
        "del run\n"
    )
    ends_well(start_script(code, tmp_path))
    with open_logdir(tmp_path) as reader:
        assert reader.scalars("r", "x").value.tolist() == [1.0]
        assert reader.runs()[0].status == "finished"


# -- forked -------------------------------------------------------------------------------------


@needs_fork
@pytest.mark.parametrize("ending", ["sys.exit(0)", "writer.close(); os._exit(0)"])
def test_a_child_that_logs_nothing_leaves_the_parents_run_alone(
    tmp_path: Path, start_script: Start, ending: str
) -> None:
    code = f"""
import os, sys, time
from summaries import SummaryWriter, open_logdir
writer = SummaryWriter(sys.argv[1])
writer.add_scalar("a", 1.0, 0)
child = os.fork()
if child == 0:
    {ending}
assert os.waitpid(child, 0)[1] == 0
writer.flush()
print(open_logdir(sys.argv[1]).runs()[0].status)
writer.close()
"""
    assert ends_well(start_script(code, tmp_path)) == "running\n"


@needs_fork
def test_a_child_that_logs_ends_without_ending_the_parents_run(
    tmp_path: Path, start_script: Start
) -> None:
    code = """
import os, sys
from summaries import SummaryWriter, open_logdir
writer = SummaryWriter(sys.argv[1])
child = os.fork()
if child == 0:
    writer.flush()
    writer.add_scalar("child", 1.0, 0)
    writer.add_hparams({"lr": 0.1})
    writer.add_text("child", "text", 0)
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
writer.add_scalar("parent", 1.0, 0)
writer.flush()
print(open_logdir(sys.argv[1]).runs()[0].status)
writer.close()
"""
    assert ends_well(start_script(code, tmp_path)) == "running\n"
    with open_logdir(tmp_path) as reader:
        (info,) = reader.runs()
        assert info.status == "finished"
        assert info.hparams == {"lr": 0.1}
        assert info.tags == {"scalar": ("child", "parent"), "text": ("child",)}


@needs_fork
def test_workers_of_multiprocessing_write_all_they_logged(
    tmp_path: Path, start_script: Start
) -> None:
    # They end by os._exit, which runs no exit handlers.
    code = """
import multiprocessing, sys
from summaries import SummaryWriter, init

def work(k):
    for step in range(100):
        writer.add_scalar(f"inherited{k}", 1.0, step)
    init(sys.argv[1] + "/own", name=f"worker{k}").log({"x": 1.0})

if __name__ == "__main__":
    writer = SummaryWriter(sys.argv[1])
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=work, args=(k,)) for k in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    writer.close()
"""
    ends_well(start_script(code, tmp_path))
    with open_logdir(tmp_path) as reader:
        for k in range(2):
            assert len(reader.scalars(".", f"inherited{k}")) == 100
            assert len(reader.scalars(f"own/worker{k}", "x")) == 1
        assert {info.status for info in reader.runs()} == {"finished"}


@needs_fork
def test_a_child_forked_during_a_flush_gets_its_switch_interval_back(
    tmp_path: Path, start_script: Start
) -> None:
    code = """
import os, sys
from summaries import SummaryWriter
from summaries.switching import quick_switching
writer = SummaryWriter(sys.argv[1])
before = sys.getswitchinterval()
with quick_switching:
    child = os.fork()
    if child == 0:
        same = sys.getswitchinterval() == before
        writer.add_scalar("a", 1.0, 0)
        writer.close()
        os._exit(0 if same and sys.getswitchinterval() == before else 1)
assert os.waitpid(child, 0)[1] == 0
writer.close()
"""
    ends_well(start_script(code, tmp_path))


# -- interrupted --------------------------------------------------------------------------------


def test_a_signal_handler_may_log_flush_and_close(tmp_path: Path, start_script: Start) -> None:
    code = """
import os, signal, sys, threading, time
from summaries import SummaryWriter
writer = SummaryWriter(sys.argv[1])
count = 0

def stop(*_):
    writer.add_text("note", "stopped", 0)
    writer.flush()
    writer.close()
    raise SystemExit(0)

signal.signal(signal.SIGTERM, stop)
threading.Timer(0.3 + float(sys.argv[2]), os.kill, (os.getpid(), signal.SIGTERM)).start()
while True:
    writer.add_scalar("a", 1.0, count)
    count += 1
    if count % 10 == 0:
        writer.flush()
"""
    for k in range(4):
        ends_well(start_script(code, tmp_path / str(k), k * 0.013))
        with open_logdir(tmp_path / str(k)) as reader:
            steps = reader.scalars(".", "a").step.tolist()
            assert steps == list(range(len(steps)))
            assert len(reader.texts(".", "note")) == 1
            assert reader.runs()[0].status == "finished"


def test_an_interrupt_behind_the_commit_repeats_no_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = SummaryWriter(tmp_path)
    writer.add_scalar("a", 1.0, 0)
    store = writer._pipeline._store
    works = store.append
    here = threading.current_thread()

    def interrupted(*arguments: Any) -> None:
        works(*arguments)
        if threading.current_thread() is here:
            raise KeyboardInterrupt  # as it comes behind the commit

    monkeypatch.setattr(store, "append", interrupted)
    with contextlib.suppress(KeyboardInterrupt):
        writer.flush()
    monkeypatch.undo()
    writer.close()
    with open_logdir(tmp_path) as reader:
        assert reader.scalars(".", "a").step.tolist() == [0]


def test_threads_that_log_while_the_writer_closes_lose_nothing_or_are_told(tmp_path: Path) -> None:
    for attempt in range(5):
        writer = SummaryWriter(tmp_path / str(attempt))
        logged = [0] * 4

        def log(k: int, writer: SummaryWriter = writer, logged: list[int] = logged) -> None:
            try:
                while True:
                    writer.add_scalar(f"t{k}", 0.0, logged[k])
                    logged[k] += 1
            except ValueError as error:
                assert "closed" in str(error)

        threads = [threading.Thread(target=log, args=(k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.1)
        writer.close()
        for thread in threads:
            thread.join()
        with open_logdir(tmp_path / str(attempt)) as reader:
            for k in range(4):
                assert len(reader.scalars(".", f"t{k}")) == logged[k]


# -- what can never be written ------------------------------------------------------------------


def test_the_step_after_the_last_one_that_64_bits_hold_is_refused(tmp_path: Path) -> None:
    with init(tmp_path, name="r") as run:
        run.log({"a": 1.0}, step=2**63 - 1)
        with pytest.raises(ValueError, match="64 bits"):
            run.log({"a": 2.0})
        run.log({"a": 3.0}, step=0)
    with open_logdir(tmp_path) as reader:
        assert reader.scalars("r", "a").value.tolist() == [1.0, 3.0]


def test_a_value_that_can_never_be_written_does_not_hold_up_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer = SummaryWriter(tmp_path)
    # SQLite refuses it every time; a real one is a text of over a gigabyte.
    writer._pipeline._store._engine.raw_connection().driver_connection.setlimit(0, 100_000)  # type: ignore[union-attr]
    with caplog.at_level(logging.ERROR, logger="summaries"):
        writer.add_text("fits", "before", 0)
        writer.add_scalar("a", 1.0, 0)
        writer.add_text("large", "x" * 200_000, 0)
        writer.add_text("fits", "after", 1)
        writer.flush()
        writer.add_scalar("a", 2.0, 1)
        writer.close()
    assert "text 'large'" in caplog.text
    assert "too big" in caplog.text
    with open_logdir(tmp_path) as reader:
        assert [t.text for t in reader.texts(".", "fits")] == ["before", "after"]
        assert reader.scalars(".", "a").value.tolist() == [1.0, 2.0]
        assert "large" not in reader.runs()[0].tags["text"]


def test_hparams_that_could_not_be_written_are_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = SummaryWriter(tmp_path)
    store = writer._pipeline._store

    def fails(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(store, "merge_json", fails)
    writer.add_hparams({"lr": 0.1}, {"loss": 2.0})
    monkeypatch.undo()
    writer.close()
    with open_logdir(tmp_path) as reader:
        assert reader.hparams() == {".": {"lr": 0.1}}


def test_a_full_buffer_drops_the_oldest_and_counts_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    writer = SummaryWriter(tmp_path, max_queue=10_000)
    store = writer._pipeline._store

    def fails(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(store, "append", fails)
    monkeypatch.setattr("summaries.pipeline.FLUSH_PERIOD_S", 1000.0)
    writer.add_scalar("a", 0.0, 0)
    writer.flush()
    for step in range(6000):
        writer.add_text("t", "x", step)
    for step in range(30_000):
        writer.add_scalar("a", 0.0, step)
    monkeypatch.undo()
    writer.close()
    with open_logdir(tmp_path) as reader:
        kept = sum(series.n for series in reader.series())
        assert f"{36_001 - kept} logged values could not be written" in caplog.text
        steps = reader.scalars(".", "a").step.tolist()
        # The first waits for the store already; of those behind it the newest are kept.
        assert steps == [0, *range(30_001 - len(steps), 30_000)]
