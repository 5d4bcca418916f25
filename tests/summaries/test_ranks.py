"""Several processes log one run: nothing is overwritten, and it ends with the last of them."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from summaries import SummaryWriter, open_logdir
from summaries.pipeline import Pipeline
from summaries.records import Scalars
from summaries.store.points import Points, as_ranges, of_ranges
from summaries.store.reading import StoreReader
from summaries.store.writing import StoreWriter

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.mark.parametrize("ranks", [(0,), (3,), (0, 1, 2, 3), (0, 2, 3, 9), tuple(range(1024))])
def test_ranks_in_short_are_the_ranks(ranks: tuple[int, ...]) -> None:
    assert of_ranges(as_ranges(ranks)) == ranks


def test_packets_with_and_without_ranks_are_read_in_order() -> None:
    step = np.arange(5, dtype=np.int64)
    plain = Points(step, step, step / 2)
    ranked = Points(step, step, step / 2, step % 2)
    packets = [(5, plain.packet()), (5, ranked.packet()), (5, plain.packet())]
    back = Points.of_packets(packets)
    assert back.step.tolist() == [*range(5)] * 3
    assert back.ranks().tolist() == [0] * 5 + [0, 1, 0, 1, 0] + [0] * 5


def log(store: StoreWriter, run_id: int, rank: int, steps: range) -> None:
    step = np.array(steps, dtype=np.int64)
    store.append(run_id, {"loss": Scalars(step, 1e9 + step, step + rank / 10)}, rank=rank)


def test_each_ranks_points_are_there_and_told_apart(database: str | Path) -> None:
    stores = [StoreWriter(database) for _ in range(4)]
    ids = {s.start_run("ddp", exist="running", rank=r).id for r, s in enumerate(stores)}
    (run_id,) = ids
    n = 20_000
    for start in range(0, n, 500):
        for rank, store in enumerate(stores):
            log(store, run_id, rank, range(start, start + 500))
    reader = StoreReader(database)
    whole = reader.scalars("ddp", "loss")
    assert whole is not None
    assert len(whole) == 4 * n
    for rank in range(4):
        own = whole.of_rank(rank)
        assert own.step.tolist() == list(range(n))
        assert own.value.tolist() == [step + rank / 10 for step in range(n)]
    (series,) = reader.series()
    assert series.ranks == (0, 1, 2, 3)
    # A chart shows the ranks as one curve with the band between the lowest and the highest.
    bins, _ = reader.bins("loss", ["ddp"], 1000, (100, 110))["ddp"]
    assert bins.step_min.tolist() == list(range(100, 111))
    assert bins.count.tolist() == [4] * 11
    assert (bins.max - bins.min).round(9).tolist() == [0.3] * 11
    coarse, _ = reader.bins("loss", ["ddp"], 300, None)["ddp"]
    assert (np.diff(coarse.step_min) > 0).all()
    assert coarse.count.sum() == 4 * n
    reader.close()
    for store in stores:
        store.end_run(run_id)
        store.close()


def test_a_run_ends_with_its_last_writer(database: str | Path) -> None:
    first, second = StoreWriter(database), StoreWriter(database)
    run_id = first.start_run("a", rank=0).id
    assert second.start_run("a", rank=1).id == run_id
    reader = StoreReader(database)
    first.end_run(run_id)
    assert reader.changed_runs(-1).rows[0].info.status == "running"
    second.end_run(run_id, "failed")
    assert reader.changed_runs(-1).rows[0].info.status == "failed"
    # Resumed by one that ends well, it has ended well.
    first.start_run("a")
    first.end_run(run_id)
    assert reader.changed_runs(-1).rows[0].info.status == "finished"
    reader.close()
    first.close()
    second.close()


def test_who_seals_the_rest_tells_the_others(database: str | Path) -> None:
    first, second = StoreWriter(database), StoreWriter(database)
    run_id = first.start_run("a").id
    assert second.start_run("a", rank=1).id == run_id
    for _ in range(3):
        log(first, run_id, 0, range(1000))
        log(second, run_id, 1, range(1000))
        first.seal_rests(run_id)
        log(second, run_id, 1, range(4000))
    reader = StoreReader(database)
    whole = reader.scalars("a", "loss")
    assert whole is not None
    assert len(whole) == 18_000
    for store in (reader, first, second):
        store.close()


def test_running_joins_while_it_runs_and_begins_anew_afterwards(database: str | Path) -> None:
    first, second = StoreWriter(database), StoreWriter(database)
    began = first.start_run("a", exist="running")
    assert second.start_run("a", exist="running", rank=1).id == began.id
    first.end_run(began.id)
    second.end_run(began.id)
    again = first.start_run("a", exist="running")
    assert (again.name, again.is_new) == ("a-2", True)
    first.close()
    second.close()


def test_two_writers_on_one_directory_end_its_run_with_the_second(tmp_path: Path) -> None:
    first, second = SummaryWriter(tmp_path), SummaryWriter(tmp_path)
    first.add_scalar("x", 1.0, 0)
    first.close()
    with open_logdir(tmp_path) as reader:
        assert reader.runs()[0].status == "running"
        second.add_scalar("x", 2.0, 1)
        second.close()
        assert reader.runs()[0].status == "finished"
        assert reader.scalars(".", "x").value.tolist() == [1.0, 2.0]


RANK = """
import sys, time
from pathlib import Path
from summaries.pipeline import Pipeline
where, rank, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
run = Pipeline(where if "://" in where else Path(where), "ddp", exist="join", rank=rank)
for step in range(n):
    if len(run.points) >= run.limit:
        run.relieve()
    run.points.append(("loss", step + rank / 10, step, time.time()))
run.flush()
print("logged", flush=True)
if rank == 3:
    time.sleep(600)
run.close()
"""


def test_four_processes_write_one_run_and_the_death_of_one_is_seen(
    database: str | Path, start_script: Start
) -> None:
    n = 30_000
    processes = [start_script(RANK, database, rank, n) for rank in range(4)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "logged\n", process.communicate()[1]
    for process in processes[:3]:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
    logdir = database.parent if isinstance(database, Path) else database
    with open_logdir(logdir) as reader:
        (info,) = reader.runs()
        assert (info.status, info.ranks) == ("running", (0, 1, 2, 3))
        processes[3].send_signal(signal.SIGKILL)
        processes[3].communicate()
        end = time.monotonic() + 10
        while reader.runs()[0].status != "crashed":
            assert time.monotonic() < end
            time.sleep(0.05)
        whole = reader.scalars("ddp", "loss")
        for rank in range(4):
            assert whole.of_rank(rank).step.tolist() == list(range(n))
        assert len(reader.scalars("ddp", "loss", rank=2)) == n
        # One process more ends well, and the run is not crashed for good.
        run = Pipeline(database, "ddp")
        run.close()
        assert reader.runs()[0].status == "finished"
