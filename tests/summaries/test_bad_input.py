"""Bad input and broken disks: a clear message, and nothing that was logged is lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from summaries import (
    DamagedStoreError,
    LogdirError,
    StoreWriteError,
    SummaryWriter,
    init,
    open_logdir,
)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[SummaryWriter]:
    """A writer that has logged one good point; after the test that point must be there."""
    made = SummaryWriter(tmp_path / "logs")
    made.add_scalar("good", 1.0, 0)
    yield made
    made.add_scalar("good", 2.0, 1)
    made.close()
    with open_logdir(tmp_path / "logs") as reader:
        assert reader.scalars(".", "good").value.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "value", ["0.5", b"1", None, [1.0, 2.0], np.zeros(3), np.zeros(0), object(), 1j, {"a": 1}]
)
def test_a_value_that_is_no_number_names_tag_and_type(writer: SummaryWriter, value: object) -> None:
    with pytest.raises(TypeError, match="add_scalar 'train/loss'") as caught:
        writer.add_scalar("train/loss", value, 0)
    assert type(value).__name__ in str(caught.value)


@pytest.mark.parametrize("step", ["3", 1.5, float("nan"), [1], object()])
def test_a_step_that_is_not_whole_names_the_tag(writer: SummaryWriter, step: object) -> None:
    with pytest.raises(TypeError, match="'train/loss': global_step"):
        writer.add_scalar("train/loss", 1.0, step)


def test_a_step_past_64_bits_is_refused(writer: SummaryWriter) -> None:
    with pytest.raises(ValueError, match="64 bits"):
        writer.add_scalar("train/loss", 1.0, 2**63)


@pytest.mark.parametrize("tag", [3, None, b"x", ["a"], ("a",)])
def test_a_tag_that_is_no_string_is_refused(writer: SummaryWriter, tag: object) -> None:
    with pytest.raises(TypeError, match="a tag must be a str"):
        writer.add_scalar(tag, 1.0, 0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a tag must be a str"):
        writer.add_histogram(tag, [1.0], 0)  # type: ignore[arg-type]


def test_a_tag_of_ten_thousand_characters_is_refused_with_the_way_out(
    writer: SummaryWriter,
) -> None:
    with pytest.raises(ValueError, match="10000") as caught:
        writer.add_scalar("x" * 10_000, 1.0, 0)
    assert "try:" in str(caught.value)
    assert len(str(caught.value)) < 300
    with pytest.raises(ValueError, match="0"):
        writer.add_scalar("", 1.0, 0)


@pytest.mark.parametrize("tag", ["x" * 1000, "a/<b>&'\"\\", "größe/损失", "nul\0inside", "\ud800"])
def test_strange_tags_are_kept(tmp_path: Path, tag: str) -> None:
    with SummaryWriter(tmp_path) as made:
        made.add_scalar(tag, 1.0, 0)
        made.add_scalar(tag, 2.0, 1)
    with open_logdir(tmp_path) as reader:
        (series,) = reader.series()
        assert series.n == 2
        assert reader.scalars(".", series.tag).value.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 1e308 * 10])
def test_non_finite_values_are_values(tmp_path: Path, value: float) -> None:
    with SummaryWriter(tmp_path) as made:
        for step, one in enumerate([1.0, value, 2.0]):
            made.add_scalar("loss", one, step)
    with open_logdir(tmp_path) as reader:
        np.testing.assert_array_equal(reader.scalars(".", "loss").value, [1.0, value, 2.0])
        (series,) = reader.series(kind="scalar")
        assert (series.min_value, series.max_value) == (1.0, 2.0)


@pytest.mark.parametrize("walltime", ["now", float("nan"), float("inf"), 1e30])
def test_a_walltime_that_is_no_time_is_refused(writer: SummaryWriter, walltime: object) -> None:
    with pytest.raises((TypeError, ValueError), match="'a'"):
        writer.add_scalar("a", 1.0, 0, walltime=walltime)  # type: ignore[arg-type]


def test_other_kinds_refuse_what_they_cannot_hold(writer: SummaryWriter) -> None:
    with pytest.raises(TypeError, match="add_histogram 'h'"):
        writer.add_histogram("h", ["a", "b"], 0)
    with pytest.raises(TypeError, match="add_text 't'"):
        writer.add_text("t", 3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"add_image 'i'.*\n.*shape"):
        writer.add_image("i", np.zeros((2, 2, 2, 2)), 0)
    with pytest.raises(ValueError, match="channels"):
        writer.add_image("i", np.zeros((5, 4, 4)), 0)
    with pytest.raises(TypeError, match="add_graph"):
        writer.add_graph(42)
    for node in (
        "a",
        {"name": "a"},
        {"name": 3, "op": "Add"},
        {"name": "a", "op": "Add", "inputs": [1]},
        {"name": "a", "op": "Add", "inputs": None},
        {"name": "a", "op": "Add", "attrs": [1]},
        {"name": "a", "op": "Add", "outputs": 5},
        {"name": "a", "op": "Add", "outputs": ["float32"]},
        {"name": "a", "op": "Add", "outputs": [{"shape": 3}]},
        {"name": "a", "op": "Add", "stats": {"time_us": 3.0}},
        {"name": "a", "op": "Add", "stats": {"time_us": "3", "bytes": 1}},
    ):
        with pytest.raises(TypeError, match="add_graph: a node"):
            writer.add_graph({"nodes": [node]})
    with pytest.raises(TypeError, match="add_graph: 'nodes' must be a list"):
        writer.add_graph({"nodes": 5})
    with pytest.raises(TypeError, match="add_scalars 'm': expects a mapping"):
        writer.add_scalars("m", [1.0])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="SummaryWriter 'purge_step'"):
        SummaryWriter("unused", purge_step="three")  # type: ignore[arg-type]


def test_log_names_the_tag_it_could_not_take(logdir: str | Path) -> None:
    with init(logdir, name="a") as run:
        with pytest.raises(TypeError, match="log 'bad'"):
            run.log({"good": 1.0, "bad": object()})
        with pytest.raises(TypeError, match="log 'names'"):
            run.log({"names": ["a", "b"]})
        with pytest.raises(TypeError, match="mapping"):
            run.log(3.0)  # type: ignore[arg-type]
    with open_logdir(logdir) as reader:
        assert reader.scalars("a", "good").value.tolist() == [1.0]


@pytest.mark.parametrize("name", ["", "/etc", "../up", "a/../../b", "x" * 501])
def test_a_run_name_that_is_no_relative_path_is_refused(logdir: str | Path, name: str) -> None:
    with pytest.raises(LogdirError, match="run name"):
        init(logdir, name=name)
    with pytest.raises(TypeError, match="must be a str"):
        init(logdir, name=3)  # type: ignore[arg-type]


# -- broken files -----------------------------------------------------------------------------


def test_a_logdir_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("hello")
    with pytest.raises(LogdirError, match="is a file"):
        init(tmp_path / "file", name="a")
    with pytest.raises(StoreWriteError, match="file"):
        SummaryWriter(tmp_path / "file" / "run")


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_damaged_database_is_told_and_the_others_are_read(tmp_path: Path, content: bytes) -> None:
    with SummaryWriter(tmp_path / "good") as made:
        made.add_scalar("x", 1.0, 0)
    bad = tmp_path / "bad" / "events.db"
    bad.parent.mkdir()
    bad.write_bytes(content)
    with open_logdir(tmp_path) as reader:
        assert [info.name for info in reader.runs()] == ["good"]
        (problem,) = reader.problems()
        assert problem.path == str(bad)
        assert "bad" in problem.message
        assert reader.scalars("good", "x").value.tolist() == [1.0]
        assert reader.changes_since(None).runs == ("good",)
    with pytest.raises(DamagedStoreError, match="bad"):
        SummaryWriter(tmp_path / "bad")
    assert bad.read_bytes() == content


def test_a_database_damaged_behind_its_header_names_itself_once(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as made:
        made.add_scalar("x", 1.0, 0)
    path = tmp_path / "events.db"
    content = bytearray(path.read_bytes())
    content[100:4000] = b"\x5a" * 3900
    path.write_bytes(bytes(content))
    with open_logdir(tmp_path) as reader:
        (problem,) = reader.problems()
        assert problem.message.count("event store") == 1


def test_a_database_damaged_in_the_middle_says_so_when_it_is_read(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as made:
        for step in range(20_000):
            made.add_scalar("x", step * 0.1, step)
        made.add_scalar("few", 1.0, 0)
    path = tmp_path / "events.db"
    connection = sqlite3.connect(path)
    (block,) = connection.execute("SELECT data FROM chunk WHERE level = 0").fetchone()
    connection.close()
    content = bytearray(path.read_bytes())
    # One flipped bit in the middle of a value is all it takes.
    content[content.index(block[2000:2100]) + 50] ^= 0x10
    path.write_bytes(bytes(content))
    with open_logdir(tmp_path) as reader, pytest.raises(DamagedStoreError, match=r"events\.db"):
        reader.scalars(".", "x")


def test_an_empty_file_in_place_of_the_database_is_not_a_run(tmp_path: Path) -> None:
    (tmp_path / "events.db").touch()
    with open_logdir(tmp_path) as reader:
        assert reader.runs() == []
        assert "empty" in reader.problems()[0].message
    with SummaryWriter(tmp_path) as made:
        made.add_scalar("x", 1.0, 0)
    with open_logdir(tmp_path) as reader:
        assert len(reader.runs()) == 1


def test_a_removed_database_is_told_and_training_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = SummaryWriter(tmp_path / "a")
    made.add_scalar("x", 1.0, 0)
    made.flush()
    shutil.rmtree(tmp_path / "a")
    for step in range(3):
        made.add_scalar("x", 1.0, step)
        made.flush()
    made.close()
    assert caplog.text.count("removed or replaced") == 2  # when it began, and in close()
    assert "3 logged values could not be written" in caplog.text


# -- permissions and full disks ----------------------------------------------------------------

AS_NOBODY = """
import os, sys
sys.path.insert(0, os.getcwd())
import numpy  # found before the rights are gone
import summaries, summaries.reader, summaries.store.writing
if os.getuid() == 0:
    os.setgid(65534); os.setuid(65534)
"""


def run_unprivileged(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The code in a process that may not write where permissions forbid it (root may)."""
    return subprocess.run(
        [sys.executable, "-c", AS_NOBODY + code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).resolve().parents[2],
    )


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A logdir with one run, in a directory that only its owner could write to, and does not."""
    logdir = tmp_path / "logs"
    with init(logdir, name="a") as run:
        for step in range(5000):
            run.log({"x": float(step)}, step=step)
    for above in (tmp_path, *tmp_path.parents):
        if above.stat().st_uid == os.getuid() and above != Path("/"):
            above.chmod(above.stat().st_mode | 0o055)
    (logdir / "events.db").chmod(0o444)
    logdir.chmod(0o555)
    yield logdir
    logdir.chmod(0o755)


def test_a_read_only_logdir_is_read(read_only: Path) -> None:
    code = """
reader = summaries.open_logdir(sys.argv[1])
print(reader.runs()[0].name, reader.scalars("a", "x").value.sum(), len(reader.problems()))
"""
    done = run_unprivileged(code, read_only)
    assert (done.stdout, done.stderr) == ("a 12497500.0 0\n", "")


def test_a_read_only_logdir_left_by_a_killed_writer_is_read(
    tmp_path: Path, start_script: Callable[..., subprocess.Popen[str]]
) -> None:
    code = """
import sys, time
from summaries import init
run = init(sys.argv[1], name="a")
run.log({"x": 1.0}); run.flush()
print("flushed", flush=True); time.sleep(60)
"""
    logdir = tmp_path / "logs"
    process = start_script(code, logdir)
    assert process.stdout is not None
    assert process.stdout.readline() == "flushed\n"
    process.kill()
    process.communicate()
    (logdir / "events.db-shm").unlink()
    assert (logdir / "events.db-wal").stat().st_size > 0
    for above in (tmp_path, *tmp_path.parents):
        if above.stat().st_uid == os.getuid() and above != Path("/"):
            above.chmod(above.stat().st_mode | 0o055)
    logdir.chmod(0o555)
    look = """
reader = summaries.open_logdir(sys.argv[1])
print([(i.name, i.status) for i in reader.runs()], reader.scalars("a", "x").value.tolist())
"""
    done = run_unprivileged(look, logdir)
    logdir.chmod(0o755)
    assert (done.stdout, done.stderr) == ("[('a', 'crashed')] [1.0]\n", "")


def test_writing_to_a_read_only_logdir_says_what_to_do(read_only: Path) -> None:
    code = """
for make in (lambda: summaries.init(sys.argv[1], name="b"),
             lambda: summaries.SummaryWriter(sys.argv[1] + "/new")):
    try:
        make()
    except summaries.StoreWriteError as error:
        print("refused:", str(error).replace(chr(10), "|"))
"""
    done = run_unprivileged(code, read_only)
    lines = done.stdout.splitlines()
    assert len(lines) == 2, done.stderr
    assert all("try:" in line and str(read_only) in line for line in lines)


FILL_DISK = """
import logging, os, sys
from summaries import SummaryWriter
writer = SummaryWriter(sys.argv[1] + "/logs", max_queue=20_000)
for step in range(2000):
    writer.add_scalar("before", float(step), step)
writer.flush()
ballast = sys.argv[1] + "/ballast"
with open(ballast, "wb", buffering=0) as file:
    try:
        while True:
            file.write(b"x" * 4096)
    except OSError:
        pass
for step in range(15_000):
    writer.add_scalar("during", step * 0.1, step)
writer.flush()
print("alive", writer._pipeline.last_error is not None)
if sys.argv[2] == "freed":
    os.unlink(ballast)
else:
    for step in range(40_000):
        writer.add_scalar("during", step * 0.1, step)
writer.close()
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a tmpfs needs root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_stops_nothing_and_its_points_are_written_once_there_is_room(
    small_disk: Path, start_script: Callable[..., subprocess.Popen[str]]
) -> None:
    process = start_script(FILL_DISK, small_disk, "freed")
    out, errors = process.communicate(timeout=120)
    assert (process.returncode, out) == (0, "alive True\n"), errors
    assert errors.count("logging to") == 2  # it fails; it works again
    with open_logdir(small_disk / "logs") as reader:
        assert reader.scalars(".", "before").step.tolist() == list(range(2000))
        assert reader.scalars(".", "during").step.tolist() == list(range(15_000))


def test_a_disk_that_stays_full_drops_counted_points_and_keeps_what_was_logged(
    small_disk: Path, start_script: Callable[..., subprocess.Popen[str]]
) -> None:
    process = start_script(FILL_DISK, small_disk, "full")
    out, errors = process.communicate(timeout=120)
    assert (process.returncode, out) == (0, "alive True\n"), errors
    assert "are dropped" in errors
    assert "could not be written" in errors
    (small_disk / "ballast").unlink()
    with open_logdir(small_disk / "logs") as reader:
        assert reader.scalars(".", "before").step.tolist() == list(range(2000))
