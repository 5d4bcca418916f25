"""Rewind: what is after a step goes out of sight, is kept, and logging goes on from there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from summaries import SummaryWriter, init, open_logdir
from summaries.errors import LogdirError
from summaries.event import Event
from summaries.records import Scalars
from summaries.store import editing
from summaries.store.reading import StoreReader
from summaries.store.writing import StoreWriter
from summaries.upkeep import remove_runs


def points(steps: range, rank: int | None = None) -> Scalars:
    step = np.array(steps, dtype=np.int64)
    ranks = None if rank is None else np.full(len(step), rank, dtype=np.int64)
    return Scalars(step, 1e9 + step, np.sin(step / 50.0), ranks)


@pytest.mark.parametrize("n", [10, 4096, 70_000])
@pytest.mark.parametrize("to", [0, 7, 5000, 66_000])
def test_a_rewound_series_is_as_if_it_had_never_gone_on(
    database: str | Path, n: int, to: int
) -> None:
    store, fresh = StoreWriter(database), min(n, to)
    run_id = store.start_run("a").id
    store.append(run_id, {"x": points(range(n))})
    assert store.rewind(run_id, to) == n - fresh
    store.append(run_id, {"x": points(range(to, to + 40_000))})
    expected = np.sin(np.concatenate([np.arange(fresh), np.arange(to, to + 40_000)]) / 50.0)
    reader = StoreReader(database)
    back = reader.scalars("a", "x")
    assert back is not None
    assert back.value.tobytes() == expected.tobytes()
    (info,) = reader.series()
    assert (info.n, info.max_value, info.min_value) == (
        len(expected),
        expected.max(),
        expected.min(),
    )
    bins, _ = reader.bins("x", ["a"], 500, None)["a"]
    assert (bins.count.sum(), bins.max.max()) == (len(expected), expected.max())
    gone = reader.replaced("a")
    assert sum(len(part) for *_, part in gone if isinstance(part, Scalars)) == n - fresh
    for tag, kind, _, step, part in gone:
        assert (tag, kind, step) == ("x", "scalar", to)
        assert isinstance(part, Scalars)
        assert (part.value == np.sin(part.step / 50.0)).all()
    reader.close()
    store.close()


def test_steps_before_it_stay_wherever_they_stand(database: str | Path) -> None:
    store = StoreWriter(database)
    run_id = store.start_run("a").id
    step = np.array([5, 100, 6, 101, 7], dtype=np.int64)
    store.append(run_id, {"x": Scalars(step, 1e9 + step, step / 1.0)})
    assert store.rewind(run_id, 50) == 2
    reader = StoreReader(database)
    back = reader.scalars("a", "x")
    assert back is not None
    assert back.step.tolist() == [5, 6, 7]
    (info,) = reader.series()
    assert (info.last_step, info.max_value) == (7, 7.0)
    reader.close()
    store.close()


def test_one_ranks_points_may_be_rewound_alone(database: str | Path) -> None:
    store = StoreWriter(database)
    run_id = store.start_run("a").id
    store.append(run_id, {"x": points(range(10), 0)})
    store.append(run_id, {"x": points(range(10), 1)})
    assert store.rewind(run_id, 5, rank=1) == 5
    reader = StoreReader(database)
    back = reader.scalars("a", "x")
    assert back is not None
    assert len(back.of_rank(0)) == 10
    assert len(back.of_rank(1)) == 5
    reader.close()
    store.close()


def test_purge_step_hides_what_a_crashed_run_had_logged_beyond_its_checkpoint(
    tmp_path: Path,
) -> None:
    with SummaryWriter(tmp_path) as writer:
        for step in range(10):
            writer.add_scalar("loss", 1.0, step)
            writer.add_text("note", f"first {step}", step)
    with open_logdir(tmp_path) as reader:
        before = reader.changes_since(None).token
        with SummaryWriter(tmp_path, purge_step=6) as writer:
            for step in range(6, 8):
                writer.add_scalar("loss", 2.0, step)
        assert reader.scalars(".", "loss").value.tolist() == [1.0] * 6 + [2.0] * 2
        assert [t.text for t in reader.texts(".", "note")] == [f"first {k}" for k in range(6)]
        changes = reader.changes_since(before)
        assert {(s.tag, s.n) for s in changes.series} == {("loss", 8), ("note", 6)}
        gone = reader.replaced(".")
        assert [r.record.text for r in gone if r.kind == "text"] == [
            f"first {k}" for k in range(6, 10)
        ]
        assert [len(r.scalars) for r in gone if r.scalars is not None] == [4]


def test_what_the_machine_did_is_neither_rewound_nor_inherited(database: str | Path) -> None:
    from summaries.replicate import fork_run

    store = StoreWriter(database)
    run_id = store.start_run("a").id
    store.append(run_id, {"x": points(range(100)), "system/cpu_percent": points(range(100))})
    assert store.rewind(run_id, 50) == 50
    child = store.start_run("b").id
    fork_run(store, child, "a", 20)
    reader = StoreReader(database)
    found = {(s.run, s.tag): s.n for s in reader.series()}
    assert found == {("a", "x"): 50, ("a", "system/cpu_percent"): 100, ("b", "x"): 20}
    reader.close()
    store.close()


# -- rename and remove ----------------------------------------------------------------------------


def test_removed_and_renamed_runs_are_told_to_who_watches(logdir: str | Path) -> None:
    from summaries import Image

    picture = np.zeros((2, 2, 3), dtype=np.uint8)
    for name in ("a", "b", "c"):
        with init(logdir, name=name) as run:
            run.log({"x": 1.0, "same": Image(picture), "own": Image(picture + len(name))})
    with open_logdir(logdir) as reader:
        token = reader.changes_since(None).token
        where = reader.store_of("a")[0].where
        store = StoreWriter(where)
        with store.transaction() as connection:
            editing.remove(connection, [reader.store_of("a")[0].run_id("a")])
        with store.transaction() as connection:
            editing.rename(connection, reader.store_of("b")[0].run_id("b"), "d")
        with pytest.raises(LogdirError, match="there is one already"), store.transaction() as again:
            editing.rename(again, reader.store_of("c")[0].run_id("c"), "d")
        store.close()
        changes = reader.changes_since(token)
        assert set(changes.removed) == {"a", "b"}
        assert changes.runs == ("d",)
        assert {s.run for s in changes.series} == {"d"}
        assert [info.name for info in reader.runs()] == ["d", "c"]
        # What another run has too stays.
        (image,) = reader.images("c", "same")
        assert reader.blob(image.sha256)[1] == "image/png"


def test_the_first_step_is_that_of_what_a_rewind_left(database: str | Path) -> None:
    store = StoreWriter(database)
    run_id = store.start_run("a").id

    def log(steps: range, rank: int) -> None:
        store.append(run_id, {"x": points(steps)}, [Event("text", "t", steps[0], 1e9, b"")], rank)

    def first_steps() -> dict[str, int]:
        reader = StoreReader(database)
        found = {info.tag: info.first_step for info in reader.series()}
        reader.close()
        return found

    log(range(200, 210), 0)
    log(range(210, 220), 1)
    store.rewind(run_id, 100, 0)
    assert first_steps() == {"x": 210, "t": 210}
    store.rewind(run_id, 100)
    log(range(150, 160), 0)
    assert first_steps() == {"x": 150, "t": 150}
    store.close()


def test_a_tag_that_was_rewound_to_nothing_is_listed_no_more(logdir: str | Path) -> None:
    with open_logdir(logdir) as reader, init(logdir, name="a") as run:
        run.log({"x": 1.0}, step=0)
        run.log({"late": 1.0}, step=5)
        run.log({"note": "text"}, step=5)
        run.flush()
        (before,) = reader.runs()
        assert {*before.tags["scalar"]} >= {"x", "late"}
        assert before.tags["text"] == ("note",)
        store, name = reader.store_of("a")
        writer = StoreWriter(store.where)
        writer.rewind(store.run_id(name), 1)
        writer.close()
        (after,) = reader.runs()
        assert "late" not in after.tags["scalar"]
        assert "text" not in after.tags
        with open_logdir(logdir) as fresh:
            assert fresh.runs()[0].tags == after.tags


def test_who_watches_forgets_a_removed_run_whose_name_was_given_to_another(
    logdir: str | Path,
) -> None:
    with init(logdir, name="a") as run:
        run.log({"old": 1.0}, step=0)
    with open_logdir(logdir) as reader:
        token = reader.changes_since(None).token
        remove_runs(logdir, ["a"])
        with init(logdir, name="a") as run:
            run.log({"new": 1.0}, step=0)
        changes = reader.changes_since(token)
    assert changes.removed == ("a",)
    assert changes.runs == ("a",)
    assert "old" not in {info.tag for info in changes.series}
