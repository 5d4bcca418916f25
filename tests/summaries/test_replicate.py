"""Runs brought from one store to another: nothing is lost, nothing is sent twice."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from summaries import Histogram, Image, SummaryWriter, init, open_logdir
from summaries.event import Event
from summaries.reader import Reader
from summaries.records import Scalars
from summaries.replicate import Part, StoreTarget, copy_run, copy_runs, parts_after
from summaries.store.reading import StoreReader
from summaries.store.writing import StoreWriter

ODD = [float("nan"), float("inf"), -float("inf"), -0.0, 5e-324, 1.7e308]


def fill(logdir: Path) -> None:
    """Runs of both forms with every kind of trouble in them."""
    with init(logdir, name="sweep/lr=0.1", config={"lr": 0.1, "deep": {"er": [1, 2]}}) as run:
        for step, value in enumerate(ODD * 2000):
            run.log({"loss": value, "acc": step / 7}, step=step % 5000)
        run.log({"image": Image(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))})
        run.log({"text": "naïve \N{SNOWMAN} \0 text", "weights": Histogram(np.arange(1000.0))})
    with SummaryWriter(logdir / "own") as writer:
        writer.add_scalar("loss", 0.25, 3, walltime=1e9 + 0.123456)
        writer.add_hparams({"lr": 0.1}, {"final": 1.0})


def same(a: Reader, b: Reader, names: dict[str, str] | None = None) -> None:
    """Everything that one reader gives of its runs, the other gives too."""
    names = names or {info.name: info.name for info in a.runs()}
    others = {info.name: info for info in b.runs()}
    for info in a.runs():
        other = others[names[info.name]]
        for column in ("key", "config", "hparams", "created", "status", "labels", "environment",
                       "notes", "summary", "group", "updated", "fork_step", "ranks"):  # fmt: skip
            assert getattr(info, column) == getattr(other, column), column
        mine = {(s.kind, s.tag): s for s in a.series(info.name)}
        theirs = {(s.kind, s.tag): s for s in b.series(other.name)}
        assert mine.keys() == theirs.keys()
        for (kind, tag), series in mine.items():
            assert series.n == theirs[kind, tag].n
            if kind != "scalar":
                continue
            x, y = a.scalars(info.name, tag), b.scalars(other.name, tag)
            assert x.value.tobytes() == y.value.tobytes()
            assert (x.step == y.step).all()
            assert (x.wall_time == y.wall_time).all()
            assert (x.rank is None) == (y.rank is None)
            assert x.rank is None or (x.rank == y.rank).all()  # type: ignore[operator]
        assert len(a.replaced(info.name)) == len(b.replaced(other.name))


def test_there_and_back_everything_is_the_same(tmp_path: Path, postgres_url: str) -> None:
    fill(tmp_path / "here")
    report = copy_runs(tmp_path / "here", postgres_url)
    assert (report.runs, report.failed) == (2, [])
    assert report.values == 24_000 + 3 + 2 + 1  # and the alert about NaN
    copy_runs(postgres_url, tmp_path / "back")
    for there in (postgres_url, tmp_path / "back"):
        with open_logdir(tmp_path / "here") as a, open_logdir(there) as b:
            same(a, b)
            (image,) = b.images("sweep/lr=0.1", "image")
            assert b.blob(image.sha256) == a.blob(image.sha256)
            assert b.texts("sweep/lr=0.1", "text") == a.texts("sweep/lr=0.1", "text")
            (x,), (y,) = (r.histograms("sweep/lr=0.1", "weights") for r in (a, b))
            assert (x.counts.tolist(), x.edges.tolist()) == (y.counts.tolist(), y.edges.tolist())
    assert copy_runs(tmp_path / "here", postgres_url).values == 0


def test_a_run_that_grew_is_gone_on_with(tmp_path: Path, database: str | Path) -> None:
    target = database.parent / "there" if isinstance(database, Path) else database
    run = init(tmp_path / "here", name="live", config={"lr": 1}, health=False)
    for round in range(3):
        for step in range(3000):
            run.log({"loss": float(step), "seldom": 1.0} if step < 3 else {"loss": float(step)})
        run.flush()
        copied = copy_runs(tmp_path / "here", target)
        assert copied.values == 3003
        with open_logdir(target) as reader:
            assert reader.runs()[0].status == "running"
            assert len(reader.scalars("live", "loss")) == 3000 * (round + 1)
    run.finish()
    copy_runs(tmp_path / "here", target)
    with open_logdir(tmp_path / "here") as a, open_logdir(target) as b:
        same(a, b)


def test_a_rewound_run_is_copied_anew_with_what_was_replaced(
    tmp_path: Path, database: str | Path
) -> None:
    target = database.parent / "there" if isinstance(database, Path) else database
    for purge in (None, 50, 20):
        with SummaryWriter(tmp_path / "here", purge_step=purge) as writer:
            for step in range(purge or 0, 100):
                writer.add_scalar("loss", float(purge or 0), step)
            writer.add_text("note", str(purge), 70)
        copy_runs(tmp_path / "here", target)
        with open_logdir(tmp_path / "here") as a, open_logdir(target) as b:
            same(a, b)
            assert len(b.texts(".", "note")) == 1


def test_a_run_rewound_while_it_is_copied_is_copied_as_it_then_is(
    tmp_path: Path, database: str | Path
) -> None:
    where = tmp_path / "here" / "events.db"
    writer = StoreWriter(where)
    run_id = writer.start_run("a").id
    step = np.arange(300_000)
    texts = [Event("text", "t", at, 1e9, b"{}") for at in range(50)]
    writer.append(run_id, {"x": Scalars(step, 1e9 + step, step / 7)}, texts)

    class Rewinding(StoreTarget):
        is_rewound = False

        def append(self, key: str, part: Part) -> None:
            super().append(key, part)
            if not self.is_rewound:
                self.is_rewound = True
                writer.rewind(run_id, 10)
                writer.append(run_id, {"x": Scalars(step[10:12], 1e9 + step[10:12], -step[10:12])})

    target = Rewinding(database)
    reader = StoreReader(where)
    copy_run(reader, "a", target)
    there = StoreReader(database)
    points = there.scalars("a", "x")
    assert points is not None
    assert points.value.tolist() == [*(step[:10] / 7), -10.0, -11.0]
    assert len(there.events("a", "t", "text") or ()) == 10
    assert len(there.replaced("a")) == len(reader.replaced("a"))
    for one in (there, reader, target, writer):
        one.close()


def test_no_part_holds_more_than_one_message_takes(tmp_path: Path) -> None:
    writer = StoreWriter(tmp_path / "events.db")
    run_id = writer.start_run("a").id
    for step in range(9):
        picture = ("image/png", np.random.default_rng(step).bytes(6 << 20))
        writer.append(run_id, {}, [Event("image", "i", step, 1e9, b"{}", picture)])
    writer.close()
    reader = StoreReader(tmp_path / "events.db")
    parts = list(parts_after(reader, "a", {}))
    assert [one.step for part in parts for one in part.events] == list(range(9))
    assert [part.starts["image", "i"] for part in parts] == [0, 3, 6]
    reader.close()


def test_a_name_that_is_taken_gets_a_number_and_the_copy_is_found_again(tmp_path: Path) -> None:
    for place, value in (("a", 1.0), ("b", 2.0)):
        with init(tmp_path / place, name="run") as run:
            run.log({"x": value})
        copy_runs(tmp_path / place, tmp_path / "all")
    assert copy_runs(tmp_path / "b", tmp_path / "all").values == 0
    with open_logdir(tmp_path / "all") as reader:
        assert {i.name: reader.scalars(i.name, "x").value[0] for i in reader.runs()} == {
            "run": 1.0,
            "run-2": 2.0,
        }


def test_only_the_runs_asked_for_are_copied(tmp_path: Path) -> None:
    for name in ("lr=0.1/seed=1", "lr=0.1/seed=2", "lr=1/seed=1"):
        init(tmp_path / "a", name=name).finish()
    assert copy_runs(tmp_path / "a", tmp_path / "b", runs="lr=0.1/*").runs == 2


def test_ranks_and_parents_travel(tmp_path: Path, postgres_url: str) -> None:
    from summaries.pipeline import Pipeline

    path = tmp_path / "here" / "events.db"
    store = StoreWriter(path)
    run_id = store.start_run("parent").id
    step = np.arange(6000, dtype=np.int64)
    store.append(run_id, {"x": Scalars(step, 1e9 + step, step / 1.0, step % 3)})
    store.end_run(run_id)
    store.close()
    child = Pipeline(path, "child")
    child.fork("parent", 100)
    child.points.append(("x", -1.0, 100, time.time()))
    child.close()
    copy_runs(tmp_path / "here", postgres_url)
    with open_logdir(tmp_path / "here") as a, open_logdir(postgres_url) as b:
        same(a, b)
        forked = b.scalars("child", "x")
        assert forked.value.tolist() == [*map(float, range(100)), -1.0]
        (info,) = (i for i in b.runs() if i.name == "child")
        assert (info.parent, info.fork_step) == ("parent", 100)


def test_a_part_may_be_sent_twice_and_a_gap_is_refused(
    database: str | Path, tmp_path: Path
) -> None:
    with init(tmp_path / "here", name="a") as run:
        for step in range(100):
            run.log({"x": float(step)}, step=step)
    with open_logdir(tmp_path / "here") as reader:
        store, name = reader.store_of("a")
        target = StoreTarget(database)
        assert copy_run(store, name, target) == 100
        key = reader.runs()[0].key
        points = reader.scalars("a", "x")
        for start in (0, 50, 90):
            target.append(key, Part({"x": points[start:]}, starts={("scalar", "x"): start}))
        with pytest.raises(ValueError, match="has 100 values, the part begins at 101"):
            target.append(key, Part({"x": points}, starts={("scalar", "x"): 101}))
        target.close()
    where = database.parent if isinstance(database, Path) else database
    with open_logdir(where) as reader:
        assert reader.scalars("a", "x").value.tolist() == list(map(float, range(100)))


PUSH = """
import sys
from summaries.replicate import copy_runs
print("ready", flush=True)
copy_runs(sys.argv[1], sys.argv[2])
"""


def test_a_copy_killed_at_any_moment_is_made_whole_by_the_next(
    tmp_path: Path, postgres_url: str, start_script: Callable[..., subprocess.Popen[str]]
) -> None:
    store = StoreWriter(tmp_path / "here" / "events.db")
    step = np.arange(400_000, dtype=np.int64)
    for k in range(4):
        run_id = store.start_run(f"r{k}").id
        store.append(run_id, {"x": Scalars(step, 1e9 + step, np.sin(step / (k + 9.0)))})
        store.end_run(run_id)
    store.close()
    for pause in (0.3, 0.5, 0.7, 0.9):
        process = start_script(PUSH, tmp_path / "here", postgres_url)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    copy_runs(tmp_path / "here", postgres_url)
    with open_logdir(tmp_path / "here") as a, open_logdir(postgres_url) as b:
        same(a, b)
