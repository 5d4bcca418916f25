"""Readers that watch live writers: no change is missed, however the threads interleave."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from summaries import SummaryWriter, init, open_logdir
from summaries.records import Changes
from summaries.store.reading import StoreReader


def test_a_refresh_by_another_thread_does_not_hide_what_was_not_handed_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = init(tmp_path, name="r")
    run.log({"a": 1.0})
    run.flush()
    reader = open_logdir(tmp_path)
    token = reader.changes_since(None).token
    run.log({"a": 2.0})
    run.flush()
    works = StoreReader.series

    def meanwhile(store: StoreReader, *arguments: Any, **named: Any) -> Any:
        found = works(store, *arguments, **named)
        monkeypatch.undo()
        run.log({"a": 3.0})
        run.flush()
        reader.runs()  # as another thread of the server does
        return found

    monkeypatch.setattr(StoreReader, "series", meanwhile)
    first = reader.changes_since(token)
    second = reader.changes_since(first.token)
    assert [s.n for s in (*first.series, *second.series)][-1] == 3
    run.finish()
    reader.close()


def test_series_that_could_not_be_read_come_with_the_next_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from summaries import DamagedStoreError

    run = init(tmp_path, name="r")
    run.log({"a": 1.0})
    run.flush()
    reader = open_logdir(tmp_path)
    token = reader.changes_since(None).token
    run.log({"b": 1.0})
    run.flush()

    def fails(*_: Any, **__: Any) -> Any:
        raise DamagedStoreError("for a moment")

    monkeypatch.setattr(StoreReader, "series", fails)
    token = reader.changes_since(token).token
    monkeypatch.undo()
    assert [s.tag for s in reader.changes_since(token).series] == ["b"]
    run.finish()
    reader.close()


def test_a_change_within_the_clock_tick_of_the_last_look_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = init(tmp_path, name="r")
    run.log({"a": 1.0})
    run.flush()
    reader = open_logdir(tmp_path)
    stat = StoreReader.__module__ + ".stat_of"
    # A write that leaves size and time as they were: the log is reused, the clock ticks in 4 ms.
    now = time.time_ns()
    monkeypatch.setattr(stat, lambda path: (1, 4096, now, 2, 4096, now))
    assert reader.series()[0].n == 1
    token = reader.changes_since(None).token
    run.log({"a": 2.0})
    run.flush()
    assert [s.n for s in reader.changes_since(token).series] == [2]
    monkeypatch.undo()
    run.finish()
    reader.close()


def test_runs_of_a_replaced_database_are_reported_removed(tmp_path: Path) -> None:
    init(tmp_path, name="old").finish()
    reader = open_logdir(tmp_path)
    token = reader.changes_since(None).token
    (tmp_path / "events.db").unlink()
    init(tmp_path, name="new").finish()
    changes = reader.changes_since(token)
    assert changes.runs == ("new",)
    assert changes.removed == ("old",)
    reader.close()


def test_a_database_that_vanishes_while_it_is_read_is_no_bare_key_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_scalar("x", 1.0, 0)
    reader = open_logdir(tmp_path)
    reader.runs()
    works = reader._locate

    def vanishes(run: str) -> Any:
        found = works(run)
        reader._places._places = {}
        return found

    monkeypatch.setattr(reader, "_locate", vanishes)
    assert len(reader.envelope("a", "x")) == 1
    reader.close()


def test_a_damaged_database_does_not_hide_the_blobs_of_the_others(tmp_path: Path) -> None:
    import numpy as np

    for name in ("a", "b"):
        with SummaryWriter(tmp_path / name) as writer:
            writer.add_image("i", np.full((2, 2), 0.5 if name == "b" else 0.1), 0, dataformats="HW")
    reader = open_logdir(tmp_path)
    (image,) = reader.images("b", "i")
    with (tmp_path / "a" / "events.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 100_000)
    assert reader.blob(image.sha256)[1] == "image/png"
    reader.close()


def test_a_run_without_write_access_is_followed_when_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with init(tmp_path, name="r") as run:
        run.log({"a": 1.0})
    monkeypatch.setattr("summaries.store.connect.os.access", lambda *_: False)
    reader = open_logdir(tmp_path)
    assert len(reader.scalars("r", "a")) == 1
    with init(tmp_path, name="r", resume=True) as run:
        run.log({"a": 2.0})
        run.flush()
        reader.runs()
        assert len(reader.scalars("r", "a")) == 2
    reader.close()


def test_a_database_behind_a_link_is_followed(tmp_path: Path) -> None:
    run = init(tmp_path / "there", name="r")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "events.db").symlink_to(tmp_path / "there" / "events.db")
    reader = open_logdir(tmp_path / "here")
    token = reader.changes_since(None).token
    time.sleep(0.3)
    for n in (1, 2):
        run.log({"a": 1.0})
        run.flush()
        changes = reader.changes_since(token)
        token = changes.token
        assert [s.n for s in changes.series] == [n]
        time.sleep(0.3)
    run.finish()
    reader.close()


@pytest.mark.parametrize("name", ["a b", "100%", "what?", "#1", "größe", "'\"", "file:x", "a%20b"])
def test_odd_characters_in_the_path_do_not_matter(tmp_path: Path, name: str) -> None:
    with SummaryWriter(tmp_path / name / "run") as writer:
        writer.add_scalar("x", 1.0, 0)
    with open_logdir(tmp_path / name) as reader:
        assert reader.scalars("run", "x").value.tolist() == [1.0]
        assert reader.problems() == []


def test_a_long_silence_is_no_crash_while_the_process_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = init(tmp_path, name="r")
    now = time.time()
    with open_logdir(tmp_path) as reader:
        monkeypatch.setattr("summaries.store.runs.time.time", lambda: now + 3600.0)
        assert reader.runs()[0].status == "running"
    run.finish()


def test_a_writer_that_closes_folds_its_log_though_a_reader_has_it_open(tmp_path: Path) -> None:
    import shutil

    run = init(tmp_path / "a", name="r")
    reader = open_logdir(tmp_path / "a")
    reader.runs()
    for step in range(1000):
        run.log({"x": 1.0}, step=step)
    run.finish()
    # The file alone is what one carries away.
    (tmp_path / "b").mkdir()
    shutil.copy(tmp_path / "a" / "events.db", tmp_path / "b" / "events.db")
    with open_logdir(tmp_path / "b") as copy:
        assert len(copy.scalars("r", "x")) == 1000
        assert copy.runs()[0].status == "finished"
    reader.close()


def _hammer(reader: Any, logged: dict[str, int], stop: threading.Event) -> Callable[[], None]:
    def read() -> None:
        seen: dict[str, int] = {}
        token: str | None = None
        replay: dict[str, int] = {}
        while not stop.is_set():
            for info in reader.runs():
                for tag in info.tags.get("scalar", ()):
                    before = logged.get(info.name, 0)
                    points = reader.scalars(info.name, tag)
                    assert points.step.tolist() == list(range(len(points)))
                    assert len(points) >= seen.get(info.name, 0)
                    seen[info.name] = len(points)
                    envelope = reader.envelope(info.name, tag, pixels=20)
                    assert envelope.count.sum() >= len(points)
                    assert before >= 0
            changes: Changes = reader.changes_since(token)
            token = changes.token
            for series in changes.series:
                replay[series.run] = max(series.n, replay.get(series.run, 0))
        changes = reader.changes_since(token)
        for series in changes.series:
            replay[series.run] = max(series.n, replay.get(series.run, 0))
        assert replay == logged

    return read


def test_eight_threads_read_what_live_writers_write(tmp_path: Path) -> None:
    stop = threading.Event()
    logged: dict[str, int] = {}
    errors: list[BaseException] = []

    def guarded(act: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                act()
            except BaseException as error:
                errors.append(error)

        return run

    def write(name: str) -> Callable[[], None]:
        def log() -> None:
            run = init(tmp_path, name=name) if "/" not in name else None
            writer = SummaryWriter(tmp_path / name) if run is None else None
            end = time.monotonic() + 3.0
            step = 0
            while time.monotonic() < end:
                for _ in range(200):
                    if run is not None:
                        run.log({"x": 1.0}, step=step)
                    if writer is not None:
                        writer.add_scalar("x", 1.0, step)
                    step += 1
                time.sleep(0.01)
            logged[name] = step
            if run is not None:
                run.finish()
            if writer is not None:
                writer.close()

        return log

    reader = open_logdir(tmp_path)
    names = ["a", "b", "own/c", "own/d"]
    writers = [threading.Thread(target=guarded(write(name))) for name in names]
    readers = [threading.Thread(target=guarded(_hammer(reader, logged, stop))) for _ in range(8)]
    for thread in (*writers, *readers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in readers:
        thread.join()
    reader.close()
    assert errors == []
