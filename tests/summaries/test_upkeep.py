"""A logdir kept in order: damage is found and said, what can be mended is, nothing else changes."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from summaries import Histogram, Image, LogdirError, NotFoundError, SummaryWriter, init, open_logdir
from summaries.records import Scalars
from summaries.store.reading import StoreReader
from summaries.store.writing import StoreWriter
from summaries.upkeep import (
    archive_runs,
    check_logdir,
    compact,
    remove_runs,
    rename_run,
)


def fill(logdir: str | Path, name: str = "a", n: int = 70_000) -> None:
    with init(logdir, name=name) as run:
        for step in range(n):
            run.log({"x": float(step % 777)}, step=step)
        run.log({"h": Histogram(np.arange(100.0)), "image": Image(np.ones((4, 4)))})


def damage(logdir: Path, *statements: str) -> None:
    connection = sqlite3.connect(logdir / "events.db")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def said(logdir: Path) -> str:
    (checkup,) = check_logdir(logdir)
    assert checkup.problem is None
    return "\n".join(finding.what for finding in checkup.findings)


def test_a_sound_store_is_clean(logdir: str | Path) -> None:
    fill(logdir)
    (checkup,) = check_logdir(logdir)
    assert checkup.findings == []
    assert (checkup.is_clean, checkup.runs) == (True, 1)


@pytest.mark.parametrize(
    ("statement", "expected", "is_mended"),
    [
        ("UPDATE chunk SET data = substr(data, 1, 40) WHERE idx = 3", "damaged block", False),
        ("DELETE FROM chunk WHERE level = 0 AND idx = 5", "the chunk before it is missing", False),
        ("DELETE FROM chunk WHERE level = 2", "bins of level 2 are not those of its", True),
        (
            "UPDATE chunk SET bins = (SELECT bins FROM chunk WHERE level = 0 AND idx = 1)"
            " WHERE level = 2",
            "of level 2 count other points",
            True,
        ),
        ("UPDATE series SET n = n + 1 WHERE kind = 'scalar'", "another n than", True),
        ("UPDATE series SET max_value = 5 WHERE tag = 'x'", "another max_value than", True),
        ("UPDATE series SET n = 9 WHERE kind = 'histogram'", "counts 9 values", True),
        ("UPDATE event SET data = x'00'", "is_lost", False),
        ("DELETE FROM blob", "is referred to and is not there", False),
        ("UPDATE blob SET data = x'00'", "another digest", False),
        ("INSERT INTO blob VALUES (99, 'ab', 'image/png', x'00')", "belong to nothing", True),
        ("INSERT INTO tail VALUES (99, 0, 1, x'00')", "rows of tail belong to no series", True),
        ("UPDATE run SET status = 'running', process_key = 'k|1|2', heartbeat = 0", "dead", True),
    ],
)
def test_damage_is_found_and_what_can_be_is_mended(
    tmp_path: Path, statement: str, expected: str, is_mended: bool
) -> None:
    fill(tmp_path)
    with open_logdir(tmp_path) as reader:
        before = reader.scalars("a", "x").value
    damage(tmp_path, statement)
    if expected != "is_lost":
        assert expected in said(tmp_path)
    (checkup,) = check_logdir(tmp_path)
    assert not checkup.is_clean
    assert all(f.remedy for f in checkup.findings)
    (checkup,) = check_logdir(tmp_path, mend=True)
    assert checkup.is_clean == is_mended
    if is_mended:
        (checkup,) = check_logdir(tmp_path)
        assert checkup.findings == []
        with open_logdir(tmp_path) as reader:
            assert reader.scalars("a", "x").value.tobytes() == before.tobytes()


def test_mending_undoes_nothing_that_was_logged_since_the_look(
    database: str | Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def points(*steps: int) -> Scalars:
        step = np.array(steps)
        return Scalars(step, 1e9 + step, step / 7)

    writer = StoreWriter(database)
    run_id = writer.start_run("a").id
    writer.append(run_id, {"x": points(0, 1)})
    with writer.transaction() as connection:
        connection.exec_driver_sql("UPDATE series SET max_value = 99, last_step = 99")

    class Late(StoreWriter):
        def __init__(self, where: str | Path) -> None:
            writer.append(run_id, {"y": points(5)})
            with writer.transaction() as connection:
                connection.exec_driver_sql("UPDATE series SET max_value = 98 WHERE tag = 'x'")
            writer.append(run_id, {"x": points(2)})
            super().__init__(where)

    monkeypatch.setattr("summaries.upkeep.StoreWriter", Late)
    logdir = database.parent if isinstance(database, Path) else database
    check_logdir(logdir, mend=True)
    with open_logdir(logdir) as reader:
        found = {info.tag: (info.n, info.last_step) for info in reader.series()}
        assert found == {"x": (3, 2), "y": (1, 5)}
        assert reader.scalars("a", "x").step.tolist() == [0, 1, 2]
    (checkup,) = check_logdir(logdir)
    assert checkup.findings == []
    writer.close()


def test_a_file_that_is_torn_is_told_and_the_others_are_looked_at(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        with SummaryWriter(tmp_path / name) as writer:
            for step in range(5000):
                writer.add_scalar("x", float(step), step)
    (tmp_path / "b" / "events.db").write_bytes(b"no database at all, but long enough" * 99)
    content = bytearray((tmp_path / "c" / "events.db").read_bytes())
    content[8192:12288] = b"\xff" * 4096
    (tmp_path / "c" / "events.db").write_bytes(content)
    found = {Path(c.label).parent.name: c for c in check_logdir(tmp_path)}
    assert found["a"].is_clean
    assert found["b"].problem is not None
    assert found["c"].problem is not None or found["c"].findings


def test_killed_writers_leave_nothing_to_mend_but_their_status(
    tmp_path: Path, start_script: Callable[..., subprocess.Popen[str]]
) -> None:
    code = (
        "import sys; from summaries import init; run = init(sys.argv[1], name='r')\n"
        "run.log({'x': 1.0}); run.flush(); print('ready', flush=True)\n"
        "while True: run.log({'x': 1.0})"
    )
    process = start_script(code, tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (checkup,) = check_logdir(tmp_path)
    assert [f.severity for f in checkup.findings] == ["untidy"]
    assert check_logdir(tmp_path, mend=True)[0].is_clean
    with open_logdir(tmp_path) as reader:
        assert reader.runs()[0].status == "crashed"


def test_compacting_makes_full_chunks_and_changes_no_value(database: str | Path) -> None:
    store = StoreWriter(database)
    run_id = store.start_run("a").id
    step = np.arange(600, dtype=np.int64)
    for k in range(20):
        store.append(run_id, {"x": Scalars(step, 1e9 + step, np.sin(step + k)), "s": Scalars(
            step[:3], 1e9 + step[:3], np.sin(step[:3]))})  # fmt: skip
        store.seal_rests(run_id)
    store.end_run(run_id)
    store.close()
    reader = StoreReader(database)
    before = [reader.scalars("a", tag) for tag in ("x", "s")]
    where = database.parent if isinstance(database, Path) else database
    (done,) = compact(where)
    assert done.chunks == 20 - 3 - 1  # and the few points of the other in one
    for tag, old in zip(("x", "s"), before, strict=True):
        new = reader.scalars("a", tag)
        assert old is not None
        assert new is not None
        assert new.value.tobytes() == old.value.tobytes()
    if isinstance(database, Path):
        assert done.bytes_after <= done.bytes_before
    assert check_logdir(where)[0].findings == []
    assert compact(where)[0].chunks == 0
    reader.close()


def test_runs_are_archived_renamed_and_removed(logdir: str | Path) -> None:
    for name in ("a", "b", "c"):
        fill(logdir, name, 10)
    archive_runs(logdir, ["a", "b"])
    archive_runs(logdir, ["b"], archived=False)
    rename_run(logdir, "c", "sweep/d")
    with open_logdir(logdir) as reader:
        assert {i.name: i.archived for i in reader.runs()} == {
            "a": True,
            "b": False,
            "sweep/d": False,
        }
        with pytest.raises(LogdirError, match="there is one already"):
            rename_run(logdir, "a", "b")
        with pytest.raises(NotFoundError, match="'x'"):
            remove_runs(logdir, ["a", "x"])
        assert len(reader.runs()) == 3
        remove_runs(logdir, ["a", "b"])
        assert [i.name for i in reader.runs()] == ["sweep/d"]
        assert len(reader.scalars("sweep/d", "x")) == 10


def test_a_run_with_its_own_directory_is_moved_and_removed_with_it(tmp_path: Path) -> None:
    for name in ("a", "deep/b"):
        with SummaryWriter(tmp_path / name) as writer:
            writer.add_scalar("x", 1.0, 0)
    (tmp_path / "deep" / "b" / "model.bin").write_bytes(b"weights")
    rename_run(tmp_path, "a", "other/c")
    with open_logdir(tmp_path) as reader:
        assert [i.name for i in reader.runs()] == ["other/c", "deep/b"]
    remove_runs(tmp_path, ["other/c", "deep/b"])
    assert not (tmp_path / "other" / "c").exists()
    # What is not ours stays.
    assert [p.name for p in (tmp_path / "deep" / "b").iterdir()] == ["model.bin"]


def test_a_run_that_is_being_logged_is_not_removed_unless_forced(tmp_path: Path) -> None:
    run = init(tmp_path, name="live")
    run.log({"x": 1.0})
    run.flush()
    with pytest.raises(LogdirError, match="is being logged by process"):
        remove_runs(tmp_path, ["live"])
    run.finish()
    remove_runs(tmp_path, ["live"])


def test_who_logs_to_a_removed_run_changes_no_other_and_is_told(
    logdir: str | Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = init(logdir, name="gone")
    gone.log({"x": 1.0}, step=0)
    gone.flush()
    remove_runs(logdir, ["gone"], force=True)
    other = init(logdir, name="other")
    other.log({"x": 2.0}, step=0)
    gone.log({"x": 99.0}, step=1)
    gone.update_config({"lr": 99.0})
    gone.finish("failed")
    other.flush()
    with open_logdir(logdir) as reader:
        (info,) = reader.runs()
        assert (info.name, info.status, dict(info.config)) == ("other", "running", {})
        assert reader.scalars("other", "x").value.tolist() == [2.0]
    other.finish()
    assert "the run was removed from" in caplog.text
    assert "could not be written" in caplog.text
    assert "works again" not in caplog.text


def test_a_database_that_is_in_use_is_compacted_as_far_as_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, n=1000)
    monkeypatch.setattr("summaries.store.connect.BUSY_TIMEOUT_S", 0.1)
    busy = sqlite3.connect(tmp_path / "events.db", isolation_level=None)

    class Busy(StoreWriter):
        def vacuum(self) -> None:
            busy.execute("BEGIN IMMEDIATE")
            super().vacuum()
            busy.execute("ROLLBACK")

    monkeypatch.setattr("summaries.upkeep.StoreWriter", Busy)
    compact(tmp_path)
    busy.close()
    assert said(tmp_path) == ""


def test_a_database_that_nobody_logged_to_yet_is_in_order(postgres_url: str) -> None:
    assert check_logdir(postgres_url)[0].is_clean
